/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch_run.h"

#include "base/checksum.h"
#include "base/text_writer.h"
#include "base/thread.h"
#include "client/client_run.h"
#include "handle/handle_name.h"
#include "program/administer/admin_value.h"
#include "program/server/answer_print.h"
#include "program/server/server_name.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	UNDER_WAY_MAX = BATCH_LINK_COUNT_MAX * BATCH_DEPTH_MAX,
	COMPLAINTS_SHOWN_MAX = 20, /* On the terminal; --results has all. */
	WAIT_MS = 20, /* Between looks at a pipe that has nothing yet, and for signals. */
	LINE_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX + 2048,
};

/* One item on its way. */
struct batch_sent {
	struct batch *batch;
	uint64_t number; /* In the file, from 0. */
	uint64_t line;
	uint32_t opcode;
	uint32_t place; /* In `hashes`. */
	size_t handle_size;
	uint8_t handle[];
};

struct batch {
	struct batch_options *options;
	struct batch_counts counts;
	struct problem *problem;
	struct progress progress;
	struct batch_source source;
	struct batch_state *state; /* NULL: nothing is noted (a pipe, a dry run). */
	FILE *results;
	struct client_link *links[BATCH_LINK_COUNT_MAX];
	size_t link_next;
	uint64_t hashes[UNDER_WAY_MAX]; /* Of handles under way; 0: free. */
	uint32_t free_places[UNDER_WAY_MAX];
	size_t under_way;
	size_t under_way_max;
	uint64_t file_size; /* 0: not known. */
	unsigned shown;
	bool is_stopped; /* Nothing more is sent. */
	bool is_at_end;
	bool has_item; /* Read, and could not be sent yet. */
	struct batch_item item;
	struct loop_timer wait;
	enum status status;
	/* Identities that the file brings with AUTHENTICATE. */
	struct key_loaded key;
	char user[HANDLE_NAME_SIZE_MAX + 16];
	struct passphrase secret;
};

static volatile sig_atomic_t is_interrupted;

void
batch_interrupt(int number)
{
	(void)number;
	is_interrupted = 1;
}

static void batch_pump(struct batch *batch);

static void
batch_stop(struct batch *batch, enum status status, const char *text)
{
	if (batch->status == STATUS_OK) {
		batch->status = problem_set(batch->problem, status, "%s", text);
	}
	batch->is_stopped = true;
}

/* One line on stderr, for the first few. */
static void
complain(struct batch *batch, uint64_t line, const char *what, const char *why)
{
	progress_clear(&batch->progress);
	if (batch->shown++ < COMPLAINTS_SHOWN_MAX) {
		fprintf(stderr, "%s:%lu: %s%s%s\n", batch->options->path, (unsigned long)line, what,
			what[0] != '\0' ? ": " : "", why);
	} else if (batch->shown == COMPLAINTS_SHOWN_MAX + 1) {
		fprintf(stderr, "%s\n",
			SAY("... more; --results FILE tells of every item",
				"……其余从略；--results FILE 记录每一项"));
	}
}

static void
result_write(struct batch *batch, const struct batch_sent *sent, const struct response *response)
{
	struct answer_shown shown =
		answer_shown_of(response, bytes_over(sent->handle, sent->handle_size));

	if (batch->results == NULL) {
		return;
	}
	shown.line = sent->line;
	shown.operation = batch_operation_name(sent->opcode);
	if (answer_print_json(batch->results, &shown) != STATUS_OK) {
		batch_stop(batch, STATUS_SYSTEM,
			"the results cannot be written; nothing more was sent");
	}
}

static void
item_refused(struct batch *batch, const struct batch_sent *sent, uint32_t code, struct bytes why)
{
	char what[LINE_SIZE_MAX], text[LINE_SIZE_MAX];
	struct text_writer writer = text_writer_over(what, sizeof(what) - 1);

	batch->counts.refused++;
	text_write_string(&writer, batch_operation_name(sent->opcode));
	text_write_char(&writer, ' ');
	text_write_escaped(&writer, bytes_over(sent->handle, sent->handle_size));
	what[text_written(&writer).size] = '\0';
	writer = text_writer_over(text, sizeof(text) - 1);
	text_write_u64(&writer, code);
	text_write_char(&writer, ' ');
	text_write_string(&writer, text_say(response_code_text(code)));
	if (why.size > 0) {
		text_write_string(&writer, ": ");
		text_write_escaped(&writer, why);
	}
	text[text_written(&writer).size] = '\0';
	complain(batch, sent->line, what, text);
	if (batch->options->errors_max != 0 &&
		batch->counts.refused >= batch->options->errors_max) {
		batch_stop(batch, STATUS_CLOSED,
			SAY("as many were refused as --max-errors allows",
				"被拒绝的项数已达 --max-errors 的上限"));
	}
}

