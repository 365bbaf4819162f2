/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_http.h"
#include "fuzz/fuzz.h"

/* An answer of any server, whole and octet by octet: the same body and the same end. */
static size_t
read_in_steps(struct bytes octets, size_t step, enum status *ret_status)
{
	struct client_http http;
	size_t at = 0;
	size_t size = 0;
	size_t end = step < octets.size ? step : octets.size;

	client_http_begin(&http);
	for (;;) {
		struct bytes rest = bytes_slice(octets, at, end - at);
		struct bytes body;
		size_t taken;
		enum client_http_step before = http.step;

		*ret_status = client_http_take(&http, rest, &taken, &body);
		FUZZ_CHECK(taken <= rest.size && body.size <= taken);
		if (*ret_status == STATUS_OK) {
			FUZZ_CHECK(taken > 0);
			size += body.size;
			at += taken;
		} else if (*ret_status == STATUS_TRUNCATED && end < octets.size) {
			FUZZ_CHECK(http.step == before);
			end = end + step < octets.size ? end + step : octets.size;
		} else {
			return size;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes octets = bytes_over(data, size);
	enum status whole;
	enum status slowly;
	size_t body = read_in_steps(octets, size, &whole);

	FUZZ_CHECK(read_in_steps(octets, 1, &slowly) == body);
	FUZZ_CHECK(whole == slowly);
	return 0;
}
