// SPDX-License-Identifier: Apache-2.0
#include "stream/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    RETRY_AFTER_MS = 100,
    CHECK_EVERY_MS = 60 * 1000,
    CHECK_EVERY_MIN_MS = 1000,
    WARN_EVERY_MS = 10000,
    CLOCK_SLACK_MS = 60 * 1000,
    LOAD_MIN_MS = 10 * 1000,
    RETENTION_UNKNOWN_MS = 10 * 60 * 1000, // a careful guess; Kafka's default is a day
    SCRATCH_BYTES_MAX = 1024 * 1024,
};

void table_shared_init(struct table_shared *shared, const struct stream_settings *settings,
                       const struct stream_ports *ports, struct counters *counters)
{
    struct token token;
    *shared = (struct table_shared){.settings = settings, .ports = ports, .counters = counters};
    shared->schemas = schemas_open_flags(&ports->schemas);
    buffer_init(&shared->scratch, SCRATCH_BYTES_MAX);
    ensure(buffer_append_format(&shared->scratch, "table of the topic %s", settings->table_topic));
    token_of(settings->token_key, buffer_view(&shared->scratch), &token);
    _Static_assert(sizeof(token.bytes) == FINGERPRINT_BYTES, "a token serves as identity");
    memcpy(shared->identity, token.bytes, FINGERPRINT_BYTES);
}

void table_shared_release(struct table_shared *shared)
{
    schemas_close(shared->schemas);
    buffer_release(&shared->scratch);
}

struct table *table_open(int32_t partition)
{
    struct table *table = memory_zeroed(1, sizeof(*table));
    table->partition = partition;
    table->last.offset = table->anchor.offset = table->stored_anchor = -1;
    table->retention_ms = RETENTION_UNKNOWN_MS;
    return table;
}

void table_stop_reading(struct table *table, const struct stream_ports *ports)
{
    if (table->reading)
        ports->broker->ops->table_close(ports->broker, table->partition);
    table->reading = false;
    table->verifying = false;
}

void table_close(struct table *table, const struct stream_ports *ports)
{
    table_stop_reading(table, ports);
    if (table->store != NULL)
        table->store->ops->close(table->store);
    table_news_release(&table->staged);
    table_news_release(&table->frozen);
    free(table);
}

// From READING and SCHEMA alike; the steps before them are on their way there anyway.
static void look_again(struct table *table)
{
    if (table->step > TABLE_FACTS)
        table->step = TABLE_FACTS;
}

void table_take(struct table *table)
{
    table->loaded = false;
    look_again(table);
}

void table_doubt(struct table *table, const struct stream_ports *ports, const char *reason)
{
    table_stop_reading(table, ports);
    look_again(table);
    error_set(&table->trouble, STATUS_RETRY, "%s", reason);
}

enum status table_forget(struct table *table, const struct stream_ports *ports, const char *reason,
                         struct error *err)
{
    if (table->last.offset >= 0)
        log_info("table", "reading the table anew", LOG_INT("partition", table->partition),
                 LOG_INT("next", table->next), LOG_TEXT("reason", reason));
    table_stop_reading(table, ports);
    look_again(table);
    table_news_release(&table->staged);
    table_news_release(&table->frozen);
    table->checkpoint_running = false;
    table->loaded = false;
    table->next = 0;
    table->last.offset = table->anchor.offset = table->stored_anchor = -1;
    table->fresh_ms = 0;
    table->stored_next = 0;
    table->stored_fresh_ms = 0;
    enum status status = table->store->ops->drop(table->store, err);
    table->damaged = status != STATUS_OK;
    return status == STATUS_OK ? STATUS_OK : STATUS_FATAL;
}

// ---- the store ----

static const char damaged_sentence[] = "the table's store is damaged: reading the table anew";

static bool is_ours(const struct table_shared *shared, const struct checkpoint *checkpoint)
{
    return memcmp(checkpoint->meta.fingerprint, shared->identity, FINGERPRINT_BYTES) == 0;
}

