/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_condition.h"

#include "base/clock.h"

#include <time.h>

static struct bytes
blanks_skip(struct bytes text)
{
	while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t' || text.at[0] == ',')) {
		text = bytes_slice(text, 1, text.size);
	}
	return text;
}

/* A tag may hold commas; what is no tag ends at the next one. */
bool
http_tag_next(struct bytes *list, struct http_tag *ret_tag)
{
	for (;;) {
		struct bytes text = blanks_skip(*list);
		bool is_weak = bytes_start_with(text, TEXT("W/"));
		struct bytes tag = bytes_slice(text, is_weak ? 2 : 0, text.size);
		size_t size = bytes_start_with(tag, TEXT("\""))
			? bytes_find(bytes_slice(tag, 1, tag.size), '"') + 2
			: 0;

		if (text.size == 0) {
			return false;
		}
		if (size > 0 && size <= tag.size) {
			*ret_tag = (struct http_tag){bytes_slice(tag, 0, size), is_weak};
			*list = bytes_slice(tag, size, tag.size);
			return true;
		}
		*list = bytes_slice(text, bytes_find(text, ','), text.size);
	}
}

bool
http_tags_are_star(struct bytes list)
{
	list = blanks_skip(list);
	while (list.size > 0 && (list.at[list.size - 1] == ' ' || list.at[list.size - 1] == '\t')) {
		list.size--;
	}
	return bytes_equal(list, TEXT("*"));
}

/* Numbers and names between blanks, dashes, colons and commas, whatever the form. */
enum { DATE_WORD_COUNT = 8 };

static size_t
words_take(struct bytes text, struct bytes ret_words[DATE_WORD_COUNT])
{
	size_t count = 0;
	size_t at = 0;

	while (at < text.size) {
		size_t from = at;

		while (at < text.size && strchr(" ,-:", text.at[at]) == NULL) {
			at++;
		}
		if (at > from) {
			if (count == DATE_WORD_COUNT) {
				return 0;
			}
			ret_words[count++] = bytes_slice(text, from, at - from);
		}
		at += at < text.size;
	}
	return count;
}

/* Zeros in front are usual. */
static bool
number_take(struct bytes word, int max, int *ret_number)
{
	int number = 0;

	if (word.size == 0 || word.size > 4) {
		return false;
	}
	for (size_t i = 0; i < word.size; i++) {
		if (word.at[i] < '0' || word.at[i] > '9') {
			return false;
		}
		number = 10 * number + (word.at[i] - '0');
	}
	*ret_number = number;
	return number <= max;
}

static bool
month_take(struct bytes word, int *ret_month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12 && word.size == 3; i++) {
		if (memcmp(word.at, names + 3 * (size_t)i, 3) == 0) {
			*ret_month = i;
			return true;
		}
	}
	return false;
}

/* Two digits mean the year that is not more than 50 years ahead (RFC 9110, 5.6.7). */
static int
year_of(int year, size_t digits, int64_t now_s)
{
	time_t now = (time_t)now_s;
	struct tm parts;

	if (digits != 2 || gmtime_r(&now, &parts) == NULL) {
		return year - 1900;
	}
	year += parts.tm_year / 100 * 100;
	return year > parts.tm_year + 50 ? year - 100 : year;
}

