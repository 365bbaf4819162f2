/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the three above. */
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Scribbled files. Each case runs in a child: it may be refused, or be opened and then
 * read and changed as if nothing had happened; a signal, or a file that fails its check
 * after a change, fails the test and names the case.
 */
enum {
	PAGE = 4096,
	CASES_IN_A_CHILD = 100,
	CASES_SMALL = 2000,
	CASES_DEEP = 1500,
	CHILD_IS_WELL = 42,
	FILE_SIZE_MAX = 4 << 20,
};

struct scene {
	char directory[64];
	char path[96];
	uint8_t *file;
	size_t size;
	struct progress {
		unsigned current, refused, opened;
		char problem[PROBLEM_TEXT_SIZE_MAX];
	} * shared;
};

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1d;
}

static size_t
random_below(uint64_t *state, size_t bound)
{
	return (size_t)((random_next(state) >> 11) % bound);
}

static size_t
key_write(char *key, size_t capacity, unsigned number, bool is_deep)
{
	int size = snprintf(key, capacity, "88.100.%u/%08x", number % 7, number * 2654435761u);

	/* Long keys make a deep tree of few pages. */
	while (is_deep && size < 300) {
		key[size++] = 'x';
	}
	return (size_t)size;
}

static enum status
change_some(struct store *store, unsigned first, unsigned count, bool is_deep)
{
	struct store_transaction *transaction;
	char key[512];
	enum status status = store_transaction_begin(store, &transaction);

	if (status != STATUS_OK) {
		return status;
	}
	for (unsigned i = first; i < first + count && status == STATUS_OK; i++) {
		struct bytes name = bytes_over(key, key_write(key, sizeof(key), i, is_deep));

		status = i % 5 == 4 ? store_remove(transaction, STORE_HANDLES, name)
				    : store_put(transaction, STORE_HANDLES, name,
					      bytes_over(&(uint64_t){i}, 8));
	}
	if (status == STATUS_OK && first % 3 == 0) {
		status = store_put(transaction, STORE_PREFIXES, TEXT("0.NA/88.100"), BYTES(1));
	}
	if (status != STATUS_OK) {
		store_transaction_abort(transaction);
		return status;
	}
	return store_transaction_commit(transaction, NULL);
}

static void
scene_make(struct scene *scene, unsigned rounds, unsigned count, bool is_deep)
{
	struct store *store = NULL;
	struct problem problem = {0};
	FILE *file;

	snprintf(scene->directory, sizeof(scene->directory), "/dev/shm/store_check_test.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	snprintf(scene->path, sizeof(scene->path), "%s/ordered.mdb", scene->directory);
	assert_int_equal(store_open(scene->path, true, &store, &problem), STATUS_OK);
	for (unsigned round = 0; round < rounds; round++) {
		assert_int_equal(change_some(store, round * count / 2, count, is_deep), STATUS_OK);
	}
	store_close(store);
	if (store_check(scene->path, &problem) != STATUS_OK) {
		fail_msg("a sound file is refused: %s", problem.text);
	}
	scene->file = malloc(FILE_SIZE_MAX);
	file = fopen(scene->path, "r");
	assert_non_null(file);
	scene->size = fread(scene->file, 1, FILE_SIZE_MAX, file);
	assert_true(scene->size > 2 * PAGE && scene->size < FILE_SIZE_MAX);
	fclose(file);
	scene->shared = mmap(NULL, sizeof(*scene->shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(scene->shared, MAP_FAILED);
}

static void
scene_unmake(struct scene *scene)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", scene->directory);
	assert_int_equal(system(command), 0);
	munmap(scene->shared, sizeof(*scene->shared));
	free(scene->file);
}

/* Where damage hurts most: meta pages, page heads, offsets, node heads. */
static size_t
place_to_hurt(const struct scene *scene, uint64_t *state)
{
	size_t page = random_below(state, scene->size / PAGE) * PAGE;
	uint16_t upper;

	switch (random_below(state, 5)) {
	case 0:
		return random_below(state, 2) * PAGE + random_below(state, 152);
	case 1:
		return page + random_below(state, 16);
	case 2:
		return page + 16 + random_below(state, 64);
	case 3:
		memcpy(&upper, scene->file + page + 14, sizeof(upper));
		return page + (upper < PAGE - 16 ? upper + random_below(state, 16) : 0);
	default:
		return random_below(state, scene->size);
	}
}

/* Damages `octets`; returns the new length. */
static size_t
scribble(const struct scene *scene, uint8_t *octets, uint64_t *state)
{
	size_t pages = scene->size / PAGE, count = 1 + random_below(state, 4);

	switch (random_below(state, 16)) {
	case 0:
		return random_below(state, scene->size + 1);
	case 1:
		return random_below(state, pages + 1) * PAGE;
	case 2:
		memcpy(octets + random_below(state, pages) * PAGE,
			scene->file + random_below(state, pages) * PAGE, PAGE);
		return scene->size;
	case 3:
		memset(octets + random_below(state, pages) * PAGE, 0, PAGE);
		return scene->size;
	default:
		break;
	}
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = octets + place_to_hurt(scene, state);

		switch (random_below(state, 4)) {
		case 0:
			*at ^= (uint8_t)(1u << random_below(state, 8));
			break;
		case 1:
			*at = (uint8_t)(*at + 1);
			break;
		case 2:
			*at = 0xff;
			break;
		default:
			*at = (uint8_t)random_next(state);
			break;
		}
	}
	return scene->size;
}

static void
write_file(const char *path, const uint8_t *octets, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, octets, size) != (ssize_t)size || close(fd) != 0) {
		_exit(3);
	}
}

