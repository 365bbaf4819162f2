/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"
#include "support/cmocka_all.h"

#include <jansson.h>
#include <string.h>

/* codes.json: examples that the standards publish, each with the clause where it is said to stand
 * (docs/codes.md tells what was checked). */
static struct code_result result;

static const char *
member(json_t *vector, const char *name)
{
	const char *text = json_string_value(json_object_get(vector, name));

	return text == NULL ? "" : text;
}

static const struct code_candidate *
find(json_t *vector)
{
	for (size_t i = 0; i < result.count; i++) {
		const struct code_candidate *candidate = &result.candidates[i];

		if (strcmp(code_system_name(candidate->system), member(vector, "system")) == 0 &&
			strcmp(candidate->kind, member(vector, "kind")) == 0) {
			return candidate;
		}
	}
	fail_msg("%s: no %s", member(vector, "code"), member(vector, "kind"));
	return NULL;
}

static bool
has_reason(const struct code_candidate *candidate, const char *id)
{
	for (size_t i = 0; i < candidate->reason_count; i++) {
		if (strcmp(code_reason_id(candidate->reasons[i].kind), id) == 0) {
			return true;
		}
	}
	return false;
}

static void
check(json_t *vector)
{
	const char *code = member(vector, "code"), *normal = member(vector, "normal");
	const char *link = member(vector, "link");
	const struct code_candidate *candidate;
	json_t *reason;
	size_t i;

	assert_int_equal(code_identify(bytes_from_string(code), &result), STATUS_OK);
	candidate = find(vector);
	if (candidate->is_valid != json_is_true(json_object_get(vector, "valid"))) {
		fail_msg("%s: %s", code, candidate->is_valid ? "valid" : "not valid");
	}
	if (!bytes_equal(candidate->normal, bytes_from_string(normal))) {
		fail_msg("%s: normal form %.*s, should be %s", code, (int)candidate->normal.size,
			(const char *)candidate->normal.at, normal);
	}
	if (link[0] != '\0' && !bytes_equal(candidate->link, bytes_from_string(link))) {
		fail_msg("%s: link %.*s, should be %s", code, (int)candidate->link.size,
			(const char *)candidate->link.at, link);
	}
	assert_string_equal(code_system_name(candidate->scheme), member(vector, "scheme"));
	json_array_foreach(json_object_get(vector, "reasons"), i, reason)
	{
		if (!has_reason(candidate, json_string_value(reason))) {
			fail_msg("%s: no reason %s", code, json_string_value(reason));
		}
	}
}

static void
examples_of_the_standards_are_what_they_say(void **state)
{
	json_error_t error;
	json_t *vectors = json_load_file(CODES_FILE, 0, &error);
	json_t *vector;
	size_t i;
	(void)state;

	assert_non_null(vectors);
	assert_true(json_array_size(vectors) >= 60);
	json_array_foreach(vectors, i, vector)
	{
		assert_string_not_equal(member(vector, "source"), "");
		check(vector);
	}
	json_decref(vectors);
}

/* A normal form in a Digital Link leads back to itself. */
static void
a_gs1_normal_form_is_found_again_from_its_link(void **state)
{
	json_t *vectors = json_load_file(CODES_FILE, 0, NULL);
	json_t *vector;
	size_t i, count = 0;
	(void)state;

	json_array_foreach(vectors, i, vector)
	{
		char link[CODE_SIZE_MAX];
		const char *normal = member(vector, "normal");
		const struct code_candidate *best;

		if (strcmp(member(vector, "scheme"), "gs1") != 0 ||
			!json_is_true(json_object_get(vector, "valid"))) {
			continue;
		}
		snprintf(link, sizeof(link), "https://example.org/%s", normal);
		assert_int_equal(code_identify(bytes_from_string(link), &result), STATUS_OK);
		best = code_best(&result);
		if (best == NULL || !bytes_equal(best->normal, bytes_from_string(normal))) {
			fail_msg("%s is not found again", link);
		}
		count++;
	}
	assert_true(count >= 25);
	json_decref(vectors);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_standards_are_what_they_say),
		cmocka_unit_test(a_gs1_normal_form_is_found_again_from_its_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
