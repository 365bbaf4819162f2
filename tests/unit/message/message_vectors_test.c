/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "handle/handle_site.h"
#include "message/credential.h"
#include "vectors/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Every recorded message is decoded, compared with what Handle.net says about it, and written
 * back to the same octets. Messages that are wrong on purpose, or that nobody can read, are
 * listed here with the reason; they too must be recognised for what they are.
 */
enum where { IN_REQUEST, IN_RESPONSE };
enum stage { AT_FRAME, AT_MESSAGE, AT_BODY };

/* Behind its answer the server says that TLS begins, which is no message. */
#define TLS_CAPTURE "repl-retrieve-txn-2.11-2-answer-before-tls-handshake"

static const struct exception {
	const char *name;
	enum where where;
	enum stage stage;
	enum status status;
	const char *reason;
} exceptions[] = {
	{"resp-resolution-digest-2.0", IN_RESPONSE, AT_BODY, STATUS_TOO_LARGE,
		"protocol 2.0 marks its digest nowhere: Handle.net cannot read it back either"},
	{"udp-short-datagram", IN_REQUEST, AT_FRAME, STATUS_TRUNCATED,
		"sent short on purpose; Handle.net pads it with zeros, we drop it"},
	{"tcp-unknown-opcode", IN_REQUEST, AT_BODY, STATUS_UNSUPPORTED, "wrong on purpose"},
	{"tcp-message-shorter-than-header", IN_REQUEST, AT_MESSAGE, STATUS_TRUNCATED,
		"wrong on purpose"},
	{"tcp-message-length-over-262144", IN_REQUEST, AT_FRAME, STATUS_TOO_LARGE,
		"wrong on purpose"},
	{"session-6-remove-value-encrypted", IN_REQUEST, AT_MESSAGE, STATUS_UNSUPPORTED,
		"encrypted: the session decrypts first"},
	{"session-6-remove-value-encrypted", IN_RESPONSE, AT_MESSAGE, STATUS_UNSUPPORTED,
		"encrypted: the session decrypts first"},
	{"session2-11-resolve-encrypted", IN_REQUEST, AT_MESSAGE, STATUS_UNSUPPORTED,
		"encrypted: the session decrypts first"},
	{"session2-11-resolve-encrypted", IN_RESPONSE, AT_MESSAGE, STATUS_UNSUPPORTED,
		"encrypted: the session decrypts first"},
};

static const struct exception *
exception_for(const char *name, enum where where, enum stage stage)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
		if (strcmp(exceptions[i].name, name) == 0 && exceptions[i].where == where &&
			exceptions[i].stage == stage) {
			return &exceptions[i];
		}
	}
	return NULL;
}

/* True if `status` is OK, or false if it is the one the table gives the reason for. */
static bool
went_well(const char *name, enum where where, enum stage stage, enum status status)
{
	const struct exception *exception = exception_for(name, where, stage);
	enum status expected = exception != NULL ? exception->status : STATUS_OK;

	if (status != expected) {
		fail_msg("%s, %s, stage %d: %s instead of %s", name,
			where == IN_REQUEST ? "request" : "response", stage, status_name(status),
			status_name(expected));
	}
	return status == STATUS_OK;
}

/* Takes one message apart and puts it together; what was decoded is returned for more. */
struct decoded {
	struct frame frame;
	struct message message;
	struct request request;
	struct response response;
	bool is_message; /* Else the frame alone was readable. */
	bool is_body;
};

static bool
decode_and_write_back(
	const char *name, enum where where, struct bytes octets, struct decoded *decoded)
{
	struct message *message = &decoded->message;
	enum status status = frame_split(octets, &decoded->frame);

	memset(message, 0, sizeof(*message));
	decoded->is_message = decoded->is_body = false;
	if (!went_well(name, where, AT_FRAME, status)) {
		return false;
	}
	octets.size -= decoded->frame.rest.size;
	assert_run(frame_join(&decoded->frame.envelope, decoded->frame.octets), octets);
	status = message_decode(&decoded->frame.envelope, decoded->frame.octets, message);
	if (!went_well(name, where, AT_MESSAGE, status)) {
		return true;
	}
	decoded->is_message = true;
	assert_run(message_octets(message), decoded->frame.octets);
	status = message->header.response_code == 0 ? request_decode(message, &decoded->request)
						    : response_decode(message, &decoded->response);
	if (!went_well(name, where, AT_BODY, status)) {
		return true;
	}
	decoded->is_body = true;
	assert_run(message->header.response_code == 0 ? request_octets(&decoded->request)
						      : response_octets(&decoded->response),
		decoded->frame.octets);
	return true;
}

