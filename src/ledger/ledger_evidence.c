/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_evidence.h"

#include "base/clock.h"
#include "ledger/ledger_history.h"
#include "ledger/ledger_private.h"

#include <string.h>

/* Readers make the rows that the file has not, so that a proof reads few entries. */
static enum status
tree_prepare(struct ledger *ledger, struct problem *problem)
{
	bool is_complete;

	return ledger->is_writable
		? STATUS_OK
		: ledger_tree_extend(ledger->tree, UINT64_MAX, &is_complete, problem);
}

static enum status
cannot_read(enum status status, struct problem *problem)
{
	return problem_set(
		problem, status, "the journal or its tree cannot be read: %s", status_text(status));
}

/* The head of the first `size` entries, without a signature. */
static enum status
head_make(const struct ledger *ledger, uint64_t size, struct ledger_head *ret_head)
{
	struct ledger_head head = {.size = size, .time_ms = clock_wall_ms()};
	struct journal_entry entry;
	uint64_t place;
	enum status status = ledger_tree_root(ledger->tree, size, &head.root);

	if (status == STATUS_OK) {
		status = ledger_tree_place(ledger->tree, size, &place);
	}
	if (status == STATUS_OK) {
		status = journal_read(ledger->journal, place, &entry);
	}
	if (status == STATUS_OK) {
		journal_entry_hash(&entry, head.last);
		*ret_head = head;
	}
	return status;
}

enum status
ledger_evidence_checkpoint(struct ledger *ledger, const struct crypto_key *key,
	struct ledger_head *ret_head, struct problem *problem)
{
	uint64_t size = journal_last_sequence(ledger->journal);
	struct ledger_head head;
	enum status status;

	if (size == 0) {
		return problem_set(problem, STATUS_NOT_FOUND, "the journal is empty");
	}
	status = tree_prepare(ledger, problem);
	if (status == STATUS_OK && ledger->is_looking) {
		status = journal_sync(ledger->journal, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = head_make(ledger, size, &head);
	if (status != STATUS_OK) {
		return cannot_read(status, problem);
	}
	status = ledger_head_sign(&head, key);
	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "a head cannot be signed: %s", status_text(status));
	}
	status = ledger_heads_append(ledger->directory, &head, problem);
	if (status == STATUS_OK) {
		*ret_head = head;
	}
	return status;
}

/* The handle's entry with this sequence; 0: the newest. */
static enum status
entry_choose(struct ledger *ledger, struct bytes name, uint64_t sequence,
	struct journal_entry *ret_entry, struct problem *problem)
{
	struct ledger_moment moment = {.sequence = sequence == 0 ? UINT64_MAX : sequence};
	enum status status = ledger_record_at(ledger, name, &moment, ret_entry, problem);

	return status == STATUS_OK && sequence != 0 && ret_entry->sequence != sequence
		? problem_set(problem, STATUS_NOT_FOUND, "entry %llu is not of this handle",
			  (unsigned long long)sequence)
		: status;
}

static enum status
newest_head(const struct ledger *ledger, uint64_t covered, struct ledger_head *ret_head,
	struct problem *problem)
{
	enum status status = ledger_heads_last(ledger->directory, ret_head, problem);

	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && ret_head->size < covered)) {
		return problem_set(problem, STATUS_NOT_FOUND,
			"no signed head covers entry %llu yet; make one with: houji checkpoint %s",
			(unsigned long long)covered, ledger->directory);
	}
	if (status == STATUS_OK && ret_head->size > journal_last_sequence(ledger->journal)) {
		return problem_set(problem, STATUS_CORRUPT,
			"a head of %llu entries was signed, but the journal has only %llu",
			(unsigned long long)ret_head->size,
			(unsigned long long)journal_last_sequence(ledger->journal));
	}
	return status;
}

enum status
ledger_evidence_entry(struct ledger *ledger, struct bytes name, uint64_t sequence,
	struct ledger_proof *ret_proof, struct problem *problem)
{
	struct ledger_proof proof = {.kind = LEDGER_PROOF_ENTRY, .has_record = true};
	enum status status = entry_choose(ledger, name, sequence, &proof.entry, problem);