static void
read_all(struct store *store)
{
	struct store_snapshot *snapshot;
	struct store_cursor *cursor;
	struct bytes key, value;
	volatile uint8_t sink;

	if (store_snapshot_begin(store, &snapshot) != STATUS_OK) {
		_exit(4);
	}
	for (unsigned table = 0; table < STORE_TABLE_COUNT; table++) {
		if (store_cursor_open(snapshot, (enum store_table)table, TEXT(""), &cursor) !=
			STATUS_OK) {
			_exit(5);
		}
		while (store_cursor_next(cursor, &key, &value)) {
			sink = key.at[key.size - 1];
			sink = value.size > 0 ? value.at[value.size - 1] : sink;
		}
		if (store_cursor_status(cursor) != STATUS_OK) {
			_exit(6);
		}
		store_cursor_close(cursor);
	}
	store_snapshot_end(snapshot);
}

static void
try_case(const struct scene *scene, const char *path, bool is_deep)
{
	struct progress *shared = scene->shared;
	struct store *store;
	struct problem problem;

	if (store_open(path, true, &store, &problem) != STATUS_OK) {
		shared->refused++;
		return;
	}
	shared->opened++;
	read_all(store);
	for (unsigned round = 0; round < 3; round++) {
		if (change_some(store, 10 + round * 40, 90, is_deep) != STATUS_OK) {
			_exit(7);
		}
	}
	read_all(store);
	store_close(store);
	if (store_check(path, &problem) != STATUS_OK) {
		memcpy(shared->problem, problem.text, sizeof(shared->problem));
		_exit(8);
	}
}

static void
child(const struct scene *scene, unsigned first, bool is_deep)
{
	uint8_t *octets = malloc(scene->size);
	char path[128];

	snprintf(path, sizeof(path), "%s/case.mdb", scene->directory);
	for (unsigned number = first; number < first + CASES_IN_A_CHILD; number++) {
		uint64_t state = 0x9e3779b97f4a7c15u * (number + 1);

		scene->shared->current = number;
		memcpy(octets, scene->file, scene->size);
		write_file(path, octets, scribble(scene, octets, &state));
		try_case(scene, path, is_deep);
	}
	free(octets);
	_exit(CHILD_IS_WELL);
}

