/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "replication/replication_follower_private.h"

#include <string.h>

/*
 * Octets of the stream are kept until their blocks are whole; blocks become changes of a batch;
 * while a batch is under way nothing more is decoded, and the connection is paused when the
 * room is full. The position moves when the batch is durable.
 */
enum { SAVE_INTERVAL_MS = 1000 };

void
follower_stream_begin(struct replication_follower *follower)
{
	follower->talk = TALK_STREAM;
	follower->decoder = replication_decoder_new(
		follower->is_dump ? REPLICATION_DUMP : REPLICATION_TRANSACTIONS);
	follower->in_size = 0;
	follower->must_dump = false;
	follower->next = follower->position;
	follower->report.is_kept = follower->is_kept;
	follower_tell(follower, follower->is_dump ? REPLICATION_DUMPING : REPLICATION_CATCHING_UP);
}

static bool
digest_find(struct bytes name, enum crypto_digest *ret_digest)
{
	if (bytes_equal_fold(name, TEXT("SHA1")) || bytes_equal_fold(name, TEXT("SHA-1"))) {
		*ret_digest = CRYPTO_SHA1;
		return true;
	}
	if (bytes_equal_fold(name, TEXT("SHA-256")) || bytes_equal_fold(name, TEXT("SHA256"))) {
		*ret_digest = CRYPTO_SHA256;
		return true;
	}
	return false;
}

static void
take_protection(struct replication_follower *follower, const struct replication_block *block)
{
	switch (block->protection) {
	case REPLICATION_TLS:
		if (follower->tls == NULL) {
			follower_fail(follower,
				problem_set(&follower->fault, STATUS_UNSUPPORTED,
					"the primary wants TLS, which its key cannot do"));
		} else if (loop_channel_secure(follower->channel, crypto_tls_new(follower->tls)) !=
			STATUS_OK) {
			follower_fail(follower,
				problem_set(
					&follower->fault, STATUS_NO_MEMORY, "no memory for TLS"));
		}
		return;
	case REPLICATION_SIGNED:
		if (!follower->settings.is_signed_allowed) {
			follower_fail(follower,
				problem_set(&follower->fault, STATUS_DENIED,
					"the primary offers signatures without TLS, which would "
					"not show "
					"that blocks were left out"));
		} else if (!digest_find(block->name, &follower->digest)) {
			follower_fail(follower,
				problem_set(&follower->fault, STATUS_UNSUPPORTED,
					"the primary signs with a digest that is not known"));
		}
		return;
	case REPLICATION_PLAIN:
		break;
	}
	follower_fail(follower,
		problem_set(&follower->fault, STATUS_DENIED,
			"the primary sends without TLS or signatures"));
}

static void
take_head(struct replication_follower *follower, const struct replication_block *block)
{
	if (follower->is_dump) {
		if (!follower->next.has_dump_position && follower->next.dump_name_size == 0) {
			follower->next.dump_sequence =
				journal_last_sequence(ledger_journal(follower->ledger));
		}
		replication_batch_set_fresh(follower->batch, follower->next.dump_sequence);
		return;
	}
	replication_batch_set_fresh(follower->batch, UINT64_MAX);
	follower->must_dump = block->status == REPLICATION_MUST_DUMP;
}

static enum status
take_action(struct replication_follower *follower, const struct replication_block *block)
{
	switch (block->action) {
	case REPLICATION_CREATE:
	case REPLICATION_UPDATE:
		return replication_batch_put(follower->batch, block->name, &block->values);
	case REPLICATION_DELETE:
		return replication_batch_add(follower->batch, JOURNAL_DELETE, block->name);
	case REPLICATION_HOME:
		return replication_batch_add(follower->batch, JOURNAL_HOME, block->name);
	case REPLICATION_UNHOME:
		return replication_batch_add(follower->batch, JOURNAL_UNHOME, block->name);
	case REPLICATION_DELETE_ALL:
		/* A dump shows what is left, without a moment in which nothing is. It is part of
		 * the position, for this transaction is not told again if the stream is cut now. */
		follower->must_dump = true;
		follower->next.is_dumping = true;
		return STATUS_OK;
	case REPLICATION_PLACEHOLDER:
		break;
	}
	return STATUS_OK;
}

