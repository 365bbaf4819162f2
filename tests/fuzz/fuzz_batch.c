/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "program/batch/batch.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Every line of a batch is an operation that a message can carry, or a problem that names the
 * line; the file is read to its end in any case. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static int fd = -1;
	char path[64];
	struct batch_source source;
	struct batch_item item;
	struct problem problem;
	enum status status;
	uint64_t count = 0;

	if (fd < 0) {
		fd = memfd_create("batch", MFD_CLOEXEC);
	}
	FUZZ_CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, octets, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FUZZ_CHECK(batch_source_open(&source, path, &problem) == STATUS_OK);
	do {
		status = batch_next(&source, &item, &problem);
		FUZZ_CHECK(++count <= 2 * size + 2);
		if (status == STATUS_OK && item.kind == BATCH_OPERATION) {
			uint32_t index;

			FUZZ_CHECK(item.line > 0 && item.handle.size > 0);
			FUZZ_CHECK(handle_value_list_check(&item.values, &index) == STATUS_OK);
		} else if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
			FUZZ_CHECK(problem.text[0] >= '1' && problem.text[0] <= '9');
		}
	} while (status != STATUS_NOT_FOUND);
	FUZZ_CHECK(source.lines.offset == size);
	batch_source_close(&source);
	return 0;
}
