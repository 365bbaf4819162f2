/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_names.h"

#include <stdlib.h>
#include <string.h>

/* bench_records COUNT [--scattered] [DIGIT]: NDJSON for `houji load`, on standard output. */
int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	struct bench_names names = {.prefix = BENCH_PREFIX};
	char text[BENCH_TEXT_SIZE];

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--scattered") == 0) {
			names.is_scattered = 1;
		} else {
			names.prefix = (unsigned)strtoul(argv[i], NULL, 10);
		}
	}
	for (uint64_t i = 0; i < count; i++) {
		int size = bench_record(text, i, &names);

		if (fwrite(text, 1, (size_t)size, stdout) != (size_t)size) {
			return 1;
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
