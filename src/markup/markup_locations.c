/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_locations.h"

#include "base/address.h"
#include "base/limits.h"
#include "markup/markup_url.h"

enum { DECIMAL_SIZE_MAX = 12, MILLION = 1000000, SHOWN_SIZE_MAX = 64 };

/* False: no number. */
static bool
decimal_read(struct bytes text, int64_t *ret_number)
{
	bool is_negative = bytes_start_with(text, TEXT("-"));
	int64_t number = 0;
	int64_t place = 0; /* 0: the point is to come. */
	size_t digits = 0;

	text = bytes_slice(text, is_negative, text.size);
	if (text.size > DECIMAL_SIZE_MAX) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '.' && place == 0) {
			place = 1;
		} else if (text.at[i] < '0' || text.at[i] > '9') {
			return false;
		} else {
			digits++;
			if (place < MILLION) {
				number = number * 10 + (text.at[i] - '0');
				place *= 10;
			}
		}
	}
	for (place = place == 0 ? 1 : place; place < MILLION; place *= 10) {
		number *= 10;
	}
	*ret_number = is_negative ? -number : number;
	return digits > 0;
}

int64_t
markup_decimal(struct bytes text, int64_t otherwise)
{
	int64_t number;

	return decimal_read(text, &number) ? number : otherwise;
}

static bool
markup_is_decimal(struct bytes text)
{
	int64_t number;

	return decimal_read(text, &number);
}

bool
markup_is_location(const struct markup_element *element)
{
	return bytes_equal_fold(element->name, TEXT("location")) ||
		bytes_equal_fold(element->name, TEXT("loc_template"));
}

static void
component_write(struct text_writer *writer, struct bytes text)
{
	text_write_percent(writer, text, "-._~");
}

static void
path_write(struct text_writer *writer, struct bytes handle)
{
	while (handle.size > 0) {
		size_t end = bytes_find(handle, '/');

		component_write(writer, bytes_slice(handle, 0, end));
		if (end < handle.size) {
			text_write_char(writer, '/');
		}
		handle = bytes_slice(handle, end + 1, handle.size);
	}
}

void
markup_fill(struct text_writer *writer, struct bytes template, struct bytes handle)
{
	while (template.size > 0) {
		size_t plain = bytes_find(template, '{');

		text_write(writer, bytes_slice(template, 0, plain));
		template = bytes_slice(template, plain, template.size);
		if (bytes_start_with(template, TEXT("{hdl}"))) {
			component_write(writer, handle);
			template = bytes_slice(template, 5, template.size);
		} else if (bytes_start_with(template, TEXT("{hdl:path}"))) {
			path_write(writer, handle);
			template = bytes_slice(template, 10, template.size);
		} else if (template.size > 0) {
			text_write_char(writer, '{');
			template = bytes_slice(template, 1, template.size);
		}
	}
}

bool
markup_word_next(struct bytes *list, struct bytes *ret_word)
{
	size_t end = 0;

	while (list->size > 0 && (list->at[0] == ',' || list->at[0] <= ' ')) {
		*list = bytes_slice(*list, 1, list->size);
	}
	while (end < list->size && list->at[end] != ',' && list->at[end] > ' ') {
		end++;
	}
	*ret_word = bytes_slice(*list, 0, end);
	*list = bytes_slice(*list, end, list->size);
	return end > 0;
}

/*
 * What is written
 */
