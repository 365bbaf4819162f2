/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_handle.h"

/*
 * Handles: prefix "/" suffix, split at the first slash (RFC 3651, 2.1); DOIs are handles below
 * 10. A name has the spellings hdl:, info:hdl/ (RFC 4452), doi: and the links of proxies. The
 * labels of 86 and 88, China's industrial internet, are digits whose leading zeros count; a bare
 * prefix is a name, too. "86.122.2 X" with a blank for the slash is found on labels: what was
 * meant is offered, never assumed.
 */
enum { PREFIX_SIZE_MAX = 64, LABEL_SIZE_MAX = 32, NUMBER_LABEL_SIZE_MAX = 16 };

static const struct {
	const char *root;
	const char *kind;
} roots[] = {
	{"0", "handle"}, /* The system's own: 0.NA/88.100. */
	{"10", "DOI"},
	{"20", "handle"},
	{"21", "handle"},
	{"86", "handle"},
	{"88", "handle"},
};

static const char *
root_kind(struct bytes root)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (bytes_equal(root, bytes_from_string(roots[i].root))) {
			return roots[i].kind;
		}
	}
	return NULL;
}

static bool
root_is_national(struct bytes prefix)
{
	return bytes_start_with(prefix, TEXT("86.")) || bytes_start_with(prefix, TEXT("88."));
}

static bool
label_is_good(struct bytes label, bool is_national)
{
	size_t size_max = is_national ? NUMBER_LABEL_SIZE_MAX : LABEL_SIZE_MAX;

	if (label.size == 0 || label.size > size_max) {
		return false;
	}
	for (size_t i = 0; i < label.size; i++) {
		if (!code_is_digit(label.at[i]) &&
			(is_national ||
				(!code_is_alphanumeric(label.at[i]) && label.at[i] != '-'))) {
			return false;
		}
	}
	return true;
}

static void
check_labels(struct code_candidate *candidate, struct bytes prefix)
{
	bool is_national = root_is_national(prefix);
	struct bytes rest = prefix;

	while (rest.size > 0) {
		struct bytes label = code_take(&rest, '.');

		if (!label_is_good(label, is_national)) {
			code_against(candidate, CODE_REASON_LABEL, label);
			return;
		}
	}
	if (prefix.size == 0 || prefix.at[prefix.size - 1] == '.') {
		code_against(candidate, CODE_REASON_LABEL, TEXT(""));
	} else if (prefix.size > PREFIX_SIZE_MAX) {
		code_against(candidate, CODE_REASON_SIZE, prefix);
	}
}

void
code_handle_put(struct code_candidate *candidate, struct bytes name)
{
	struct bytes prefix = bytes_slice(name, 0, bytes_find(name, '/'));
	struct bytes suffix = bytes_slice(name, prefix.size + 1, SIZE_MAX);
	struct bytes root = bytes_slice(prefix, 0, bytes_find(prefix, '.'));
	const char *kind = root_kind(root);

	candidate->scheme = CODE_HANDLE;
	candidate->normal = name;
	code_part(candidate, "prefix", prefix);
	check_labels(candidate, prefix);
	if (kind == NULL) {
		code_reason(candidate, CODE_REASON_ROOT_UNKNOWN, root);
	} else {
		code_reason(candidate, CODE_REASON_ROOT_KNOWN, root);
	}
	if (prefix.size < name.size) {
		code_part(candidate, "suffix", suffix);
		if (suffix.size == 0) {
			code_against(candidate, CODE_REASON_SIZE, suffix);
		} else if (code_has_control(suffix)) {
			code_against(candidate, CODE_REASON_CHARACTER, suffix);
		}
	}
	if (candidate->system == CODE_HANDLE) {
		candidate->kind = prefix.size == name.size ? "prefix"
			: kind == NULL			   ? "handle"
							   : kind;
	}
}