static void
run_cases(struct scene *scene, unsigned count, bool is_deep)
{
	for (unsigned first = 0; first < count; first += CASES_IN_A_CHILD) {
		pid_t pid = fork();
		int how;

		assert_true(pid >= 0);
		if (pid == 0) {
			alarm(100);
			child(scene, first, is_deep);
		}
		assert_int_equal(waitpid(pid, &how, 0), pid);
		if (!WIFEXITED(how) || WEXITSTATUS(how) != CHILD_IS_WELL) {
			fail_msg("case %u ended with wait status 0x%x %s", scene->shared->current,
				how, scene->shared->problem);
		}
	}
	print_message("# refused %u, opened %u\n", scene->shared->refused, scene->shared->opened);
	assert_true(scene->shared->refused > count / 4);
	assert_true(scene->shared->opened > count / 100);
}

static void
damage_in_a_small_file_is_refused_or_harmless(void **state)
{
	struct scene scene = {0};

	(void)state;
	scene_make(&scene, 3, 120, false);
	run_cases(&scene, CASES_SMALL, false);
	scene_unmake(&scene);
}

static void
damage_in_a_deep_file_is_refused_or_harmless(void **state)
{
	struct scene scene = {0};

	(void)state;
	scene_make(&scene, 12, 300, true);
	run_cases(&scene, CASES_DEEP, true);
	scene_unmake(&scene);
}

/* Every octet that LMDB follows without looking, one after the other. */
static void
each_octet_of_the_newer_meta_page_is_judged(void **state)
{
	struct scene scene = {0};
	struct problem problem;
	unsigned refused = 0;
	int fd;

	(void)state;
	scene_make(&scene, 3, 120, false);
	fd = open(scene.path, O_RDWR);
	assert_true(fd >= 0);
	for (size_t at = 0; at < 2 * PAGE; at += at % PAGE == 151 ? PAGE - 151 : 1) {
		uint8_t damaged = (uint8_t)~scene.file[at];

		assert_int_equal(pwrite(fd, &damaged, 1, (off_t)at), 1);
		refused += store_check(scene.path, &problem) != STATUS_OK;
		assert_int_equal(pwrite(fd, scene.file + at, 1, (off_t)at), 1);
	}
	close(fd);
	assert_int_equal(store_check(scene.path, &problem), STATUS_OK);
	assert_true(refused > 100);
	scene_unmake(&scene);
}

enum { META_END = 152, META_FLAWS = 4 };

/* A meta page as a power cut or a bad sector may leave it: from `at` on it is empty, all ones,
 * or what the other page says, which is of another transaction; or only up to there. */
static void
meta_tear(const struct scene *scene, uint8_t *octets, size_t page, size_t at, unsigned flaw)
{
	uint8_t *mine = octets + page * PAGE;
	const uint8_t *other = scene->file + (1 - page) * PAGE;

	memcpy(octets, scene->file, scene->size);
	switch (flaw) {
	case 0:
		memset(mine + at, 0, PAGE - at);
		break;
	case 1:
		memset(mine + at, 0xff, PAGE - at);
		break;
	case 2:
		memcpy(mine + at, other + at, PAGE - at);
		break;
	default:
		/* Its own number stays. */
		memcpy(mine + 8, other + 8, at > 8 ? at - 8 : 0);
		break;
	}
}

static void
meta_child(const struct scene *scene, size_t page)
{
	uint8_t *octets = malloc(scene->size);
	char path[128];

	snprintf(path, sizeof(path), "%s/case.mdb", scene->directory);
	for (size_t at = 0; at <= META_END; at += 8) {
		for (unsigned flaw = 0; flaw < META_FLAWS; flaw++) {
			scene->shared->current = (unsigned)(at * META_FLAWS + flaw);
			meta_tear(scene, octets, page, at, flaw);
			write_file(path, octets, scene->size);
			try_case(scene, path, false);
		}
	}
	free(octets);
	_exit(CHILD_IS_WELL);
}

static void
a_torn_meta_page_is_refused_or_harmless(void **state)
{
	struct scene scene = {0};

	(void)state;
	scene_make(&scene, 3, 120, false);
	for (size_t page = 0; page < 2; page++) {
		pid_t pid = fork();
		int how;

		assert_true(pid >= 0);
		if (pid == 0) {
			alarm(100);
			meta_child(&scene, page);
		}
		assert_int_equal(waitpid(pid, &how, 0), pid);
		if (!WIFEXITED(how) || WEXITSTATUS(how) != CHILD_IS_WELL) {
			fail_msg("page %zu, flaw %u from octet %u on: wait status 0x%x %s", page,
				scene.shared->current % META_FLAWS,
				scene.shared->current / META_FLAWS, how, scene.shared->problem);
		}
	}
	print_message("# refused %u, opened %u\n", scene.shared->refused, scene.shared->opened);
	assert_true(scene.shared->refused > 0 && scene.shared->opened > 0);
	scene_unmake(&scene);
}

