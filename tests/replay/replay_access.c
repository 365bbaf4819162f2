/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay_access.h"

#include "base/text_writer.h"
#include "client/client_identity.h"
#include "client/client_session.h"
#include "handle/handle_admin.h"
#include "handle/handle_key.h"
#include "handle/handle_name.h"

#include <stdlib.h>

enum { KEY_COUNT_MAX = 16, SESSION_COUNT_MAX = 16, VALUES_SIZE = 262144, DATA_SIZE = 65536 };

struct named_key {
	char name[32];
	struct crypto_key *key; /* NULL: a secret. */
	char secret[256];
};

struct named_session {
	char name[32];
	struct client_session session;
};

static struct named_key keys[KEY_COUNT_MAX];
static size_t key_count;
static struct named_session sessions[SESSION_COUNT_MAX];
static size_t session_count;
static struct client_session setup; /* Asked for, not yet answered. */

/* The last challenge that came. */
static struct {
	struct response response;
	uint8_t nonce[64];
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
	uint32_t flags; /* Of the request, as its answer copied them. */
} challenge;

/* Options of the message being read. */
static struct {
	struct named_session *session;
	uint32_t counter;
	bool has_no_mac;
	bool has_wrong_mac;
	bool is_encrypted;
} seal;

static void
name_copy(char ret_name[32], struct bytes name)
{
	size_t size = name.size < 31 ? name.size : 31;

	memcpy(ret_name, name.at, size);
	ret_name[size] = 0;
}

static struct named_key *
key_next(struct words *words)
{
	struct bytes name = words_next(words, "the name of a key");

	for (size_t i = 0; i < key_count; i++) {
		if (bytes_equal(name, bytes_from_string(keys[i].name))) {
			return &keys[i];
		}
	}
	words_fail(words, "no key is called \"%.*s\"", (int)name.size, (const char *)name.at);
	return NULL;
}

struct crypto_key *
access_key_find(struct bytes name)
{
	for (size_t i = 0; i < key_count; i++) {
		if (bytes_equal(name, bytes_from_string(keys[i].name))) {
			return keys[i].key;
		}
	}
	return NULL;
}

static struct named_session *
session_next(struct words *words)
{
	struct bytes name = words_next(words, "the name of a session");

	for (size_t i = 0; i < session_count; i++) {
		if (bytes_equal(name, bytes_from_string(sessions[i].name))) {
			return &sessions[i];
		}
	}
	words_fail(words, "no session is called \"%.*s\"", (int)name.size, (const char *)name.at);
	return NULL;
}

static struct named_session *
session_of_id(uint32_t id)
{
	for (size_t i = 0; i < session_count; i++) {
		if (sessions[i].session.id == id) {
			return &sessions[i];
		}
	}
	return NULL;
}

static bool
key_kind_next(struct words *words, enum crypto_key_kind *ret_kind)
{
	if (words_take(words, "ed25519")) {
		*ret_kind = CRYPTO_KEY_ED25519;
	} else if (words_take(words, "rsa")) {
		*ret_kind = CRYPTO_KEY_RSA;
	} else if (words_take(words, "sm2")) {
		*ret_kind = CRYPTO_KEY_SM2;
	} else {
		return false;
	}
	return true;
}

bool
access_line(struct words *words)
{
	struct named_key *key = &keys[key_count];
	enum crypto_key_kind kind;

	if (!words_take(words, "KEY")) {
		return false;
	}
	if (key_count == KEY_COUNT_MAX) {
		words_fail(words, "more than %d keys", KEY_COUNT_MAX);
		return true;
	}
	*key = (struct named_key){.key = NULL};
	name_copy(key->name, words_next(words, "a name"));
	if (words_take(words, "secret")) {
		struct bytes secret = words_next(words, "a secret");

		memcpy(key->secret, secret.at, secret.size < 255 ? secret.size : 255);
	} else if (!key_kind_next(words, &kind) || crypto_key_new(kind, &key->key) != STATUS_OK) {
		words_fail(words, "ed25519, rsa, sm2 or secret is wanted");
	}
	key_count++;
	return true;
}

