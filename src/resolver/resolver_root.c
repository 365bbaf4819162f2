/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_root.h"

#include "base/file.h"
#include "base/limits.h"
#include "handle/handle_json.h"
#include "handle/handle_name.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
	ROOT_BLOCK_SIZE = 16384,
	ROOT_MEMORY_MAX = 8 << 20, /* The text itself, its records, and what reading takes. */
	SITE_SIZE_MAX = 256, /* Of a site that is made from an address. */
};

struct resolver_root {
	atomic_size_t user_count;
	struct arena *arena;
	struct resolver_service service;
	/* The records that it is made of, if it is made of such. */
	size_t record_count;
	struct bytes names[1 + RESOLVER_FURTHER_COUNT_MAX];
	struct handle_value_list records[1 + RESOLVER_FURTHER_COUNT_MAX];
};

static struct resolver_root *
root_make(struct problem *problem)
{
	struct resolver_root *root = calloc(1, sizeof(*root));

	if (root != NULL) {
		root->arena = arena_new(ROOT_BLOCK_SIZE, ROOT_MEMORY_MAX);
	}
	if (root == NULL || root->arena == NULL) {
		free(root);
		problem_system(problem, "cannot hold the root");
		return NULL;
	}
	atomic_init(&root->user_count, 1);
	return root;
}

struct resolver_root *
resolver_root_enter(struct resolver_root *root)
{
	atomic_fetch_add(&root->user_count, 1);
	return root;
}

void
resolver_root_leave(struct resolver_root *root)
{
	if (root != NULL && atomic_fetch_sub(&root->user_count, 1) == 1) {
		arena_free(root->arena);
		free(root);
	}
}

const struct resolver_service *
resolver_root_service(const struct resolver_root *root)
{
	return &root->service;
}

bool
resolver_root_is_private(const struct resolver_root *root)
{
	struct resolver_server servers[RESOLVER_SERVER_COUNT_MAX];
	const struct resolver_selection selection = {.name = TEXT("0.NA/0.NA")};
	size_t count = resolver_service_servers(&root->service, &selection, servers, NULL);

	for (size_t i = 0; i < count; i++) {
		if (resolver_address_is_private(&servers[i].address)) {
			return true;
		}
	}
	return false;
}

/* A site of one server that takes questions over UDP and TCP at the same port. */
static void
site_write(struct wire_writer *writer, const struct address *address)
{
	uint8_t octets[16] = {0};
	uint8_t faces[64];
	uint8_t servers[256];
	struct wire_writer face_writer = wire_writer_over(faces, sizeof(faces));
	struct wire_writer server_writer = wire_writer_over(servers, sizeof(servers));
	struct handle_interface face = {
		.type = HANDLE_INTERFACE_QUERY, .port = address_port(address)};
	struct handle_server server = {
		.id = 1, .address = bytes_over(octets, sizeof(octets)), .interface_count = 2};
	struct handle_site site = {.format_version = 1,
		.protocol_major = VERSION_OURS.major,
		.protocol_minor = VERSION_OURS.minor,
		.primary_mask = HANDLE_SITE_PRIMARY,
		.hash_option = HANDLE_HASH_BY_ALL,
		.server_count = 1};

	if (address->any.sa_family == AF_INET) {
		memcpy(octets + 12, &address->v4.sin_addr, 4);
	} else {
		memcpy(octets, &address->v6.sin6_addr, 16);
	}
	face.protocol = HANDLE_PROTOCOL_UDP;
	handle_interface_write(&face_writer, &face);
	face.protocol = HANDLE_PROTOCOL_TCP;
	handle_interface_write(&face_writer, &face);
	server.interfaces = wire_written(&face_writer);
	handle_server_write(&server_writer, &server);
	site.servers = wire_written(&server_writer);
	handle_site_write(writer, &site);
}

/* ::1 and its like: in a site record, 12 zeros in front mean IPv4. */
static bool
address_has_no_place(const struct address *address)
{
	static const uint8_t zeros[12] = {0};

	return address->any.sa_family == AF_INET6 &&
		memcmp(&address->v6.sin6_addr, zeros, sizeof(zeros)) == 0;
}

enum status
resolver_service_add_address(
	struct resolver_service *service, const struct address *address, struct arena *arena)
{
	uint8_t *octets = arena_alloc(arena, SITE_SIZE_MAX);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : SITE_SIZE_MAX);
	enum status status;

	site_write(&writer, address);
	status = wire_writer_end(&writer);
	return status == STATUS_OK ? resolver_service_add_site(service, wire_written(&writer), true)
				   : status;
}

