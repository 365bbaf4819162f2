/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_trust.h"

#include "base/text_writer.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "vectors/vector.h"

#include <stdlib.h>
#include <string.h>

/* What a real Handle.net signed: the record 20.500.99999/DEMO, by 300:0.NA/20.500.99999, whose
 * certificate the root 300:0.NA/0.NA signed. */
enum { NOW_S = 1700000000, RECORD_SIZE = 65536 };

struct scene {
	struct arena *arena;
	struct crypto_key *root_key;
	struct resolver_trust_root root;
	struct resolver_trust_case trust;
	uint8_t octets[RECORD_SIZE];
	struct wire_writer writer;
	uint8_t certificate_octets[RECORD_SIZE];
	struct handle_value_list certificate;
};

static struct crypto_key *
key_of(const char *name)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(vector_key(name), &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

static void
scene_add(struct scene *scene, struct bytes value)
{
	wire_write_bytes(&scene->writer, value);
	scene->trust.values.count++;
	scene->trust.values.octets = wire_written(&scene->writer);
}

static void
scene_add_value(struct scene *scene, uint32_t index, struct bytes type, struct bytes data)
{
	const struct handle_value value = {
		.index = index, .ttl = 86400, .permissions = 14, .type = type, .data = data};

	handle_value_write(&scene->writer, &value);
	scene->trust.values.count++;
	scene->trust.values.octets = wire_written(&scene->writer);
}

static void
certificate_make(struct scene *scene, struct bytes data)
{
	struct wire_writer writer =
		wire_writer_over(scene->certificate_octets, sizeof(scene->certificate_octets));
	const struct handle_value value = {.index = 400,
		.ttl = 86400,
		.permissions = 14,
		.type = TEXT("HS_CERT"),
		.data = data};

	handle_value_write(&writer, &value);
	scene->certificate = (struct handle_value_list){1, wire_written(&writer)};
}

static struct scene *
scene_new(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->arena = arena_new(4096, 1 << 20);
	scene->root_key = key_of("server_rsa2048.pub.bin");
	scene->root = (struct resolver_trust_root){
		.name = TEXT("0.NA/0.NA"), .index = 300, .key = scene->root_key};
	scene->writer = wire_writer_over(scene->octets, sizeof(scene->octets));
	scene->trust = (struct resolver_trust_case){.name = TEXT("20.500.99999/DEMO"),
		.now_s = NOW_S,
		.root = &scene->root,
		.arena = scene->arena};
	certificate_make(scene, vector_named("hs-cert-jws").octets);
	return scene;
}

static void
scene_free(struct scene *scene)
{
	crypto_key_free(scene->root_key);
	arena_free(scene->arena);
	free(scene);
}

static void
scene_sign(struct scene *scene, const char *vector)
{
	scene_add_value(scene, 401, TEXT("HS_SIGNATURE"), vector_named(vector).octets);
}

/* One of the two values that were signed, and the signature: what a record shows in part. */
static struct scene *
scene_signed(void)
{
	struct scene *scene = scene_new();

	scene_add(scene, vector_named("value-digest-2").octets);
	scene_sign(scene, "hs-signature-jws-admin_rsa2048");
	return scene;
}

/* Fetches what is missing, as its caller would. */
static enum resolver_trust
judged(struct scene *scene)
{
	enum resolver_trust verdict = resolver_trust_judge(&scene->trust);

	if (verdict == RESOLVER_TRUST_UNKNOWN && scene->trust.missing.size > 0) {
		assert_true(bytes_equal(scene->trust.missing, TEXT("0.NA/20.500.99999")));
		assert_true(resolver_trust_add(
			&scene->trust, scene->trust.missing, &scene->certificate));
		verdict = resolver_trust_judge(&scene->trust);
		assert_int_equal(scene->trust.missing.size, 0);
	}
	return verdict;
}

static void
assert_judged(struct scene *scene, enum resolver_trust verdict, const char *reason)
{
	assert_int_equal(judged(scene), verdict);
	assert_string_equal(scene->trust.reason, reason);
	scene_free(scene);
}

static void
what_a_real_owner_signed_is_trusted_up_to_the_root(void **state)
{
	(void)state;
	assert_judged(scene_signed(), RESOLVER_TRUST_YES, "signed, up to the root");
}

static void
both_serialisations_of_a_signature_are_read(void **state)
{
	struct vector vector = vector_named("hs-signature-jws-admin_rsa2048");
	struct scene *scene = scene_new();

	(void)state;
	scene_add(scene, vector_named("value-digest-2").octets);
	scene_add_value(scene, 401, TEXT("HS_SIGNATURE"), vector_text(&vector, "json"));
	assert_judged(scene, RESOLVER_TRUST_YES, "signed, up to the root");
}

/* The JSON with another signature behind its first `[`, or in front of its first `]`. */
static struct bytes
with_another_signature(struct bytes json, char mark, const char *another, char room[RECORD_SIZE])
{
	struct text_writer writer = text_writer_over(room, RECORD_SIZE);
	size_t at = bytes_find(json, (uint8_t)mark) + (mark == '[' ? 1 : 0);

	text_write(&writer, bytes_slice(json, 0, at));
	text_write_string(&writer, another);
	text_write(&writer, bytes_slice(json, at, json.size));
	return text_written(&writer);
}

static void
of_several_signatures_the_first_counts(void **state)
{
	static char room[RECORD_SIZE];
	struct vector vector = vector_named("hs-signature-jws-admin_rsa2048");
	struct bytes json = vector_text(&vector, "json");
	struct scene *scene = scene_new();

	(void)state;
	scene_add(scene, vector_named("value-digest-2").octets);
	scene_add_value(scene, 401, TEXT("HS_SIGNATURE"),
		with_another_signature(json, ']',
			",{\"header\":{},\"protected\":\"e30\",\"signature\":\"AA\"}", room));
	assert_judged(scene, RESOLVER_TRUST_YES, "signed, up to the root");
	scene = scene_new();
	scene_add(scene, vector_named("value-digest-2").octets);
	scene_add_value(scene, 401, TEXT("HS_SIGNATURE"),
		with_another_signature(
			json, '[', "{\"protected\":\"e30\",\"signature\":\"AA\"},", room));
	assert_int_equal(judged(scene), RESOLVER_TRUST_NO);
	scene_free(scene);
}

static void
one_octet_changed_is_not_trusted(void **state)
{
	struct bytes value = vector_named("value-digest-2").octets;
	size_t refused = 0;

	(void)state;
	/* Index and time stamp are not signed: a value of another index is another value. */
	for (size_t i = HANDLE_VALUE_DIGEST_SKIP; i < value.size; i++) {
		struct scene *scene = scene_signed();
		enum resolver_trust verdict;

		scene->octets[i] ^= 1;
		verdict = judged(scene);
		/* A length that is wrong may hide the signature, too. */
		assert_int_not_equal(verdict, RESOLVER_TRUST_YES);
		refused += verdict == RESOLVER_TRUST_NO;
		scene_free(scene);
	}
	assert_true(refused > value.size / 2);
}

static void
a_value_that_nobody_signed_leaves_it_unknown(void **state)
{
	struct scene *scene = scene_signed();

	(void)state;
	scene_add_value(scene, 7, TEXT("URL"), TEXT("https://example.com"));
	assert_judged(scene, RESOLVER_TRUST_UNKNOWN, "not every value is signed");
}

static void
a_record_without_a_signature_is_unknown(void **state)
{
	struct scene *scene = scene_new();

	(void)state;
	scene_add(scene, vector_named("value-digest-2").octets);
	assert_judged(scene, RESOLVER_TRUST_UNKNOWN, "nothing is signed");
}

static void
a_signature_outside_of_its_time_is_not_trusted(void **state)
{
	static const int64_t times[] = {1699999399, 1900000001};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *scene = scene_signed();

		scene->trust.now_s = times[i];
		assert_judged(scene, RESOLVER_TRUST_NO, "the signature is out of its time");
	}
}