void
access_clear(void)
{
	while (key_count > 0) {
		crypto_key_free(keys[--key_count].key);
	}
	session_count = 0;
}

void
access_identity_read(struct words *words, struct bytes *ret_name, uint32_t *ret_index)
{
	struct bytes word = words_next(words, "INDEX:HANDLE");
	size_t colon = bytes_find(word, ':');
	uint64_t index = 0;

	if (words_ok(words) &&
		(text_read_u64(bytes_slice(word, 0, colon), UINT32_MAX, &index) != STATUS_OK ||
			colon == word.size)) {
		words_fail(words, "INDEX:HANDLE is wanted, not \"%.*s\"", (int)word.size,
			(const char *)word.at);
	}
	*ret_name = bytes_slice(word, colon + 1, SIZE_MAX);
	*ret_index = (uint32_t)index;
}

static uint16_t
rights_next(struct words *words)
{
	struct bytes word = words_next(words, "rights as four hex digits");
	uint8_t octets[2] = {0, 0};

	if (words_ok(words) && (word.size != 4 || text_read_hex(word, octets) != STATUS_OK)) {
		words_fail(words, "rights are four hex digits");
	}
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

static void
group_write(struct words *words, struct wire_writer *writer)
{
	uint8_t octets[DATA_SIZE / 2];
	struct wire_writer members = wire_writer_over(octets, sizeof(octets));
	struct handle_vlist list = {.count = 0};

	do {
		struct handle_reference member;

		access_identity_read(words, &member.name, &member.index);
		handle_reference_write(&members, &member);
		list.count++;
	} while (words_take(words, ","));
	list.references = wire_written(&members);
	handle_vlist_write(writer, &list);
}

static void
key_write(struct words *words, struct wire_writer *writer)
{
	struct named_key *key = key_next(words);

	if (key != NULL && key->key != NULL) {
		if (handle_key_write_public(writer, key->key) != STATUS_OK) {
			words_fail(words, "this key cannot be written");
		}
	} else if (key != NULL) {
		wire_write_bytes(writer, bytes_from_string(key->secret));
	}
}

bool
access_data_read(struct words *words, struct bytes *ret_data)
{
	static uint8_t octets[DATA_SIZE];
	static size_t used;
	struct wire_writer writer;

	used = used > DATA_SIZE / 2 ? 0 : used;
	writer = wire_writer_over(octets + used, sizeof(octets) - used);
	if (words_take(words, "admin")) {
		struct handle_admin admin = {.rights = rights_next(words)};

		access_identity_read(words, &admin.name, &admin.index);
		handle_admin_write(&writer, &admin);
	} else if (words_take(words, "group")) {
		group_write(words, &writer);
	} else if (words_take(words, "key")) {
		key_write(words, &writer);
	} else {
		return false;
	}
	used += wire_writer_size(&writer);
	*ret_data = wire_written(&writer);
	return true;
}

/* Messages. */
static const struct {
	const char *verb;
	enum opcode opcode;
} verbs[] = {
	{"create", OPCODE_CREATE_HANDLE},
	{"delete", OPCODE_DELETE_HANDLE},
	{"add", OPCODE_ADD_VALUE},
	{"remove", OPCODE_REMOVE_VALUE},
	{"modify", OPCODE_MODIFY_VALUE},
	{"list", OPCODE_LIST_HANDLES},
	{"homed", OPCODE_LIST_HOMED_PREFIXES},
	{"home", OPCODE_HOME_PREFIX},
	{"unhome", OPCODE_UNHOME_PREFIX},
	{"prove", OPCODE_CHALLENGE_RESPONSE},
	{"verify", OPCODE_VERIFY_CHALLENGE},
	{"setup", OPCODE_SESSION_SETUP},
	{"terminate", OPCODE_SESSION_TERMINATE},
	{"follow", OPCODE_RETRIEVE_TRANSACTION_LOG},
	{"dump", OPCODE_DUMP_HANDLES},
};

bool
access_message_is_next(const struct words *words)
{
	for (size_t i = 0; words_are_left(words) && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (bytes_equal(words->all[words->next], bytes_from_string(verbs[i].verb))) {
			return true;
		}
	}
	return false;
}

static void
values_read(struct words *words, struct request_values *values)
{
	static uint8_t octets[VALUES_SIZE];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

	values->name = words_next(words, "a handle");
	while (words_take(words, "value")) {
		struct handle_value value = {
			.ttl = HANDLE_TTL_DEFAULT, .permissions = HANDLE_PERMISSION_DEFAULT};

		value.index = (uint32_t)words_next_number(words, UINT32_MAX, "an index");
		value.type = words_next(words, "a type");
		if (!access_data_read(words, &value.data)) {
			value.data = words_next(words, "data");
		}
		if (words_take(words, "permissions")) {
			value.permissions = (uint8_t)words_next_number(words, 255, "permissions");
		}
		handle_value_write(&writer, &value);
		values->values.count++;
	}
	values->values.octets = wire_written(&writer);
}

static void
indexes_read(struct words *words, struct request_indexes *indexes)
{
	static uint8_t octets[4096];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

	indexes->name = words_next(words, "a handle");
	while (words_take(words, "index")) {
		wire_write_u32(&writer, (uint32_t)words_next_number(words, UINT32_MAX, "an index"));
		indexes->index_count++;
	}
	indexes->indexes = wire_written(&writer);
}

static struct client_identity
identity_read(struct words *words)
{
	struct named_key *key = key_next(words);
	struct client_identity identity = {.index = 0};

	if (!words_take(words, "as")) {
		words_fail(words, "as INDEX:HANDLE is wanted behind the key");
	}
	access_identity_read(words, &identity.handle, &identity.index);
	if (key != NULL) {
		identity.key = key->key;
		identity.secret = bytes_from_string(key->secret);
	}
	return identity;
}

/* prove KEY as INDEX:HANDLE */
static void
proof_read(struct words *words, struct request_challenge_response *answer)
{
	static uint8_t proof[CLIENT_PROOF_SIZE_MAX];
	struct client_identity identity = identity_read(words);

	if (words_ok(words) && challenge.response.nonce.size == 0) {
		words_fail(words, "no challenge came");
	}
	if (words_ok(words) &&
		client_identity_prove(&identity, &challenge.response, proof, answer) != STATUS_OK) {
		words_fail(words, "the challenge cannot be answered with this key");
	}
}

/* verify KEY as INDEX:HANDLE: the same proof, shown to somebody else. */
static void
verify_read(struct words *words, struct request_verify_challenge *verify)
{
	struct request_challenge_response answer = {.index = 0};

	proof_read(words, &answer);
	verify->name = answer.name;
	verify->index = answer.index;
	verify->nonce = challenge.response.nonce;
	verify->request_digest = challenge.response.digest;
	verify->response = answer.response;
}

/* setup [as INDEX:HANDLE] [timeout N] [mode N] */
static void
setup_read(struct words *words, struct request_session_setup *ask)
{
	struct client_identity identity = {.index = UINT32_MAX};
	uint32_t timeout_s = 0;
	uint16_t mode = SESSION_MODE_DH;

	if (words_take(words, "as")) {
		access_identity_read(words, &identity.handle, &identity.index);
	}
	if (words_take(words, "timeout")) {
		timeout_s = (uint32_t)words_next_number(words, UINT32_MAX, "seconds");
	}
	if (words_take(words, "mode")) {
		mode = (uint16_t)words_next_number(words, UINT16_MAX, "a mode");
	}
	if (client_session_ask(&setup, &identity, timeout_s, ask) != STATUS_OK) {
		words_fail(words, "no session can be asked for");
	}
	ask->mode = mode;
}

static enum opcode
verb_take(struct words *words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (words_take(words, verbs[i].verb)) {
			return verbs[i].opcode;
		}
	}
	return OPCODE_RESERVED;
}

