// SPDX-License-Identifier: Apache-2.0
#include "stream/changes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum {
    CHUNK_RECORDS = 1024,
    CHUNK_BYTES = 256 * 1024,            // a chunk is sent when it has passed this
    CARD_RECORD_BYTES_MAX = 1024 * 1024, // of one encoded card: events_per_card_max fits
    SWEEP_CREATED_FACTOR = 2, // cards looked at per card made: at most half of the store is idle
    SWEEP_MIN = 64,
    SWEEP_MAX = 65536,
    // When few purchases come, and so few commits with few new cards, the clock says how much is
    // looked at: all of the store in this time, unless that is more than a commit should take.
    SWEEP_ROUND_MS = 30 * 60 * 1000,
    SWEEP_BY_CLOCK_MAX = 4096, // about a millisecond's work
    SWEEP_GROUP = 32,          // looked up in memory side by side
    // A card is swept when it has been idle for so many horizons: one that comes back soon is
    // cheaper left where it is than removed and made anew.
    SWEEP_IDLE_HORIZONS = 16,
    DIRTY_GROUP = 32, // brought into the cache side by side
    META_BYTES_MAX = 2048,
};

// Records on their way to the changelog: keys and values lie in buffers that may move while they
// grow, so views are made when the chunk is sent.
struct changes {
    const struct stream_settings *settings;
    struct broker *broker;
    struct buffer values;
    uint8_t keys[CHUNK_RECORDS][CHANGELOG_KEY_BYTES];
    size_t value_ends[CHUNK_RECORDS];
    struct view key_views[CHUNK_RECORDS];
    struct view value_views[CHUNK_RECORDS];
    size_t count;
    struct token *swept; // SWEEP_MAX
    size_t swept_count;
    struct token idle[SWEEP_GROUP]; // by the store's copy
    size_t idle_count;
    struct task *task;              // of the scan under way
    struct optional_ms idle_before; // the stream time at which an idle card had expired
    struct meta meta;
};

struct changes *changes_open(const struct stream_settings *settings, struct broker *broker)
{
    struct changes *changes = memory_zeroed(1, sizeof(*changes));
    changes->settings = settings;
    changes->broker = broker;
    changes->swept = memory_zeroed(SWEEP_MAX, sizeof(*changes->swept));
    buffer_init(&changes->values, CHUNK_BYTES + CARD_RECORD_BYTES_MAX);
    return changes;
}

void changes_close(struct changes *changes)
{
    buffer_release(&changes->values);
    free(changes->swept);
    free(changes);
}

// An empty value in the buffer stands for a tombstone: an encoded card is never empty.
static enum status send_chunk(struct changes *changes, struct task *task, struct counters *counters,
                              struct error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < changes->count; i++) {
        size_t size = changes->value_ends[i] - at;
        changes->key_views[i] = (struct view){changes->keys[i], CHANGELOG_KEY_BYTES};
        changes->value_views[i] = (struct view){size == 0 ? NULL : changes->values.data + at, size};
        at = changes->value_ends[i];
        struct token token;
        memcpy(token.bytes, changes->keys[i] + CHANGELOG_KEY_BYTES - TOKEN_BYTES, TOKEN_BYTES);
        task->store->ops->stage(task->store, &token, changes->value_views[i]);
    }
    size_t count = changes->count;
    changes->count = 0;
    buffer_clear(&changes->values);
    if (count == 0)
        return STATUS_OK;
    counters->changelog_records += count;
    return changes->broker->ops->produce_changelog(
        changes->broker, task->partition, changes->key_views, changes->value_views, count, err);
}

// Ends the record whose value has just been appended.
static enum status add_record(struct changes *changes, struct task *task, const struct token *token,
                              struct counters *counters, struct error *err)
{
    changelog_key_encode(task->meta.incarnation, token, changes->keys[changes->count]);
    changes->value_ends[changes->count++] = changes->values.size;
    if (changes->count < CHUNK_RECORDS && changes->values.size < CHUNK_BYTES)
        return STATUS_OK;
    return send_chunk(changes, task, counters, err);
}

