/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay_message.h"

#include "replay/replay_access.h"

#include "base/text_writer.h"
#include "message/response.h"

enum { LIST_SIZE_MAX = 65536 };

static uint8_t message_octets[MESSAGE_SIZE_MAX];

#define X(name, bit, text) {#name, bit},
static const struct {
	const char *name;
	uint32_t bit;
} flags[] = {
#include "message/flags.def"
};
#undef X

static uint32_t
flag_find(struct words *words, struct bytes name)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (bytes_equal(name, bytes_from_string(flags[i].name))) {
			return flags[i].bit;
		}
	}
	words_fail(words, "no flag is called \"%.*s\"", (int)name.size, (const char *)name.at);
	return 0;
}

static uint32_t
flags_read(struct words *words)
{
	struct bytes rest = words_next(words, "flags");
	uint32_t bits = 0;

	while (words_ok(words) && rest.size > 0) {
		size_t end = bytes_find(rest, ',');

		bits |= flag_find(words, bytes_slice(rest, 0, end));
		rest = bytes_slice(rest, end + 1, rest.size);
	}
	return bits;
}

static struct version
version_read(struct words *words)
{
	struct bytes word = words_next(words, "a version");
	size_t dot = bytes_find(word, '.');
	uint64_t major = 0;
	uint64_t minor = 0;

	if (words_ok(words) &&
		(text_read_u64(bytes_slice(word, 0, dot), 63, &major) != STATUS_OK ||
			text_read_u64(bytes_slice(word, dot + 1, word.size), 255, &minor) !=
				STATUS_OK)) {
		words_fail(words, "a version such as 2.11 is wanted, not \"%.*s\"", (int)word.size,
			(const char *)word.at);
	}
	return (struct version){(uint8_t)major, (uint8_t)minor};
}

bool
sending_is_next(const struct words *words)
{
	static const char *const verbs[] = {"resolve", "site", "operation", "answer"};

	for (size_t i = 0; words_are_left(words) && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (bytes_equal(words->all[words->next], bytes_from_string(verbs[i]))) {
			return true;
		}
	}
	return access_message_is_next(words);
}

static uint32_t
words_next_u32(struct words *words, const char *wanted)
{
	return (uint32_t)words_next_number(words, UINT32_MAX, wanted);
}

/* One option of a request; false if the next word begins none. */
static bool
option_read(struct words *words, struct request *request, struct sending *sending)
{
	struct envelope *envelope = &sending->envelope;
	struct header *header = &request->message.header;

	if (words_take(words, "flags")) {
		header->flags = flags_read(words);
	} else if (words_take(words, "version")) {
		envelope->version = version_read(words);
	} else if (words_take(words, "suggested")) {
		envelope->suggested = version_read(words);
	} else if (words_take(words, "session")) {
		envelope->session_id = words_next_u32(words, "a session id");
	} else if (words_take(words, "request")) {
		envelope->request_id = words_next_u32(words, "a request id");
	} else if (words_take(words, "recursion")) {
		header->recursion_count = (uint8_t)words_next_number(words, 255, "a count");
	} else if (words_take(words, "code")) {
		header->response_code = words_next_u32(words, "a response code");
	} else if (words_take(words, "announce")) {
		envelope->message_size = words_next_u32(words, "a size");
	} else if (words_take(words, "cut")) {
		sending->cut_size = (size_t)words_next_u32(words, "a size");
	} else if (words_take(words, "skip")) {
		sending->skip_size = (size_t)words_next_u32(words, "a size");
	} else if (words_take(words, "fragment")) {
		sending->fragment = (size_t)words_next_u32(words, "a number");
	} else {
		return access_option_read(words);
	}
	return true;
}

static struct bytes
filler_next(struct words *words)
{
	static uint8_t octets[HANDLE_TYPE_SIZE_MAX];

	memset(octets, 'x', sizeof(octets));
	return bytes_over(octets, (size_t)words_next_number(words, sizeof(octets), "a size"));
}

struct bytes
sending_part(const struct sending *sending, struct bytes whole)
{
	return bytes_slice(bytes_slice(whole, 0, sending->cut_size), sending->skip_size, SIZE_MAX);
}

