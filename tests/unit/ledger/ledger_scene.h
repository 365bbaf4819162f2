/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "wire/wire_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the three above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory for one test, with a ledger of small segments in it. */
enum { LEDGER_SCENE_SEGMENT_SIZE = 1 << 20 };

struct ledger_scene {
	char directory[64];
};

static inline int
ledger_scene_begin(void **state)
{
	struct ledger_scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	snprintf(scene->directory, sizeof(scene->directory), "/dev/shm/ledger_test.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	*state = scene;
	return 0;
}

static inline int
ledger_scene_end(void **state)
{
	struct ledger_scene *scene = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", scene->directory);
	assert_int_equal(system(command), 0);
	free(scene);
	return 0;
}

static inline struct ledger *
ledger_scene_open(const struct ledger_scene *scene, enum ledger_open_mode mode)
{
	struct ledger *ledger = NULL;
	struct problem problem = {0};

	enum status status = mode == LEDGER_CREATE
		? ledger_create_sized(
			  scene->directory, LEDGER_SCENE_SEGMENT_SIZE, &ledger, &problem)
		: ledger_open(scene->directory, mode, &ledger, &problem);

	if (status != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return ledger;
}

static inline void
ledger_scene_close(struct ledger *ledger)
{
	struct problem problem = {0};

	if (ledger_close(ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
}

/* One value, encoded in `octets`. */
static inline struct handle_value_list
one_value(const char *data, uint8_t permissions, uint8_t octets[512])
{
	struct wire_writer writer = wire_writer_over(octets, 512);
	struct handle_value value = {
		.index = 1,
		.timestamp = 1700000000,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = permissions,
		.type = TEXT("URL"),
		.data = bytes_from_string(data),
	};

	handle_value_write(&writer, &value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return (struct handle_value_list){1, wire_written(&writer)};
}

static inline enum status
put_text(struct ledger *ledger, const char *name, const char *data)
{
	uint8_t octets[512];
	struct ledger_change change = {
		.kind = JOURNAL_PUT,
		.name = bytes_from_string(name),
		.values = one_value(data, HANDLE_PERMISSION_DEFAULT, octets),
		.actor = TEXT("300:0.NA/88.100"),
	};

	return ledger_commit(ledger, &change);
}

static inline enum status
change_text(struct ledger *ledger, enum journal_kind kind, const char *name)
{
	struct ledger_change change = {.kind = kind, .name = bytes_from_string(name)};

	return ledger_commit(ledger, &change);
}

static inline void
verify_well(struct ledger *ledger, struct ledger_report *ret_report)
{
	struct problem problem = {0};

	if (ledger_verify(ledger, NULL, NULL, ret_report, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
}
