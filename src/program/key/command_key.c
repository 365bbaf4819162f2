/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/key/key.h"
#include "program/server/server_name.h"

#include <stdlib.h>
#include <string.h>

enum {
	OPTION_KIND = 1,
	OPTION_BITS,
	OPTION_FORM,
	OPTION_ENCRYPT,
	OPTION_PUBLIC,
	OPTION_PASSPHRASE_FILE,
	OPTION_NEW_PASSPHRASE_FILE,
	OPTION_VALUE,
	OPTION_SITE,
	OPTION_USER,
	OPTION_SERVER,
	OPTION_JSON,
};

static const struct option_row rows[] = {
	{OPTION_KIND, "kind", 'k', "KIND",
		{"new: rsa (default), ed25519 or sm2", "new：rsa（默认）、ed25519 或 sm2"}},
	{OPTION_BITS, "bits", 0, "N",
		{"new: bits of an rsa key, 2048 (default) to 4096",
			"new：rsa 密钥位数，2048（默认）到 4096"}},
	{OPTION_FORM, "form", 'f', "FORM",
		{"new, convert: pem or bin; else the name of the file says it",
			"new、convert：pem 或 bin；否则按文件名判断"}},
	{OPTION_ENCRYPT, "encrypt", 0, "HOW",
		{"new, convert: none, aes, or 3des (.bin only); else aes if there is a\n"
		 "passphrase",
			"new、convert：none、aes 或 3des（仅 .bin）；否则有密码短语时为 aes"}},
	{OPTION_PUBLIC, "public", 0, NULL,
		{"convert: write the public half only", "convert：只写出公钥"}},
	{OPTION_PASSPHRASE_FILE, "passphrase-file", 0, "FILE",
		{"passphrase: the first line of FILE; else HOUJI_PASSPHRASE, else the\n"
		 "terminal",
			"密码短语：取 FILE 的首行；否则取 HOUJI_PASSPHRASE；否则询问终端"}},
	{OPTION_NEW_PASSPHRASE_FILE, "new-passphrase-file", 0, "FILE",
		{"convert: passphrase of what is written; else HOUJI_NEW_PASSPHRASE, else\n"
		 "the file of the old one, else the terminal",
			"convert：新文件的密码短语；否则取 HOUJI_NEW_PASSPHRASE；\n"
			"否则沿用旧密码短语文件；否则询问终端"}},
	{OPTION_VALUE, "value", 0, "FORM",
		{"show: only the HS_PUBKEY value, as hex, base64 or jwk",
			"show：只输出 HS_PUBKEY 值，形式为 hex、base64 或 jwk"}},
	{OPTION_SITE, "site", 0, "FILE",
		{"check: against the servers of a site record (JSON or binary)",
			"check：与站点记录（JSON 或二进制）中的服务器密钥比对"}},
	{OPTION_USER, "user", 'u', "INDEX:HANDLE",
		{"check: against the HS_PUBKEY value INDEX (0: any) of HANDLE",
			"check：与 HANDLE 的 HS_PUBKEY 值 INDEX（0：任一）比对"}},
	{OPTION_SERVER, "server", 's', "HOST:PORT",
		{"check --user: as this server tells it (default 127.0.0.1:2641)",
			"check --user：查询此服务器（默认 127.0.0.1:2641）"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_key_manual = {
	.name = "key",
	.usage = "new [OPTION]... FILE [PUBLIC_FILE]\n"
		 "convert [OPTION]... FILE NEW_FILE\n"
		 "show [OPTION]... FILE\n"
		 "check [OPTION]... PRIVATE_FILE PUBLIC_FILE|--site FILE|--user INDEX:HANDLE",
	.about = {"Makes, converts, shows and compares keys: PEM, and the .bin files of\n"
		  "Handle.net (admpriv.bin, pubkey.bin) with every encryption they have had.\n"
		  "\n"
		  "new makes a key. convert writes another form, other encryption or only the\n"
		  "public half; what is encrypted stays so unless --encrypt none. show tells "
		  "kind,\n"
		  "bits, encryption, fingerprint and the value for HS_PUBKEY. check tells whether "
		  "a\n"
		  "private key belongs to a public one.\n"
		  "\n"
		  "Passphrases never stand in the command line. Private keys are made with mode\n"
		  "0600; nothing is overwritten.",
		"生成、转换、显示与比对密钥：PEM，以及 Handle.net 的 .bin 文件（admpriv.bin、\n"
		"pubkey.bin）的各种加密形式。\n"
		"\n"
		"new 生成密钥。convert 改写格式、加密方式，或只导出公钥；原已加密的仍加密，除非\n"
		"给出 --encrypt none。show 显示类型、位数、加密方式、指纹与 HS_PUBKEY 值。check\n"
		"判断私钥与公钥是否匹配。\n"
		"\n"
		"密码短语从不出现在命令行中。私钥文件权限为 0600；不覆盖任何文件。"},
	.rows = rows,
	.first_words = "new convert show check",
	.ending = {"Examples:\n"
		   "  houji key new --encrypt aes admpriv.bin admpub.bin\n"
		   "  houji key convert admpriv.bin admin.pem\n"
		   "  houji key show --value jwk admpub.bin\n"
		   "  houji key check privkey.bin --site siteinfo.json\n"
		   "  houji key check admpriv.bin --user 300:0.NA/88.999\n\n"
		   "Exit codes: 0 done, or the keys belong together; 1 not; 2 wrong use.",
		"示例：\n"
		"  houji key new --encrypt aes admpriv.bin admpub.bin\n"
		"  houji key convert admpriv.bin admin.pem\n"
		"  houji key show --value jwk admpub.bin\n"
		"  houji key check privkey.bin --site siteinfo.json\n"
		"  houji key check admpriv.bin --user 300:0.NA/88.999\n\n"
		"退出码：0 完成或匹配；1 失败或不匹配；2 用法错误。"},
};

/* The place of a word in a list that ends with NULL; false if it is not there. */
static bool
word_find(const char *const *words, const char *word, size_t *ret_number)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], word) == 0) {
			*ret_number = i;
			return true;
		}
	}
	return false;
}

