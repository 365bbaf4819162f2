/* SPDX-License-Identifier: Apache-2.0 */
#include "docking/docking_queue.h"

#include "base/limits.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct crypto_key *key;
static uint8_t site_octets[2048];
static struct bytes site;
static uint8_t values_octets[DOCKING_VALUES_SIZE_MAX];
static const uint8_t source[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};

static void
site_make(const struct crypto_key *of)
{
	static const uint8_t address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};
	uint8_t key_octets[KEY_SIZE_MAX], servers_octets[1024], faces_octets[16];
	struct wire_writer key_writer = wire_writer_over(key_octets, sizeof(key_octets));
	struct wire_writer faces = wire_writer_over(faces_octets, sizeof(faces_octets));
	struct wire_writer servers = wire_writer_over(servers_octets, sizeof(servers_octets));
	struct wire_writer writer = wire_writer_over(site_octets, sizeof(site_octets));
	struct handle_interface tcp = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_TCP, 2641};
	struct handle_server server = {.id = 1, .interface_count = 1};
	struct handle_site record = {.format_version = 1, .serial = 1, .server_count = 1};

	assert_int_equal(handle_key_write_public(&key_writer, of), STATUS_OK);
	handle_interface_write(&faces, &tcp);
	server.address = bytes_over(address, sizeof(address));
	server.public_key = wire_written(&key_writer);
	server.interfaces = wire_written(&faces);
	handle_server_write(&servers, &server);
	record.servers = wire_written(&servers);
	handle_site_write(&writer, &record);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	site = wire_written(&writer);
}

static int
begin(void **state)
{
	(void)state;
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	site_make(key);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	crypto_key_free(key);
	return 0;
}

static struct docking
docking_of(const char *prefix)
{
	return (struct docking){.prefix = bytes_from_string(prefix),
		.site = site,
		.contact = TEXT("张, +86 351"),
		.key = TEXT("a key"),
		.has_derived = true,
		.time_s = 7};
}

static struct handle_value_list
sign(const struct docking *docking)
{
	struct wire_writer writer = wire_writer_over(values_octets, sizeof(values_octets));
	struct handle_value_list list;

	assert_int_equal(docking_sign(docking, key, &writer, &list), STATUS_OK);
	return list;
}

static void
what_was_signed_is_read_as_it_was(void **state)
{
	struct docking docking = docking_of("0.NA/88.988"), read;
	struct handle_value_list list = sign(&docking);

	(void)state;
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_OK);
	assert_true(bytes_equal(read.site, site));
	assert_true(bytes_equal(read.contact, docking.contact));
	assert_true(bytes_equal(read.key, docking.key));
	assert_true(read.has_derived);
	assert_int_equal(read.time_s, 7);
	docking = (struct docking){.prefix = TEXT("0.NA/88.1"), .site = site, .time_s = 8};
	list = sign(&docking);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_OK);
	assert_false(read.has_derived);
	assert_int_equal(read.key.size, 0);
	assert_int_equal(read.contact.size, 0);
}

/* As the header of docking says, octet by octet: another program must come to the same. */
static void
what_is_signed_is_the_words_the_handle_and_the_values_with_their_sizes(void **state)
{
	struct docking docking = docking_of("0.NA/88.988");
	struct handle_value_list list = sign(&docking);
	struct wire_reader walk = wire_reader_over(list.octets);
	static const uint32_t indexes[] = {1, 2, 3, 300, 400};
	size_t before = 0;
	struct handle_value value;
	uint8_t octets[4096];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct bytes run;

	(void)state;
	assert_int_equal(list.count, 5);
	for (uint32_t i = 0; i < list.count; i++) {
		before = list.octets.size - wire_reader_left(&walk);
		handle_value_read(&walk, &value);
		assert_int_equal(value.index, indexes[i]);
	}
	wire_write_bytes(&writer,
		TEXT("houji dock 1\0\0\0\x0b"
		     "0.NA/88.988"));
	wire_write_blob(&writer, bytes_slice(list.octets, 0, before));
	run = wire_written(&writer);
	assert_int_equal(crypto_verify(key, CRYPTO_SHA256, &run, 1, value.data), STATUS_OK);
}