// As table_checkpoint writes it.
static void take_checkpoint(struct table *table, const struct checkpoint *checkpoint)
{
    const struct meta *meta = &checkpoint->meta;
    table->next = checkpoint->changelog_offset;
    table->anchor = (struct table_row){meta->input_offset, meta->incarnation};
    table->last = table->anchor;
    table->stored_anchor = table->anchor.offset;
    table->fresh_ms = meta->stream_time.known ? meta->stream_time.ms : 0;
    table->stored_next = table->next;
    table->stored_fresh_ms = table->fresh_ms;
}

static enum status open_store(struct table *table, const struct stream_ports *ports,
                              struct error *err)
{
    struct store_dir *stores = ports->stores;
    enum status status = stores->ops->open_table(stores, table->partition, &table->store, err);
    if (status != STATUS_RECORD)
        return status;
    log_warn("table", damaged_sentence, LOG_INT("partition", table->partition),
             LOG_TEXT("reason", err->text));
    status = stores->ops->reset_table(stores, table->partition, err);
    return status == STATUS_OK ? STATUS_RETRY : status;
}

static enum status step_store(struct table *table, struct table_shared *shared, struct error *err)
{
    struct checkpoint checkpoint;
    bool found = false;
    enum status status = STATUS_OK;
    if (table->store == NULL)
        status = open_store(table, shared->ports, err);
    if (status != STATUS_OK)
        return status;
    table->step = TABLE_FACTS;
    status = table->store->ops->load(table->store, &checkpoint, &found, err);
    if (status == STATUS_FATAL)
        return status;
    bool whole = status == STATUS_OK && found && !checkpoint_is_cut_off(&checkpoint);
    if (whole && is_ours(shared, &checkpoint)) {
        take_checkpoint(table, &checkpoint);
        return STATUS_OK;
    }
    if (status == STATUS_OK && !found)
        return STATUS_OK;
    if (status == STATUS_RECORD)
        log_warn("table", damaged_sentence, LOG_INT("partition", table->partition),
                 LOG_TEXT("reason", err->text));
    return table_forget(table, shared->ports, "the store is of another table, or was cut off", err);
}

// ---- the topic ----

static enum status check_partitions(const struct stream_settings *settings, int32_t count,
                                    struct error *err)
{
    if (count == settings->input_partitions)
        return STATUS_OK;
    if (count < 0)
        return error_set(err, STATUS_RETRY,
                         "the topic %s does not exist: create it, or run `cardwatch init -c FILE`, "
                         "which creates every topic that is missing",
                         settings->table_topic);
    return error_set(err, STATUS_FATAL,
                     "the topic %s has %" PRId32 " partitions but %s has %" PRId32
                     ": a card's flag "
                     "would be in another partition than its purchases; make %s anew with %" PRId32
                     " partitions",
                     settings->table_topic, count, settings->input_topic,
                     settings->input_partitions, settings->table_topic, settings->input_partitions);
}

static bool is_too_old(const struct table *table, int64_t wall_ms)
{
    int64_t age_ms = wall_ms - table->fresh_ms;
    return table->fresh_ms == 0 || age_ms > table->retention_ms / 2 || age_ms < -CLOCK_SLACK_MS;
}

static enum status step_facts(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    struct table_facts facts;
    enum status status = broker->ops->table_facts(broker, &facts, err);
    if (status == STATUS_OK)
        status = check_partitions(shared->settings, facts.partition_count, err);
    if (status != STATUS_OK)
        return status;
    if (facts.delete_retention_ms >= 0)
        table->retention_ms = facts.delete_retention_ms;
    if (is_too_old(table, broker->ops->wall_ms(broker)))
        status = table_forget(table, shared->ports,
                              "it was whole too long ago: tombstones may be gone", err);
    if (status == STATUS_OK)
        table->step = TABLE_MARKS;
    return status;
}

static bool is_cut_off(const struct table *table, int64_t low)
{
    return table->anchor.offset >= 0 && table->anchor.offset < low;
}

