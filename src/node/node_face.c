/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_face.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "http/redirect/http_country.h"
#include "markup/markup_namespace.h"
#include "node/node_certificate.h"
#include "node/node_theme.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* As many connections as descriptors allow, less those kept for the rest of the node. */
static uint32_t
connections_possible(uint32_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
		return wanted;
	}
	if (limit.rlim_cur <= 2 * FD_RESERVE_COUNT) {
		return 1;
	}
	return limit.rlim_cur - FD_RESERVE_COUNT < wanted
		? (uint32_t)(limit.rlim_cur - FD_RESERVE_COUNT)
		: wanted;
}

static void
native_settings_from(
	const struct settings *settings, size_t worker_count, struct native_settings *ret_native)
{
	struct native_settings native = native_settings_default();
	uint32_t workers = (uint32_t)worker_count;
	uint32_t connections = connections_possible(settings->tcp_connections);

	native.udp_byte_rate = settings->udp_byte_rate / workers;
	native.udp_byte_burst = settings->udp_byte_burst / workers;
	native.udp_fragment_count_max = settings->udp_fragments;
	native.udp_answer_rate = (settings->udp_answer_rate + workers - 1) / workers;
	native.udp_answer_slip = settings->udp_answer_slip;
	native.connection_count_max = (connections + workers - 1) / workers;
	native.connection_per_source_max = settings->tcp_connections_per_source;
	native.request_deadline_ms = settings->tcp_request_deadline_ms;
	native.idle_ms = settings->tcp_idle_ms;
	native.write_stall_ms = settings->tcp_write_stall_ms;
	native.exempt_count = settings->exempt.count;
	memcpy(native.exempt, settings->exempt.items,
		settings->exempt.count * sizeof(settings->exempt.items[0]));
	*ret_native = native;
}

static void
impairment_from(const struct settings *settings, struct loop_impairment *ret_impairment)
{
	ret_impairment->delay_ms = settings->rehearsal_delay_ms;
	for (uint32_t i = 0; i < settings->rehearsal_cut.count && i < LOOP_CUT_COUNT_MAX; i++) {
		ret_impairment->cut[ret_impairment->cut_count++] = settings->rehearsal_cut.items[i];
	}
}

static void
destinations_from(
	const struct settings_destinations *settings, struct http_destinations *ret_destinations)
{
	struct bytes rest = bytes_over(settings->text, settings->size);

	while (rest.size > 0 && ret_destinations->count < HTTP_DESTINATION_COUNT_MAX) {
		struct bytes line = bytes_slice(rest, 0, bytes_find(rest, '\n'));

		ret_destinations->items[ret_destinations->count++] = http_destination_over(line);
		rest = bytes_slice(rest, line.size + 1, SIZE_MAX);
	}
}

static void
http_settings_from(struct node_face *face, size_t worker_count)
{
	const struct settings *settings = &face->settings;
	struct http_settings http = http_settings_default();
	uint32_t workers = (uint32_t)worker_count;
	uint32_t connections = connections_possible(settings->web_connections);

	http.connection_count_max = (connections + workers - 1) / workers;
	http.connection_per_source_max = settings->web_connections_per_source;
	http.has_public_changes = settings->web_public_changes;
	http.exempt_count = settings->exempt.count;
	memcpy(http.exempt, settings->exempt.items,
		settings->exempt.count * sizeof(settings->exempt.items[0]));
	http.proxy_count = settings->web_proxies.count;
	memcpy(http.proxies, settings->web_proxies.items,
		settings->web_proxies.count * sizeof(settings->web_proxies.items[0]));
	http.takes_proxy_protocol = settings->web_proxy_protocol;
	http.handshake_rate = settings->web_handshakes;
	http.handshake_rate_per_source = settings->web_handshakes_per_source;
	http.copies_quirks = settings->compat_http;
	http.hsts_s = settings->web_hsts_s;
	if (face->certificate != NULL) {
		http.certificate_pem = face->certificate->certificate;
		http.key_pem = face->certificate->key;
	}
	http.base_url = bytes_from_string(settings->web_base_url.text);
	http.codes_prefix = bytes_from_string(settings->codes_prefix.text);
	destinations_from(&settings->web_destinations, &http.destinations);
	http.has_leaving_page = settings->web_leaving_page;
	http.countries = face->countries;
	http.themes = face->themes;
	face->http = http;
}

