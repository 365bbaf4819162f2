/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "node/node_settings.h"

#include <string.h>

/* A settings file is taken whole or refused with a place in it; nothing half-read is left. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct settings settings;
	struct problem problem = {.text = ""};
	enum status status;

	memset(&settings, 0x5a, sizeof(settings));
	status = settings_parse(bytes_over(octets, size), "houji.yaml", &settings, &problem);
	if (status == STATUS_OK) {
		FUZZ_CHECK(settings.listen.count > 0 && settings.listen.count <= SETTINGS_LIST_MAX);
		FUZZ_CHECK(settings.exempt.count <= SETTINGS_LIST_MAX);
		FUZZ_CHECK(settings.server_admins.names_size <= SETTINGS_NAMES_SIZE_MAX);
		FUZZ_CHECK(settings.signer_threads >= 1 && settings.signer_threads <= 16);
		FUZZ_CHECK(memchr(settings.key.text, 0, sizeof(settings.key.text)) != NULL);
	} else {
		FUZZ_CHECK(strncmp(problem.text, "houji.yaml:", 11) == 0);
		FUZZ_CHECK(settings.workers == 0x5a5a5a5a);
	}
	return 0;
}