static void
resolution_read(struct words *words, struct request *request, struct sending *sending)
{
	static uint8_t index_octets[LIST_SIZE_MAX];
	static uint8_t type_octets[LIST_SIZE_MAX];
	struct wire_writer indexes = wire_writer_over(index_octets, sizeof(index_octets));
	struct wire_writer types = wire_writer_over(type_octets, sizeof(type_octets));
	struct request_resolution *resolution = &request->resolution;

	resolution->name = words_next(words, "a handle");
	while (words_are_left(words)) {
		if (words_take(words, "index")) {
			wire_write_u32(&indexes, words_next_u32(words, "an index"));
			resolution->index_count++;
		} else if (words_take(words, "type")) {
			wire_write_blob(&types, words_next(words, "a type"));
			resolution->type_count++;
		} else if (words_take(words, "filler")) {
			wire_write_blob(&types, filler_next(words));
			resolution->type_count++;
		} else if (!option_read(words, request, sending)) {
			break;
		}
	}
	resolution->indexes = wire_written(&indexes);
	resolution->types = wire_written(&types);
}

/* Values of an answer: `value INDEX TYPE DATA` and `filler N`, a value of N octets. */
static bool
value_option_read(struct words *words, struct wire_writer *writer, uint32_t *count)
{
	struct handle_value value = {
		.ttl = HANDLE_TTL_DEFAULT, .permissions = HANDLE_PERMISSION_DEFAULT};

	if (words_take(words, "value")) {
		value.index = words_next_u32(words, "an index");
		value.type = words_next(words, "a type");
		value.data = words_next(words, "data");
	} else if (words_take(words, "filler")) {
		value.index = 1000 + *count;
		value.data = filler_next(words);
	} else {
		return false;
	}
	handle_value_write(writer, &value);
	(*count)++;
	return true;
}

static void
sending_read_answer(struct words *words, uint32_t request_id, struct sending *sending)
{
	static uint8_t values[LIST_SIZE_MAX];
	struct wire_writer list = wire_writer_over(values, sizeof(values));
	struct wire_writer writer = wire_writer_over(message_octets, sizeof(message_octets));
	struct request request = {
		.message.header = {.opcode = OPCODE_RESOLUTION, .response_code = RESPONSE_SUCCESS}};
	struct header *header = &request.message.header;
	struct response response;
	uint32_t count = 0;

	sending->envelope.request_id = request_id;
	while (words_are_left(words)) {
		if (words_take(words, "operation")) {
			header->opcode = words_next_u32(words, "an operation");
		} else if (!value_option_read(words, &list, &count) &&
			!option_read(words, &request, sending)) {
			break;
		}
	}
	request.message.envelope = sending->envelope;
	response_begin(&request, header->response_code, 1, true, 0, &response);
	if (response_shape(header->opcode, header->response_code) == RESPONSE_VALUES) {
		response.values.name = TEXT("88.1/x");
		response.values.list = (struct handle_value_list){count, wire_written(&list)};
	} else if (response_shape(header->opcode, header->response_code) == RESPONSE_SITE) {
		response.site = TEXT("site");
	}
	response_write(&writer, &response);
	if (words_ok(words) && wire_writer_end(&writer) != STATUS_OK) {
		words_fail(words, "this cannot be written as an answer");
	}
	sending->message = wire_written(&writer);
	if (sending->envelope.message_size == 0) {
		sending->envelope.message_size = (uint32_t)sending->message.size;
	}
}

void
sending_read(struct words *words, uint32_t *request_id, struct sending *ret_sending)
{
	struct request request = {.message = {.header = {.site_serial = 0xffff}}};
	struct header *header = &request.message.header;
	struct wire_writer writer = wire_writer_over(message_octets, sizeof(message_octets));
	struct sending *sending = ret_sending;

	*sending = (struct sending){.cut_size = SIZE_MAX, .fragment = SIZE_MAX};
	sending->envelope.version = sending->envelope.suggested = VERSION_OURS;
	if (words_take(words, "answer")) {
		sending_read_answer(words, *request_id, sending);
		return;
	}
	sending->envelope.request_id = ++*request_id;
	if (words_take(words, "resolve")) {
		header->opcode = OPCODE_RESOLUTION;
		resolution_read(words, &request, sending);
	} else if (access_message_is_next(words)) {
		access_message_read(words, &request, sending);
		while (option_read(words, &request, sending)) {
		}
	} else {
		header->opcode = words_take(words, "site") ? OPCODE_GET_SITE_INFO : 0;
		if (words_take(words, "operation")) {
			header->opcode = words_next_u32(words, "an operation");
		}
		request.name.name =
			words_take(words, "name") ? words_next(words, "a handle") : TEXT("/");
		while (option_read(words, &request, sending)) {
		}
	}
	if (words_are_left(words)) {
		words_fail(words, "\"%.*s\" is no option of a message",
			(int)words->all[words->next].size,
			(const char *)words->all[words->next].at);
	}
	request.message.envelope = sending->envelope;
	if (request_shape(header->opcode) == REQUEST_UNKNOWN) {
		struct wire_length body = message_begin(&writer, header);

		wire_write_blob(&writer, request.name.name);
		message_end(&writer, body, (struct bytes){NULL, 0});
	} else {
		request_write(&writer, &request);
	}
	if (words_ok(words) && wire_writer_end(&writer) != STATUS_OK) {
		words_fail(words, "this cannot be written as a message");
	}
	sending->message = access_message_seal(words, &sending->envelope, message_octets,
		wire_writer_size(&writer), sizeof(message_octets));
	if (sending->envelope.message_size == 0) {
		sending->envelope.message_size = (uint32_t)sending->message.size;
	}
}

