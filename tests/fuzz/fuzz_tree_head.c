/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "ledger/ledger_head.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The input is a whole heads.ndjson: it is read to its end or to a line that is named; and
 * what was appended then is the last head, whatever a crash had left behind. */
static char directory[40];
static char path[64];

static void
prepare(const uint8_t *octets, size_t size)
{
	int fd;

	snprintf(directory, sizeof(directory), "%s/houji-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(directory) != NULL);
	snprintf(path, sizeof(path), "%s/heads.ndjson", directory);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	FUZZ_CHECK(fd >= 0 && write(fd, octets, size) == (ssize_t)size);
	close(fd);
}

static bool
all_is_read(void)
{
	struct problem problem = {.text = ""};
	struct ledger_heads heads;
	struct ledger_head head;
	enum status status;

	FUZZ_CHECK(ledger_heads_read(directory, &heads, &problem) == STATUS_OK);
	do {
		status = ledger_heads_next(&heads, &head, &problem);
	} while (status == STATUS_OK);
	FUZZ_CHECK(status == STATUS_NOT_FOUND ||
		(status == STATUS_CORRUPT && strstr(problem.text, "line ") != NULL));
	ledger_heads_free(&heads);
	return status == STATUS_NOT_FOUND;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct ledger_head head = {.size = 4711, .signature_size = 64}, last = {0};
	struct problem problem = {.text = ""};
	bool is_sound;

	prepare(octets, size);
	is_sound = all_is_read();
	if (ledger_heads_append(directory, &head, &problem) == STATUS_OK) {
		FUZZ_CHECK(all_is_read() == is_sound);
		if (is_sound) {
			FUZZ_CHECK(ledger_heads_last(directory, &last, &problem) == STATUS_OK);
			FUZZ_CHECK(last.size == 4711 && last.signature_size == 64);
		}
	} else {
		FUZZ_CHECK(problem.text[0] != '\0');
	}
	unlink(path);
	rmdir(directory);
	return 0;
}
