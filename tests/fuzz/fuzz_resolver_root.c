/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "resolver/resolver_root.h"

#include <string.h>

/* A bootstrap file leads somewhere, or is refused with its name. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct resolver_server servers[RESOLVER_SERVER_COUNT_MAX];
	const struct resolver_selection selection = {
		.name = TEXT("0.NA/88"), .is_private_allowed = true};
	struct resolver_root *root = NULL;
	struct problem problem = {.text = ""};

	if (resolver_root_parse(bytes_over(octets, size), "FILE", &root, &problem) == STATUS_OK) {
		const struct resolver_service *service = resolver_root_service(root);

		FUZZ_CHECK(service->site_count > 0);
		FUZZ_CHECK(service->further_count == 0);
		FUZZ_CHECK(resolver_service_servers(service, &selection, servers, NULL) <=
			RESOLVER_SERVER_COUNT_MAX);
		(void)resolver_root_is_private(root);
		resolver_root_leave(root);
	} else {
		FUZZ_CHECK(root == NULL);
		FUZZ_CHECK(strncmp(problem.text, "FILE: ", 6) == 0);
	}
	return 0;
}
