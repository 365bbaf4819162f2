/* SPDX-License-Identifier: Apache-2.0 */
#include "message/credential.h"
#include "native/native_worker.h"

#include <stdlib.h>

enum { CREDENTIAL_SIZE_MAX = CRYPTO_SIGNATURE_SIZE_MAX + 128 };

static void
signing_done(struct signer_job *job)
{
	struct native_signing *signing = (struct native_signing *)job;
	struct native *native = signing->native;
	struct wire_writer writer = wire_writer_over(
		signing->octets + signing->size, signing->capacity - signing->size);
	struct credential credential = {
		.type = TEXT("HS_SIGNED"),
		.digest_name = signing->digest_name,
		.signature = bytes_over(job->signature, job->signature_size),
	};
	struct wire_length length;

	native->signing_count--;
	length = wire_write_length_open(&writer);
	credential_write(&writer, &credential);
	wire_write_length_close(&writer, length);
	if (job->status == STATUS_OK) {
		job->status = wire_writer_end(&writer);
	}
	if (job->status == STATUS_OK) {
		struct wire_reader reader =
			wire_reader_over(bytes_over(signing->octets, ENVELOPE_SIZE));
		struct wire_writer front = wire_writer_over(signing->octets, ENVELOPE_SIZE);
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		signing->size += wire_writer_size(&writer);
		envelope.message_size = (uint32_t)signing->size - ENVELOPE_SIZE;
		envelope_write(&front, &envelope);
	}
	monitor_add(native->row,
		job->status == STATUS_OK ? METRIC_SIGNATURES_MADE : METRIC_SIGNATURES_FAILED, 1);
	signing->done(signing, job->status, bytes_over(signing->octets, signing->size));
	free(signing);
}

/* The answer without the u32 of an empty credential, which the signature replaces. */
static struct native_signing *
signing_new(struct native *native, struct exchange *exchange)
{
	struct wire_writer writer = wire_writer_over(native->out, sizeof(native->out));
	struct native_signing *signing;
	size_t size;

	exchange_write(&writer, exchange);
	if (wire_writer_end(&writer) != STATUS_OK) {
		return NULL;
	}
	size = wire_writer_size(&writer) - 4;
	signing = calloc(1, sizeof(*signing) + size + CREDENTIAL_SIZE_MAX);
	if (signing != NULL) {
		memcpy(signing->octets, native->out, size);
		signing->size = size;
		signing->capacity = size + CREDENTIAL_SIZE_MAX;
		signing->native = native;
	}
	return signing;
}

static enum status
signing_submit(struct native *native, struct exchange *exchange, struct native_signing *signing)
{
	struct signer *signer = native->settings->signer;
	struct signer_job *job = &signing->job;
	enum status status = exchange_signature_kind(exchange, signer_key_kind(signer),
		native->settings->is_sha1_allowed, &job->digest, &signing->digest_name);

	if (status != STATUS_OK) {
		return status;
	}
	job->runs[0] = bytes_over(signing->front,
		credential_signed_front(&exchange->response.message.envelope, 0, signing->front));
	job->runs[1] = bytes_over(signing->octets + ENVELOPE_SIZE, signing->size - ENVELOPE_SIZE);
	job->run_count = 2;
	job->job.loop = native->loop;
	job->signed_ = signing_done;
	return signer_submit(signer, job);
}

struct native_signing *
native_sign_begin(struct native *native, struct exchange *exchange, native_signed *done)
{
	struct native_signing *signing = NULL;
	enum status status = STATUS_UNSUPPORTED;

	if (native->settings->signer != NULL) {
		status = STATUS_NO_MEMORY;
		signing = signing_new(native, exchange);
	}
	if (signing != NULL) {
		signing->done = done;
		status = signing_submit(native, exchange, signing);
	}
	if (status == STATUS_OK) {
		native->signing_count++;
		return signing;
	}
	free(signing);
	monitor_add(native->row, METRIC_SIGNATURES_FAILED, 1);
	exchange_refuse(native->service, exchange, status,
		status == STATUS_UNSUPPORTED
			? TEXT("this server cannot sign for your protocol version")
			: TEXT("too many signatures are waiting"),
		native->now_s);
	return NULL;
}
