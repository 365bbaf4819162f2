/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include "support/cmocka_all.h"
#include "unit/native/scratch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = SCRATCH_PATH_SIZE_MAX + 32, TEXT_SIZE = 1 << 20, THREADS = 4 };

static char directory[SCRATCH_PATH_SIZE_MAX];
static char path[PATH_SIZE];
static char old_path[PATH_SIZE];
static char text[TEXT_SIZE];

static const uint8_t source_v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
static const uint8_t source_v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

static struct audit_refusal
sample(int64_t now_s)
{
	return (struct audit_refusal){
		.now_s = now_s,
		.source = source_v4,
		.identity_name = TEXT("0.NA/88.1"),
		.identity_index = 300,
		.operation = "CREATE_HANDLE",
		.handle = TEXT("88.1/x"),
		.code = 400,
		.why = TEXT("no right"),
	};
}

static int
set_up(void **state)
{
	(void)state;
	scratch_make(directory);
	snprintf(path, sizeof(path), "%s/audit.log", directory);
	snprintf(old_path, sizeof(old_path), "%s/audit.log.1", directory);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_remove(directory);
	return 0;
}

static struct audit *
open_audit(void)
{
	struct problem problem;
	struct audit *audit = audit_open(path, &problem);

	assert_non_null(audit);
	return audit;
}

static const char *
contents(const char *of)
{
	FILE *file = fopen(of, "rb");
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = 0;
	fclose(file);
	return text;
}

static size_t
line_count(const char *of)
{
	size_t count = 0;

	for (const char *at = contents(of); (at = strchr(at, '\n')) != NULL; at++) {
		count++;
	}
	return count;
}

static void
a_refusal_is_one_line_of_json_in_a_file_of_its_owner(void **state)
{
	struct audit *audit = open_audit();
	struct audit_refusal refusal = sample(1700000000);
	struct stat about;

	(void)state;
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	assert_string_equal(contents(path),
		"{\"time\":\"2023-11-14T22:13:20Z\",\"source\":\"192.0.2.1\","
		"\"identity\":\"300:0.NA/88.1\",\"operation\":\"CREATE_HANDLE\","
		"\"handle\":\"88.1/x\",\"code\":400,\"why\":\"no right\"}\n");
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
}

static void
nobody_has_no_identity_and_lines_are_appended(void **state)
{
	struct audit *audit = open_audit();
	struct audit_refusal refusal = sample(1700000000);

	(void)state;
	refusal.identity_name = (struct bytes){NULL, 0};
	refusal.source = source_v6;
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	audit = open_audit();
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	assert_int_equal(line_count(path), 2);
	assert_null(strstr(text, "identity"));
	assert_non_null(strstr(text, "\"source\":\"2001:db8::1\""));
}

/* What a peer named cannot write a line of its own, nor play with a terminal. */
static void
controls_and_what_misleads_are_escaped(void **state)
{
	struct audit *audit = open_audit();
	struct audit_refusal refusal = sample(1700000000);

	(void)state;
	refusal.handle = TEXT("88.1/\n\x1b[31m\"}\xff\xe2\x80\xae");
	refusal.identity_name = TEXT("0.NA/\r\n{\"code\":1}");
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	assert_int_equal(line_count(path), 1);
	assert_non_null(strstr(
		text, "\"handle\":\"88.1/\\\\x0a\\\\x1b[31m\\\"}\\\\xff\\\\xe2\\\\x80\\\\xae\""));
	assert_non_null(strstr(text, "\"identity\":\"300:0.NA/\\\\x0d\\\\x0a{\\\"code\\\":1}\""));
}

