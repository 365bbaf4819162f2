/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/*
 * The twin of src/crypto/crypto_random.c: what crypto_random() yields is what a test put
 * there, octet for octet, so that a salt or an IV can be that of a recorded message.
 */
void random_fake_next(struct bytes run); /* Replaces what is left; keeps the pointer. */
size_t random_fake_left(void); /* crypto_random() aborts when it wants more. */
