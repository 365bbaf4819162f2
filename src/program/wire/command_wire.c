/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_site.h"
#include "message/message_json.h"
#include "message/request.h"
#include "program/terminal/outline.h"
#include "program/wire/capture.h"
#include "program/wire/wire_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_HEX = 1, OPTION_RAW, OPTION_PCAP, OPTION_PORT, OPTION_WITH_SECRETS, OPTION_JSON };
enum { JSON_ROOM = 2 * JSON_TEXT_SIZE_MAX };

static const struct option_row rows[] = {
	{OPTION_HEX, "hex", 0, NULL,
		{"decode: the input is hex text\nencode: write hex text (the default)",
			"decode：输入为十六进制文本\nencode：输出十六进制文本（默认）"}},
	{OPTION_RAW, "raw", 0, NULL,
		{"decode: the input is octets\nencode: write octets",
			"decode：输入为原始字节\nencode：输出原始字节"}},
	{OPTION_PCAP, "pcap", 0, NULL,
		{"decode: the input is a capture (pcap or pcapng)",
			"decode：输入为抓包文件（pcap 或 pcapng）"}},
	{OPTION_PORT, "port", 0, "N",
		{"decode: the port of Handle servers in a capture (2641)",
			"decode：抓包中 Handle 服务的端口（2641）"}},
	{OPTION_WITH_SECRETS, "with-secrets", 0, NULL,
		{"decode: the data of HS_SECKEY values, too: else they are left out, and\n"
		 "such a message cannot be encoded again",
			"decode：同时输出 HS_SECKEY 值的数据；否则略去，且该报文无法再编码"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"decode: one JSON object a line, as encode reads it",
			"decode：每行一个 JSON 对象，可供 encode 读取"}},
	{0},
};

const struct command_manual command_wire_manual = {
	.name = "wire",
	.usage = "decode [OPTION]... [FILE|-]\nencode [OPTION]... [FILE|-]",
	.about = {"Shows Handle messages with every field named, and writes messages from such\n"
		  "JSON. Encoding what was decoded gives the same octets, whatever they are: what\n"
		  "makes no message is carried as hex.\n"
		  "\n"
		  "decode reads hex text, octets or a capture file and finds out which; messages\n"
		  "follow each other as on a TCP connection. In hex text, blanks, \":\" and "
		  "\"0x\"\n"
		  "may separate digits, \"#\" begins a comment, and a blank line begins anew.\n"
		  "Captures are read over UDP (fragments joined) and TCP (segments put in order).\n"
		  "\n"
		  "encode reads one JSON object a line. What is left out is zero, empty or usual:\n"
		  "  {\"header\":{\"opcode\":\"RESOLUTION\"},\"body\":{\"handle\":\"20.500/x\"}}",
		"按字段名显示 Handle 报文，并由同样的 JSON 写出报文。解码后再编码得到相同的\n"
		"字节：不成报文的内容以十六进制保留。\n"
		"\n"
		"decode 读取十六进制文本、原始字节或抓包文件，自动识别；报文首尾相接，与 TCP\n"
		"连接中相同。十六进制文本中数字之间可有空格、\":\" 与 \"0x\"，\"#\" 起为注释，\n"
		"空行之后重新开始。抓包支持 UDP（分片合并）与 TCP（分段排序）。\n"
		"\n"
		"encode 每行读取一个 JSON 对象，省略的成员取零、空或常用值：\n"
		"  {\"header\":{\"opcode\":\"RESOLUTION\"},\"body\":{\"handle\":\"20.500/x\"}}"},
	.rows = rows,
	.first_words = "decode encode",
	.ending = {"Exit codes: 0 every message is whole; 1 bad input (what and where is said),\n"
		   "2 wrong use.",
		"退出码：0 报文均完整，1 输入有误（说明内容与位置），2 用法错误。"},
};

struct wire_job {
	enum wire_form form;
	uint16_t port;
	bool is_json;
	bool shows_secrets;
	struct arena *arena;
	char *room; /* JSON_ROOM characters, or as many octets. */
	size_t count; /* Messages so far. */
	size_t octet; /* Where the message at hand begins, but for captures. */
	int exit_code;
};

