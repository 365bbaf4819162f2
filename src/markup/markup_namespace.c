/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_namespace.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_name.h"
#include "markup/markup_pattern.h"

enum { DELIMITER_SIZE_MAX = 64, SHOWN_SIZE_MAX = 48 };

bool
markup_namespace_find(const struct handle_value_list *values, struct handle_value *ret_value)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	bool is_found = false;

	while (handle_value_next(&walk, &value)) {
		if (handle_type_is(value.type, TEXT("HS_NAMESPACE")) &&
			(!is_found || value.index < ret_value->index)) {
			*ret_value = value;
			is_found = true;
		}
	}
	return is_found;
}

struct bytes
markup_namespace_text(const struct markup_element *root, const char *name)
{
	const struct markup_element *child = markup_child(root, name);

	return child == NULL ? (struct bytes){NULL, 0} : markup_trim(child->text);
}

bool
markup_namespace_is_active(const struct markup_element *root)
{
	struct bytes status = markup_namespace_text(root, "status");

	return status.size == 0 || bytes_equal_fold(status, TEXT("active"));
}

struct bytes
markup_namespace_delimiter(const struct markup_element *root)
{
	const struct markup_element *template = markup_child(root, "template");

	return template == NULL ? (struct bytes){NULL, 0} : markup_get(template, "delimiter");
}

static enum status
refuse(struct problem *problem, const struct markup_element *element, struct bytes found,
	const char *why)
{
	char text[4 * SHOWN_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_escaped(&writer, bytes_slice(found, 0, SHOWN_SIZE_MAX));
	return problem_set(problem, STATUS_INVALID_VALUE, "line %u: \"%.*s\" %s", element->line,
		(int)text_written(&writer).size, text, problem_reason(why));
}

static enum status
check_if(const struct markup_element *element, struct arena *arena, struct problem *problem)
{
	const struct bytes *test = markup_find(element, "test");
	const struct bytes *expression = markup_find(element, "expression");
	struct problem why = {.status = STATUS_OK};
	enum status status;

	if (test != NULL && !bytes_equal(*test, TEXT("equals")) &&
		!bytes_equal(*test, TEXT("matches"))) {
		return refuse(problem, element, *test, "is no test: equals and matches are");
	}
	if (test != NULL && expression == NULL) {
		return refuse(problem, element, *test, "needs an expression");
	}
	if (test == NULL || !bytes_equal(*test, TEXT("matches"))) {
		return STATUS_OK;
	}
	status = markup_pattern_check(arena, *expression, &why);
	return status == STATUS_INVALID_VALUE
		? problem_set(problem, status, "line %u: %s", element->line, why.text)
		: status;
}

static enum status
check_template(const struct markup_element *element, struct problem *problem)
{
	const struct bytes *reference = markup_find(element, "ref");
	const struct bytes *delimiter = markup_find(element, "delimiter");
	struct bytes name;
	uint32_t index;

	if (reference != NULL && handle_reference_parse(*reference, &index, &name) != STATUS_OK) {
		return refuse(
			problem, element, *reference, "is no reference like 1:88.100/template");
	}
	if (delimiter != NULL && (delimiter->size == 0 || delimiter->size > DELIMITER_SIZE_MAX)) {
		return refuse(problem, element, *delimiter, "is no delimiter: 1 to 64 octets are");
	}
	return STATUS_OK;
}

static enum status
check_element(const struct markup_element *element, struct arena *arena, struct problem *problem)
{
	if (markup_is(element, "if")) {
		return check_if(element, arena, problem);
	}
	if (markup_is(element, "template")) {
		return check_template(element, problem);
	}
	if (markup_is(element, "def") && markup_find(element, "parameter") == NULL) {
		return refuse(problem, element, element->name, "needs a parameter");
	}
	if (markup_is(element, "value") || markup_is(element, "else") ||
		markup_is(element, "foreach") || markup_is(element, "def") ||
		markup_is(element, "notfound")) {
		return STATUS_OK;
	}
	return refuse(problem, element, element->name,
		"is no element of a template: value, if, else, foreach, def and notfound are");
}

/* The next element in the order of the text; what a value holds is its data. */
static const struct markup_element *
element_after(const struct markup_element *element, const struct markup_element *root)
{
	if (element->first != NULL && !markup_is(element, "value")) {
		return element->first;
	}
	while (element != root && element->next == NULL) {
		element = element->parent;
	}
	return element == root ? NULL : element->next;
}

enum status
markup_namespace_check(
	const struct markup_element *root, struct arena *arena, struct problem *problem)
{
	enum status status = STATUS_OK;

	if (!bytes_equal_fold(root->name, TEXT("namespace"))) {
		return problem_set(problem, STATUS_INVALID_VALUE,
			"line %u: the outermost element must be <namespace>", root->line);
	}
	for (const struct markup_element *child = root->first; child != NULL && status == STATUS_OK;
		child = child->next) {
		if (markup_is(child, "locs") &&
			(markup_trim(child->text).size == 0 ||
				markup_trim(child->text).size > HANDLE_NAME_SIZE_MAX)) {
			status = refuse(problem, child, child->text, "is no handle");
		}
		if (!markup_is(child, "template")) {
			continue;
		}
		for (const struct markup_element *element = child;
			element != NULL && status == STATUS_OK;
			element = element_after(element, child)) {
			status = check_element(element, arena, problem);
		}
	}
	return status;
}
