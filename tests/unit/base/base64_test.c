/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

static const struct {
	const char *octets;
	const char *padded;
	const char *plain;
} vectors[] = {
	/* RFC 4648, 10. */
	{"", "", ""},
	{"f", "Zg==", "Zg"},
	{"fo", "Zm8=", "Zm8"},
	{"foo", "Zm9v", "Zm9v"},
	{"foob", "Zm9vYg==", "Zm9vYg"},
	{"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

static void
the_vectors_of_the_rfc_are_written_and_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct bytes octets = bytes_from_string(vectors[i].octets);
		struct bytes padded = bytes_from_string(vectors[i].padded);
		struct bytes plain = bytes_from_string(vectors[i].plain);
		char text[16];
		uint8_t back[16];
		size_t size = 99;

		assert_int_equal(base64_encoded_size(octets.size, BASE64_STANDARD), padded.size);
		base64_encode(octets, BASE64_STANDARD, text);
		assert_memory_equal(text, padded.at, padded.size);
		assert_int_equal(base64_encoded_size(octets.size, BASE64_URL), plain.size);
		base64_encode(octets, BASE64_URL, text);
		assert_memory_equal(text, plain.at, plain.size);
		for (int form = 0; form < 4; form++) {
			assert_int_equal(base64_decode(form < 2 ? padded : plain,
						 (enum base64_alphabet)(form % 2), back, &size),
				STATUS_OK);
			assert_true(bytes_equal(bytes_over(back, size), octets));
		}
	}
}

static void
each_alphabet_has_64_characters_of_its_own(void **state)
{
	int count[2] = {0, 0};

	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		for (unsigned alphabet = 0; alphabet < 2; alphabet++) {
			uint8_t back[3];
			size_t size;

			count[alphabet] +=
				base64_decode(BYTES('A', 'A', 'A', (uint8_t)octet),
					(enum base64_alphabet)alphabet, back, &size) == STATUS_OK;
		}
	}
	/* And "=" in the last place. */
	assert_int_equal(count[BASE64_STANDARD], 65);
	assert_int_equal(count[BASE64_URL], 65);
}

static void
runs_of_every_size_come_back_without_a_read_too_far(void **state)
{
	uint8_t octets[70];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++) {
		octets[i] = (uint8_t)(i * 37 + 251);
	}
	for (size_t size = 0; size <= sizeof(octets); size++) {
		for (unsigned form = 0; form < 2; form++) {
			enum base64_alphabet alphabet = (enum base64_alphabet)form;
			struct bytes run = heap_copy(bytes_over(octets, size));
			size_t text_size = base64_encoded_size(size, alphabet);
			char *text = malloc(text_size);
			uint8_t *back = malloc(base64_decoded_size_max(text_size));
			size_t back_size = 0;

			base64_encode(run, alphabet, text);
			assert_int_equal(base64_decode(bytes_over(text, text_size), alphabet, back,
						 &back_size),
				STATUS_OK);
			assert_true(bytes_equal(bytes_over(back, back_size), run));
			free(back);
			free(text);
			heap_free(run);
		}
	}
}

static void
other_texts_are_refused(void **state)
{
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "Zm8==", "=",
		"==", "===", "====", "Z===", "Zm9v=", "Zm9v====", "Zg==Zg==", "Zm=v", "=m9v",
		"Zm9v\n", " Zm9v", "Zm9v ", "Zm 9v", "Zh==", "Zh", "Zm9=", "Zm9", "Zm9_", "Zm9-",
		"Zm9v.", "Zm9\xc3"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes text = heap_copy(bytes_from_string(bad[i]));
		uint8_t *back = malloc(base64_decoded_size_max(text.size));
		size_t size = 42;

		if (base64_decode(text, BASE64_STANDARD, back, &size) != STATUS_MALFORMED) {
			fail_msg("\"%s\" was taken", bad[i]);
		}
		assert_int_equal(size, 42);
		free(back);
		heap_free(text);
	}
	assert_int_equal(base64_decode(TEXT("Zm9+"), BASE64_URL, (uint8_t[3]){0}, &(size_t){0}),
		STATUS_MALFORMED);
	assert_int_equal(
		base64_decode(TEXT("Zm9_"), BASE64_URL, (uint8_t[3]){0}, &(size_t){0}), STATUS_OK);
}

static void
sizes_beyond_memory_do_not_wrap(void **state)
{
	(void)state;
	assert_true(base64_encoded_size(SIZE_MAX, BASE64_STANDARD) == SIZE_MAX);
	assert_true(base64_encoded_size(SIZE_MAX / 4 * 3, BASE64_STANDARD) >= SIZE_MAX - 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc_are_written_and_read),
		cmocka_unit_test(each_alphabet_has_64_characters_of_its_own),
		cmocka_unit_test(runs_of_every_size_come_back_without_a_read_too_far),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(sizes_beyond_memory_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