static void
the_longest_names_fit_into_a_line_and_are_cut_behind_a_character(void **state)
{
	static uint8_t octets[HANDLE_NAME_SIZE_MAX];
	struct audit *audit = open_audit();
	struct audit_refusal refusal = sample(1700000000);

	(void)state;
	memset(octets, 0x01, sizeof(octets));
	refusal.handle = bytes_over(octets, sizeof(octets));
	refusal.identity_name = refusal.handle;
	refusal.identity_index = UINT32_MAX;
	assert_true(audit_note(audit, &refusal));
	/* 255 letters, then a character of two octets: it is left out as a whole. */
	memset(octets, 'a', sizeof(octets));
	memcpy(octets + 255, "\xc3\xa4", 2);
	refusal.handle = bytes_over(octets, 257);
	assert_true(audit_note(audit, &refusal));
	refusal.handle = bytes_over(octets, 255);
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	assert_int_equal(line_count(path), 3);
	assert_true(strchr(text, '\n') - text < AUDIT_LINE_SIZE_MAX);
	assert_non_null(strstr(text, "aaa...\",\"code\""));
	assert_non_null(strstr(text, "aaa\",\"code\""));
	assert_null(strstr(text, "xc3"));
}

static void
lines_of_a_second_are_bounded_and_the_next_says_how_many_were_dropped(void **state)
{
	struct audit *audit = open_audit();
	struct audit_refusal refusal = sample(1700000000);

	(void)state;
	for (size_t i = 0; i < AUDIT_PER_SECOND_MAX; i++) {
		assert_true(audit_note(audit, &refusal));
	}
	assert_false(audit_note(audit, &refusal));
	assert_false(audit_note(audit, &refusal));
	assert_int_equal(line_count(path), AUDIT_PER_SECOND_MAX);
	assert_null(strstr(text, "dropped"));
	refusal.now_s++;
	assert_true(audit_note(audit, &refusal));
	assert_non_null(strstr(contents(path), ",\"dropped\":2}\n"));
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	assert_int_equal(line_count(path), AUDIT_PER_SECOND_MAX + 2);
	assert_null(strstr(strstr(text, "dropped") + 1, "dropped"));
}

/* The file may just reach its bound; the line that would pass it begins a new one. */
static void
a_full_file_gives_way_to_a_new_one(void **state)
{
	struct audit_refusal refusal = sample(1700000000);
	struct audit *audit = open_audit();
	size_t size;

	(void)state;
	assert_true(audit_note(audit, &refusal));
	audit_close(audit);
	size = strlen(contents(path));
	for (int beyond = 0; beyond <= 1; beyond++) {
		struct stat about;

		unlink(old_path);
		assert_int_equal(truncate(path, (off_t)(AUDIT_SIZE_MAX - size) + beyond), 0);
		audit = open_audit();
		assert_true(audit_note(audit, &refusal));
		audit_close(audit);
		assert_int_equal(stat(path, &about), 0);
		assert_int_equal(about.st_size, beyond == 0 ? AUDIT_SIZE_MAX : (off_t)size);
		assert_int_equal(access(old_path, F_OK) == 0, beyond == 1);
	}
}

static void
a_folder_that_is_not_there_is_told(void **state)
{
	struct problem problem;

	(void)state;
	assert_null(audit_open("/nowhere/audit.log", &problem));
	assert_non_null(strstr(problem.text, "/nowhere/audit.log"));
	audit_close(NULL);
}

static void *
note_many(void *context)
{
	struct audit_refusal refusal = sample(0);

	for (int64_t i = 0; i < 100; i++) {
		refusal.now_s = 1700000000 + i;
		(void)audit_note(context, &refusal);
	}
	return NULL;
}

static void
lines_of_threads_do_not_mix(void **state)
{
	struct audit *audit = open_audit();
	pthread_t threads[THREADS];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, note_many, audit), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	audit_close(audit);
	contents(path);
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		assert_int_equal(strncmp(line, "{\"time\":", 8), 0);
		assert_non_null(strstr(line, "\"why\":\"no right\""));
		count++;
	}
	assert_in_range(count, 100, 100 * THREADS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_refusal_is_one_line_of_json_in_a_file_of_its_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nobody_has_no_identity_and_lines_are_appended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			controls_and_what_misleads_are_escaped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_longest_names_fit_into_a_line_and_are_cut_behind_a_character, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			lines_of_a_second_are_bounded_and_the_next_says_how_many_were_dropped,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_full_file_gives_way_to_a_new_one, set_up, tear_down),
		cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
