/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_template.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_name.h"
#include "markup/markup_pattern.h"

/*
 * An element whose children are being carried out. What they bind is unbound when it ends.
 */
enum frame_kind {
	FRAME_PLAIN, /* template, if, else */
	FRAME_FOREACH,
	FRAME_DEFINE,
};

struct frame {
	enum frame_kind kind;
	const struct markup_element *element;
	const struct markup_element *next; /* The child whose turn it is. */
	const struct markup_element *last_if; /* What <else> is the other case of. */
	bool is_negated;
	size_t binding_count; /* Before it. */
	size_t result_at; /* Its own results begin here: those of <def> are apart. */
	struct wire_reader walk; /* FOREACH: the values to come. */
	const struct handle_value *origin; /* Within <foreach>: the value at hand. */
};

struct binding {
	struct bytes name;
	struct bytes text;
	const struct markup_groups *groups; /* NULL: it was no match. */
};

struct building {
	const struct markup_template *template;
	struct arena *arena;
	struct markup_patterns *patterns;
	size_t step_count;
	size_t depth;
	struct frame frames[MARKUP_DEPTH_MAX + 1];
	size_t binding_count;
	struct binding bindings[MARKUP_BINDING_COUNT_MAX];
	size_t result_count;
	size_t result_capacity;
	struct handle_value *results;
	struct text_writer text; /* What was filled in, for all results. */
	uint32_t timestamp; /* The newest of the base. */
	enum status status;
};

static void
fail(struct building *building, enum status status)
{
	if (building->status == STATUS_OK) {
		building->status = status;
	}
}

/*
 * Variables
 */
static void
variable_set(struct building *building, struct bytes name, struct bytes text,
	const struct markup_groups *groups)
{
	if (building->binding_count == MARKUP_BINDING_COUNT_MAX) {
		fail(building, STATUS_TOO_LARGE);
		return;
	}
	building->bindings[building->binding_count++] = (struct binding){name, text, groups};
}

static struct bytes
binding_group(const struct building *building, struct bytes name, uint64_t group)
{
	for (size_t i = building->binding_count; i-- > 0;) {
		const struct binding *binding = &building->bindings[i];

		if (!bytes_equal(binding->name, name)) {
			continue;
		}
		if (binding->groups == NULL) {
			return group == 0 ? binding->text : (struct bytes){NULL, 0};
		}
		return group < binding->groups->count ? binding->groups->items[group]
						      : (struct bytes){NULL, 0};
	}
	return (struct bytes){NULL, 0};
}

/* "name", "name[2]", or "2" of the extension; what there is none of is empty. */
static struct bytes
variable(const struct building *building, struct bytes key)
{
	size_t bracket = bytes_find(key, '[');
	uint64_t group = 0;

	if (text_read_u64(key, UINT32_MAX, &group) == STATUS_OK) {
		return binding_group(building, TEXT("extension"), group);
	}
	if (bracket < key.size && key.at[key.size - 1] == ']' &&
		text_read_u64(bytes_slice(key, bracket + 1, key.size - bracket - 2), UINT32_MAX,
			&group) == STATUS_OK) {
		return binding_group(building, bytes_slice(key, 0, bracket), group);
	}
	return binding_group(building, key, 0);
}

static void
escaped_write(struct text_writer *writer, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!text_write_entity(writer, text.at[i])) {
			text_write_char(writer, (char)text.at[i]);
		}
	}
}

/* Size of the reference that `text` begins with: "${...}" or "$12". 0: none. */
static size_t
reference_size(struct bytes text, struct bytes *ret_key)
{
	size_t end = 1;

	if (text.size < 2 || text.at[0] != '$') {
		return 0;
	}
	if (text.at[1] == '{') {
		end = bytes_find(text, '}');
		*ret_key = bytes_slice(text, 2, end < text.size ? end - 2 : 0);
		return end < text.size ? end + 1 : 0;
	}
	while (end < text.size && text.at[end] >= '0' && text.at[end] <= '9') {
		end++;
	}
	*ret_key = bytes_slice(text, 1, end - 1);
	return end > 1 ? end : 0;
}

/* The text with its variables filled in. */
static struct bytes
fill(struct building *building, struct bytes pattern, bool is_markup)
{
	struct text_writer *writer = &building->text;
	char *start = writer->next;

	while (pattern.size > 0 && writer->status == STATUS_OK) {
		struct bytes key;
		size_t size = reference_size(pattern, &key);

		if (size > 0 && is_markup) {
			escaped_write(writer, variable(building, key));
		} else if (size > 0) {
			text_write(writer, variable(building, key));
		} else if (pattern.at[0] == '\\' && pattern.size > 1) {
			text_write_char(writer, (char)pattern.at[1]);
			size = 2;
		} else {
			text_write_char(writer, (char)pattern.at[0]);
			size = 1;
		}
		pattern = bytes_slice(pattern, size, pattern.size);
	}
	if (writer->status != STATUS_OK) {
		fail(building, STATUS_TOO_LARGE);
	}
	return bytes_over(start, (size_t)(writer->next - start));
}