static void
expect_number(struct words *words, const char *what, uint64_t found)
{
	uint64_t wanted = words_next_number(words, UINT64_MAX, what);

	if (wanted != found) {
		words_fail(words, "%s is %llu, not %llu", what, (unsigned long long)found,
			(unsigned long long)wanted);
	}
}

static void
expect_octets(struct words *words, const char *what, struct bytes found)
{
	struct bytes wanted = words_next(words, what);

	if (words_ok(words) && !bytes_equal(wanted, found)) {
		words_fail(words, "%s is \"%.*s\", not \"%.*s\"", what, (int)found.size,
			(const char *)found.at, (int)wanted.size, (const char *)wanted.at);
	}
}

static void
expect_code(struct words *words, uint32_t found)
{
	struct bytes wanted = words_next(words, "a response code");
	const char *name = response_code_name(found);
	uint64_t number = 0;

	if (!words_ok(words) || (name != NULL && bytes_equal(wanted, bytes_from_string(name))) ||
		(text_read_u64(wanted, UINT32_MAX, &number) == STATUS_OK && number == found)) {
		return;
	}
	words_fail(words, "code is %u (%s), not %.*s", found, name == NULL ? "unknown" : name,
		(int)wanted.size, (const char *)wanted.at);
}

static void
expect_version(struct words *words, struct version found)
{
	struct version wanted = version_read(words);

	if (wanted.major != found.major || wanted.minor != found.minor) {
		words_fail(words, "version is %u.%u, not %u.%u", found.major, found.minor,
			wanted.major, wanted.minor);
	}
}

static void
expect_flag(struct words *words, uint32_t found)
{
	struct bytes name = words_next(words, "a flag");

	if (words_ok(words) && (flag_find(words, name) & found) == 0) {
		words_fail(words, "flag %.*s is not set (flags are %08x)", (int)name.size,
			(const char *)name.at, found);
	}
}

static void
expect_unset(struct words *words, uint32_t found)
{
	struct bytes name = words_next(words, "a flag");

	if (words_ok(words) && (flag_find(words, name) & found) != 0) {
		words_fail(words, "flag %.*s is set (flags are %08x)", (int)name.size,
			(const char *)name.at, found);
	}
}

void
message_flag_expect(struct words *words, uint32_t found, bool is_set)
{
	if (is_set) {
		expect_flag(words, found);
	} else {
		expect_unset(words, found);
	}
}

static const struct handle_value_list *
response_list(struct words *words, const struct response *response)
{
	enum response_shape shape = response_shape(
		response->message.header.opcode, response->message.header.response_code);

	if (shape == RESPONSE_REFERRAL && response->referral.has_values) {
		return &response->referral.list;
	}
	if (words_ok(words) && shape != RESPONSE_VALUES) {
		words_fail(words, "the answer has no values");
	}
	return &response->values.list;
}

static void
expect_value(struct words *words, const struct response *response)
{
	const struct handle_value_list *list = response_list(words, response);
	uint32_t index = words_next_u32(words, "an index");
	struct bytes type = words_next(words, "a type");
	struct bytes data = words_next(words, "data");
	struct handle_value value;

	if (!words_ok(words)) {
		return;
	}
	for (struct wire_reader walk = handle_value_list_walk(list);
		handle_value_next(&walk, &value);) {
		if (value.index == index && bytes_equal(value.type, type) &&
			bytes_equal(value.data, data)) {
			return;
		}
	}
	words_fail(words, "no value %u %.*s with these data is in the answer", index,
		(int)type.size, (const char *)type.at);
}