static struct version
version_parse(struct bytes text)
{
	char copy[16] = {0};
	char *minor;
	long major;

	assert_true(text.size < sizeof(copy));
	memcpy(copy, text.at, text.size);
	major = strtol(copy, &minor, 10);
	assert_int_equal(*minor, '.');
	return (struct version){(uint8_t)major, (uint8_t)strtol(minor + 1, NULL, 10)};
}

static void
assert_version(struct version found, struct bytes expected)
{
	assert_int_equal(found.major, version_parse(expected).major);
	assert_int_equal(found.minor, version_parse(expected).minor);
}

static void
envelopes_are_read_and_written_back(void **state)
{
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("envelope", &at, &vector); count++) {
		struct wire_reader reader = wire_reader_over(vector.octets);
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		assert_int_equal(wire_reader_end(&reader), STATUS_OK);
		assert_int_equal(envelope.version.major, vector_number(&vector, "major"));
		assert_int_equal(envelope.version.minor, vector_number(&vector, "minor"));
		assert_int_equal(envelope.suggested.major, vector_number(&vector, "suggestMajor"));
		assert_int_equal(envelope.suggested.minor, vector_number(&vector, "suggestMinor"));
		assert_version(
			version_suggested(&envelope), vector_text(&vector, "decodedSuggest"));
		assert_int_equal(envelope.session_id, vector_number(&vector, "sessionId"));
		assert_int_equal(envelope.request_id, vector_number(&vector, "requestId"));
		assert_int_equal(envelope.sequence, vector_number(&vector, "messageId"));
		assert_int_equal(envelope.message_size, vector_number(&vector, "messageLength"));
		assert_int_equal(envelope.is_compressed, vector_bool(&vector, "compressed"));
		assert_int_equal(envelope.is_encrypted, vector_bool(&vector, "encrypted"));
		assert_int_equal(envelope.is_truncated, vector_bool(&vector, "truncated"));
		assert_run(frame_join(&envelope, (struct bytes){NULL, 0}), vector.octets);
	}
	assert_int_equal(count, 11);
}

static void
compare_frame(const struct vector *vector, const struct decoded *decoded)
{
	const struct envelope *envelope = &decoded->frame.envelope;
	const struct header *header = &decoded->message.header;
	char flags[16];

	assert_version(envelope->version, vector_text(vector, "envelope+header.version"));
	assert_version(envelope->suggested, vector_text(vector, "envelope+header.suggest"));
	assert_int_equal(envelope->session_id, vector_number(vector, "envelope+header.sessionId"));
	assert_int_equal(envelope->request_id, vector_number(vector, "envelope+header.requestId"));
	assert_int_equal(header->opcode, vector_number(vector, "envelope+header.opCode"));
	assert_int_equal(
		header->response_code, vector_number(vector, "envelope+header.responseCode"));
	snprintf(flags, sizeof(flags), "0x%08x", header->flags);
	assert_run(bytes_from_string(flags), vector_text(vector, "envelope+header.opFlags"));
	assert_int_equal(
		header->site_serial, vector_number(vector, "envelope+header.siteInfoSerial"));
	assert_int_equal(
		header->recursion_count, vector_number(vector, "envelope+header.recursionCount"));
	assert_int_equal(header->expiration, vector_number(vector, "envelope+header.expiration"));
	assert_int_equal(header->body_size, vector_number(vector, "envelope+header.bodyLength"));
	assert_run(decoded->message.body, vector_octets(vector, "body"));
	assert_int_equal(
		decoded->message.credential.size, vector_number(vector, "credentialLength"));
	assert_true(decoded->message.has_credential_size);
}

