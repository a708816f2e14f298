// SPDX-License-Identifier: Apache-2.0
// What the fuzzers share. A fuzzer is a file *_fuzz.c with LLVMFuzzerTestOneInput, which stops the
// process (ensure, or a sanitizer) when the program under test does something wrong. `make fuzz`
// links it with libFuzzer, which invents inputs; `make test` links it with replay.c, which runs
// those of tests/fuzz/corpus/<name>/ and variations of them.
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

// libFuzzer's names. The block is of exactly `size` bytes. Always 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
// Called once at the start; the same for all fuzzers (fuzz.c).
int LLVMFuzzerInitialize(int *argc, char ***argv);

// An input taken piece by piece from the front. Numbers that are not there are zero.
static inline struct reader fuzz_input(const uint8_t *data, size_t size)
{
    return reader_of((struct view){data, size});
}
uint8_t fuzz_byte(struct reader *input);
uint64_t fuzz_number(struct reader *input, size_t bytes); // big-endian, at most 8 bytes
// What stands before the next `mark`, which is taken too; all that is left when there is none.
struct view fuzz_part(struct reader *input, uint8_t mark);
// All that is left. It ends where the input's block ends, so a read past it is seen.
struct view fuzz_rest(struct reader *input);

// A copy with a NUL behind it, cut at the first NUL that it holds. The caller frees it.
char *fuzz_text(struct view bytes);
// A copy in a block of exactly its size, so that a read past its end is seen; data is never NULL.
// The caller frees it.
struct view fuzz_exact(struct view bytes);

// Strict RFC 8259, but for lone surrogates and the size of numbers; UTF-8. Shares no code with the
// program.
bool fuzz_is_json(struct view text);

#endif