// A topic made anew between the question and the opening may have rows in front of where reading
// begins, and there is no anchor yet to tell.
static enum status check_start(struct table *table, const struct table_shared *shared,
                               struct error *err)
{
    struct broker *broker = shared->ports->broker;
    int64_t low, high;
    enum status status = broker->ops->table_watermarks(broker, table->partition, &low, &high, err);
    if (status == STATUS_OK && low < table->low)
        status = error_set(err, STATUS_RETRY, "the topic %s was made anew while it was opened",
                           shared->settings->table_topic);
    if (status != STATUS_OK)
        broker->ops->table_close(broker, table->partition);
    return status;
}

static enum status step_marks(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    int64_t low, high;
    int64_t asked_ms = broker->ops->wall_ms(broker);
    enum status status = broker->ops->table_watermarks(broker, table->partition, &low, &high, err);
    if (status != STATUS_OK)
        return status;
    bool begun_below = low < table->low; // a topic's start never moves back
    table->low = low;
    if (begun_below || table->next > high || is_cut_off(table, low)) {
        status = table_forget(table, shared->ports, "the topic does not reach there", err);
        if (status != STATUS_OK)
            return status;
    }
    bool any = table->anchor.offset >= 0;
    table_stop_reading(table, shared->ports);
    if (!any)
        table->next = low;
    status =
        broker->ops->table_open(broker, table->partition, any ? table->anchor.offset : low, err);
    if (status == STATUS_OK && !any)
        status = check_start(table, shared, err);
    if (status != STATUS_OK)
        return status;
    table->reading = true;
    table->verifying = any;
    table->mark = high;
    table->mark_ms = asked_ms;
    table->checked_ms = broker->ops->now_ms(broker);
    table->step = TABLE_READING;
    return STATUS_OK;
}

// Reading that takes about as long as tombstones are kept may have missed some.
static bool took_too_long(const struct table *table, int64_t wall_ms)
{
    bool whole_before = table->fresh_ms != 0;
    int64_t most_ms = whole_before ? table->retention_ms / 2 : table->retention_ms;
    int64_t took_ms = wall_ms - (whole_before ? table->fresh_ms : table->mark_ms);
    return took_ms > (most_ms > LOAD_MIN_MS ? most_ms : LOAD_MIN_MS);
}

// All that the topic had at mark_ms has been read.
static enum status note_whole(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    if (took_too_long(table, broker->ops->wall_ms(broker)))
        return table_forget(table, shared->ports, "reading took too long: tombstones may be gone",
                            err);
    table->fresh_ms = table->mark_ms;
    if (table->loaded)
        return STATUS_OK;
    table->loaded = true;
    log_info("table", "table loaded", LOG_INT("partition", table->partition),
             LOG_INT("next", table->next));
    return STATUS_OK;
}

static int64_t check_every_ms(const struct table *table)
{
    int64_t every_ms = table->retention_ms / 8;
    if (every_ms > CHECK_EVERY_MS)
        return CHECK_EVERY_MS;
    return every_ms > CHECK_EVERY_MIN_MS ? every_ms : CHECK_EVERY_MIN_MS;
}

// Now and then while all is well: the topic may have been changed, or made anew, under us.
static void look_now_and_then(struct table *table, const struct stream_ports *ports)
{
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    if (now_ms - table->checked_ms < check_every_ms(table))
        return;
    table_stop_reading(table, ports);
    look_again(table);
}

// On the way to the mark: as long as rows come there is no need to look; when none do, the topic
// may not reach there any more.
static void note_progress(struct table *table, const struct stream_ports *ports)
{
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    if (table->next != table->moved_to)
        table->moved_ms = now_ms;
    table->moved_to = table->next;
    if (now_ms - table->moved_ms >= check_every_ms(table))
        look_now_and_then(table, ports);
}

