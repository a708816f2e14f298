// SPDX-License-Identifier: Apache-2.0
// Rows in, and flags out; and the table's checkpoints.
#include <inttypes.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "stream/table.h"

// A card whose flag is on. Whose is off, by a row or a tombstone, or null, is not stored.
static const uint8_t flag_on[] = {1};

// ---- rows ----

static void skip_bad(struct table_shared *shared, const struct message *message, const char *reason)
{
    shared->counters->table_bad_rows++;
    if (shared->bad_warned)
        return;
    shared->bad_warned = true;
    log_warn("table",
             "a row of the table cannot be read and is skipped (told once; see "
             "table_bad_rows_total)",
             LOG_TEXT("topic", shared->settings->table_topic),
             LOG_INT("partition", message->partition), LOG_INT("offset", message->offset),
             LOG_TEXT("reason", reason));
}

static void put(struct table *table, const struct table_shared *shared, struct view card,
                bool enabled)
{
    struct token token;
    token_of(shared->settings->token_key, card, &token);
    table_news_put(&table->staged, &token, enabled);
    table->store->ops->stage(table->store, &token,
                             enabled ? (struct view){flag_on, sizeof(flag_on)}
                                     : (struct view){NULL, 0});
}

enum decoded { DECODED_ROW, DECODED_BAD, DECODED_PENDING };

static enum decoded decode(struct table *table, struct table_shared *shared,
                           const struct message *message, bool *enabled, const char **reason)
{
    struct broker *broker = shared->ports->broker;
    struct view body;
    const struct flag_plan *plan;
    *enabled = false;
    if (message->value.data == NULL)
        return DECODED_ROW;
    *reason = "the value is not in the Confluent frame: 0x00, schema id in 4 bytes, Avro body";
    if (!frame_split(message->value, &table->schema_id, &body))
        return DECODED_BAD;
    switch (schemas_flag(shared->schemas, table->schema_id, broker->ops->now_ms(broker), &plan,
                         reason)) {
    case SCHEMA_PENDING:
        return DECODED_PENDING;
    case SCHEMA_UNKNOWN:
    case SCHEMA_MISMATCH:
        return DECODED_BAD;
    case SCHEMA_READY:
        break;
    }
    return flag_decode(plan, body, enabled, reason) ? DECODED_ROW : DECODED_BAD;
}

// Eight bytes that tell a row from any other that may come to stand at its offset.
static uint64_t print_of(struct table_shared *shared, const struct message *message)
{
    struct buffer *scratch = &shared->scratch;
    struct token token;
    uint64_t print;
    buffer_clear(scratch);
    // What does not fit any more is not looked at: no row is that large.
    (void)(buffer_append_zigzag(scratch, message->timestamp_ms) &&
           buffer_append_varint(scratch, message->key.size) &&
           buffer_append(scratch, message->key.data, message->key.size) &&
           buffer_append(scratch, message->value.data, message->value.size));
    token_of(shared->settings->token_key, buffer_view(scratch), &token);
    memcpy(&print, token.bytes, sizeof(print));
    return print;
}

static enum status verify(struct table *table, struct table_shared *shared,
                          const struct message *message, struct error *err)
{
    bool there = message->offset == table->anchor.offset;
    if (there && print_of(shared, message) == table->anchor.print) {
        table->verifying = false;
        table->anchor = table->last;
        return STATUS_OK;
    }
    return table_forget(
        table, shared->ports,
        there ? "the topic has been made anew" : "a row that was read is not there any more", err);
}

enum status table_apply(struct table *table, struct table_shared *shared,
                        const struct message *message, struct error *err)
{
    struct view card;
    bool enabled;
    const char *reason = "";
    if (!table->reading || table->step != TABLE_READING)
        return STATUS_OK;
    if (table->verifying)
        return verify(table, shared, message, err);
    if (message->offset < table->next)
        return STATUS_OK;
    enum decoded decoded = DECODED_BAD;
    if (flag_card(message->key, &card, &reason))
        decoded = decode(table, shared, message, &enabled, &reason);
    if (decoded == DECODED_PENDING) {
        table_stop_reading(table, shared->ports);
        table->step = TABLE_SCHEMA;
        return STATUS_OK;
    }
    shared->counters->table_rows++;
    if (decoded == DECODED_BAD)
        skip_bad(shared, message, reason);
    else
        put(table, shared, card, enabled);
    table->next = message->offset + 1;
    table->last = (struct table_row){message->offset, print_of(shared, message)};
    if (table->anchor.offset < 0)
        table->anchor = table->last;
    return STATUS_OK;
}