void
access_message_read(struct words *words, struct request *request, struct sending *sending)
{
	struct header *header = &request->message.header;

	header->opcode = verb_take(words);
	switch (request_shape(header->opcode)) {
	case REQUEST_VALUES:
		values_read(words, &request->values);
		break;
	case REQUEST_INDEXES:
		indexes_read(words, &request->indexes);
		break;
	case REQUEST_NAME:
		request->name.name = words_next(words, "a handle");
		break;
	case REQUEST_CHALLENGE_RESPONSE:
		proof_read(words, &request->challenge_response);
		sending->envelope.session_id = challenge.response.message.envelope.session_id;
		header->flags = challenge.flags;
		break;
	case REQUEST_VERIFY_CHALLENGE:
		verify_read(words, &request->verify_challenge);
		break;
	case REQUEST_SESSION_SETUP:
		setup_read(words, &request->session_setup);
		break;
	case REQUEST_MAYBE_NAME:
		request->name.name = TEXT("/");
		break;
	case REQUEST_TRANSACTIONS:
		request->transactions = (struct request_transactions){
			.hash_kind = HANDLE_HASH_BY_ALL, .server_count = 1};
		break;
	case REQUEST_DUMP:
		request->dump =
			(struct request_dump){.hash_kind = HANDLE_HASH_BY_ALL, .server_count = 1};
		break;
	case REQUEST_UNKNOWN:
	case REQUEST_RESOLUTION:
	case REQUEST_EXCHANGE_KEY:
	case REQUEST_LOGIN:
		break;
	}
}

