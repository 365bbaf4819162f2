/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_country.h"

#include <errno.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

struct http_countries {
	MMDB_s database;
};

enum status
http_countries_open(
	const char *path, struct http_countries **ret_countries, struct problem *problem)
{
	struct http_countries *countries;
	int error;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return problem_set(problem, STATUS_NOT_FOUND, "there is no %s", path);
	}
	countries = calloc(1, sizeof(*countries));
	if (countries == NULL) {
		return problem_system(problem, "cannot hold %s", path);
	}
	error = MMDB_open(path, MMDB_MODE_MMAP, &countries->database);
	if (error != MMDB_SUCCESS) {
		free(countries);
		return problem_set(problem, STATUS_INVALID, "%s is no database of countries: %s",
			path, MMDB_strerror(error));
	}
	*ret_countries = countries;
	return STATUS_OK;
}

void
http_countries_close(struct http_countries *countries)
{
	if (countries != NULL) {
		MMDB_close(&countries->database);
		free(countries);
	}
}

static bool
is_mapped(const uint8_t octets[16])
{
	static const uint8_t front[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(octets, front, sizeof(front)) == 0;
}

struct bytes
http_countries_find(const struct http_countries *countries, const uint8_t octets[16])
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	const struct sockaddr *address = (const struct sockaddr *)&v6;
	const struct bytes none = {NULL, 0};
	MMDB_lookup_result_s found;
	MMDB_entry_data_s data;
	int error = MMDB_SUCCESS;

	memcpy(&v6.sin6_addr, octets, 16);
	if (is_mapped(octets)) {
		memcpy(&v4.sin_addr, octets + 12, 4);
		address = (const struct sockaddr *)&v4;
	}
	found = MMDB_lookup_sockaddr(&countries->database, address, &error);
	if (error != MMDB_SUCCESS || !found.found_entry ||
		MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) != MMDB_SUCCESS ||
		!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2) {
		return none;
	}
	return bytes_over(data.utf8_string, data.data_size);
}
