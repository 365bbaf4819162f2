/* SPDX-License-Identifier: Apache-2.0 */
#include "docking/docking_queue.h"
#include "fuzz/fuzz.h"

/* A file of a request is taken whole, and then signed, or refused. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct docking_entry entry;
	char fingerprint[DOCKING_FINGERPRINT_SIZE + 1];

	if (docking_entry_decode(bytes_over(octets, size), &entry) != STATUS_OK) {
		return 0;
	}
	FUZZ_CHECK(entry.docking.site.size > 0);
	FUZZ_CHECK(entry.docking.contact.size <= DOCKING_CONTACT_SIZE_MAX);
	FUZZ_CHECK(docking_fingerprint(entry.docking.site, fingerprint) == STATUS_OK);
	return 0;
}
