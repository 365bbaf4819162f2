/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_image.h"

#include "base/checksum.h"
#include "record.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pending {
	enum record_kind kind;
	size_t file;
	uint64_t offset;
	const uint8_t *octets;
	size_t size;
	bool is_gone; /* Durable since. */
};

struct octets {
	uint8_t *at;
	size_t size, capacity;
};

struct name {
	char text[CRASH_NAME_SIZE_MAX];
	bool is_folder;
	size_t file;
};

struct names {
	struct name list[CRASH_FILE_COUNT_MAX];
	size_t count;
};

struct name_event {
	enum record_kind kind;
	size_t file;
	const char *from, *to;
};

struct crash_image {
	const uint8_t *log;
	size_t size, at;
	struct {
		uint64_t inode;
		struct octets durable, chosen;
	} files[CRASH_FILE_COUNT_MAX];
	size_t file_count;
	struct pending pending[CRASH_PENDING_COUNT_MAX];
	size_t pending_count, pending_left;
	bool has_durable_write; /* The last pending one is durable when its call returns. */
	struct names durable_names, chosen_names;
	struct name_event name_events[CRASH_FILE_COUNT_MAX];
	size_t name_event_count;
};

struct crash_image *
crash_image_new(const uint8_t *log, size_t size)
{
	struct crash_image *image = calloc(1, sizeof(*image));

	assert(image != NULL);
	image->log = log;
	image->size = size;
	return image;
}

void
crash_image_free(struct crash_image *image)
{
	for (size_t i = 0; i < image->file_count; i++) {
		free(image->files[i].durable.at);
		free(image->files[i].chosen.at);
	}
	free(image);
}

static void
octets_resize(struct octets *octets, size_t size)
{
	if (size > octets->capacity) {
		octets->capacity = size * 2;
		octets->at = realloc(octets->at, octets->capacity);
		assert(octets->at != NULL);
	}
	if (size > octets->size) {
		memset(octets->at + octets->size, 0, size - octets->size);
	}
	octets->size = size;
}

/* `size` octets of the write; the whole of other kinds. */
static void
apply(struct octets *octets, const struct pending *pending, size_t size)
{
	size_t end = pending->offset + size;

	if (pending->kind == RECORD_SIZE) {
		octets_resize(octets, pending->offset);
		return;
	}
	end = pending->kind == RECORD_ROOM ? pending->offset : end;
	octets_resize(octets, octets->size > end ? octets->size : end);
	if (pending->kind != RECORD_ROOM && size > 0) {
		memcpy(octets->at + pending->offset, pending->octets, size);
	}
}

static size_t
file_find(struct crash_image *image, uint64_t inode)
{
	for (size_t i = image->file_count; i-- > 0;) {
		if (image->files[i].inode == inode) {
			return i;
		}
	}
	assert(image->file_count < CRASH_FILE_COUNT_MAX);
	image->files[image->file_count].inode = inode;
	return image->file_count++;
}

static void
file_sync(struct crash_image *image, size_t file)
{
	for (size_t i = 0; i < image->pending_count; i++) {
		struct pending *pending = &image->pending[i];

		if (pending->file == file && !pending->is_gone) {
			apply(&image->files[file].durable, pending, pending->size);
			pending->is_gone = true;
			image->pending_left--;
		}
	}
	if (image->pending_left == 0) {
		image->pending_count = 0;
	}
}

static struct name *
name_find(struct names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i].text, text) == 0) {
			return &names->list[i];
		}
	}
	return NULL;
}

static void
name_apply(struct names *names, const struct name_event *event)
{
	struct name *name = name_find(names, event->from);
	const char *text = event->kind == RECORD_RENAME ? event->to : event->from;
	struct name added = {.is_folder = event->kind == RECORD_FOLDER, .file = event->file};

	if (event->kind == RECORD_RENAME) {
		assert(name != NULL);
		added.file = name->file;
	}
	if (event->kind == RECORD_RENAME || event->kind == RECORD_REMOVE) {
		if (name != NULL) {
			*name = names->list[--names->count];
		}
	}
	if (event->kind == RECORD_REMOVE) {
		return;
	}
	name = name_find(names, text);
	if (name == NULL) {
		assert(names->count < CRASH_FILE_COUNT_MAX);
		name = &names->list[names->count++];
	}
	snprintf(added.text, sizeof(added.text), "%s", text);
	*name = added;
}

/* Names are journaled in order: what stands before a folder's last one is durable with it. */
static void
folder_sync(struct crash_image *image, const char *folder)
{
	size_t length = strlen(folder), done = 0;

	for (size_t i = 0; i < image->name_event_count; i++) {
		const struct name_event *event = &image->name_events[i];
		const char *text = event->kind == RECORD_RENAME ? event->to : event->from;
		const char *slash = strrchr(text, '/');
		size_t size = slash == NULL ? 0 : (size_t)(slash - text);

		if (size == length && strncmp(text, folder, size) == 0) {
			done = i + 1;
		}
	}
	for (size_t i = 0; i < done; i++) {
		name_apply(&image->durable_names, &image->name_events[i]);
	}
	image->name_event_count -= done;
	memmove(image->name_events, image->name_events + done,
		image->name_event_count * sizeof(image->name_events[0]));
}

