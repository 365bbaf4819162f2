/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"
#include "support/cmocka_all.h"

#include <errno.h>
#include <string.h>

static void
a_problem_holds_status_and_text(void **state)
{
	struct problem problem;

	(void)state;
	assert_int_equal(problem_set(&problem, STATUS_MALFORMED, "%s:%d: bad", "houji.yaml", 7),
		STATUS_MALFORMED);
	assert_int_equal(problem.status, STATUS_MALFORMED);
	assert_string_equal(problem.text, "houji.yaml:7: bad");
}

static void
nobody_has_to_ask_for_the_text(void **state)
{
	(void)state;
	assert_int_equal(problem_set(NULL, STATUS_BUSY, "%s", "unread"), STATUS_BUSY);
	errno = ENOSPC;
	assert_int_equal(problem_system(NULL, "unread"), STATUS_NO_SPACE);
}

static void
long_texts_are_cut_with_a_nul_behind_them(void **state)
{
	char text[2 * PROBLEM_TEXT_SIZE_MAX];
	struct problem problem;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(problem_set(&problem, STATUS_INVALID, "%s", text), STATUS_INVALID);
	assert_int_equal(strlen(problem.text), PROBLEM_TEXT_SIZE_MAX - 1);
	errno = EIO;
	assert_int_equal(problem_system(&problem, "%s", text), STATUS_SYSTEM);
	assert_int_equal(strlen(problem.text), PROBLEM_TEXT_SIZE_MAX - 1);
}

static void
errno_chooses_the_status_and_survives(void **state)
{
	static const struct {
		int number;
		enum status status;
	} rows[] = {
		{ENOSPC, STATUS_NO_SPACE},
		{EDQUOT, STATUS_NO_SPACE},
		{ENOMEM, STATUS_NO_MEMORY},
		{EROFS, STATUS_READ_ONLY},
		{EIO, STATUS_SYSTEM},
		{ENOENT, STATUS_SYSTEM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problem problem;
		char wanted[256] = "cannot open x: ";

		memccpy(wanted + strlen(wanted), strerror(rows[i].number), 0, 200);
		errno = rows[i].number;
		assert_int_equal(problem_system(&problem, "cannot open %s", "x"), rows[i].status);
		assert_int_equal(errno, rows[i].number);
		assert_int_equal(problem.status, rows[i].status);
		assert_string_equal(problem.text, wanted);
	}
}

static const char *
spoken(const char *format)
{
	return strcmp(format, "line %d: %s") == 0 ? "%d: %s!"
		: strcmp(format, "is wrong") == 0 ? "wrong indeed"
						  : format;
}

static void
texts_and_reasons_are_told_as_the_speaker_has_them(void **state)
{
	struct problem problem;

	(void)state;
	problem_speak(spoken);
	problem_set(&problem, STATUS_INVALID, "line %d: %s", 7, problem_reason("is wrong"));
	assert_string_equal(problem.text, "7: wrong indeed!");
	problem_set(&problem, STATUS_INVALID, "line %d: %s", 7, problem_reason("is odd"));
	assert_string_equal(problem.text, "7: is odd!");
	problem_speak(NULL);
	problem_set(&problem, STATUS_INVALID, "line %d: %s", 7, problem_reason("is wrong"));
	assert_string_equal(problem.text, "line 7: is wrong");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_problem_holds_status_and_text),
		cmocka_unit_test(nobody_has_to_ask_for_the_text),
		cmocka_unit_test(long_texts_are_cut_with_a_nul_behind_them),
		cmocka_unit_test(errno_chooses_the_status_and_survives),
		cmocka_unit_test(texts_and_reasons_are_told_as_the_speaker_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
