/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/administer/administer.h"
#include "program/terminal/progress.h"
#include "replication/replication_follower.h"

/*
 * What `houji mirror` and `houji compare` have in common: to take what a server has into a
 * ledger. Who asks and whom is administer.h's; the rest is here.
 */
enum mirror_option {
	MIRROR_SERVER_KEY = 1101,
	MIRROR_ALLOW_SIGNED,
	MIRROR_TRIES,
};

#define MIRROR_ROWS                                                                               \
	{ADMINISTER_USER, "user", 'u', "INDEX:HANDLE",                                            \
		{"who asks: a replication administrator of the server, like\n"                    \
		 "300:0.NA/88.999",                                                               \
			"操作者：对方的复制管理员，例如 300:0.NA/88.999"}},                       \
		ADMINISTER_KEY_ROWS,                                                              \
		{MIRROR_SERVER_KEY, "server-key", 0, "FILE",                                      \
			{"public key that the server must prove (PEM or Handle .bin); else the\n" \
			 "one in its site record, which is printed",                              \
				"服务器须证明的公钥（PEM 或 Handle "                   \
				".bin）；否则采用其站点记录中的\n"                   \
				"公钥并打印之"}},                                                 \
		{MIRROR_ALLOW_SIGNED, "allow-signed", 0, NULL,                                    \
			{"also take streams of signed blocks, from servers older than protocol\n" \
			 "2.8 or with a DSA key: they do not show what was left out",             \
				"也接受签名块流（2.8 之前的协议或 DSA 密钥）：不能发现遗漏"}},    \
	{                                                                                         \
		MIRROR_TRIES, "tries", 0, "N",                                                    \
		{                                                                                 \
			"give up after N failures in a row (default 5; 0: never)",                \
				"连续失败 N 次后放弃（默认 5；0 表示不放弃）"   \
		}                                                                                 \
	}

struct mirror {
	struct administer administer;
	const char *server_key_file;
	bool is_signed_allowed;
	unsigned long tries;
	unsigned long poll_s;

	struct crypto_key *server_key;
	char server_key_digest[2 * CRYPTO_DIGEST_SIZE_MAX + 1];
};

void mirror_begin(struct mirror *mirror, const struct command_manual *manual);
/* False if the option is none of these, or its argument makes no sense. */
bool mirror_option(struct mirror *mirror, const struct option_walk *walk);

/* Reads the keys, finds the server, asks for its key if none is given. An exit code; what was
 * wrong has been said. */
int mirror_open(struct mirror *mirror) MUST_CHECK;
void mirror_close(struct mirror *mirror);

/* Follows the server into the ledger: until all that it has is there (`is_once`), or for ever.
 * `ret_report` is what came of it. An exit code. */
int mirror_follow(struct mirror *mirror, struct ledger *ledger, const char *position_path,
	bool is_once, struct replication_report *ret_report) MUST_CHECK;
