/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/load.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "program/terminal/language.h"
#include "program/transfer/export.h"
#include "program/transfer/load_seen.h"

#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t load_is_stopped;

enum { SCRATCH_SIZE = 1 << 20, SCRATCH_LIMIT = 64 << 20, CHUNK_ARENA_LIMIT = 256 << 20 };

static bool
list_has_index(const struct handle_value_list *list, uint32_t index)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (value.index == index) {
			return true;
		}
	}
	return false;
}

static bool
values_are_equal(const struct handle_value_list *one, const struct handle_value_list *other)
{
	return one->count == other->count && bytes_equal(one->octets, other->octets);
}

/* Secrets of the record that is there, which an export left out, stay: behind the values that
 * came, unless one of those took the index. False if memory is short. */
static bool
keep_secrets(struct load_change *own, const struct record *before)
{
	struct handle_value_list *list = &own->change.values;
	size_t room = list->octets.size + before->values.octets.size;
	uint8_t *octets = arena_alloc(own->chunk->arena, room);
	struct wire_writer writer = wire_writer_over(octets, room);
	struct wire_reader walk = handle_value_list_walk(&before->values);
	uint32_t count = list->count;
	struct handle_value value;

	if (octets == NULL) {
		return false;
	}
	wire_write_bytes(&writer, list->octets);
	while (handle_value_next(&walk, &value)) {
		if (export_is_secret(&value) && !list_has_index(list, value.index)) {
			handle_value_write(&writer, &value);
			count++;
		}
	}
	*list = (struct handle_value_list){count, wire_written(&writer)};
	return true;
}

/* An export without secrets says nothing about those that are here. */
static enum status
judge_without_secrets(struct load_change *own, const struct record *before)
{
	uint8_t *octets = arena_alloc(own->chunk->arena, before->values.octets.size + 1);
	struct handle_value_list shown = before->values;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	if (export_leave_out_secrets(&shown, octets) == 0) {
		return values_are_equal(&shown, &own->change.values) ? STATUS_EXISTS : STATUS_OK;
	}
	if (values_are_equal(&shown, &own->change.values)) {
		return STATUS_EXISTS;
	}
	return keep_secrets(own, before) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* On the committer's thread: what is there already is left alone. */
static enum status
judge(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct load_change *own = context;

	(void)state;
	own->is_replacing = before != NULL;
	if (before != NULL && own->chunk->load->options->keeps_secrets) {
		return judge_without_secrets(own, before);
	}
	return before != NULL && values_are_equal(&before->values, &change->values) ? STATUS_EXISTS
										    : STATUS_OK;
}

static void
count(struct load_chunk *chunk, const struct load_change *change, enum status status)
{
	if (status == STATUS_EXISTS) {
		chunk->unchanged++;
	} else if (status != STATUS_OK) {
		chunk->fault = chunk->fault == STATUS_OK ? status : chunk->fault;
	} else if (change->is_replacing) {
		chunk->replaced++;
	} else {
		chunk->created++;
	}
}

static void
chunk_answered(struct load_chunk *chunk)
{
	struct load *load = chunk->load;

	if (++chunk->answered == chunk->change_count + chunk->home_count) {
		pthread_mutex_lock(&load->lock);
		chunk->state = LOAD_DONE;
		pthread_cond_broadcast(&load->changed);
		pthread_mutex_unlock(&load->lock);
	}
}

static void
committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct load_change *own = context;

	(void)change;
	(void)sequence;
	count(own->chunk, own, status);
	chunk_answered(own->chunk);
}

static void
home_committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct load_chunk *chunk = context;

	(void)change;
	(void)sequence;
	if (status == STATUS_OK) {
		chunk->home_ok++;
	} else if (status != STATUS_EXISTS && chunk->fault == STATUS_OK) {
		chunk->fault = status;
	}
	chunk_answered(chunk);
}

