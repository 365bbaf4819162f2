/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"

/*
 * Data of HS_ADMIN: which identity may do what with a record (RFC 3651, 3.2.1), and of
 * HS_VLIST: a group of identities (3.2.5).
 */
enum handle_right {
	HANDLE_RIGHT_ADD_HANDLE = 0x0001,
	HANDLE_RIGHT_DELETE_HANDLE = 0x0002,
	HANDLE_RIGHT_ADD_DERIVED_PREFIX = 0x0004,
	HANDLE_RIGHT_DELETE_DERIVED_PREFIX = 0x0008,
	HANDLE_RIGHT_MODIFY_VALUE = 0x0010,
	HANDLE_RIGHT_REMOVE_VALUE = 0x0020,
	HANDLE_RIGHT_ADD_VALUE = 0x0040,
	HANDLE_RIGHT_MODIFY_ADMIN = 0x0080,
	HANDLE_RIGHT_REMOVE_ADMIN = 0x0100,
	HANDLE_RIGHT_ADD_ADMIN = 0x0200,
	HANDLE_RIGHT_READ_VALUE = 0x0400,
	HANDLE_RIGHT_LIST_HANDLES = 0x0800,
	HANDLE_RIGHT_LIST_DERIVED_PREFIXES = 0x1000, /* DO-IRP 3.0; Handle.net drops it. */
};

struct handle_admin {
	uint16_t rights;
	struct bytes name; /* The administrator's handle. */
	uint32_t index; /* 0: any index of that handle. */
	bool has_legacy_tail; /* Two zero octets that old writers add; kept as found. */
};

/* MALFORMED for any other octets behind the index. */
enum status handle_admin_decode(struct bytes data, struct handle_admin *ret_admin) MUST_CHECK;
void handle_admin_write(struct wire_writer *writer, const struct handle_admin *admin);

/* HS_VLIST: u32 n, n x (blob handle, u32 index); trailing octets are an error. */
struct handle_vlist {
	uint32_t count;
	struct bytes references; /* Walk with handle_reference_next(). */
};

enum status handle_vlist_decode(struct bytes data, struct handle_vlist *ret_list) MUST_CHECK;
void handle_vlist_write(struct wire_writer *writer, const struct handle_vlist *list);
