/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_trust.h"

#include "base/base64.h"
#include "handle/handle_json.h"
#include "handle/handle_name.h"

#include <string.h>

enum { DIGEST_COUNT_MAX = 256, PERMISSION_COUNT_MAX = 32, LINK_COUNT_MAX = 16 };

/* A JSON Web Signature (RFC 7515): its parts as they were signed. */
struct jws {
	struct bytes header; /* base64url */
	struct bytes payload; /* base64url */
	struct bytes signature; /* base64url */
};

struct permission {
	struct bytes handle;
	struct bytes kind;
	bool may_issue;
	bool is_issue_said;
};

/* What a signature or a certificate claims. */
struct claims {
	struct bytes issuer; /* "index:handle" */
	struct bytes subject;
	int64_t not_before, expires;
	struct bytes chain; /* The first entry; empty: none. */
	struct bytes key_text; /* JWK; empty: none. */
	struct bytes digest_name;
	size_t digest_count;
	struct {
		uint32_t index;
		struct bytes digest; /* base64 */
	} digests[DIGEST_COUNT_MAX];
	size_t permission_count;
	struct permission permissions[PERMISSION_COUNT_MAX];
	bool has_times;
};

/* Compact: header.payload.signature. */
static bool
jws_split(struct bytes text, struct jws *ret_jws)
{
	size_t first = bytes_find(text, '.');
	struct bytes rest = bytes_slice(text, first + 1, SIZE_MAX);
	size_t second = bytes_find(rest, '.');

	ret_jws->header = bytes_slice(text, 0, first);
	ret_jws->payload = bytes_slice(rest, 0, second);
	ret_jws->signature = bytes_slice(rest, second + 1, SIZE_MAX);
	return ret_jws->header.size > 0 && ret_jws->payload.size > 0 && ret_jws->signature.size > 0;
}

static void
signature_read(struct json_reader *reader, struct jws *jws)
{
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("protected"))) {
			jws->header = json_read_string(reader);
		} else if (bytes_equal(name, TEXT("signature"))) {
			jws->signature = json_read_string(reader);
		} else {
			json_skip(reader);
		}
	}
}

/* The first of several counts: one is enough, and which must not depend on what others add. */
static void
signatures_read(struct json_reader *reader, struct jws *jws)
{
	bool is_first = true;

	json_read_array(reader);
	while (json_next_element(reader)) {
		if (is_first) {
			signature_read(reader, jws);
		} else {
			json_skip(reader);
		}
		is_first = false;
	}
}

/* {"payload":..., "signatures":[{"protected":..., "signature":...}]} (RFC 7515, 7.2.1). */
static bool
jws_read_json(struct bytes text, struct arena *arena, struct jws *ret_jws)
{
	struct json_reader reader = json_reader_over(text, arena);
	struct bytes name;

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("payload"))) {
			ret_jws->payload = json_read_string(&reader);
		} else if (bytes_equal(name, TEXT("signatures"))) {
			signatures_read(&reader, ret_jws);
		} else {
			json_skip(&reader);
		}
	}
	return json_reader_end(&reader) == STATUS_OK && ret_jws->payload.size > 0 &&
		ret_jws->header.size > 0 && ret_jws->signature.size > 0;
}

static bool
jws_read(struct bytes text, struct arena *arena, struct jws *ret_jws)
{
	*ret_jws = (struct jws){.header = {NULL, 0}};
	return text.size > 0 && text.at[0] == '{' ? jws_read_json(text, arena, ret_jws)
						  : jws_split(text, ret_jws);
}

static struct bytes
base64url(struct bytes text, struct arena *arena)
{
	uint8_t *octets = arena_alloc(arena, base64_decoded_size_max(text.size) + 1);
	size_t size = 0;

	if (octets == NULL || base64_decode(text, BASE64_URL, octets, &size) != STATUS_OK) {
		return (struct bytes){NULL, 0};
	}
	return bytes_over(octets, size);
}

