/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_tree.h"
#include "ledger_scene.h"

#include "base/limits.h"

#include <fcntl.h>

/*
 * What the node signed can be shown to anybody, and nobody can show anything else: proofs are
 * written, read back and checked; every planted lie is found, by the outsider or by verify.
 */
enum { TEXT_SIZE = 1 << 16, MEMORY = 1 << 20 };

static struct crypto_key *
key_new(enum crypto_key_kind kind)
{
	struct crypto_key *key = NULL;

	assert_int_equal(crypto_key_new(kind, &key), STATUS_OK);
	return key;
}

static void
put_many(struct ledger *ledger, unsigned from, unsigned to)
{
	char name[32];

	for (unsigned i = from; i < to; i++) {
		snprintf(name, sizeof(name), "88.100/%u", i);
		assert_int_equal(put_text(ledger, name, "x"), STATUS_OK);
	}
}

static struct ledger_head
checkpoint(struct ledger *ledger, const struct crypto_key *key)
{
	struct ledger_head head = {0};
	struct problem problem = {0};

	if (ledger_evidence_checkpoint(ledger, key, &head, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return head;
}

/* A ledger of `count` entries, signed at the end. */
static void
scene_fill(const struct ledger_scene *scene, unsigned count, const struct crypto_key *key)
{
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);

	put_many(ledger, 0, count);
	(void)checkpoint(ledger, key);
	ledger_scene_close(ledger);
}

static void
a_head_is_signed_by_every_kind_of_key_and_verified_by_its_own(void **state)
{
	static const enum crypto_key_kind kinds[] = {
		CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};

	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct crypto_key *key = key_new(kinds[i]), *other = key_new(kinds[i]);
		struct ledger_head head = {.size = 7, .time_ms = 1700000000123};
		uint8_t *octets = (uint8_t *)&head;

		assert_int_equal(ledger_head_sign(&head, key), STATUS_OK);
		assert_int_equal(ledger_head_verify(&head, key), STATUS_OK);
		assert_int_equal(ledger_head_verify(&head, other), STATUS_DENIED);
		/* Whatever of it is changed, up to the signature. */
		for (size_t at = 0; at < offsetof(struct ledger_head, signature_size); at += 3) {
			octets[at] ^= 1;
			assert_int_equal(ledger_head_verify(&head, key), STATUS_DENIED);
			octets[at] ^= 1;
		}
		head.signature[head.signature_size / 2] ^= 1;
		assert_int_equal(ledger_head_verify(&head, key), STATUS_DENIED);
		crypto_key_free(key);
		crypto_key_free(other);
	}
}

/* Written, read back, checked by the key; then with every octet of the text changed. */
static void
assert_proof_is_tight(const struct ledger_proof *proof, const struct crypto_key *key)
{
	char *text = malloc(TEXT_SIZE);
	struct json_writer writer = json_writer_over(text, TEXT_SIZE);
	struct arena *arena = arena_new(MEMORY, MEMORY);
	struct ledger_proof back;
	struct problem problem;
	struct json_reader reader;
	struct bytes run;

	assert_non_null(text);
	ledger_proof_write_json(&writer, proof);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	run = json_written(&writer);
	for (size_t at = 0; at <= run.size; at++) {
		bool is_whole = at == run.size, is_accepted;
		char octet = is_whole ? '\0' : text[at];

		if (!is_whole) {
			/* Another digit, letter or mark, so that much of it still is a proof. */
			text[at] = octet == '0' ? '1' : octet == 'A' ? 'B' : (char)(octet ^ 1);
		}
		reader = json_reader_over(run, arena);
		is_accepted = ledger_proof_read_json(&reader, &back) == STATUS_OK &&
			json_reader_end(&reader) == STATUS_OK &&
			ledger_proof_verify(&back, key, NULL, &problem) == STATUS_OK &&
			/* One that says nothing of the record proves less. */
			back.has_record == proof->has_record;
		if (is_whole) {
			assert_true(is_accepted);
		} else if (is_accepted) {
			fail_msg("accepted with octet %zu changed: %.*s", at, (int)run.size, text);
		}
		if (!is_whole) {
			text[at] = octet;
		}
		arena_reset(arena);
	}
	arena_free(arena);
	free(text);
}