static void
the_fingerprint_is_the_digest_of_the_key_in_hex(void **state)
{
	uint8_t key_octets[KEY_SIZE_MAX], digest[CRYPTO_DIGEST_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(key_octets, sizeof(key_octets));
	char wanted[DOCKING_FINGERPRINT_SIZE + 1], found[DOCKING_FINGERPRINT_SIZE + 1];

	(void)state;
	assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
	crypto_digest(CRYPTO_SHA256, wire_written(&writer), digest);
	for (size_t i = 0; i < DOCKING_FINGERPRINT_SIZE / 2; i++) {
		snprintf(wanted + 2 * i, 3, "%02x", digest[i]);
	}
	memset(found, 'x', sizeof(found));
	assert_int_equal(docking_fingerprint(site, found), STATUS_OK);
	assert_memory_equal(found, wanted, sizeof(wanted));
}

/* For another prefix, by another key, with any bit changed: nobody is believed. */
static void
nothing_of_it_can_be_changed(void **state)
{
	struct docking docking = docking_of("0.NA/88.988"), read;
	struct handle_value_list list = sign(&docking);
	uint8_t *copy = malloc(list.octets.size);
	struct handle_value_list changed = {list.count, {copy, list.octets.size}};
	struct crypto_key *other;

	(void)state;
	assert_int_equal(docking_read(TEXT("0.NA/88.989"), &list, &read), STATUS_DENIED);
	assert_int_equal(docking_read(TEXT("88.988/1"), &list, &read), STATUS_INVALID);
	for (size_t i = 0; i < list.octets.size; i++) {
		struct wire_reader reader;

		memcpy(copy, list.octets.at, list.octets.size);
		copy[i] ^= 1;
		/* As it comes off the wire: what does not decode never gets here. */
		reader = wire_reader_over(changed.octets);
		for (uint32_t value = 0; value < list.count; value++) {
			struct handle_value one;

			handle_value_read(&reader, &one);
		}
		if (wire_reader_end(&reader) == STATUS_OK) {
			assert_int_not_equal(
				docking_read(docking.prefix, &changed, &read), STATUS_OK);
		}
	}
	free(copy);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &other), STATUS_OK);
	site_make(other); /* A site whose key is somebody else's. */
	docking.site = site;
	list = sign(&docking);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_DENIED);
	crypto_key_free(other);
	site_make(key);
}

static uint8_t *
list_of(const struct handle_value *values, uint32_t count, struct handle_value_list *ret_list)
{
	uint8_t *octets = malloc(4096);
	struct wire_writer writer = wire_writer_over(octets, 4096);

	for (uint32_t i = 0; i < count; i++) {
		handle_value_write(&writer, &values[i]);
	}
	*ret_list = (struct handle_value_list){count, wire_written(&writer)};
	return octets;
}

/* As docking_sign() writes one: only what the test changes can be why a list is refused. */
static struct handle_value
plain(uint32_t index, const char *type, struct bytes data)
{
	return (struct handle_value){.index = index,
		.timestamp = 7,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = bytes_from_string(type),
		.data = data};
}

static void
lists_that_are_no_request_are_refused(void **state)
{
	const struct handle_value site_value = plain(1, "HS_SITE", site);
	const struct handle_value no_site = plain(1, "HS_SITE", (struct bytes){NULL, 0});
	const struct handle_value signature = plain(400, "DOCK.SIGNATURE", TEXT("none"));
	const struct handle_value derived = plain(2, "DOCK.DERIVED", TEXT("1"));
	const struct handle_value unknown = plain(5, "URL", site);
	const struct {
		struct handle_value values[4];
		uint32_t count;
		enum status status;
	} lists[] = {
		{{site_value, signature}, 2, STATUS_DENIED}, /* It is one, by nobody. */
		{{site_value, derived, signature}, 3, STATUS_DENIED},
		{{site_value}, 1, STATUS_INVALID},
		{{site_value, derived}, 2, STATUS_INVALID},
		{{signature}, 1, STATUS_INVALID},
		{{no_site, signature}, 2, STATUS_INVALID},
		{{site_value, site_value, signature}, 3, STATUS_INVALID},
		{{site_value, derived, derived, signature}, 4, STATUS_INVALID},
		{{derived, site_value, signature}, 3, STATUS_INVALID},
		{{plain(1, "URL", site), signature}, 2, STATUS_INVALID},
		{{site_value, unknown, signature}, 3, STATUS_INVALID},
		{{signature, site_value}, 2, STATUS_INVALID},
		{{site_value, signature, signature}, 3, STATUS_INVALID},
		{{site_value, signature, plain(401, "URL", site)}, 3, STATUS_INVALID},
	};
	struct docking read;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct handle_value_list list;
		uint8_t *octets = list_of(lists[i].values, lists[i].count, &list);

		assert_int_equal(docking_read(TEXT("0.NA/88.1"), &list, &read), lists[i].status);
		free(octets);
	}
}