static void
digests_read(struct json_reader *reader, struct claims *claims)
{
	struct bytes name;

	json_read_array(reader);
	while (json_next_element(reader)) {
		uint64_t index = 0;
		struct bytes digest = {NULL, 0};

		json_read_object(reader);
		while (json_next_member(reader, &name)) {
			if (bytes_equal(name, TEXT("index"))) {
				index = json_read_u64(reader, UINT32_MAX);
			} else if (bytes_equal(name, TEXT("digest"))) {
				digest = json_read_string(reader);
			} else {
				json_skip(reader);
			}
		}
		if (claims->digest_count == DIGEST_COUNT_MAX) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
			return;
		}
		claims->digests[claims->digest_count].index = (uint32_t)index;
		claims->digests[claims->digest_count++].digest = digest;
	}
}

static void
permissions_read(struct json_reader *reader, struct claims *claims)
{
	struct bytes name;

	json_read_array(reader);
	while (json_next_element(reader)) {
		struct permission permission = {.may_issue = true};

		json_read_object(reader);
		while (json_next_member(reader, &name)) {
			if (bytes_equal(name, TEXT("handle"))) {
				permission.handle = json_read_string(reader);
			} else if (bytes_equal(name, TEXT("perm"))) {
				permission.kind = json_read_string(reader);
			} else if (bytes_equal(name, TEXT("ca"))) {
				permission.may_issue = json_read_bool(reader);
				permission.is_issue_said = true;
			} else {
				json_skip(reader);
			}
		}
		if (claims->permission_count == PERMISSION_COUNT_MAX) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
			return;
		}
		claims->permissions[claims->permission_count++] = permission;
	}
}

static void
chain_read(struct json_reader *reader, struct claims *claims)
{
	json_read_array(reader);
	while (json_next_element(reader)) {
		struct bytes link = json_read_string(reader);

		if (claims->chain.size == 0) {
			claims->chain = link;
		}
	}
}

static void
claim_read(struct json_reader *reader, struct bytes name, struct claims *claims)
{
	if (bytes_equal(name, TEXT("iss"))) {
		claims->issuer = json_read_string(reader);
	} else if (bytes_equal(name, TEXT("sub"))) {
		claims->subject = json_read_string(reader);
	} else if (bytes_equal(name, TEXT("nbf"))) {
		claims->not_before = json_read_i64(reader);
	} else if (bytes_equal(name, TEXT("exp"))) {
		claims->expires = json_read_i64(reader);
		claims->has_times = true;
	} else if (bytes_equal(name, TEXT("chain"))) {
		chain_read(reader, claims);
	} else if (bytes_equal(name, TEXT("perms"))) {
		permissions_read(reader, claims);
	} else if (bytes_equal(name, TEXT("publicKey"))) {
		claims->key_text = json_skip(reader);
	} else if (bytes_equal(name, TEXT("digests"))) {
		json_read_object(reader);
		while (json_next_member(reader, &name)) {
			if (bytes_equal(name, TEXT("alg"))) {
				claims->digest_name = json_read_string(reader);
			} else if (bytes_equal(name, TEXT("digests"))) {
				digests_read(reader, claims);
			} else {
				json_skip(reader);
			}
		}
	} else {
		json_skip(reader);
	}
}

/* NULL if it is none, or memory is short. */
static struct claims *
claims_read(const struct jws *jws, struct arena *arena)
{
	struct claims *claims = arena_alloc(arena, sizeof(*claims));
	struct bytes text = base64url(jws->payload, arena);
	struct json_reader reader;
	struct bytes name;

	if (claims == NULL || text.size == 0) {
		return NULL;
	}
	reader = json_reader_over(text, arena);
	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		claim_read(&reader, name, claims);
	}
	return json_reader_end(&reader) == STATUS_OK ? claims : NULL;
}