// ---- flags ----

enum status table_lookup(struct table *table, const struct token *token, bool *enabled,
                         struct error *err)
{
    struct view value;
    if (!table->loaded)
        return error_set(err, STATUS_ABORT, "the table of partition %" PRId32 " is read anew",
                         table->partition);
    if (table_news_find(&table->staged, token, enabled) ||
        table_news_find(&table->frozen, token, enabled))
        return STATUS_OK;
    enum status status = table->store->ops->get(table->store, token, &value, err);
    if (status == STATUS_RECORD) {
        log_error("table", "the table's store is damaged: reading the table anew",
                  LOG_INT("partition", table->partition), LOG_TEXT("reason", err->text));
        table->damaged = true;
        table->loaded = false;
        return STATUS_ABORT;
    }
    *enabled = status == STATUS_OK && value.data != NULL;
    return status;
}

// ---- checkpoints ----

static enum status poll_checkpoint(struct table *table, bool wait, struct error *err)
{
    bool running = false;
    if (!table->checkpoint_running)
        return STATUS_OK;
    enum status status = table->store->ops->checkpoint_poll(table->store, wait, &running, err);
    if (status != STATUS_OK || running)
        return status;
    table->checkpoint_running = false;
    table_news_release(&table->frozen);
    return STATUS_OK;
}

// A store's checkpoint record as a table fills it: the offset is that of the next row; of the meta
// record, input offset and incarnation are the anchor's offset and print, the stream time when the
// table was last known to be whole, the fingerprint the table's identity.
static void start_checkpoint(struct table *table, const struct table_shared *shared, int64_t now_ms)
{
    struct checkpoint checkpoint = {
        .changelog_offset = table->next,
        .meta =
            {
                .incarnation = table->anchor.print,
                .input_offset = table->anchor.offset,
                .stream_time = {table->fresh_ms != 0, table->fresh_ms},
            },
    };
    memcpy(checkpoint.meta.fingerprint, shared->identity, FINGERPRINT_BYTES);
    ensure(!table->checkpoint_running);
    table->store->ops->checkpoint_start(table->store, &checkpoint);
    table->frozen = table->staged;
    table->staged = (struct table_news){.tokens = NULL};
    table->checkpoint_running = true;
    table->checkpoint_ms = now_ms;
    table->stored_anchor = table->anchor.offset;
    table->stored_next = table->next;
    table->stored_fresh_ms = table->fresh_ms;
}

// A table without news says from time to time that it is still whole.
static bool is_stale(const struct table *table)
{
    return table->fresh_ms - table->stored_fresh_ms > table->retention_ms / 8;
}

enum status table_checkpoint(struct table *table, struct table_shared *shared, bool force,
                             struct error *err)
{
    const struct stream_settings *settings = shared->settings;
    if (table->store == NULL || table->damaged)
        return STATUS_OK;
    int64_t now_ms = shared->ports->broker->ops->now_ms(shared->ports->broker);
    size_t staged_bytes = table->store->ops->staged_bytes(table->store);
    bool wait = force || staged_bytes >= 2 * settings->staged_max_bytes;
    enum status status = poll_checkpoint(table, wait, err);
    if (status != STATUS_OK || table->checkpoint_running)
        return status;
    bool moved = table->next != table->stored_next ||
                 table->anchor.offset != table->stored_anchor || is_stale(table);
    bool due = force || now_ms - table->checkpoint_ms >= settings->checkpoint_interval_ms ||
               staged_bytes >= settings->staged_max_bytes;
    if (moved && due)
        start_checkpoint(table, shared, now_ms);
    return force ? poll_checkpoint(table, true, err) : STATUS_OK;
}
