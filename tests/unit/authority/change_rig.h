/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "authority/authority_change.h"
#include "unit/access/asked.h"
#include "unit/ledger/ledger_scene.h"

/*
 * Changes as the front makes them: precheck on the snapshot, the identity's right, then the
 * decision within the commit of a real ledger. Prefixes 88.1 and 0.NA are homed, and Li may
 * create under 88.1 and list it.
 *
 *     values_begin(rig);
 *     url_add(rig, 1, "https://example.org");
 *     status = put(rig, OPCODE_CREATE_HANDLE, "88.1/x", 0, LI);
 *     record_text(rig, "88.1/x")        "1=https://example.org"
 */
enum { NOW = 1800000000 };

struct rig {
	struct ledger_scene *scene;
	struct ledger *ledger;
	struct authority *authority;
	struct arena *arena;
	struct access_policy policy;
	struct access_identity server_admin;
	struct authority_share share;
	struct asked asked;
	uint8_t values[4096];
	struct wire_writer writer; /* Over `values`. */
	uint32_t value_count;
	/* Of the last change. */
	struct authority_answer answer;
	struct authority_outcome outcome;
};

static const struct access_identity LI = {{(const uint8_t *)"88.1/li", 7}, 300};
static const struct access_identity WANG = {{(const uint8_t *)"88.1/wang", 9}, 300};
static const struct access_identity NOBODY = {{NULL, 0}, 0};

struct request request_of(uint32_t opcode, const char *name, uint32_t flags);
void values_begin(struct rig *rig);
void value_add(
	struct rig *rig, uint32_t index, const char *type, uint8_t permissions, struct bytes data);
void url_add(struct rig *rig, uint32_t index, const char *data);
void admin_add(struct rig *rig, uint32_t index, uint16_t rights, struct access_identity who);
/* Carries out what `rig->asked` asks, whatever the precheck said. */
enum status commit(struct rig *rig, struct access_identity who);
enum status precheck(struct rig *rig);
enum status may(struct rig *rig, struct access_identity who);
enum status put(struct rig *rig, uint32_t opcode, const char *name, uint32_t flags,
	struct access_identity who);
enum status name_only(
	struct rig *rig, uint32_t opcode, const char *name, struct access_identity who);
enum status remove_values(
	struct rig *rig, const char *name, struct bytes indexes, struct access_identity who);
const char *record_text(struct rig *rig, const char *name);
void record_begin(struct rig *rig, uint16_t rights);
void assert_said(const struct rig *rig, const char *text);
int rig_begin(void **state);
int rig_end(void **state);