static bool
take_word(const struct option_walk *walk, struct key_options *options)
{
	static const char *const kinds[] = {[CRYPTO_KEY_RSA] = "rsa",
		[CRYPTO_KEY_DSA] = "dsa",
		[CRYPTO_KEY_ED25519] = "ed25519",
		[CRYPTO_KEY_SM2] = "sm2",
		[CRYPTO_KEY_SM2 + 1] = NULL};
	static const char *const forms[] = {
		[HANDLE_KEY_FORM_PEM] = "pem", [HANDLE_KEY_FORM_BIN] = "bin", NULL};
	static const char *const encryptions[] = {[KEY_ENCRYPTION_NONE] = "none",
		[KEY_ENCRYPTION_AES] = "aes",
		[KEY_ENCRYPTION_3DES] = "3des",
		NULL};
	static const char *const values[] = {[KEY_VALUE_ALL] = "",
		[KEY_VALUE_HEX] = "hex",
		[KEY_VALUE_BASE64] = "base64",
		[KEY_VALUE_JWK] = "jwk",
		NULL};
	size_t number = 0;

	switch (walk->key) {
	case OPTION_KIND:
		return word_find(kinds, walk->argument, &number) &&
			((options->kind = (enum crypto_key_kind)number), true);
	case OPTION_FORM:
		options->has_form = word_find(forms, walk->argument, &number);
		options->shape.form = (enum handle_key_form)number;
		return options->has_form;
	case OPTION_ENCRYPT:
		options->has_encryption = word_find(encryptions, walk->argument, &number);
		options->shape.encryption = (enum key_encryption)number;
		return options->has_encryption;
	default:
		if (!word_find(values, walk->argument, &number)) {
			return false;
		}
		options->value = (enum key_value_form)number;
		return number > 0;
	}
}

static bool
take_option(const struct option_walk *walk, struct key_options *options)
{
	switch (walk->key) {
	case OPTION_BITS:
		return option_number(walk->argument, RSA_BITS_MAX, &options->bits) &&
			options->bits > 0;
	case OPTION_PUBLIC:
		return options->is_public = true;
	case OPTION_PASSPHRASE_FILE:
		options->passphrase.file = walk->argument;
		return true;
	case OPTION_NEW_PASSPHRASE_FILE:
		options->new_passphrase.file = walk->argument;
		return true;
	case OPTION_SITE:
		options->site = walk->argument;
		return true;
	case OPTION_USER:
		options->identity = walk->argument;
		return true;
	case OPTION_SERVER:
		options->server = walk->argument;
		return true;
	case OPTION_JSON:
		return options->is_json = true;
	default:
		return take_word(walk, options);
	}
}

int
command_key(int argc, char **argv)
{
	/* In the order of first_words. */
	static int (*const runs[])(const struct key_options *options) = {
		key_new, key_convert, key_show, key_check};
	struct option_walk walk = option_walk_over(&command_key_manual, argc, argv);
	struct key_options options = {
		.kind = CRYPTO_KEY_RSA,
		.server = SERVER_NAME_DEFAULT,
		.passphrase = {.option = "--passphrase-file", .variable = "HOUJI_PASSPHRASE"},
		.new_passphrase = {.option = "--new-passphrase-file",
			.variable = "HOUJI_NEW_PASSPHRASE"},
	};
	size_t number;

	while (option_next(&walk)) {
		if (!take_option(&walk, &options)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (!option_take_word(&walk, &number)) {
		return option_word_error(&walk);
	}
	options.argument_count = argc - walk.index;
	options.arguments = argv + walk.index;
	return runs[number](&options);
}
