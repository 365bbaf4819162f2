/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Watchers of changes, of one worker (http_v1_changes.c). Those that were told everything wait
 * suspended, and cost nothing but their connection; when the journal grows it is read once for all
 * of them, and only those that something is told are woken.
 */
struct http_changes;

struct http_changes *http_changes_new(struct http *http); /* NULL if memory is short. */
void http_changes_stop(struct http_changes *changes); /* Ends every stream. */
void http_changes_free(struct http_changes *changes); /* After the last stream. NULL is fine. */