static void
expect_values(struct words *words, const struct response *response)
{
	const struct handle_value_list *list = response_list(words, response);

	if (words_ok(words)) {
		expect_number(words, "values", list->count);
	}
}

static struct bytes
response_text(struct words *words, const struct response *response)
{
	if (response_shape(response->message.header.opcode,
		    response->message.header.response_code) != RESPONSE_MESSAGE) {
		words_fail(words, "the answer has no text");
		return (struct bytes){0};
	}
	return response->error.text;
}

static void
expect_next(struct words *words, const struct answer *answer, const struct response *response)
{
	const struct header *header = &response->message.header;

	if (words_take(words, "code")) {
		expect_code(words, header->response_code);
	} else if (words_take(words, "operation")) {
		expect_number(words, "operation", header->opcode);
	} else if (words_take(words, "request")) {
		expect_number(words, "request", answer->envelope.request_id);
	} else if (words_take(words, "session")) {
		expect_number(words, "session", answer->envelope.session_id);
	} else if (words_take(words, "version")) {
		expect_version(words, answer->envelope.version);
	} else if (words_take(words, "flag")) {
		expect_flag(words, header->flags);
	} else if (words_take(words, "unset")) {
		expect_unset(words, header->flags);
	} else if (words_take(words, "signed")) {
		expect_number(words, "signed", response->message.credential.size > 0);
	} else if (words_take(words, "encrypted")) {
		expect_number(words, "encrypted", answer->envelope.is_encrypted);
	} else if (words_take(words, "size")) {
		expect_number(words, "size", answer->message.size + ENVELOPE_SIZE);
	} else if (words_take(words, "fragments")) {
		expect_number(words, "fragments", answer->fragment_count);
	} else if (words_take(words, "values")) {
		expect_values(words, response);
	} else if (words_take(words, "value")) {
		expect_value(words, response);
	} else if (words_take(words, "name")) {
		response_list(words, response);
		expect_octets(words, "name", response->values.name);
	} else if (words_take(words, "text")) {
		expect_octets(words, "text", response_text(words, response));
	} else if (!access_property_check(words, response)) {
		struct bytes word = words_next(words, "a property of an answer");

		words_fail(words, "\"%.*s\" is no property of an answer", (int)word.size,
			(const char *)word.at);
	}
}

bool
answer_is_request(const struct answer *answer)
{
	struct message message;

	return message_decode(&answer->envelope, answer->message, &message) == STATUS_OK &&
		message.header.response_code == RESPONSE_RESERVED;
}

static void
request_check(struct words *words, const struct answer *answer)
{
	struct message message;
	struct request request;

	if (message_decode(&answer->envelope, answer->message, &message) != STATUS_OK ||
		request_decode(&message, &request) != STATUS_OK) {
		words_fail(words, "what came is no request");
		return;
	}
	while (words_are_left(words)) {
		if (words_take(words, "operation")) {
			expect_number(words, "operation", message.header.opcode);
		} else if (words_take(words, "fragments")) {
			expect_number(words, "fragments", answer->fragment_count);
			/* Of requests, unlike answers, each fragment says that it is one. */
			if (answer->envelope.is_truncated != (answer->fragment_count > 1)) {
				words_fail(words, "the flag of fragments is not as it should be");
			}
		} else if (words_take(words, "name")) {
			expect_octets(words, "name", request_handle(&request));
		} else {
			words_fail(
				words, "it is a request: operation, name or fragments is wanted");
		}
	}
}

void
answer_check(struct words *words, const struct answer *answer)
{
	struct envelope envelope = answer->envelope;
	struct bytes octets = access_answer_open(words, &envelope, answer->message);
	struct message message;
	struct response response;
	enum status status = message_decode(&envelope, octets, &message);

	if (answer_is_request(answer)) {
		request_check(words, answer);
		return;
	}
	if (status == STATUS_OK) {
		status = response_decode(&message, &response);
	}
	if (status != STATUS_OK) {
		words_fail(words, "what came is no answer: it %s", status_text(status));
		return;
	}
	access_answer_seen(answer, &response);
	do {
		expect_next(words, answer, &response);
	} while (words_are_left(words));
}