// The stream time at which a card must have expired to be forgotten. Without transactions the
// records of a commit may be cut off before the meta record: purchases are then taken again from
// the last commit's stream time on, and find every card that was of use then.
static struct optional_ms forgotten_at(const struct changes *changes, const struct task *task)
{
    return changes->settings->at_least_once ? task->meta.stream_time : task->stream_time;
}

// One in memory is newer than the store's copy.
static void sweep_idle(struct changes *changes)
{
    struct task *task = changes->task;
    const struct engine *engine = &changes->settings->engine;
    for (size_t i = 0; i < changes->idle_count; i++)
        cards_prefetch(task->cards, &changes->idle[i]);
    for (size_t i = 0; i < changes->idle_count; i++)
        cards_prefetch_entry(task->cards, &changes->idle[i]);
    for (size_t i = 0; i < changes->idle_count; i++) {
        struct card_entry *entry = cards_find(task->cards, &changes->idle[i]);
        if (entry == NULL) {
            changes->swept[changes->swept_count++] = changes->idle[i];
        } else if (engine_card_expired(engine, changes->idle_before, &entry->card)) {
            card_release(&entry->card);
            card_init(&entry->card);
            cards_touch(task->cards, entry); // dirty and empty: a tombstone
        }
    }
    changes->idle_count = 0;
}

static void look_at(void *context, const struct token *token, struct view value)
{
    struct changes *changes = context;
    struct card card;
    card_init(&card);
    bool idle = card_decode(value, &card, NULL) == STATUS_OK &&
                engine_card_expired(&changes->settings->engine, changes->idle_before, &card);
    card_release(&card);
    if (!idle)
        return;
    changes->idle[changes->idle_count++] = *token;
    if (changes->idle_count == SWEEP_GROUP)
        sweep_idle(changes);
}

static struct optional_ms idle_before(const struct engine *engine, struct optional_ms stream_time)
{
    int64_t ago_ms;
    int64_t before_ms;
    if (!stream_time.known ||
        __builtin_mul_overflow(engine->horizon_ms, SWEEP_IDLE_HORIZONS - 1, &ago_ms) ||
        __builtin_sub_overflow(stream_time.ms, ago_ms, &before_ms))
        return (struct optional_ms){false, 0};
    return (struct optional_ms){true, before_ms};
}

// The clock's share of what the sweep looks at. Not in a commit that an alert waits for.
static size_t visits_by_clock(const struct changes *changes, struct task *task, bool hurried)
{
    int64_t now_ms = changes->broker->ops->now_ms(changes->broker);
    int64_t passed_ms = now_ms - task->swept_ms;
    if (hurried || passed_ms <= 0)
        return 0;
    uint64_t cards = task->store->ops->card_count(task->store);
    if (cards > task->sweep_cards)
        task->sweep_cards = cards;
    uint64_t visits = SWEEP_BY_CLOCK_MAX;
    if (passed_ms < SWEEP_ROUND_MS && task->sweep_cards < UINT64_MAX / SWEEP_ROUND_MS)
        visits = task->sweep_cards * (uint64_t)passed_ms / SWEEP_ROUND_MS;
    if (visits > 0)
        task->swept_ms = now_ms;
    return visits < SWEEP_BY_CLOCK_MAX ? (size_t)visits : SWEEP_BY_CLOCK_MAX;
}

static size_t visits_due(const struct changes *changes, struct task *task, bool hurried)
{
    size_t visits = SWEEP_MIN + SWEEP_CREATED_FACTOR * task->created_count;
    size_t by_clock = visits_by_clock(changes, task, hurried);
    visits = visits > by_clock ? visits : by_clock;
    return visits < SWEEP_MAX ? visits : SWEEP_MAX;
}

