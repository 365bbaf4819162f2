/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_face.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

enum { PATH_SIZE_MAX = 255, HOST_SIZE_MAX = 253 };

/* A site of two servers with these attributes, and the face of the first. */
struct scene {
	struct arena *arena;
	uint8_t attributes[4096], interfaces[256];
	struct wire_writer attribute_writer, interface_writer;
	struct handle_site site;
	struct handle_server found;
	struct resolver_face face;
	struct resolver_server server;
};

static void
scene_begin(struct scene *scene)
{
	*scene = (struct scene){.arena = arena_new(4096, 65536)};
	scene->attribute_writer = wire_writer_over(scene->attributes, sizeof(scene->attributes));
	scene->interface_writer = wire_writer_over(scene->interfaces, sizeof(scene->interfaces));
	scene->site.server_count = 2;
	scene->found.id = 7;
	scene->face = (struct resolver_face){
		.site = &scene->site, .server = &scene->found, .is_guarded = true};
	assert_int_equal(address_parse(TEXT("203.0.113.1"), 1, &scene->server.address), STATUS_OK);
}

static void
scene_end(struct scene *scene)
{
	arena_free(scene->arena);
}

static void
scene_attribute(struct scene *scene, const char *name, struct bytes value)
{
	const struct handle_attribute attribute = {bytes_from_string(name), value};

	handle_attribute_write(&scene->attribute_writer, &attribute);
	scene->site.attributes = wire_written(&scene->attribute_writer);
	scene->site.attribute_count++;
}

static void
scene_interface(struct scene *scene, uint8_t type, uint8_t protocol, uint32_t port)
{
	const struct handle_interface face = {type, protocol, port};

	handle_interface_write(&scene->interface_writer, &face);
	scene->found.interfaces = wire_written(&scene->interface_writer);
	scene->found.interface_count++;
}

static enum resolver_face_found
scene_read(struct scene *scene)
{
	return resolver_face_read(&scene->face, scene->arena, &scene->server);
}

static void
the_first_interface_of_each_kind_that_takes_questions_counts(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_interface(&scene, HANDLE_INTERFACE_ADMIN, HANDLE_PROTOCOL_UDP, 1111);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_UDP, 0);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_UDP, 65536);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_NONE);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_HTTPS, 8443);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_int_equal(address_port(&scene.server.address), 8443);
	assert_int_equal(scene.server.web.transport, CLIENT_TRANSPORT_HTTPS);
	assert_null(scene.server.web.host);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 8000);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 8001);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_HTTPS, 8444);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_int_equal(address_port(&scene.server.web.address), 8000);
	assert_int_equal(scene.server.web.transport, CLIENT_TRANSPORT_HTTP);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_TCP, 2642);
	scene_interface(&scene, HANDLE_INTERFACE_QUERY, HANDLE_PROTOCOL_TCP, 2643);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_int_equal(address_port(&scene.server.address), 2642);
	assert_false(scene.server.has_udp);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_UDP, 65535);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_int_equal(address_port(&scene.server.address), 65535);
	assert_int_equal(scene.server.tcp_port, 2642);
	assert_true(scene.server.has_udp && scene.server.has_tcp && scene.server.has_web);
	scene_end(&scene);
}

static void
ports_of_other_services_are_left_out_one_by_one(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_UDP, 53);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 1023);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_REFUSED);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 80);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_false(scene.server.has_udp);
	assert_int_equal(address_port(&scene.server.web.address), 80);
	scene.face.is_guarded = false;
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_int_equal(address_port(&scene.server.address), 53);
	assert_int_equal(address_port(&scene.server.web.address), 1023);
	scene_end(&scene);
}

/* How the server is called when `domain` has this value; NULL: by its address. */
static void
expect_host(struct bytes domain, uint8_t protocol, uint32_t port, const char *host)
{
	struct scene scene;

	scene_begin(&scene);
	scene.face.is_guarded = false;
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, protocol, port);
	scene_attribute(&scene, "domain", domain);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	if (host == NULL) {
		assert_null(scene.server.web.host);
	} else {
		assert_non_null(scene.server.web.host);
		assert_string_equal(scene.server.web.host, host);
	}
	scene_end(&scene);
}

static void
a_host_is_a_name_with_its_port_unless_that_is_the_usual_one(void **state)
{
	char name[HOST_SIZE_MAX + 2];
	char host[HOST_SIZE_MAX + 8];

	(void)state;
	expect_host(TEXT("Id-1.example.org"), HANDLE_PROTOCOL_HTTP, 80, "Id-1.example.org");
	expect_host(TEXT("id.org"), HANDLE_PROTOCOL_HTTP, 443, "id.org:443");
	expect_host(TEXT("id.org"), HANDLE_PROTOCOL_HTTPS, 443, "id.org");
	expect_host(TEXT("id.org"), HANDLE_PROTOCOL_HTTPS, 65535, "id.org:65535");
	memset(name, 'a', sizeof(name));
	memset(host, 'a', HOST_SIZE_MAX);
	memcpy(host + HOST_SIZE_MAX, ":65535", 7);
	expect_host(bytes_over(name, HOST_SIZE_MAX), HANDLE_PROTOCOL_HTTP, 65535, host);
	expect_host(bytes_over(name, HOST_SIZE_MAX + 1), HANDLE_PROTOCOL_HTTP, 65535, NULL);
}

