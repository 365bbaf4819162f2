/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"
#include "markup/markup_namespace.h"
#include "markup/markup_template.h"

/*
 * Handles that nobody registered and a template of their prefix computes (handle-protocol, 18.4).
 * This is the way of a handle that was not found: nothing of it is on the way of one that was, and
 * nothing is kept, so that a template that was changed is seen by the next question.
 */

/* What holds for a prefix, nearest first. */
struct chain {
	size_t count;
	const struct markup_element *items[MARKUP_NAMESPACE_COUNT_MAX];
};

static bool
plain_is_of(const struct authority_plain *plain, const struct records_lookup *lookup)
{
	return plain->place == lookup->place &&
		bytes_equal(bytes_over(plain->key, plain->key_size),
			bytes_over(lookup->key, lookup->key_size));
}

static void
plain_remember(struct authority_plain *plain, const struct records_lookup *lookup)
{
	if (lookup->key_size <= AUTHORITY_PLAIN_KEY_SIZE_MAX) {
		plain->place = lookup->place;
		plain->key_size = lookup->key_size;
		memcpy(plain->key, lookup->key, lookup->key_size);
	}
}

bool
authority_namespace(
	struct authority *authority, struct bytes handle, struct handle_value *ret_value)
{
	struct records_lookup lookup __attribute__((uninitialized)); /* It has a name's room. */
	struct authority_plain *plain;
	struct record record;
	struct handle_value value;
	uint64_t first;

	if (records_lookup_begin(authority->reader, handle, &lookup) != STATUS_OK) {
		return false;
	}
	records_lookup_first(authority->reader, &lookup);
	first = lookup.place;
	plain = &authority->plain[lookup.probe.hash % AUTHORITY_PLAIN_COUNT];
	if (first == 0 || plain_is_of(plain, &lookup) ||
		records_lookup_end(authority->reader, &lookup, &record) != STATUS_OK) {
		return false;
	}
	if (!markup_namespace_find(&record.values, &value) ||
		(value.permissions & HANDLE_PUBLIC_READ) == 0) {
		if (lookup.place == first) {
			plain_remember(plain, &lookup);
		}
		return false;
	}
	*ret_value = value;
	return true;
}

/* A value without the word has no template, and is not worth reading. */
static bool
mentions_template(struct bytes xml)
{
	return xml.size > 0 && memmem(xml.at, xml.size, "template", strlen("template")) != NULL;
}

/* What is no XML says nothing: it was written elsewhere, for here it would have been refused. */
static void
chain_read(struct chain *chain, struct bytes xml, struct arena *arena)
{
	struct markup_element *root;

	if (chain->count < MARKUP_NAMESPACE_COUNT_MAX && mentions_template(xml) &&
		markup_read(xml, MARKUP_DEPTH_MAX, arena, &root, NULL) == STATUS_OK) {
		chain->items[chain->count++] = root;
	}
}

static void
chain_add(struct chain *chain, const struct markup_element *root)
{
	if (root != NULL && chain->count < MARKUP_NAMESPACE_COUNT_MAX) {
		chain->items[chain->count++] = root;
	}
}

/* The record of the prefix, those of the prefixes above it, and the configuration: behind them, or
 * in front if it is to be so. */
static void
chain_of_prefix(
	struct authority *authority, struct bytes key, struct arena *arena, struct chain *chain)
{
	const struct authority_templates *templates = &authority->templates;
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	struct bytes prefix = bytes_over(octets, handle_name_prefix_handle(key, octets));
	struct handle_value value;

	if (templates->overrides) {
		chain_add(chain, templates->namespace);
	}
	for (size_t i = 0; i < MARKUP_NAMESPACE_COUNT_MAX && prefix.size > 0;
		i++, prefix = handle_name_parent_prefix(prefix)) {
		if (authority_namespace(authority, prefix, &value)) {
			chain_read(chain, value.data, arena);
		}
	}
	if (!templates->overrides) {
		chain_add(chain, templates->namespace);
	}
}

static struct bytes
delimiter_of(const struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct bytes delimiter = markup_namespace_delimiter(chain->items[i]);

		if (delimiter.size > 0) {
			return delimiter;
		}
	}
	return (struct bytes){NULL, 0};
}

/* ref="INDEX:HANDLE": of what is stored here. */
static enum status
reference_fetch(void *context, struct bytes handle, uint32_t index, struct bytes *ret_data)
{
	struct authority *authority = context;
	struct handle_value value;
	struct wire_reader walk;
	struct record record;

	if (records_get(authority->reader, handle, &record) != STATUS_OK) {
		return STATUS_NOT_FOUND;
	}
	walk = handle_value_list_walk(&record.values);
	while (handle_value_next(&walk, &value)) {
		if (value.index == index && (value.permissions & HANDLE_PUBLIC_READ) != 0) {
			*ret_data = value.data;
			return STATUS_OK;
		}
	}
	return STATUS_NOT_FOUND;
}

/* The base may have a template of its own: it is nearer than the prefix. */
static void
template_fill(struct markup_template *template, const struct record *base,
	const struct chain *chain, struct arena *arena)
{
	struct chain all = {.count = 0};
	struct handle_value value;

	if (markup_namespace_find(&base->values, &value) &&
		(value.permissions & HANDLE_PUBLIC_READ) != 0) {
		chain_read(&all, value.data, arena);
	}
	for (size_t i = 0; i < chain->count; i++) {
		chain_add(&all, chain->items[i]);
	}
	memcpy(template->namespaces, all.items, all.count * sizeof(all.items[0]));
	template->namespace_count = all.count;
	template->values = &base->values;
}

enum status
authority_compute(struct authority *authority, struct bytes name, struct bytes key,
	struct arena *arena, struct record *ret_record)
{
	struct markup_template template = {
		.handle = name, .fetch = reference_fetch, .context = authority};
	struct chain chain = {.count = 0};
	struct record base;
	enum status status;

	chain_of_prefix(authority, key, arena, &chain);
	if (!markup_template_split(
		    name, delimiter_of(&chain), &template.base, &template.extension)) {
		return STATUS_NOT_FOUND;
	}
	status = records_get(authority->reader, template.base, &base);
	if (status != STATUS_OK) {
		return status == STATUS_CORRUPT ? status : STATUS_NOT_FOUND;
	}
	template_fill(&template, &base, &chain, arena);
	status = markup_template_build(&template, arena, &ret_record->values);
	if (status == STATUS_TOO_LARGE || status == STATUS_INVALID_VALUE) {
		return STATUS_TIMED_OUT;
	}
	if (status == STATUS_OK) {
		ret_record->sequence_place = base.sequence_place;
		ret_record->name = name;
		/* Whatever may be read is found value by value. */
		ret_record->is_all_public = false;
	}
	return status;
}