/*
 * Results
 */

/* Room for one more; it grows by doubling. */
static bool
result_room(struct building *building)
{
	size_t capacity = building->result_capacity == 0 ? 64 : 2 * building->result_capacity;
	struct handle_value *results;

	if (building->result_count < building->result_capacity) {
		return true;
	}
	if (building->result_count == HANDLE_VALUE_COUNT_MAX) {
		fail(building, STATUS_TOO_LARGE);
		return false;
	}
	results = arena_alloc_array(building->arena, capacity, sizeof(results[0]));
	if (results == NULL) {
		fail(building, STATUS_NO_MEMORY);
		return false;
	}
	if (building->result_count > 0) {
		memcpy(results, building->results, building->result_count * sizeof(results[0]));
	}
	building->results = results;
	building->result_capacity = capacity;
	return true;
}

/* In the order of indexes: the wanted one, or the next that is free. */
static void
result_add(struct building *building, size_t from, struct handle_value *value)
{
	size_t at = from;

	if (!result_room(building)) {
		return;
	}
	while (at < building->result_count && building->results[at].index < value->index) {
		at++;
	}
	while (at < building->result_count && building->results[at].index == value->index) {
		value->index++;
		at++;
	}
	memmove(building->results + at + 1, building->results + at,
		(building->result_count - at) * sizeof(building->results[0]));
	building->results[at] = *value;
	building->result_count++;
	building->step_count += building->result_count / 64;
}

static void
value_carry_out(
	struct building *building, const struct frame *frame, const struct markup_element *element)
{
	const struct bytes *type = markup_find(element, "type");
	const struct bytes *data = markup_find(element, "data");
	bool is_markup = data == NULL && element->first != NULL;
	struct bytes inside = is_markup ? element->inside : element->text;
	uint64_t index = 0;
	struct handle_value value = {
		.index = 1,
		.timestamp = building->timestamp,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
	};

	if (data == NULL && inside.size > 0) {
		data = &inside;
	}
	if (frame->origin == NULL && (type == NULL || data == NULL)) {
		return;
	}
	if (frame->origin != NULL) {
		value = *frame->origin;
	}
	if (text_read_u64(markup_get(element, "index"), INT32_MAX - HANDLE_VALUE_COUNT_MAX,
		    &index) == STATUS_OK &&
		index > 0) {
		value.index = (uint32_t)index;
	}
	value.type = type == NULL ? value.type : fill(building, *type, false);
	value.data = data == NULL ? value.data : fill(building, *data, is_markup);
	result_add(building, frame->result_at, &value);
}

/*
 * Frames
 */
static struct frame *
frame_begin(struct building *building, enum frame_kind kind, const struct markup_element *element)
{
	const struct frame *outer =
		building->depth == 0 ? NULL : &building->frames[building->depth - 1];
	struct frame *frame = &building->frames[building->depth];

	/* No deeper than the XML is, which was limited when it was read. */
	building->depth++;
	*frame = (struct frame){
		.kind = kind,
		.element = element,
		.next = element->first,
		.binding_count = building->binding_count,
		.result_at = outer == NULL ? 0 : outer->result_at,
		.origin = outer == NULL ? NULL : outer->origin,
	};
	return frame;
}

static bool
value_is_secret(const struct handle_value *value)
{
	return handle_type_is(value->type, TEXT("HS_SECKEY"));
}

/* The next value of the base, or the end of the frame. */
static bool
foreach_go_on(struct building *building, struct frame *frame)
{
	struct handle_value *value = arena_alloc(building->arena, sizeof(*value));
	char *number = building->text.next;

	if (value == NULL) {
		fail(building, STATUS_NO_MEMORY);
		return false;
	}
	do {
		if (!handle_value_next(&frame->walk, value)) {
			return false;
		}
	} while (value_is_secret(value));
	building->binding_count = frame->binding_count;
	text_write_u64(&building->text, value->index);
	variable_set(building, TEXT("type"), value->type, NULL);
	variable_set(building, TEXT("data"), value->data, NULL);
	variable_set(building, TEXT("index"),
		bytes_over(number, (size_t)(building->text.next - number)), NULL);
	frame->origin = value;
	frame->last_if = NULL;
	frame->next = frame->element->first;
	return true;
}