static void
what_is_no_host_name_is_passed_over(void **state)
{
	static const char *const names[] = {"", "a b", "a\r\nX: 1", "a:80", "user@a", ".a", "-a",
		"a/b", "a\x7f", "\xc3\xa4.org", "[::1]", "a_b"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_host(bytes_from_string(names[i]), HANDLE_PROTOCOL_HTTP, 8000, NULL);
	}
	expect_host(bytes_over("a\0b", 3), HANDLE_PROTOCOL_HTTP, 8000, NULL);
}

static void
expect_path(struct bytes value, const char *path)
{
	struct scene scene;

	scene_begin(&scene);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 8000);
	scene_attribute(&scene, "path", value);
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	if (path == NULL) {
		assert_null(scene.server.web.path);
	} else {
		assert_non_null(scene.server.web.path);
		assert_string_equal(scene.server.web.path, path);
	}
	scene_end(&scene);
}

static void
a_path_begins_with_a_slash_and_has_no_blanks_or_controls(void **state)
{
	char text[PATH_SIZE_MAX + 2];
	char path[PATH_SIZE_MAX + 2] = "/";

	(void)state;
	expect_path(TEXT("/hdl"), "/hdl");
	expect_path(TEXT("hdl?a=~"), "/hdl?a=~");
	memset(text, 'p', sizeof(text));
	memset(path + 1, 'p', PATH_SIZE_MAX);
	expect_path(bytes_over(text, PATH_SIZE_MAX), path);
	expect_path(bytes_over(text, PATH_SIZE_MAX + 1), NULL);
	expect_path(TEXT(""), NULL);
	expect_path(TEXT("/a b"), NULL);
	expect_path(TEXT("/a\r\n"), NULL);
	expect_path(TEXT("/a\x7f"), NULL);
	expect_path(TEXT("/\xc3\xa4"), NULL);
	expect_path(bytes_over("/a\0", 3), NULL);
}

static void
an_attribute_with_the_number_of_the_server_goes_before_one_for_all(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene);
	scene_interface(&scene, HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_HTTP, 80);
	scene_attribute(&scene, "domain", TEXT("all.org"));
	scene_attribute(&scene, "domain.1", TEXT("one.org"));
	scene_attribute(&scene, "domain.7", TEXT("seven.org"));
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_string_equal(scene.server.web.host, "all.org");
	scene.face.number = 1;
	assert_int_equal(scene_read(&scene), RESOLVER_FACE_FOUND);
	assert_string_equal(scene.server.web.host, "one.org");
	scene_end(&scene);
}

static void
a_second_address_is_of_the_server_with_that_id_or_the_only_one(void **state)
{
	struct scene scene;
	struct address address, wanted;

	(void)state;
	scene_begin(&scene);
	assert_false(resolver_face_other_address(&scene.face, &address));
	scene_attribute(&scene, "alt_addr", TEXT("203.0.113.8"));
	scene_attribute(&scene, "alt_addr.0", TEXT("203.0.113.9"));
	assert_false(resolver_face_other_address(&scene.face, &address));
	scene.site.server_count = 1;
	assert_true(resolver_face_other_address(&scene.face, &address));
	assert_int_equal(address_parse(TEXT("203.0.113.8"), 1, &wanted), STATUS_OK);
	assert_true(address_equal(&address, &wanted));
	scene.site.server_count = 2;
	scene_attribute(&scene, "alt_addr.7", TEXT("2001:db8::1"));
	assert_true(resolver_face_other_address(&scene.face, &address));
	assert_int_equal(address_parse(TEXT("2001:db8::1"), 1, &wanted), STATUS_OK);
	assert_true(address_equal(&address, &wanted));
	scene_end(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_interface_of_each_kind_that_takes_questions_counts),
		cmocka_unit_test(ports_of_other_services_are_left_out_one_by_one),
		cmocka_unit_test(a_host_is_a_name_with_its_port_unless_that_is_the_usual_one),
		cmocka_unit_test(what_is_no_host_name_is_passed_over),
		cmocka_unit_test(a_path_begins_with_a_slash_and_has_no_blanks_or_controls),
		cmocka_unit_test(
			an_attribute_with_the_number_of_the_server_goes_before_one_for_all),
		cmocka_unit_test(a_second_address_is_of_the_server_with_that_id_or_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
