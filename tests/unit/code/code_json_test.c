/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
a_result_is_written_with_all_it_says(void **state)
{
	(void)state;
	char text[4096];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	(void)expect_invalid("09521234543217", "GTIN-14", CODE_REASON_CHECK_WRONG);
	code_identify_json(&expect_result, &writer);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	text[json_written(&writer).size] = '\0';
	assert_string_equal(text,
		"{\"code\":\"09521234543217\",\"candidates\":[{\"system\":\"gs1\",\"kind\":\"GTIN-"
		"14\",\"valid\":false,\"confidence\":16,\"scheme\":\"gs1\",\"normal\":\"01/"
		"09521234543217\",\"link\":\"https://id.gs1.org/01/"
		"09521234543217\",\"codeType\":\"GS1\",\"standard\":\"GS1 General Specifications; "
		"GS1 Digital Link 1.2\",\"reasons\":[{\"reason\":\"check-wrong\",\"text\":\"check "
		"digit is 7, should be "
		"3\"}],\"parts\":[{\"name\":\"01\",\"value\":\"09521234543217\"}]}],\"tried\":["
		"\"handle\",\"vaa\",\"did\",\"epc\",\"oid\",\"gs1\",\"iso15459\",\"uscc\","
		"\"ecode\",\"ma\"]}");
}

static void
too_small_a_buffer_is_told(void **state)
{
	(void)state;
	char text[100];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	(void)find_kind("09521234543217", "GTIN-14");
	code_identify_json(&expect_result, &writer);
	assert_int_equal(json_writer_end(&writer), STATUS_NO_SPACE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_written_with_all_it_says),
		cmocka_unit_test(too_small_a_buffer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