/* The class that Handle.net makes of it, from our shape. */
static const char *
request_class(uint32_t opcode)
{
	switch (opcode) {
	case OPCODE_CREATE_HANDLE:
		return "CreateHandleRequest";
	case OPCODE_DELETE_HANDLE:
		return "DeleteHandleRequest";
	case OPCODE_ADD_VALUE:
		return "AddValueRequest";
	case OPCODE_MODIFY_VALUE:
		return "ModifyValueRequest";
	case OPCODE_LIST_HANDLES:
		return "ListHandlesRequest";
	case OPCODE_LIST_HOMED_PREFIXES:
		return "ListNAsRequest";
	}
	switch (request_shape(opcode)) {
	case REQUEST_RESOLUTION:
		return "ResolutionRequest";
	case REQUEST_INDEXES:
		return "RemoveValueRequest";
	case REQUEST_CHALLENGE_RESPONSE:
		return "ChallengeAnswerRequest";
	case REQUEST_VERIFY_CHALLENGE:
		return "VerifyAuthRequest";
	case REQUEST_SESSION_SETUP:
		return "SessionSetupRequest";
	case REQUEST_TRANSACTIONS:
		return "RetrieveTxnRequest";
	case REQUEST_DUMP:
		return "DumpHandlesRequest";
	case REQUEST_NAME:
	case REQUEST_MAYBE_NAME:
		return "GenericRequest";
	case REQUEST_UNKNOWN:
	case REQUEST_VALUES:
	case REQUEST_EXCHANGE_KEY:
	case REQUEST_LOGIN:
		break;
	}
	return "";
}

static const char *
response_class(const struct header *header)
{
	switch (response_shape(header->opcode, header->response_code)) {
	case RESPONSE_EMPTY:
		return "GenericResponse";
	case RESPONSE_VALUES:
		return "ResolutionResponse";
	case RESPONSE_SITE:
		return "GetSiteInfoResponse";
	case RESPONSE_CREATED:
		return "CreateHandleResponse";
	case RESPONSE_NAMES:
		return header->opcode == OPCODE_LIST_HOMED_PREFIXES ? "ListNAsResponse"
								    : "ListHandlesResponse";
	case RESPONSE_VERDICT:
		return "VerifyAuthResponse";
	case RESPONSE_SESSION:
		return "SessionSetupResponse";
	case RESPONSE_NUMBER:
		return "NextTxnIdResponse";
	case RESPONSE_STREAM:
		return "RetrieveTxnResponse";
	case RESPONSE_MESSAGE:
		return "ErrorResponse";
	case RESPONSE_REFERRAL:
		return "ServiceReferralResponse";
	case RESPONSE_CHALLENGE:
		return "ChallengeResponse";
	}
	return "";
}

static void
assert_list_of_indexes(struct bytes indexes, const json_t *expected)
{
	struct wire_reader walk = wire_reader_over(indexes);

	assert_int_equal(indexes.size, 4 * json_array_size(expected));
	for (size_t i = 0; i < json_array_size(expected); i++) {
		assert_int_equal(
			wire_read_u32(&walk), json_integer_value(json_array_get(expected, i)));
	}
}

static void
assert_list_of_types(struct bytes types, const json_t *expected)
{
	struct wire_reader walk = wire_reader_over(types);

	for (size_t i = 0; i < json_array_size(expected); i++) {
		assert_run(wire_read_blob(&walk, HANDLE_TYPE_SIZE_MAX),
			bytes_from_string(json_string_value(json_array_get(expected, i))));
	}
	assert_int_equal(wire_reader_end(&walk), STATUS_OK);
}

static void
compare_transactions(const struct vector *vector, const struct request_transactions *transactions)
{
	if (vector_has(vector, "lastTxnId")) {
		assert_int_equal(transactions->kind, 0);
		assert_int_equal(transactions->last_id, vector_number(vector, "lastTxnId"));
		assert_int_equal(transactions->last_date, vector_number(vector, "lastQueryDate"));
		assert_int_equal(transactions->hash_kind, vector_number(vector, "rcvrHashType"));
		assert_int_equal(transactions->server_count, vector_number(vector, "numServers"));
		assert_int_equal(transactions->server_number, vector_number(vector, "serverNum"));
	}
	if (vector_has(vector, "json")) {
		json_t *state = json_loadb(
			(const char *)transactions->state.at, transactions->state.size, 0, NULL);

		assert_int_equal(transactions->kind, 1);
		assert_true(json_equal(state, vector_field(vector, "json")));
		json_decref(state);
	}
}