/* A parser: takes chunks as they are read. */
static void *
parser(void *context)
{
	struct load *load = context;
	struct records_reader *reader = records_reader_new(ledger_records(load->ledger));
	struct arena *scratch = arena_new(SCRATCH_SIZE, SCRATCH_LIMIT);
	struct load_chunk *chunk;

	pthread_mutex_lock(&load->lock);
	while (true) {
		while (load->parse_count == load->read_count && !load->is_closing) {
			pthread_cond_wait(&load->changed, &load->lock);
		}
		if (load->parse_count == load->read_count) {
			break;
		}
		chunk = &load->chunks[load->parse_count++ % LOAD_CHUNK_COUNT];
		chunk->state = LOAD_PARSING;
		pthread_mutex_unlock(&load->lock);
		if (reader == NULL || scratch == NULL) {
			chunk->fault = STATUS_NO_MEMORY;
		} else {
			load_chunk_parse(chunk, reader, scratch);
		}
		pthread_mutex_lock(&load->lock);
		chunk->state = LOAD_PARSED;
		pthread_cond_broadcast(&load->changed);
	}
	pthread_mutex_unlock(&load->lock);
	records_reader_free(reader);
	arena_free(scratch);
	return NULL;
}

/* Prefixes that nobody has asked to home yet, in front of the chunk's records. */
static enum status
chunk_add_homes(struct load *load, struct load_chunk *chunk)
{
	for (size_t i = 0; i < chunk->change_count; i++) {
		struct bytes missing = chunk->changes[i].missing;
		enum status status;
		bool is_requested;

		if (missing.size == 0) {
			continue;
		}
		(void)records_homed_find(load->requested, missing, &is_requested);
		if (is_requested) {
			continue;
		}
		status = records_homed_put(load->requested, missing, 0, true);
		if (status != STATUS_OK) {
			return status;
		}
		chunk->homes[chunk->home_count++] = (struct ledger_change){
			.kind = JOURNAL_HOME,
			.name = missing,
			.actor = TEXT("houji load"),
			.committed = home_committed,
			.context = chunk,
		};
	}
	return STATUS_OK;
}

/* All changes of the chunk as one chain: homes first. */
static struct ledger_change *
chunk_chain(struct load_chunk *chunk)
{
	struct ledger_change *next = NULL;

	for (size_t i = chunk->change_count; i-- > 0;) {
		struct ledger_change *change = &chunk->changes[i].change;

		change->judge = judge;
		change->committed = committed;
		change->context = &chunk->changes[i];
		change->next = next;
		next = change;
	}
	for (size_t i = chunk->home_count; i-- > 0;) {
		chunk->homes[i].next = next;
		next = &chunk->homes[i];
	}
	return next;
}

/* In a dry run the records are only compared with what is there. */
static enum status
chunk_compare(struct load *load, struct load_chunk *chunk)
{
	struct records_reader *reader = records_reader_new(ledger_records(load->ledger));
	struct record before;
	enum status status, result = STATUS_OK;

	if (reader == NULL) {
		return STATUS_NO_MEMORY;
	}
	records_enter(reader);
	for (size_t i = 0; i < chunk->change_count && result == STATUS_OK; i++) {
		struct load_change *change = &chunk->changes[i];
		enum load_sight sight = LOAD_SIGHT_FIRST;

		result = load_seen_look(
			load->seen, change->change.name, &change->change.values, &sight);
		if (sight != LOAD_SIGHT_FIRST) {
			change->is_replacing = true;
			count(chunk, change, sight == LOAD_SIGHT_SAME ? STATUS_EXISTS : STATUS_OK);
			continue;
		}
		status = records_get(reader, change->change.name, &before);
		count(chunk, change,
			judge(change, NULL, &change->change, status == STATUS_OK ? &before : NULL));
	}
	chunk->home_ok = chunk->home_count;
	records_leave(reader);
	records_reader_free(reader);
	return result;
}

