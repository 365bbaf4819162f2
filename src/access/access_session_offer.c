/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_session_table.h"
#include "handle/handle_key.h"

#include <stdlib.h>

enum {
	/* Of our secret number. Twice the strength of the largest group would do for a prime of
	 * the usual form; the client chose the group, so there is some to spare. */
	SECRET_SIZE = 64,
	NUMBER_SIZE_MAX = DH_BITS_MAX / 8 + 2,
	DATA_SIZE_MAX = 4 + 64 + 3 * NUMBER_SIZE_MAX,
};

struct access_session_offer {
	struct session_agreed agreed; /* Its key is set by run(). */
	uint32_t cipher;
	bool has_cipher_word;
	uint8_t name[HANDLE_NAME_SIZE_MAX];
	/* The client's numbers, behind each other. */
	struct bytes y, p, g;
	uint8_t numbers[KEY_SIZE_MAX];
	uint8_t data[DATA_SIZE_MAX];
	size_t data_size;
};

static size_t
bit_count(struct bytes number)
{
	size_t bits;

	while (number.size > 0 && number.at[0] == 0) {
		number = bytes_slice(number, 1, number.size);
	}
	if (number.size == 0) {
		return 0;
	}
	bits = number.size * 8;
	for (uint8_t top = number.at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1)) {
		bits--;
	}
	return bits;
}

/* The client's half: a Diffie-Hellman key in a group that can be computed in. */
static enum status
group_read(struct bytes octets, struct handle_key *ret_key, struct bytes *ret_text)
{
	struct handle_key key;
	size_t bits;

	if (handle_key_decode(octets, &key) != STATUS_OK || key.kind != HANDLE_KEY_DH_PUBLIC) {
		*ret_text = TEXT("The session key must be a DH_PUB_KEY.");
		return STATUS_SESSION_FAILED;
	}
	bits = bit_count(key.parts[1]);
	if (bits < DH_BITS_MIN || bits > DH_BITS_MAX) {
		*ret_text = TEXT("The Diffie-Hellman group must have 1024 to 4096 bits.");
		return STATUS_SESSION_FAILED;
	}
	*ret_key = key;
	return STATUS_OK;
}

/* What may be told from the request alone. */
static enum status
request_check(const struct request *request, const struct access_policy *policy,
	struct handle_key *ret_key, struct bytes *ret_text)
{
	const struct request_session_setup *setup = &request->session_setup;
	struct version version = version_to_answer(&request->message.envelope);

	if (setup->mode != SESSION_MODE_DH) {
		*ret_text = TEXT("Only Diffie-Hellman sessions are supported.");
		return STATUS_SESSION_FAILED;
	}
	if (!version_at_least(version, 2, 7) && !policy->allows_old_ciphers) {
		*ret_text = TEXT("Sessions of protocols before 2.7 are not allowed here.");
		return STATUS_SESSION_FAILED;
	}
	if (setup->identity_name.size > HANDLE_NAME_SIZE_MAX) {
		*ret_text = TEXT("The identity's handle is too long.");
		return STATUS_SESSION_FAILED;
	}
	return group_read(setup->public_key, ret_key, ret_text);
}

/* Copies a run behind what is there already. */
static struct bytes
offer_keep(struct access_session_offer *offer, size_t *size, struct bytes run)
{
	uint8_t *at = offer->numbers + *size;

	memcpy(at, run.at, run.size);
	*size += run.size;
	return bytes_over(at, run.size);
}

enum status
access_session_offer_new(const struct request *request, const struct access_policy *policy,
	const uint8_t source[16], struct access_session_offer **ret_offer, struct bytes *ret_text)
{
	const struct request_session_setup *setup = &request->session_setup;
	struct version version = version_to_answer(&request->message.envelope);
	struct handle_key key;
	enum status status = request_check(request, policy, &key, ret_text);
	struct access_session_offer *offer;
	size_t size = 0;

	if (status != STATUS_OK) {
		return status;
	}
	offer = calloc(1, sizeof(*offer));
	if (offer == NULL) {
		return STATUS_NO_MEMORY;
	}
	offer->agreed = (struct session_agreed){
		.source = access_source_key(source),
		.version = version,
		.setup = {bytes_over(offer->name, setup->identity_name.size),
			setup->identity_index},
		.timeout_s = setup->timeout_s,
	};
	memcpy(offer->name, setup->identity_name.at, setup->identity_name.size);
	offer->has_cipher_word = version_at_least(version, 2, 4);
	offer->cipher = offer->has_cipher_word ? SESSION_CIPHER_AES : SESSION_CIPHER_DES;
	/* The decoder bounds the whole key, so its parts fit. */
	offer->y = offer_keep(offer, &size, key.parts[0]);
	offer->p = offer_keep(offer, &size, key.parts[1]);
	offer->g = offer_keep(offer, &size, key.parts[2]);
	*ret_offer = offer;
	return STATUS_OK;
}

/* Our half: the cipher, and our number in the client's group. */
static enum status
offer_write(struct access_session_offer *offer, const uint8_t *number, size_t size)
{
	struct wire_writer writer = wire_writer_over(offer->data, sizeof(offer->data));
	struct handle_key key = {
		.kind = HANDLE_KEY_DH_PUBLIC,
		.part_count = 3,
		.parts = {bytes_over(number, size), offer->p, offer->g},
	};

	if (offer->has_cipher_word) {
		wire_write_u32(&writer, offer->cipher);
	}
	handle_key_write(&writer, &key);
	offer->data_size = wire_writer_size(&writer);
	return wire_writer_end(&writer);
}

enum status
access_session_offer_run(struct access_session_offer *offer)
{
	uint8_t secret_octets[SECRET_SIZE] = {0};
	struct bytes secret = bytes_over(secret_octets, sizeof(secret_octets));
	uint8_t shared[NUMBER_SIZE_MAX];
	uint8_t number[NUMBER_SIZE_MAX] = {0};
	size_t shared_size = 0;
	size_t number_size = 0;
	size_t start = 1;
	enum status status;

	crypto_random(secret_octets, sizeof(secret_octets));
	/* A zero octet in front, for a number whose highest bit is set. */
	status = crypto_dh_public(offer->p, secret, offer->g, number + 1, &number_size);
	if (status == STATUS_OK) {
		status = crypto_dh_shared(offer->p, secret, offer->y, shared, &shared_size);
	}
	if (status == STATUS_OK) {
		status = session_key_derive(
			offer->cipher, bytes_over(shared, shared_size), &offer->agreed.key);
	}
	if (status == STATUS_OK) {
		while (start < number_size && number[start] == 0) {
			start++;
		}
		start -= (number[start] & 0x80) != 0;
		status = offer_write(offer, number + start, number_size + 1 - start);
	}
	crypto_forget(secret_octets, sizeof(secret_octets));
	crypto_forget(shared, sizeof(shared));
	return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_SESSION_FAILED;
}

struct bytes
access_session_offer_data(const struct access_session_offer *offer)
{
	return bytes_over(offer->data, offer->data_size);
}

const struct session_agreed *
access_session_offer_agreed(const struct access_session_offer *offer)
{
	return &offer->agreed;
}

void
access_session_offer_free(struct access_session_offer *offer)
{
	if (offer != NULL) {
		crypto_forget(offer, sizeof(*offer));
		free(offer);
	}
}