/* Nothing of a value is left that the signature does not cover. */
static void
values_that_say_more_than_was_signed_are_refused(void **state)
{
	const struct handle_value signature = plain(400, "DOCK.SIGNATURE", TEXT("none"));
	struct handle_value odd[6];
	struct docking read;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		odd[i] = signature;
	}
	odd[1].timestamp = 8;
	odd[2].ttl++;
	odd[3].ttl_kind = HANDLE_TTL_ABSOLUTE;
	odd[4].permissions ^= 1;
	odd[5].reference_count = 1;
	odd[5].references = TEXT("\0\0\0\1a\0\0\0\1");
	for (size_t i = 0; i < 6; i++) {
		const struct handle_value values[] = {plain(1, "HS_SITE", site), odd[i]};
		struct handle_value_list list;
		uint8_t *octets = list_of(values, 2, &list);

		assert_int_equal(docking_read(TEXT("0.NA/88.1"), &list, &read),
			i == 0 ? STATUS_DENIED : STATUS_INVALID);
		free(octets);
	}
}

static void
lists_end_at_their_limit(void **state)
{
	static uint8_t octets[DOCKING_VALUES_SIZE_MAX + 1], signature[DOCKING_VALUES_SIZE_MAX];
	struct handle_value values[] = {
		plain(1, "HS_SITE", site), plain(400, "DOCK.SIGNATURE", (struct bytes){NULL, 0})};
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct docking read;
	size_t frame;

	(void)state;
	handle_value_write(&writer, &values[0]);
	handle_value_write(&writer, &values[1]);
	frame = wire_writer_size(&writer);
	for (size_t size = DOCKING_VALUES_SIZE_MAX - 1; size <= DOCKING_VALUES_SIZE_MAX + 1;
		size++) {
		writer = wire_writer_over(octets, sizeof(octets));
		values[1].data = bytes_over(signature, size - frame);
		handle_value_write(&writer, &values[0]);
		handle_value_write(&writer, &values[1]);
		assert_int_equal(wire_writer_size(&writer), size);
		/* The signature is none: the list was looked at. */
		assert_int_equal(
			docking_read(TEXT("0.NA/88.1"),
				&(struct handle_value_list){2, wire_written(&writer)}, &read),
			size <= DOCKING_VALUES_SIZE_MAX ? STATUS_DENIED : STATUS_INVALID);
	}
}

static void
keys_of_administrators_end_at_their_limit(void **state)
{
	static uint8_t octets[KEY_SIZE_MAX + 1];
	struct docking docking = docking_of("0.NA/88.988"), read;
	struct handle_value_list list;

	(void)state;
	docking.contact = TEXT("");
	for (size_t size = KEY_SIZE_MAX - 1; size <= KEY_SIZE_MAX + 1; size++) {
		docking.key = bytes_over(octets, size);
		list = sign(&docking);
		assert_int_equal(docking_read(docking.prefix, &list, &read),
			size <= KEY_SIZE_MAX ? STATUS_OK : STATUS_INVALID);
	}
}