/* BUSY: come again when other chunks are done. */
static enum status
chunk_submit(struct load *load, struct load_chunk *chunk)
{
	enum status status = chunk->fault;

	if (status == STATUS_OK && chunk->home_count == 0) {
		status = chunk_add_homes(load, chunk);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (load->options->is_dry_run) {
		status = chunk_compare(load, chunk);
	}
	if (status != STATUS_OK || load->options->is_dry_run ||
		chunk->change_count + chunk->home_count == 0) {
		chunk->state = LOAD_DONE;
		return status;
	}
	chunk->state = LOAD_SUBMITTED;
	pthread_mutex_unlock(&load->lock);
	status = ledger_submit(load->ledger, chunk_chain(chunk));
	pthread_mutex_lock(&load->lock);
	if (status != STATUS_OK) {
		chunk->state = LOAD_PARSED;
	}
	return status;
}

static void
chunk_print_complaints(struct load *load, const struct load_chunk *chunk)
{
	char escaped[4 * (PROBLEM_TEXT_SIZE_MAX + 128)];

	for (const struct load_complaint *it = chunk->complaints; it != NULL; it = it->next) {
		struct text_writer writer = text_writer_over(escaped, sizeof(escaped));
		struct bytes text;

		load->counts.failed++;
		if (load->options->errors_max > 0 &&
			load->counts.failed > load->options->errors_max) {
			continue;
		}
		text_write_escaped(&writer, bytes_from_string(it->text));
		text = text_written(&writer);
		progress_clear(&load->progress);
		fprintf(stderr, "%s:%llu: %.*s\n", load->name, (unsigned long long)it->line,
			(int)text.size, (const char *)text.at);
	}
}

/* Counts a chunk that is done and remembers how far the file is loaded. */
static enum status
chunk_finish(struct load *load, struct load_chunk *chunk)
{
	struct load_counts *counts = &load->counts;
	int64_t now = clock_monotonic_ms();
	uint64_t size = (uint64_t)load->file.st_size;

	chunk_print_complaints(load, chunk);
	counts->lines += chunk->line_count;
	counts->created += chunk->created;
	counts->replaced += chunk->replaced;
	counts->unchanged += chunk->unchanged;
	counts->homed += chunk->home_ok;
	if (chunk->fault != STATUS_OK) {
		return chunk->fault;
	}
	if (now - load->state_ms >= LOAD_STATE_EVERY_MS) {
		load_state_save(load, chunk->end_offset, chunk->first_line + chunk->line_count - 1);
		load->state_ms = now;
	}
	progress_show(&load->progress, chunk->end_offset, S_ISREG(load->file.st_mode) ? size : 0,
		counts->created + counts->replaced + counts->unchanged + counts->failed);
	if (load->options->errors_max > 0 && counts->failed >= load->options->errors_max) {
		return STATUS_CLOSED;
	}
	return STATUS_OK;
}

static enum status
load_finish_done(struct load *load, const struct load_chunk **ret_last)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && load->done_count < load->submit_count) {
		struct load_chunk *chunk = &load->chunks[load->done_count % LOAD_CHUNK_COUNT];

		if (chunk->state != LOAD_DONE) {
			break;
		}
		status = chunk_finish(load, chunk);
		if (status == STATUS_OK || status == STATUS_CLOSED) {
			*ret_last = chunk;
		}
		/* The text behind its lines may still be wanted by the next read. */
		chunk->state = LOAD_FREE;
		load->done_count++;
	}
	return status;
}

static enum status
load_submit_parsed(struct load *load)
{
	while (load->submit_count < load->parse_count) {
		struct load_chunk *chunk = &load->chunks[load->submit_count % LOAD_CHUNK_COUNT];
		enum status status;

		if (chunk->state != LOAD_PARSED) {
			return STATUS_OK;
		}
		status = chunk_submit(load, chunk);
		if (status == STATUS_BUSY && load->done_count < load->submit_count) {
			return STATUS_OK;
		}
		if (status != STATUS_OK) {
			return status;
		}
		load->submit_count++;
	}
	return STATUS_OK;
}

/* Reads one chunk if there is a free one; `ret_has_read` says so. */
static enum status
load_read_one(struct load *load, bool *ret_has_read, struct problem *problem)
{
	struct load_chunk *chunk = &load->chunks[load->read_count % LOAD_CHUNK_COUNT];
	enum status status;

	*ret_has_read = false;
	if (load_is_stopped || (load->is_at_end && load->rest_size == 0) ||
		load->read_count - load->done_count >= LOAD_CHUNK_COUNT - 1) {
		return STATUS_OK;
	}
	pthread_mutex_unlock(&load->lock);
	status = load_chunk_read(load, chunk, problem);
	pthread_mutex_lock(&load->lock);
	if (status == STATUS_OK && (chunk->size > 0 || chunk->complaints != NULL)) {
		chunk->state = LOAD_READ;
		load->read_count++;
		*ret_has_read = true;
		pthread_cond_broadcast(&load->changed);
	}
	return status;
}