/* Codes that speak of the server or the identity, not of the item: the next would fail too. */
static bool
code_is_fatal(uint32_t code)
{
	return code == RESPONSE_AUTHENTICATION_NEEDED || code == RESPONSE_AUTHENTICATION_FAILED ||
		code == RESPONSE_INVALID_CREDENTIAL || code == RESPONSE_SERVER_BACKUP ||
		code >= RESPONSE_SESSION_TIMEOUT;
}

static void
item_answered(struct batch *batch, const struct batch_sent *sent, const struct response *response)
{
	uint32_t code = response->message.header.response_code;
	enum response_shape shape = response_shape(response->message.header.opcode, code);
	struct bytes why = shape == RESPONSE_MESSAGE ? response->error.text : TEXT("");

	result_write(batch, sent, response);
	if (code_is_fatal(code)) {
		item_refused(batch, sent, code, why);
		batch_stop(batch, STATUS_DENIED,
			SAY("the server refuses this identity or all changes; nothing more was "
			    "sent",
				"服务器拒绝该身份或一切更改；不再发送"));
		return;
	}
	if (code == RESPONSE_SUCCESS) {
		batch->counts.done++;
	} else {
		item_refused(batch, sent, code, why);
	}
	batch->counts.is_resumable = batch->state != NULL;
	if (batch->state != NULL && batch_state_note(batch->state, sent->number) != STATUS_OK) {
		batch_stop(batch, STATUS_NO_SPACE,
			SAY("no room to note what was done", "没有空间记录已完成的项"));
	}
}

static void
sent_free(struct batch_sent *sent)
{
	struct batch *batch = sent->batch;

	batch->hashes[sent->place] = 0;
	batch->free_places[--batch->under_way] = sent->place;
	free(sent);
}

static void
link_broken(struct batch *batch, enum status status)
{
	char text[LINE_SIZE_MAX];

	batch->counts.unanswered++;
	if (status != STATUS_SYSTEM) {
		batch->counts.is_resumable = batch->state != NULL;
		batch_stop(batch, STATUS_CLOSED,
			SAY("the connection broke; what was under way may have been done",
				"连接中断；进行中的项可能已执行"));
		return;
	}
	snprintf(text, sizeof(text), SAY("%.200s: %s", "%.200s：%s"),
		batch->options->administer.server, administer_failure_text(status));
	batch_stop(batch, STATUS_CLOSED, text);
}

static void
sent_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct batch_sent *sent = context;
	struct batch *batch = sent->batch;

	if (status == STATUS_OK && !answer->is_last) {
		return;
	}
	if (status == STATUS_OK) {
		item_answered(batch, sent, &answer->response);
	} else {
		link_broken(batch, status);
	}
	sent_free(sent);
	batch_pump(batch);
}

static struct request
request_of(const struct batch_item *item)
{
	struct request request = administer_request(item->opcode);

	request.message.header.flags |= item->is_overwriting ? MESSAGE_FLAG_OVERWRITE : 0;
	request.message.header.flags |= item->is_minting ? MESSAGE_FLAG_MINT : 0;
	if (request_shape(item->opcode) == REQUEST_VALUES) {
		request.values = (struct request_values){item->handle, item->values};
	} else if (request_shape(item->opcode) == REQUEST_INDEXES) {
		request.indexes =
			(struct request_indexes){item->handle, item->index_count, item->indexes};
	} else {
		request.name.name = item->handle;
	}
	return request;
}

static bool
handle_is_under_way(const struct batch *batch, uint64_t hash)
{
	bool is_found = false;

	for (size_t i = 0; i < batch->under_way_max; i++) {
		is_found |= batch->hashes[i] == hash;
	}
	return is_found;
}