static void
an_entry_is_proven_to_who_has_only_the_key(void **state)
{
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519), *other = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger;
	struct ledger_proof proof;
	struct problem problem = {0};

	scene_fill(*state, 600, key);
	for (unsigned mode = 0; mode < 3; mode++) {
		static const enum ledger_open_mode modes[] = {
			LEDGER_READ, LEDGER_LOOK, LEDGER_WRITE};

		ledger = ledger_scene_open(*state, modes[mode]);
		for (unsigned i = 0; i < 600; i += 85) {
			char name[32];

			snprintf(name, sizeof(name), "88.100/%u", i);
			if (ledger_evidence_entry(ledger, bytes_from_string(name), 0, &proof,
				    &problem) != STATUS_OK) {
				fail_msg("%s", problem.text);
			}
			assert_int_equal(proof.entry.sequence, i + 1);
			assert_int_equal(
				ledger_proof_verify(&proof, key, NULL, &problem), STATUS_OK);
			assert_int_equal(
				ledger_proof_verify(&proof, other, NULL, &problem), STATUS_DENIED);
		}
		assert_proof_is_tight(&proof, key);
		/* Without the record the rest is proven all the same. */
		proof.has_record = false;
		assert_proof_is_tight(&proof, key);
		ledger_scene_close(ledger);
	}
	crypto_key_free(key);
	crypto_key_free(other);
}

static void
an_earlier_entry_is_chosen_by_its_number(void **state)
{
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_proof proof;
	struct problem problem;

	assert_int_equal(put_text(ledger, "88.100/A", "one"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/B", "x"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/A"), STATUS_OK);
	assert_int_equal(ledger_evidence_entry(ledger, TEXT("88.100/A"), 0, &proof, &problem),
		STATUS_NOT_FOUND);
	(void)checkpoint(ledger, key);
	assert_int_equal(put_text(ledger, "88.100/A", "later"), STATUS_OK);
	assert_int_equal(ledger_evidence_entry(ledger, TEXT("88.100/A"), 0, &proof, &problem),
		STATUS_NOT_FOUND);
	assert_int_equal(ledger_evidence_entry(ledger, TEXT("88.100/A"), 2, &proof, &problem),
		STATUS_NOT_FOUND);
	for (uint64_t sequence = 1; sequence <= 3; sequence += 2) {
		assert_int_equal(
			ledger_evidence_entry(ledger, TEXT("88.100/A"), sequence, &proof, &problem),
			STATUS_OK);
		assert_int_equal(proof.entry.sequence, sequence);
		assert_int_equal(proof.entry.kind, sequence == 1 ? JOURNAL_PUT : JOURNAL_DELETE);
		assert_int_equal(ledger_proof_verify(&proof, key, NULL, &problem), STATUS_OK);
	}
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

static void
growth_is_proven_between_heads(void **state)
{
	static const unsigned sizes[] = {1, 255, 256, 257, 511, 700};
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_proof proof;
	struct problem problem = {0};
	unsigned written = 0;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		put_many(ledger, written, sizes[i]);
		written = sizes[i];
		assert_int_equal(checkpoint(ledger, key).size, sizes[i]);
	}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (ledger_evidence_growth(ledger, sizes[i], &proof, &problem) != STATUS_OK) {
			fail_msg("%s", problem.text);
		}
		assert_int_equal(ledger_proof_verify(&proof, key, NULL, &problem), STATUS_OK);
	}
	assert_int_equal(ledger_evidence_growth(ledger, 257, &proof, &problem), STATUS_OK);
	assert_proof_is_tight(&proof, key);
	assert_int_equal(ledger_evidence_growth(ledger, 258, &proof, &problem), STATUS_NOT_FOUND);
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

static void
wait_for_head(const struct ledger_scene *scene, uint64_t size, struct ledger_head *ret_head)
{
	for (int i = 0; i < 5000; i++) {
		if (ledger_heads_last(scene->directory, ret_head, NULL) == STATUS_OK &&
			ret_head->size == size) {
			return;
		}
		usleep(1000);
	}
	fail_msg("no head of %llu entries was signed", (unsigned long long)size);
}

/* As after a reload of the settings; the earlier key is gone by then. */
static void
a_key_given_later_signs_the_next_head(void **state)
{
	struct crypto_key *old = key_new(CRYPTO_KEY_ED25519), *new = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_head head;
	unsigned written = 3;

	put_many(ledger, 0, written);
	ledger_evidence_sign(ledger, old, 1);
	wait_for_head(*state, written, &head);
	assert_int_equal(ledger_head_verify(&head, old), STATUS_OK);
	for (int i = 0; i < 20; i++) {
		ledger_evidence_sign(ledger, new, 1);
		crypto_key_free(old);
		put_many(ledger, written, written + 2);
		written += 2;
		wait_for_head(*state, written, &head);
		assert_int_equal(ledger_head_verify(&head, new), STATUS_OK);
		old = new;
		new = key_new(CRYPTO_KEY_ED25519);
	}
	ledger_scene_close(ledger);
	crypto_key_free(old);
	crypto_key_free(new);
}

