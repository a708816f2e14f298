// SPDX-License-Identifier: Apache-2.0
#include "wire/purchase.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/utf8.h"

enum { FRAME_BYTES = 5 };

const char *dead_letter_class_name(enum dead_letter_class class_)
{
    static const char *const names[DEAD_LETTER_CLASSES] = {
        [DEAD_LETTER_NONE] = "None",
        [DEAD_LETTER_BAD_FRAME] = "BadFrame",
        [DEAD_LETTER_UNKNOWN_SCHEMA] = "UnknownSchema",
        [DEAD_LETTER_BAD_AVRO] = "BadAvro",
        [DEAD_LETTER_SCHEMA_MISMATCH] = "SchemaMismatch",
        [DEAD_LETTER_NO_CARD] = "NoCard",
        [DEAD_LETTER_NO_TIMESTAMP] = "NoTimestamp",
        [DEAD_LETTER_FUTURE_TIMESTAMP] = "FutureTimestamp",
    };
    ensure(class_ < DEAD_LETTER_CLASSES);
    return names[class_];
}

bool frame_split(struct view value, uint32_t *schema_id, struct view *body)
{
    if (value.size < FRAME_BYTES || value.data[0] != 0x00)
        return false;
    memcpy(schema_id, value.data + 1, sizeof(*schema_id));
    *schema_id = __builtin_bswap32(*schema_id);
    *body = (struct view){value.data + FRAME_BYTES, value.size - FRAME_BYTES};
    return true;
}

// Most cards are, and eight bytes at a time say so; the last eight may overlap those before.
static bool is_ascii(struct view text)
{
    uint64_t bytes = 0, word;
    size_t at = 0;
    for (; text.size - at > sizeof(word); at += sizeof(word)) {
        memcpy(&word, text.data + at, sizeof(word));
        bytes |= word;
    }
    if (text.size >= sizeof(word)) {
        memcpy(&word, text.data + text.size - sizeof(word), sizeof(word));
        bytes |= word;
        at = text.size;
    }
    for (; at < text.size; at++)
        bytes |= text.data[at];
    return (bytes & UINT64_C(0x8080808080808080)) == 0;
}

bool purchase_card(const struct purchase *purchase, struct view message_key, struct view *card,
                   const char **reason)
{
    bool own = (purchase->present & PURCHASE_CREDIT_CARD) != 0;
    *card = own ? purchase->credit_card : message_key;
    if (card->data == NULL)
        *reason = "credit_card is null and the message has no key";
    else if (card->size == 0)
        *reason = own ? "credit_card is empty" : "credit_card is null and the message key is empty";
    else if (card->size > CARD_BYTES_MAX)
        *reason = "the card is longer than 256 bytes";
    else if (!is_ascii(*card) && !utf8_is_valid(*card))
        *reason = "the card is not UTF-8";
    else
        return true;
    return false;
}
