/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

/*
 * Object identifiers in dotted form (ITU-T X.660, not checked against the text; RFC 3061 for the
 * URN): roots 0, 1 and 2, second arcs up to 39 below the first two, no leading zeros. Bare digits
 * and dots need three arcs to be taken for one; "1.2" is rather a version. The link is the name
 * that the resolution system asks for (X.672: arcs reversed below oid-res.org).
 */
static bool
arc_is_good(struct bytes arc)
{
	return code_are_digits(arc) && arc.size <= CODE_OID_ARC_SIZE_MAX &&
		(arc.size == 1 || arc.at[0] != '0');
}

/* The first arc that is wrong; empty if none is. Counts the good ones. */
static bool
find_fault(struct bytes arcs, size_t *ret_count, struct bytes *ret_arc)
{
	bool is_high = arcs.size > 0 && arcs.at[0] == '2';
	bool is_last;
	size_t count = 0;

	do {
		size_t size = bytes_find(arcs, '.');
		struct bytes arc = bytes_slice(arcs, 0, size);

		is_last = size == arcs.size;
		arcs = bytes_slice(arcs, size + 1, SIZE_MAX);
		*ret_arc = arc;
		if (!arc_is_good(arc) || count == CODE_OID_ARC_COUNT_MAX ||
			(count == 0 && (arc.size > 1 || arc.at[0] > '2')) ||
			(count == 1 && !is_high &&
				(arc.size > 2 || (arc.size == 2 && arc.at[0] > '3')))) {
			return true;
		}
		count++;
	} while (!is_last);
	*ret_count = count;
	return false;
}

static struct bytes
resolution_name(struct code_result *result, struct bytes arcs)
{
	size_t begin = code_text_begin(result), end = arcs.size;

	for (size_t i = arcs.size; i-- > 0;) {
		if (i == 0 || arcs.at[i - 1] == '.') {
			text_write(&result->text, bytes_slice(arcs, i, end - i));
			text_write_char(&result->text, '.');
			end = i > 0 ? i - 1 : 0;
		}
	}
	text_write_string(&result->text, "oid-res.org");
	return code_text_end(result, begin);
}

void
code_oid_recognise(struct code_result *result)
{
	struct bytes arcs = result->code, fault;
	bool has_prefix = code_take_prefix(&arcs, "urn:oid:");
	struct code_candidate *candidate;
	size_t count;

	if (!has_prefix && code_span(arcs, "0123456789.") != arcs.size) {
		return;
	}
	if (find_fault(arcs, &count, &fault)) {
		if (has_prefix) {
			candidate = code_propose(result, CODE_OID, "OID", CODE_CERTAIN);
			code_reason(candidate, CODE_REASON_PREFIX, TEXT("urn:oid:"));
			code_against(candidate, CODE_REASON_ARC, fault);
		}
		return;
	}
	if (!has_prefix && count < 3) {
		return;
	}
	candidate = code_propose(result, CODE_OID, "OID", has_prefix ? CODE_CERTAIN : CODE_STRONG);
	if (has_prefix) {
		code_reason(candidate, CODE_REASON_PREFIX, TEXT("urn:oid:"));
	} else {
		code_reason(candidate, CODE_REASON_PATTERN, TEXT("root 0, 1 or 2 and dotted arcs"));
	}
	candidate->normal = arcs;
	candidate->link = resolution_name(result, arcs);
}
