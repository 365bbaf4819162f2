/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/access/scene.h"

#include "handle/handle_name.h"

#include <stdio.h>
#include <stdlib.h>

enum { OCTETS_SIZE = 512 * 1024 };

static enum status
scene_lookup(void *context, struct bytes name, struct record *ret_record)
{
	struct scene *scene = context;

	scene->lookup_count++;
	if (scene->absent != NULL && handle_name_equal(bytes_from_string(scene->absent), name)) {
		return scene->answer;
	}
	for (size_t i = 0; i < scene->count; i++) {
		if (bytes_equal_fold(scene->records[i].name, name)) {
			*ret_record = scene->records[i];
			return STATUS_OK;
		}
	}
	return STATUS_NOT_FOUND;
}

struct scene *
scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->reach = (struct access_reach){scene_lookup, NULL, scene};
	return scene;
}

void
scene_clear(struct scene *scene)
{
	scene->count = 0;
}

void
scene_free(struct scene *scene)
{
	for (size_t i = 0; i < SCENE_RECORD_COUNT_MAX; i++) {
		free(scene->octets[i]);
	}
	free(scene);
}

const struct record *
scene_record(const struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->count; i++) {
		if (bytes_equal_fold(scene->records[i].name, bytes_from_string(name))) {
			return &scene->records[i];
		}
	}
	return NULL;
}

static struct record *
record_named(struct scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->count; i++) {
		if (bytes_equal_fold(scene->records[i].name, bytes_from_string(name))) {
			return &scene->records[i];
		}
	}
	assert_true(scene->count < SCENE_RECORD_COUNT_MAX && strlen(name) < SCENE_NAME_SIZE_MAX);
	memcpy(scene->names[scene->count], name, strlen(name) + 1);
	if (scene->octets[scene->count] == NULL) {
		scene->octets[scene->count] = malloc(OCTETS_SIZE);
		assert_non_null(scene->octets[scene->count]);
	}
	scene->records[scene->count] = (struct record){
		.name = bytes_from_string(scene->names[scene->count]),
		.values = {0, {scene->octets[scene->count], 0}},
	};
	return &scene->records[scene->count++];
}

void
scene_value(
	struct scene *scene, const char *name, uint32_t index, const char *type, struct bytes data)
{
	struct record *record = record_named(scene, name);
	uint8_t *octets = scene->octets[record - scene->records];
	struct wire_writer writer = wire_writer_over(
		octets + record->values.octets.size, OCTETS_SIZE - record->values.octets.size);
	struct handle_value value = {
		.index = index,
		.timestamp = 1700000000,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = bytes_from_string(type),
		.data = data,
	};

	handle_value_write(&writer, &value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	record->values.octets.size += wire_writer_size(&writer);
	record->values.count++;
}

struct access_identity
identity_of(const char *reference)
{
	struct access_identity identity = {{NULL, 0}, 0};

	if (*reference != '\0') {
		assert_int_equal(handle_reference_parse(bytes_from_string(reference),
					 &identity.index, &identity.name),
			STATUS_OK);
	}
	return identity;
}

void
scene_admin(struct scene *scene, const char *name, uint32_t index, uint16_t rights,
	const char *reference)
{
	struct access_identity identity = identity_of(reference);
	struct handle_admin admin = {
		.rights = rights, .name = identity.name, .index = identity.index};
	uint8_t octets[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

	handle_admin_write(&writer, &admin);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	scene_value(scene, name, index, "HS_ADMIN", wire_written(&writer));
}

void
scene_group(struct scene *scene, const char *name, uint32_t index, const char *references)
{
	struct wire_writer writer = wire_writer_over(scene->group, sizeof(scene->group));
	struct bytes left = bytes_from_string(references);
	struct handle_reference reference;
	uint32_t count = 0;

	wire_write_u32(&writer, 0);
	for (; left.size > 0; count++) {
		size_t size = bytes_find(left, ' ');

		assert_int_equal(handle_reference_parse(bytes_slice(left, 0, size),
					 &reference.index, &reference.name),
			STATUS_OK);
		handle_reference_write(&writer, &reference);
		left = bytes_slice(left, size + 1, left.size);
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	scene->group[2] = (uint8_t)(count >> 8);
	scene->group[3] = (uint8_t)count;
	scene_value(scene, name, index, "HS_VLIST", wire_written(&writer));
}

void
references_add(struct references *references, uint32_t index, const char *name)
{
	size_t capacity = sizeof(references->text) - references->size;
	int size = snprintf(references->text + references->size, capacity, "%s%u:%s",
		references->size == 0 ? "" : " ", index, name);

	assert_true(size > 0 && (size_t)size < capacity);
	references->size += (size_t)size;
}
