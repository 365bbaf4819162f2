/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_link.h"
#include "program/key/key_load.h"
#include "program/server/server_name.h"
#include "program/terminal/options.h"

/*
 * What the commands have in common that change records at a server: who asks, whom, and how
 * the answer is told. A command puts ADMINISTER_ROWS into its table of options, hands over
 * those it does not know, opens, asks, closes.
 *
 *     struct administer administer;
 *
 *     administer_begin(&administer, &command_delete_manual);
 *     while (option_next(&walk)) {
 *             if (!administer_option(&administer, &walk)) { ... }
 *     }
 *     exit_code = administer_open(&administer);
 *     if (exit_code == EXIT_CODE_OK) {
 *             request = administer_request(OPCODE_DELETE_HANDLE);
 *             exit_code = administer_ask(&administer, &request, "deleted");
 *     }
 *     administer_close(&administer);
 *
 * Messages go to standard error, answers to standard output.
 */
enum administer_option {
	ADMINISTER_SERVER = 1001,
	ADMINISTER_USER,
	ADMINISTER_KEY,
	ADMINISTER_SECRET_FILE,
	ADMINISTER_PASSPHRASE_FILE,
	ADMINISTER_SESSION,
	ADMINISTER_ENCRYPT,
	ADMINISTER_TIMEOUT,
	ADMINISTER_JSON,
	ADMINISTER_QUIET,
};

/* What it is proven with. */
#define ADMINISTER_KEY_ROWS                                                                       \
	{ADMINISTER_KEY, "key", 'k', "FILE",                                                      \
		{"prove it with this private key (PEM or Handle .bin)",                           \
			"以此私钥证明身份（PEM 或 Handle .bin）"}},                               \
		{ADMINISTER_SECRET_FILE, "secret-file", 0, "FILE",                                \
			{"prove it with the secret key in the first line of FILE; else the key\n" \
			 "of $HOUJI_SECRET",                                                      \
				"以 FILE 第一行中的秘密密钥证明身份；或取自 $HOUJI_SECRET"}},     \
	{                                                                                         \
		ADMINISTER_PASSPHRASE_FILE, "passphrase-file", 0, "FILE",                         \
		{                                                                                 \
			"first line of FILE opens the private key; else $HOUJI_PASSPHRASE,\n"     \
			"else it is asked for",                                                   \
				"FILE 第一行为私钥的密码短语；否则取 "             \
				"$HOUJI_PASSPHRASE，再否则提示输入"                       \
		}                                                                                 \
	}

/* Who asks, and how it is proven. */
#define ADMINISTER_PROOF_ROWS                                                                             \
	{ADMINISTER_USER, "user", 'u', "INDEX:HANDLE",                                                    \
		{"who asks: the value that holds the key, like 300:0.NA/88.999",                          \
			"操作者：存放密钥的值，例如 300:0.NA/88.999"}},                                   \
		ADMINISTER_KEY_ROWS,                                                                      \
		{ADMINISTER_SESSION, "session", 0, NULL,                                                  \
			{"open a session: the identity is proven once, every message sealed",             \
				"建立会话：身份只证明一次，每条报文带校验"}},                             \
	{                                                                                                 \
		ADMINISTER_ENCRYPT, "encrypt", 0, NULL,                                                   \
		{                                                                                         \
			"a session in which everything is encrypted", "建立会话并加密全部内容" \
		}                                                                                         \
	}

#define ADMINISTER_IDENTITY_ROWS                                                                       \
	{ADMINISTER_SERVER, "server", 's', "HOST:PORT",                                                \
		{"ask this server (default 127.0.0.1:2641), or one at a URL: http, https",             \
			"询问此服务器（默认 127.0.0.1:2641），或 http、https 网址处的服务器"}},        \
		ADMINISTER_PROOF_ROWS,                                                                 \
	{                                                                                              \
		ADMINISTER_TIMEOUT, "timeout", 0, "MS",                                                \
		{                                                                                      \
			"give up after this long (default 30000)", "超时毫秒数（默认 30000）" \
		}                                                                                      \
	}

#define ADMINISTER_ROWS                                                                       \
	ADMINISTER_IDENTITY_ROWS,                                                             \
		{ADMINISTER_JSON, "json", 'j', NULL,                                          \
			{"print the answer as one JSON object", "以一个 JSON 对象输出应答"}}, \
	{                                                                                     \
		ADMINISTER_QUIET, "quiet", 'q', NULL,                                         \
		{                                                                             \
			"print nothing when it worked", "成功时不输出"                  \
		}                                                                             \
	}

struct administer {
	const struct command_manual *manual;
	const char *server;
	const char *user;
	const char *key_file;
	struct passphrase_source secret_source;
	struct passphrase_source passphrase_source;
	bool is_session, is_encrypted, is_json, is_quiet;
	unsigned long timeout_ms;

	/* From here on set by administer_open(). */
	struct server_name place;
	struct client_identity identity;
	struct passphrase secret;
	struct key_loaded key;
	struct loop *loop;
	struct client_link *link;
};

void administer_begin(struct administer *administer, const struct command_manual *manual);
/* False if the option is none of these, or its argument makes no sense. */
bool administer_option(struct administer *administer, const struct option_walk *walk);

/* Who asks, from the command line alone. */
int administer_identify(struct administer *administer) MUST_CHECK;
/* Reads key or secret, finds the server. EXIT_CODE_OK, or what was said on stderr. */
int administer_open(struct administer *administer) MUST_CHECK;
void administer_close(struct administer *administer); /* Forgets key and secret. */

/* The settings of a link like this one's, for who opens several. */
struct client_link_settings administer_link_settings(const struct administer *administer);

/* A request with the usual flags and an empty body. */
struct request administer_request(uint32_t opcode);

/* Asks, and tells what came of it: `done` and the handle, or why not. */
int administer_ask(
	struct administer *administer, const struct request *request, struct words done) MUST_CHECK;

/* The same for answers that hold more than a verdict: `answered` sees every part and prints. */
int administer_ask_parts(struct administer *administer, const struct request *request,
	client_link_answered *answered, void *context) MUST_CHECK;

/* Why there is no answer, in the words of who waits for it. */
const char *administer_failure_text(enum status status);

/* INDEX:HANDLE, or HANDLE for index 0. False if it is neither. */
bool administer_identity_parse(const char *text, struct client_identity *ret_identity);

/* The handle that stands first among the arguments; else says so and returns false. */
bool administer_take_handle(
	const struct option_walk *walk, int argc, char **argv, struct bytes *ret_handle);

/* The same for a prefix, which may be written without its 0.NA/; `ret_octets` holds
 * HANDLE_NAME_SIZE_MAX + 8. */
bool administer_take_prefix(const struct option_walk *walk, int argc, char **argv,
	uint8_t *ret_octets, struct bytes *ret_handle);

/* A whole command that does one thing to each handle it is given (delete, home, unhome): goes
 * on after a refusal, and fails if there was one. */
int administer_names(const struct command_manual *manual, int argc, char **argv, uint32_t opcode,
	struct words done);
