/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * Whether a secret is left in memory that is given back to the heap. A test that links
 * free_watch.c has every free() and realloc() of the program's code go through it (the linker's
 * --wrap); between begin and end, blocks that hold the secret when they are freed are counted.
 *
 *     free_watch_begin(TEXT("open sesame"));
 *     client_link_free(link);
 *     assert_int_equal(free_watch_end(), 0);
 *
 * One thread, or several that free nothing secret at the same time. What the program keeps in
 * its stack, and what libraries free themselves, is not seen.
 */
void free_watch_begin(struct bytes secret);
size_t free_watch_end(void);