static void
a_signature_of_another_record_is_not_trusted(void **state)
{
	struct scene *scene = scene_signed();

	(void)state;
	scene->trust.name = TEXT("20.500.99999/OTHER");
	assert_judged(scene, RESOLVER_TRUST_NO, "a signature is about another handle");
}

static void
another_root_or_another_key_of_it_is_not_trusted(void **state)
{
	struct scene *scene = scene_signed();
	struct crypto_key *other = key_of("admin_rsa2048.pub.bin");

	(void)state;
	scene->root.key = other;
	assert_judged(scene, RESOLVER_TRUST_NO, "the signature of the root is wrong");
	crypto_key_free(other);
	scene = scene_signed();
	scene->root.index = 301;
	assert_int_equal(resolver_trust_judge(&scene->trust), RESOLVER_TRUST_UNKNOWN);
	assert_true(resolver_trust_add(&scene->trust, scene->trust.missing, &scene->certificate));
	/* The certificate's issuer is no root any more: its own record is wanted. */
	assert_int_equal(resolver_trust_judge(&scene->trust), RESOLVER_TRUST_UNKNOWN);
	assert_true(bytes_equal(scene->trust.missing, TEXT("0.NA/0.NA")));
	scene_free(scene);
}

static void
a_signature_by_another_key_than_the_certificate_names_is_not_trusted(void **state)
{
	struct scene *scene = scene_new();

	(void)state;
	scene_add(scene, vector_named("value-digest-2").octets);
	scene_sign(scene, "hs-signature-jws-admin_dsa1024");
	assert_judged(scene, RESOLVER_TRUST_NO, "a signature is wrong");
}