static void
a_cut_file_is_refused_at_every_page(void **state)
{
	struct scene scene = {0};
	struct problem problem;

	(void)state;
	scene_make(&scene, 1, 200, true);
	for (size_t size = 0; size < scene.size; size += PAGE / 2) {
		write_file(scene.path, scene.file, size);
		assert_int_equal(store_check(scene.path, &problem), STATUS_CORRUPT);
		assert_non_null(strstr(problem.text, scene.path));
	}
	scene_unmake(&scene);
}

/* The list of free pages is the only table that LMDB itself reads as numbers. */
static void
a_list_of_free_pages_that_counts_too_many_is_refused(void **state)
{
	enum { TRANSACTION_AT = 16 + 24 + 96 + 8, FREE_ROOT_AT = 16 + 24 + 40 };
	struct scene scene = {0};
	struct problem problem;
	uint64_t numbers[2], root, count;
	uint16_t offset, key_size;
	uint32_t size;
	uint8_t *node;

	(void)state;
	scene_make(&scene, 3, 120, false);
	memcpy(&numbers[0], scene.file + TRANSACTION_AT, 8);
	memcpy(&numbers[1], scene.file + PAGE + TRANSACTION_AT, 8);
	memcpy(&root, scene.file + (numbers[0] < numbers[1] ? PAGE : 0) + FREE_ROOT_AT, 8);
	assert_true(root < scene.size / PAGE);
	memcpy(&offset, scene.file + root * PAGE + 16, 2);
	node = scene.file + root * PAGE + offset;
	memcpy(&size, node, 4);
	memcpy(&key_size, node + 6, 2);
	assert_int_equal(key_size, 8);
	memcpy(&count, node + 16, 8);
	assert_true(count > 0 && (count + 1) * 8 <= size);
	count = size / 8;
	memcpy(node + 16, &count, 8);
	write_file(scene.path, scene.file, scene.size);
	assert_int_equal(store_check(scene.path, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "counts too many"));
	scene_unmake(&scene);
}

/* LMDB would open it and not find what is there. */
static void
keys_out_of_order_are_refused(void **state)
{
	enum { TRANSACTION_AT = 16 + 24 + 96 + 8, TABLES_ROOT_AT = 16 + 24 + 48 + 40 };
	struct scene scene = {0};
	struct problem problem;
	uint64_t numbers[2], root;
	uint8_t offsets[4], *page;

	(void)state;
	scene_make(&scene, 3, 120, false);
	memcpy(&numbers[0], scene.file + TRANSACTION_AT, 8);
	memcpy(&numbers[1], scene.file + PAGE + TRANSACTION_AT, 8);
	memcpy(&root, scene.file + (numbers[0] < numbers[1] ? PAGE : 0) + TABLES_ROOT_AT, 8);
	assert_true(root < scene.size / PAGE);
	page = scene.file + root * PAGE;
	memcpy(offsets, page + 16, 4);
	memcpy(page + 16, offsets + 2, 2);
	memcpy(page + 18, offsets, 2);
	write_file(scene.path, scene.file, scene.size);
	assert_int_equal(store_check(scene.path, &problem), STATUS_CORRUPT);
	assert_non_null(strstr(problem.text, "out of order"));
	scene_unmake(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_torn_meta_page_is_refused_or_harmless),
		cmocka_unit_test(a_cut_file_is_refused_at_every_page),
		cmocka_unit_test(each_octet_of_the_newer_meta_page_is_judged),
		cmocka_unit_test(a_list_of_free_pages_that_counts_too_many_is_refused),
		cmocka_unit_test(keys_out_of_order_are_refused),
		cmocka_unit_test(damage_in_a_small_file_is_refused_or_harmless),
		cmocka_unit_test(damage_in_a_deep_file_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
