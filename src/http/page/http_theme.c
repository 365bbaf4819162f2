/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_theme.h"

#include "base/limits.h"

#include <stdlib.h>

struct file {
	struct bytes name;
	struct bytes octets;
};

/* The files of one host. */
struct theme {
	struct bytes host;
	size_t count;
	struct file files[HTTP_THEME_FILE_COUNT_MAX];
	struct http_template *pages[HTTP_PAGE_COUNT];
};

struct http_themes {
	size_t size; /* Of all files. */
	size_t count;
	struct theme *items[HTTP_THEME_COUNT_MAX]; /* The first is "default". */
};

static const char *const page_names[] = {"start.html", "error.html", "record.html", "leave.html"};

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{".css", "text/css;charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".jpg", "image/jpeg"},
	{".webp", "image/webp"},
	{".ico", "image/x-icon"},
	{".woff2", "font/woff2"},
};

/* NULL: it is not served. */
static const char *
type_of(struct bytes name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bytes ending = bytes_from_string(types[i].ending);

		if (name.size > ending.size &&
			bytes_equal(
				bytes_slice(name, name.size - ending.size, ending.size), ending)) {
			return types[i].type;
		}
	}
	return NULL;
}

static bool
is_page(struct bytes name)
{
	return name.size > 5 && bytes_equal(bytes_slice(name, name.size - 5, 5), TEXT(".html"));
}

/* Letters, digits and -_. : a plain name. */
static bool
is_plain(struct bytes name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t octet = ascii_upper(name.at[i]);

		if (!((octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9') ||
			    octet == '-' || octet == '_' || octet == '.')) {
			return false;
		}
	}
	return name.size > 0 && name.at[0] != '.';
}

static bool
copy(struct bytes run, struct bytes *ret_copy)
{
	uint8_t *octets = malloc(run.size + 1);

	if (octets == NULL) {
		return false;
	}
	if (run.size > 0) {
		memcpy(octets, run.at, run.size);
	}
	octets[run.size] = '\0';
	*ret_copy = bytes_over(octets, run.size);
	return true;
}

static struct theme *
theme_add(struct http_themes *themes, struct bytes host)
{
	struct theme *theme = calloc(1, sizeof(*theme));

	if (theme == NULL || !copy(host, &theme->host)) {
		free(theme);
		return NULL;
	}
	themes->items[themes->count++] = theme;
	return theme;
}

struct http_themes *
http_themes_new(void)
{
	struct http_themes *themes = calloc(1, sizeof(*themes));

	if (themes != NULL && theme_add(themes, TEXT("default")) == NULL) {
		free(themes);
		return NULL;
	}
	return themes;
}

static void
theme_free(struct theme *theme)
{
	for (size_t i = 0; i < theme->count; i++) {
		free((void *)(uintptr_t)theme->files[i].name.at);
		free((void *)(uintptr_t)theme->files[i].octets.at);
	}
	for (size_t i = 0; i < HTTP_PAGE_COUNT; i++) {
		http_template_free(theme->pages[i]);
	}
	free((void *)(uintptr_t)theme->host.at);
	free(theme);
}

void
http_themes_free(struct http_themes *themes)
{
	for (size_t i = 0; themes != NULL && i < themes->count; i++) {
		theme_free(themes->items[i]);
	}
	free(themes);
}

static struct theme *
theme_find(const struct http_themes *themes, struct bytes host)
{
	for (size_t i = 0; i < themes->count; i++) {
		if (bytes_equal_fold(themes->items[i]->host, host)) {
			return themes->items[i];
		}
	}
	return NULL;
}

static enum status
refuse(struct problem *problem, enum status status, struct bytes host, struct bytes name,
	const char *why)
{
	return problem_set(problem, status, "theme/%.*s/%.*s %s", (int)host.size,
		(const char *)host.at, (int)name.size, (const char *)name.at, problem_reason(why));
}

enum status
http_themes_add(struct http_themes *themes, struct bytes host, struct bytes name,
	struct bytes octets, struct problem *problem)
{
	struct theme *theme = theme_find(themes, host);
	struct file file = {.name = {NULL, 0}};