static enum status
wait_for_fault(struct ledger *ledger, bool is_wanted, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < 5000; i++) {
		status = ledger_evidence_fault(ledger, problem);
		if ((status != STATUS_OK) == is_wanted) {
			return status;
		}
		usleep(1000);
	}
	fail_msg("the fault of the evidence does not %s", is_wanted ? "show" : "end");
	return status;
}

static void
a_fault_of_the_heads_shows_until_it_is_over(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct problem problem = {.text = ""};
	char path[128];

	snprintf(path, sizeof(path), "%s/heads.ndjson", scene->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	put_many(ledger, 0, 3);
	assert_int_equal(ledger_evidence_fault(ledger, &problem), STATUS_OK);
	ledger_evidence_sign(ledger, key, 1);
	assert_int_not_equal(wait_for_fault(ledger, true, &problem), STATUS_OK);
	assert_non_null(strstr(problem.text, "heads"));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(wait_for_fault(ledger, false, &problem), STATUS_OK);
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

static void
a_growth_proof_may_span_two_keys(void **state)
{
	struct crypto_key *old = key_new(CRYPTO_KEY_ED25519), *new = key_new(CRYPTO_KEY_RSA);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_report report;
	struct ledger_proof proof;
	struct problem problem;

	put_many(ledger, 0, 10);
	(void)checkpoint(ledger, old);
	put_many(ledger, 10, 20);
	(void)checkpoint(ledger, new);
	assert_int_equal(ledger_evidence_growth(ledger, 10, &proof, &problem), STATUS_OK);
	assert_int_equal(ledger_proof_verify(&proof, new, old, &problem), STATUS_OK);
	assert_int_equal(ledger_proof_verify(&proof, new, NULL, &problem), STATUS_DENIED);
	assert_int_equal(ledger_proof_verify(&proof, old, old, &problem), STATUS_DENIED);
	ledger_evidence_sign(ledger, new, 3600000);
	verify_well(ledger, &report);
	assert_int_equal(report.signed_count, 1);
	assert_int_equal(report.unknown_count, 1);
	assert_int_equal(report.signed_size, 20);
	ledger_scene_close(ledger);
	crypto_key_free(old);
	crypto_key_free(new);
}

static void
the_ledger_signs_in_intervals_and_when_it_closes(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct ledger_head head = {0};
	struct problem problem;

	ledger_evidence_sign(ledger, key, 1);
	put_many(ledger, 0, 3);
	for (int i = 0; i < 5000 && head.size < 3; i++) {
		usleep(1000);
		(void)(ledger_heads_last(scene->directory, &head, &problem) == STATUS_OK);
	}
	assert_int_equal(head.size, 3);
	assert_int_equal(ledger_evidence_fault(ledger, &problem), STATUS_OK);
	ledger_scene_close(ledger);

	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	ledger_evidence_sign(ledger, key, 3600000);
	put_many(ledger, 3, 5);
	ledger_scene_close(ledger);
	assert_int_equal(ledger_heads_last(scene->directory, &head, &problem), STATUS_OK);
	assert_int_equal(head.size, 5);
	assert_int_equal(ledger_head_verify(&head, key), STATUS_OK);

	/* Nothing new, nothing signed. */
	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	ledger_evidence_sign(ledger, key, 1);
	usleep(20000);
	ledger_scene_close(ledger);
	struct ledger_heads heads;
	unsigned of_five = 0;

	assert_int_equal(ledger_heads_read(scene->directory, &heads, &problem), STATUS_OK);
	while (ledger_heads_next(&heads, &head, &problem) == STATUS_OK) {
		of_five += head.size == 5;
	}
	ledger_heads_free(&heads);
	assert_int_equal(of_five, 1);
	crypto_key_free(key);
}

static void
heads_path(const struct ledger_scene *scene, char ret_path[96])
{
	snprintf(ret_path, 96, "%s/heads.ndjson", scene->directory);
}

static void
a_line_torn_by_a_crash_is_no_head_and_goes_with_the_next(void **state)
{
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger;
	struct ledger_head head;
	struct ledger_report report;
	struct problem problem;
	char path[96], torn[1500];
	int fd;

	scene_fill(*state, 3, key);
	heads_path(*state, path);
	/* Of a larger key: longer than the line that takes its place. */
	memset(torn, '1', sizeof(torn));
	memcpy(torn, "{\"size\":4", 9);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, torn, sizeof(torn)), sizeof(torn));
	close(fd);
	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	verify_well(ledger, &report);
	assert_int_equal(report.unknown_count, 1);
	put_many(ledger, 3, 4);
	(void)checkpoint(ledger, key);
	verify_well(ledger, &report);
	assert_int_equal(report.unknown_count, 2);
	assert_int_equal(
		ledger_heads_last(((struct ledger_scene *)*state)->directory, &head, &problem),
		STATUS_OK);
	assert_int_equal(head.size, 4);
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

static void
assert_verify_fails(
	const struct ledger_scene *scene, const struct crypto_key *key, const char *expected)
{
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_READ);
	struct ledger_report report;
	struct problem problem = {0};

	ledger_evidence_sign(ledger, key, 0);
	assert_int_equal(ledger_verify(ledger, NULL, NULL, &report, &problem), STATUS_CORRUPT);
	if (strstr(problem.text, expected) == NULL) {
		fail_msg("'%s' is not in '%s'", expected, problem.text);
	}
	ledger_scene_close(ledger);
}

