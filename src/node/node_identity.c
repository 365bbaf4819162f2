/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_identity.h"

#include "base/file.h"
#include "handle/handle_json.h"
#include "handle/handle_key.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROTOCOL_MAJOR = 2, PROTOCOL_MINOR = 11, INTERFACE_SIZE = 6 };

static enum status
read_text(const char *path, struct arena *arena, struct bytes *ret_text, struct problem *problem)
{
	uint8_t *text = arena_alloc(arena, SITE_FILE_SIZE_MAX + 1);
	size_t size;
	enum status status = text == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "cannot read the site record %s", path)
		: file_read(path, SITE_FILE_SIZE_MAX, text, &size, problem);

	if (status == STATUS_OK) {
		*ret_text = bytes_over(text, size);
	}
	return status;
}

/* The site's octets from its JSON file, and what the service needs to know of them. */
static enum status
site_read(const char *path, struct arena *arena, struct node_identity *identity,
	struct problem *problem)
{
	struct bytes text;
	struct json_reader reader;
	struct handle_site site;
	struct wire_writer writer;
	enum status status = read_text(path, arena, &text, problem);

	if (status != STATUS_OK) {
		return status;
	}
	reader = json_reader_over(text, arena);
	status = handle_site_read_json(&reader, &site, problem);
	if (status == STATUS_OK) {
		status = json_reader_end(&reader);
	}
	if (status != STATUS_OK) {
		struct problem why = {.text = ""};

		if (problem != NULL) {
			why = *problem;
		}
		return problem_set(problem, status, "%s: not a site record, near octet %zu: %.800s",
			path, json_reader_at(&reader),
			why.text[0] != '\0' ? why.text : status_text(status));
	}
	identity->site_octets = malloc(SITE_FILE_SIZE_MAX);
	if (identity->site_octets == NULL) {
		return problem_system(problem, "cannot hold the site record");
	}
	writer = wire_writer_over(identity->site_octets, SITE_FILE_SIZE_MAX);
	handle_site_write(&writer, &site);
	identity->site = (struct service_site){
		.octets = wire_written(&writer),
		.serial = site.serial,
		.is_primary = (site.primary_mask & HANDLE_SITE_PRIMARY) != 0,
		.share = {(enum handle_hash_option)site.hash_option, site.server_count, 0},
	};
	return wire_writer_end(&writer);
}

/* Which of the site's servers has this key: that is the node's share of the handles. */
static enum status
share_find(const char *path, struct node_identity *identity, struct problem *problem)
{
	uint8_t octets[KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_site site;
	struct handle_server server;
	struct wire_reader walk;
	enum status status = handle_key_write_public(&writer, identity->key);

	if (status == STATUS_OK) {
		status = handle_site_decode(identity->site.octets, &site);
	}
	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s: the key cannot be compared", path);
	}
	walk = wire_reader_over(site.servers);
	for (uint32_t i = 0; handle_server_next(&walk, &server); i++) {
		if (bytes_equal(server.public_key, wire_written(&writer))) {
			identity->site.share.number = i;
			return STATUS_OK;
		}
	}
	return problem_set(problem, STATUS_INVALID,
		"%s: no server in it has the public half of the node's private key; put the right "
		"key file in place, or the key's public half into the site record",
		path);
}

/* A private key that others of the machine may read is not private any more. */
static enum status
key_file_check(const char *path, struct problem *problem)
{
	struct stat about;

	if (stat(path, &about) != 0) {
		return problem_system(problem, "cannot read the key %s", path);
	}
	if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return problem_set(problem, STATUS_DENIED,
			"%s: others than its owner may use this private key; make it mode 0600, "
			"and "
			"a new key if somebody may have read it",
			path);
	}
	return STATUS_OK;
}

enum status
node_key_check(const char *directory, const char *name, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_path(directory, name, path, problem);

	return status == STATUS_OK ? key_file_check(path, problem) : status;
}