static enum status step_reading(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    int64_t position = broker->ops->table_position(broker, table->partition);
    if (position < 0)
        return error_set(err, STATUS_RETRY, "the topic %s cannot be read on at %" PRId64,
                         shared->settings->table_topic, table->next);
    if (table->verifying && position > table->anchor.offset)
        return table_forget(table, shared->ports, "a row that was read is not there", err);
    if (table->verifying)
        return STATUS_OK;
    if (position > table->next)
        table->next = position;
    if (table->next < table->mark) {
        note_progress(table, shared->ports);
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (table->fresh_ms != table->mark_ms || !table->loaded)
        status = note_whole(table, shared, err);
    if (status == STATUS_OK && table->loaded)
        look_now_and_then(table, shared->ports);
    return status;
}

static enum status step_schema(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    const struct flag_plan *plan;
    const char *reason;
    if (schemas_flag(shared->schemas, table->schema_id, broker->ops->now_ms(broker), &plan,
                     &reason) == SCHEMA_PENDING)
        return error_set(err, STATUS_RETRY,
                         "the row at offset %" PRId64 " of %s/%" PRId32 " waits for schema %" PRIu32
                         " of the registry",
                         table->next, shared->settings->table_topic, table->partition,
                         table->schema_id);
    look_again(table); // the topic may have been made anew in the meantime
    return STATUS_OK;
}

static enum status advance_one(struct table *table, struct table_shared *shared, struct error *err)
{
    switch (table->step) {
    case TABLE_STORE:
        return step_store(table, shared, err);
    case TABLE_FACTS:
        return step_facts(table, shared, err);
    case TABLE_MARKS:
        return step_marks(table, shared, err);
    case TABLE_READING:
        return step_reading(table, shared, err);
    case TABLE_SCHEMA:
        return step_schema(table, shared, err);
    }
    ensure(table->step <= TABLE_SCHEMA);
    return STATUS_FATAL;
}

// Trouble is waited out, and told once in a while.
static void wait_and_tell(struct table *table, const struct stream_ports *ports,
                          const struct error *err)
{
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    if (table->step == TABLE_READING)
        table_doubt(table, ports, err->text);
    else
        table->trouble = *err;
    table->next_try_ms = now_ms + RETRY_AFTER_MS;
    if (table->warned_ms == 0)
        table->warned_ms = now_ms;
    if (!table->loaded || !log_due(&table->warned_ms, now_ms, WARN_EVERY_MS))
        return; // whoever waits for it tells
    log_warn("table", "the table cannot be read: flags stay as they were",
             LOG_INT("partition", table->partition), LOG_TEXT("reason", err->text));
}

enum status table_advance(struct table *table, struct table_shared *shared, struct error *err)
{
    struct broker *broker = shared->ports->broker;
    if (broker->ops->now_ms(broker) < table->next_try_ms)
        return STATUS_OK;
    enum status status = STATUS_OK;
    enum table_step before;
    if (table->damaged)
        status = table_forget(table, shared->ports, "its store is damaged", err);
    do {
        before = table->step;
        if (status == STATUS_OK)
            status = advance_one(table, shared, err);
    } while (status == STATUS_OK && table->step != before);
    if (status == STATUS_FATAL)
        return status;
    if (status != STATUS_OK)
        wait_and_tell(table, shared->ports, err);
    else if (table->step == TABLE_READING)
        table->warned_ms = 0;
    return STATUS_OK;
}

enum status table_explain(const struct table *table, const struct stream_settings *settings,
                          struct error *err)
{
    if (table->step == TABLE_READING)
        return error_set(err, STATUS_RETRY,
                         "the topic %s has rows up to offset %" PRId64 ", %" PRId64
                         " is to be read next (another program's open transaction may be in the "
                         "way)",
                         settings->table_topic, table->mark, table->next);
    return error_set(err, STATUS_RETRY, "%s",
                     table->trouble.text[0] != '\0' ? table->trouble.text : "it is being opened");
}

void table_gauges(const struct table *table, struct partition_gauges *out)
{
    out->table_offset = table->store != NULL ? table->next : -1;
    out->table_cards = table->store != NULL ? table->store->ops->card_count(table->store) : 0;
}