static void
about_write(struct json_writer *writer, const struct wire_job *job,
	const struct capture_message *captured)
{
	char address[ADDRESS_TEXT_SIZE_MAX];
	char characters[32];
	struct text_writer time = text_writer_over(characters, sizeof(characters));

	json_write_name(writer, "about");
	json_write_object(writer);
	if (captured == NULL) {
		json_write_name(writer, "octet");
		json_write_u64(writer, job->octet);
		json_write_object_end(writer);
		return;
	}
	text_write_time(&time, captured->seconds);
	json_write_name(writer, "packet");
	json_write_u64(writer, captured->packet);
	json_write_name(writer, "time");
	json_write_string(writer, text_written(&time));
	json_write_name(writer, "transport");
	json_write_string(writer, captured->is_tcp ? TEXT("tcp") : TEXT("udp"));
	json_write_name(writer, "source");
	json_write_string(writer, bytes_from_string(address_format(&captured->source, address)));
	json_write_name(writer, "destination");
	json_write_string(
		writer, bytes_from_string(address_format(&captured->destination, address)));
	if (captured->fragment_count > 1) {
		json_write_name(writer, "datagrams");
		json_write_u64(writer, captured->fragment_count);
	}
	json_write_object_end(writer);
}

/* The line above the outline of a message: what one looks for first. */
static void
title_print(const struct wire_job *job, struct bytes octets)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct header header;
	const char *name;

	printf("%s%s %zu, %zu %s", job->count > 1 ? "\n" : "", SAY("message", "报文"), job->count,
		octets.size, SAY("octets", "字节"));
	envelope_read(&reader, &envelope);
	header_read(&reader, &header);
	if (wire_reader_ok(&reader) && !envelope.is_encrypted) {
		name = header.response_code == 0 ? opcode_name(header.opcode)
						 : response_code_name(header.response_code);
		printf(": %s %s (%s)",
			header.response_code == 0 ? SAY("request", "请求")
						  : SAY("response", "响应"),
			name != NULL ? name : "?",
			header.response_code == 0 ? opcode_text(header.opcode)
						  : response_code_text(header.response_code));
	}
	putchar('\n');
}

static void
message_print(struct wire_job *job, struct bytes octets, const struct capture_message *captured)
{
	struct json_writer writer = json_writer_over(job->room, JSON_ROOM);
	enum status status;

	job->count++;
	writer.is_pretty = !job->is_json;
	writer.hides_secrets = !job->shows_secrets;
	json_write_object(&writer);
	about_write(&writer, job, captured);
	status = message_write_json(&writer, octets);
	json_write_object_end(&writer);
	if (json_writer_end(&writer) != STATUS_OK) {
		job->exit_code = command_refusal(&command_wire_manual,
			SAY("message %zu is too long for JSON", "报文 %zu 过长，无法写成 JSON"),
			job->count);
		return;
	}
	if (job->is_json) {
		printf("%.*s\n", (int)(writer.next - writer.start), writer.start);
	} else {
		title_print(job, octets);
		outline_print(json_written(&writer), job->arena);
	}
	/* Encrypted messages and unknown operations are no fault of the input. */
	if (status != STATUS_OK && status != STATUS_UNSUPPORTED) {
		job->exit_code = command_refusal(&command_wire_manual,
			SAY("message %zu, %s %zu: %s", "报文 %zu，%s %zu：%s"), job->count,
			captured != NULL ? SAY("packet", "数据包") : SAY("octet", "字节"),
			captured != NULL ? captured->packet : job->octet, status_text(status));
	}
}

static void
message_captured(void *context, const struct capture_message *message)
{
	message_print(context, message->octets, message);
}

/* Messages one behind the other; what is none stands at the end. */
static void
stream_print(struct wire_job *job, struct bytes octets)
{
	while (octets.size > 0) {
		struct wire_reader reader = wire_reader_over(octets);
		size_t size = octets.size;
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		wire_read_bytes(&reader, envelope.message_size);
		if (wire_reader_ok(&reader)) {
			size -= wire_reader_left(&reader);
		}
		message_print(job, bytes_slice(octets, 0, size), NULL);
		job->octet += size;
		octets = bytes_slice(octets, size, octets.size);
	}
}

static int
capture_print(struct wire_job *job, struct bytes input)
{
	struct capture_counts counts = {0};
	struct problem problem;

	if (capture_read(input, job->port, message_captured, job, &counts, &problem) != STATUS_OK) {
		return command_problem(&command_wire_manual, &problem);
	}
	if (counts.cut > 0) {
		fprintf(stderr,
			SAY("houji wire: %zu packets were recorded cut\n",
				"houji wire: %zu 个数据包抓取不完整\n"),
			counts.cut);
	}
	if (counts.fragments > 0) {
		fprintf(stderr,
			SAY("houji wire: %zu IP fragments passed over\n",
				"houji wire: 跳过 %zu 个 IP 分片\n"),
			counts.fragments);
	}
	return job->exit_code;
}

static int
hex_print(struct wire_job *job, uint8_t *input, size_t size)
{
	struct wire_hex hex = {.at = input, .size = size};
	struct problem problem = {0};
	struct bytes octets;

	while (wire_hex_next(&hex, &octets, &problem)) {
		stream_print(job, octets);
	}
	return problem.status == STATUS_OK ? job->exit_code
					   : command_problem(&command_wire_manual, &problem);
}

