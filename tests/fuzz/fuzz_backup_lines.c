/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The input is an export (or whatever else lies under a seal); the first octet may ask for the
 * rest's lines to be sealed, the second for one octet of the file to be changed. Lines come as
 * they stand there, in order; a file that passes ends with the only seal that fits it.
 */
enum { FLAG_SEAL = 1, LINE_SIZE_MAX = 512, FILE_SIZE_MAX = 1 << 20 };

static uint8_t file[FILE_SIZE_MAX];

static size_t
file_make(int fd, struct bytes input, bool is_sealed, uint8_t change)
{
	struct backup_writer writer;
	ssize_t size;

	if (!is_sealed) {
		FUZZ_CHECK(write(fd, input.at, input.size) == (ssize_t)input.size);
	} else {
		FUZZ_CHECK(backup_writer_begin(&writer, fd) == STATUS_OK);
		while (input.size > 0) {
			size_t line = bytes_find(input, '\n');

			backup_write_line(&writer, bytes_slice(input, 0, line));
			input = bytes_slice(input, line + 1, SIZE_MAX);
		}
		FUZZ_CHECK(backup_writer_end(&writer) == STATUS_OK);
	}
	size = pread(fd, file, sizeof(file), 0);
	FUZZ_CHECK(size >= 0);
	if (change != 0 && size > 0) {
		size_t at = (size_t)change * 7919 % (size_t)size;

		file[at] ^= 1;
		FUZZ_CHECK(pwrite(fd, file + at, 1, (off_t)at) == 1);
	}
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return (size_t)size;
}

static void
lines_read(int fd, size_t size, bool is_changed)
{
	struct problem problem = {.text = ""};
	struct backup_reader reader;
	struct bytes line;
	size_t at = 0;
	uint64_t count = 0;
	enum status status;

	FUZZ_CHECK(backup_reader_begin(&reader, fd, LINE_SIZE_MAX, &problem) == STATUS_OK);
	while (backup_read_line(&reader, &line)) {
		FUZZ_CHECK(line.size <= LINE_SIZE_MAX && at + line.size < size);
		FUZZ_CHECK(bytes_equal(line, bytes_over(file + at, line.size)));
		at += line.size + 1;
		FUZZ_CHECK(reader.offset == at && reader.line_count == ++count);
	}
	status = backup_reader_end(&reader);
	if (status != STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0');
		return;
	}
	FUZZ_CHECK(!is_changed);
	FUZZ_CHECK(at < size && size - at <= BACKUP_SEAL_SIZE_MAX + 1 && file[size - 1] == '\n');
	FUZZ_CHECK(bytes_start_with(bytes_over(file + at, size - at), TEXT("{\"lines\":")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input =
		bytes_over(octets, size < FILE_SIZE_MAX / 2 ? size : FILE_SIZE_MAX / 2);
	uint8_t flags = fuzz_take_octet(&input), change = fuzz_take_octet(&input);
	bool is_sealed = (flags & FLAG_SEAL) != 0;
	int fd = memfd_create("export", MFD_CLOEXEC);
	size_t file_size;

	FUZZ_CHECK(fd >= 0);
	file_size = file_make(fd, input, is_sealed, change);
	/* A line that is too long is refused whatever was changed. */
	lines_read(fd, file_size, is_sealed && change != 0);
	close(fd);
	return 0;
}