bool
access_option_read(struct words *words)
{
	if (words_take(words, "in")) {
		seal.session = session_next(words);
	} else if (words_take(words, "counter")) {
		seal.counter = (uint32_t)words_next_number(words, UINT32_MAX, "a counter");
	} else if (words_take(words, "mac")) {
		seal.has_no_mac = words_take(words, "none");
		seal.has_wrong_mac = !seal.has_no_mac && words_take(words, "wrong");
	} else if (words_take(words, "encrypted")) {
		seal.is_encrypted = true;
	} else {
		return false;
	}
	return true;
}

static size_t
message_add_mac(struct client_session *session, const struct envelope *envelope, uint8_t *octets,
	size_t size, size_t capacity)
{
	struct wire_writer writer = wire_writer_over(octets + size - 4, capacity - size + 4);

	if (seal.counter > 0) {
		session->sent_count = seal.counter - 1;
	}
	client_session_seal(session, envelope, bytes_over(octets, size - 4), &writer);
	size += wire_writer_size(&writer) - 4;
	octets[size - 1] ^= seal.has_wrong_mac ? 1 : 0;
	return size;
}

struct bytes
access_message_seal(struct words *words, struct envelope *envelope, uint8_t *octets, size_t size,
	size_t capacity)
{
	static uint8_t encrypted[MESSAGE_SIZE_MAX + SESSION_OVERHEAD_SIZE_MAX];
	struct bytes message;

	if (seal.session == NULL) {
		envelope->is_encrypted = seal.is_encrypted; /* A lie. */
		memset(&seal, 0, sizeof(seal));
		return bytes_over(octets, size);
	}
	envelope->session_id = seal.session->session.id;
	if (!seal.has_no_mac) {
		size = message_add_mac(&seal.session->session, envelope, octets, size, capacity);
	}
	message = bytes_over(octets, size);
	if (seal.is_encrypted) {
		envelope->is_encrypted = true;
		if (session_encrypt(&seal.session->session.key, seal.session->session.version,
			    message, encrypted, &size) != STATUS_OK) {
			words_fail(words, "this cannot be encrypted");
		}
		message = bytes_over(encrypted, size);
	}
	memset(&seal, 0, sizeof(seal));
	return message;
}

