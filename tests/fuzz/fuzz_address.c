/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes text = bytes_over(octets, size);
	struct address address;
	struct network network;
	uint8_t key[16];

	if (address_parse(text, 2641, &address) == STATUS_OK) {
		char buffer[ADDRESS_TEXT_SIZE_MAX];
		struct address again;

		address_format(&address, buffer);
		FUZZ_CHECK(address_parse(bytes_from_string(buffer), 0, &again) == STATUS_OK);
		FUZZ_CHECK(address_equal(&address, &again));
		FUZZ_CHECK(address.any.sa_family == again.any.sa_family);
	}
	if (network_parse(text, &network) == STATUS_OK) {
		FUZZ_CHECK(network.bits <= 128);
		FUZZ_CHECK(network_holds(&network, network.octets));
		memcpy(key, network.octets, sizeof(key));
		if (network.bits > 0) {
			unsigned last = network.bits - 1U;

			key[last / 8] = (uint8_t)(key[last / 8] ^ 0x80 >> last % 8);
			FUZZ_CHECK(!network_holds(&network, key));
		}
	}
	return 0;
}