/* False when the item must wait for answers. */
static bool
item_send(struct batch *batch, const struct batch_item *item)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	uint64_t hash = checksum_over(bytes_over(key, handle_name_key(item->handle, key)), 0) | 1;
	struct request request = request_of(item);
	struct batch_sent *sent;
	enum status status;

	if (batch->under_way >= batch->under_way_max ||
		(!item->is_minting && handle_is_under_way(batch, hash))) {
		return false;
	}
	sent = malloc(sizeof(*sent) + item->handle.size);
	if (sent == NULL) {
		batch_stop(batch, STATUS_NO_MEMORY, status_text(STATUS_NO_MEMORY));
		return true;
	}
	*sent = (struct batch_sent){
		.batch = batch,
		.number = batch->counts.items - 1,
		.line = item->line,
		.opcode = item->opcode,
		.place = batch->free_places[batch->under_way],
		.handle_size = item->handle.size,
	};
	memcpy(sent->handle, item->handle.at, item->handle.size);
	batch->under_way++;
	batch->hashes[sent->place] = hash;
	batch->link_next = (batch->link_next + 1) % batch->options->link_count;
	status = client_link_send(batch->links[batch->link_next], &request, sent_answered, sent);
	if (status != STATUS_OK) {
		complain(
			batch, item->line, batch_operation_name(item->opcode), status_text(status));
		batch->counts.wrong++;
		sent_free(sent);
	}
	return true;
}

static void
links_close(struct batch *batch)
{
	for (size_t i = 0; i < BATCH_LINK_COUNT_MAX; i++) {
		client_link_free(batch->links[i]);
		batch->links[i] = NULL;
	}
}

static enum status
links_open(struct batch *batch)
{
	struct administer *administer = &batch->options->administer;
	struct client_link_settings settings = administer_link_settings(administer);

	settings.depth = (uint32_t)batch->options->depth;
	for (size_t i = 0; i < batch->options->link_count; i++) {
		batch->links[i] = client_link_new(administer->loop, &settings);
		if (batch->links[i] == NULL) {
			batch_stop(batch, STATUS_NO_MEMORY, status_text(STATUS_NO_MEMORY));
			return STATUS_NO_MEMORY;
		}
	}
	return STATUS_OK;
}

static enum status
identity_name(
	struct batch *batch, const struct batch_item *item, struct client_identity *ret_identity)
{
	struct text_writer writer = text_writer_over(batch->user, sizeof(batch->user) - 1);

	text_write_string(&writer, item->user);
	if (text_writer_end(&writer) != STATUS_OK) {
		return problem_set(batch->problem, STATUS_TOO_LARGE, "%lu: AUTHENTICATE: too long",
			(unsigned long)item->line);
	}
	batch->user[text_written(&writer).size] = '\0';
	if (!administer_identity_parse(batch->user, ret_identity) ||
		item->secret.size > SECRET_SIZE_MAX) {
		return problem_set(batch->problem, STATUS_INVALID,
			"%lu: AUTHENTICATE takes INDEX:HANDLE, like 300:0.NA/88.999, not '%.200s'",
			(unsigned long)item->line, batch->user);
	}
	return STATUS_OK;
}

/* AUTHENTICATE: from here on somebody else asks. */
static enum status
identity_change(struct batch *batch, const struct batch_item *item)
{
	struct administer *administer = &batch->options->administer;
	struct client_identity identity = {.key = NULL};
	struct problem problem = {.text = ""};
	enum status status = identity_name(batch, item, &identity);

	if (status != STATUS_OK) {
		return status;
	}
	memcpy(batch->secret.octets, item->secret.at, item->secret.size);
	batch->secret.size = item->secret.size;
	if (item->key_file == NULL) {
		identity.secret = passphrase_bytes(&batch->secret);
	} else {
		crypto_key_free(batch->key.key);
		batch->key.key = NULL;
		status = key_load_with(administer->manual->name, item->key_file, &batch->secret,
			&batch->key, &problem);
		identity.key = batch->key.key;
	}
	if (status != STATUS_OK) {
		return problem_set(
			batch->problem, status, "%lu: %s", (unsigned long)item->line, problem.text);
	}
	administer->user = batch->user;
	administer->identity = identity;
	return STATUS_OK;
}

/* HOME IP:PORT:PROTOCOL: an operation at another server, on a link of its own. */
static void
elsewhere_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct batch_sent *sent = context;

	if (status == STATUS_OK) {
		item_answered(sent->batch, sent, &answer->response);
	}
}

static void
item_ask_elsewhere(struct batch *batch, const struct batch_item *item)
{
	struct administer *administer = &batch->options->administer;
	struct client_link_settings settings = administer_link_settings(administer);
	struct request request = request_of(item);
	struct batch_sent *sent = calloc(1, sizeof(*sent) + item->handle.size);
	struct client_link *link = NULL;
	struct server_name server;

	if (sent == NULL || !server_name_read(item->server, &server)) {
		complain(batch, item->line, item->server, SAY("no such server", "没有这个服务器"));
		batch->counts.wrong++;
		free(sent);
		return;
	}
	*sent = (struct batch_sent){.batch = batch,
		.number = batch->counts.items - 1,
		.line = item->line,
		.opcode = item->opcode,
		.handle_size = item->handle.size};
	memcpy(sent->handle, item->handle.at, item->handle.size);
	settings.server = server.place;
	settings.is_session = false;
	link = client_link_new(administer->loop, &settings);
	if (link == NULL ||
		client_run(administer->loop, link, &request, elsewhere_answered, sent) !=
			STATUS_OK) {
		batch->counts.unanswered++;
		batch_stop(batch, STATUS_CLOSED,
			SAY("the server that HOME names does not answer",
				"HOME 所指的服务器没有应答"));
	}
	client_link_free(link);
	free(sent);
}