/* The signed past, against a journal that is sound in itself but shorter or another. */
static void
verify_finds_a_past_that_is_another(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	char command[256];

	scene_fill(scene, 300, key);
	snprintf(command, sizeof(command), "mv %s/heads.ndjson %s.heads && rm -rf %s",
		scene->directory, scene->directory, scene->directory);
	assert_int_equal(system(command), 0);
	usleep(2000);
	scene_fill(scene, 300, key);
	snprintf(command, sizeof(command), "cp %s.heads %s/heads.ndjson", scene->directory,
		scene->directory);
	assert_int_equal(system(command), 0);
	assert_verify_fails(scene, key, "the journal was another when it was signed");

	snprintf(command, sizeof(command), "rm -rf %s", scene->directory);
	assert_int_equal(system(command), 0);
	scene_fill(scene, 299, key);
	snprintf(command, sizeof(command), "mv %s.heads %s/heads.ndjson", scene->directory,
		scene->directory);
	assert_int_equal(system(command), 0);
	assert_verify_fails(scene, key, "entries were removed");
	crypto_key_free(key);
}

static void
verify_finds_every_changed_head(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	char path[96], line[LEDGER_HEAD_LINE_SIZE_MAX];
	ssize_t size;
	int fd;

	scene_fill(scene, 3, key);
	heads_path(scene, path);
	fd = open(path, O_RDWR);
	size = read(fd, line, sizeof(line));
	assert_true(size > 100);
	for (ssize_t at = 0; at < size - 1; at += 7) {
		char octet = (char)(line[at] ^ 1);
		struct ledger *ledger;
		struct ledger_report report = {0};
		struct problem problem;
		enum status status;

		assert_int_equal(pwrite(fd, &octet, 1, at), 1);
		ledger = ledger_scene_open(scene, LEDGER_READ);
		ledger_evidence_sign(ledger, key, 0);
		status = ledger_verify(ledger, NULL, NULL, &report, &problem);
		/* A changed name of the key makes it a head of a key that nobody here knows. */
		assert_true(status == STATUS_CORRUPT ||
			(status == STATUS_OK && report.signed_count == 0 &&
				report.unknown_count == 1));
		ledger_scene_close(ledger);
		assert_int_equal(pwrite(fd, &line[at], 1, at), 1);
	}
	close(fd);
	crypto_key_free(key);
}

/* Signed, and false all the same: root and last hash each for itself. */
static void
verify_finds_heads_that_lie(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct problem problem;
	char path[96];

	scene_fill(scene, 3, key);
	heads_path(scene, path);
	for (int lie = 0; lie < 3; lie++) {
		struct ledger_head head;

		assert_int_equal(ledger_heads_last(scene->directory, &head, &problem), STATUS_OK);
		head.root.octets[5] ^= lie == 0;
		head.last[5] ^= lie == 1;
		head.size -= lie == 2;
		assert_int_equal(ledger_head_sign(&head, key), STATUS_OK);
		assert_int_equal(ledger_heads_append(scene->directory, &head, &problem), STATUS_OK);
		assert_verify_fails(scene, key,
			lie == 2 ? "it covers less than the one before it"
				 : "the journal was another when it was signed");
		/* The lie goes again. */
		assert_int_equal(ledger_heads_cut(scene->directory, 0, &problem), STATUS_OK);
		struct ledger *ledger = ledger_scene_open(scene, LEDGER_READ);
		(void)checkpoint(ledger, key);
		ledger_scene_close(ledger);
	}
	crypto_key_free(key);
}

