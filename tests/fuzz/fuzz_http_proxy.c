/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "http/http_proxy.h"

/* Any octets in front of a connection, and as what headers of servers in between say. Nothing is
 * read beyond what was wanted, and what is wanted comes to an end. */
static void
check_front(struct bytes octets)
{
	struct http_proxy proxy;
	size_t size = 0;
	enum status status;

	while ((status = http_proxy_read(bytes_slice(octets, 0, size), &proxy)) ==
		STATUS_TRUNCATED) {
		FUZZ_CHECK(proxy.wanted > 0);
		FUZZ_CHECK(size + proxy.wanted <= HTTP_PROXY_SIZE_MAX);
		if (proxy.wanted > octets.size - size) {
			return;
		}
		size += proxy.wanted;
	}
	if (status == STATUS_OK && proxy.has_address) {
		FUZZ_CHECK(proxy.address.any.sa_family == AF_INET ||
			proxy.address.any.sa_family == AF_INET6);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes octets = bytes_over(data, size);
	struct network network = {.octets = {[10] = 0xff, [11] = 0xff, [12] = 10}, .bits = 104};
	struct http_networks trusted = {&network, 1};

	check_front(octets);
	for (int is_list = 0; is_list < 2; is_list++) {
		struct http_forwarded found;

		http_forwarded_read(octets, is_list == 1, &trusted, &found);
		FUZZ_CHECK(!found.has_address || found.address.size > 0);
	}
	return 0;
}
