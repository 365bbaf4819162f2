/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"

#include "code/code_private.h"

#include <string.h>

static const struct {
	const char *name;
	const char *type;
	const char *standard;
	void (*recognise)(struct code_result *result);
} systems[CODE_SYSTEM_COUNT] = {
#define X(NAME, name, type, standard) {#name, type, standard, code_##name##_recognise},
#include "code/codes.def"
#undef X
};

static const struct {
	const char *id;
	const char *english;
	const char *chinese;
} reason_rows[] = {
#define X(NAME, id, english, chinese) {id, english, chinese},
#include "code/code_reasons.def"
#undef X
};

static bool
candidate_is_before(const struct code_candidate *one, const struct code_candidate *other)
{
	return one->is_valid != other->is_valid ? one->is_valid
						: one->confidence > other->confidence;
}

/* Insertion: few, and those that are alike keep the order of the table. */
static void
sort_candidates(struct code_result *result)
{
	for (size_t i = 1; i < result->count; i++) {
		struct code_candidate moved = result->candidates[i];
		size_t place = i;

		while (place > 0 && candidate_is_before(&moved, &result->candidates[place - 1])) {
			result->candidates[place] = result->candidates[place - 1];
			place--;
		}
		result->candidates[place] = moved;
	}
}

enum status
code_identify(struct bytes code, struct code_result *ret_result)
{
	if (code.size == 0) {
		return STATUS_INVALID;
	}
	if (code.size > CODE_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (!bytes_are_utf8(code)) {
		return STATUS_MALFORMED;
	}
	ret_result->code = code;
	ret_result->count = 0;
	ret_result->is_full = false;
	ret_result->text = text_writer_over(ret_result->room, sizeof(ret_result->room));
	for (size_t i = 0; i < CODE_SYSTEM_COUNT; i++) {
		systems[i].recognise(ret_result);
	}
	sort_candidates(ret_result);
	return STATUS_OK;
}

const struct code_candidate *
code_best(const struct code_result *result)
{
	return result->count > 0 && result->candidates[0].is_valid ? &result->candidates[0] : NULL;
}

const char *
code_system_name(enum code_system system)
{
	return systems[system].name;
}

const char *
code_system_standard(enum code_system system)
{
	return systems[system].standard;
}

bool
code_system_find(struct bytes name, enum code_system *ret_system)
{
	for (size_t i = 0; i < CODE_SYSTEM_COUNT; i++) {
		if (bytes_equal_fold(name, bytes_from_string(systems[i].name))) {
			*ret_system = (enum code_system)i;
			return true;
		}
	}
	return false;
}

const char *
code_reason_id(enum code_reason_kind kind)
{
	return reason_rows[kind].id;
}

void
code_reason_write(struct text_writer *writer, const struct code_reason *reason, bool is_chinese)
{
	const char *text =
		is_chinese ? reason_rows[reason->kind].chinese : reason_rows[reason->kind].english;

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			text_write_char(writer, *text);
			continue;
		}
		text++;
		if (*text == 'a') {
			text_write_escaped(writer, reason->at);
		} else {
			text_write_char(writer, *text == 'f' ? reason->found : reason->expected);
		}
	}
}

struct code_candidate *
code_propose(
	struct code_result *result, enum code_system system, const char *kind, uint8_t confidence)
{
	struct code_candidate *candidate = &result->candidates[result->count];

	if (result->count == CODE_CANDIDATE_COUNT_MAX) {
		result->is_full = true;
	} else {
		result->count++;
	}
	*candidate = (struct code_candidate){
		.system = system,
		.scheme = system,
		.kind = kind,
		.type = systems[system].type,
		.is_valid = true,
		.confidence = confidence,
	};
	return candidate;
}

void
code_reason(struct code_candidate *candidate, enum code_reason_kind kind, struct bytes at)
{
	if (candidate->reason_count < CODE_REASON_COUNT_MAX) {
		candidate->reasons[candidate->reason_count++] =
			(struct code_reason){.kind = kind, .at = at};
	}
}

void
code_against(struct code_candidate *candidate, enum code_reason_kind kind, struct bytes at)
{
	code_reason(candidate, kind, at);
	/* The first one takes most of the trust; what its prefix says is still said. */
	if (candidate->is_valid) {
		candidate->confidence /= 4;
	}
	candidate->is_valid = false;
}

void
code_check(struct code_candidate *candidate, enum code_reason_kind right,
	enum code_reason_kind wrong, char found, char expected)
{
	size_t place = candidate->reason_count;

	if (found == expected) {
		code_reason(candidate, right, TEXT(""));
	} else {
		code_against(candidate, wrong, TEXT(""));
	}
	if (place < candidate->reason_count) {
		candidate->reasons[place].found = found;
		candidate->reasons[place].expected = expected;
	}
}

void
code_part(struct code_candidate *candidate, const char *name, struct bytes value)
{
	if (candidate->part_count < CODE_PART_COUNT_MAX) {
		candidate->parts[candidate->part_count++] =
			(struct code_part){bytes_from_string(name), value};
	}
}

size_t
code_text_begin(const struct code_result *result)
{
	return text_written(&result->text).size;
}

struct bytes
code_text_end(struct code_result *result, size_t begin)
{
	return bytes_slice(text_written(&result->text), begin, SIZE_MAX);
}