/* What may only be done when nothing is under way. */
static bool
item_is_alone(const struct batch_item *item)
{
	return item->kind != BATCH_OPERATION || item->server != NULL;
}

/* Outside of the loop: nothing is under way. */
static void
item_do_alone(struct batch *batch, const struct batch_item *item)
{
	if (item->kind == BATCH_OPERATION) {
		item_ask_elsewhere(batch, item);
		return;
	}
	links_close(batch);
	if (item->kind == BATCH_AUTHENTICATE) {
		enum status status = identity_change(batch, item);

		if (status != STATUS_OK) {
			batch->status = batch->status == STATUS_OK ? status : batch->status;
			batch->is_stopped = true;
			return;
		}
	} else {
		batch->options->administer.is_session = item->is_session;
	}
	(void)links_open(batch);
}

/* Who makes a record and is none of its administrators had better know now. */
static void
note_foreign(struct batch *batch)
{
	const struct client_identity *identity = &batch->options->administer.identity;
	const struct batch_item *item = &batch->item;
	enum admin_value_verdict verdict;

	if (item->opcode != OPCODE_CREATE_HANDLE) {
		return;
	}
	verdict = admin_value_judge(&item->values, identity->handle, identity->index);
	if (verdict == ADMIN_VALUE_OWN ||
		(verdict == ADMIN_VALUE_OTHERS && identity->handle.size == 0) ||
		(verdict == ADMIN_VALUE_NOBODY && batch->options->is_without_admin)) {
		return;
	}
	if (identity->handle.size == 0 && batch->source.is_json) {
		return; /* A rehearsal without --user: each would get a value for that. */
	}
	if (batch->counts.foreign++ == 0) {
		batch->counts.foreign_line = item->line;
	}
}

/* The next item of the file that is to be done; false at the end or when it must be waited. */
static bool
item_read(struct batch *batch)
{
	while (!batch->is_at_end && !batch->is_stopped) {
		struct problem problem = {.text = ""};
		enum status status;

		if (batch->under_way > 0 && batch_would_wait(&batch->source)) {
			return false;
		}
		status = batch_next(&batch->source, &batch->item, &problem);
		if (status == STATUS_NOT_FOUND) {
			batch->is_at_end = true;
			return false;
		}
		if (status == STATUS_SYSTEM) {
			batch->status = problem_set(batch->problem, status, "%s:%s",
				batch->options->path, problem.text);
			batch->is_stopped = true;
			return false;
		}
		if (status != STATUS_OK) {
			progress_clear(&batch->progress);
			batch->counts.wrong++;
			if (batch->shown++ < COMPLAINTS_SHOWN_MAX) {
				fprintf(stderr, "%s:%s\n", batch->options->path, problem.text);
			}
			continue;
		}
		if (batch->item.kind != BATCH_OPERATION) {
			return true;
		}
		batch->counts.items++;
		note_foreign(batch);
		if (batch->state != NULL &&
			batch_state_has(batch->state, batch->counts.items - 1)) {
			batch->counts.skipped++;
			continue;
		}
		return true;
	}
	return false;
}

static void
batch_wait_over(void *context)
{
	batch_pump(context);
}

/* Sends what may be sent; stops the loop when it must be left. */
static void
batch_pump(struct batch *batch)
{
	struct loop *loop = batch->options->administer.loop;

	if (is_interrupted && !batch->is_stopped) {
		batch_stop(batch, STATUS_CLOSED, SAY("stopped by a signal", "被信号终止"));
	}
	while (!batch->is_stopped && (batch->has_item || item_read(batch))) {
		batch->has_item = true;
		if (item_is_alone(&batch->item) || !item_send(batch, &batch->item)) {
			break;
		}
		batch->has_item = false;
	}
	progress_show(&batch->progress, batch->source.lines.offset, batch->file_size,
		batch->counts.done + batch->counts.refused);
	loop_timer_clear(loop, &batch->wait);
	if (batch->under_way == 0) {
		loop_stop(loop);
	} else if (!batch->is_stopped) {
		/* For a signal, or a pipe that has more. */
		loop_timer_set(
			loop, &batch->wait, loop_now_ms(loop) + WAIT_MS, batch_wait_over, batch);
	}
}

