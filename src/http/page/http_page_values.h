/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_value.h"

/*
 * What a page takes from the values of a record. Everything written is escaped.
 */
enum { HTTP_PAGE_NAME_SIZE_MAX = 512, HTTP_PICTURE_URL_SIZE_MAX = 2048 };

/* Sections with all values, grouped. */
void http_page_values_write(struct text_writer *writer, const struct handle_value_list *values,
	bool is_chinese, struct arena *arena);

/* What it is called, in the reader's language if it says so; false: it does not say. */
bool http_page_name_find(
	const struct handle_value_list *values, bool is_chinese, struct bytes *ret_name);
/* Its picture, on the web. */
bool http_page_picture_find(const struct handle_value_list *values, struct bytes *ret_url);
/* True if it leads somewhere. */
bool http_page_leads(const struct handle_value_list *values);
/* When the newest value was changed, in seconds since 1970. */
int64_t http_page_changed(const struct handle_value_list *values);
void http_page_time_write(struct text_writer *writer, int64_t seconds);
