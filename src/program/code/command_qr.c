/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/limits.h"
#include "http/http_url.h"
#include "node/node_settings.h"
#include "program/commands.h"
#include "qr/qr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_BASE = 1,
	OPTION_DIR,
	OPTION_TEXT,
	OPTION_SVG,
	OPTION_PNG,
	OPTION_TERMINAL,
	OPTION_LEVEL,
	OPTION_SIZE,
	OPTION_MARGIN
};

enum { IMAGE_SIZE_MAX = 2 << 20 };

static const struct option_row rows[] = {
	{OPTION_BASE, "base", 'b', "URL",
		{"address of the node: the code holds URL/HANDLE",
			"节点地址：二维码内容为 URL/HANDLE"}},
	{OPTION_DIR, "dir", 'd', "DIR",
		{"take it from web.base_url of the node in DIR", "取 DIR 中节点的 web.base_url"}},
	{OPTION_TEXT, "text", 0, NULL,
		{"the code holds HANDLE as it is", "二维码内容即为 HANDLE 本身"}},
	{OPTION_SVG, "svg", 0, "FILE",
		{"write an SVG image; - is stdout", "写出 SVG 图像；- 为标准输出"}},
	{OPTION_PNG, "png", 0, "FILE",
		{"write a PNG image; - is stdout", "写出 PNG 图像；- 为标准输出"}},
	{OPTION_TERMINAL, "terminal", 't', NULL,
		{"draw it with characters (default)", "以字符绘制（默认）"}},
	{OPTION_LEVEL, "level", 'l', "L|M|Q|H",
		{"how much may be lost: 7, 15 (default), 25, 30 %",
			"可容许的损坏：7、15（默认）、25、30 %"}},
	{OPTION_SIZE, "size", 0, "N",
		{"pixels on a side at the most (default: 8 for a module)",
			"边长像素上限（默认每模块 8 像素）"}},
	{OPTION_MARGIN, "margin", 0, "N",
		{"light modules on each side (default 4)", "四周空白的模块数（默认 4）"}},
	{0},
};

const struct command_manual command_qr_manual = {
	.name = "qr",
	.usage = "(--base URL | --dir DIR | --text) [OPTION]... HANDLE",
	.about = {"Makes a QR code (ISO/IEC 18004) of an identifier: the address under which it "
		  "is\n"
		  "resolved, as SVG, as PNG, or drawn in the terminal. It does not ask whether "
		  "the\n"
		  "identifier exists; /qr/HANDLE of a node does.",
		"为标识生成二维码（ISO/IEC 18004）：内容为其解析地址，输出为 SVG、PNG，或在终端中\n"
		"绘制。本命令不检查标识是否存在；节点的 /qr/HANDLE 会检查。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji qr --base https://id.example.org 88.100.1/x\n"
		   "  houji qr --dir node --svg label.svg --level Q 88.100.1/x\n"
		   "  houji qr --text --png - hdl:88.100.1/x > code.png\n"
		   "Exit codes: 0 made; 1 not; 2 wrong use.",
		"示例：\n"
		"  houji qr --base https://id.example.org 88.100.1/x\n"
		"  houji qr --dir node --svg label.svg --level Q 88.100.1/x\n"
		"  houji qr --text --png - hdl:88.100.1/x > code.png\n"
		"退出码：0 已生成；1 未生成；2 用法错误。"},
};

struct order {
	const char *base;
	const char *directory;
	bool is_text;
	const char *svg;
	const char *png;
	enum qr_level level;
	struct qr_look look;
	const char *handle;
};

/* What stands in front of the handle; false: told why there is nothing. */
static bool
base_find(const struct order *order, struct settings *settings, struct bytes *ret_base)
{
	struct problem problem = {.text = ""};
	char path[4096];

	if (order->directory == NULL) {
		*ret_base = bytes_from_string(order->base);
		return true;
	}
	snprintf(path, sizeof(path), "%s/houji.yaml", order->directory);
	if (settings_read(path, settings, &problem) != STATUS_OK) {
		(void)command_failure(&command_qr_manual, "%s", problem.text);
		return false;
	}
	*ret_base = bytes_from_string(settings->web_base_url.text);
	if (ret_base->size == 0) {
		(void)command_failure(&command_qr_manual,
			SAY("%s: web.base_url is not set", "%s：未设置 web.base_url"), path);
		return false;
	}
	return true;
}

static enum status
text_make(const struct order *order, struct bytes base, struct text_writer *writer)
{
	if (order->is_text) {
		text_write_string(writer, order->handle);
		return text_writer_end(writer);
	}
	text_write(writer, base);
	text_write_char(writer, '/');
	http_path_write(writer, bytes_from_string(order->handle));
	return text_writer_end(writer);
}