static void
compare_request(const struct vector *vector, const struct request *request)
{
	assert_run(bytes_from_string(request_class(request->message.header.opcode)),
		vector_text(vector, "javaDecodesAs"));
	if (vector_has(vector, "handle")) {
		assert_run(request_handle(request), vector_text(vector, "handle"));
	}
	if (vector_has(vector, "indexes")) {
		assert_list_of_indexes(
			request->resolution.indexes, vector_field(vector, "indexes"));
	}
	if (vector_has(vector, "types")) {
		assert_list_of_types(request->resolution.types, vector_field(vector, "types"));
	}
	if (request->message.header.opcode == OPCODE_RETRIEVE_TRANSACTION_LOG) {
		compare_transactions(vector, &request->transactions);
	}
}

static void
compare_response(const struct vector *vector, const struct response *response)
{
	const struct header *header = &response->message.header;

	assert_run(bytes_from_string(response_class(header)), vector_text(vector, "javaDecodesAs"));
	if (vector_has(vector, "requestDigest")) {
		assert_int_equal(response->digest_code, vector_number(vector, "rdHashType"));
		assert_run(response->digest, vector_octets(vector, "requestDigest"));
	} else {
		assert_int_equal(response->digest.size, 0);
	}
	if (vector_has(vector, "nonce")) {
		assert_run(response->nonce, vector_octets(vector, "nonce"));
	}
	if (vector_has(vector, "message")) {
		const char *text = json_string_value(vector_field(vector, "message"));

		assert_run(response->error.text, bytes_from_string(text != NULL ? text : ""));
	}
}

static void
messages_are_read_compared_and_written_back(void **state)
{
	struct decoded decoded;
	struct vector vector;
	size_t bodies = 0;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("message", &at, &vector); count++) {
		enum where where = strncmp(vector.name, "req-", 4) == 0 ? IN_REQUEST : IN_RESPONSE;

		assert_true(decode_and_write_back(vector.name, where, vector.octets, &decoded));
		assert_int_equal(decoded.frame.rest.size, 0);
		assert_true(decoded.is_message);
		assert_int_equal(decoded.message.header.response_code == 0, where == IN_REQUEST);
		compare_frame(&vector, &decoded);
		if (!decoded.is_body) {
			continue;
		}
		bodies++;
		if (where == IN_REQUEST) {
			compare_request(&vector, &decoded.request);
		} else {
			compare_response(&vector, &decoded.response);
		}
	}
	assert_int_equal(count, 84);
	assert_int_equal(bodies, 83);
}

/* Every message in a run of octets, one behind the other; the first is returned. */
struct stream {
	struct decoded first;
	size_t count;
	struct bytes tail; /* What follows the last message. */
};

static void
read_stream(const char *name, enum where where, struct bytes octets, size_t count_max,
	struct stream *ret_stream)
{
	*ret_stream = (struct stream){.tail = octets};
	while (ret_stream->count < count_max &&
		(ret_stream->count == 0 || ret_stream->tail.size >= ENVELOPE_SIZE)) {
		struct decoded next;

		if (!decode_and_write_back(name, where, ret_stream->tail, &next)) {
			break;
		}
		if (ret_stream->count++ == 0) {
			ret_stream->first = next;
		}
		ret_stream->tail = next.frame.rest;
	}
}

/* Puts the datagrams of one message into their places, and cuts it again into the same. */
static struct bytes
join_datagrams(const json_t *packets, struct envelope *ret_envelope)
{
	static uint8_t joined[MESSAGE_SIZE_MAX];
	struct bytes message = {joined, 0};
	size_t held = 0;

	for (size_t i = 0; i < json_array_size(packets); i++) {
		struct bytes packet =
			vector_from_hex(json_string_value(json_array_get(packets, i)));
		struct wire_reader reader = wire_reader_over(packet);
		struct envelope envelope;
		struct bytes data;

		envelope_read(&reader, &envelope);
		data = wire_read_rest(&reader);
		assert_int_equal(wire_reader_end(&reader), STATUS_OK);
		message.size = envelope.message_size;
		assert_int_equal(
			json_array_size(packets), message_fragment_count(envelope.message_size));
		memcpy(joined + (size_t)envelope.sequence * FRAGMENT_DATA_SIZE_MAX, data.at,
			data.size);
		assert_run(bytes_slice(
				   message_fragment_data(message, envelope.sequence), 0, data.size),
			data);
		assert_run(frame_join(&envelope, data), packet);
		held += data.size;
		envelope.sequence = 0;
		*ret_envelope = envelope;
	}
	return bytes_slice(message, 0, held);
}

