/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_scene.h"

#include "backup/backup_lines.h"

#include <errno.h>

/*
 * Backups from somebody who means harm: what is not proven is refused, and nothing is written
 * outside the folder named, nor read outside the backup.
 */
enum { MANIFEST_SIZE_MAX = 65536, LINE_COUNT_MAX = 64 };

struct lines {
	char text[LINE_COUNT_MAX][512];
	size_t count;
};

static void
manifest_read(const struct scene *scene, struct lines *ret_lines)
{
	static uint8_t octets[MANIFEST_SIZE_MAX];
	struct bytes left = read_file(scene->to, "manifest", octets, sizeof(octets));

	ret_lines->count = 0;
	while (left.size > 0) {
		size_t size = bytes_find(left, '\n');

		if (!bytes_start_with(left, TEXT("{\"lines\":"))) {
			snprintf(ret_lines->text[ret_lines->count++], 512, "%.*s", (int)size,
				(const char *)left.at);
		}
		left = bytes_slice(left, size + 1, left.size);
	}
}

/* Sealed anew, so that only what it says can be held against it. */
static void
manifest_write(const struct scene *scene, const struct lines *lines)
{
	struct backup_writer writer;
	char path[2 * SCENE_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/manifest", scene->to);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(backup_writer_begin(&writer, fd), STATUS_OK);
	for (size_t i = 0; i < lines->count; i++) {
		backup_write_line(&writer, bytes_from_string(lines->text[i]));
	}
	assert_int_equal(backup_writer_end(&writer), STATUS_OK);
	close(fd);
}

/* By those that read it all. */
static void
expect_refused(const struct scene *scene, const char *what)
{
	struct backup_report report;
	struct problem problem = {STATUS_OK, ""};

	if (backup_check(scene->to, &no_options, &report, &problem) == STATUS_OK) {
		fail_msg("accepted: %s", what);
	}
	assert_true(problem.text[0] != '\0');
	if (backup_restore(scene->to, scene->restored, &all_of_it, &report, &problem) ==
		STATUS_OK) {
		fail_msg("restored: %s", what);
	}
	remove_all(scene->restored);
}

/* Nor is a backup added to it. */
static void
expect_all_refuse(const struct scene *scene, const char *what)
{
	struct backup_report report;
	struct problem problem;

	expect_refused(scene, what);
	if (backup_make(scene->node, scene->to, &no_options, &report, &problem) == STATUS_OK) {
		fail_msg("added to: %s", what);
	}
}

static void
replace(char text[512], const char *from, const char *to)
{
	char *at = strstr(text, from), rest[512];

	assert_non_null(at);
	snprintf(rest, sizeof(rest), "%s", at + strlen(from));
	snprintf(at, (size_t)(text + 512 - at), "%s%s", to, rest);
}

static void
backed_up(struct scene *scene, struct lines *ret_lines)
{
	change_much(scene->ledger, 0, 60);
	write_file(scene->node, "houji.yaml", TEXT("settings"));
	struct backup_options options = {.with_keys = true};
	struct backup_report report;

	assert_int_equal(backup_make(scene->node, scene->to, &options, &report, NULL), STATUS_OK);
	manifest_read(scene, ret_lines);
	assert_true(ret_lines->count > 4);
}

static void
sealed_lies_in_a_manifest_are_refused(void **state)
{
	static const struct {
		size_t line;
		const char *from, *to;
	} lies[] = {
		{0, "backup", "export"},
		{0, "\"version\":1", "\"version\":2"},
		{0, "\"version\":1", "\"version\":3"},
		{1, "\"sha256\"", "\"pruned_ms\":5,\"sha256\""},
		{0, "\"segment_size\":8192", "\"segment_size\":16384"},
		{0, "\"segment_size\":8192", "\"segment_size\":8191"},
		{0, "\"segment_size\":8192", "\"segment_size\":0"},
		{0, "\"segment_size\":8192", "\"segment_size\":549755813888"},
		{0, "\"segment_size\":8192", "\"segment_size\":18446744073709551615"},
		{0, "\"place\":", "\"place\":1"},
		{0, "\"place\":", "\"place\":549755813888,\"plac\":"},
		{0, "\"last\":", "\"last\":1"},
		{0, "\"sequence\":", "\"sequence\":1"},
		{0, "\"time_ms\":", "\"time_ms\":1"},
		{0, "\"head\":\"", "\"head\":\"00"},
		{0, "{", "["},
		{0, "{", "{\"more\":1,"},
		{1, "ledger/0000000000000000.seg", "ledger/../../../../tmp/x.seg"},
		{1, "ledger/0000000000000000.seg", "/etc/passwd"},
		{1, "ledger/0000000000000000.seg", "ledger/0000000000002000.seg"},
		{1, "ledger/", "node/"},
		{1, "\"size\":8192", "\"size\":8191"},
		{1, "\"size\":8192", "\"size\":81920"},
		{1, "\"size\":8192", "\"size\":0"},
		{1, "\"size\":8192", "\"size\":18446744073709551615"},
		{1, "\"size\":8192", "\"size\":-1"},
		{1, "\"sha256\":\"", "\"sha256\":\"00"},
		{1, "\"file\"", "\"File\""},
	};
	struct scene *scene = *state;
	static struct lines lines, changed;

	backed_up(scene, &lines);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		changed = lines;
		replace(changed.text[lies[i].line], lies[i].from, lies[i].to);
		manifest_write(scene, &changed);
		expect_all_refuse(scene, lies[i].to);
	}
	manifest_write(scene, &lines);
	check_well(scene->to);
}

