/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
suffixes_of_bid_are_as_long_as_their_encoding_says(void **state)
{
	(void)state;
	expect_valid(
		"did:bid:ef1234567891234567891234", "did:bid", "did:bid:ef1234567891234567891234");
	expect_invalid("did:bid:ef123456789123456789123", "did:bid", CODE_REASON_SIZE);
	expect_valid("did:bid:ef1234567891234567891234567891234", "did:bid",
		"did:bid:ef1234567891234567891234567891234");
	expect_invalid("did:bid:ef12345678912345678912345678912345", "did:bid", CODE_REASON_SIZE);
	expect_valid("did:bid:zs12345678901234567890123456789012", "did:bid",
		"did:bid:zs12345678901234567890123456789012");
	expect_invalid("did:bid:zs1234567890123456789012345678901", "did:bid", CODE_REASON_SIZE);
	expect_valid("did:bid:stqpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9x8gf", "did:bid",
		"did:bid:stqpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9x8gf");
	expect_invalid("did:bid:ef0234567891234567891234", "did:bid", CODE_REASON_CHARACTER);
}

static void
the_chain_of_a_bid_has_four_characters(void **state)
{
	(void)state;
	expect_valid("did:bid:by01:ef1234567891234567891234", "did:bid",
		"did:bid:by01:ef1234567891234567891234");
	expect_invalid("did:bid:by0:ef1234567891234567891234", "did:bid", CODE_REASON_SIZE);
	expect_invalid("did:bid:BY01:ef1234567891234567891234", "did:bid", CODE_REASON_SIZE);
}

static void
kinds_of_keys_and_encodings_are_known(void **state)
{
	(void)state;
	expect_invalid("did:bid:af1234567891234567891234", "did:bid", CODE_REASON_NO_TABLE);
	expect_invalid("did:bid:ea1234567891234567891234", "did:bid", CODE_REASON_NO_TABLE);
	expect_invalid("did:bid:e", "did:bid", CODE_REASON_NO_TABLE);
	assert_true(has_reason_at(find_kind("did:bid:ea1234567891234567891234", "did:bid"),
		CODE_REASON_NO_TABLE, "a"));
}

static void
a_did_cn_is_a_prefix(void **state)
{
	(void)state;
	assert_int_equal(
		expect_valid("did:cn:88.100.1", "did:cn", "88.100.1")->scheme, CODE_HANDLE);
	expect_invalid("did:cn:8.100.1", "did:cn", CODE_REASON_LABEL);
	expect_invalid("did:cn:88.10.1", "did:cn", CODE_REASON_LABEL);
	expect_invalid("did:cn:88.100000.1", "did:cn", CODE_REASON_LABEL);
	expect_invalid("did:cn:88.100", "did:cn", CODE_REASON_LABEL);
}

static void
a_did_vaa_is_base58_or_has_a_contract(void **state)
{
	(void)state;
	expect_valid("did:vaa:123456789123456789123456789", "did:vaa",
		"did:vaa:123456789123456789123456789");
	expect_invalid("did:vaa:12345678912345678912345678", "did:vaa", CODE_REASON_SIZE);
	expect_valid("did:vaa:1234567891234567891234567891234", "did:vaa",
		"did:vaa:1234567891234567891234567891234");
	expect_invalid("did:vaa:12345678912345678912345678912345", "did:vaa", CODE_REASON_SIZE);
	expect_invalid("did:vaa:023456789123456789123456789", "did:vaa", CODE_REASON_CHARACTER);
	expect_valid("did:vaa:contract:id", "did:vaa", "did:vaa:contract:id");
	expect_invalid("did:vaa::id", "did:vaa", CODE_REASON_SIZE);
}

static void
other_methods_have_their_frame_checked(void **state)
{
	(void)state;
	assert_true(has_reason(
		expect_valid("did:web:example.com:user", "DID", "did:web:example.com:user"),
		CODE_REASON_NO_TABLE));
	expect_invalid("did:web:", "DID", CODE_REASON_CHARACTER);
	expect_invalid("did:Web:x", "DID", CODE_REASON_CHARACTER);
	expect_invalid("did:web:x#key", "DID", CODE_REASON_CHARACTER);
	expect_invalid("did:web:x:", "DID", CODE_REASON_CHARACTER);
	expect_none("DID:web:x", "DID");
}

static void
the_first_character_is_checked_like_the_others(void **state)
{
	(void)state;
	expect_invalid("did:web:!a", "DID", CODE_REASON_CHARACTER);
	expect_invalid("did:web:a!", "DID", CODE_REASON_CHARACTER);
	expect_invalid("did:web:", "DID", CODE_REASON_CHARACTER);
}

static void
a_bid_is_told_in_its_parts(void **state)
{
	const struct code_candidate *candidate =
		find_kind("did:bid:by01:ef2234567891234567891234567", "did:bid");

	(void)state;
	assert_true(bytes_equal(candidate->parts[0].value, TEXT("by01")));
	assert_true(bytes_equal(candidate->parts[1].value, TEXT("e")));
	assert_true(bytes_equal(candidate->parts[2].value, TEXT("f")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_of_bid_are_as_long_as_their_encoding_says),
		cmocka_unit_test(the_chain_of_a_bid_has_four_characters),
		cmocka_unit_test(kinds_of_keys_and_encodings_are_known),
		cmocka_unit_test(a_did_cn_is_a_prefix),
		cmocka_unit_test(a_did_vaa_is_base58_or_has_a_contract),
		cmocka_unit_test(other_methods_have_their_frame_checked),
		cmocka_unit_test(the_first_character_is_checked_like_the_others),
		cmocka_unit_test(a_bid_is_told_in_its_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