/* Round and round until nothing is under way. Holds the lock. */
static enum status
load_turn(struct load *load, const struct load_chunk **ret_last, struct problem *problem)
{
	enum status status = STATUS_OK;
	bool has_read;

	while (status == STATUS_OK) {
		status = load_finish_done(load, ret_last);
		if (status == STATUS_OK) {
			status = load_submit_parsed(load);
		}
		if (status != STATUS_OK) {
			break;
		}
		status = load_read_one(load, &has_read, problem);
		if (status != STATUS_OK || has_read) {
			continue;
		}
		if (load->done_count == load->read_count) {
			return load_is_stopped ? STATUS_CLOSED : STATUS_OK;
		}
		if (load->chunks[load->done_count % LOAD_CHUNK_COUNT].state != LOAD_DONE) {
			pthread_cond_wait(&load->changed, &load->lock);
		}
	}
	return status;
}

/* What is with the ledger must come back before its memory goes. */
static void
load_drain(struct load *load)
{
	while (load->done_count < load->submit_count) {
		struct load_chunk *chunk = &load->chunks[load->done_count % LOAD_CHUNK_COUNT];

		while (chunk->state == LOAD_SUBMITTED) {
			pthread_cond_wait(&load->changed, &load->lock);
		}
		load->counts.created += chunk->created;
		load->counts.replaced += chunk->replaced;
		load->counts.unchanged += chunk->unchanged;
		load->done_count++;
	}
}

static bool
chunk_make(struct load *load, struct load_chunk *chunk)
{
	chunk->load = load;
	chunk->text = malloc(LOAD_CHUNK_TEXT_SIZE);
	chunk->arena = arena_new(LOAD_CHUNK_TEXT_SIZE, CHUNK_ARENA_LIMIT);
	chunk->changes = malloc(LOAD_CHUNK_LINE_COUNT_MAX * sizeof(chunk->changes[0]));
	chunk->homes = malloc(LOAD_CHUNK_LINE_COUNT_MAX * sizeof(chunk->homes[0]));
	return chunk->text != NULL && chunk->arena != NULL && chunk->changes != NULL &&
		chunk->homes != NULL;
}

static enum status
load_make(struct load *load)
{
	bool is_made = true;

	for (unsigned i = 0; i < LOAD_CHUNK_COUNT; i++) {
		is_made = chunk_make(load, &load->chunks[i]) && is_made;
	}
	load->requested = records_homed_new();
	load->seen = load->options->is_dry_run ? load_seen_new() : NULL;
	if (!is_made || load->requested == NULL ||
		(load->options->is_dry_run && load->seen == NULL)) {
		return STATUS_NO_MEMORY;
	}
	load->rest = load->chunks[0].text;
	for (; load->parser_count < LOAD_PARSER_COUNT; load->parser_count++) {
		if (pthread_create(&load->parsers[load->parser_count], NULL, parser, load) != 0) {
			break;
		}
	}
	return load->parser_count > 0 ? STATUS_OK : STATUS_SYSTEM;
}

static void
load_unmake(struct load *load)
{
	pthread_mutex_lock(&load->lock);
	load->is_closing = true;
	pthread_cond_broadcast(&load->changed);
	pthread_mutex_unlock(&load->lock);
	for (unsigned i = 0; i < load->parser_count; i++) {
		pthread_join(load->parsers[i], NULL);
	}
	for (unsigned i = 0; i < LOAD_CHUNK_COUNT; i++) {
		free(load->chunks[i].text);
		arena_free(load->chunks[i].arena);
		free(load->chunks[i].changes);
		free(load->chunks[i].homes);
	}
	records_homed_free(load->requested);
	load_seen_free(load->seen);
}

enum status
load_run(struct load *load, struct problem *problem)
{
	const struct load_chunk *last = NULL;
	enum status status;

	pthread_mutex_init(&load->lock, NULL);
	pthread_cond_init(&load->changed, NULL);
	status = load_make(load);
	if (status != STATUS_OK) {
		(void)problem_set(problem, status, "%s", text_say(status_text(status)));
	} else {
		problem->text[0] = '\0';
		pthread_mutex_lock(&load->lock);
		status = load_turn(load, &last, problem);
		load_drain(load);
		pthread_mutex_unlock(&load->lock);
	}
	if (status == STATUS_OK) {
		load_state_remove(load);
	} else if (last != NULL) {
		load_state_save(load, last->end_offset, last->first_line + last->line_count - 1);
	}
	if (status != STATUS_OK && status != STATUS_CLOSED && problem->text[0] == '\0' &&
		ledger_fault(load->ledger, problem) == STATUS_OK) {
		(void)problem_set(problem, status, "%s", text_say(status_text(status)));
	}
	load_unmake(load);
	pthread_cond_destroy(&load->changed);
	pthread_mutex_destroy(&load->lock);
	return status;
}
