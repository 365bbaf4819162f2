/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* More octets behind those that are there. False at the end; errno is 0 unless it failed. */
static bool
lines_fill(struct batch_lines *lines)
{
	ssize_t got;

	if (lines->begin > 0) {
		memmove(lines->octets, lines->octets + lines->begin, lines->end - lines->begin);
		lines->end -= lines->begin;
		lines->begin = 0;
	}
	do {
		errno = 0;
		got = read(lines->fd, lines->octets + lines->end, BATCH_LINES_SIZE - lines->end);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		lines->is_at_end = true;
		return false;
	}
	lines->end += (size_t)got;
	return true;
}

/* Passes over the rest of a line that is longer than any may be. */
static enum status
line_pass_over(struct batch_lines *lines)
{
	while (true) {
		const uint8_t *at = lines->octets + lines->begin;
		const uint8_t *stop = memchr(at, '\n', lines->end - lines->begin);

		if (stop != NULL) {
			size_t size = (size_t)(stop - at) + 1;

			lines->begin += size;
			lines->offset += size;
			return STATUS_TOO_LARGE;
		}
		lines->offset += lines->end - lines->begin;
		lines->begin = lines->end;
		if (!lines_fill(lines)) {
			return errno != 0 ? STATUS_SYSTEM : STATUS_TOO_LARGE;
		}
	}
}

enum status
batch_line_next(struct batch_lines *lines, struct bytes *ret_line)
{
	const uint8_t *stop = NULL;
	size_t size, looked = 0;

	if (lines->is_back) {
		lines->is_back = false;
		lines->number++;
		*ret_line = lines->last;
		return STATUS_OK;
	}
	while (stop == NULL) {
		size_t have = lines->end - lines->begin;

		stop = memchr(lines->octets + lines->begin + looked, '\n', have - looked);
		looked = have;
		if (stop == NULL && have > JSON_TEXT_SIZE_MAX) {
			lines->number++;
			return line_pass_over(lines);
		}
		if (stop == NULL && (lines->is_at_end || !lines_fill(lines))) {
			if (errno != 0) {
				return STATUS_SYSTEM;
			}
			if (have == 0) {
				return STATUS_NOT_FOUND;
			}
			stop = lines->octets + lines->end; /* The last line has no end. */
		}
	}
	size = (size_t)(stop - (lines->octets + lines->begin));
	*ret_line = bytes_over(lines->octets + lines->begin, size);
	size += stop < lines->octets + lines->end;
	lines->begin += size;
	lines->offset += size;
	lines->number++;
	if (ret_line->size > 0 && ret_line->at[ret_line->size - 1] == '\r') {
		ret_line->size--;
	}
	*ret_line = lines->number == 1 ? bytes_behind_mark(*ret_line) : *ret_line;
	lines->last = *ret_line;
	return STATUS_OK;
}

void
batch_line_back(struct batch_lines *lines)
{
	lines->is_back = true;
	lines->number--;
}
