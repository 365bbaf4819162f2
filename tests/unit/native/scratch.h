/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A folder for one test, under the build folder; removed with all that is in it. */
enum { SCRATCH_PATH_SIZE_MAX = 256 };

void scratch_make(char ret_path[SCRATCH_PATH_SIZE_MAX]);
void scratch_remove(const char *path);
