/* SPDX-License-Identifier: Apache-2.0 */
#include "support/free_watch.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Names that the linker makes. */
void __real_free(void *at);
void *__real_realloc(void *at, size_t size);
void __wrap_free(void *at);
void *__wrap_realloc(void *at, size_t size);

static struct bytes watched;
static atomic_size_t found_count;

void
free_watch_begin(struct bytes secret)
{
	atomic_store(&found_count, 0);
	watched = secret;
}

size_t
free_watch_end(void)
{
	watched = (struct bytes){NULL, 0};
	return atomic_load(&found_count);
}

static void
look(void *at)
{
	if (at != NULL && watched.size > 0 &&
		memmem(at, malloc_usable_size(at), watched.at, watched.size) != NULL) {
		atomic_fetch_add(&found_count, 1);
	}
}

void
__wrap_free(void *at)
{
	look(at);
	__real_free(at);
}

/* The old block may be given back, or grow where it is: that it held a secret is said either
 * way. */
void *
__wrap_realloc(void *at, size_t size)
{
	look(at);
	return __real_realloc(at, size);
}