	if (status == STATUS_OK) {
		status = newest_head(ledger, proof.entry.sequence, &proof.head, problem);
	}
	if (status == STATUS_OK) {
		status = tree_prepare(ledger, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = ledger_merkle_inclusion(ledger_tree_range, ledger->tree, proof.entry.sequence - 1,
		proof.head.size, &proof.path);
	if (status != STATUS_OK) {
		return cannot_read(status, problem);
	}
	proof.has_record = !proof.entry.is_pruned;
	*ret_proof = proof;
	return STATUS_OK;
}

static enum status
head_of_size(const struct ledger *ledger, uint64_t size, struct ledger_head *ret_head,
	struct problem *problem)
{
	struct ledger_heads heads;
	enum status status = ledger_heads_read(ledger->directory, &heads, problem);

	if (status != STATUS_OK) {
		return status;
	}
	do {
		status = ledger_heads_next(&heads, ret_head, problem);
	} while (status == STATUS_OK && ret_head->size != size);
	ledger_heads_free(&heads);
	return status == STATUS_NOT_FOUND
		? problem_set(problem, status, "no head of %llu entries was signed",
			  (unsigned long long)size)
		: status;
}

enum status
ledger_evidence_growth(struct ledger *ledger, uint64_t size, struct ledger_proof *ret_proof,
	struct problem *problem)
{
	struct ledger_proof proof = {.kind = LEDGER_PROOF_GROWTH};
	enum status status = head_of_size(ledger, size, &proof.earlier, problem);

	if (status == STATUS_OK) {
		status = newest_head(ledger, size, &proof.head, problem);
	}
	if (status == STATUS_OK) {
		status = tree_prepare(ledger, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = ledger_merkle_consistency(
		ledger_tree_range, ledger->tree, size, proof.head.size, &proof.path);
	if (status != STATUS_OK) {
		return cannot_read(status, problem);
	}
	*ret_proof = proof;
	return STATUS_OK;
}

void
ledger_evidence_sign(struct ledger *ledger, const struct crypto_key *key, uint32_t interval_ms)
{
	struct ledger_signing *signing = &ledger->signing;
	struct ledger_head head;
	uint64_t size = 0;

	if (ledger->is_writable && ledger_heads_last(ledger->directory, &head, NULL) == STATUS_OK) {
		size = head.size;
	}
	pthread_mutex_lock(&ledger->view.lock);
	while (signing->is_signing) {
		pthread_cond_wait(&ledger->view.changed, &ledger->view.lock);
	}
	if (signing->key == NULL) {
		signing->last_size = size;
		atomic_store(&signing->shown_size, size);
		signing->last_ms = clock_monotonic_ms();
	}
	signing->key = key;
	signing->interval_ms = interval_ms;
	pthread_cond_broadcast(&ledger->view.changed);
	pthread_mutex_unlock(&ledger->view.lock);
}

uint64_t
ledger_evidence_size(const struct ledger *ledger)
{
	return atomic_load(&ledger->signing.shown_size);
}

int64_t
ledger_evidence_patience(const struct ledger *ledger)
{
	const struct ledger_signing *signing = &ledger->signing;
	int64_t left = signing->last_ms + signing->interval_ms - clock_monotonic_ms();

	if (signing->key == NULL || journal_last_sequence(ledger->journal) <= signing->last_size) {
		return -1;
	}
	return left > 0 ? left : 0;
}

void
ledger_evidence_step(struct ledger *ledger)
{
	struct ledger_signing *signing = &ledger->signing;
	struct problem problem = {.status = STATUS_OK};
	const struct crypto_key *key = signing->key;
	struct ledger_head head;
	enum status status;

	signing->is_signing = true;
	pthread_mutex_unlock(&ledger->view.lock);
	status = ledger_evidence_checkpoint(ledger, key, &head, &problem);
	pthread_mutex_lock(&ledger->view.lock);
	signing->is_signing = false;
	pthread_cond_broadcast(&ledger->view.changed);
	if (status == STATUS_OK) {
		signing->last_size = head.size;
		atomic_store(&signing->shown_size, head.size);
		problem.status = STATUS_OK;
	}
	signing->fault = problem;
	signing->last_ms = clock_monotonic_ms();
}

enum status
ledger_evidence_fault(struct ledger *ledger, struct problem *problem)
{
	struct problem fault;

	pthread_mutex_lock(&ledger->view.lock);
	fault = ledger->signing.fault.status != STATUS_OK ? ledger->signing.fault
							  : ledger->signing.tree_fault;
	pthread_mutex_unlock(&ledger->view.lock);
	if (fault.status != STATUS_OK && problem != NULL) {
		*problem = fault;
	}
	return fault.status;
}
