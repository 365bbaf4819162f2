/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_leave.h"

#include "http/http_url.h"
#include "http/page/http_page.h"
#include "markup/markup_url.h"

const struct http_destinations *
http_destinations_of(const struct http_request *request)
{
	const struct http_settings *settings = request->http->settings;

	return settings->has_leaving_page || settings->destinations.count == 0
		? NULL
		: &settings->destinations;
}

bool
http_leads_to(const struct http_request *request, struct bytes handle, struct bytes url)
{
	const struct http_destinations *destinations = http_destinations_of(request);

	return http_url_is_safe(url) &&
		(destinations == NULL || http_destinations_allow(destinations, handle, url));
}

bool
http_leave_take(struct http_request *request, struct bytes handle, const char *location)
{
	const struct http_settings *settings = request->http->settings;
	struct bytes url = bytes_from_string(location);

	if (!settings->has_leaving_page ||
		http_destinations_allow(&settings->destinations, handle, url)) {
		return false;
	}
	monitor_add(request->http->row, METRIC_HTTP_LEAVING_PAGES, 1);
	http_page_leave(request, handle, url, markup_url_host(url));
	return true;
}
