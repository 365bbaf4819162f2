/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/replication_state.h"
#include "message/replication_stream.h"

/* The first octet chooses: bit 0 the stream, bit 1 that it is the state of a mirror instead. */
enum { CHOOSE_DUMP = 1, CHOOSE_STATE = 2, ROOM = 1 << 21 };

static uint8_t written[ROOM];

static void
check_block(enum replication_stream stream, const struct replication_block *block)
{
	struct wire_writer writer = wire_writer_over(written, sizeof(written));
	struct wire_reader walk = wire_reader_over(block->values.octets);
	struct bytes value;
	uint32_t count = 0;

	replication_block_write(&writer, stream, block, NULL);
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), block->octets));
	FUZZ_CHECK(block->octets.size <= block->size);
	while (replication_value_next(&walk, &value)) {
		count++;
	}
	FUZZ_CHECK(wire_reader_end(&walk) == STATUS_OK);
	FUZZ_CHECK(count == block->values.count);
}

static void
check_stream(enum replication_stream stream, struct bytes input)
{
	struct replication_decoder decoder = replication_decoder_new(stream);
	struct replication_block block;

	while (!decoder.is_ended && replication_decode(&decoder, input, &block) == STATUS_OK) {
		FUZZ_CHECK(block.size > 0 && block.size <= input.size);
		if (block.kind == REPLICATION_BLOCK_END) {
			block.format = decoder.format;
		}
		check_block(stream, &block);
		input = bytes_slice(input, block.size, SIZE_MAX);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	uint8_t choice = fuzz_take_octet(&input);

	if ((choice & CHOOSE_STATE) != 0) {
		struct arena *arena = arena_new(1 << 12, 1 << 22);
		struct replication_source_state state;

		(void)!replication_state_find(input, TEXT(""), arena, &state);
		arena_free(arena);
	} else {
		check_stream(
			(choice & CHOOSE_DUMP) != 0 ? REPLICATION_DUMP : REPLICATION_TRANSACTIONS,
			input);
	}
	return 0;
}