static enum status
batch_work(struct batch *batch)
{
	struct loop *loop = batch->options->administer.loop;
	enum status status = links_open(batch);

	/* The node may be on this machine, and be asked by others meanwhile. */
	thread_be_patient();
	while (status == STATUS_OK && !batch->is_stopped) {
		batch_pump(batch);
		status = loop_run(loop);
		if (batch->has_item && !batch->is_stopped && item_is_alone(&batch->item)) {
			batch->has_item = false;
			item_do_alone(batch, &batch->item);
		} else if (batch->is_at_end && !batch->has_item) {
			break;
		}
	}
	links_close(batch);
	return status == STATUS_OK ? batch->status : status;
}

/* Everything that can be known without a server. */
static void
batch_rehearse(struct batch *batch)
{
	struct client_identity *identity = &batch->options->administer.identity;

	while (item_read(batch)) {
		if (batch->item.kind == BATCH_AUTHENTICATE) {
			batch->status = identity_name(batch, &batch->item, identity);
			batch->is_stopped = batch->status != STATUS_OK;
		}
		progress_show(&batch->progress, batch->source.lines.offset, batch->file_size,
			batch->counts.items);
	}
}

/* Takes half a line away that a killed run left. */
static bool
results_mend(FILE *results)
{
	long end = 0, at = 0;
	int octet;

	rewind(results);
	while ((octet = getc(results)) != EOF) {
		at++;
		end = octet == '\n' ? at : end;
	}
	return !ferror(results) && ftruncate(fileno(results), end) == 0 &&
		fseek(results, end, SEEK_SET) == 0;
}

static enum status
results_open(struct batch *batch, struct problem *problem)
{
	const struct batch_options *options = batch->options;

	batch->results = fopen(options->results, options->is_resuming ? "a+" : "w");
	if (batch->results == NULL || (options->is_resuming && !results_mend(batch->results))) {
		return problem_system(problem, "cannot write %s", options->results);
	}
	return STATUS_OK;
}

static enum status
batch_open(struct batch *batch, struct problem *problem)
{
	struct batch_options *options = batch->options;
	bool is_pipe = strcmp(options->path, "-") == 0;
	enum status status = batch_source_open(&batch->source, options->path, problem);

	if (status == STATUS_OK && !is_pipe && !options->is_dry_run) {
		status = batch_state_open(
			options->path, options->is_resuming, &batch->state, problem);
	}
	if (status == STATUS_OK && options->results != NULL) {
		status = results_open(batch, problem);
	}
	if (!options->is_without_admin) {
		batch->source.admin_name = options->administer.identity.handle;
		batch->source.admin_index = options->administer.identity.index;
	}
	if (status == STATUS_OK && !is_pipe) {
		batch->file_size = batch_source_size(&batch->source);
	}
	batch->under_way_max = options->link_count * options->depth;
	for (uint32_t i = 0; i < UNDER_WAY_MAX; i++) {
		batch->free_places[i] = i;
	}
	return status;
}

enum status
batch_run(struct batch_options *options, struct batch_counts *ret_counts, struct problem *problem)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	enum status status;

	if (batch == NULL) {
		return problem_set(
			problem, STATUS_NO_MEMORY, "%s", text_say(status_text(STATUS_NO_MEMORY)));
	}
	batch->options = options;
	batch->problem = problem;
	batch->counts.is_resumable = options->is_resuming;
	batch->progress = progress_begin("batch", SAY("items", "项"), options->administer.is_quiet);
	status = batch_open(batch, problem);
	if (status == STATUS_OK && options->is_dry_run) {
		batch_rehearse(batch);
		status = batch->status;
	} else if (status == STATUS_OK) {
		status = batch_work(batch);
	}
	progress_end(&batch->progress);
	batch->counts.seconds = progress_seconds(&batch->progress);
	*ret_counts = batch->counts;
	batch_state_close(batch->state,
		!batch->counts.is_resumable || (status == STATUS_OK && batch->is_at_end));
	if (batch->results != NULL && fclose(batch->results) != 0 && status == STATUS_OK) {
		status = problem_system(problem, "cannot write %s", options->results);
	}
	batch_source_close(&batch->source);
	crypto_key_free(batch->key.key);
	passphrase_forget(&batch->secret);
	free(batch);
	return status;
}
