/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const VIEW_FILES[] = {
	"/view/places",
	"/view/ordered.mdb",
	"/view/ordered.mdb-lock",
	"/view/ordered.mdb.new",
	"/view/ordered.mdb.new-lock",
	"/view/tree",
	"/view/search.mdb",
	"/view/search.mdb-lock",
	"/view/search.mdb.new",
	"/view/search.mdb.new-lock",
};

enum { VIEW_PLACES, VIEW_ORDERED, VIEW_TREE = 5, VIEW_SEARCH = 6, VIEW_FILE_COUNT = 10 };

static enum status
path_make(
	const char *directory, const char *ending, char ret_path[PATH_MAX], struct problem *problem)
{
	struct text_writer writer = text_writer_over(ret_path, PATH_MAX);

	text_write_string(&writer, directory);
	text_write_string(&writer, ending);
	text_write_char(&writer, '\0');
	return text_writer_end(&writer) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_TOO_LARGE, "%s: the path is too long", directory);
}

static struct ledger *
ledger_new(const char *directory, bool is_writable)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	size_t size = strlen(directory) + 1;

	if (ledger == NULL) {
		return NULL;
	}
	ledger->directory = malloc(size);
	if (ledger->directory == NULL) {
		free(ledger);
		return NULL;
	}
	memcpy(ledger->directory, directory, size);
	ledger->lock_fd = -1;
	ledger->is_writable = is_writable;
	pthread_mutex_init(&ledger->lock, NULL);
	pthread_cond_init(&ledger->changed, NULL);
	pthread_mutex_init(&ledger->watch_lock, NULL);
	pthread_mutex_init(&ledger->view.lock, NULL);
	pthread_cond_init(&ledger->view.changed, NULL);
	return ledger;
}

void
ledger_fail(struct ledger *ledger, const struct problem *problem)
{
	pthread_mutex_lock(&ledger->lock);
	if (!ledger->has_fault) {
		ledger->has_fault = true;
		ledger->fault = *problem;
	}
	pthread_mutex_unlock(&ledger->lock);
}

bool
ledger_has_failed(struct ledger *ledger)
{
	bool has_failed;

	pthread_mutex_lock(&ledger->lock);
	has_failed = ledger->has_fault;
	pthread_mutex_unlock(&ledger->lock);
	return has_failed;
}

enum status
ledger_fault(struct ledger *ledger, struct problem *problem)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&ledger->lock);
	if (ledger->has_fault) {
		status = ledger->fault.status;
		if (problem != NULL) {
			*problem = ledger->fault;
		}
	}
	pthread_mutex_unlock(&ledger->lock);
	return status;
}

/* DIR and DIR/view, and whether there is a ledger in it, as `mode` wants it. */
static enum status
directories_prepare(
	const struct ledger *ledger, enum ledger_open_mode mode, struct problem *problem)
{
	char path[PATH_MAX];
	enum status status;
	bool exists;

	if (mode == LEDGER_CREATE && mkdir(ledger->directory, 0700) != 0 && errno != EEXIST) {
		return problem_system(problem, "cannot make %s", ledger->directory);
	}
	status = path_make(ledger->directory, "/ledger", path, problem);
	if (status != STATUS_OK) {
		return status;
	}
	exists = access(path, F_OK) == 0;
	if (!exists && errno != ENOENT) {
		return problem_system(problem, "cannot open %s", path);
	}
	if (exists && mode == LEDGER_CREATE) {
		return problem_set(
			problem, STATUS_EXISTS, "%s holds a ledger already", ledger->directory);
	}
	if (!exists && mode != LEDGER_CREATE) {
		return problem_set(problem, STATUS_NOT_FOUND,
			"%s holds no ledger; make one with houji init", ledger->directory);
	}
	return STATUS_OK;
}

static enum status
view_make(const struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];
	enum status status = path_make(ledger->directory, "/view", path, problem);

	if (status == STATUS_OK && mkdir(path, 0700) != 0 && errno != EEXIST) {
		status = problem_system(problem, "cannot make %s", path);
	}
	return status;
}