enum status
http_date_read(struct bytes text, int64_t now_s, int64_t *ret_s)
{
	/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" and, with its words in
	 * another order, "Sun Nov  6 08:49:37 1994". */
	static const uint8_t orders[2][6] = {{1, 2, 3, 4, 5, 6}, {2, 1, 6, 3, 4, 5}};
	struct bytes words[DATE_WORD_COUNT];
	size_t count = words_take(text, words);
	const uint8_t *order = orders[count == 7];
	struct tm parts = {.tm_isdst = 0};
	int month, leap;
	time_t at;

	if ((count != 8 || !bytes_equal(words[7], TEXT("GMT"))) && count != 7) {
		return STATUS_INVALID;
	}
	if (!number_take(words[order[0]], 31, &parts.tm_mday) || parts.tm_mday == 0 ||
		!month_take(words[order[1]], &parts.tm_mon) ||
		!number_take(words[order[2]], 9999, &parts.tm_year) ||
		!number_take(words[order[3]], 23, &parts.tm_hour) ||
		!number_take(words[order[4]], 59, &parts.tm_min) ||
		!number_take(words[order[5]], 60, &parts.tm_sec)) {
		return STATUS_INVALID;
	}
	parts.tm_year = year_of(parts.tm_year, words[order[2]].size, now_s);
	leap = parts.tm_sec == 60;
	parts.tm_sec -= leap;
	month = parts.tm_mon;
	at = timegm(&parts);
	if (parts.tm_mon != month) {
		return STATUS_INVALID; /* The 31st of February. */
	}
	*ret_s = at + leap;
	return STATUS_OK;
}

/* What the head says, line by line: a list may be spread over several. */
struct judging {
	struct bytes etag;
	bool has_match, is_matched;
	bool has_none, is_none_known;
	int modified_count, unmodified_count;
	struct bytes modified, unmodified;
};

static bool
list_has(struct bytes list, struct bytes etag, bool is_strong)
{
	struct http_tag tag;

	if (http_tags_are_star(list)) {
		return true;
	}
	while (http_tag_next(&list, &tag)) {
		if (bytes_equal(tag.text, etag) && !(is_strong && tag.is_weak)) {
			return true;
		}
	}
	return false;
}

static enum MHD_Result
line_take(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct judging *judging = context;
	struct bytes header;
	struct bytes text;

	(void)kind;
	/* Most heads have none of these. */
	if ((name[0] != 'I' && name[0] != 'i') || (name[1] != 'f' && name[1] != 'F') ||
		name[2] != '-' || value == NULL) {
		return MHD_YES;
	}
	header = bytes_from_string(name);
	text = bytes_from_string(value);
	if (bytes_equal_fold(header, TEXT("If-Match"))) {
		judging->has_match = true;
		judging->is_matched |= list_has(text, judging->etag, true);
	} else if (bytes_equal_fold(header, TEXT("If-None-Match"))) {
		judging->has_none = true;
		judging->is_none_known |= list_has(text, judging->etag, false);
	} else if (bytes_equal_fold(header, TEXT("If-Modified-Since"))) {
		judging->modified_count++;
		judging->modified = text;
	} else if (bytes_equal_fold(header, TEXT("If-Unmodified-Since"))) {
		judging->unmodified_count++;
		judging->unmodified = text;
	}
	return MHD_YES;
}

/* True if there is a date, and nothing was changed after it. */
static bool
date_covers(int count, struct bytes text, int64_t changed_s, bool *ret_is_date)
{
	int64_t since_s = 0;

	*ret_is_date = count == 1 && changed_s != 0 &&
		http_date_read(text, clock_wall_ms() / 1000, &since_s) == STATUS_OK;
	return *ret_is_date && changed_s <= since_s;
}

enum http_verdict
http_condition_judge(const struct http_request *request, const char *etag, int64_t changed_s)
{
	struct judging judging = {.etag = bytes_from_string(etag)};
	bool is_date;

	MHD_get_connection_values(request->transport, MHD_HEADER_KIND, line_take, &judging);
	if (judging.has_match) {
		if (!judging.is_matched) {
			return HTTP_CONDITION_FAILED;
		}
	} else if (judging.unmodified_count > 0 &&
		!date_covers(judging.unmodified_count, judging.unmodified, changed_s, &is_date) &&
		is_date) {
		return HTTP_CONDITION_FAILED;
	}
	if (judging.has_none) {
		return judging.is_none_known ? HTTP_NOT_MODIFIED : HTTP_PROCEED;
	}
	return judging.modified_count > 0 &&
			date_covers(judging.modified_count, judging.modified, changed_s, &is_date)
		? HTTP_NOT_MODIFIED
		: HTTP_PROCEED;
}