static enum status
key_read(const char *path, struct crypto_key **ret_key, struct problem *problem)
{
	enum status status = key_file_check(path, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = crypto_key_read_pem(path, ret_key, problem);
	if (status == STATUS_OK && !crypto_key_is_private(*ret_key)) {
		status = problem_set(problem, STATUS_INVALID, "%s: holds no private key", path);
	}
	return status;
}

enum status
node_identity_key(const char *directory, const struct settings *settings,
	struct crypto_key **ret_key, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	struct crypto_key *key = NULL;
	enum status status = node_path(directory, settings->key.text, path, problem);

	if (status == STATUS_OK) {
		status = key_read(path, &key, problem);
	}
	if (status != STATUS_OK) {
		crypto_key_free(key);
		return status;
	}
	*ret_key = key;
	return STATUS_OK;
}

enum status
node_identity_read(const char *directory, const struct settings *settings,
	struct node_identity *ret_identity, struct problem *problem)
{
	struct node_identity identity = {.key = NULL};
	struct arena *arena = arena_new(SITE_FILE_SIZE_MAX * 2, SITE_FILE_SIZE_MAX * 16);
	char path[NODE_PATH_SIZE_MAX];
	enum status status;

	if (arena == NULL) {
		return problem_system(problem, "cannot read the node's identity");
	}
	status = node_path(directory, settings->key.text, path, problem);
	if (status == STATUS_OK) {
		status = key_read(path, &identity.key, problem);
	}
	if (status == STATUS_OK) {
		status = node_path(directory, settings->site.text, path, problem);
	}
	if (status == STATUS_OK) {
		status = site_read(path, arena, &identity, problem);
	}
	if (status == STATUS_OK) {
		status = share_find(path, &identity, problem);
	}
	arena_free(arena);
	if (status != STATUS_OK) {
		node_identity_free(&identity);
		return status;
	}
	*ret_identity = identity;
	return STATUS_OK;
}

void
node_identity_free(struct node_identity *identity)
{
	crypto_key_free(identity->key);
	free(identity->site_octets);
	*identity = (struct node_identity){.key = NULL};
}

/* Making. */
static bool
octets_are_wildcard(const uint8_t octets[16])
{
	static const uint8_t v6_any[16] = {0};
	static const uint8_t v4_any[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

	return memcmp(octets, v6_any, 16) == 0 || memcmp(octets, v4_any, 16) == 0;
}

/* IPv4 stands behind twelve zero octets in a site record, not behind ::ffff. */
static void
site_address(const struct settings *settings, const uint8_t *public_address, uint8_t ret[16])
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	address_octets(&settings->listen.items[0], ret);
	if (octets_are_wildcard(ret) && public_address != NULL) {
		memcpy(ret, public_address, 16);
	}
	if (memcmp(ret, v4_mapped, sizeof(v4_mapped)) == 0) {
		memset(ret, 0, sizeof(v4_mapped));
	}
}

static void
site_compose(struct wire_writer *writer, const struct settings *settings, const uint8_t address[16],
	struct bytes public_key)
{
	uint8_t faces_octets[SITE_INTERFACE_COUNT_MAX * INTERFACE_SIZE];
	uint8_t server_octets[KEY_SIZE_MAX + 128];
	struct wire_writer faces = wire_writer_over(faces_octets, sizeof(faces_octets));
	struct wire_writer servers = wire_writer_over(server_octets, sizeof(server_octets));
	uint32_t port = address_port(&settings->listen.items[0]);
	struct handle_interface udp = {HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_UDP, port};
	struct handle_interface tcp = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_TCP, port};
	struct handle_server server = {.id = 1,
		.address = bytes_over(address, 16),
		.public_key = public_key,
		.interface_count = 2};
	struct handle_site site = {
		.format_version = 1,
		.protocol_major = PROTOCOL_MAJOR,
		.protocol_minor = PROTOCOL_MINOR,
		.serial = 1,
		.primary_mask = HANDLE_SITE_PRIMARY,
		.hash_option = HANDLE_HASH_BY_ALL,
		.server_count = 1,
	};

	handle_interface_write(&faces, &tcp);
	handle_interface_write(&faces, &udp);
	for (uint32_t i = 0;
		i < settings->http.count && server.interface_count < SITE_INTERFACE_COUNT_MAX;
		i++) {
		struct handle_interface http = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP,
			address_port(&settings->http.items[i])};

		handle_interface_write(&faces, &http);
		server.interface_count++;
	}
	server.interfaces = wire_written(&faces);
	handle_server_write(&servers, &server);
	site.servers = wire_written(&servers);
	if (wire_writer_end(&faces) != STATUS_OK || wire_writer_end(&servers) != STATUS_OK) {
		wire_writer_fail(writer, STATUS_NO_SPACE);
	}
	handle_site_write(writer, &site);
}

static enum status
site_write_file(const char *path, struct bytes octets, struct problem *problem)
{
	char text[SITE_FILE_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct handle_site site;
	enum status status = handle_site_decode(octets, &site);

	writer.is_pretty = true;
	if (status == STATUS_OK) {
		handle_site_write_json(&writer, &site);
		status = json_writer_end(&writer);
	}
	if (status != STATUS_OK) {
		return problem_set(problem, status, "cannot compose the site record");
	}
	return file_write_new(path, 0644, json_written(&writer), problem);
}

enum status
node_identity_make(const char *directory, const struct settings *settings,
	enum crypto_key_kind kind, const uint8_t *public_address, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	uint8_t key_octets[KEY_SIZE_MAX];
	uint8_t site_octets[KEY_SIZE_MAX + 512];
	uint8_t address[16];
	struct wire_writer key_writer = wire_writer_over(key_octets, sizeof(key_octets));
	struct wire_writer writer = wire_writer_over(site_octets, sizeof(site_octets));
	struct crypto_key *key = NULL;
	enum status status = node_path(directory, "keys", path, problem);

	if (status == STATUS_OK && mkdir(path, 0700) != 0) {
		status = problem_system(problem, "cannot make %s", path);
	}
	if (status == STATUS_OK) {
		status = crypto_key_new(kind, &key);
	}
	if (status == STATUS_OK) {
		status = node_path(directory, settings->key.text, path, problem);
	}
	if (status == STATUS_OK) {
		status = crypto_key_write_pem(path, key, problem);
	}
	if (status == STATUS_OK) {
		status = handle_key_write_public(&key_writer, key);
	}
	if (status == STATUS_OK) {
		site_address(settings, public_address, address);
		site_compose(&writer, settings, address, wire_written(&key_writer));
		status = wire_writer_end(&writer);
	}
	if (status == STATUS_OK) {
		status = node_path(directory, settings->site.text, path, problem);
	}
	if (status == STATUS_OK) {
		status = site_write_file(path, wire_written(&writer), problem);
	}
	crypto_key_free(key);
	return status;
}