static void
face_destroy(struct service_face *service)
{
	struct node_face *face =
		(struct node_face *)((char *)service - offsetof(struct node_face, service));

	signer_free(face->service.signer);
	replication_identity_unref(face->service.stream_identity);
	node_identity_free(&face->identity);
	node_certificate_free(face->certificate);
	node_recursion_free(&face->recursion);
	http_countries_close(face->countries);
	http_themes_free(face->themes);
	arena_free(face->arena);
	free(face);
}

static struct access_list
list_from(const struct settings_identities *settings, struct access_identity *items)
{
	for (uint32_t i = 0; i < settings->count; i++) {
		items[i] = (struct access_identity){
			settings_identity_name(settings, i), settings->items[i].index};
	}
	return (struct access_list){items, settings->count};
}

/* The lists point into the face's own settings. */
static void
policy_from(struct node_face *face)
{
	const struct settings *settings = &face->settings;

	face->service.policy = (struct access_policy){
		.server_admins = list_from(&settings->server_admins, face->admins[0]),
		.home_only_admins = list_from(&settings->home_only_admins, face->admins[1]),
		.replication_admins = list_from(&settings->replication_admins, face->admins[2]),
		.backup_admins = list_from(&settings->backup_admins, face->admins[3]),
		.status_admins = list_from(&settings->status_admins, face->admins[4]),
		.has_full_access = settings->server_admin_full_access,
		.prefix_admins_may_create = settings->prefix_admins_may_create,
		.keeps_last_admin = settings->keep_last_admin,
		.lists_handles = settings->list_handles,
		.requires_sessions = settings->require_sessions,
		.allows_sha1 = settings->compat_sha1,
		.allows_old_ciphers = settings->compat_old_ciphers,
	};
	face->service.has_status_handle = settings->status_handle;
	face->service.query_log_one_in = settings->query_log_one_in;
	face->service.recursion = face->recursion.is_on ? &face->recursion.resolver : NULL;
	face->service.recursion_policy = &face->recursion.policy;
}

/* "serverNumber:index:siteHandle". */
static struct bytes
stream_name(const struct node_face *face, char *text, size_t capacity)
{
	struct text_writer writer = text_writer_over(text, capacity);
	const struct settings_identities *site = face->settings.replication_site.count > 0
		? &face->settings.replication_site
		: &face->settings.server_admins;

	if (site->count == 0) {
		return (struct bytes){NULL, 0};
	}
	text_write_u64(&writer, face->identity.site.share.number);
	text_write_char(&writer, ':');
	text_write_u64(&writer, site->items[0].index);
	text_write_char(&writer, ':');
	text_write(&writer, settings_identity_name(site, 0));
	return text_written(&writer);
}

static enum status
face_make_stream_identity(struct node_face *face, struct problem *problem)
{
	char name[REPLICATION_NAME_SIZE_MAX];

	face->service.stream_identity = replication_identity_new(face->identity.key,
		stream_name(face, name, sizeof(name)), face->settings.signer_sha1);
	return face->service.stream_identity == NULL
		? problem_system(problem, "cannot prepare the key for mirrors")
		: STATUS_OK;
}

static enum status
face_make_service(
	struct node_face *face, const struct node_face_parts *parts, struct problem *problem)
{
	enum status status = face_make_stream_identity(face, problem);

	if (status != STATUS_OK) {
		return status;
	}
	policy_from(face);
	face->service.site = face->identity.site;
	face->service.is_sha1_allowed = face->settings.signer_sha1;
	face->service.signer = signer_new(face->identity.key, parts->pool);
	if (face->service.signer == NULL) {
		return problem_system(problem, "cannot make a signer");
	}
	face->identity.key = NULL;
	return STATUS_OK;
}

