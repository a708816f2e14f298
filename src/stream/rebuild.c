// SPDX-License-Identifier: Apache-2.0
#include "stream/rebuild.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/memory.h"

enum {
    CHUNK_RECORDS = 1024,
    CHUNK_BYTES = 256 * 1024,            // a chunk is sent when it has passed this
    CARD_RECORD_BYTES_MAX = 1024 * 1024, // of one encoded card: events_per_card_max fits
    TRANSACTION_RECORDS = 64 * 1024,     // far from what would take a transaction's time-out
    WAIT_MS = 60000,
    NAP_NS = 5 * 1000 * 1000,
    POLL_MS = 50,
};

struct rebuild {
    const struct stream_settings *settings;
    struct broker *broker;
    const atomic_bool *stop;
    uint64_t incarnation;
    int64_t *ends;    // by partition: where the changelog ended before anything was written
    struct meta meta; // of the partition looked at
    bool meta_found;
    bool open; // a transaction is
    size_t uncommitted_count;
    int32_t partition; // whose records are in the chunk
    // Records on their way: keys and values lie in buffers, views are made when they are sent.
    size_t count;
    uint8_t keys[CHUNK_RECORDS][CHANGELOG_KEY_BYTES];
    size_t value_ends[CHUNK_RECORDS];
    struct view key_views[CHUNK_RECORDS];
    struct view value_views[CHUNK_RECORDS];
    struct buffer values;
    uint64_t card_count;
    uint64_t cleared_count;
    enum status status; // of what was done inside of a scan
    struct error *err;
};

struct rebuild *rebuild_open(const struct stream_settings *settings,
                             const struct stream_ports *ports, const atomic_bool *stop)
{
    struct rebuild *rebuild = memory_zeroed(1, sizeof(*rebuild));
    rebuild->settings = settings;
    rebuild->broker = ports->broker;
    rebuild->stop = stop;
    rebuild->ends = memory_zeroed((size_t)settings->input_partitions, sizeof(rebuild->ends[0]));
    buffer_init(&rebuild->values, CHUNK_BYTES + CARD_RECORD_BYTES_MAX);
    do
        rebuild->incarnation = ports->random(ports->random_context);
    while (rebuild->incarnation == 0);
    return rebuild;
}

void rebuild_close(struct rebuild *rebuild)
{
    if (rebuild == NULL)
        return;
    buffer_release(&rebuild->values);
    free(rebuild->ends);
    free(rebuild);
}

uint64_t rebuild_card_count(const struct rebuild *rebuild)
{
    return rebuild->card_count;
}

uint64_t rebuild_cleared_count(const struct rebuild *rebuild)
{
    return rebuild->cleared_count;
}

// ---------------------------------------------------------------------------------------------
// Waiting

struct patience {
    int64_t until_ms;
};

static struct patience patience_begin(const struct rebuild *rebuild)
{
    return (struct patience){rebuild->broker->ops->now_ms(rebuild->broker) + WAIT_MS};
}

// STATUS_OK: try again.
static enum status wait_again(const struct rebuild *rebuild, const struct patience *patience,
                              struct error *err)
{
    if (atomic_load(rebuild->stop))
        return error_set(err, STATUS_RETRY, "stopped");
    if (rebuild->broker->ops->now_ms(rebuild->broker) >= patience->until_ms)
        return error_prefix(err, STATUS_FATAL, "no answer for a minute");
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return STATUS_OK;
}

// ---------------------------------------------------------------------------------------------
// Reading the changelog

typedef enum status visit_fn(struct rebuild *rebuild, const struct message *message,
                             struct error *err);

