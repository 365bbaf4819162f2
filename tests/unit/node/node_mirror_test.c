/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_mirror.h"

#include "support/cmocka_all.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void *thread_run(void *context);

/* Names that the linker makes. */
int __real_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, thread_run *run, void *context);
int __wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, thread_run *run, void *context);

static bool is_refusing;

int
__wrap_pthread_create(
	pthread_t *thread, const pthread_attr_t *attributes, thread_run *run, void *context)
{
	return is_refusing ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}

static struct scene {
	char directory[64];
	struct settings settings;
	struct ledger *ledger;
	struct monitor *monitor;
	struct service_site site;
	struct node_mirror_parts parts;
} scene;

static void
key_make(const char *name)
{
	char path[128];
	struct crypto_key *key;

	snprintf(path, sizeof(path), "%s/%s", scene.directory, name);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	assert_int_equal(crypto_key_write_pem(path, key, NULL), STATUS_OK);
	crypto_key_free(key);
}

static int
scene_make(void **state)
{
	static const char yaml[] = "mirror:\n"
				   "  from: [\"127.0.0.1:9\"]\n"
				   "  user: [\"300:0.NA/88.999\"]\n"
				   "  key: mirror.pem\n"
				   "  server_key: primary.pem\n";
	struct problem problem;

	(void)state;
	is_refusing = false;
	scene = (struct scene){.directory = "/tmp/node_mirror.XXXXXX"};
	assert_non_null(mkdtemp(scene.directory));
	key_make("mirror.pem");
	key_make("primary.pem");
	assert_int_equal(
		settings_parse(bytes_from_string(yaml), "houji.yaml", &scene.settings, &problem),
		STATUS_OK);
	assert_int_equal(
		ledger_create_sized(scene.directory, 1 << 16, &scene.ledger, &problem), STATUS_OK);
	scene.monitor = monitor_new(1);
	assert_non_null(scene.monitor);
	scene.site.share.count = 1;
	scene.parts = (struct node_mirror_parts){.directory = scene.directory,
		.settings = &scene.settings,
		.ledger = scene.ledger,
		.site = &scene.site,
		.row = monitor_row(scene.monitor, 0)};
	return 0;
}

static int
scene_remove(void **state)
{
	char command[128];

	(void)state;
	assert_int_equal(ledger_close(scene.ledger, NULL), STATUS_OK);
	monitor_free(scene.monitor);
	snprintf(command, sizeof(command), "rm -rf %s", scene.directory);
	assert_int_equal(system(command), 0);
	return 0;
}

static void
a_mirror_whose_thread_cannot_be_made_is_refused_whole(void **state)
{
	struct node_mirror *mirror = (struct node_mirror *)&scene;
	struct problem problem = {.text = ""};

	(void)state;
	is_refusing = true;
	assert_int_equal(node_mirror_start(&scene.parts, &mirror, &problem), STATUS_SYSTEM);
	assert_null(mirror);
	assert_non_null(strstr(problem.text, "cannot start a thread"));
	assert_non_null(strstr(problem.text, strerror(EAGAIN)));
	/* Nothing of it is left, so that a second one begins as the first would have. */
	is_refusing = false;
	assert_int_equal(node_mirror_start(&scene.parts, &mirror, &problem), STATUS_OK);
	assert_non_null(mirror);
	node_mirror_stop(mirror);
}

static void
a_node_that_follows_nobody_has_no_mirror(void **state)
{
	struct node_mirror *mirror = (struct node_mirror *)&scene;

	(void)state;
	is_refusing = true;
	scene.settings.mirror_from.count = 0;
	assert_int_equal(node_mirror_start(&scene.parts, &mirror, NULL), STATUS_OK);
	assert_null(mirror);
	node_mirror_stop(mirror);
}

static void
a_primary_follows_nobody(void **state)
{
	struct node_mirror *mirror;
	struct problem problem;

	(void)state;
	scene.site.is_primary = true;
	assert_int_equal(node_mirror_start(&scene.parts, &mirror, &problem), STATUS_CONFLICT);
	assert_null(mirror);
	assert_int_equal(node_mirror_check(scene.directory, &scene.settings, &scene.site, &problem),
		STATUS_CONFLICT);
}

static void
a_key_that_is_missing_or_public_is_named(void **state)
{
	struct node_mirror *mirror;
	struct problem problem;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/primary.pem", scene.directory);
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(node_mirror_start(&scene.parts, &mirror, &problem), STATUS_OK);
	assert_null(mirror);
	assert_non_null(strstr(problem.text, "primary.pem"));
	scene.settings.mirror_user.count = 0;
	assert_int_equal(node_mirror_start(&scene.parts, &mirror, &problem), STATUS_INVALID);
	assert_non_null(strstr(problem.text, "mirror.user"));
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_mirror_whose_thread_cannot_be_made_is_refused_whole),
		SCENE_TEST(a_node_that_follows_nobody_has_no_mirror),
		SCENE_TEST(a_primary_follows_nobody),
		SCENE_TEST(a_key_that_is_missing_or_public_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
