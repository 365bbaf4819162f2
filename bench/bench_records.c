/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_names.h"

#include <stdlib.h>
#include <string.h>

/* bench_records COUNT [--scattered]: NDJSON for `houji load`, on standard output. */
int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	int is_scattered = argc > 2 && strcmp(argv[2], "--scattered") == 0;
	char text[BENCH_TEXT_SIZE];

	for (uint64_t i = 0; i < count; i++) {
		int size = bench_record(text, i, is_scattered);

		if (fwrite(text, 1, (size_t)size, stdout) != (size_t)size) {
			return 1;
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