/* RS256 and DS256, by a key of that kind. */
static bool
jws_is_by(const struct jws *jws, const struct crypto_key *key, struct arena *arena)
{
	struct bytes header = base64url(jws->header, arena);
	struct bytes signature = base64url(jws->signature, arena);
	struct json_reader reader = json_reader_over(header, arena);
	const struct bytes runs[3] = {jws->header, TEXT("."), jws->payload};
	struct bytes name, algorithm = {NULL, 0};
	enum crypto_key_kind kind = crypto_key_kind(key);

	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		if (bytes_equal(name, TEXT("alg"))) {
			algorithm = json_read_string(&reader);
		} else {
			json_skip(&reader);
		}
	}
	if (json_reader_end(&reader) != STATUS_OK ||
		!((kind == CRYPTO_KEY_RSA && bytes_equal(algorithm, TEXT("RS256"))) ||
			(kind == CRYPTO_KEY_DSA && bytes_equal(algorithm, TEXT("DS256"))))) {
		return false;
	}
	return crypto_verify(key, CRYPTO_SHA256, runs, 3, signature) == STATUS_OK;
}

/* False: a value that is there has another digest, or the digests are of a kind we do not know. */
static bool
digest_holds(const struct claims *claims, const struct handle_value *value, struct bytes octets,
	bool *ret_is_signed)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX], told[CRYPTO_DIGEST_SIZE_MAX * 2];
	size_t size = 0;

	*ret_is_signed = false;
	for (size_t i = 0; i < claims->digest_count; i++) {
		if (claims->digests[i].index != value->index) {
			continue;
		}
		*ret_is_signed = true;
		crypto_digest(CRYPTO_SHA256,
			bytes_slice(octets, HANDLE_VALUE_DIGEST_SKIP, SIZE_MAX), digest);
		return claims->digests[i].digest.size <= 44 &&
			base64_decode(claims->digests[i].digest, BASE64_STANDARD, told, &size) ==
			STATUS_OK &&
			bytes_equal(bytes_over(told, size), bytes_over(digest, 32));
	}
	return true;
}

static bool
value_is_of_trust(const struct handle_value *value)
{
	return handle_type_is(value->type, TEXT("HS_SIGNATURE")) ||
		handle_type_is(value->type, TEXT("HS_CERT"));
}

/* Every value that is there, against the digests. */
static enum resolver_trust
values_hold(struct resolver_trust_case *trust, const struct claims *claims)
{
	struct wire_reader walk = handle_value_list_walk(&trust->values);
	struct handle_value value;
	bool is_whole = true, is_signed;

	if (!bytes_equal_fold(claims->digest_name, TEXT("SHA-256"))) {
		trust->reason = "the digests are of a kind that is not known";
		return RESOLVER_TRUST_UNKNOWN;
	}
	for (const uint8_t *start = walk.next; handle_value_next(&walk, &value);
		start = walk.next) {
		struct bytes octets = bytes_over(start, (size_t)(walk.next - start));

		if (!digest_holds(claims, &value, octets, &is_signed)) {
			trust->reason = "a value is not the one that was signed";
			return RESOLVER_TRUST_NO;
		}
		is_whole = is_whole && (is_signed || value_is_of_trust(&value));
	}
	if (!is_whole) {
		trust->reason = "not every value is signed";
		return RESOLVER_TRUST_UNKNOWN;
	}
	return RESOLVER_TRUST_YES;
}

static bool
time_holds(const struct resolver_trust_case *trust, const struct claims *claims)
{
	return claims->has_times && claims->not_before <= trust->now_s &&
		trust->now_s <= claims->expires;
}

static struct bytes
prefix_of_handle(struct bytes handle)
{
	return handle_name_is_prefix_handle(handle) ? bytes_slice(handle, 5, SIZE_MAX)
						    : (struct bytes){NULL, 0};
}

/* Does this permission reach the handle? (Handle.net 9, 21.) */
static bool
permission_covers(const struct permission *permission, struct bytes name)
{
	struct bytes prefix = prefix_of_handle(permission->handle);
	struct bytes own = prefix_of_handle(name);
	bool is_under = prefix.size > 0 && bytes_equal_fold(handle_name_prefix(name), prefix);

	if (bytes_equal(permission->kind, TEXT("everything"))) {
		return true;
	}
	if (bytes_equal(permission->kind, TEXT("thisHandle"))) {
		return handle_name_equal(permission->handle, name) || is_under;
	}
	if (bytes_equal(permission->kind, TEXT("handlesUnderThisPrefix"))) {
		return is_under;
	}
	return bytes_equal(permission->kind, TEXT("derivedPrefixes")) && prefix.size > 0 &&
		own.size > prefix.size + 1 && bytes_start_with_fold(own, prefix) &&
		own.at[prefix.size] == '.';
}

