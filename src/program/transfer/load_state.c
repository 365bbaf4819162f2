/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_writer.h"
#include "program/transfer/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/*
 * One line: the file by device, inode, size and time of change, then offset and line. It is
 * written under another name and renamed, so that it is whole or absent. After a power cut it
 * may be old; what is then loaded a second time is found unchanged.
 */
enum { STATE_SIZE_MAX = 512 };

static const char STATE_FORM[] = "houji-load-1";

static bool
state_path(const struct load *load, const char *ending, char ret_path[PATH_MAX])
{
	struct text_writer writer = text_writer_over(ret_path, PATH_MAX);

	text_write_string(&writer, load->options->directory);
	text_write_string(&writer, ending);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer) == STATUS_OK;
}

static void
write_identity(const struct load *load, struct text_writer *writer)
{
	const struct stat *file = &load->file;

	text_write_string(writer, STATE_FORM);
	text_write_char(writer, ' ');
	text_write_u64(writer, file->st_dev);
	text_write_char(writer, ' ');
	text_write_u64(writer, file->st_ino);
	text_write_char(writer, ' ');
	text_write_u64(writer, (uint64_t)file->st_size);
	text_write_char(writer, ' ');
	text_write_i64(writer, file->st_mtim.tv_sec);
	text_write_char(writer, '.');
	text_write_i64(writer, file->st_mtim.tv_nsec);
	text_write_char(writer, ' ');
}

void
load_state_save(struct load *load, uint64_t offset, uint64_t line)
{
	char path[PATH_MAX], new_path[PATH_MAX], text[STATE_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct bytes written;
	bool is_written;
	int fd;

	if (!load->is_resumable || !state_path(load, "/load.state", path) ||
		!state_path(load, "/load.state.new", new_path)) {
		return;
	}
	write_identity(load, &writer);
	text_write_u64(&writer, offset);
	text_write_char(&writer, ' ');
	text_write_u64(&writer, line);
	text_write_char(&writer, '\n');
	written = text_written(&writer);
	fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return; /* Without it the next run starts anew and finds all unchanged. */
	}
	is_written = write(fd, written.at, written.size) == (ssize_t)written.size;
	if (close(fd) != 0 || !is_written || rename(new_path, path) != 0) {
		(void)unlink(new_path);
	}
}

void
load_state_find(struct load *load)
{
	char path[PATH_MAX], identity[STATE_SIZE_MAX];
	uint8_t text[STATE_SIZE_MAX];
	struct text_writer writer = text_writer_over(identity, sizeof(identity));
	struct bytes state, offset_text, line_text;
	uint64_t offset, line;
	ssize_t size;
	int fd;

	if (!load->is_resumable || load->options->is_restarting ||
		!state_path(load, "/load.state", path)) {
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	size = read(fd, text, sizeof(text));
	close(fd);
	write_identity(load, &writer);
	state = bytes_over(text, size < 0 ? 0 : (size_t)size);
	if (!bytes_start_with(state, text_written(&writer)) || text[state.size - 1] != '\n') {
		return;
	}
	state = bytes_slice(state, text_written(&writer).size, SIZE_MAX);
	state.size--;
	offset_text = bytes_slice(state, 0, bytes_find(state, ' '));
	line_text = bytes_slice(state, offset_text.size + 1, SIZE_MAX);
	if (text_read_u64(offset_text, (uint64_t)load->file.st_size, &offset) == STATUS_OK &&
		text_read_u64(line_text, offset, &line) == STATUS_OK) {
		load->offset = offset;
		load->line = line;
	}
}

void
load_state_remove(const struct load *load)
{
	char path[PATH_MAX];

	if (load->is_resumable && state_path(load, "/load.state", path)) {
		(void)unlink(path);
	}
}