struct opening {
	enum ledger_open_mode mode;
	bool is_rebuilding;
	uint64_t segment_size; /* Of a new journal. */
	ledger_progress *progress;
	void *context;
};

uint64_t
ledger_reached_place(const char *directory)
{
	char path[PATH_MAX];
	struct places *places = NULL;
	uint64_t known = 0;
	bool is_new;

	if (path_make(directory, VIEW_FILES[VIEW_PLACES], path, NULL) == STATUS_OK &&
		places_open(path, false, &places, &is_new, NULL) == STATUS_OK) {
		known = places_position(places);
	}
	places_close(places);
	return known;
}

uint64_t
ledger_reached_count(const char *directory)
{
	struct ledger_head head;
	struct problem problem;

	/* A file of heads that cannot be read is for verification to name. */
	return ledger_heads_last(directory, &head, &problem) == STATUS_OK ? head.size : 0;
}

static enum status
view_discard(const struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];

	for (unsigned i = 0; i < VIEW_FILE_COUNT; i++) {
		enum status status = path_make(ledger->directory, VIEW_FILES[i], path, problem);

		if (status != STATUS_OK) {
			return status;
		}
		if (unlink(path) != 0 && errno != ENOENT) {
			return problem_system(problem, "cannot remove %s", path);
		}
	}
	return STATUS_OK;
}

static enum status
places_and_store_open(struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];
	struct problem inner;
	bool is_new;
	enum status status = path_make(ledger->directory, VIEW_FILES[VIEW_PLACES], path, problem);

	if (status == STATUS_OK) {
		status = places_open(path, ledger->is_writable, &ledger->places, &is_new, problem);
	}
	if (status == STATUS_OK) {
		status = path_make(ledger->directory, VIEW_FILES[VIEW_ORDERED], path, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = store_open(path, ledger->is_writable, &ledger->store, &inner);
	if (status == STATUS_CORRUPT) {
		return problem_set(problem, status,
			"%s; make the view again from the journal with: houji repair %s",
			inner.text, ledger->directory);
	}
	return status == STATUS_OK ? status : problem_set(problem, status, "%s", inner.text);
}

static enum status
journal_open_at(struct ledger *ledger, const struct opening *opening, uint64_t known,
	struct problem *problem)
{
	const struct journal_opening how = {.is_writable = ledger->is_writable,
		.known_place = known,
		.reached_place =
			opening->is_rebuilding ? ledger_reached_place(ledger->directory) : 0,
		/* Who only reads may be the one that is to name what is missing. */
		.reached_count = ledger->is_writable ? ledger_reached_count(ledger->directory) : 0,
		.segment_size = opening->segment_size};

	return journal_open_as(ledger->directory, &how, &ledger->journal, problem);
}

/* The journal is taken as checked up to where both tables stood: their places were written
 * after it. */
static enum status
journal_and_records_open(
	struct ledger *ledger, const struct opening *opening, struct problem *problem)
{
	uint64_t known = places_position(ledger->places), order = 0;
	enum status status = records_order_position_read(ledger->store, &order, problem);

	if (status != STATUS_OK) {
		return status;
	}
	known = order < known ? order : known;
	if (ledger->journal == NULL) {
		status = journal_open_at(ledger, opening, known, problem);
	}
	if (status == STATUS_OK) {
		status = records_open(
			ledger->journal, ledger->places, ledger->store, &ledger->records, problem);
	}
	ledger->checkpoint = places_position(ledger->places);
	return status;
}

static enum status
tree_open(struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];
	enum status status = path_make(ledger->directory, VIEW_FILES[VIEW_TREE], path, problem);

	return status == STATUS_OK ? ledger_tree_open(path, ledger->is_writable, ledger->journal,
					     &ledger->tree, problem)
				   : status;
}

/* Places first: what it leads to, the journal has by then. */
static enum status
look_open(struct ledger *ledger, struct problem *problem)
{
	char path[PATH_MAX];
	bool is_new;
	enum status status = path_make(ledger->directory, VIEW_FILES[VIEW_PLACES], path, problem);

	if (status == STATUS_OK) {
		status = places_open(path, false, &ledger->places, &is_new, problem);
	}
	return status == STATUS_OK ? ledger_look_again(ledger, problem) : status;
}