static enum status
image_make(const struct order *order, const struct qr *qr, char *room, struct bytes *ret_image)
{
	struct text_writer writer = text_writer_over(room, IMAGE_SIZE_MAX);
	enum status status;
	size_t size = 0;

	if (order->png != NULL) {
		status = qr_write_png(qr, &order->look, (uint8_t *)room, IMAGE_SIZE_MAX, &size);
		*ret_image = bytes_over(room, size);
		return status;
	}
	if (order->svg != NULL) {
		qr_write_svg(&writer, qr, &order->look);
	} else {
		qr_write_terminal(&writer, qr, order->look.margin);
	}
	*ret_image = text_written(&writer);
	return text_writer_end(&writer);
}

static int
image_write(const struct order *order, struct bytes image)
{
	const char *path = order->png != NULL ? order->png : order->svg;
	bool is_stdout = path == NULL || strcmp(path, "-") == 0;
	FILE *file = is_stdout ? stdout : fopen(path, "we");
	bool is_written = file != NULL && fwrite(image.at, 1, image.size, file) == image.size;

	if (file != NULL && (is_stdout ? fflush(file) : fclose(file)) != 0) {
		is_written = false;
	}
	return is_written ? EXIT_CODE_OK
			  : command_failure(&command_qr_manual, "%s: %s",
				    is_stdout ? "stdout" : path, strerror(errno));
}

static int
make(const struct order *order, struct settings *settings, struct qr *qr, char *room)
{
	char text[QR_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct bytes base = {NULL, 0};
	struct bytes image;

	if (!order->is_text && !base_find(order, settings, &base)) {
		return EXIT_CODE_FAILED;
	}
	if (text_make(order, base, &writer) != STATUS_OK ||
		qr_encode(text_written(&writer), order->level, qr) != STATUS_OK) {
		return command_failure(&command_qr_manual, "%s",
			SAY("that is too long for a QR code of this level, or empty",
				"内容为空，或对此级别的二维码而言过长"));
	}
	if (qr_scale(qr, &order->look) == 0) {
		return command_failure(&command_qr_manual,
			SAY("--size: the code needs %zu pixels at least",
				"--size：此码至少需要 %zu 像素"),
			qr->width + 2 * order->look.margin);
	}
	if (image_make(order, qr, room, &image) != STATUS_OK) {
		return command_failure(
			&command_qr_manual, "%s", SAY("the image cannot be made", "无法生成图像"));
	}
	return image_write(order, image);
}

static int
run(const struct order *order)
{
	struct settings *settings = malloc(sizeof(*settings));
	struct qr *qr = malloc(sizeof(*qr));
	char *room = malloc(IMAGE_SIZE_MAX);
	int exit_code;

	if (settings == NULL || qr == NULL || room == NULL) {
		exit_code = command_no_memory(&command_qr_manual);
	} else {
		exit_code = make(order, settings, qr, room);
	}
	free(settings);
	free(qr);
	free(room);
	return exit_code;
}

/* False: it is no number from 0 to `maximum`. */
static bool
number_read(const char *text, size_t maximum, size_t *ret_number)
{
	uint64_t number = 0;

	if (text_read_u64(bytes_from_string(text), maximum, &number) != STATUS_OK) {
		return false;
	}
	*ret_number = (size_t)number;
	return true;
}

/* False: what is wrong with the option is its argument. */
static bool
option_take(struct order *order, int key, const char *argument)
{
	switch (key) {
	case OPTION_BASE:
		order->base = argument;
		return http_url_is_safe(bytes_from_string(argument)) &&
			argument[strlen(argument) - 1] != '/' && strpbrk(argument, "?#") == NULL;
	case OPTION_DIR:
		order->directory = argument;
		return true;
	case OPTION_TEXT:
		order->is_text = true;
		return true;
	case OPTION_SVG:
		order->svg = argument;
		return true;
	case OPTION_PNG:
		order->png = argument;
		return true;
	case OPTION_LEVEL:
		return qr_level_read(bytes_from_string(argument), &order->level);
	case OPTION_SIZE:
		return number_read(argument, QR_SIZE_MAX, &order->look.size);
	case OPTION_MARGIN:
		return number_read(argument, QR_MARGIN_MAX, &order->look.margin);
	default:
		return true;
	}
}

int
command_qr(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_qr_manual, argc, argv);
	struct order order = {.level = QR_LEVEL_M, .look = {.margin = QR_MARGIN_DEFAULT}};
	bool is_terminal = false;

	while (option_next(&walk)) {
		is_terminal |= walk.key == OPTION_TERMINAL;
		if (!option_take(&order, walk.key, walk.argument)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if ((order.base != NULL) + (order.directory != NULL) + order.is_text != 1) {
		return command_usage_error(&command_qr_manual, "%s",
			SAY("give one of --base, --dir and --text",
				"请给出 --base、--dir、--text 之一"));
	}
	if ((order.svg != NULL) + (order.png != NULL) + is_terminal > 1) {
		return command_usage_error(&command_qr_manual, "%s",
			SAY("one of --svg, --png and --terminal",
				"--svg、--png、--terminal 仅取其一"));
	}
	if (argc - walk.index != 1) {
		return command_usage_error(
			&command_qr_manual, "%s", SAY("HANDLE is wanted", "需要给出 HANDLE"));
	}
	order.handle = argv[walk.index];
	return run(&order);
}
