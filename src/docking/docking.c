/* SPDX-License-Identifier: Apache-2.0 */
#include "docking/docking.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_key.h"
#include "handle/handle_name.h"
#include "handle/handle_site.h"

#include <string.h>

enum {
	INDEX_SITE = 1,
	INDEX_DERIVED = 2,
	INDEX_CONTACT = 3,
	INDEX_KEY = 300,
	INDEX_SIGNATURE = 400,
	VALUE_COUNT_MAX = 5,
	SIZE_SIZE = 4,
	RUN_COUNT = 5,
};

static const char purpose[] = "houji dock 1";

/* The runs that are signed, with what stands in front of them. */
struct signed_runs {
	uint8_t sizes[2][SIZE_SIZE];
	struct bytes runs[RUN_COUNT];
};

static void
size_put(uint8_t octets[SIZE_SIZE], size_t size)
{
	struct wire_writer writer = wire_writer_over(octets, SIZE_SIZE);

	wire_write_u32(&writer, (uint32_t)size);
}

static void
runs_make(struct signed_runs *runs, struct bytes prefix, struct bytes values)
{
	size_put(runs->sizes[0], prefix.size);
	size_put(runs->sizes[1], values.size);
	runs->runs[0] = bytes_from_string(purpose);
	runs->runs[1] = bytes_over(runs->sizes[0], SIZE_SIZE);
	runs->runs[2] = prefix;
	runs->runs[3] = bytes_over(runs->sizes[1], SIZE_SIZE);
	runs->runs[4] = values;
}

static void
value_put(struct wire_writer *writer, uint32_t index, struct bytes type, struct bytes data,
	const struct docking *docking, uint32_t *count)
{
	struct handle_value value = {
		.index = index,
		.timestamp = docking->time_s,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = type,
		.data = data,
	};

	handle_value_write(writer, &value);
	(*count)++;
}

enum status
docking_sign(const struct docking *docking, const struct crypto_key *site_key,
	struct wire_writer *writer, struct handle_value_list *ret_values)
{
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	struct signed_runs runs;
	uint32_t count = 0;
	size_t size = 0;
	enum status status;

	value_put(writer, INDEX_SITE, TEXT("HS_SITE"), docking->site, docking, &count);
	if (docking->has_derived) {
		value_put(writer, INDEX_DERIVED, TEXT("DOCK.DERIVED"), TEXT("1"), docking, &count);
	}
	if (docking->contact.size > 0) {
		value_put(writer, INDEX_CONTACT, TEXT("DOCK.CONTACT"), docking->contact, docking,
			&count);
	}
	if (docking->key.size > 0) {
		value_put(writer, INDEX_KEY, TEXT("HS_PUBKEY"), docking->key, docking, &count);
	}
	runs_make(&runs, docking->prefix, wire_written(writer));
	status = crypto_sign(site_key, CRYPTO_SHA256, runs.runs, RUN_COUNT, signature, &size);
	if (status != STATUS_OK) {
		return status;
	}
	value_put(writer, INDEX_SIGNATURE, TEXT("DOCK.SIGNATURE"), bytes_over(signature, size),
		docking, &count);
	*ret_values = (struct handle_value_list){count, wire_written(writer)};
	return wire_writer_end(writer);
}

/* The public key of the first server. */
static enum status
site_key_octets(struct bytes octets, struct bytes *ret_key)
{
	struct handle_site site;
	struct handle_server server;
	struct wire_reader walk;
	enum status status = handle_site_decode(octets, &site);

	if (status != STATUS_OK) {
		return status;
	}
	walk = wire_reader_over(site.servers);
	if (!handle_server_next(&walk, &server) || server.public_key.size == 0 ||
		server.interface_count == 0) {
		return STATUS_INVALID;
	}
	*ret_key = server.public_key;
	return STATUS_OK;
}