	if (!is_plain(name) || (!is_page(name) && type_of(name) == NULL)) {
		return refuse(problem, STATUS_INVALID, host, name,
			"is no page (.html) and nothing that is served: css, svg, png, jpg, webp, "
			"ico or woff2");
	}
	if (octets.size > HTTP_THEME_FILE_SIZE_MAX ||
		themes->size + octets.size > HTTP_THEME_SIZE_MAX) {
		return refuse(problem, STATUS_TOO_LARGE, host, name,
			"is too large: 1 MiB a file and 16 MiB of all are allowed");
	}
	if (theme == NULL && themes->count == HTTP_THEME_COUNT_MAX) {
		return refuse(problem, STATUS_TOO_LARGE, host, name, "is of one host too many");
	}
	theme = theme == NULL ? theme_add(themes, host) : theme;
	if (theme != NULL && theme->count == HTTP_THEME_FILE_COUNT_MAX) {
		return refuse(problem, STATUS_TOO_LARGE, host, name, "is one file too many");
	}
	if (theme == NULL || !copy(name, &file.name) || !copy(octets, &file.octets)) {
		free((void *)(uintptr_t)file.name.at);
		return problem_system(problem, "cannot hold the theme");
	}
	theme->files[theme->count++] = file;
	themes->size += octets.size;
	return STATUS_OK;
}

static bool
theme_file(const struct theme *theme, struct bytes name, struct bytes *ret_octets)
{
	for (size_t i = 0; i < theme->count; i++) {
		if (bytes_equal(theme->files[i].name, name)) {
			*ret_octets = theme->files[i].octets;
			return true;
		}
	}
	return false;
}

static bool
builtin_file(struct bytes name, struct bytes *ret_octets)
{
	for (size_t i = 0; i < http_builtin_count; i++) {
		if (bytes_equal(bytes_from_string(http_builtins[i].name), name)) {
			*ret_octets = bytes_over(http_builtins[i].octets, http_builtins[i].size);
			return true;
		}
	}
	return false;
}

/* Of the host, else of all, else of the node. */
static bool
file_find(const struct http_themes *themes, const struct theme *theme, struct bytes name,
	struct bytes *ret_octets)
{
	return theme_file(theme, name, ret_octets) ||
		theme_file(themes->items[0], name, ret_octets) || builtin_file(name, ret_octets);
}

struct finding {
	const struct http_themes *themes;
	const struct theme *theme;
};

static bool
page_find(void *context, struct bytes name, struct bytes *ret_text)
{
	const struct finding *finding = context;

	return is_page(name) && file_find(finding->themes, finding->theme, name, ret_text);
}

static enum status
theme_end(const struct http_themes *themes, struct theme *theme, struct problem *problem)
{
	struct finding finding = {themes, theme};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < HTTP_PAGE_COUNT && status == STATUS_OK; i++) {
		struct http_template_source source = {
			.name = bytes_from_string(page_names[i]),
			.find = page_find,
			.context = &finding,
		};
		struct problem why = {.status = STATUS_OK};

		if (!page_find(&finding, source.name, &source.text)) {
			return refuse(
				problem, STATUS_INVALID, theme->host, source.name, "is missing");
		}
		status = http_template_new(&source, &theme->pages[i], &why);
		if (status != STATUS_OK) {
			return problem_set(problem, status, "theme/%.*s/%s", (int)theme->host.size,
				(const char *)theme->host.at, why.text);
		}
	}
	return status;
}

enum status
http_themes_end(struct http_themes *themes, struct problem *problem)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < themes->count && status == STATUS_OK; i++) {
		status = theme_end(themes, themes->items[i], problem);
	}
	return status;
}

/* By name, without the port. */
static const struct theme *
theme_of(const struct http_themes *themes, const char *host)
{
	struct bytes name = host == NULL ? (struct bytes){NULL, 0} : bytes_from_string(host);
	const struct theme *theme = theme_find(themes, bytes_slice(name, 0, bytes_find(name, ':')));

	return theme == NULL ? themes->items[0] : theme;
}

const struct http_template *
http_themes_page(const struct http_themes *themes, const char *host, enum http_page_kind kind)
{
	return theme_of(themes, host)->pages[kind];
}

bool
http_themes_file(const struct http_themes *themes, const char *host, struct bytes name,
	struct bytes *ret_octets, const char **ret_type)
{
	const char *type = type_of(name);

	if (type == NULL || !file_find(themes, theme_of(themes, host), name, ret_octets)) {
		return false;
	}
	*ret_type = type;
	return true;
}