static struct bytes
behind_http_head(struct bytes octets)
{
	for (size_t i = 0; i + 4 <= octets.size; i++) {
		if (memcmp(octets.at + i, "\r\n\r\n", 4) == 0) {
			return bytes_slice(octets, i + 4, octets.size);
		}
	}
	fail_msg("no end of HTTP head");
	return octets;
}

/* Compares the answer to a request sent over TCP with what was seen. */
static void
compare_answer(
	const struct vector *vector, const struct decoded *asked, const struct stream *answer)
{
	const struct decoded *first = &answer->first;
	struct bytes versions;
	size_t slash;

	if (vector_has(vector, "responseMessages")) {
		assert_int_equal(answer->count, vector_number(vector, "responseMessages"));
		assert_int_equal(first->frame.envelope.session_id,
			vector_number(vector, "responseSessionId"));
		versions = vector_text(vector, "responseVersion");
		slash = bytes_find(versions, '/');
		assert_version(first->frame.envelope.version, bytes_slice(versions, 0, slash));
		assert_version(first->frame.envelope.suggested,
			bytes_slice(versions, slash + 1, versions.size));
	}
	if (vector_has(vector, "opCode") && asked->is_message) {
		assert_int_equal(asked->message.header.opcode, vector_number(vector, "opCode"));
	}
	if (!first->is_message) {
		return;
	}
	if (vector_has(vector, "responseCode")) {
		assert_int_equal(
			first->message.header.response_code, vector_number(vector, "responseCode"));
	}
	if (vector_has(vector, "responseSigned")) {
		assert_int_equal(
			first->message.credential.size, vector_number(vector, "responseSigned"));
	}
	if (vector_has(vector, "responseText") &&
		!json_is_null(vector_field(vector, "responseText"))) {
		assert_run(first->response.error.text, vector_text(vector, "responseText"));
	}
	if (vector_has(vector, "streamTail")) {
		assert_run(answer->tail, vector_octets(vector, "streamTail"));
	} else if (strcmp(vector->name, TLS_CAPTURE) == 0) {
		assert_run(answer->tail, BYTES('T', 'L', 'S', 0));
	} else {
		assert_int_equal(answer->tail.size, 0);
	}
}

static void
check_stream_capture(const struct vector *vector, struct decoded *ret_challenge)
{
	bool is_http = vector_has(vector, "transport") &&
		bytes_equal(vector_text(vector, "transport"), TEXT("http"));
	struct bytes asked = vector->octets;
	struct bytes answered = vector_octets(vector, "responseHex");
	size_t count_max = vector_has(vector, "responseMessages")
		? (size_t)vector_number(vector, "responseMessages")
		: SIZE_MAX;
	struct stream request;
	struct stream answer;

	read_stream(vector->name, IN_REQUEST, is_http ? behind_http_head(asked) : asked, SIZE_MAX,
		&request);
	read_stream(vector->name, IN_RESPONSE, is_http ? behind_http_head(answered) : answered,
		count_max, &answer);
	compare_answer(vector, &request.first, &answer);
	if (vector_has(vector, "challengeSessionId")) {
		assert_int_equal(request.first.frame.envelope.session_id,
			vector_number(vector, "challengeSessionId"));
		assert_run(ret_challenge->response.nonce, vector_octets(vector, "nonce"));
		assert_run(ret_challenge->response.digest, vector_octets(vector, "requestDigest"));
		assert_int_equal(
			ret_challenge->response.digest_code, vector_number(vector, "rdHashType"));
	}
	*ret_challenge = answer.first;
}

static void
check_datagram_capture(const struct vector *vector)
{
	struct decoded decoded;
	struct envelope envelope;
	struct bytes message;

	message = join_datagrams(vector_field(vector, "requestPackets"), &envelope);
	decode_and_write_back(vector->name, IN_REQUEST, frame_join(&envelope, message), &decoded);
	message = join_datagrams(vector_field(vector, "responsePackets"), &envelope);
	assert_int_equal(envelope.message_size, vector_number(vector, "responseMessageLength"));
	decode_and_write_back(vector->name, IN_RESPONSE, frame_join(&envelope, message), &decoded);
}