enum status
ledger_look_again(struct ledger *ledger, struct problem *problem)
{
	uint64_t known = ledger->journal == NULL ? places_position(ledger->places)
						 : journal_end(ledger->journal);
	enum status status;

	ledger_tree_close(ledger->tree);
	journal_close(ledger->journal);
	ledger->tree = NULL;
	ledger->journal = NULL;
	status = journal_open(ledger->directory, false, known, &ledger->journal, problem);
	return status == STATUS_OK ? tree_open(ledger, problem) : status;
}

static bool
view_is_complete(const struct ledger *ledger)
{
	uint64_t end = journal_end(ledger->journal);

	return end == journal_first(ledger->journal) ||
		(places_position(ledger->places) >= end &&
			records_order_position(ledger->records) >= end);
}

static enum status
threads_start(
	struct ledger *ledger, ledger_progress *progress, void *context, struct problem *problem)
{
	enum status status = ledger_batch_make(&ledger->batch);
	int code;

	if (status != STATUS_OK) {
		return problem_set(problem, status, "no memory for changes");
	}
	status = ledger_view_start(ledger, problem);
	if (status == STATUS_OK) {
		status = ledger_replay(ledger, progress, context, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	code = pthread_create(&ledger->committer, NULL, ledger_committer, ledger);
	if (code != 0) {
		return problem_set(
			problem, STATUS_SYSTEM, "cannot start a thread: %s", strerror(code));
	}
	ledger->is_committer_running = true;
	return STATUS_OK;
}

/* What was written since the last one is covered before the node stops. */
static enum status
last_head_sign(struct ledger *ledger, struct problem *problem)
{
	const struct ledger_signing *signing = &ledger->signing;
	struct ledger_head head;

	return signing->key != NULL && journal_last_sequence(ledger->journal) > signing->last_size
		? ledger_evidence_checkpoint(ledger, signing->key, &head, problem)
		: STATUS_OK;
}

/* Stops the threads and lets everything go. OK if the view was complete. */
static enum status
ledger_free(struct ledger *ledger, struct problem *problem)
{
	enum status status = STATUS_OK;

	if (ledger->is_committer_running) {
		pthread_mutex_lock(&ledger->lock);
		ledger->is_closing = true;
		pthread_cond_broadcast(&ledger->changed);
		pthread_mutex_unlock(&ledger->lock);
		pthread_join(ledger->committer, NULL);
	}
	ledger_view_stop(ledger);
	if (ledger->is_committer_running) {
		status = ledger_fault(ledger, problem);
	}
	if (status == STATUS_OK && ledger->is_committer_running) {
		status = places_checkpoint(ledger->places, journal_end(ledger->journal), problem);
	}
	if (status == STATUS_OK && ledger->is_committer_running) {
		status = last_head_sign(ledger, problem);
	}
	records_search_close(ledger->search);
	records_close(ledger->records);
	store_close(ledger->store);
	if (ledger->places != NULL) {
		places_close(ledger->places);
	}
	ledger_tree_close(ledger->tree);
	journal_close(ledger->journal);
	ledger_batch_free(&ledger->batch);
	if (ledger->lock_fd >= 0) {
		close(ledger->lock_fd);
	}
	pthread_cond_destroy(&ledger->view.changed);
	pthread_mutex_destroy(&ledger->view.lock);
	pthread_mutex_destroy(&ledger->watch_lock);
	pthread_cond_destroy(&ledger->changed);
	pthread_mutex_destroy(&ledger->lock);
	free(ledger->directory);
	free(ledger);
	return status;
}

static enum status
ledger_open_steps(struct ledger *ledger, const struct opening *opening, struct problem *problem)
{
	enum status status = directories_prepare(ledger, opening->mode, problem);

	if (status == STATUS_OK && ledger->is_looking) {
		return look_open(ledger, problem);
	}
	if (status == STATUS_OK) {
		status = ledger_lock(ledger, problem);
	}
	if (status == STATUS_OK && ledger->is_writable) {
		status = view_make(ledger, problem);
	}
	if (status == STATUS_OK && opening->is_rebuilding) {
		/* All of it is checked before the view goes, which says how far it went. */
		status = journal_open_at(ledger, opening, 0, problem);
	}
	if (status == STATUS_OK && opening->is_rebuilding) {
		status = view_discard(ledger, problem);
	}
	if (status == STATUS_OK) {
		status = places_and_store_open(ledger, problem);
	}
	if (status == STATUS_OK) {
		status = journal_and_records_open(ledger, opening, problem);
	}
	if (status == STATUS_OK) {
		status = tree_open(ledger, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (ledger->is_writable) {
		return threads_start(ledger, opening->progress, opening->context, problem);
	}
	return view_is_complete(ledger)
		? STATUS_OK
		: problem_set(problem, STATUS_READ_ONLY,
			  "the view of %s lags behind its journal, which opening it for writing "
			  "mends",
			  ledger->directory);
}

static enum status
ledger_open_as(const char *directory, const struct opening *opening, struct ledger **ret_ledger,
	struct problem *problem)
{
	bool is_writable = opening->mode != LEDGER_READ && opening->mode != LEDGER_LOOK;
	struct ledger *ledger = ledger_new(directory, is_writable);
	enum status status;

	if (ledger == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the ledger");
	}
	ledger->is_looking = opening->mode == LEDGER_LOOK;
	status = ledger_open_steps(ledger, opening, problem);
	if (status != STATUS_OK) {
		(void)ledger_free(ledger, NULL);
		return status;
	}
	*ret_ledger = ledger;
	return STATUS_OK;
}

enum status
ledger_open(const char *directory, enum ledger_open_mode mode, struct ledger **ret_ledger,
	struct problem *problem)
{
	struct opening opening = {.mode = mode, .segment_size = JOURNAL_SEGMENT_SIZE};

	return ledger_open_as(directory, &opening, ret_ledger, problem);
}

enum status
ledger_create_sized(const char *directory, uint64_t segment_size, struct ledger **ret_ledger,
	struct problem *problem)
{
	struct opening opening = {.mode = LEDGER_CREATE, .segment_size = segment_size};

	return ledger_open_as(directory, &opening, ret_ledger, problem);
}

enum status
ledger_rebuild(const char *directory, ledger_progress *progress, void *context,
	struct ledger **ret_ledger, struct problem *problem)
{
	struct opening opening = {
		.mode = LEDGER_WRITE,
		.is_rebuilding = true,
		.segment_size = JOURNAL_SEGMENT_SIZE,
		.progress = progress,
		.context = context,
	};

	return ledger_open_as(directory, &opening, ret_ledger, problem);
}

enum status
ledger_close(struct ledger *ledger, struct problem *problem)
{
	return ledger == NULL ? STATUS_OK : ledger_free(ledger, problem);
}

enum status
ledger_index(
	struct ledger *ledger, const struct records_search_types *types, struct problem *problem)
{
	struct records_search *search = NULL;
	char path[PATH_MAX];
	enum status status = STATUS_OK;

	for (unsigned i = VIEW_SEARCH; i < VIEW_FILE_COUNT && status == STATUS_OK; i++) {
		status = path_make(ledger->directory, VIEW_FILES[i], path, problem);
		if (status == STATUS_OK && types->count == 0) {
			(void)unlink(path);
		}
	}
	if (status == STATUS_OK && types->count > 0) {
		status = path_make(ledger->directory, VIEW_FILES[VIEW_SEARCH], path, problem);
	}
	if (status == STATUS_OK && types->count > 0) {
		status = records_search_open(path, ledger->journal, types, &search, problem);
	}
	pthread_mutex_lock(&ledger->view.lock);
	ledger->search = search;
	ledger->view.is_tree_behind = true;
	pthread_cond_broadcast(&ledger->view.changed);
	pthread_mutex_unlock(&ledger->view.lock);
	return status;
}

struct records_search *
ledger_search(const struct ledger *ledger)
{
	return ledger->search;
}

struct records *
ledger_records(struct ledger *ledger)
{
	return ledger->records;
}

struct journal *
ledger_journal(struct ledger *ledger)
{
	return ledger->journal;
}

struct store *
ledger_store(struct ledger *ledger)
{
	return ledger->store;
}

const struct ledger_tree *
ledger_tree(const struct ledger *ledger)
{
	return ledger->tree;
}

enum status
ledger_change_check(const struct ledger_change *change)
{
	uint32_t index;

	if (change->name.size == 0 || change->name.size > HANDLE_NAME_SIZE_MAX ||
		change->actor.size > LEDGER_ACTOR_SIZE_MAX) {
		return STATUS_INVALID;
	}
	switch (change->kind) {
	case JOURNAL_PUT:
		if (record_size(change->name, &change->values) > RECORD_SIZE_MAX) {
			return STATUS_TOO_LARGE;
		}
		return handle_value_list_check(&change->values, &index);
	case JOURNAL_DELETE:
	case JOURNAL_HOME:
	case JOURNAL_UNHOME:
		return STATUS_OK;
	case JOURNAL_PAD:
		break;
	}
	return STATUS_INVALID;
}

void
ledger_count_in(struct ledger *ledger, struct monitor_row *row)
{
	pthread_mutex_lock(&ledger->lock);
	ledger->row = row;
	pthread_mutex_unlock(&ledger->lock);
}

enum status
ledger_submit(struct ledger *ledger, struct ledger_change *changes)
{
	struct ledger_change *last = changes;
	enum status status = STATUS_OK;
	size_t count = 0;

	if (!ledger->is_writable) {
		return STATUS_READ_ONLY;
	}
	for (struct ledger_change *change = changes; change != NULL; change = change->next) {
		change->status = ledger_change_check(change);
		last = change;
		count++;
	}
	pthread_mutex_lock(&ledger->lock);
	if (count > LEDGER_QUEUE_COUNT_MAX - ledger->queue_count) {
		status = STATUS_BUSY;
	} else if (count > 0) {
		if (ledger->queue_last == NULL) {
			ledger->queue_first = changes;
		} else {
			ledger->queue_last->next = changes;
		}
		ledger->queue_last = last;
		ledger->queue_count += count;
		pthread_cond_broadcast(&ledger->changed);
	}
	pthread_mutex_unlock(&ledger->lock);
	return status;
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_done;
	enum status status;
	ledger_judge *judge;
	void *context;
};

static enum status
waiting_judge(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	const struct waiting *waiting = context;

	return waiting->judge(waiting->context, state, change, before);
}

static void
waiting_committed(
	void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct waiting *waiting = context;

	(void)change;
	(void)sequence;
	pthread_mutex_lock(&waiting->lock);
	waiting->status = status;
	waiting->is_done = true;
	pthread_cond_signal(&waiting->changed);
	pthread_mutex_unlock(&waiting->lock);
}

enum status
ledger_commit(struct ledger *ledger, struct ledger_change *change)
{
	struct waiting waiting = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.judge = change->judge,
		.context = change->context,
	};
	struct ledger_change own = *change;
	enum status status;

	own.next = NULL;
	own.judge = change->judge == NULL ? NULL : waiting_judge;
	own.committed = waiting_committed;
	own.context = &waiting;
	status = ledger_submit(ledger, &own);
	if (status != STATUS_OK) {
		return status;
	}
	pthread_mutex_lock(&waiting.lock);
	while (!waiting.is_done) {
		pthread_cond_wait(&waiting.changed, &waiting.lock);
	}
	pthread_mutex_unlock(&waiting.lock);
	change->place = own.place;
	change->text = own.text;
	change->status = waiting.status;
	return waiting.status;
}

enum status
ledger_settle(struct ledger *ledger, struct problem *problem)
{
	if (!ledger->is_writable) {
		return STATUS_OK;
	}
	pthread_mutex_lock(&ledger->lock);
	while (ledger->queue_first != NULL || ledger->is_committing) {
		pthread_cond_wait(&ledger->changed, &ledger->lock);
	}
	pthread_mutex_unlock(&ledger->lock);
	ledger_view_wait(ledger, journal_end(ledger->journal));
	return ledger_fault(ledger, problem);
}