/* What only web clients need. */
static enum status
face_make_web(struct node_face *face, const char *directory, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	enum status status = node_certificate_read(
		directory, &face->settings, face->identity.key, &face->certificate, problem);

	if (status == STATUS_OK) {
		status = node_theme_read(directory, &face->themes, problem);
	}
	if (status == STATUS_OK) {
		status = node_path(directory, face->settings.web_countries.text, path, problem);
	}
	if (status == STATUS_OK) {
		status = http_countries_open(path, &face->countries, problem);
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	return status;
}

static enum status
namespace_parse(struct node_face *face, const char *path, struct bytes xml, struct problem *problem)
{
	struct problem why = {.status = STATUS_OK};
	struct markup_element *root;
	enum status status = markup_read(xml, MARKUP_DEPTH_MAX, face->arena, &root, &why);

	if (status == STATUS_OK) {
		status = markup_namespace_check(root, face->arena, &why);
	}
	if (status != STATUS_OK) {
		return problem_set(problem, STATUS_INVALID, "%s, %s", path, why.text);
	}
	face->service.templates = (struct authority_templates){
		.namespace = root, .overrides = face->settings.templates_override};
	return STATUS_OK;
}

/* The file need not be there. */
static enum status
face_read_namespace(struct node_face *face, const char *directory, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	uint8_t *octets;
	size_t size = 0;
	enum status status =
		node_path(directory, face->settings.templates_namespace.text, path, problem);

	if (status != STATUS_OK || (access(path, F_OK) != 0 && errno == ENOENT)) {
		return status;
	}
	face->arena = arena_new(MARKUP_SIZE_MAX, 4 * REQUEST_MEMORY_MAX);
	octets = face->arena == NULL ? NULL : arena_alloc(face->arena, MARKUP_SIZE_MAX + 1);
	if (octets == NULL) {
		return problem_system(problem, "cannot hold %s", path);
	}
	status = file_read(path, MARKUP_SIZE_MAX, octets, &size, problem);
	return status == STATUS_OK ? namespace_parse(face, path, bytes_over(octets, size), problem)
				   : status;
}

enum status
node_face_read(
	const struct node_face_parts *parts, struct node_face **ret_face, struct problem *problem)
{
	struct node_face *face = calloc(1, sizeof(*face));
	char path[NODE_PATH_SIZE_MAX];
	enum status status;

	if (face == NULL) {
		return problem_system(problem, "cannot hold the settings");
	}
	face->service.unused = face_destroy;
	service_face_enter(&face->service);
	status = node_path(parts->directory, "houji.yaml", path, problem);
	if (status == STATUS_OK) {
		status = settings_read(path, &face->settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_identity_read(
			parts->directory, &face->settings, &face->identity, problem);
	}
	if (status == STATUS_OK) {
		status = node_recursion_read(parts->directory, &face->settings, parts->worker_count,
			&face->recursion, problem);
	}
	if (status == STATUS_OK) {
		status = face_read_namespace(face, parts->directory, problem);
	}
	if (status == STATUS_OK && settings_serve_web(&face->settings)) {
		status = face_make_web(face, parts->directory, problem);
	}
	if (status == STATUS_OK) {
		face->service.docking_directory =
			face->settings.docking_accept ? parts->directory : NULL;
		http_settings_from(face, parts->worker_count);
		native_settings_from(&face->settings, parts->worker_count, &face->native);
		impairment_from(&face->settings, &face->impairment);
		status = face_make_service(face, parts, problem);
	}
	if (status != STATUS_OK) {
		node_face_free(face);
		return status;
	}
	*ret_face = face;
	return STATUS_OK;
}

void
node_face_free(struct node_face *face)
{
	if (face != NULL) {
		service_face_leave(&face->service);
	}
}