static bool
claims_cover(const struct resolver_trust_case *trust, const struct claims *claims, bool is_issuer)
{
	for (size_t i = 0; i < claims->permission_count; i++) {
		const struct permission *permission = &claims->permissions[i];
		bool may_issue = permission->may_issue &&
			(permission->is_issue_said || !trust->root->is_issuing_said);

		if (permission_covers(permission, trust->name) && (!is_issuer || may_issue)) {
			return true;
		}
	}
	return false;
}

static const struct resolver_trust_record *
record_find(const struct resolver_trust_case *trust, struct bytes name)
{
	for (size_t i = 0; i < trust->record_count; i++) {
		if (handle_name_equal(trust->records[i].name, name)) {
			return &trust->records[i];
		}
	}
	return NULL;
}

/* The certificate of `issuer`, in the value that the chain names or the latest of its handle. */
static bool
certificate_find(struct resolver_trust_case *trust, const struct claims *child, struct jws *ret_jws,
	struct claims **ret_claims)
{
	struct bytes place = child->chain.size > 0 ? child->chain : child->issuer;
	const struct resolver_trust_record *record;
	struct wire_reader walk;
	struct handle_value value;
	struct bytes name;
	uint32_t index;
	bool is_found = false;

	if (handle_reference_parse(place, &index, &name) != STATUS_OK) {
		trust->reason = "an issuer is not named as index:handle";
		return false;
	}
	record = record_find(trust, name);
	if (record == NULL) {
		trust->missing = name;
		trust->reason = "a certificate must be fetched";
		return false;
	}
	trust->reason = "a certificate cannot be had";
	walk = handle_value_list_walk(&record->values);
	while (record->is_known && handle_value_next(&walk, &value)) {
		struct jws jws;
		struct claims *claims;

		if (!handle_type_is(value.type, TEXT("HS_CERT")) ||
			(child->chain.size > 0 && value.index != index) ||
			!jws_read(value.data, trust->arena, &jws)) {
			continue;
		}
		claims = claims_read(&jws, trust->arena);
		if (claims != NULL && bytes_equal_fold(claims->subject, child->issuer)) {
			*ret_jws = jws;
			*ret_claims = claims;
			is_found = true;
		}
	}
	return is_found;
}

static bool
issuer_is_root(const struct resolver_trust_case *trust, const struct claims *claims)
{
	struct bytes name;
	uint32_t index;

	return handle_reference_parse(claims->issuer, &index, &name) == STATUS_OK &&
		index == trust->root->index && handle_name_equal(name, trust->root->name);
}

/* NULL if it has none that we can use. The caller frees it. */
static struct crypto_key *
claims_key(const struct claims *claims, struct arena *arena)
{
	struct json_reader reader = json_reader_over(claims->key_text, arena);
	struct problem problem;
	struct handle_key parts;
	struct crypto_key *key = NULL;

	if (claims->key_text.size == 0 ||
		handle_key_read_json(&reader, &parts, &problem) != STATUS_OK ||
		handle_key_to_crypto(&parts, &key) != STATUS_OK) {
		return NULL;
	}
	return key;
}

