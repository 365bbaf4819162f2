/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A list in the making, between two of its parts (http_list.c). */
struct http_list;
void http_list_free(struct http_list *list); /* NULL is fine. */