/* A row whose checksum is right and whose content is not: only the journal can tell. */
static void
verify_finds_rows_that_lie(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	char path[96];

	scene_fill(scene, 600, key);
	snprintf(path, sizeof(path), "%s/view/tree", scene->directory);
	for (unsigned lie = 0; lie < 3; lie++) {
		uint8_t octets[LEDGER_TREE_ROW_SIZE], changed[LEDGER_TREE_ROW_SIZE];
		struct ledger_tree_row row;
		int fd = open(path, O_RDWR);

		assert_int_equal(
			pread(fd, octets, sizeof(octets), LEDGER_TREE_HEADER_SIZE), sizeof(octets));
		assert_true(ledger_tree_row_decode(octets, 0, &row));
		row.place += lie == 0 ? 8 : 0;
		row.time_ms += lie == 1 ? 1 : 0;
		row.hash.octets[0] ^= lie == 2 ? 1 : 0;
		ledger_tree_row_encode(&row, 0, changed);
		assert_int_equal(pwrite(fd, changed, sizeof(changed), LEDGER_TREE_HEADER_SIZE),
			sizeof(changed));
		assert_verify_fails(scene, key,
			lie == 2 ? "its row of the tree has another hash"
				 : "its row of the tree leads elsewhere");
		assert_int_equal(pwrite(fd, octets, sizeof(octets), LEDGER_TREE_HEADER_SIZE),
			sizeof(octets));
		close(fd);
	}
	crypto_key_free(key);
}

static void
a_journal_restored_to_an_earlier_state_has_only_heads_of_its_own(void **state)
{
	const struct ledger_scene *scene = *state;
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	struct ledger_head head;
	struct problem problem;
	char before[128];

	for (unsigned i = 0; i < 5; i++) {
		put_many(ledger, i, i + 1);
		(void)checkpoint(ledger, key);
	}
	ledger_scene_close(ledger);
	snprintf(before, sizeof(before), "%s/heads.before-restore.ndjson", scene->directory);
	assert_int_equal(ledger_heads_cut(scene->directory, 5, &problem), STATUS_OK);
	assert_int_equal(access(before, F_OK), -1);
	assert_int_equal(ledger_heads_cut(scene->directory, 3, &problem), STATUS_OK);
	assert_int_equal(access(before, F_OK), 0);
	assert_int_equal(ledger_heads_last(scene->directory, &head, &problem), STATUS_OK);
	assert_int_equal(head.size, 3);
	assert_int_equal(ledger_head_verify(&head, key), STATUS_OK);
	assert_int_equal(ledger_heads_cut(scene->directory, 0, &problem), STATUS_OK);
	assert_int_equal(ledger_heads_last(scene->directory, &head, &problem), STATUS_NOT_FOUND);
	crypto_key_free(key);
}

static void
the_file_of_heads_has_a_limit(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger_heads heads;
	struct problem problem;
	char path[96];
	int fd;

	heads_path(scene, path);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	for (int more = -1; more <= 1; more++) {
		enum status status;

		assert_int_equal(ftruncate(fd, LEDGER_HEADS_SIZE_MAX + more), 0);
		status = ledger_heads_read(scene->directory, &heads, &problem);
		assert_int_equal(status, more <= 0 ? STATUS_OK : STATUS_TOO_LARGE);
		if (status == STATUS_OK) {
			ledger_heads_free(&heads);
		}
	}
	close(fd);
}

static void
an_empty_journal_has_nothing_to_sign(void **state)
{
	struct crypto_key *key = key_new(CRYPTO_KEY_ED25519);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_head head;
	struct problem problem;

	assert_int_equal(
		ledger_evidence_checkpoint(ledger, key, &head, &problem), STATUS_NOT_FOUND);
	ledger_scene_close(ledger);
	crypto_key_free(key);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_signed_by_every_kind_of_key_and_verified_by_its_own),
		TEST(an_entry_is_proven_to_who_has_only_the_key),
		TEST(an_earlier_entry_is_chosen_by_its_number),
		TEST(growth_is_proven_between_heads),
		TEST(a_key_given_later_signs_the_next_head),
		TEST(a_fault_of_the_heads_shows_until_it_is_over),
		TEST(a_growth_proof_may_span_two_keys),
		TEST(the_ledger_signs_in_intervals_and_when_it_closes),
		TEST(a_line_torn_by_a_crash_is_no_head_and_goes_with_the_next),
		TEST(verify_finds_a_past_that_is_another),
		TEST(verify_finds_every_changed_head),
		TEST(verify_finds_heads_that_lie),
		TEST(verify_finds_rows_that_lie),
		TEST(a_journal_restored_to_an_earlier_state_has_only_heads_of_its_own),
		TEST(the_file_of_heads_has_a_limit),
		TEST(an_empty_journal_has_nothing_to_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