/* Up from a signature that holds in itself, link by link. */
static enum resolver_trust
chain_holds(struct resolver_trust_case *trust, const struct jws *first, const struct claims *claims)
{
	struct jws jws = *first, above;
	struct claims *parent = NULL;

	for (size_t links = 0; links < SIGNATURE_CHECK_COUNT_MAX; links++) {
		struct crypto_key *key;
		bool is_good;

		if (issuer_is_root(trust, claims)) {
			trust->reason = "the signature of the root is wrong";
			return jws_is_by(&jws, trust->root->key, trust->arena) ? RESOLVER_TRUST_YES
									       : RESOLVER_TRUST_NO;
		}
		if (bytes_equal_fold(claims->issuer, claims->subject)) {
			trust->reason = "the chain ends at another root";
			return RESOLVER_TRUST_NO;
		}
		if (!certificate_find(trust, claims, &above, &parent)) {
			return RESOLVER_TRUST_UNKNOWN;
		}
		key = claims_key(parent, trust->arena);
		if (key == NULL) {
			trust->reason = "a certificate has no key that can be used";
			return RESOLVER_TRUST_UNKNOWN;
		}
		is_good = jws_is_by(&jws, key, trust->arena);
		crypto_key_free(key);
		if (!is_good || !time_holds(trust, parent) ||
			!claims_cover(trust, parent, links > 0)) {
			trust->reason = !is_good ? "a signature is wrong"
				: !time_holds(trust, parent)
				? "a certificate is out of its time"
				: "a certificate does not speak for this handle";
			return RESOLVER_TRUST_NO;
		}
		jws = above;
		claims = parent;
	}
	trust->reason = "the chain is too long";
	return RESOLVER_TRUST_UNKNOWN;
}

static enum resolver_trust
signature_holds(struct resolver_trust_case *trust, struct bytes text)
{
	struct jws jws;
	struct claims *claims =
		jws_read(text, trust->arena, &jws) ? claims_read(&jws, trust->arena) : NULL;
	enum resolver_trust verdict;

	trust->reason = "a signature is not well formed";
	if (claims == NULL) {
		return RESOLVER_TRUST_NO;
	}
	if (!handle_name_equal(claims->subject, trust->name)) {
		trust->reason = "a signature is about another handle";
		return RESOLVER_TRUST_NO;
	}
	verdict = values_hold(trust, claims);
	if (verdict != RESOLVER_TRUST_YES) {
		return verdict;
	}
	if (!time_holds(trust, claims)) {
		trust->reason = "the signature is out of its time";
		return RESOLVER_TRUST_NO;
	}
	return chain_holds(trust, &jws, claims);
}

/* One good signature is enough; else one that is wrong says more than one that cannot be judged. */
enum resolver_trust
resolver_trust_judge(struct resolver_trust_case *trust)
{
	struct wire_reader walk = handle_value_list_walk(&trust->values);
	enum resolver_trust verdict = RESOLVER_TRUST_UNKNOWN;
	const char *reason = "nothing is signed";
	struct handle_value value;
	size_t count = 0;

	trust->missing = (struct bytes){NULL, 0};
	while (handle_value_next(&walk, &value) && count < LINK_COUNT_MAX) {
		enum resolver_trust one;

		if (!handle_type_is(value.type, TEXT("HS_SIGNATURE"))) {
			continue;
		}
		count++;
		one = signature_holds(trust, value.data);
		if (one == RESOLVER_TRUST_YES) {
			trust->missing = (struct bytes){NULL, 0};
			trust->reason = "signed, up to the root";
			return one;
		}
		if (one == RESOLVER_TRUST_NO || verdict == RESOLVER_TRUST_UNKNOWN) {
			verdict = one == RESOLVER_TRUST_NO ? one : verdict;
			reason = trust->reason;
		}
	}
	/* While another signature may still turn out to be good, nothing is decided. */
	trust->reason = reason;
	return trust->missing.size > 0 ? RESOLVER_TRUST_UNKNOWN : verdict;
}

bool
resolver_trust_add(struct resolver_trust_case *trust, struct bytes name,
	const struct handle_value_list *values)
{
	struct resolver_trust_record *record = &trust->records[trust->record_count];

	if (trust->record_count == SIGNATURE_CHECK_COUNT_MAX) {
		return false;
	}
	*record = (struct resolver_trust_record){.name = name, .is_known = values != NULL};
	if (values != NULL) {
		record->values = *values;
	}
	trust->record_count++;
	return true;
}
