/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "handle/handle_admin.h"
#include "support/cmocka_all.h"

/*
 * Records in memory, for decisions about them.
 *
 *     struct scene *scene = scene_new();
 *
 *     scene_admin(scene, "0.NA/88.1", 100, HANDLE_RIGHT_ADD_HANDLE, "300:0.NA/88.1");
 *     scene_group(scene, "88.1/all", 200, "300:88.1/li 300:88.1/wang");
 *     scene->reach                          looks them up
 *
 * Records are made when they are first named, in the order of their values.
 */
enum { SCENE_RECORD_COUNT_MAX = 1024, SCENE_NAME_SIZE_MAX = 64, SCENE_GROUP_SIZE_MAX = 1 << 18 };

struct scene {
	struct access_reach reach;
	size_t count;
	struct record records[SCENE_RECORD_COUNT_MAX];
	char names[SCENE_RECORD_COUNT_MAX][SCENE_NAME_SIZE_MAX];
	uint8_t *octets[SCENE_RECORD_COUNT_MAX];
	uint8_t group[SCENE_GROUP_SIZE_MAX]; /* Room to make one. */
	size_t lookup_count; /* Look-ups since the scene was made. */
	const char *absent; /* A name for which `answer` is returned instead. */
	enum status answer;
};

struct scene *scene_new(void);
void scene_free(struct scene *scene);
void scene_clear(struct scene *scene); /* No records any more. */

/* NULL if there is none. */
const struct record *scene_record(const struct scene *scene, const char *name);

void scene_value(
	struct scene *scene, const char *name, uint32_t index, const char *type, struct bytes data);
void scene_admin(struct scene *scene, const char *name, uint32_t index, uint16_t rights,
	const char *reference);
/* References with blanks between them. */
void scene_group(struct scene *scene, const char *name, uint32_t index, const char *references);

/* "300:0.NA/88.1"; "" is nobody. The name is that of the text. */
struct access_identity identity_of(const char *reference);

/* A text of references that grows: "300:88.1/li 300:88.1/wang". */
struct references {
	size_t size;
	char text[SCENE_GROUP_SIZE_MAX];
};
void references_add(struct references *references, uint32_t index, const char *name);
