/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"

#include "code/code_handle.h"

#include <string.h>

/*
 * Decentralized identifiers: did:METHOD:ID (W3C DID Core, 3.1). The methods of the industrial
 * internet are read to the end; of any other only the frame is. A did:cn is a prefix under
 * another name, and its normal form is that prefix.
 */
static const char BASE_58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char BASE_64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
static const char BECH_32[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char LOWER[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static bool
id_is_good(struct bytes id)
{
	for (size_t i = 0; i < id.size; i++) {
		if (!code_is_alphanumeric(id.at[i]) &&
			(id.at[i] == '\0' || strchr(".-_:%", id.at[i]) == NULL)) {
			return false;
		}
	}
	return id.size > 0 && id.at[id.size - 1] != ':';
}

/* [acsn:] encryption, encoding, suffix (BID method of CAICT). */
static void
check_bid(struct code_candidate *candidate, struct bytes id)
{
	static const struct {
		char letter;
		const char *alphabet;
		size_t size_min;
		size_t size_max;
	} encodings[] = {{'f', BASE_58, 22, 31}, {'s', BASE_64, 32, 32}, {'t', BECH_32, 42, 42}};
	struct bytes chain = bytes_slice(id, 0, bytes_find(id, ':')), suffix;

	if (chain.size < id.size) {
		code_part(candidate, "acsn", chain);
		if (chain.size != 4 || code_span(chain, LOWER) != chain.size) {
			code_against(candidate, CODE_REASON_SIZE, chain);
		}
		id = bytes_slice(id, chain.size + 1, SIZE_MAX);
	}
	code_part(candidate, "encryption", bytes_slice(id, 0, 1));
	code_part(candidate, "encoding", bytes_slice(id, 1, 1));
	suffix = bytes_slice(id, 2, SIZE_MAX);
	if (id.size < 2 || strchr("ezs", id.at[0]) == NULL) {
		code_against(candidate, CODE_REASON_NO_TABLE, bytes_slice(id, 0, 1));
		return;
	}
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		if (id.at[1] != (uint8_t)encodings[i].letter) {
			continue;
		}
		if (suffix.size < encodings[i].size_min || suffix.size > encodings[i].size_max) {
			code_against(candidate, CODE_REASON_SIZE, suffix);
		} else if (code_span(suffix, encodings[i].alphabet) != suffix.size) {
			code_against(candidate, CODE_REASON_CHARACTER, suffix);
		}
		return;
	}
	code_against(candidate, CODE_REASON_NO_TABLE, bytes_slice(id, 1, 1));
}

/* Base58 of 27 to 31 characters, or contract and identifier. */
static void
check_vaa(struct code_candidate *candidate, struct bytes id)
{
	struct bytes contract = bytes_slice(id, 0, bytes_find(id, ':'));

	if (contract.size < id.size) {
		if (contract.size == 0 || contract.size + 1 == id.size) {
			code_against(candidate, CODE_REASON_SIZE, id);
		}
	} else if (id.size < 27 || id.size > 31) {
		code_against(candidate, CODE_REASON_SIZE, id);
	} else if (code_span(id, BASE_58) != id.size) {
		code_against(candidate, CODE_REASON_CHARACTER, id);
	}
}

/* 2DIGIT "." 3*5DIGIT "." 1*128DIGIT; the prefix grammar leaves 16 of the 128. */
static void
check_cn(struct code_candidate *candidate, struct bytes id)
{
	struct bytes rest = id;
	struct bytes issuer = code_take(&rest, '.'), industry = code_take(&rest, '.');

	if (!code_are_digits(issuer) || issuer.size != 2) {
		code_against(candidate, CODE_REASON_LABEL, issuer);
	} else if (!code_are_digits(industry) || industry.size < 3 || industry.size > 5) {
		code_against(candidate, CODE_REASON_LABEL, industry);
	} else if (!code_are_digits(rest) || rest.size > 128) {
		code_against(candidate, CODE_REASON_LABEL, rest);
	} else {
		code_handle_put(candidate, id);
	}
}

void
code_did_recognise(struct code_result *result)
{
	struct bytes id = result->code, method;
	struct code_candidate *candidate;

	if (!bytes_start_with(id, TEXT("did:")) || !code_take_prefix(&id, "did:")) {
		return;
	}
	candidate = code_propose(result, CODE_DID, "DID", CODE_CERTAIN);
	candidate->type = "";
	code_reason(candidate, CODE_REASON_PREFIX, TEXT("did:"));
	method = code_take(&id, ':');
	if (method.size == 0 || code_span(method, LOWER) != method.size || !id_is_good(id)) {
		code_against(candidate, CODE_REASON_CHARACTER, result->code);
		return;
	}
	candidate->normal = result->code;
	if (bytes_equal(method, TEXT("bid"))) {
		candidate->kind = "did:bid";
		candidate->type = "DID:BID";
		check_bid(candidate, id);
	} else if (bytes_equal(method, TEXT("vaa"))) {
		candidate->kind = "did:vaa";
		check_vaa(candidate, id);
	} else if (bytes_equal(method, TEXT("cn"))) {
		candidate->kind = "did:cn";
		check_cn(candidate, id);
	} else {
		code_reason(candidate, CODE_REASON_NO_TABLE, method);
	}
}