static void
captures_are_read_in_both_directions_and_written_back(void **state)
{
	struct decoded challenge = {0};
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("capture", &at, &vector); count++) {
		if (vector_has(&vector, "requestPackets")) {
			check_datagram_capture(&vector);
		} else {
			check_stream_capture(&vector, &challenge);
		}
	}
	assert_int_equal(count, 108);
}

static void
fragments_of_a_recorded_request_are_joined_and_cut_again(void **state)
{
	struct vector vector = vector_named("udp-multipacket-request");
	const json_t *packets = vector_field(&vector, "packets");
	struct envelope envelope;
	struct bytes message = join_datagrams(packets, &envelope);
	struct decoded decoded;

	(void)state;
	assert_true(envelope.is_truncated);
	assert_int_equal(envelope.request_id, vector_number(&vector, "requestId"));
	assert_int_equal(envelope.message_size, vector_number(&vector, "messageLength"));
	assert_run(message, vector.octets);
	assert_true(decode_and_write_back(
		vector.name, IN_REQUEST, frame_join(&envelope, message), &decoded));
	assert_int_equal(decoded.request.values.values.count, 6);
}

/* Vectors that record how Handle.net fails hold no octets; nothing of ours is compared. */
static void
credentials_are_read_and_written_back(void **state)
{
	struct vector vector;
	size_t count = 0;
	size_t error_count = 0;

	(void)state;
	for (size_t at = 0; vector_next("credential", &at, &vector);) {
		uint8_t octets[1024];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct credential credential;
		struct decoded decoded;

		if (vector_has(&vector, "error")) {
			error_count++;
			continue;
		}
		count++;
		assert_true(
			decode_and_write_back(vector.name, IN_REQUEST, vector.octets, &decoded));
		assert_run(decoded.message.credential, vector_octets(&vector, "credential"));
		assert_int_equal(
			credential_decode(decoded.message.credential, &credential), STATUS_OK);
		assert_int_equal(credential.version, 0);
		assert_int_equal(credential.flags, 0);
		assert_int_equal(credential.signer.size, 0);
		assert_int_not_equal(credential.signature.size, 0);
		if (vector_has(&vector, "digestAlg")) {
			assert_run(credential.type, TEXT("HS_SIGNED"));
			assert_run(credential.digest_name, vector_text(&vector, "digestAlg"));
			assert_int_equal(credential.session_counter, 0);
		} else {
			assert_run(credential.type, TEXT("HS_MAC"));
			assert_int_equal(credential.session_counter,
				vector_number(&vector, "sessionCounter"));
			assert_int_equal(decoded.frame.envelope.session_id,
				vector_number(&vector, "sessionId"));
		}
		credential_write(&writer, &credential);
		assert_run(wire_written(&writer), decoded.message.credential);
	}
	assert_int_equal(count, 15);
	assert_int_equal(error_count, 3);
}

/* What a challenge was about, and the answer to it, as a request would carry both. */
static void
challenges_and_their_answers_are_read_and_written_back(void **state)
{
	struct vector vector;
	size_t count = 0;

	(void)state;
	for (size_t at = 0; vector_next("challenge", &at, &vector);) {
		struct request answer = {
			.message = {.envelope = {.version = VERSION_OURS},
				.header = {.opcode = OPCODE_CHALLENGE_RESPONSE}},
			.challenge_response = {.authentication_type = TEXT("HS_PUBKEY"),
				.name = TEXT("0.NA/20.500"),
				.index = 300,
				.response = vector.octets},
		};
		struct message message;
		struct request again;
		struct bytes octets;

		if (vector_has(&vector, "error")) {
			continue;
		}
		count++;
		octets = request_octets(&answer);
		assert_int_equal(
			message_decode(&answer.message.envelope, octets, &message), STATUS_OK);
		assert_int_equal(request_decode(&message, &again), STATUS_OK);
		assert_run(again.challenge_response.response, vector.octets);
		assert_int_equal(again.challenge_response.index, 300);
		if (vector_has(&vector, "requestHeaderAndBody")) {
			octets = vector_octets(&vector, "requestHeaderAndBody");
			assert_int_equal(message_decode(&answer.message.envelope, octets, &message),
				STATUS_OK);
			assert_false(message.has_credential_size);
			assert_run(message.signed_run, octets);
			assert_run(message_octets(&message), octets);
			assert_int_equal(request_decode(&message, &again), STATUS_OK);
			assert_int_equal(again.values.values.count, 1);
		}
		if (vector_has(&vector, "hashAlg")) {
			struct wire_reader reader = wire_reader_over(vector.octets);

			assert_run(wire_read_blob(&reader, 32), vector_text(&vector, "hashAlg"));
			wire_read_blob(&reader, KEY_SIZE_MAX);
			assert_int_equal(wire_reader_end(&reader), STATUS_OK);
		}
	}
	assert_int_equal(count, 13);
}