static void
take_name(struct crash_image *image, const struct record_event *head, const char *names)
{
	assert(image->name_event_count < CRASH_FILE_COUNT_MAX);
	image->name_events[image->name_event_count++] = (struct name_event){
		.kind = (enum record_kind)head->kind,
		.file = head->inode == 0 ? 0 : file_find(image, head->inode),
		.from = names,
		.to = head->kind == RECORD_RENAME ? names + strlen(names) + 1 : NULL,
	};
}

static void
take_write(struct crash_image *image, const struct record_event *head, const uint8_t *octets)
{
	struct pending pending = {
		.kind = (enum record_kind)head->kind,
		.file = file_find(image, head->inode),
		.offset = head->offset,
		.octets = octets,
		.size = head->size,
	};
	image->has_durable_write = head->kind == RECORD_WRITE_DURABLE;
	assert(image->pending_count < CRASH_PENDING_COUNT_MAX);
	image->pending[image->pending_count++] = pending;
	image->pending_left++;
}

/* The lights may go out while such a write is made; afterwards it is there. */
static void
durable_write_end(struct crash_image *image)
{
	struct pending *pending = &image->pending[image->pending_count - 1];

	apply(&image->files[pending->file].durable, pending, pending->size);
	pending->is_gone = true;
	image->pending_left--;
	image->has_durable_write = false;
}

bool
crash_image_step(struct crash_image *image, long *ret_acknowledged)
{
	struct record_event head;
	const uint8_t *octets;
	*ret_acknowledged = -1;
	if (image->has_durable_write) {
		durable_write_end(image);
	}
	if (image->size - image->at < sizeof(head)) {
		return false;
	}
	memcpy(&head, image->log + image->at, sizeof(head));
	octets = image->log + image->at + sizeof(head);
	assert(head.size <= image->size - image->at - sizeof(head));
	image->at += sizeof(head) + head.size;
	switch ((enum record_kind)head.kind) {
	case RECORD_MAKE:
	case RECORD_FOLDER:
	case RECORD_RENAME:
	case RECORD_REMOVE:
		take_name(image, &head, (const char *)octets);
		break;
	case RECORD_WRITE:
	case RECORD_WRITE_DURABLE:
	case RECORD_SLOT:
	case RECORD_SIZE:
	case RECORD_ROOM:
		take_write(image, &head, octets);
		break;
	case RECORD_SYNC:
		file_sync(image, file_find(image, head.inode));
		break;
	case RECORD_FOLDER_SYNC:
		folder_sync(image, (const char *)octets);
		break;
	case RECORD_ACKNOWLEDGED:
		*ret_acknowledged = (long)head.offset;
		break;
	}
	return true;
}

size_t
crash_image_pending(const struct crash_image *image)
{
	return image->pending_left + image->name_event_count;
}

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* How many of its octets reached the disk: eights hold together. */
static size_t
torn(const struct pending *pending, uint64_t *seed)
{
	return pending->size < 16 ? 0 : random_next(seed) % (pending->size / 8) * 8;
}

struct fate {
	enum crash_rule rule;
	uint64_t *seed;
	unsigned chance; /* Of 16, that a write holds. */
	size_t last;
};

static void
befall(struct octets *octets, const struct pending *pending, size_t number, const struct fate *fate)
{
	bool is_last = number == fate->last;

	switch (fate->rule) {
	case CRASH_NONE:
		break;
	case CRASH_ALL:
		apply(octets, pending, pending->size);
		break;
	case CRASH_ALL_BUT_LAST:
		if (!is_last) {
			apply(octets, pending, pending->size);
		}
		break;
	case CRASH_LAST_TORN:
		apply(octets, pending, is_last ? torn(pending, fate->seed) : pending->size);
		break;
	case CRASH_LAST_TORN_ALONE:
		if (is_last) {
			apply(octets, pending, torn(pending, fate->seed));
		}
		break;
	case CRASH_RANDOM:
		if (random_next(fate->seed) % 16 < fate->chance) {
			apply(octets, pending,
				random_next(fate->seed) % 8 == 0 ? torn(pending, fate->seed)
								 : pending->size);
		}
		break;
	}
}

static size_t
names_holding(const struct crash_image *image, const struct crash_choice *choice, uint64_t *seed)
{
	switch (choice->rule) {
	case CRASH_NONE:
	case CRASH_LAST_TORN_ALONE:
		return 0;
	case CRASH_ALL:
	case CRASH_ALL_BUT_LAST:
	case CRASH_LAST_TORN:
		return image->name_event_count;
	case CRASH_RANDOM:
		break;
	}
	return random_next(seed) % (image->name_event_count + 1);
}

