/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message.h"

enum opcode_class
opcode_class(uint32_t opcode)
{
	switch (opcode) {
#define X(name, number, text, class) \
	case number:                 \
		return OPCODE_CLASS_##class;
#include "message/opcodes.def"
#undef X
	}
	return OPCODE_CLASS_UNKNOWN;
}

const char *
opcode_name(uint32_t opcode)
{
	switch (opcode) {
#define X(name, number, text, class) \
	case number:                 \
		return #name;
#include "message/opcodes.def"
#undef X
	}
	return NULL;
}

const char *
opcode_text(uint32_t opcode)
{
	switch (opcode) {
#define X(name, number, text, class) \
	case number:                 \
		return text;
#include "message/opcodes.def"
#undef X
	}
	return "unknown operation";
}

const char *
response_code_name(uint32_t code)
{
	switch (code) {
#define X(name, number, text) \
	case number:          \
		return #name;
#include "message/responses.def"
#undef X
	}
	return NULL;
}

const char *
response_code_text(uint32_t code)
{
	switch (code) {
#define X(name, number, text) \
	case number:          \
		return text;
#include "message/responses.def"
#undef X
	}
	return "unknown response code";
}

const char *
message_flag_name(uint32_t flag)
{
	switch (flag) {
#define X(name, bit, text) \
	case bit:          \
		return #name;
#include "message/flags.def"
#undef X
	}
	return NULL;
}
