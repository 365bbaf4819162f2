/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * The twin of src/crypto/crypto_random.c: what crypto_random() yields is what a test put
 * there, octet for octet, so that a salt or an IV can be that of a recorded message; or,
 * when nothing was put there, what follows from a seed.
 */
void random_fake_next(struct bytes run); /* Replaces what is left; keeps the pointer. */
size_t random_fake_left(void); /* crypto_random() aborts when it wants more of this. */

/* From now on, with nothing left, numbers come from the seed instead of an abort. */
void random_fake_seed(uint64_t seed);
