/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

/*
 * The first octet says how many octets of program follow; the rest is the message that the
 * program reads. What the reader says it read, written again, must be the message.
 */
enum { SECTION_COUNT_MAX = 8, ROOM = 1 << 16 };

/* One step of the program: reads by `operation`, and writes what it read. */
static void
step(struct wire_reader *reader, struct wire_writer *writer, uint8_t operation, uint8_t size)
{
	struct bytes run;

	switch (operation % 7) {
	case 0:
		wire_write_u8(writer, wire_read_u8(reader));
		break;
	case 1:
		wire_write_u16(writer, wire_read_u16(reader));
		break;
	case 2:
		wire_write_u32(writer, wire_read_u32(reader));
		break;
	case 3:
		wire_write_u64(writer, wire_read_u64(reader));
		break;
	case 4:
		wire_write_bytes(writer, wire_read_bytes(reader, size));
		break;
	case 5:
		run = wire_read_blob(reader, size);
		FUZZ_CHECK(run.size <= size);
		wire_write_blob(writer, run);
		break;
	default:
		wire_write_u32(writer, wire_read_count(reader, size % 8 + 1U));
		break;
	}
}

/* Runs the program over one section; what follows the section is for the caller. */
static void
read_section(struct wire_reader *reader, struct bytes *program)
{
	static uint8_t room[ROOM];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	const uint8_t *start = reader->next;

	while (program->size > 0 && program->at[0] != 0xff && wire_reader_ok(reader)) {
		const uint8_t *before = reader->next;
		uint8_t operation = fuzz_take_octet(program);
		struct bytes since;

		step(reader, &writer, operation, fuzz_take_octet(program));
		FUZZ_CHECK(reader->next >= before && reader->next <= reader->end);
		since = wire_read_since(reader, start);
		if (wire_reader_ok(reader) && wire_writer_end(&writer) == STATUS_OK) {
			FUZZ_CHECK(bytes_equal(since, wire_written(&writer)));
		} else if (!wire_reader_ok(reader)) {
			FUZZ_CHECK(since.size == 0);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	size_t program_size = fuzz_take_octet(&input);
	struct bytes program = bytes_slice(input, 0, program_size);
	struct bytes message = bytes_slice(input, program_size, input.size);
	struct wire_reader reader = wire_reader_over(message);

	for (int i = 0; i < SECTION_COUNT_MAX && program.size > 0; i++) {
		const uint8_t *before = reader.next;
		uint8_t section_size = fuzz_take_octet(&program);
		struct wire_reader inner = wire_read_section(&reader, section_size);

		read_section(&inner, &program);
		fuzz_take_octet(&program); /* The 0xff that ended it. */
		if (wire_reader_ok(&reader)) {
			FUZZ_CHECK(reader.next == before + section_size);
			FUZZ_CHECK(inner.next <= reader.next);
		} else {
			FUZZ_CHECK(!wire_reader_ok(&inner));
			FUZZ_CHECK(wire_read_u64(&reader) == 0 && reader.next == before);
		}
	}
	read_section(&reader, &program);
	if (wire_reader_end(&reader) == STATUS_OK) {
		FUZZ_CHECK(wire_reader_left(&reader) == 0);
	}
	return 0;
}
