/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "journal/journal_format.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Opens a journal of one small segment whose octets are the input. Nobody can guess a checksum,
 * so the driver can set right what the input cannot: the input says whether.
 *
 *     flags | known place / 8 (2 octets) | with FLAG_HEADER: 80 octets for the header | entries
 */
enum {
	FLAG_SEAL = 1, /* Checksums. */
	FLAG_CHAIN = 2, /* Sequence, batch and chain as well. */
	FLAG_WRITABLE = 4,
	FLAG_KNOWN = 8,
	FLAG_HEADER = 16,

	SEGMENT_SIZE = JOURNAL_SEGMENT_SIZE_MIN,
	HEADER_FIELDS_SIZE = offsetof(struct journal_header, pruned_ms),
};

static char directory[32];
static char ledger[sizeof(directory) + 16];
static char segment[sizeof(ledger) + 32];
static char second[sizeof(segment)]; /* Made by append() when the first is full. */
static uint8_t image[SEGMENT_SIZE];

static void
clean(void)
{
	unlink(segment);
	unlink(second);
	rmdir(ledger);
	rmdir(directory);
}

static void
prepare(void)
{
	snprintf(directory, sizeof(directory), "%s/houji-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(directory) != NULL);
	snprintf(ledger, sizeof(ledger), "%s/ledger", directory);
	snprintf(segment, sizeof(segment), "%s/%016x.seg", ledger, 0U);
	snprintf(second, sizeof(second), "%s/%016x.seg", ledger, (unsigned)SEGMENT_SIZE);
	FUZZ_CHECK(mkdir(ledger, 0700) == 0);
}

/* Gives the entries checksums, and with FLAG_CHAIN what must follow from the one before. */
static void
seal_entries(uint8_t flags)
{
	uint8_t hash[JOURNAL_DIGEST_SIZE] = {0};
	uint64_t sequence = 0;
	uint64_t place = JOURNAL_HEADER_SIZE;
	struct journal_entry entry;

	while (SEGMENT_SIZE - place >= JOURNAL_PAD_SIZE_MIN) {
		uint8_t *at = image + place;
		struct journal_head head;
		uint64_t record_end, tail;

		memcpy(&head, at, sizeof(head));
		if (!journal_head_is_plausible(&head, SEGMENT_SIZE - place)) {
			return;
		}
		record_end = JOURNAL_HEAD_SIZE + (uint64_t)head.key_size + head.record_size;
		tail = (record_end + 7) & ~UINT64_C(7);
		if ((flags & FLAG_CHAIN) != 0 && head.kind != JOURNAL_PAD) {
			head.sequence = sequence + 1;
			memcpy(at, &head, sizeof(head));
			memcpy(at + tail + offsetof(struct journal_tail, chain), hash,
				sizeof(hash));
		}
		memcpy(at + head.size - sizeof(head.size), &head.size, sizeof(head.size));
		head.record_checksum = checksum_over(bytes_over(at + 16, record_end - 16), 0);
		memcpy(at, &head, sizeof(head));
		head.checksum = checksum_over(bytes_over(at + 8, head.size - 8), place);
		memcpy(at, &head, sizeof(head));
		FUZZ_CHECK(journal_entry_decode(at, SEGMENT_SIZE - place, place, &entry));
		if (head.kind != JOURNAL_PAD) {
			sequence = head.sequence;
			journal_entry_hash(&entry, hash);
		}
		place += head.size;
	}
}

static void
make_image(uint8_t flags, struct bytes input)
{
	struct journal_header header = {
		.segment_size = SEGMENT_SIZE,
		.first_sequence = 1,
	};

	memset(image, 0, sizeof(image));
	journal_header_encode(image, &header);
	if ((flags & FLAG_HEADER) != 0) {
		for (size_t i = 0; i < HEADER_FIELDS_SIZE; i++) {
			image[i] ^= fuzz_take_octet(&input);
		}
		memcpy(&header, image, sizeof(header));
		header.checksum = checksum_over(
			bytes_over(image, offsetof(struct journal_header, checksum)), 0);
		memcpy(image, &header, sizeof(header));
	}
	if (input.size > SEGMENT_SIZE - JOURNAL_HEADER_SIZE) {
		input.size = SEGMENT_SIZE - JOURNAL_HEADER_SIZE;
	}
	if (input.size > 0) {
		memcpy(image + JOURNAL_HEADER_SIZE, input.at, input.size);
	}
	if ((flags & FLAG_SEAL) != 0) {
		seal_entries(flags);
	}
}

static uint64_t
walk(struct journal *journal)
{
	uint64_t place = journal_first(journal);
	uint8_t hash[JOURNAL_DIGEST_SIZE];
	struct journal_entry entry;
	struct bytes key, record;
	enum journal_kind kind;
	uint64_t count = 0;

	while (journal_read(journal, place, &entry) == STATUS_OK) {
		FUZZ_CHECK(entry.next > entry.place && entry.next <= journal_end(journal));
		FUZZ_CHECK(journal_peek(journal, entry.place, &key, &record, &kind) == STATUS_OK);
		FUZZ_CHECK(bytes_equal(key, entry.key) && bytes_equal(record, entry.record));
		journal_entry_hash(&entry, hash);
		place = entry.next;
		count++;
	}
	for (place = 0; place < SEGMENT_SIZE + 64; place += JOURNAL_ALIGNMENT) {
		journal_prefetch(journal, place);
		(void)(journal_peek(journal, place, &key, &record, &kind) == STATUS_OK);
	}
	return count;
}

/* What was opened can be written to, and is then found whole. */
static void
append(struct journal *journal)
{
	struct journal_change change = {.kind = JOURNAL_PUT, .key = TEXT("KEY")};
	uint64_t sequence = journal_last_sequence(journal);
	uint64_t place;

	FUZZ_CHECK(journal_add(journal, &change, &place) == STATUS_OK);
	FUZZ_CHECK(journal_flush(journal, NULL) == STATUS_OK);
	FUZZ_CHECK(journal_last_sequence(journal) == sequence + 1);
	journal_close(journal);
	FUZZ_CHECK(journal_open(directory, false, 0, &journal, NULL) == STATUS_OK);
	FUZZ_CHECK(journal_last_sequence(journal) == sequence + 1);
	FUZZ_CHECK(walk(journal) == sequence + 1);
	journal_close(journal);
}

static void
open_one(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	uint8_t flags = fuzz_take_octet(&input);
	uint64_t known = fuzz_take_octet(&input);
	struct journal *journal;
	struct problem problem;
	enum status status;
	int fd;

	known = (known | (uint64_t)fuzz_take_octet(&input) << 8) * JOURNAL_ALIGNMENT;
	known = (flags & FLAG_KNOWN) != 0 ? known : 0;
	make_image(flags, input);
	fd = open(segment, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	FUZZ_CHECK(fd >= 0 && write(fd, image, sizeof(image)) == (ssize_t)sizeof(image));
	close(fd);
	status = journal_open(directory, (flags & FLAG_WRITABLE) != 0, known, &journal, &problem);
	if (status != STATUS_OK) {
		FUZZ_CHECK(status == STATUS_CORRUPT || status == STATUS_UNKNOWN_VERSION);
		FUZZ_CHECK(problem.status == status && problem.text[0] != '\0');
		return;
	}
	if (known == 0) {
		FUZZ_CHECK(walk(journal) == journal_last_sequence(journal));
	} else {
		(void)walk(journal);
	}
	if ((flags & FLAG_WRITABLE) != 0 && known == 0) {
		append(journal);
	} else {
		journal_close(journal);
	}
}

/* A fuzzer ends without calling anybody, so every input cleans up behind itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	prepare();
	open_one(octets, size);
	clean();
	return 0;
}
