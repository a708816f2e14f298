// SPDX-License-Identifier: Apache-2.0
#include "stream/counts.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/limits.h"
#include "engine/purchase_count.h"

_Static_assert(CARD_BYTES_MAX <= 256, "a card's size less one fits a byte");

void counts_init(struct counts *counts)
{
    buffer_init(&counts->noted, COUNTS_BYTES_MAX);
}

void counts_release(struct counts *counts)
{
    buffer_release(&counts->noted);
}

void counts_clear(struct counts *counts)
{
    buffer_clear(&counts->noted);
}

void counts_note(struct counts *counts, const struct token *token, struct view card)
{
    ensure(card.size > 0 && card.size <= CARD_BYTES_MAX);
    ensure(buffer_append(&counts->noted, token->bytes, TOKEN_BYTES));
    ensure(buffer_append_byte(&counts->noted, (uint8_t)(card.size - 1)));
    ensure(buffer_append(&counts->noted, card.data, card.size));
}

static enum status write_one(struct cards *cards, const struct token *token, struct record *record,
                             struct broker *broker, struct error *err)
{
    char number[24];
    struct card_entry *entry = cards_find(cards, token);
    ensure(entry != NULL); // changed cards stay in memory until they are committed
    uint64_t count = purchase_count_of(&entry->card);
    ensure(count > 0);
    snprintf(number, sizeof(number), "%" PRIu64, count);
    record->value = view_text(number);
    return broker->ops->produce(broker, record, err);
}

enum status counts_write(const struct counts *counts, struct cards *cards, int32_t partition,
                         struct broker *broker, struct error *err)
{
    struct reader reader = reader_of(buffer_view(&counts->noted));
    enum status status = STATUS_OK;
    while (status == STATUS_OK && reader_left(&reader) > 0) {
        struct view token_bytes;
        struct token token;
        uint8_t size = 0;
        struct record record = {
            .topic = OUTPUT_PURCHASE_COUNTS, .partition = partition, .timestamp_ms = -1};
        ensure(reader_view(&reader, TOKEN_BYTES, &token_bytes) && reader_byte(&reader, &size) &&
               reader_view(&reader, (uint64_t)size + 1, &record.key));
        memcpy(token.bytes, token_bytes.data, TOKEN_BYTES);
        status = write_one(cards, &token, &record, broker, err);
    }
    if (status == STATUS_RECORD)
        return error_prefix(err, STATUS_FATAL, "purchase counts");
    return status;
}