static enum status
refuse(struct problem *problem, const struct markup_element *element, const char *name,
	struct bytes found, const char *why)
{
	char text[4 * SHOWN_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_escaped(&writer, bytes_slice(found, 0, SHOWN_SIZE_MAX));
	return problem_set(problem, STATUS_INVALID_VALUE, "line %u: %s=\"%.*s\" %s", element->line,
		name, (int)text_written(&writer).size, text, problem_reason(why));
}

static enum status
check_decimals(const struct markup_element *element, const char *const *names, size_t count,
	struct problem *problem)
{
	for (size_t i = 0; i < count; i++) {
		const struct bytes *value = markup_find(element, names[i]);

		if (value != NULL && !markup_is_decimal(*value)) {
			return refuse(problem, element, names[i], *value,
				"is no decimal number of at most twelve characters");
		}
	}
	return STATUS_OK;
}

static bool
is_redirect(struct bytes text)
{
	static const char *const codes[] = {"301", "302", "303", "307", "308"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (bytes_equal(text, bytes_from_string(codes[i]))) {
			return true;
		}
	}
	return false;
}

static enum status
check_status(const struct markup_element *element, struct problem *problem)
{
	const struct bytes *code = markup_find(element, "http_sc");

	return code == NULL || is_redirect(*code)
		? STATUS_OK
		: refuse(problem, element, "http_sc", *code,
			  "is none of 301, 302, 303, 307 and 308");
}

static enum status
check_networks(const struct markup_element *element, struct problem *problem)
{
	struct bytes list = markup_get(element, "addresses");
	struct bytes word;

	while (markup_word_next(&list, &word)) {
		struct network network;

		if (network_parse(word, &network) != STATUS_OK) {
			return refuse(problem, element, "addresses", word,
				"is no network like 192.0.2.0/24");
		}
	}
	return STATUS_OK;
}

/* With any handle in it, it must lead somewhere. */
static enum status
check_target(const struct markup_element *element, struct problem *problem)
{
	const struct bytes *href = markup_find(element, "href");
	const struct bytes *template = markup_find(element, "href_template");
	char room[HANDLE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	if (href == NULL && template == NULL) {
		return problem_set(problem, STATUS_INVALID_VALUE,
			"line %u: a location has neither href nor href_template", element->line);
	}
	if (href != NULL && !markup_url_is_safe(markup_trim(*href))) {
		return refuse(problem, element, "href", *href,
			"is no address of http, https or ftp with a plain host");
	}
	if (template != NULL) {
		markup_fill(&writer, *template, TEXT("1"));
		/* What does not fit into the room has a host at its front all the same. */
		if (!markup_url_is_safe(text_written(&writer))) {
			return refuse(problem, element, "href_template", *template,
				"makes no address of http, https or ftp with a plain host");
		}
	}
	return STATUS_OK;
}

static enum status
check_location(const struct markup_element *element, struct problem *problem)
{
	static const char *const decimals[] = {"weight", "score"};
	enum status status = check_decimals(element, decimals, 2, problem);

	status = status == STATUS_OK ? check_status(element, problem) : status;
	status = status == STATUS_OK ? check_networks(element, problem) : status;
	return status == STATUS_OK ? check_target(element, problem) : status;
}

static enum status
check_handle(const struct markup_element *element, const char *name, struct bytes handle,
	struct problem *problem)
{
	handle = markup_trim(handle);
	return handle.size == 0 || handle.size > HANDLE_NAME_SIZE_MAX
		? refuse(problem, element, name, handle, "is no handle")
		: STATUS_OK;
}

static enum status
check_includes(const struct markup_element *root, const char *name, struct problem *problem)
{
	const struct bytes *handle = markup_find(root, name);
	enum status status =
		handle == NULL ? STATUS_OK : check_handle(root, name, *handle, problem);

	for (const struct markup_element *child = root->first; child != NULL && status == STATUS_OK;
		child = child->next) {
		if (markup_is(child, name)) {
			status = check_handle(child, name, child->text, problem);
		}
	}
	return status;
}

enum status
markup_locations_check(const struct markup_element *root, struct problem *problem)
{
	static const char *const decimals[] = {"urlWeight", "urlSubtypeWeight"};
	enum status status;
	size_t count = 0;

	if (!markup_is(root, "locations")) {
		return problem_set(problem, STATUS_INVALID_VALUE,
			"line %u: the outermost element must be <locations>", root->line);
	}
	status = check_decimals(root, decimals, 2, problem);
	status = status == STATUS_OK ? check_status(root, problem) : status;
	status = status == STATUS_OK ? check_includes(root, "include", problem) : status;
	status = status == STATUS_OK ? check_includes(root, "includeNamespace", problem) : status;
	for (const struct markup_element *child = root->first; child != NULL && status == STATUS_OK;
		child = child->next) {
		if (!markup_is_location(child)) {
			continue;
		}
		if (++count > HTTP_LOCATION_COUNT_MAX) {
			return problem_set(problem, STATUS_INVALID_VALUE,
				"line %u: there are more than %d locations", child->line,
				HTTP_LOCATION_COUNT_MAX);
		}
		status = check_location(child, problem);
	}
	return status;
}