static int
decode(struct wire_job *job, uint8_t *input, size_t size)
{
	struct bytes octets = bytes_over(input, size);
	enum wire_form form = job->form == WIRE_FORM_UNKNOWN ? wire_input_form(octets) : job->form;

	switch (form) {
	case WIRE_FORM_CAPTURE:
		return capture_print(job, octets);
	case WIRE_FORM_HEX:
		return hex_print(job, input, size);
	case WIRE_FORM_RAW:
	case WIRE_FORM_UNKNOWN:
		break;
	}
	stream_print(job, octets);
	return job->exit_code;
}

static void
octets_print(const struct wire_job *job, struct bytes octets)
{
	if (job->form == WIRE_FORM_RAW) {
		fwrite(octets.at, 1, octets.size, stdout);
		return;
	}
	for (size_t i = 0; i < octets.size; i++) {
		printf("%02x", octets.at[i]);
	}
	putchar('\n');
}

static int
encode(struct wire_job *job, struct bytes input)
{
	for (size_t number = 1; input.size > 0; number++) {
		struct bytes line = bytes_slice(input, 0, bytes_find(input, '\n'));
		struct json_reader reader = json_reader_over(line, job->arena);
		struct wire_writer writer = wire_writer_over((uint8_t *)job->room, JSON_ROOM);
		struct problem problem;
		enum status status;

		input = bytes_slice(input, line.size + 1, input.size);
		if (line.size == 0 || bytes_equal(line, TEXT("\r"))) {
			continue;
		}
		status = message_read_json(&reader, job->arena, &writer, &problem);
		if (status == STATUS_OK && json_reader_end(&reader) != STATUS_OK) {
			status = problem_set(&problem, STATUS_MALFORMED,
				"octet %zu: text behind the object", json_reader_at(&reader));
		}
		if (status != STATUS_OK) {
			return command_failure(&command_wire_manual,
				SAY("line %zu, %s", "第 %zu 行，%s"), number, problem.text);
		}
		octets_print(job, wire_written(&writer));
		arena_reset(job->arena);
	}
	return EXIT_CODE_OK;
}

static int
job_run(struct wire_job *job, bool is_decode, const char *path)
{
	uint8_t *input = NULL;
	size_t size = 0;
	struct problem problem;
	int exit_code;

	if (wire_input_load(path, &input, &size, &problem) != STATUS_OK) {
		return command_problem(&command_wire_manual, &problem);
	}
	job->arena = arena_new(65536, MESSAGE_JSON_MEMORY_MAX);
	job->room = malloc(JSON_ROOM);
	if (job->arena == NULL || job->room == NULL) {
		exit_code = command_no_memory(&command_wire_manual);
	} else if (is_decode) {
		exit_code = decode(job, input, size);
	} else {
		exit_code = encode(job, bytes_over(input, size));
	}
	free(job->room);
	arena_free(job->arena);
	free(input);
	return exit_code;
}

/* False after an option that does not make sense; the exit code is then in `job`. */
static bool
option_take(struct wire_job *job, const struct option_walk *walk)
{
	unsigned long port;

	switch (walk->key) {
	case OPTION_HEX:
		job->form = WIRE_FORM_HEX;
		break;
	case OPTION_RAW:
		job->form = WIRE_FORM_RAW;
		break;
	case OPTION_PCAP:
		job->form = WIRE_FORM_CAPTURE;
		break;
	case OPTION_JSON:
		job->is_json = true;
		break;
	case OPTION_WITH_SECRETS:
		job->shows_secrets = true;
		break;
	case OPTION_PORT:
		if (!option_number(walk->argument, UINT16_MAX, &port)) {
			job->exit_code = command_usage_error(&command_wire_manual,
				SAY("'%s' is no port", "'%s' 不是端口号"), walk->argument);
			return false;
		}
		job->port = (uint16_t)port;
		break;
	default:
		break;
	}
	return true;
}

int
command_wire(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_wire_manual, argc, argv);
	struct wire_job job = {.port = HANDLE_PORT};
	bool is_decode;
	size_t number;

	while (option_next(&walk)) {
		if (!option_take(&job, &walk)) {
			return job.exit_code;
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &number)) {
		return option_word_error(&walk);
	}
	is_decode = number == 0;
	if (argc - walk.index > 1) {
		return command_usage_error(&command_wire_manual, "%s",
			SAY("one file at a time", "一次只能给出一个文件"));
	}
	if (!is_decode && (job.form == WIRE_FORM_CAPTURE || job.is_json)) {
		return command_usage_error(&command_wire_manual, "%s",
			SAY("encode writes --hex or --raw", "encode 只输出 --hex 或 --raw"));
	}
	return job_run(&job, is_decode, walk.index < argc ? argv[walk.index] : "-");
}