static void
names_of_node_files_stay_in_their_folder(void **state)
{
	static const char *const names[] = {"../../../escape", "/etc/passwd", "..", ".", ".hidden",
		"", "a/b", "a\\u0000b", "a b", "0123456789abcdef-ledger", "0123456789abcdef-lock",
		"0123456789abcdef-", "short", "0123456789abcdef-ledger+x", "0123456789abcdef-..+x",
		"0123456789abcdef-a+b+c", "0123456789abcdef-+x", "0123456789abcdef-a+",
		"0123456789abcdef-.a+b", "0123456789abcdeg-x", "0123456789abcdef+x",
		"0123456789abcdef-..", "0123456789abcdef-restore.unfinished",
		"012345678901234567890123456789012345678901234567890123456789abcd"};
	struct scene *scene = *state;
	static struct lines lines;
	char before[512];
	size_t last;

	backed_up(scene, &lines);
	last = lines.count - 1;
	snprintf(before, sizeof(before), "%s", lines.text[last]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *at = strstr(before, "\"size\"");
		struct backup_report report;
		struct problem problem;

		snprintf(lines.text[last], 512, "{\"file\":\"node/%.100s\",%.300s", names[i], at);
		manifest_write(scene, &lines);
		/* Also where the octets are there under a fit name of that kind. */
		if (strchr(names[i], '/') == NULL && names[i][0] != '.' && names[i][0] != '\0' &&
			strchr(names[i], '\\') == NULL) {
			char folder[2 * SCENE_PATH_SIZE];

			snprintf(folder, sizeof(folder), "%s/node", scene->to);
			write_file(folder, names[i], TEXT("settings"));
		}
		assert_int_not_equal(
			backup_restore(scene->to, scene->restored, &all_of_it, &report, &problem),
			STATUS_OK);
		remove_all(scene->restored);
	}
}

static void
lines_left_out_doubled_or_moved_are_refused(void **state)
{
	struct scene *scene = *state;
	static struct lines lines, changed;

	backed_up(scene, &lines);
	for (size_t i = 0; i + 1 < lines.count; i++) {
		changed.count = 0;
		for (size_t j = 0; j < lines.count; j++) {
			if (j != i) {
				memcpy(changed.text[changed.count++], lines.text[j], 512);
			}
		}
		manifest_write(scene, &changed);
		expect_all_refuse(scene, "a line left out");
		memcpy(changed.text[changed.count++], lines.text[i], 512);
		manifest_write(scene, &changed);
		expect_all_refuse(scene, "a line moved to the end");
		changed = lines;
		memcpy(changed.text[changed.count++], lines.text[i], 512);
		manifest_write(scene, &changed);
		expect_all_refuse(scene, "a line doubled");
	}
}

static void
segment_path(const struct scene *scene, unsigned number, char path[2 * SCENE_PATH_SIZE])
{
	snprintf(path, 2 * SCENE_PATH_SIZE, "%s/ledger/%016x.seg", scene->to,
		number * SCENE_SEGMENT_SIZE);
}