static void
a_chain_that_cannot_be_had_leaves_it_unknown(void **state)
{
	struct scene *scene = scene_signed();

	(void)state;
	assert_int_equal(resolver_trust_judge(&scene->trust), RESOLVER_TRUST_UNKNOWN);
	assert_true(resolver_trust_add(&scene->trust, scene->trust.missing, NULL));
	assert_judged(scene, RESOLVER_TRUST_UNKNOWN, "a certificate cannot be had");
}

static void
signatures_that_are_none_are_not_trusted(void **state)
{
	static const char *const texts[] = {"", ".", "..", "a.b.c", "{", "{}", "eyJhIjoxfQ.e30.AA"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct scene *scene = scene_new();
		enum resolver_trust verdict;

		scene_add_value(scene, 401, TEXT("HS_SIGNATURE"), bytes_from_string(texts[i]));
		verdict = resolver_trust_judge(&scene->trust);
		assert_int_equal(verdict, RESOLVER_TRUST_NO);
		scene_free(scene);
	}
}

static void
each_truncation_of_a_signature_is_refused(void **state)
{
	struct bytes whole = vector_named("hs-signature-jws-admin_rsa2048").octets;

	(void)state;
	for (size_t size = 0; size < whole.size; size += 7) {
		struct scene *scene = scene_new();

		scene_add(scene, vector_named("value-digest-2").octets);
		scene_add_value(scene, 401, TEXT("HS_SIGNATURE"), bytes_slice(whole, 0, size));
		assert_int_not_equal(judged(scene), RESOLVER_TRUST_YES);
		scene_free(scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_real_owner_signed_is_trusted_up_to_the_root),
		cmocka_unit_test(both_serialisations_of_a_signature_are_read),
		cmocka_unit_test(of_several_signatures_the_first_counts),
		cmocka_unit_test(one_octet_changed_is_not_trusted),
		cmocka_unit_test(a_value_that_nobody_signed_leaves_it_unknown),
		cmocka_unit_test(a_record_without_a_signature_is_unknown),
		cmocka_unit_test(a_signature_outside_of_its_time_is_not_trusted),
		cmocka_unit_test(a_signature_of_another_record_is_not_trusted),
		cmocka_unit_test(another_root_or_another_key_of_it_is_not_trusted),
		cmocka_unit_test(
			a_signature_by_another_key_than_the_certificate_names_is_not_trusted),
		cmocka_unit_test(a_chain_that_cannot_be_had_leaves_it_unknown),
		cmocka_unit_test(signatures_that_are_none_are_not_trusted),
		cmocka_unit_test(each_truncation_of_a_signature_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
