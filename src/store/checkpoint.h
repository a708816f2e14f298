// SPDX-License-Identifier: Apache-2.0
// The checkpoint record in the store:
//   u8 version | zigzag changelog offset | [version 2: zigzag reach] | meta record (record_meta.c)
// Version 2 is that of a checkpoint beyond which another one was written in part: how far that one
// reached, which is more than the offset. A program that knows version 1 alone restores from the
// changelog.
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "store/store.h"

enum { CHECKPOINT_FORMAT_VERSION = 1, CHECKPOINT_FORMAT_CUT_OFF = 2 };

// Appends the encoding. False only when the buffer's maximum is passed.
bool checkpoint_encode(const struct checkpoint *checkpoint, struct buffer *out) MUST_USE;
// STATUS_RECORD when the bytes are not a checkpoint record that this program reads.
enum status checkpoint_decode(struct view bytes, struct checkpoint *out,
                              struct error *err) MUST_USE;

#endif