/* Signed or not: whom would one ask, and how would one know the answer? */
static void
sites_without_a_server_a_key_or_an_interface_are_refused(void **state)
{
	static const struct {
		uint32_t servers;
		size_t key_size;
		uint32_t interfaces;
	} bad[] = {{0, 0, 0}, {1, 0, 1}, {1, 1, 0}};
	static const uint8_t address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct docking docking = docking_of("0.NA/88.988"), read;
		uint8_t octets[256], servers_octets[128], faces_octets[16];
		char fingerprint[DOCKING_FINGERPRINT_SIZE + 1];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct wire_writer servers =
			wire_writer_over(servers_octets, sizeof(servers_octets));
		struct wire_writer faces = wire_writer_over(faces_octets, sizeof(faces_octets));
		struct handle_interface tcp = {HANDLE_INTERFACE_BOTH, HANDLE_PROTOCOL_TCP, 2641};
		struct handle_server server = {.id = 1,
			.address = bytes_over(address, sizeof(address)),
			.public_key = bytes_slice(TEXT("k"), 0, bad[i].key_size),
			.interface_count = bad[i].interfaces};
		struct handle_site record = {
			.format_version = 1, .serial = 1, .server_count = bad[i].servers};
		struct handle_value_list list;

		if (bad[i].interfaces > 0) {
			handle_interface_write(&faces, &tcp);
		}
		server.interfaces = wire_written(&faces);
		if (bad[i].servers > 0) {
			handle_server_write(&servers, &server);
		}
		record.servers = wire_written(&servers);
		handle_site_write(&writer, &record);
		docking.site = wire_written(&writer);
		list = sign(&docking);
		assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_INVALID);
		assert_int_not_equal(docking_fingerprint(docking.site, fingerprint), STATUS_OK);
	}
}

static void
contacts_end_at_their_limit_and_are_text(void **state)
{
	char contact[DOCKING_CONTACT_SIZE_MAX + 2];
	struct docking docking = docking_of("0.NA/88.988"), read;
	struct handle_value_list list;

	(void)state;
	memset(contact, 'x', sizeof(contact));
	docking.contact = bytes_over((const uint8_t *)contact, DOCKING_CONTACT_SIZE_MAX);
	list = sign(&docking);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_OK);
	docking.contact.size++;
	list = sign(&docking);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_INVALID);
	docking.contact = TEXT("\xff");
	list = sign(&docking);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_INVALID);
}

static void
count_entry(void *context, const struct docking_entry *entry)
{
	assert_int_equal(strlen(entry->id), DOCKING_ID_SIZE);
	assert_memory_equal(entry->source, source, sizeof(source));
	(*(size_t *)context)++;
}

static void
put(const char *folder, const char *prefix, enum status wanted)
{
	struct docking docking = docking_of(prefix), read;
	struct handle_value_list list = sign(&docking);
	struct problem problem;

	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_OK);
	assert_int_equal(docking_queue_put(folder, &read, source, 1000, &problem), wanted);
}