static void
digests_of_requests_are_those_recorded(void **state)
{
	static const char *const names[] = {"resp-resolution-digest-2.11",
		"resp-resolution-digest-2.7", "resp-resolution-digest-2.1", "resp-challenge-2.0"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vector vector = vector_named(names[i]);
		struct bytes asked = vector_octets(&vector, "requestHeaderAndBody");
		bool is_challenge = vector_has(&vector, "nonce");
		uint8_t octets[REQUEST_DIGEST_SIZE_MAX];
		struct decoded decoded;
		struct request request;

		decode_and_write_back(names[i], IN_RESPONSE, vector.octets, &decoded);
		assert_int_equal(message_decode(&decoded.frame.envelope, asked, &request.message),
			STATUS_OK);
		decoded.response.digest = (struct bytes){NULL, 0};
		decoded.response.digest_code = 0;
		decoded.response.is_digest_2_0 = false;
		response_digest(&request, is_challenge, octets, &decoded.response);
		assert_run(decoded.response.digest, vector_octets(&vector, "requestDigest"));
		assert_run(response_octets(&decoded.response), decoded.frame.octets);
	}
}

/* Old configuration files hold the same lists of values and sites as messages do. */
static void
old_configuration_files_hold_values_and_sites(void **state)
{
	struct vector vector = vector_named("global-values");
	struct wire_reader reader = wire_reader_over(vector.octets);
	struct handle_value_list list;
	struct handle_value value;
	struct handle_site site;
	struct wire_reader walk;

	(void)state;
	assert_int_equal(wire_read_u32(&reader), vector.octets.size - 4);
	list = handle_value_list_read(&reader);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	assert_int_equal(list.count, 1);
	walk = handle_value_list_walk(&list);
	assert_true(handle_value_next(&walk, &value));
	assert_run(value.type, TEXT("HS_SITE"));
	assert_int_equal(handle_site_decode(value.data, &site), STATUS_OK);

	vector = vector_named("local-sites");
	reader = wire_reader_over(vector.octets);
	assert_int_equal(wire_read_u32(&reader), vector.octets.size);
	assert_int_equal(wire_read_u32(&reader), 1);
	assert_int_equal(wire_read_u32(&reader), 2);
	assert_run(wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX), TEXT("0.NA/10.1"));
	assert_run(wire_read_blob(&reader, HANDLE_NAME_SIZE_MAX), TEXT("0.NA/10.2"));
	assert_int_equal(
		handle_site_decode(wire_read_blob(&reader, MESSAGE_SIZE_MAX), &site), STATUS_OK);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
}

/* The one probe records that Handle.net's RSA sessions fail: there are no octets to read. */
static void
probes_hold_no_octets(void **state)
{
	struct vector vector;
	size_t at = 0;

	(void)state;
	assert_true(vector_next("probe", &at, &vector));
	assert_int_equal(vector.octets.size, 0);
	assert_true(vector_has(&vector, "error"));
	assert_false(vector_next("probe", &at, &vector));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelopes_are_read_and_written_back),
		cmocka_unit_test(messages_are_read_compared_and_written_back),
		cmocka_unit_test(captures_are_read_in_both_directions_and_written_back),
		cmocka_unit_test(fragments_of_a_recorded_request_are_joined_and_cut_again),
		cmocka_unit_test(credentials_are_read_and_written_back),
		cmocka_unit_test(challenges_and_their_answers_are_read_and_written_back),
		cmocka_unit_test(digests_of_requests_are_those_recorded),
		cmocka_unit_test(old_configuration_files_hold_values_and_sites),
		cmocka_unit_test(probes_hold_no_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
