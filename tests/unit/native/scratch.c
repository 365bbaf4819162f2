/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void
scratch_make(char ret_path[SCRATCH_PATH_SIZE_MAX])
{
	snprintf(ret_path, SCRATCH_PATH_SIZE_MAX, "scratch_XXXXXX");
	if (mkdtemp(ret_path) == NULL) {
		perror("mkdtemp");
		abort();
	}
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void
scratch_remove(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
		perror(path);
	}
}