static enum status
take_transaction(struct replication_follower *follower, const struct replication_block *block)
{
	enum status status;

	if (block->id <= follower->next.last_id) {
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_MALFORMED,
				"transaction %llu comes behind %llu: the stream was reordered or "
				"replayed",
				(unsigned long long)block->id,
				(unsigned long long)follower->next.last_id));
		return STATUS_OK;
	}
	status = take_action(follower, block);
	if (status == STATUS_OK) {
		follower->next.last_id = block->id;
		follower->gathered_transaction_count++;
	}
	return status;
}

static void
take_position(struct replication_follower *follower, const struct replication_block *block)
{
	if (!follower->next.has_dump_position) {
		follower->next.has_dump_position = true;
		follower->next.last_id = block->id;
		follower->next.last_date = block->date;
	}
}

static enum status
take_record(struct replication_follower *follower, const struct replication_block *block)
{
	enum status status = replication_batch_put(follower->batch, block->name, &block->values);

	if (status == STATUS_OK) {
		follower->next.dump_name_size = block->name.size;
		memcpy(follower->next.dump_name, block->name.at, block->name.size);
		follower->gathered_record_count++;
	}
	return status;
}

static enum status
take_prefix(struct replication_follower *follower, const struct replication_block *block)
{
	if (!follower_note_prefix(follower, block->name)) {
		return STATUS_NO_MEMORY;
	}
	return replication_batch_add(follower->batch, JOURNAL_HOME, block->name);
}

static enum status
take_block(struct replication_follower *follower, const struct replication_block *block)
{
	switch (block->kind) {
	case REPLICATION_BLOCK_HEAD:
		take_head(follower, block);
		return STATUS_OK;
	case REPLICATION_BLOCK_TRANSACTION:
		return take_transaction(follower, block);
	case REPLICATION_BLOCK_END:
		follower->next.last_date = block->date;
		return STATUS_OK;
	case REPLICATION_BLOCK_POSITION:
		take_position(follower, block);
		return STATUS_OK;
	case REPLICATION_BLOCK_RECORD:
		return take_record(follower, block);
	case REPLICATION_BLOCK_PREFIX:
		return take_prefix(follower, block);
	case REPLICATION_BLOCK_QUEUE:
	case REPLICATION_BLOCK_QUEUE_END:
		/* We asked for one source. */
		return STATUS_MALFORMED;
	case REPLICATION_BLOCK_PROTECTION:
	case REPLICATION_BLOCK_HANDLE_DATE:
	case REPLICATION_BLOCK_PREFIX_DATE:
	case REPLICATION_BLOCK_SOURCES:
	case REPLICATION_BLOCK_DUMP_END:
		break;
	}
	return STATUS_OK;
}

static bool
is_vouched_for(struct replication_follower *follower, const struct replication_block *block)
{
	if (!follower->decoder.is_signed || block->kind == REPLICATION_BLOCK_DUMP_END) {
		return true;
	}
	return crypto_verify(follower->settings.server_key, follower->digest, &block->octets, 1,
		       block->signature) == STATUS_OK;
}

/* One block. False: no more for now. */
static bool
take_next(struct replication_follower *follower, struct bytes *rest)
{
	struct replication_block block = {0};
	enum status status = replication_decode(&follower->decoder, *rest, &block);

	if (status == STATUS_TRUNCATED) {
		return false;
	}
	if (status == STATUS_OK && !is_vouched_for(follower, &block)) {
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_DENIED,
				"a block is not signed by the primary's key: the stream was "
				"altered"));
		return false;
	}
	if (status == STATUS_OK) {
		*rest = bytes_slice(*rest, block.size, SIZE_MAX);
		status = take_block(follower, &block);
	}
	if (status != STATUS_OK) {
		follower_fail(follower,
			problem_set(
				&follower->fault, status, "the stream %s", status_text(status)));
	}
	return !follower->is_rejected && !replication_batch_is_full(follower->batch) &&
		block.kind != REPLICATION_BLOCK_END && !follower->decoder.is_ended;
}

/* The batch goes when it is full, and when nothing more has come. */
static void
take_blocks(struct replication_follower *follower)
{
	struct bytes rest = bytes_over(follower->in, follower->in_size);

	if (replication_batch_is_busy(follower->batch) || follower->is_rejected) {
		return;
	}
	while (take_next(follower, &rest)) {
	}
	if (follower->is_rejected || rest.size == follower->in_size) {
		if (rest.size == FOLLOWER_IN_SIZE) {
			follower_fail(follower,
				problem_set(&follower->fault, STATUS_TOO_LARGE,
					"a block is too large"));
		}
		return;
	}
	if (rest.size > 0) {
		memmove(follower->in, rest.at, rest.size);
	}
	follower->in_size = rest.size;
	replication_batch_submit(follower->batch);
}

