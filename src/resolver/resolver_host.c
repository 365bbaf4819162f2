/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_host.h"

#include "base/checksum.h"
#include "base/limits.h"
#include "crypto/crypto.h"

#include <stdlib.h>

enum {
	SET_SIZE = 8,
	SET_COUNT = RESOLVER_HOST_COUNT_MAX / SET_SIZE,
	COST_UNKNOWN_US = 40000,
	PATIENCE_UNKNOWN_MS = 300,
	PATIENCE_MIN_MS = 50,
	PATIENCE_MAX_MS = 600,
};

struct resolver_hosts {
	uint64_t seed; /* Nobody outside can choose addresses that share a set. */
	struct resolver_host hosts[RESOLVER_HOST_COUNT_MAX];
};

struct resolver_hosts *
resolver_hosts_new(void)
{
	struct resolver_hosts *hosts = calloc(1, sizeof(*hosts));

	if (hosts != NULL) {
		crypto_random(&hosts->seed, sizeof(hosts->seed));
	}
	return hosts;
}

void
resolver_hosts_free(struct resolver_hosts *hosts)
{
	free(hosts);
}

static struct resolver_host *
set_of(struct resolver_hosts *hosts, const struct address *address)
{
	uint8_t octets[18];
	uint16_t port = address_port(address);

	address_octets(address, octets);
	octets[16] = (uint8_t)(port >> 8);
	octets[17] = (uint8_t)port;
	return hosts->hosts +
		checksum_over(bytes_over(octets, sizeof(octets)), hosts->seed) % SET_COUNT *
		SET_SIZE;
}

struct resolver_host *
resolver_hosts_get(struct resolver_hosts *hosts, const struct address *address, int64_t now_ms)
{
	struct resolver_host *set = set_of(hosts, address);
	struct resolver_host *oldest = NULL;

	for (size_t i = 0; i < SET_SIZE; i++) {
		struct resolver_host *host = &set[i];

		if (host->address.size > 0 && address_equal(&host->address, address)) {
			host->used_ms = now_ms;
			return host;
		}
		if (host->busy_count == 0 && (oldest == NULL || host->used_ms < oldest->used_ms)) {
			oldest = host;
		}
	}
	if (oldest != NULL) {
		*oldest = (struct resolver_host){.address = *address, .used_ms = now_ms};
	}
	return oldest;
}

void
resolver_host_answered(struct resolver_host *host, uint32_t elapsed_us)
{
	host->silence_count = 0;
	host->held_until_ms = 0;
	if (host->time_us == 0) {
		host->time_us = elapsed_us + 1;
		host->deviation_us = elapsed_us / 2;
		return;
	}
	uint32_t difference = host->time_us > elapsed_us ? host->time_us - elapsed_us
							 : elapsed_us - host->time_us;

	host->deviation_us += difference / 4 - host->deviation_us / 4;
	host->time_us += elapsed_us / 8 - host->time_us / 8 + 1;
}

void
resolver_host_silent(struct resolver_host *host, int64_t now_ms)
{
	uint32_t doublings;
	int64_t hold_ms = RESOLVER_HOLD_MIN_MS;

	host->silence_count++;
	if (host->silence_count < RESOLVER_SILENCE_COUNT_MAX) {
		return;
	}
	doublings = host->silence_count - RESOLVER_SILENCE_COUNT_MAX;
	while (doublings-- > 0 && hold_ms < RESOLVER_HOLD_MAX_MS) {
		hold_ms *= 2;
	}
	host->held_until_ms =
		now_ms + (hold_ms < RESOLVER_HOLD_MAX_MS ? hold_ms : RESOLVER_HOLD_MAX_MS);
}

bool
resolver_host_is_held(const struct resolver_host *host, int64_t now_ms)
{
	return host->held_until_ms > now_ms;
}

uint32_t
resolver_host_patience_ms(const struct resolver_host *host)
{
	uint32_t patience_ms;

	if (host->time_us == 0) {
		return PATIENCE_UNKNOWN_MS;
	}
	patience_ms = (host->time_us + 4 * host->deviation_us) / 1000;
	if (patience_ms < PATIENCE_MIN_MS) {
		return PATIENCE_MIN_MS;
	}
	return patience_ms < PATIENCE_MAX_MS ? patience_ms : PATIENCE_MAX_MS;
}

uint32_t
resolver_host_cost_us(const struct resolver_host *host)
{
	return host->time_us == 0 ? COST_UNKNOWN_US : host->time_us;
}
