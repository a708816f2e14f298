// SPDX-License-Identifier: Apache-2.0
#include "wire/mask.h"

#include "base/assert.h"

enum { LENGTH_BYTES_MAX = 10, NUMBER_BYTES_MAX = 10 };

// Where the length in front of `text` begins. It is found backwards: a varint ends with a byte
// below 0x80 and has higher ones before it, and each byte more makes the number at least 128 times
// as large, so that just one place gives the size of a text that is not empty. The length may be
// longer than it has to be: whoever wrote it need not have written the shortest form.
static const uint8_t *length_find(struct view value, struct view text)
{
    uint64_t size = 0;
    const uint8_t *at = text.data;
    for (int i = 0; i < LENGTH_BYTES_MAX && at > value.data; i++) {
        at--;
        if ((*at >= 0x80) != (i > 0))
            break;
        size = size << 7 | (*at & 0x7f);
        if (size == (uint64_t)text.size << 1)
            return at;
    }
    return NULL;
}

bool mask_append(struct view value, const struct purchase *purchase, struct view masked,
                 struct buffer *out)
{
    if ((purchase->present & PURCHASE_CREDIT_CARD) == 0)
        return buffer_append(out, value.data, value.size);
    struct view card = purchase->credit_card;
    const uint8_t *end = value.data + value.size;
    const uint8_t *behind = card.data + card.size;
    ensure(card.size > 0 && card.data > value.data && behind <= end);
    const uint8_t *length = length_find(value, card);
    ensure(length != NULL); // purchase_decode has read one there
    size_t before = (size_t)(length - value.data);
    size_t after = (size_t)(end - behind);
    if (!buffer_reserve(out, before + NUMBER_BYTES_MAX + masked.size + after))
        return false;
    ensure(buffer_append(out, value.data, before));
    ensure(buffer_append_sized(out, masked));
    ensure(buffer_append(out, behind, after));
    return true;
}
