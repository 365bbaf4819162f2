/* SPDX-License-Identifier: Apache-2.0 */
#include "program/server/site_file.h"

#include "base/arena.h"
#include "base/file.h"
#include "client/client_run.h"
#include "handle/handle_json.h"
#include "node/node.h"
#include "node/node_settings.h"
#include "program/server/server_name.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SITE_TEXT_SIZE_MAX = 1048576, SITE_MEMORY_MAX = 16 * SITE_TEXT_SIZE_MAX };

/* The octets of HS_SITE as they are, or made from JSON. */
static enum status
site_parse(struct bytes text, struct arena *arena, struct site_data *ret_site)
{
	struct wire_writer writer = wire_writer_over(ret_site->octets, SITE_DATA_SIZE_MAX);
	struct handle_site site;
	enum status status = handle_site_decode(text, &site);

	if (status != STATUS_OK) {
		struct json_reader reader = json_reader_over(text, arena);

		status = handle_site_read_json(&reader, &site, NULL);
		if (status == STATUS_OK) {
			status = json_reader_end(&reader);
		}
	}
	if (status == STATUS_OK && site.server_count == 0) {
		status = STATUS_INVALID;
	}
	if (status == STATUS_OK) {
		handle_site_write(&writer, &site);
		status = wire_writer_end(&writer);
	}
	ret_site->size = wire_writer_size(&writer);
	return status;
}

enum status
site_file_read(const char *path, struct site_data *ret_site, struct problem *problem)
{
	struct arena *arena = arena_new(SITE_DATA_SIZE_MAX, SITE_MEMORY_MAX);
	uint8_t *text = malloc(SITE_TEXT_SIZE_MAX + 1);
	size_t size = 0;
	enum status status;

	if (arena == NULL || text == NULL) {
		status = problem_set(problem, STATUS_NO_MEMORY, "cannot read %s", path);
	} else {
		status = file_read(path, SITE_TEXT_SIZE_MAX, text, &size, problem);
		if (status == STATUS_OK) {
			status = site_parse(bytes_over(text, size), arena, ret_site);
			if (status != STATUS_OK) {
				problem_set(problem, status,
					"%s: not a site record (siteinfo.json, site.json or "
					"siteinfo.bin)",
					path);
			}
		}
	}
	free(text);
	arena_free(arena);
	return status;
}

static enum status
folder_read(const char *directory, struct site_data *ret_site, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	static struct settings settings;
	enum status status = node_path(directory, "houji.yaml", path, problem);

	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_path(directory, settings.site.text, path, problem);
	}
	return status == STATUS_OK ? site_file_read(path, ret_site, problem) : status;
}

static void
site_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct site_data *site = context;
	const struct response *response = &answer->response;

	if (status == STATUS_OK && response->message.header.response_code == RESPONSE_SUCCESS &&
		response->site.size <= SITE_DATA_SIZE_MAX) {
		memcpy(site->octets, response->site.at, response->site.size);
		site->size = response->site.size;
	}
}

static enum status
server_ask(const char *server, struct site_data *ret_site, struct problem *problem)
{
	struct client_link_settings settings = {.depth = 1};
	struct request request = {
		.message.header = {.opcode = OPCODE_GET_SITE_INFO, .site_serial = UINT16_MAX},
		.name.name = TEXT("/"),
	};
	struct client_link *link;
	struct loop *loop;
	enum status status;

	if (!server_name_find(server, &settings.server.address)) {
		return problem_set(problem, STATUS_NOT_FOUND,
			"%s: no such file, folder of a node, or server (HOST:PORT)", server);
	}
	loop = loop_new(problem);
	if (loop == NULL) {
		return STATUS_SYSTEM;
	}
	ret_site->size = 0;
	link = client_link_new(loop, &settings);
	status = link == NULL ? STATUS_NO_MEMORY
			      : client_run(loop, link, &request, site_answered, ret_site);
	client_link_free(link);
	loop_free(loop);
	if (status == STATUS_OK && ret_site->size == 0) {
		status = STATUS_INVALID;
	}
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status, "%s does not tell its site record: %s", server,
			  status == STATUS_INVALID ? "it answers something else"
						   : status_text(status));
}

enum status
site_find(const char *place, struct site_data *ret_site, struct problem *problem)
{
	struct stat about;

	if (stat(place, &about) != 0) {
		return server_ask(place, ret_site, problem);
	}
	return S_ISDIR(about.st_mode) ? folder_read(place, ret_site, problem)
				      : site_file_read(place, ret_site, problem);
}
