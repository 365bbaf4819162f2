/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_route.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "http/http_answer.h"

/*
 * What the node says of itself: its site record, whether it is well, what it counts.
 */
void
http_site_get(struct http_request *request)
{
	struct bytes octets = service_site(request->http->service)->octets;
	struct http_json json;
	struct json_writer *writer;
	struct handle_site site;

	if (handle_site_decode(octets, &site) != STATUS_OK) {
		http_answer_code(request, 500, RESPONSE_ERROR, TEXT("The site record is damaged"),
			(struct bytes){NULL, 0});
		return;
	}
	writer = http_json_begin(request, &json);
	json_write_object(writer);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, RESPONSE_SUCCESS);
	json_write_name(writer, "site");
	handle_site_write_json(writer, &site);
	json_write_object_end(writer);
	http_json_answer(request, &json, &(struct http_answer){.status = 200});
}

static void
word_answer(struct http_request *request, unsigned int status, struct bytes word)
{
	http_answer(request,
		&(struct http_answer){.status = status, .type = "text/plain;charset=utf-8"}, word);
}

void
http_health_get(struct http_request *request)
{
	word_answer(request, 200, TEXT("ok\n"));
}

/* Load balancers look here: a node that is about to stop wants no new clients. One whose ledger
 * takes no more changes answers questions as before; who sends it changes asks for `changes`. */
void
http_ready_get(struct http_request *request)
{
	struct problem problem = {.text = ""};
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	bool asks_changes = http_parameter_is_true(&request->parameters, TEXT("changes"));

	if (request->http->is_stopping) {
		word_answer(request, 503, TEXT("stopping\n"));
	} else if (service_ledger_fault(request->http->service, &problem) != STATUS_OK) {
		text_write_string(&writer, "ready for questions; no changes are taken: ");
		text_write_escaped(&writer, bytes_from_string(problem.text));
		text_write_char(&writer, '\n');
		word_answer(request, asks_changes ? 503 : 200, text_written(&writer));
	} else if (asks_changes && !service_site(request->http->service)->is_primary) {
		word_answer(
			request, 503, TEXT("ready for questions; changes are for the primary\n"));
	} else {
		word_answer(request, 200, TEXT("ready\n"));
	}
}

/* The text format of Prometheus, version 0.0.4. */
static void
metric_write(struct text_writer *writer, const struct monitor *monitor, enum metric metric)
{
	bool is_counter = monitor_metric_kind(metric) == METRIC_KIND_COUNTER;
	const char *ending = is_counter ? "_total" : "";
	const char *name = monitor_metric_name(metric);

	text_write_string(writer, "# HELP houji_");
	text_write_string(writer, name);
	text_write_string(writer, ending);
	text_write_char(writer, ' ');
	text_write_string(writer, monitor_metric_help(metric));
	text_write_string(writer, "\n# TYPE houji_");
	text_write_string(writer, name);
	text_write_string(writer, ending);
	text_write_string(writer, is_counter ? " counter\nhouji_" : " gauge\nhouji_");
	text_write_string(writer, name);
	text_write_string(writer, ending);
	text_write_char(writer, ' ');
	text_write_u64(writer, monitor_read(monitor, metric));
	text_write_char(writer, '\n');
}

void
http_metrics_get(struct http_request *request)
{
	struct http *http = request->http;
	struct text_writer writer = text_writer_over(http->out, HTTP_ANSWER_SIZE_MAX);

	for (int metric = 0; metric < METRIC_COUNT; metric++) {
		metric_write(&writer, http->monitor, (enum metric)metric);
	}
	http_answer(request,
		&(struct http_answer){
			.status = 200, .type = "text/plain;version=0.0.4;charset=utf-8"},
		text_written(&writer));
}