static void
frame_end(struct building *building)
{
	struct frame *frame = &building->frames[building->depth - 1];
	struct bytes name = markup_get(frame->element, "parameter");

	if (frame->kind == FRAME_FOREACH && foreach_go_on(building, frame)) {
		return;
	}
	building->binding_count = frame->binding_count;
	building->depth--;
	if (frame->kind == FRAME_DEFINE && building->result_count > frame->result_at) {
		variable_set(building, name, building->results[frame->result_at].data, NULL);
		building->result_count = frame->result_at;
	}
}

/* What the test of `element` says of the text; OK is yes, NOT_FOUND no. */
static enum status
test_carry_out(struct building *building, const struct markup_element *element, struct bytes text,
	const struct markup_groups **ret_groups)
{
	struct bytes expression = markup_get(element, "expression");
	const struct bytes *test = markup_find(element, "test");

	*ret_groups = NULL;
	if (test != NULL && bytes_equal(*test, TEXT("matches"))) {
		return markup_match(building->patterns, element, expression, text, ret_groups);
	}
	return bytes_equal(text, expression) ? STATUS_OK : STATUS_NOT_FOUND;
}

/* <if>, or <else> with the test of the <if> before it and the other answer. */
static void
case_carry_out(struct building *building, struct frame *frame, const struct markup_element *element)
{
	const struct markup_element *test = frame->last_if;
	const struct bytes *kind = test == NULL ? NULL : markup_find(test, "value");
	const struct bytes *parameter = test == NULL ? NULL : markup_find(test, "parameter");
	struct bytes subject = kind == NULL ? TEXT("extension") : *kind;
	struct bytes name = parameter == NULL ? subject : *parameter;
	bool is_negated = frame->is_negated;
	const struct markup_groups *groups;
	struct bytes text;
	enum status status;

	if (test == NULL || markup_find(test, "expression") == NULL) {
		/* Without a test it is carried out, and its <else> is not. */
		if (!is_negated && (test == NULL || markup_find(test, "test") == NULL)) {
			frame_begin(building, FRAME_PLAIN, element);
		}
		return;
	}
	text = variable(building, subject);
	status = test_carry_out(building, test, text, &groups);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		fail(building, status);
	} else if ((status == STATUS_OK) != is_negated) {
		frame_begin(building, FRAME_PLAIN, element);
		variable_set(building, name, text, is_negated ? NULL : groups);
	}
}

static void
if_carry_out(struct building *building, struct frame *frame, const struct markup_element *element)
{
	frame->last_if = element;
	frame->is_negated = bytes_equal(markup_get(element, "negate"), TEXT("true"));
	case_carry_out(building, frame, element);
}

static void
else_carry_out(struct building *building, struct frame *frame, const struct markup_element *element)
{
	frame->is_negated = !frame->is_negated;
	case_carry_out(building, frame, element);
}

static void
element_carry_out(
	struct building *building, struct frame *frame, const struct markup_element *element)
{
	if (markup_is(element, "value")) {
		value_carry_out(building, frame, element);
	} else if (markup_is(element, "if")) {
		if_carry_out(building, frame, element);
	} else if (markup_is(element, "else")) {
		else_carry_out(building, frame, element);
	} else if (markup_is(element, "notfound")) {
		fail(building, STATUS_NOT_FOUND);
	} else if (markup_is(element, "foreach") && frame->origin == NULL) {
		frame = frame_begin(building, FRAME_FOREACH, element);
		frame->next = NULL;
		frame->walk = handle_value_list_walk(building->template->values);
	} else if (markup_is(element, "def") && markup_find(element, "parameter") != NULL) {
		frame = frame_begin(building, FRAME_DEFINE, element);
		frame->result_at = building->result_count;
	}
}

static void
template_carry_out(struct building *building, const struct markup_element *element)
{
	frame_begin(building, FRAME_PLAIN, element);
	while (building->depth > 0 && building->status == STATUS_OK) {
		struct frame *frame = &building->frames[building->depth - 1];
		const struct markup_element *child = frame->next;

		if (++building->step_count > MARKUP_STEP_COUNT_MAX) {
			fail(building, STATUS_TOO_LARGE);
		} else if (child == NULL) {
			frame_end(building);
		} else {
			frame->next = child->next;
			element_carry_out(building, frame, child);
		}
	}
	building->depth = 0;
}

/*
 * Templates
 */