/* Digits and dots, at least two labels: what a prefix looks like before anything is known. */
static struct bytes
numeric_prefix(struct bytes run)
{
	size_t size = code_span(run, "0123456789.");
	struct bytes prefix = bytes_slice(run, 0, size);

	return bytes_find(prefix, '.') < prefix.size ? prefix : bytes_slice(run, 0, 0);
}

static void
recognise_bare(struct code_result *result)
{
	struct bytes code = result->code, prefix = numeric_prefix(code);
	struct bytes root = bytes_slice(prefix, 0, bytes_find(prefix, '.'));
	bool is_whole = prefix.size == code.size;
	uint8_t next = is_whole ? 0 : code.at[prefix.size];
	struct code_candidate *candidate;

	if (bytes_start_with_fold(code, TEXT("0.NA/"))) {
		candidate = code_propose(result, CODE_HANDLE, "handle", CODE_CERTAIN);
		code_handle_put(candidate, code);
	} else if (prefix.size == 0 || root.size == 0) {
		return;
	} else if (next == '/') {
		candidate = code_propose(result, CODE_HANDLE, "handle",
			root_kind(root) != NULL ? CODE_STRONG : CODE_POSSIBLE);
		code_reason(candidate, CODE_REASON_PATTERN, TEXT("prefix/suffix"));
		code_handle_put(candidate, code);
	} else if (is_whole && root_is_national(prefix)) {
		candidate = code_propose(result, CODE_HANDLE, "prefix", CODE_STRONG);
		code_handle_put(candidate, code);
	} else if (next == ' ' && root_is_national(prefix) && prefix.size + 1 < code.size) {
		size_t begin = code_text_begin(result);

		candidate = code_propose(result, CODE_HANDLE, "handle", CODE_STRONG);
		text_write(&result->text, prefix);
		text_write_char(&result->text, '/');
		text_write(&result->text, bytes_slice(code, prefix.size + 1, SIZE_MAX));
		code_against(candidate, CODE_REASON_BLANK, code_text_end(result, begin));
	}
}

/* A proxy's whole path is a handle; on other hosts only a path that begins with a prefix of a
 * known root is taken for one. */
static void
recognise_link(struct code_result *result, const struct code_url *url)
{
	static const char *const proxies[] = {
		"hdl.handle.net", "doi.org", "dx.doi.org", "www.doi.org"};
	struct bytes path = bytes_slice(url->path, 1, SIZE_MAX);
	struct bytes prefix = numeric_prefix(path), name;
	struct code_candidate *candidate;
	bool is_proxy = false;

	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
		is_proxy |= bytes_equal_fold(url->host, bytes_from_string(proxies[i]));
	}
	if (!is_proxy &&
		(root_kind(bytes_slice(prefix, 0, bytes_find(prefix, '.'))) == NULL ||
			prefix.size == path.size || path.at[prefix.size] != '/')) {
		return;
	}
	if (path.size == 0 || !code_percent_decode(result, path, &name)) {
		return;
	}
	candidate =
		code_propose(result, CODE_HANDLE, "handle", is_proxy ? CODE_CERTAIN : CODE_LIKELY);
	code_reason(candidate, is_proxy ? CODE_REASON_PREFIX : CODE_REASON_PATTERN,
		is_proxy ? url->host : TEXT("a link to prefix/suffix"));
	code_handle_put(candidate, name);
}

void
code_handle_recognise(struct code_result *result)
{
	static const char *const prefixes[] = {"hdl:", "info:hdl/", "doi:", "info:doi/"};
	struct code_candidate *candidate;
	struct code_url url;

	if (code_url_split(result->code, &url)) {
		recognise_link(result, &url);
		return;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct bytes rest = result->code;

		if (code_take_prefix(&rest, prefixes[i])) {
			candidate = code_propose(result, CODE_HANDLE, "handle", CODE_CERTAIN);
			code_reason(candidate, CODE_REASON_PREFIX, bytes_from_string(prefixes[i]));
			code_handle_put(candidate, rest);
			return;
		}
	}
	recognise_bare(result);
}
