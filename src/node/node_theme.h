/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "http/page/http_theme.h"

/*
 * The folder of pages in the node's directory: theme/HOST/FILE, where HOST is a name by which the
 * node is asked, or `default`. Without the folder the pages are the node's own.
 *
 * The whole folder is read when the node starts and on SIGHUP; requests never touch it. What is
 * wrong in it is told with file and line, and nothing of it is used then.
 */
enum status node_theme_read(
	const char *directory, struct http_themes **ret_themes, struct problem *problem) MUST_CHECK;