static enum status
signature_check(struct bytes prefix, struct bytes values, struct bytes site, struct bytes signature)
{
	struct crypto_key *key = NULL;
	struct signed_runs runs;
	struct handle_key parts;
	struct bytes octets;
	enum status status = site_key_octets(site, &octets);

	if (status == STATUS_OK) {
		status = handle_key_decode(octets, &parts);
	}
	if (status == STATUS_OK) {
		status = handle_key_to_crypto(&parts, &key);
	}
	if (status == STATUS_OK) {
		runs_make(&runs, prefix, values);
		status = crypto_verify(key, CRYPTO_SHA256, runs.runs, RUN_COUNT, signature);
	}
	crypto_key_free(key);
	return status == STATUS_OK || status == STATUS_DENIED || status == STATUS_UNSUPPORTED
		? status
		: STATUS_INVALID;
}

/* One value into its place. False: it has none, or the place is taken. */
static bool
value_take(struct docking *docking, const struct handle_value *value)
{
	static const struct {
		uint32_t index;
		const char *type;
	} places[] = {{INDEX_SITE, "HS_SITE"}, {INDEX_DERIVED, "DOCK.DERIVED"},
		{INDEX_CONTACT, "DOCK.CONTACT"}, {INDEX_KEY, "HS_PUBKEY"},
		{INDEX_SIGNATURE, "DOCK.SIGNATURE"}};
	size_t place = 0;

	while (place < VALUE_COUNT_MAX && places[place].index != value->index) {
		place++;
	}
	if (place == VALUE_COUNT_MAX ||
		!bytes_equal(value->type, bytes_from_string(places[place].type))) {
		return false;
	}
	switch (value->index) {
	case INDEX_SITE:
		docking->site = value->data;
		return true;
	case INDEX_DERIVED:
		docking->has_derived = true;
		return true;
	case INDEX_CONTACT:
		docking->contact = value->data;
		return value->data.size <= DOCKING_CONTACT_SIZE_MAX && bytes_are_utf8(value->data);
	case INDEX_KEY:
		docking->key = value->data;
		return value->data.size > 0 && value->data.size <= KEY_SIZE_MAX;
	default:
		return true;
	}
}

/* As docking_sign() writes every value: so nothing is left that the signature does not cover. */
static bool
value_is_plain(const struct handle_value *value, uint32_t time_s)
{
	return value->timestamp == time_s && value->ttl_kind == HANDLE_TTL_RELATIVE &&
		value->ttl == HANDLE_TTL_DEFAULT &&
		value->permissions == HANDLE_PERMISSION_DEFAULT && value->reference_count == 0;
}

enum status
docking_read(
	struct bytes prefix, const struct handle_value_list *values, struct docking *ret_docking)
{
	struct docking docking = {.prefix = prefix, .values = *values};
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value = {.index = 0};
	struct bytes before = {NULL, 0};
	uint32_t last = 0;

	if (!handle_name_is_prefix_handle(prefix) || values->count > VALUE_COUNT_MAX ||
		values->octets.size > DOCKING_VALUES_SIZE_MAX) {
		return STATUS_INVALID;
	}
	/* In rising order, so that none comes twice; the signature, which is last, covers the rest. */
	while (last != INDEX_SIGNATURE &&
		(before = bytes_slice(
			 values->octets, 0, values->octets.size - wire_reader_left(&walk)),
			handle_value_next(&walk, &value))) {
		if (value.index <= last || !value_take(&docking, &value)) {
			return STATUS_INVALID;
		}
		docking.time_s = last == 0 ? value.timestamp : docking.time_s;
		if (!value_is_plain(&value, docking.time_s)) {
			return STATUS_INVALID;
		}
		last = value.index;
	}
	if (last != INDEX_SIGNATURE || docking.site.size == 0 || wire_reader_left(&walk) != 0) {
		return STATUS_INVALID;
	}
	*ret_docking = docking;
	return signature_check(prefix, before, docking.site, value.data);
}

enum status
docking_fingerprint(struct bytes site, char ret_text[DOCKING_FINGERPRINT_SIZE + 1])
{
	struct text_writer writer = text_writer_over(ret_text, DOCKING_FINGERPRINT_SIZE);
	uint8_t digest[DOCKING_FINGERPRINT_SIZE / 2];
	struct bytes key;
	enum status status = site_key_octets(site, &key);

	if (status != STATUS_OK) {
		return status;
	}
	crypto_digest(CRYPTO_SHA256, key, digest);
	text_write_hex(&writer, bytes_over(digest, sizeof(digest)));
	ret_text[DOCKING_FINGERPRINT_SIZE] = '\0';
	return STATUS_OK;
}
