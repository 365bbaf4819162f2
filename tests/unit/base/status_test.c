/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"
#include "support/cmocka_all.h"

#include <string.h>

static void
every_status_has_its_own_name_and_a_text(void **state)
{
	static const char *const names[] = {
#define X(name, text) #name,
		STATUS_TABLE(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_string_equal(status_name((enum status)i), names[i]);
		assert_true(strlen(status_text((enum status)i)) > 0);
	}
	assert_string_equal(status_name(STATUS_OK), "OK");
	assert_string_equal(
		status_text(STATUS_SYSTEM), "operating system refused; errno holds why");
}

static void
a_number_that_is_no_status_still_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(status_name((enum status)(STATUS_SYSTEM + 1)), "?");
	assert_string_equal(status_text((enum status)(STATUS_SYSTEM + 1)), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_own_name_and_a_text),
		cmocka_unit_test(a_number_that_is_no_status_still_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
