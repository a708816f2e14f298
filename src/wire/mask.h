// SPDX-License-Identifier: Apache-2.0
// A purchase without its card number: the message as its writer encoded it, every byte the same
// but for the text of credit_card, wherever in the datum its schema has that.
#ifndef WIRE_MASK_H
#define WIRE_MASK_H

#include "base/bytes.h"
#include "base/status.h"
#include "wire/purchase.h"

// Appends `value`, a whole message value, with `masked` in the place of the card number that
// purchase_decode found in it; unchanged when the purchase has none of its own (null: the card was
// the message's key). The purchase must be that of the value, its credit_card not empty. False when
// the buffer's maximum would be passed (nothing is appended).
bool mask_append(struct view value, const struct purchase *purchase, struct view masked,
                 struct buffer *out) MUST_USE;

#endif