static void
files_that_are_cut_missing_or_no_files_are_refused(void **state)
{
	struct scene *scene = *state;
	static struct lines lines;
	char path[2 * SCENE_PATH_SIZE], away[2 * SCENE_PATH_SIZE + 8];

	backed_up(scene, &lines);
	segment_path(scene, 1, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	struct backup_report report;
	struct problem problem;

	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "missing"));
	assert_int_equal(symlink(away, path), 0);
	assert_int_not_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_CORRUPT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(away, path), 0);
	check_well(scene->to);
	assert_int_equal(truncate(path, SCENE_SEGMENT_SIZE - 1), 0);
	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "cut"));
	snprintf(path, sizeof(path), "%s/manifest", scene->to);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_not_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_OK);
}

/* An octet is changed and everything sealed anew: the journal's own proofs are left. */
static void
a_forged_journal_is_refused_though_all_is_sealed(void **state)
{
	struct scene *scene = *state;
	static struct lines lines, changed;
	static uint8_t octets[SCENE_SEGMENT_SIZE];
	uint8_t hash[CRYPTO_DIGEST_SIZE_MAX];
	char folder[2 * SCENE_PATH_SIZE], hex[65];
	struct bytes segment;

	backed_up(scene, &lines);
	snprintf(folder, sizeof(folder), "%s/ledger", scene->to);
	segment = read_file(folder, "0000000000002000.seg", octets, sizeof(octets));
	for (size_t i = 0; i < 5000; i += 97) {
		char *at;

		octets[i] ^= 0x20;
		write_file(folder, "0000000000002000.seg", segment);
		crypto_digest(CRYPTO_SHA256, segment, hash);
		for (size_t j = 0; j < sizeof(hash); j++) {
			snprintf(hex + 2 * j, 3, "%02x", hash[j]);
		}
		changed = lines;
		at = strstr(changed.text[2], "\"sha256\":\"");
		memcpy(at + 10, hex, 64);
		manifest_write(scene, &changed);
		expect_refused(scene, "a forged journal");
		octets[i] ^= 0x20;
	}
}

static void
every_octet_of_a_manifest_counts(void **state)
{
	struct scene *scene = *state;
	static struct lines lines;
	static uint8_t octets[MANIFEST_SIZE_MAX];
	struct backup_report report;
	struct bytes manifest;

	backed_up(scene, &lines);
	manifest = read_file(scene->to, "manifest", octets, sizeof(octets));
	for (size_t i = 0; i < manifest.size; i++) {
		octets[i] ^= 1;
		write_file(scene->to, "manifest", manifest);
		assert_int_not_equal(
			backup_check(scene->to, &no_options, &report, NULL), STATUS_OK);
		octets[i] ^= 1;
		write_file(scene->to, "manifest", bytes_slice(manifest, 0, i));
		assert_int_not_equal(
			backup_check(scene->to, &no_options, &report, NULL), STATUS_OK);
	}
}

/* A million lines, or one without end, are not read into memory. */
static void
bombs_are_refused_early(void **state)
{
	struct scene *scene = *state;
	static uint8_t octets[MANIFEST_SIZE_MAX];
	struct backup_report report;
	struct problem problem;

	assert_int_equal(mkdir(scene->to, 0700), 0);
	memset(octets, 'x', sizeof(octets));
	write_file(scene->to, "manifest", bytes_over(octets, sizeof(octets)));
	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_TOO_LARGE);
	memset(octets, '\n', sizeof(octets));
	write_file(scene->to, "manifest", bytes_over(octets, sizeof(octets)));
	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_CORRUPT);
	assert_int_equal(truncate(scene->to, 0), -1);
	snprintf((char *)octets, sizeof(octets), "%s/manifest", scene->to);
	assert_int_equal(truncate((char *)octets, 1L << 40), 0);
	assert_int_equal(backup_check(scene->to, &no_options, &report, &problem), STATUS_CORRUPT);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
	const struct CMUnitTest tests[] = {
		CASE(sealed_lies_in_a_manifest_are_refused),
		CASE(names_of_node_files_stay_in_their_folder),
		CASE(lines_left_out_doubled_or_moved_are_refused),
		CASE(files_that_are_cut_missing_or_no_files_are_refused),
		CASE(a_forged_journal_is_refused_though_all_is_sealed),
		CASE(every_octet_of_a_manifest_counts),
		CASE(bombs_are_refused_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