/* Answers. */
struct bytes
access_answer_open(struct words *words, struct envelope *envelope, struct bytes message)
{
	static uint8_t plain[MESSAGE_SIZE_MAX];
	struct named_session *session = session_of_id(envelope->session_id);
	size_t size = 0;

	if (!envelope->is_encrypted) {
		return message;
	}
	if (session == NULL ||
		session_decrypt(&session->session.key, session->session.version, message, plain,
			&size) != STATUS_OK) {
		words_fail(words, "an encrypted answer came that no session can read");
	}
	envelope->is_encrypted = false;
	return bytes_over(plain, size);
}

void
access_answer_seen(const struct answer *answer, const struct response *response)
{
	if (response->message.header.response_code != RESPONSE_AUTHENTICATION_NEEDED ||
		response->nonce.size > sizeof(challenge.nonce) ||
		response->digest.size > sizeof(challenge.digest)) {
		return;
	}
	challenge.response = *response;
	challenge.response.message.envelope = answer->envelope;
	memcpy(challenge.nonce, response->nonce.at, response->nonce.size);
	challenge.response.nonce = bytes_over(challenge.nonce, response->nonce.size);
	memcpy(challenge.digest, response->digest.at, response->digest.size);
	challenge.response.digest = bytes_over(challenge.digest, response->digest.size);
	challenge.flags = response->message.header.flags &
		(MESSAGE_FLAG_KEEP_ALIVE | MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_ENCRYPT |
			MESSAGE_FLAG_PUBLIC_ONLY);
}

static void
session_opens(struct words *words, const struct response *response)
{
	struct named_session *named = &sessions[session_count];

	if (session_count == SESSION_COUNT_MAX) {
		words_fail(words, "more than %d sessions", SESSION_COUNT_MAX);
		return;
	}
	name_copy(named->name, words_next(words, "a name"));
	if (words_ok(words) && client_session_open(&setup, response) != STATUS_OK) {
		words_fail(words, "this opens no session");
	}
	named->session = setup;
	session_count++;
}

static void
expect_text(struct words *words, const char *what, struct bytes found)
{
	struct bytes wanted = words_next(words, what);

	if (words_ok(words) && !bytes_equal(wanted, found)) {
		words_fail(words, "%s is \"%.*s\"", what, (int)found.size, (const char *)found.at);
	}
}

static void
expect_count(struct words *words, const char *what, uint64_t found)
{
	uint64_t wanted = words_next_number(words, UINT32_MAX, what);

	if (words_ok(words) && wanted != found) {
		words_fail(words, "%s is %llu", what, (unsigned long long)found);
	}
}

static void
expect_listed(struct words *words, const struct response *response)
{
	struct wire_reader walk = wire_reader_over(response->names.blobs);
	struct bytes wanted = words_next(words, "a handle");

	for (uint32_t i = 0; i < response->names.count; i++) {
		if (bytes_equal(wire_read_blob(&walk, HANDLE_NAME_SIZE_MAX), wanted)) {
			return;
		}
	}
	words_fail(words, "it is not listed");
}

bool
access_property_check(struct words *words, const struct response *response)
{
	enum response_shape shape = response_shape(
		response->message.header.opcode, response->message.header.response_code);

	if (shape == RESPONSE_SESSION && words_take(words, "opens")) {
		session_opens(words, response);
	} else if (words_take(words, "by")) {
		struct named_session *session = session_next(words);

		if (session != NULL &&
			client_session_check(&session->session, &response->message) != STATUS_OK) {
			words_fail(words, "the answer is not by this session");
		}
	} else if (shape == RESPONSE_CREATED && words_take(words, "created")) {
		expect_text(words, "the handle created", response->created.name);
	} else if (shape == RESPONSE_NAMES && words_take(words, "names")) {
		expect_count(words, "the number of names", response->names.count);
	} else if (shape == RESPONSE_NAMES && words_take(words, "listed")) {
		expect_listed(words, response);
	} else if (shape == RESPONSE_VERDICT && words_take(words, "verdict")) {
		expect_count(words, "the verdict", response->verdict);
	} else {
		return false;
	}
	return true;
}
