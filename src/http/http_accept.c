/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_accept.h"

enum { WEIGHT_MAX = 1000 };

/* Takes what stands before `separator`, and the separator, off the text. */
static struct bytes
taken(struct bytes *text, uint8_t separator)
{
	size_t at = bytes_find(*text, separator);
	struct bytes front = bytes_slice(*text, 0, at);

	*text = bytes_slice(*text, at + 1, text->size);
	return bytes_trim(front);
}

/* "0.8", "1", ".5": thousandths; what is none of these is 0. */
static unsigned int
weight_read(struct bytes text)
{
	unsigned int weight = 0;
	unsigned int place = WEIGHT_MAX;
	bool is_behind_point = false;

	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '.' && !is_behind_point) {
			is_behind_point = true;
			place = WEIGHT_MAX / 10;
		} else if (text.at[i] >= '0' && text.at[i] <= '9') {
			weight += (unsigned int)(text.at[i] - '0') * place;
			place = is_behind_point ? place / 10 : 0;
		} else {
			return 0;
		}
	}
	return weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
}

/* The next range of a header and its weight. Parameters before `q` make it another type than ours:
 * then it is passed over. */
static bool
range_next(struct bytes *header, struct bytes *ret_range, unsigned int *ret_weight)
{
	while (header->size > 0) {
		struct bytes item = taken(header, ',');
		bool is_plain = true;

		*ret_range = taken(&item, ';');
		*ret_weight = WEIGHT_MAX;
		while (item.size > 0) {
			struct bytes value = taken(&item, ';');
			struct bytes name = taken(&value, '=');

			if (bytes_equal_fold(name, TEXT("q"))) {
				*ret_weight = weight_read(bytes_trim(value));
				break;
			}
			is_plain = is_plain && bytes_equal_fold(name, TEXT("charset"));
		}
		if (is_plain && ret_range->size > 0) {
			return true;
		}
	}
	return false;
}

static struct bytes
header_bytes(const char *header)
{
	return header == NULL ? (struct bytes){NULL, 0} : bytes_from_string(header);
}

/* How exactly a range holds for a type: 3 itself, 2 "text" with a star, 1 all; 0: not. */
static unsigned int
type_exactness(struct bytes range, struct bytes type)
{
	struct bytes kind = bytes_slice(type, 0, bytes_find(type, '/') + 1);

	if (bytes_equal_fold(range, type)) {
		return 3;
	}
	if (range.size == kind.size + 1 && bytes_start_with_fold(range, kind) &&
		range.at[kind.size] == '*') {
		return 2;
	}
	return bytes_equal(range, TEXT("*/*")) ? 1 : 0;
}

unsigned int
http_accept_type(const char *header, struct bytes type)
{
	struct bytes rest = header_bytes(header);
	unsigned int best = 0;
	unsigned int result = 0;
	struct bytes range;
	unsigned int weight;

	while (range_next(&rest, &range, &weight)) {
		unsigned int exactness = type_exactness(range, type);

		if (exactness > best) {
			best = exactness;
			result = weight;
		}
	}
	return header == NULL ? WEIGHT_MAX : result;
}

bool
http_accept_names(const char *header, struct bytes type)
{
	struct bytes rest = header_bytes(header);
	struct bytes range;
	unsigned int weight;

	while (range_next(&rest, &range, &weight)) {
		if (weight > 0 && bytes_equal_fold(range, type)) {
			return true;
		}
	}
	return false;
}

/* "zh" is the beginning of "zh-CN", and not of "zhx". */
static bool
tag_begins_with(struct bytes tag, struct bytes start)
{
	return bytes_start_with_fold(tag, start) &&
		(tag.size == start.size || tag.at[start.size] == '-');
}

unsigned int
http_accept_language(const char *header, struct bytes tag)
{
	struct bytes rest = header_bytes(header);
	size_t best = 0; /* 1 for a star, else the size of the range that holds. */
	unsigned int result = 0;
	unsigned int wider = 0; /* Of a range that is more exact than the tag. */
	struct bytes range;
	unsigned int weight;

	while (range_next(&rest, &range, &weight)) {
		bool is_star = bytes_equal(range, TEXT("*"));
		size_t exactness = is_star ? 1 : range.size;

		if (is_star || tag_begins_with(tag, range)) {
			if (exactness > best) {
				best = exactness;
				result = weight;
			}
		} else if (tag_begins_with(range, tag) && weight > wider) {
			wider = weight;
		}
	}
	if (header == NULL) {
		return WEIGHT_MAX;
	}
	return best > 1 || wider == 0 ? result : wider - (wider > 1);
}
