/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_map.h"
#include "fuzz/fuzz.h"

#include <string.h>

/* JSON of a result of the largest size: all of its texts, escaped. */
enum { JSON_SIZE_MAX = 4 << 20 };

static bool
is_among(const struct code_result *result, struct bytes normal, enum code_system scheme)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct code_candidate *candidate = &result->candidates[i];

		if (candidate->scheme == scheme && candidate->is_valid &&
			bytes_equal(candidate->normal, normal)) {
			return true;
		}
	}
	return false;
}

/* The normal form of a GS1 key, put behind a host, has to lead back to itself. */
static void
check_link(const struct code_candidate *candidate)
{
	static struct code_result again;
	char link[CODE_SIZE_MAX];
	struct text_writer writer = text_writer_over(link, sizeof(link));

	text_write_string(&writer, "https://x/");
	text_write(&writer, candidate->normal);
	if (text_writer_end(&writer) == STATUS_OK) {
		FUZZ_CHECK(code_identify(text_written(&writer), &again) == STATUS_OK);
		FUZZ_CHECK(is_among(&again, candidate->normal, CODE_GS1));
	}
}

/* A normal form is its own: what is exported can be imported. */
static void
check_normal(const struct code_candidate *candidate)
{
	static struct code_result again;
	struct code_mapping mapping = {0};

	mapping.fields[CODE_FIELD_SCHEME] = bytes_from_string(code_system_name(candidate->scheme));
	mapping.fields[CODE_FIELD_CODE] = candidate->normal;
	if (candidate->normal.size + 32 <= CODE_SIZE_MAX) {
		FUZZ_CHECK(code_mapping_normalize(&mapping, &again) == STATUS_OK);
		FUZZ_CHECK(bytes_equal(mapping.fields[CODE_FIELD_CODE], candidate->normal));
	}
}

/* Whatever comes: candidates in order, within their limits, their texts within the room; one
 * that is valid has a normal form; and all of it is JSON. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static struct code_result result;
	static char json[JSON_SIZE_MAX];
	struct json_writer writer = json_writer_over(json, sizeof(json));
	struct bytes code = bytes_over(octets, size);
	enum status status = code_identify(code, &result);

	if (size == 0 || size > CODE_SIZE_MAX || !bytes_are_utf8(code)) {
		FUZZ_CHECK(status != STATUS_OK);
		return 0;
	}
	FUZZ_CHECK(status == STATUS_OK && result.count <= CODE_CANDIDATE_COUNT_MAX);
	FUZZ_CHECK(text_writer_end(&result.text) == STATUS_OK);
	for (size_t i = 0; i < result.count; i++) {
		const struct code_candidate *candidate = &result.candidates[i];

		FUZZ_CHECK(candidate->confidence <= 100 && candidate->kind[0] != '\0');
		FUZZ_CHECK(candidate->reason_count > 0);
		FUZZ_CHECK(i == 0 || !candidate->is_valid || result.candidates[i - 1].is_valid);
		FUZZ_CHECK(!candidate->is_valid || candidate->normal.size > 0);
		if (candidate->is_valid && candidate->scheme == CODE_GS1) {
			check_link(candidate);
		}
		if (candidate->is_valid && candidate->scheme != CODE_HANDLE) {
			check_normal(candidate);
		}
	}
	code_identify_json(&result, &writer);
	FUZZ_CHECK(json_writer_end(&writer) == STATUS_OK);
	return 0;
}