struct resolver_root *
resolver_root_new(const struct address *addresses, size_t count, struct problem *problem)
{
	struct resolver_root *root = root_make(problem);

	for (size_t i = 0; root != NULL && i < count; i++) {
		if (address_has_no_place(&addresses[i]) ||
			resolver_service_add_address(&root->service, &addresses[i], root->arena) !=
				STATUS_OK) {
			char text[ADDRESS_TEXT_SIZE_MAX];

			problem_set(problem, STATUS_INVALID,
				"the root address %s cannot stand in a site record: use an IPv4 "
				"address of that machine",
				address_format(&addresses[i], text));
			resolver_root_leave(root);
			return NULL;
		}
	}
	return root;
}

/* Values alone, as an array: the other form in which a record may stand in the file. */
static enum status
values_read(struct json_reader *reader, struct arena *arena, struct handle_value_list *ret_list,
	struct problem *problem)
{
	uint8_t *octets = arena_alloc(arena, RECORD_SIZE_MAX);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : RECORD_SIZE_MAX);
	struct handle_value value;
	enum status status = STATUS_OK;

	ret_list->count = 0;
	json_read_array(reader);
	while (status == STATUS_OK && json_next_element(reader)) {
		status = ret_list->count == HANDLE_VALUE_COUNT_MAX
			? problem_set(problem, STATUS_TOO_LARGE, "a record has more than %d values",
				  HANDLE_VALUE_COUNT_MAX)
			: handle_value_read_json(reader, &value, problem);
		if (status == STATUS_OK) {
			handle_value_write(&writer, &value);
			ret_list->count++;
		}
	}
	ret_list->octets = wire_written(&writer);
	return status == STATUS_OK ? writer.status : status;
}

/* The sites of a record of the file; they are what the operator chose to trust. */
static enum status
root_take_record(
	struct resolver_root *root, struct bytes name, const struct handle_value_list *list)
{
	size_t before = root->service.site_count;
	struct bytes octets = arena_copy(root->arena, list->octets);
	struct bytes kept_name = arena_copy(root->arena, name);

	if (octets.at == NULL || kept_name.at == NULL ||
		root->record_count == 1 + RESOLVER_FURTHER_COUNT_MAX ||
		resolver_service_add(&root->service, list, RESOLVER_SERVES_HANDLES, root->arena) !=
			STATUS_OK) {
		return STATUS_NO_MEMORY;
	}
	root->names[root->record_count] = kept_name;
	root->records[root->record_count++] = (struct handle_value_list){list->count, octets};
	for (size_t i = before; i < root->service.site_count; i++) {
		root->service.sites[i].is_trusted = true;
		root->service.sites[i].is_of_root = true;
	}
	return STATUS_OK;
}

static enum status
record_read(struct json_reader *reader, struct arena *arena, struct bytes *ret_name,
	struct handle_value_list *ret_list, struct problem *problem)
{
	if (json_peek(reader) == JSON_ARRAY) {
		return values_read(reader, arena, ret_list, problem);
	}
	return handle_record_read_json(reader, ret_name, ret_list, problem);
}

enum { ROOT_RECORD_COUNT_MAX = 64 };

/* What the file says, before it is known which of it is needed. */
struct bootstrap {
	size_t count;
	struct bytes names[ROOT_RECORD_COUNT_MAX];
	struct handle_value_list lists[ROOT_RECORD_COUNT_MAX];
	bool is_record; /* The text is one record, not a collection of them. */
};

static enum status
handles_read(struct json_reader *reader, struct arena *arena, struct bootstrap *bootstrap,
	struct problem *problem)
{
	enum status status = STATUS_OK;
	struct bytes name;

	json_read_object(reader);
	while (status == STATUS_OK && json_next_member(reader, &name)) {
		if (bootstrap->count == ROOT_RECORD_COUNT_MAX) {
			return problem_set(problem, STATUS_TOO_LARGE, "has more than %d records",
				ROOT_RECORD_COUNT_MAX);
		}
		bootstrap->names[bootstrap->count] = arena_copy(arena, name);
		status = record_read(
			reader, arena, &name, &bootstrap->lists[bootstrap->count], problem);
		bootstrap->count++;
	}
	return status;
}

static enum status
bootstrap_read(struct bytes text, struct arena *arena, struct bootstrap *bootstrap,
	struct problem *problem)
{
	struct json_reader reader = json_reader_over(text, arena);
	enum status status = STATUS_OK;
	struct bytes name;

	json_read_object(&reader);
	while (status == STATUS_OK && json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("handles"))) {
			status = handles_read(&reader, arena, bootstrap, problem);
		} else {
			bootstrap->is_record =
				bootstrap->is_record || bytes_equal(name, TEXT("values"));
			json_skip(&reader);
		}
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = json_reader_end(&reader);
	if (status != STATUS_OK) {
		return problem_set(problem, status, "octet %zu: %s", json_reader_at(&reader),
			problem_reason(status == STATUS_INVALID ? "is not what should stand here"
								: status_text(status)));
	}
	if (bootstrap->is_record && bootstrap->count == 0) {
		reader = json_reader_over(text, arena);
		status = handle_record_read_json(
			&reader, &bootstrap->names[0], &bootstrap->lists[0], problem);
		bootstrap->count = status == STATUS_OK;
	}
	return status;
}