static void
requests_wait_up_to_their_limit_and_none_is_pushed_aside(void **state)
{
	char folder[] = "/tmp/houji-docking-XXXXXX", command[128], prefix[32];
	struct problem problem;
	struct docking_entry entry;
	struct crypto_key *first = key;
	size_t count = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(docking_queue_walk(folder, count_entry, &count, &problem), STATUS_OK);
	assert_int_equal(count, 0);
	for (int i = 0; i < DOCKING_COUNT_MAX; i++) {
		snprintf(prefix, sizeof(prefix), "0.NA/88.%d", i);
		put(folder, prefix, STATUS_OK);
	}
	put(folder, "0.NA/88.7", STATUS_OK); /* Again: in place of its own. */
	put(folder, "0.NA/88.9999", STATUS_BUSY);
	assert_int_equal(docking_queue_walk(folder, count_entry, &count, &problem), STATUS_OK);
	assert_int_equal(count, DOCKING_COUNT_MAX);
	/* The same prefix by another key is another request. */
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	site_make(key);
	put(folder, "0.NA/88.7", STATUS_BUSY);
	crypto_key_free(key);
	key = first;
	site_make(key);
	assert_int_equal(
		docking_queue_read(folder, "0123456789abcdef", &entry, &problem), STATUS_NOT_FOUND);
	assert_int_equal(
		docking_queue_read(folder, "../../etc/passwd", &entry, &problem), STATUS_NOT_FOUND);
	assert_int_equal(
		docking_queue_remove(folder, "0123456789abcdef", &problem), STATUS_NOT_FOUND);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

struct walked {
	char ids[4][DOCKING_ID_SIZE + 1];
	size_t count;
};

static void
walked(void *context, const struct docking_entry *entry)
{
	struct walked *all = context;

	assert_true(all->count < 4);
	memcpy(all->ids[all->count++], entry->id, sizeof(entry->id));
}

static void
requests_are_told_in_the_order_of_their_ids_until_they_are_removed(void **state)
{
	char folder[] = "/tmp/houji-docking-XXXXXX", command[256], prefix[32], path[128];
	struct walked all = {.count = 0};
	struct problem problem;
	struct docking_entry entry;
	struct stat about;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 4; i++) {
		snprintf(prefix, sizeof(prefix), "0.NA/88.%d", i);
		put(folder, prefix, STATUS_OK);
	}
	snprintf(path, sizeof(path), "%s/docking", folder);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0700);
	/* Files of others are not looked at. */
	snprintf(command, sizeof(command), "cd %s && touch 0123456789abcdef 1.dock .dock", path);
	assert_int_equal(system(command), 0);
	assert_int_equal(docking_queue_walk(folder, walked, &all, &problem), STATUS_OK);
	assert_int_equal(all.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(i == 0 || strcmp(all.ids[i - 1], all.ids[i]) < 0);
		assert_int_equal(
			docking_queue_read(folder, all.ids[i], &entry, &problem), STATUS_OK);
		assert_string_equal(entry.id, all.ids[i]);
		assert_int_equal(entry.received_ms, 1000);
		assert_memory_equal(entry.source, source, sizeof(source));
		assert_true(bytes_start_with(entry.docking.prefix, TEXT("0.NA/88.")));
		assert_true(bytes_equal(entry.docking.contact, TEXT("张, +86 351")));
		docking_entry_free(&entry);
	}
	snprintf(path, sizeof(path), "%s/docking/%s.dock", folder, all.ids[2]);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(docking_queue_remove(folder, all.ids[2], &problem), STATUS_OK);
	assert_int_equal(
		docking_queue_read(folder, all.ids[2], &entry, &problem), STATUS_NOT_FOUND);
	assert_int_equal(docking_queue_remove(folder, all.ids[2], &problem), STATUS_NOT_FOUND);
	/* No id leads out of the folder. */
	snprintf(path, sizeof(path), "%s/aaaaaaaaaaaaa.dock", folder);
	fclose(fopen(path, "w"));
	assert_int_equal(
		docking_queue_read(folder, "../aaaaaaaaaaaaa", &entry, &problem), STATUS_NOT_FOUND);
	assert_int_equal(
		docking_queue_remove(folder, "../aaaaaaaaaaaaa", &problem), STATUS_NOT_FOUND);
	assert_int_equal(access(path, F_OK), 0);
	all.count = 0;
	assert_int_equal(docking_queue_walk(folder, walked, &all, &problem), STATUS_OK);
	assert_int_equal(all.count, 3);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* Whatever docking_read() takes is kept whole. */
