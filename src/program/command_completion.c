/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include <stdio.h>
#include <string.h>

static const struct option_row rows[] = {{0}};

const struct command_manual command_completion_manual = {
	.name = "completion",
	.usage = "bash|zsh|fish",
	.about = {"Writes a script that completes commands, options and files. The folder must be\n"
		  "there (mkdir -p), and bash needs the package bash-completion:\n"
		  "\n"
		  "  bash  houji completion bash > "
		  "~/.local/share/bash-completion/completions/houji\n"
		  "  zsh   houji completion zsh > \"${fpath[1]}/_houji\"\n"
		  "  fish  houji completion fish > ~/.config/fish/completions/houji.fish",
		"输出用于补全命令、选项与文件名的脚本。目录须已存在（mkdir -p），bash 需安装\n"
		"bash-completion：\n"
		"\n"
		"  bash  houji completion bash > ~/.local/share/bash-completion/completions/houji\n"
		"  zsh   houji completion zsh > \"${fpath[1]}/_houji\"\n"
		"  fish  houji completion fish > ~/.config/fish/completions/houji.fish"},
	.rows = rows,
	.first_words = "bash zsh fish",
};

static void
command_names_print(void)
{
	for (size_t i = 0; i < command_count(); i++) {
		printf("%s%s", i > 0 ? " " : "", command_at(i)->manual->name);
	}
}

/* "help" completes to the names of commands. */
static void
first_words_print(const struct command *command)
{
	if (command->run == command_help) {
		command_names_print();
	} else if (command->manual->first_words != NULL) {
		fputs(command->manual->first_words, stdout);
	}
}

static void
bash_print(void)
{
	puts("# bash completion for houji");
	puts("_houji() {");
	puts("\tlocal word=${COMP_WORDS[COMP_CWORD]} options= words=");
	puts("\tif [[ $COMP_CWORD -eq 1 ]]; then");
	fputs("\t\twords='", stdout);
	command_names_print();
	puts(" --help --version'");
	puts("\telse");
	puts("\t\tcase ${COMP_WORDS[1]} in");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *command = command_at(i);

		printf("\t\t%s)\n\t\t\toptions='", command->manual->name);
		for (const struct option_row *row = command->manual->rows; row->key != 0; row++) {
			printf("--%s%s ", row->name, row->argument != NULL ? "=" : "");
		}
		fputs("--help'\n\t\t\t[[ $COMP_CWORD -eq 2 ]] && words='", stdout);
		first_words_print(command);
		puts("'\n\t\t\t;;");
	}
	puts("\t\tesac");
	puts("\tfi");
	puts("\t[[ $word == -* ]] && words+=\" $options\"");
	puts("\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")");
	puts("\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace");
	puts("\treturn 0");
	puts("}");
	puts("complete -o default -F _houji houji");
}

/* One argument of _arguments or `complete -d`: quotes and brackets would end it. */
static void
help_print(const char *help, const char *escaped)
{
	for (; *help != '\0' && *help != '\n'; help++) {
		if (strchr(escaped, *help) != NULL) {
			putchar('\\');
		}
		putchar(*help == '\'' ? '`' : *help);
	}
}

static void
zsh_print(void)
{
	puts("#compdef houji");
	puts("_houji() {\n\tlocal -a commands\n\tcommands=(");
	for (size_t i = 0; i < command_count(); i++) {
		printf("\t\t'%s:", command_at(i)->manual->name);
		help_print(words_say(command_at(i)->summary), ":\\");
		puts("'");
	}
	puts("\t)");
	puts("\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi");
	puts("\tcase $words[2] in");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *command = command_at(i);

		printf("\t%s)\n\t\t(( CURRENT == 3 )) && compadd -- ", command->manual->name);
		first_words_print(command);
		puts("\n\t\t_arguments \\");
		for (const struct option_row *row = command->manual->rows; row->key != 0; row++) {
			printf("\t\t\t'--%s%s[", row->name, row->argument != NULL ? "=" : "");
			help_print(words_say(row->help), "[]:\\");
			printf("]%s%s%s' \\\n", row->argument != NULL ? ":" : "",
				row->argument != NULL ? row->argument : "",
				row->argument != NULL ? ":_files" : "");
		}
		puts("\t\t\t'--help' '*:file:_files'\n\t\t;;");
	}
	puts("\tesac\n}\n_houji \"$@\"");
}

static void
fish_print(void)
{
	puts("# fish completion for houji");
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *command = command_at(i);

		printf("complete -c houji -n __fish_use_subcommand -f -a %s -d '",
			command->manual->name);
		help_print(words_say(command->summary), "\\");
		puts("'");
		if (command->run == command_help || command->manual->first_words != NULL) {
			printf("complete -c houji -n '__fish_seen_subcommand_from %s' -a '",
				command->manual->name);
			first_words_print(command);
			puts("'");
		}
		for (const struct option_row *row = command->manual->rows; row->key != 0; row++) {
			printf("complete -c houji -n '__fish_seen_subcommand_from %s' -l %s%s -d '",
				command->manual->name, row->name,
				row->argument != NULL ? " -r" : "");
			help_print(words_say(row->help), "\\");
			puts("'");
		}
	}
}

int
command_completion(int argc, char **argv)
{
	/* In the order of first_words. */
	static void (*const prints[])(void) = {bash_print, zsh_print, fish_print};
	struct option_walk walk = option_walk_over(&command_completion_manual, argc, argv);
	size_t number;

	while (option_next(&walk)) {
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index == 1 && option_take_word(&walk, &number)) {
		prints[number]();
		return EXIT_CODE_OK;
	}
	return option_word_error(&walk);
}