static enum status sweep(struct changes *changes, struct task *task, bool hurried,
                         struct counters *counters, struct error *err)
{
    if (changes->settings->engine.settings.count_purchases)
        return STATUS_OK; // a card with a count is never forgotten
    size_t visits = visits_due(changes, task, hurried);
    bool wrapped;
    changes->task = task;
    changes->swept_count = 0;
    changes->idle_count = 0;
    changes->idle_before = idle_before(&changes->settings->engine, forgotten_at(changes, task));
    size_t dirty_before = cards_dirty_count(task->cards);
    enum status status = task->store->ops->scan(task->store, &task->sweep_cursor, visits, look_at,
                                                changes, &wrapped, err);
    if (status == STATUS_RECORD)
        return task_note_damage(task, err);
    if (wrapped)
        task->sweep_cards = 0;
    sweep_idle(changes);
    ensure(changes->swept_count <= visits);
    counters->swept_cards += changes->swept_count;
    counters->swept_cards += cards_dirty_count(task->cards) - dirty_before;
    for (size_t i = 0; i < changes->swept_count && status == STATUS_OK; i++)
        status = add_record(changes, task, &changes->swept[i], counters, err);
    return status;
}

static enum status write_dirty(struct changes *changes, struct task *task,
                               struct counters *counters, struct error *err)
{
    const struct engine *engine = &changes->settings->engine;
    struct optional_ms time = forgotten_at(changes, task);
    size_t count = cards_dirty_count(task->cards);
    for (size_t i = 0; i < count; i++) {
        if (i % DIRTY_GROUP == 0)
            cards_prefetch_dirty(task->cards, i, DIRTY_GROUP);
        struct card_entry *entry = cards_dirty_at(task->cards, i);
        engine_card_prune(engine, time, &entry->card);
        cards_touch(task->cards, entry); // it may hold less memory now
        if (!card_is_empty(&entry->card))
            ensure(card_encode(&entry->card, &changes->values));
        enum status status = add_record(changes, task, &entry->token, counters, err);
        if (status != STATUS_OK)
            return status;
    }
    return send_chunk(changes, task, counters, err);
}

static enum status write_meta(struct changes *changes, struct task *task, struct error *err)
{
    changes->meta = task->meta;
    struct meta *meta = &changes->meta;
    meta->input_offset = task->position;
    meta->stream_time = task->stream_time;
    meta->at_least_once = changes->settings->at_least_once;
    const char *id = changes->broker->ops->transactional_id(changes->broker);
    ensure(strlen(id) <= TRANSACTIONAL_ID_BYTES_MAX);
    memcpy(meta->transactional_id, id, strlen(id) + 1);
    ensure(meta_encode(meta, &changes->values));
    const struct record record = {
        .topic = OUTPUT_CHANGELOG,
        .partition = task->partition,
        .timestamp_ms = -1,
        .key = changelog_meta_key(),
        .value = buffer_view(&changes->values),
    };
    enum status status = changes->broker->ops->produce(changes->broker, &record, err);
    buffer_clear(&changes->values);
    return status;
}

enum status changes_write(struct changes *changes, struct task *task, bool hurried,
                          struct counters *counters, struct error *err)
{
    ensure(task->store != NULL && changes->count == 0 && changes->values.size == 0);
    ensure(task->position >= 0);
    enum status status = sweep(changes, task, hurried, counters, err);
    if (status == STATUS_OK)
        status = write_dirty(changes, task, counters, err);
    if (status == STATUS_OK)
        status = write_meta(changes, task, err);
    changes->count = 0;
    buffer_clear(&changes->values);
    if (status == STATUS_RECORD)
        return error_prefix(err, STATUS_FATAL, "changelog of partition %" PRId32, task->partition);
    return status;
}

void changes_committed(struct changes *changes, struct task *task)
{
    task->meta.input_offset = task->position;
    task->meta.stream_time = task->stream_time;
    task->meta.at_least_once = changes->settings->at_least_once;
    const char *id = changes->broker->ops->transactional_id(changes->broker);
    memcpy(task->meta.transactional_id, id, strlen(id) + 1);
    task->committed_position = task->position;
    task->created_count = 0;
    task->written = false;
    cards_settle(task->cards, task->round);
    counts_clear(&task->counts);
    int64_t delivered = changes->broker->ops->changelog_delivered(changes->broker, task->partition);
    if (delivered > task->changelog_end)
        task->changelog_end = delivered;
}
