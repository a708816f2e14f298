// SPDX-License-Identifier: Apache-2.0
// Writer schemas by number, and bodies for them: what the fuzzers of the decoders share.
#ifndef FUZZ_WRITERS_H
#define FUZZ_WRITERS_H

#include <avro.h>

#include "fuzz/fuzz.h"
#include "lib/writer_random.h"
#include "wire/avsc.h"

// Number 0 is schemas/purchase.avsc, the others are made at random from their number.
struct fuzz_writer {
    struct view json;
    struct writer writer; // what is known of its fields; number 0: nothing
    avro_schema_t schema; // for the strict reader
    struct avsc *avsc;
};

// Made when it is first asked for; lives as long as the process.
const struct fuzz_writer *fuzz_writer(uint8_t number);

// The body that the rest of the input stands for; the caller frees it (fuzz_exact).
//   u8 seed 0      the rest is the body
//   u8 seed > 0    a random datum of the schema, edited by the rest, four bytes an edit:
//                  u8 kind (set, flip bits, cut here, insert), u16 place, u8 value
struct view fuzz_body(const struct fuzz_writer *writer, struct reader *input);

#endif
