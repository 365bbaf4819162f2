/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_pause.h"

#include "base/limits.h"
#include "crypto/crypto.h"

uint32_t
client_pause_ms(uint32_t busy_count)
{
	uint32_t whole = CLIENT_PAUSE_MIN_MS;
	uint32_t chance;

	for (uint32_t i = 1; i < busy_count && whole < CLIENT_PAUSE_MAX_MS; i++) {
		whole *= 2;
	}
	whole = whole > CLIENT_PAUSE_MAX_MS ? CLIENT_PAUSE_MAX_MS : whole;
	crypto_random(&chance, sizeof(chance));
	return whole / 2 + chance % (whole / 2 + 1);
}
