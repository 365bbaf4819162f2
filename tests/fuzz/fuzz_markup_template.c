/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "markup/markup_template.h"
#include "wire/wire_writer.h"

/* The first line is an extension, the rest a namespace. Whatever they say: what is made is a record,
 * and nothing of it is the secret of the base. */
static enum status
fetch(void *context, struct bytes handle, uint32_t index, struct bytes *ret_data)
{
	(void)handle;
	*ret_data = *(const struct bytes *)context;
	return index == 1 ? STATUS_OK : STATUS_NOT_FOUND;
}

static struct handle_value_list
base_make(uint8_t *octets, size_t size)
{
	struct wire_writer writer = wire_writer_over(octets, size);
	const struct handle_value url = {
		.index = 1, .permissions = 0x0e, .type = TEXT("URL"), .data = TEXT("http://a/")};
	const struct handle_value secret = {
		.index = 2, .type = TEXT("HS_SECKEY"), .data = TEXT("5ecret-5ecret")};

	handle_value_write(&writer, &url);
	handle_value_write(&writer, &secret);
	return (struct handle_value_list){2, wire_written(&writer)};
}

static void
result_check(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;
	uint32_t before = 0;

	FUZZ_CHECK(list->octets.size <= RECORD_SIZE_MAX);
	while (handle_value_next(&walk, &value)) {
		FUZZ_CHECK(value.index > before);
		FUZZ_CHECK(!bytes_equal(value.data, TEXT("5ecret-5ecret")) || list->count == 2);
		before = value.index;
	}
	FUZZ_CHECK(wire_reader_end(&walk) == STATUS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_over(data, size);
	size_t line = bytes_find(text, '\n');
	struct bytes xml = bytes_slice(text, line + 1, size);
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	uint8_t octets[256];
	struct handle_value_list base = base_make(octets, sizeof(octets));
	struct markup_element *root;
	struct handle_value_list made;

	if (markup_read(xml, MARKUP_DEPTH_MAX, arena, &root, NULL) == STATUS_OK) {
		struct markup_template template = {.handle = TEXT("1/a@b"),
			.base = TEXT("1/a"),
			.extension = bytes_slice(text, 0, line),
			.values = &base,
			.namespaces = {root},
			.namespace_count = 1,
			.fetch = fetch,
			.context = &xml};

		if (markup_template_build(&template, arena, &made) == STATUS_OK) {
			result_check(&made);
		}
	}
	arena_free(arena);
	return 0;
}