static enum status bounds(struct rebuild *rebuild, int32_t partition, int64_t *low, int64_t *high,
                          struct error *err)
{
    struct broker *broker = rebuild->broker;
    const struct patience patience = patience_begin(rebuild);
    enum status status;
    while ((status = broker->ops->changelog_watermarks(broker, partition, low, high, err)) ==
           STATUS_RETRY) {
        status = wait_again(rebuild, &patience, err);
        if (status != STATUS_OK)
            return status;
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_FATAL;
}

static enum status visit_batch(struct rebuild *rebuild, int32_t partition, visit_fn *visit,
                               struct error *err)
{
    struct broker *broker = rebuild->broker;
    struct changelog_batch batch;
    enum status status = broker->ops->changelog_poll(broker, POLL_MS, &batch, err);
    for (size_t i = 0; i < batch.message_count && status == STATUS_OK; i++)
        if (batch.messages[i].partition == partition &&
            batch.messages[i].offset < rebuild->ends[partition])
            status = visit(rebuild, &batch.messages[i], err);
    return status;
}

// Reads on until the end that was noted; an open transaction of a dead process ends meanwhile.
static enum status visit_all(struct rebuild *rebuild, int32_t partition, visit_fn *visit,
                             struct error *err)
{
    struct broker *broker = rebuild->broker;
    struct patience patience = patience_begin(rebuild);
    int64_t moved_to = -1;
    for (;;) {
        int64_t position = broker->ops->changelog_position(broker, partition);
        if (position >= rebuild->ends[partition])
            return STATUS_OK;
        enum status status = STATUS_OK;
        if (position == moved_to)
            status = wait_again(rebuild, &patience, err);
        else
            patience = patience_begin(rebuild);
        moved_to = position;
        if (status == STATUS_OK)
            status = visit_batch(rebuild, partition, visit, err);
        if (status != STATUS_OK && !(status == STATUS_RETRY && !atomic_load(rebuild->stop)))
            return status == STATUS_RETRY ? STATUS_RETRY : STATUS_FATAL;
    }
}

static enum status scan(struct rebuild *rebuild, int32_t partition, int64_t low, visit_fn *visit,
                        struct error *err)
{
    struct broker *broker = rebuild->broker;
    if (low >= rebuild->ends[partition])
        return STATUS_OK;
    enum status status = broker->ops->changelog_open(broker, partition, low, err);
    if (status != STATUS_OK)
        return STATUS_FATAL;
    status = visit_all(rebuild, partition, visit, err);
    broker->ops->changelog_close(broker, partition);
    return status;
}

static enum status look_at(struct rebuild *rebuild, const struct message *message,
                           struct error *err)
{
    uint64_t incarnation;
    struct token token;
    struct error unreadable;
    switch (changelog_key_decode(message->key, &incarnation, &token)) {
    case CHANGELOG_KEY_META:
        break;
    case CHANGELOG_KEY_CARD:
        return STATUS_OK;
    case CHANGELOG_KEY_UNKNOWN:
        return error_set(err, STATUS_FATAL,
                         "changelog record at partition %" PRId32 " offset %" PRId64
                         " is not cardwatch's: is the topic used by another program?",
                         message->partition, message->offset);
    }
    rebuild->meta_found = message->value.data != NULL &&
                          meta_decode(message->value, &rebuild->meta, &unreadable) == STATUS_OK;
    return STATUS_OK;
}

enum status rebuild_look(struct rebuild *rebuild, int32_t partition, struct meta *meta, bool *found,
                         struct error *err)
{
    ensure(partition >= 0 && partition < rebuild->settings->input_partitions);
    int64_t low;
    rebuild->meta_found = false;
    enum status status = bounds(rebuild, partition, &low, &rebuild->ends[partition], err);
    if (status == STATUS_OK)
        status = scan(rebuild, partition, low, look_at, err);
    *meta = rebuild->meta;
    *found = rebuild->meta_found;
    return status;
}

// ---------------------------------------------------------------------------------------------
// Writing

enum status rebuild_begin(struct rebuild *rebuild, struct error *err)
{
    struct broker *broker = rebuild->broker;
    const struct patience patience = patience_begin(rebuild);
    enum status status;
    while ((status = broker->ops->reset(broker, err)) == STATUS_RETRY) {
        status = wait_again(rebuild, &patience, err);
        if (status != STATUS_OK)
            return status;
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_FATAL;
}

static enum status commit(struct rebuild *rebuild, struct error *err)
{
    struct broker *broker = rebuild->broker;
    enum status status = STATUS_OK;
    if (rebuild->settings->at_least_once)
        status = broker->ops->flush(broker, err);
    else if (rebuild->open)
        status = broker->ops->commit(broker, NULL, 0, err);
    rebuild->open = false;
    rebuild->uncommitted_count = 0;
    return status == STATUS_OK ? STATUS_OK : STATUS_FATAL;
}

static enum status begin(struct rebuild *rebuild, struct error *err)
{
    struct broker *broker = rebuild->broker;
    if (rebuild->open || rebuild->settings->at_least_once)
        return STATUS_OK;
    enum status status = broker->ops->begin(broker, err);
    rebuild->open = status == STATUS_OK;
    return status == STATUS_OK ? STATUS_OK : STATUS_FATAL;
}

// An empty value stands for a tombstone: an encoded card is never empty.
static void make_views(struct rebuild *rebuild)
{
    size_t at = 0;
    for (size_t i = 0; i < rebuild->count; i++) {
        size_t size = rebuild->value_ends[i] - at;
        rebuild->key_views[i] = (struct view){rebuild->keys[i], CHANGELOG_KEY_BYTES};
        rebuild->value_views[i] = (struct view){size == 0 ? NULL : rebuild->values.data + at, size};
        at = rebuild->value_ends[i];
    }
}

static enum status send_chunk(struct rebuild *rebuild, struct error *err)
{
    struct broker *broker = rebuild->broker;
    if (rebuild->count == 0)
        return STATUS_OK;
    if (atomic_load(rebuild->stop))
        return error_set(err, STATUS_RETRY, "stopped");
    make_views(rebuild);
    enum status status = begin(rebuild, err);
    if (status == STATUS_OK)
        status = broker->ops->produce_changelog(broker, rebuild->partition, rebuild->key_views,
                                                rebuild->value_views, rebuild->count, err);
    rebuild->uncommitted_count += rebuild->count;
    rebuild->count = 0;
    buffer_clear(&rebuild->values);
    if (status != STATUS_OK)
        return STATUS_FATAL;
    return rebuild->uncommitted_count < TRANSACTION_RECORDS ? STATUS_OK : commit(rebuild, err);
}

static enum status add(struct rebuild *rebuild, uint64_t incarnation, const struct token *token,
                       struct view value, struct error *err)
{
    changelog_key_encode(incarnation, token, rebuild->keys[rebuild->count]);
    ensure(value.size == 0 || buffer_append(&rebuild->values, value.data, value.size));
    rebuild->value_ends[rebuild->count++] = rebuild->values.size;
    if (rebuild->count < CHUNK_RECORDS && rebuild->values.size < CHUNK_BYTES)
        return STATUS_OK;
    return send_chunk(rebuild, err);
}

static void add_card(void *context, const struct token *token, struct view value)
{
    struct rebuild *rebuild = context;
    if (rebuild->status != STATUS_OK)
        return;
    rebuild->card_count++;
    rebuild->status = add(rebuild, rebuild->incarnation, token, value, rebuild->err);
}

enum status rebuild_write(struct rebuild *rebuild, struct replay *replay, int32_t partition,
                          struct error *err)
{
    rebuild->partition = partition;
    rebuild->status = STATUS_OK;
    rebuild->err = err;
    struct error scratch;
    if (replay_each_card(replay, partition, add_card, rebuild, &scratch) != STATUS_OK)
        return error_set(err, STATUS_FATAL, "%s", scratch.text);
    if (rebuild->status == STATUS_OK)
        rebuild->status = send_chunk(rebuild, err);
    return rebuild->status == STATUS_OK ? commit(rebuild, err) : rebuild->status;
}

static enum status write_meta(struct rebuild *rebuild, const struct rebuild_target *target,
                              struct error *err)
{
    struct broker *broker = rebuild->broker;
    const char *id = broker->ops->transactional_id(broker);
    struct meta meta = {
        .incarnation = rebuild->incarnation,
        .input_offset = target->input_offset,
        .stream_time = target->stream_time,
        .at_least_once = rebuild->settings->at_least_once,
    };
    memcpy(meta.fingerprint, rebuild->settings->fingerprint, FINGERPRINT_BYTES);
    ensure(strlen(id) <= TRANSACTIONAL_ID_BYTES_MAX);
    memcpy(meta.transactional_id, id, strlen(id) + 1);
    buffer_clear(&rebuild->values);
    ensure(meta_encode(&meta, &rebuild->values));
    const struct record record = {
        .topic = OUTPUT_CHANGELOG,
        .partition = target->partition,
        .timestamp_ms = -1,
        .key = changelog_meta_key(),
        .value = buffer_view(&rebuild->values),
    };
    enum status status = broker->ops->produce(broker, &record, err);
    buffer_clear(&rebuild->values);
    return status;
}

enum status rebuild_switch(struct rebuild *rebuild, const struct rebuild_target *targets,
                           size_t count, struct error *err)
{
    ensure(rebuild->count == 0);
    enum status status = begin(rebuild, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_meta(rebuild, &targets[i], err);
    if (status == STATUS_OK)
        status = commit(rebuild, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_prefix(err, STATUS_FATAL,
                        "switching to the new state failed, or its outcome is unknown (run the "
                        "rebuild again: either state is whole)");
}

static enum status clear_record(struct rebuild *rebuild, const struct message *message,
                                struct error *err)
{
    uint64_t incarnation;
    struct token token;
    bool old = message->value.data != NULL &&
               changelog_key_decode(message->key, &incarnation, &token) == CHANGELOG_KEY_CARD &&
               incarnation != rebuild->incarnation;
    if (!old)
        return STATUS_OK;
    rebuild->cleared_count++;
    return add(rebuild, incarnation, &token, (struct view){NULL, 0}, err);
}

enum status rebuild_clear(struct rebuild *rebuild, int32_t partition, struct error *err)
{
    int64_t low;
    int64_t high;
    rebuild->partition = partition;
    enum status status = bounds(rebuild, partition, &low, &high, err);
    if (status == STATUS_OK)
        status = scan(rebuild, partition, low, clear_record, err);
    if (status == STATUS_OK)
        status = send_chunk(rebuild, err);
    return status == STATUS_OK ? commit(rebuild, err) : status;
}
