/* SPDX-License-Identifier: Apache-2.0 */
#include "program/server/answer_print.h"

#include "base/limits.h"
#include "program/terminal/json_print.h"
#include "support/cmocka_all.h"

#include <jansson.h>
#include <stdlib.h>

/* What was printed, as somebody else's reader understands it. */
static json_t *
read_back(FILE *file)
{
	json_error_t error;
	json_t *root;

	rewind(file);
	root = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error);
	if (root == NULL) {
		fail_msg("%s at %d", error.text, error.position);
	}
	assert_int_equal(getc(file), '\n');
	assert_int_equal(getc(file), EOF);
	return root;
}

static const char *
member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "(none)" : text;
}

static void
a_record_as_large_as_a_message_is_printed_whole(void **state)
{
	enum { DATA_SIZE = 129000 };
	/* Each octet takes six characters: 1.5 MiB of JSON. */
	static uint8_t data[DATA_SIZE], octets[MESSAGE_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct response response = {
		.message.header = {.opcode = OPCODE_RESOLUTION, .response_code = RESPONSE_SUCCESS}};
	struct answer_shown shown;
	FILE *file = tmpfile();
	json_t *root, *values;

	(void)state;
	assert_non_null(file);
	memset(data, 0x10, sizeof(data));
	for (uint32_t i = 1; i <= 2; i++) {
		handle_value_write(&writer,
			&(struct handle_value){.index = i,
				.type = TEXT("DATA"),
				.data = bytes_over(data, sizeof(data)),
				.permissions = HANDLE_PERMISSION_DEFAULT});
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	response.values.list = (struct handle_value_list){2, wire_written(&writer)};
	shown = answer_shown_of(&response, TEXT("88.1/large"));
	assert_int_equal(answer_print_json(file, &shown), STATUS_OK);
	assert_true(ftell(file) > 2 * 6 * DATA_SIZE);
	root = read_back(file);
	assert_int_equal(json_integer_value(json_object_get(root, "responseCode")), 1);
	assert_string_equal(member(root, "handle"), "88.1/large");
	values = json_object_get(root, "values");
	assert_int_equal(json_array_size(values), 2);
	for (size_t i = 0; i < 2; i++) {
		json_t *told = json_object_get(json_array_get(values, i), "data");

		assert_int_equal(
			json_string_length(json_object_get(told, "value")), (size_t)DATA_SIZE);
	}
	json_decref(root);
	fclose(file);
}

static void
an_answer_is_told_as_the_web_face_tells_it(void **state)
{
	struct response refusal = {
		.message.header = {.opcode = OPCODE_CREATE_HANDLE,
			.response_code = RESPONSE_HANDLE_ALREADY_EXISTS},
		.error.text = TEXT("it is \"there\""),
	};
	struct response created = {
		.message.header = {.opcode = OPCODE_CREATE_HANDLE,
			.response_code = RESPONSE_SUCCESS},
		.created.name = TEXT("88.1/minted"),
	};
	struct answer_shown shown = answer_shown_of(&refusal, TEXT("88.1/x"));
	FILE *file = tmpfile();
	json_t *root;

	(void)state;
	assert_int_equal(answer_print_json(file, &shown), STATUS_OK);
	root = read_back(file);
	assert_int_equal(json_object_size(root), 3);
	assert_int_equal(json_integer_value(json_object_get(root, "responseCode")), 101);
	assert_string_equal(member(root, "handle"), "88.1/x");
	assert_string_equal(member(root, "message"), "it is \"there\"");
	json_decref(root);
	fclose(file);

	file = tmpfile();
	shown = answer_shown_of(&created, TEXT("88.1/"));
	shown.line = 7;
	shown.operation = "create";
	assert_int_equal(answer_print_json(file, &shown), STATUS_OK);
	root = read_back(file);
	assert_int_equal(json_object_size(root), 4);
	assert_string_equal(member(root, "handle"), "88.1/minted");
	assert_string_equal(member(root, "op"), "create");
	assert_int_equal(json_integer_value(json_object_get(root, "line")), 7);
	json_decref(root);
	fclose(file);
}

static void
a_secret_is_printed_to_nobody(void **state)
{
	uint8_t octets[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {
		.index = 301, .type = TEXT("HS_SECKEY"), .data = TEXT("open sesame")};
	struct handle_value_list list;
	struct answer_shown shown = {.handle = TEXT("88.1/x"), .values = &list};
	char line[512] = "";
	FILE *file = tmpfile();

	(void)state;
	handle_value_write(&writer, &value);
	list = (struct handle_value_list){1, wire_written(&writer)};
	assert_int_equal(answer_print_json(file, &shown), STATUS_OK);
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(strstr(line, "HS_SECKEY"));
	assert_null(strstr(line, "open sesame"));
	fclose(file);
}

/* A string of exactly so many characters, quotes included. */
struct sized {
	size_t size;
	unsigned written_count;
	enum status fault;
};

static void
sized_write(struct json_writer *writer, const void *context)
{
	static uint8_t letters[JSON_PRINT_SIZE_MAX];
	struct sized *sized = (struct sized *)(uintptr_t)context;

	memset(letters, 'x', sizeof(letters));
	sized->written_count++;
	json_write_string(writer, bytes_over(letters, sized->size - 2));
	if (sized->fault != STATUS_OK) {
		json_writer_fail(writer, sized->fault);
	}
}

static void
every_size_up_to_the_limit_is_printed(void **state)
{
	static const size_t sizes[] = {2, 4095, 4096, 4097, 32768, 32769, 2097152, 2097153,
		JSON_PRINT_SIZE_MAX - 1, JSON_PRINT_SIZE_MAX};
	struct sized sized = {.size = JSON_PRINT_SIZE_MAX + 1};
	FILE *file;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sized = (struct sized){.size = sizes[i]};
		file = tmpfile();
		assert_int_equal(json_print(file, sized_write, &sized), STATUS_OK);
		assert_int_equal(ftell(file), sizes[i] + 1);
		fclose(file);
	}
	/* 4 KiB, 32 KiB, 256 KiB, 2 MiB, 16 MiB. */
	assert_int_equal(sized.written_count, 5);
	file = tmpfile();
	sized = (struct sized){.size = JSON_PRINT_SIZE_MAX + 1};
	assert_int_equal(json_print(file, sized_write, &sized), STATUS_TOO_LARGE);
	sized = (struct sized){.size = 10, .fault = STATUS_UNSUPPORTED};
	assert_int_equal(json_print(file, sized_write, &sized), STATUS_UNSUPPORTED);
	assert_int_equal(sized.written_count, 1);
	assert_int_equal(ftell(file), 0);
	fclose(file);
}

static void
a_file_that_takes_nothing_is_told(void **state)
{
	struct sized sized = {.size = 100};
	FILE *file = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(file);
	setbuf(file, NULL);
	assert_int_equal(json_print(file, sized_write, &sized), STATUS_SYSTEM);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_as_large_as_a_message_is_printed_whole),
		cmocka_unit_test(an_answer_is_told_as_the_web_face_tells_it),
		cmocka_unit_test(a_secret_is_printed_to_nobody),
		cmocka_unit_test(every_size_up_to_the_limit_is_printed),
		cmocka_unit_test(a_file_that_takes_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