static const struct handle_value_list *
bootstrap_find(const struct bootstrap *bootstrap, struct bytes name)
{
	for (size_t i = 0; i < bootstrap->count; i++) {
		if (handle_name_equal(bootstrap->names[i], name)) {
			return &bootstrap->lists[i];
		}
	}
	return NULL;
}

/* 0.NA/0.NA, and the services that it names as far as the file has them. */
static enum status
root_take(struct resolver_root *root, const struct bootstrap *bootstrap, struct problem *problem)
{
	struct bytes root_name = TEXT("0.NA/0.NA");
	const struct handle_value_list *list = bootstrap_find(bootstrap, root_name);
	enum status status;

	if (list == NULL) {
		return problem_set(problem, STATUS_INVALID, "has no record 0.NA/0.NA");
	}
	status = root_take_record(root, root_name, list);
	for (size_t i = 0; status == STATUS_OK && i < root->service.further_count; i++) {
		list = bootstrap_find(bootstrap, root->service.further[i]);
		if (list != NULL) {
			status = root_take_record(root, root->service.further[i], list);
		}
	}
	if (status != STATUS_OK) {
		return problem_set(problem, status, "the records are too large");
	}
	if (status == STATUS_OK && root->service.site_count == 0) {
		return problem_set(
			problem, STATUS_INVALID, "0.NA/0.NA has no HS_SITE value that can be used");
	}
	root->service.further_count = 0;
	return status;
}

enum status
resolver_root_parse(struct bytes text, const char *name, struct resolver_root **ret_root,
	struct problem *problem)
{
	struct problem inner = {.text = ""};
	struct arena *arena = arena_new(ROOT_BLOCK_SIZE, ROOT_MEMORY_MAX);
	struct bootstrap *bootstrap = calloc(1, sizeof(*bootstrap));
	struct resolver_root *root = root_make(&inner);
	enum status status = STATUS_NO_MEMORY;

	if (arena != NULL && bootstrap != NULL && root != NULL) {
		status = bootstrap_read(text, arena, bootstrap, &inner);
	}
	if (status == STATUS_OK) {
		status = root_take(root, bootstrap, &inner);
	}
	free(bootstrap);
	arena_free(arena);
	if (status != STATUS_OK) {
		resolver_root_leave(root);
		return problem_set(problem, status, "%s: %.800s", name,
			inner.text[0] == '\0' ? status_text(status) : inner.text);
	}
	*ret_root = root;
	return STATUS_OK;
}

enum status
resolver_root_read(const char *path, struct resolver_root **ret_root, struct problem *problem)
{
	uint8_t *octets = malloc(JSON_TEXT_SIZE_MAX + 1);
	size_t size;
	enum status status;

	if (octets == NULL) {
		return problem_system(problem, "cannot read %s", path);
	}
	status = file_read(path, JSON_TEXT_SIZE_MAX, octets, &size, problem);
	if (status == STATUS_OK) {
		status = resolver_root_parse(bytes_over(octets, size), path, ret_root, problem);
	}
	free(octets);
	return status;
}

bool
resolver_root_can_prove(const struct resolver_root *root)
{
	bool can_prove = root->record_count > 0;

	for (size_t i = 0; can_prove && i < root->service.site_count; i++) {
		struct wire_reader walk = wire_reader_over(root->service.sites[i].site.servers);
		struct handle_server server;

		while (handle_server_next(&walk, &server)) {
			can_prove = can_prove && server.public_key.size > 0;
		}
	}
	return can_prove;
}

static bool
record_goes_back(
	const struct resolver_root *root, struct bytes name, const struct handle_value_list *values)
{
	for (size_t i = 0; i < root->record_count; i++) {
		if (handle_name_equal(root->names[i], name) &&
			resolver_sites_go_back(&root->records[i], values)) {
			return true;
		}
	}
	return false;
}

enum status
resolver_root_renew_more(const struct resolver_root *root, struct resolver_root *next,
	struct bytes name, const struct handle_value_list *values)
{
	return record_goes_back(root, name, values) ? STATUS_CONFLICT
						    : root_take_record(next, name, values);
}

enum status
resolver_root_renew(const struct resolver_root *root, const struct handle_value_list *values,
	struct resolver_root **ret_next)
{
	struct resolver_root *next = root_make(NULL);
	enum status status = STATUS_NO_MEMORY;

	if (next != NULL) {
		status = resolver_root_renew_more(root, next, TEXT("0.NA/0.NA"), values);
	}
	if (status == STATUS_OK && next->service.site_count + next->service.further_count == 0) {
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_OK) {
		*ret_next = next;
	} else {
		resolver_root_leave(next);
	}
	return status;
}