size_t
follower_stream_received(struct replication_follower *follower, struct bytes octets)
{
	struct replication_block block;
	enum status status;

	if (follower->decoder.step == REPLICATION_AT_PROTECTION) {
		status = replication_decode(&follower->decoder, octets, &block);
		if (status == STATUS_OK) {
			take_protection(follower, &block);
			return block.size;
		}
		if (status != STATUS_TRUNCATED) {
			follower_fail(follower,
				problem_set(&follower->fault, status, "the stream %s",
					status_text(status)));
		}
		return 0;
	}
	if (octets.size > FOLLOWER_IN_SIZE - follower->in_size) {
		octets.size = FOLLOWER_IN_SIZE - follower->in_size;
		loop_channel_pause(follower->channel, true);
	}
	memcpy(follower->in + follower->in_size, octets.at, octets.size);
	follower->in_size += octets.size;
	take_blocks(follower);
	return octets.size;
}

void
follower_save(struct replication_follower *follower)
{
	struct problem problem;

	follower->position.ledger_sequence =
		journal_last_sequence(ledger_journal(follower->ledger));
	follower->saved_ms = loop_now_ms(follower->loop);
	if (replication_position_write(
		    follower->settings.position_path, &follower->position, &problem) != STATUS_OK) {
		follower->report.fault = problem;
	}
}

/* The durable position; of a dump under way as often as of anything else. */
static void
note_position(struct replication_follower *follower)
{
	bool is_new_dump =
		follower->next.has_dump_position && !follower->position.has_dump_position;

	follower->position = follower->next;
	follower->report.transaction_count += follower->gathered_transaction_count;
	follower->report.record_count += follower->gathered_record_count;
	follower->gathered_transaction_count = follower->gathered_record_count = 0;
	follower->report.last_id = follower->position.last_id;
	follower->report.last_date = follower->position.last_date;
	if (is_new_dump || (follower->decoder.is_ended && !follower->is_kept) ||
		loop_now_ms(follower->loop) - follower->saved_ms >= SAVE_INTERVAL_MS) {
		follower_save(follower);
	}
}

static void
end_of_log(struct replication_follower *follower)
{
	follower->report.is_current = true;
	follower_tell(follower, REPLICATION_CURRENT);
	if (follower->is_kept) {
		/* The next transactions come behind it. */
		follower->decoder.is_ended = false;
	} else {
		follower_stream_ended(follower);
	}
}

static void
end_was_taken(struct replication_follower *follower)
{
	if (follower->must_dump) {
		follower->position.is_dumping = true;
		follower->position.has_dump_position = false;
		follower->position.dump_name_size = 0;
		follower_save(follower);
		follower_stream_ended(follower);
	} else if (!follower->is_dump) {
		end_of_log(follower);
	} else if (!follower->position.has_dump_position) {
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_MALFORMED,
				"the dump does not say where it stands"));
	} else {
		follower_clean_begin(follower);
	}
}

static void
batch_was_taken(struct replication_follower *follower)
{
	follower->retry_ms = follower->settings.retry_ms;
	note_position(follower);
	if (follower->decoder.is_ended) {
		end_was_taken(follower);
	}
	if (follower->is_rejected || follower->is_stopping || follower->is_cleaning ||
		follower->decoder.is_ended) {
		return;
	}
	if (follower->channel != NULL) {
		loop_channel_pause(follower->channel, false);
	}
	take_blocks(follower);
}

void
follower_batch_done(void *context, enum status status)
{
	struct replication_follower *follower = context;

	if (status != STATUS_OK) {
		follower_fail(follower,
			problem_set(&follower->fault, status,
				"the ledger did not take the changes: %s", status_text(status)));
	} else if (follower->is_cleaning && !follower->is_stopping) {
		follower_clean_step(follower);
	} else if (!follower->is_cleaning && !follower->is_rejected) {
		batch_was_taken(follower);
	}
	if (follower->channel == NULL || follower->is_stopping) {
		follower_stream_ended(follower);
	}
}