/* What a <template ref> leads to in the end; NULL: nothing. */
static const struct markup_element *
template_follow(struct building *building, const struct markup_element *element)
{
	const struct markup_template *template = building->template;

	for (size_t i = 0; element != NULL && building->status == STATUS_OK; i++) {
		const struct bytes *reference = markup_find(element, "ref");
		struct markup_element *root;
		struct bytes name, data;
		uint32_t index;

		if (reference == NULL) {
			return element;
		}
		if (i == MARKUP_REFERENCE_COUNT_MAX) {
			fail(building, STATUS_TOO_LARGE);
		} else if (handle_reference_parse(*reference, &index, &name) != STATUS_OK ||
			template->fetch(template->context, name, index, &data) != STATUS_OK) {
			fail(building, STATUS_NOT_FOUND);
		} else if (markup_read(data, MARKUP_DEPTH_MAX, building->arena, &root, NULL) !=
			STATUS_OK) {
			return NULL;
		} else {
			element =
				markup_is(root, "template") ? root : markup_child(root, "template");
		}
	}
	return NULL;
}

/* All templates of the first namespace that has any. False: there is none. */
static bool
namespace_carry_out(struct building *building, const struct markup_element *root)
{
	bool has_template = false;

	for (const struct markup_element *child = root->first;
		child != NULL && building->status == STATUS_OK; child = child->next) {
		const struct markup_element *element =
			markup_is(child, "template") ? template_follow(building, child) : NULL;

		/* An empty one only says what the delimiter is. */
		if (element != NULL && element->first != NULL) {
			has_template = true;
			template_carry_out(building, element);
		}
	}
	return has_template;
}

static enum status
results_write(struct building *building, struct handle_value_list *ret_values)
{
	struct wire_writer writer;
	size_t size = 0;
	uint8_t *octets;

	for (size_t i = 0; i < building->result_count; i++) {
		const struct handle_value *value = &building->results[i];

		if (value->type.size > HANDLE_TYPE_SIZE_MAX ||
			value->data.size > HANDLE_VALUE_DATA_SIZE_MAX) {
			return STATUS_TOO_LARGE;
		}
		size += handle_value_size(value);
	}
	if (size > RECORD_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	octets = arena_alloc(building->arena, size + 1);
	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	writer = wire_writer_over(octets, size);
	for (size_t i = 0; i < building->result_count; i++) {
		handle_value_write(&writer, &building->results[i]);
	}
	*ret_values =
		(struct handle_value_list){(uint32_t)building->result_count, wire_written(&writer)};
	return wire_writer_end(&writer);
}

static uint32_t
newest_of(const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	uint32_t newest = 0;

	while (handle_value_next(&walk, &value)) {
		newest = value.timestamp > newest ? value.timestamp : newest;
	}
	return newest;
}

static struct building *
building_new(const struct markup_template *template, struct arena *arena)
{
	struct building *building = arena_alloc(arena, sizeof(*building));
	char *text = arena_alloc(arena, MARKUP_TEXT_SIZE_MAX);

	if (building == NULL || text == NULL) {
		return NULL;
	}
	building->template = template;
	building->arena = arena;
	building->patterns = markup_patterns_new(arena);
	building->text = text_writer_over(text, MARKUP_TEXT_SIZE_MAX);
	building->timestamp = newest_of(template->values);
	variable_set(building, TEXT("handle"), template->handle, NULL);
	variable_set(building, TEXT("base"), template->base, NULL);
	variable_set(building, TEXT("extension"), template->extension, NULL);
	return building->patterns == NULL ? NULL : building;
}

enum status
markup_template_build(const struct markup_template *template, struct arena *arena,
	struct handle_value_list *ret_values)
{
	struct building *building = building_new(template, arena);
	bool has_template = false;

	if (building == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0;
		i < template->namespace_count && !has_template && building->status == STATUS_OK;
		i++) {
		has_template = namespace_carry_out(building, template->namespaces[i]);
	}
	if (building->status != STATUS_OK) {
		return building->status;
	}
	if (!has_template) {
		*ret_values = *template->values;
		return STATUS_OK;
	}
	return results_write(building, ret_values);
}

bool
markup_template_split(struct bytes handle, struct bytes delimiter, struct bytes *ret_base,
	struct bytes *ret_extension)
{
	size_t at = bytes_find(handle, '/') + 1;

	if (delimiter.size == 0) {
		return false;
	}
	for (; at < handle.size; at++) {
		struct bytes rest = bytes_slice(handle, at, handle.size);

		if (bytes_start_with(rest, delimiter)) {
			*ret_base = bytes_slice(handle, 0, at);
			*ret_extension = bytes_slice(rest, delimiter.size, rest.size);
			return true;
		}
	}
	return false;
}