static void
the_largest_request_is_kept_and_read(void **state)
{
	enum { SERVER_COUNT = 10, FILLING_SIZE = 6000 };
	static uint8_t large[DOCKING_VALUES_SIZE_MAX], filling[KEY_SIZE_MAX];
	static uint8_t servers_octets[DOCKING_VALUES_SIZE_MAX];
	char folder[] = "/tmp/houji-docking-XXXXXX", command[128], prefix[HANDLE_NAME_SIZE_MAX];
	struct docking docking = docking_of("0.NA/88.988"), read;
	struct handle_site record;
	struct handle_value_list list;
	struct walked all = {.count = 0};
	struct problem problem;
	size_t room = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	memset(prefix, '8', sizeof(prefix));
	memcpy(prefix, "0.NA/", 5);
	docking.prefix = bytes_over((const uint8_t *)prefix, sizeof(prefix));
	assert_int_equal(handle_site_decode(site, &record), STATUS_OK);
	for (int round = 0; round < 2; round++) { /* The second fills it to the last octet. */
		struct wire_reader walk = wire_reader_over(record.servers);
		struct wire_writer servers =
			wire_writer_over(servers_octets, sizeof(servers_octets));
		struct wire_writer writer = wire_writer_over(large, sizeof(large));
		struct handle_site many = record;
		struct handle_server server;

		assert_true(handle_server_next(&walk, &server));
		handle_server_write(&servers, &server);
		for (uint32_t i = 1; i < SERVER_COUNT; i++) {
			server.id = i + 1;
			server.public_key = bytes_over(
				filling, FILLING_SIZE + (room + i - 1) / (SERVER_COUNT - 1));
			handle_server_write(&servers, &server);
		}
		many.server_count = SERVER_COUNT;
		many.servers = wire_written(&servers);
		handle_site_write(&writer, &many);
		assert_int_equal(wire_writer_end(&writer), STATUS_OK);
		docking.site = wire_written(&writer);
		list = sign(&docking);
		room = DOCKING_VALUES_SIZE_MAX - list.octets.size;
	}
	assert_int_equal(list.octets.size, DOCKING_VALUES_SIZE_MAX);
	assert_int_equal(docking_read(docking.prefix, &list, &read), STATUS_OK);
	assert_int_equal(docking_queue_put(folder, &read, source, 1000, &problem), STATUS_OK);
	assert_int_equal(docking_queue_walk(folder, walked, &all, &problem), STATUS_OK);
	assert_int_equal(all.count, 1);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void
a_file_that_is_damaged_is_no_request(void **state)
{
	char folder[] = "/tmp/houji-docking-XXXXXX", command[256];
	struct problem problem;
	struct docking_entry entry;
	uint8_t octets[8192];
	char path[256] = "";
	size_t size, count = 0;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	put(folder, "0.NA/88.988", STATUS_OK);
	snprintf(command, sizeof(command), "ls %s/docking/*.dock", folder);
	file = popen(command, "r");
	assert_non_null(fgets(path, sizeof(path), file));
	pclose(file);
	path[strcspn(path, "\n")] = '\0';
	file = fopen(path, "r");
	size = fread(octets, 1, sizeof(octets), file);
	fclose(file);
	assert_int_equal(docking_entry_decode(bytes_over(octets, size), &entry), STATUS_OK);
	assert_int_equal(entry.received_ms, 1000);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut == 0 ? 1 : cut);

		memcpy(exact, octets, cut);
		assert_int_equal(
			docking_entry_decode(bytes_over(exact, cut), &entry), STATUS_CORRUPT);
		free(exact);
	}
	assert_int_equal(truncate(path, (off_t)size - 1), 0);
	assert_int_equal(docking_queue_walk(folder, count_entry, &count, &problem), STATUS_OK);
	assert_int_equal(count, 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_is_read_as_it_was),
		cmocka_unit_test(
			what_is_signed_is_the_words_the_handle_and_the_values_with_their_sizes),
		cmocka_unit_test(the_fingerprint_is_the_digest_of_the_key_in_hex),
		cmocka_unit_test(nothing_of_it_can_be_changed),
		cmocka_unit_test(lists_that_are_no_request_are_refused),
		cmocka_unit_test(contacts_end_at_their_limit_and_are_text),
		cmocka_unit_test(values_that_say_more_than_was_signed_are_refused),
		cmocka_unit_test(lists_end_at_their_limit),
		cmocka_unit_test(keys_of_administrators_end_at_their_limit),
		cmocka_unit_test(sites_without_a_server_a_key_or_an_interface_are_refused),
		cmocka_unit_test(requests_wait_up_to_their_limit_and_none_is_pushed_aside),
		cmocka_unit_test(
			requests_are_told_in_the_order_of_their_ids_until_they_are_removed),
		cmocka_unit_test(the_largest_request_is_kept_and_read),
		cmocka_unit_test(a_file_that_is_damaged_is_no_request),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
