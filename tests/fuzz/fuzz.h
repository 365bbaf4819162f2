/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

/* What libFuzzer and replay_main.c call, once for each input. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

/* Something that must hold for every input; a fuzzer takes the abort for a crash. */
#define FUZZ_CHECK(claim)                                                                   \
	do {                                                                                \
		if (!(claim)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                            \
		}                                                                           \
	} while (0)

/* Takes the next octet off the input, to choose by; 0 when there is none left. */
static inline uint8_t
fuzz_take_octet(struct bytes *input)
{
	uint8_t octet = input->size > 0 ? input->at[0] : 0;

	*input = bytes_slice(*input, 1, input->size);
	return octet;
}
