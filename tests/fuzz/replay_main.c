/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "support/heap.h"

#include <dirent.h>
#include <stdio.h>

/*
 * Runs a fuzz driver without a fuzzer, over each file of a folder. The inputs and all their
 * truncations have their own allocation, so that AddressSanitizer sees a read too far.
 */
enum {
	INPUT_SIZE_MAX = 1 << 20,
	CUT_SIZE_MAX = 2048 /* Longer inputs are cut only here and there. */
};

static void
replay_one(struct bytes input)
{
	struct bytes copy = heap_copy(input);

	LLVMFuzzerTestOneInput(copy.at, copy.size);
	heap_free(copy);
}

static int
replay_file(const char *folder, const char *name)
{
	static uint8_t octets[INPUT_SIZE_MAX];
	char path[4096];
	size_t size;
	size_t step;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	/* The last line of the log is then the input that failed. */
	printf("%s\n", name);
	fflush(stdout);
	size = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	replay_one(bytes_over(octets, size));
	step = size / CUT_SIZE_MAX + 1;
	for (size_t cut = 0; cut < size; cut += step) {
		replay_one(bytes_over(octets, cut));
	}
	return 0;
}

int
main(int argument_count, char **arguments)
{
	struct dirent **entries;
	int count = argument_count == 2 ? scandir(arguments[1], &entries, NULL, alphasort) : -1;
	int replayed = 0;
	int failed = 0;

	if (count < 0) {
		fprintf(stderr, "usage: %s FOLDER-OF-INPUTS\n", arguments[0]);
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			failed += replay_file(arguments[1], entries[i]->d_name);
			replayed++;
		}
		free(entries[i]);
	}
	free(entries);
	if (replayed == 0) {
		fprintf(stderr, "%s: no inputs\n", arguments[1]);
	}
	return replayed > 0 && failed == 0 ? 0 : 1;
}
