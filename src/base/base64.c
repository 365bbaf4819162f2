/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

static const char alphabets[2][64] = {
	[BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	[BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t
base64_encoded_size(size_t size, enum base64_alphabet alphabet)
{
	size_t rest = size % 3;

	if (size / 3 >= SIZE_MAX / 4) {
		return SIZE_MAX;
	}
	if (rest == 0) {
		return size / 3 * 4;
	}
	return size / 3 * 4 + (alphabet == BASE64_STANDARD ? 4 : rest + 1);
}

void
base64_encode(struct bytes run, enum base64_alphabet alphabet, char *ret_text)
{
	const char *digits = alphabets[alphabet];
	char *at = ret_text;
	size_t i = 0;
	uint32_t bits;

	for (; run.size - i >= 3; i += 3) {
		bits = (uint32_t)run.at[i] << 16 | (uint32_t)run.at[i + 1] << 8 | run.at[i + 2];
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = digits[bits >> 6 & 63];
		*at++ = digits[bits & 63];
	}
	if (i == run.size) {
		return;
	}
	bits = (uint32_t)run.at[i] << 16 | (run.size - i == 2 ? (uint32_t)run.at[i + 1] << 8 : 0);
	*at++ = digits[bits >> 18];
	*at++ = digits[bits >> 12 & 63];
	if (run.size - i == 2) {
		*at++ = digits[bits >> 6 & 63];
	}
	if (alphabet == BASE64_STANDARD) {
		*at++ = '=';
		if (run.size - i == 1) {
			*at = '=';
		}
	}
}

/* 0 to 63, or 64 for a character outside the alphabet. */
static uint32_t
base64_digit(uint8_t character, enum base64_alphabet alphabet)
{
	if (character >= 'A' && character <= 'Z') {
		return (uint32_t)(character - 'A');
	}
	if (character >= 'a' && character <= 'z') {
		return (uint32_t)(character - 'a' + 26);
	}
	if (character >= '0' && character <= '9') {
		return (uint32_t)(character - '0' + 52);
	}
	if (character == (uint8_t)alphabets[alphabet][62]) {
		return 62;
	}
	return character == (uint8_t)alphabets[alphabet][63] ? 63 : 64;
}

enum status
base64_decode(
	struct bytes text, enum base64_alphabet alphabet, uint8_t *ret_octets, size_t *ret_size)
{
	uint8_t *at = ret_octets;
	uint32_t bits = 0;
	unsigned bit_count = 0;

	/* Padding counts only where it completes a group of four. */
	if (text.size > 0 && text.size % 4 == 0 && text.at[text.size - 1] == '=') {
		text.size -= text.at[text.size - 2] == '=' ? 2 : 1;
	}
	if (text.size % 4 == 1) {
		return STATUS_MALFORMED;
	}
	for (size_t i = 0; i < text.size; i++) {
		uint32_t digit = base64_digit(text.at[i], alphabet);

		if (digit > 63) {
			return STATUS_MALFORMED;
		}
		bits = bits << 6 | digit;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			*at++ = (uint8_t)(bits >> bit_count);
		}
	}
	if ((bits & ((1U << bit_count) - 1)) != 0) {
		return STATUS_MALFORMED;
	}
	*ret_size = (size_t)(at - ret_octets);
	return STATUS_OK;
}
