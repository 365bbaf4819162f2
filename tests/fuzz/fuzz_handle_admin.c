/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "handle/handle_admin.h"
#include "handle/handle_name.h"

/* Data of HS_ADMIN and HS_VLIST, and the names in them. */
enum { ROOM = 1 << 21 };

static uint8_t written[ROOM];

static void
check_name(struct bytes name)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	uint8_t key_of_key[HANDLE_KEY_SIZE_MAX];
	size_t size = handle_name_key(name, key);
	struct bytes parent = name;

	FUZZ_CHECK((size == 0) == (name.size == 0));
	FUZZ_CHECK(handle_name_equal(name, name));
	/* A key is its own key: folding twice changes nothing. */
	if (size > 0 && size <= HANDLE_NAME_SIZE_MAX) {
		FUZZ_CHECK(handle_name_key(bytes_over(key, size), key_of_key) == size);
		FUZZ_CHECK(memcmp(key, key_of_key, size) == 0);
	}
	FUZZ_CHECK(handle_name_prefix_handle(name, key) <= HANDLE_KEY_SIZE_MAX);
	while (parent.size > 0) {
		struct bytes above = handle_name_parent_prefix(parent);

		FUZZ_CHECK(above.size < parent.size);
		parent = above;
	}
}

static void
check_group(const struct handle_vlist *list)
{
	struct wire_reader walk = wire_reader_over(list->references);
	struct handle_reference reference;
	uint32_t count = 0;

	for (; handle_reference_next(&walk, &reference); count++) {
		check_name(reference.name);
	}
	FUZZ_CHECK(count == list->count && count <= GROUP_MEMBER_COUNT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes data = bytes_over(octets, size);
	struct wire_writer writer = wire_writer_over(written, sizeof(written));
	struct handle_admin admin;
	struct handle_vlist list;
	struct bytes name;
	uint32_t index;

	if (handle_admin_decode(data, &admin) == STATUS_OK) {
		handle_admin_write(&writer, &admin);
		FUZZ_CHECK(bytes_equal(wire_written(&writer), data));
		check_name(admin.name);
	}
	if (handle_vlist_decode(data, &list) == STATUS_OK) {
		wire_writer_rewind(&writer, 0);
		handle_vlist_write(&writer, &list);
		FUZZ_CHECK(bytes_equal(wire_written(&writer), data));
		check_group(&list);
	}
	if (handle_reference_parse(data, &index, &name) == STATUS_OK) {
		check_name(name);
	}
	return 0;
}