/* A name is found only if its folder is. */
static bool
folder_is_there(struct names *names, const char *text)
{
	char folder[CRASH_NAME_SIZE_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", text);
	slash = strrchr(folder, '/');
	if (slash == NULL) {
		return true;
	}
	*slash = '\0';
	return name_find(names, folder) != NULL;
}

void
crash_image_choose(
	struct crash_image *image, const struct crash_choice *choice, struct crash_state *ret_state)
{
	uint64_t seed = choice->seed * 0x9e3779b97f4a7c15u + 0x1234567;
	struct fate fate = {choice->rule, &seed, 1 + (unsigned)(choice->seed % 15), 0};
	size_t holding;

	for (size_t i = 0; i < image->file_count; i++) {
		octets_resize(&image->files[i].chosen, 0);
		octets_resize(&image->files[i].chosen, image->files[i].durable.size);
		if (image->files[i].durable.size > 0) {
			memcpy(image->files[i].chosen.at, image->files[i].durable.at,
				image->files[i].durable.size);
		}
	}
	for (size_t i = 0; i < image->pending_count; i++) {
		fate.last = image->pending[i].is_gone ? fate.last : i;
	}
	for (size_t i = 0; i < image->pending_count; i++) {
		if (!image->pending[i].is_gone) {
			befall(&image->files[image->pending[i].file].chosen, &image->pending[i], i,
				&fate);
		}
	}
	holding = names_holding(image, choice, &seed);
	image->chosen_names = image->durable_names;
	for (size_t i = 0; i < holding; i++) {
		name_apply(&image->chosen_names, &image->name_events[i]);
	}
	ret_state->count = 0;
	for (size_t i = 0; i < image->chosen_names.count; i++) {
		const struct name *name = &image->chosen_names.list[i];
		struct crash_state_file *file = &ret_state->files[ret_state->count];

		if (!folder_is_there(&image->chosen_names, name->text)) {
			continue;
		}
		snprintf(file->name, sizeof(file->name), "%s", name->text);
		file->is_folder = name->is_folder;
		file->octets = name->is_folder ? NULL : image->files[name->file].chosen.at;
		file->size = name->is_folder ? 0 : image->files[name->file].chosen.size;
		ret_state->count++;
	}
}

uint64_t
crash_state_hash(const struct crash_state *state)
{
	uint64_t hash = state->count;

	for (size_t i = 0; i < state->count; i++) {
		const struct crash_state_file *file = &state->files[i];
		uint64_t seed =
			checksum_over(bytes_over(file->name, strlen(file->name)), file->size);

		hash += checksum_over(
			bytes_over(file->octets, file->size), seed); /* In any order. */
	}
	return hash;
}

/* Removes what the state does not have. */
static void
folder_clear(const struct crash_state *state, int root_fd, const char *folder)
{
	int fd = openat(
		root_fd, folder[0] == '\0' ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (list == NULL) {
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		char name[2 * CRASH_NAME_SIZE_MAX + 256];
		bool is_kept = entry->d_name[0] == '.';

		snprintf(name, sizeof(name), "%s%s%s", folder, folder[0] == '\0' ? "" : "/",
			entry->d_name);
		for (size_t i = 0; i < state->count && !is_kept; i++) {
			is_kept = strcmp(state->files[i].name, name) == 0;
		}
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.') {
			folder_clear(state, root_fd, name);
		}
		if (!is_kept) {
			(void)unlinkat(root_fd, name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
		}
	}
	closedir(list);
}

void
crash_state_write(const struct crash_state *state, int folder_fd)
{
	folder_clear(state, folder_fd, "");
	for (size_t i = 0; i < state->count; i++) {
		if (state->files[i].is_folder &&
			mkdirat(folder_fd, state->files[i].name, 0700) != 0) {
			assert(errno == EEXIST);
		}
	}
	for (size_t i = 0; i < state->count; i++) {
		const struct crash_state_file *file = &state->files[i];
		int fd;

		if (file->is_folder) {
			continue;
		}
		fd = openat(folder_fd, file->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert(fd >= 0);
		if (file->size > 0) {
			ssize_t done = pwrite(fd, file->octets, file->size, 0);

			assert(done == (ssize_t)file->size);
		}
		assert(ftruncate(fd, (off_t)file->size) == 0);
		close(fd);
	}
}

const char *
crash_state_compare(const struct crash_state *state, int folder_fd)
{
	for (size_t i = 0; i < state->count; i++) {
		const struct crash_state_file *file = &state->files[i];
		size_t length = strlen(file->name);
		uint8_t *octets = malloc(file->size + 1);
		bool is_same;
		ssize_t size;
		int fd;

		assert(octets != NULL);
		fd = openat(folder_fd, file->name, O_RDONLY | O_CLOEXEC);
		size = fd < 0 || file->is_folder ? -1 : read(fd, octets, file->size + 1);
		is_same = file->is_folder ? fd >= 0
					  : size == (ssize_t)file->size &&
				memcmp(octets, file->octets, file->size) == 0;
		free(octets);
		if (fd >= 0) {
			close(fd);
		}
		if (!is_same && !(length > 5 && strcmp(file->name + length - 5, "-lock") == 0)) {
			return file->name;
		}
	}
	return NULL;
}
