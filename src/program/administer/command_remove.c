/* SPDX-License-Identifier: Apache-2.0 */
#include "program/administer/administer.h"
#include "program/commands.h"

#include "client/client_run.h"

#include <stdio.h>

static const struct option_row rows[] = {ADMINISTER_ROWS, {0}};

const struct command_manual command_remove_manual = {
	.name = "remove",
	.usage = "HANDLE INDEX... --user INDEX:HANDLE --key FILE",
	.about = {"Takes the values with these indexes out of a record at a server: all of them,\n"
		  "or none if one is missing.",
		"从服务器上的记录中移除这些索引的值：缺少任何一个则全部不移除。"},
	.rows = rows,
	.ending = {"Example:\n"
		   "  houji remove 88.999/A 2 3 --user 300:0.NA/88.999 --key admin.pem\n\n"
		   "Exit codes: 0 removed; 1 refused or no answer; 2 wrong use.",
		"示例：\n"
		"  houji remove 88.999/A 2 3 --user 300:0.NA/88.999 --key admin.pem\n\n"
		"退出码：0 已移除；1 被拒绝或无应答；2 用法错误。"},
};

static bool
indexes_take(char **arguments, int count, struct wire_writer *writer)
{
	for (int i = 0; i < count; i++) {
		unsigned long index;

		if (!option_number(arguments[i], INT32_MAX, &index) || index == 0) {
			return false;
		}
		wire_write_u32(writer, (uint32_t)index);
	}
	return count > 0 && wire_writer_end(writer) == STATUS_OK;
}

struct looking {
	bool is_answered, has_admin;
};

static void
admins_answered(void *context, enum status status, const struct client_answer *answer)
{
	struct looking *looking = context;
	const struct response *response = &answer->response;
	uint32_t code = response->message.header.response_code;

	looking->is_answered = status == STATUS_OK &&
		(code == RESPONSE_SUCCESS || code == RESPONSE_VALUES_NOT_FOUND);
	looking->has_admin =
		response_shape(response->message.header.opcode, code) == RESPONSE_VALUES &&
		response->values.list.count > 0;
}

/* Whoever took the last administrator out had better know now. */
static void
warn_if_unadministered(struct administer *administer, struct bytes handle)
{
	struct request request = administer_request(OPCODE_RESOLUTION);
	struct looking looking = {.is_answered = false};
	uint8_t types[16];
	struct wire_writer writer = wire_writer_over(types, sizeof(types));

	wire_write_blob(&writer, TEXT("HS_ADMIN"));
	request.resolution = (struct request_resolution){
		.name = handle, .type_count = 1, .types = wire_written(&writer)};
	if (client_run(administer->loop, administer->link, &request, admins_answered, &looking) ==
			STATUS_OK &&
		looking.is_answered && !looking.has_admin) {
		fprintf(stderr, "%s\n",
			SAY("houji remove: warning: no HS_ADMIN value is left: nobody but the "
			    "prefix's administrators can mend the record, by making it anew",
				"houji remove: 警告：已无 HS_ADMIN 值：此后只有前缀管理员能以重建的"
				"方式修复该记录"));
	}
}

int
command_remove(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_remove_manual, argc, argv);
	struct request request = administer_request(OPCODE_REMOVE_VALUE);
	static struct administer administer;
	static uint8_t octets[QUERY_FILTER_COUNT_MAX * sizeof(uint32_t)];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	int exit_code;

	administer_begin(&administer, walk.manual);
	while (option_next(&walk)) {
		if (!administer_option(&administer, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!administer_take_handle(&walk, argc, argv, &request.indexes.name)) {
		return EXIT_CODE_USAGE;
	}
	if (!indexes_take(argv + walk.index + 1, argc - walk.index - 1, &writer)) {
		return command_usage_error(walk.manual,
			SAY("give 1 to %d indexes from 1 on", "请给出 1 至 %d 个从 1 起的索引"),
			QUERY_FILTER_COUNT_MAX);
	}
	request.indexes.index_count = (uint32_t)(wire_writer_size(&writer) / sizeof(uint32_t));
	request.indexes.indexes = wire_written(&writer);
	exit_code = administer_open(&administer);
	if (exit_code == EXIT_CODE_OK) {
		exit_code = administer_ask(
			&administer, &request, (struct words){"removed values of", "已移除其值："});
	}
	if (exit_code == EXIT_CODE_OK && !administer.is_quiet) {
		warn_if_unadministered(&administer, request.indexes.name);
	}
	administer_close(&administer);
	return exit_code;
}
