// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "sim/sim_instance.h"

enum {
    CARD_BYTES = 64 * 1024, // an encoded card, at most
    TEXT_BYTES = 512,
    ENTRY_BYTES = 160, // a card's entry in memory
    COUNTERS = 32,     // open tumbling windows of a card, at most
};

// ---- a card in canonical form ----

struct canon {
    const struct engine *engine;
    struct optional_ms stream_time;
    struct buffer bytes[2]; // of the two sides of a comparison
};

static void canon_init(struct canon *canon, const struct sim *sim, struct optional_ms stream_time)
{
    *canon = (struct canon){.engine = &sim->settings.engine, .stream_time = stream_time};
    buffer_init(&canon->bytes[0], CARD_BYTES);
    buffer_init(&canon->bytes[1], CARD_BYTES);
}

static void canon_release(struct canon *canon)
{
    buffer_release(&canon->bytes[0]);
    buffer_release(&canon->bytes[1]);
}

static int compare_counters(const void *a, const void *b)
{
    const struct slot *x = a;
    const struct slot *y = b;
    if (x->bits != y->bits)
        return x->bits < y->bits ? -1 : 1;
    return x->time_ms < y->time_ms ? -1 : x->time_ms > y->time_ms;
}

// The card's canonical form on a side. It is not the product's encoding: what that forgets is to be
// seen.
static void canon_put_card(struct canon *canon, int side, const struct card *from)
{
    struct card card = *from;
    if (card.capacity > CARD_INLINE_SLOTS)
        card.spilled = memory_copy(from->spilled, card_spilled_bytes(from));
    engine_card_prune(canon->engine, canon->stream_time, &card);
    qsort(card_counters(&card), card.counter_count, sizeof(struct slot), compare_counters);
    struct buffer *out = &canon->bytes[side];
    buffer_clear(out);
    const uint16_t counts[] = {card.event_count, card.counter_count};
    size_t slots = (size_t)card.event_count + card.counter_count;
    size_t facts = card.event_count * card_fact_count(&card);
    if (slots > 0)
        ensure(buffer_append(out, counts, sizeof(counts)) &&
               buffer_append(out, card_events(&card), slots * sizeof(struct slot)));
    if (facts > 0)
        ensure(buffer_append(out, card_facts(&card, 0), facts * sizeof(uint64_t)));
    card_release(&card);
}

// The same of an encoded card; data NULL: none. False: it cannot be read.
static bool canon_put(struct canon *canon, int side, struct view value)
{
    buffer_clear(&canon->bytes[side]);
    if (value.data == NULL)
        return true;
    struct card card;
    struct error err;
    card_init(&card);
    bool read = card_decode(value, &card, &err) == STATUS_OK;
    if (read)
        canon_put_card(canon, side, &card);
    card_release(&card);
    return read;
}

static bool canon_same(const struct canon *canon)
{
    return view_equal(buffer_view(&canon->bytes[0]), buffer_view(&canon->bytes[1]));
}

static void canon_text(const struct buffer *bytes, char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "none");
    uint16_t counts[2];
    if (bytes->size < sizeof(counts))
        return;
    memcpy(counts, bytes->data, sizeof(counts));
    size_t size =
        (size_t)snprintf(out, TEXT_BYTES, "%u events, %u counters:", counts[0], counts[1]);
    size_t at = sizeof(counts);
    for (size_t i = 0; i < (size_t)counts[0] + counts[1] && size < TEXT_BYTES; i++) {
        struct slot slot;
        memcpy(&slot, bytes->data + at, sizeof(slot));
        at += sizeof(slot);
        size += (size_t)snprintf(out + size, TEXT_BYTES - size, " %" PRId64 "#%" PRId64 "/%" PRIx64,
                                 slot.time_ms, slot.id, slot.bits);
    }
    for (; at < bytes->size && size < TEXT_BYTES; at += sizeof(uint64_t)) {
        uint64_t fact;
        memcpy(&fact, bytes->data + at, sizeof(fact));
        size += (size_t)snprintf(out + size, TEXT_BYTES - size, " fact %" PRIx64, fact);
    }
}

static noreturn void fail_card(const struct sim *sim, const struct canon *canon, int32_t partition,
                               size_t card, const char *sides)
{
    char texts[2][TEXT_BYTES];
    canon_text(&canon->bytes[0], texts[0]);
    canon_text(&canon->bytes[1], texts[1]);
    sim_fail(sim, "partition %d, card %zu (%s), %s at stream time %" PRId64 ":\n    %s\n    %s",
             partition, card, sim->input.cards[card].text, sides, canon->stream_time.ms, texts[0],
             texts[1]);
}

// ---- what the changelog says ----

struct changelog_card {
    struct view value; // data NULL: none, or a tombstone
    bool seen;         // there is a record
    bool later;        // there is one at or behind the limit
};

// The committed records of a partition below a limit.
struct changelog_state {
    struct changelog_card cards[SIM_CARDS_MAX];
    struct meta meta;
    bool meta_known;
    bool meta_later;
    bool meta_last; // the last committed record is the meta record
};

static void read_meta(const struct sim *sim, int32_t partition, struct changelog_state *state,
                      int64_t limit)
{
    const struct fake_log *log =
        fake_topic_log(sim->cluster, sim_outputs[OUTPUT_CHANGELOG], partition);
    int64_t position = log->low;
    const struct fake_record *record;
    struct error err;
    while ((record = fake_log_next(log, &position)) != NULL) {
        uint64_t incarnation;
        struct token token;
        bool is_meta =
            changelog_key_decode(record->key, &incarnation, &token) == CHANGELOG_KEY_META;
        state->meta_last = is_meta;
        if (!is_meta || record->value.data == NULL)
            continue;
        state->meta_later = record->offset >= limit;
        if (record->offset >= limit)
            continue;
        if (meta_decode(record->value, &state->meta, &err) != STATUS_OK)
            sim_fail(sim, "changelog %d/%" PRId64 ": %s", partition, record->offset, err.text);
        state->meta_known = true;
    }
}

static void read_cards(const struct sim *sim, int32_t partition, struct changelog_state *state,
                       uint64_t wanted, int64_t limit)
{
    const struct fake_log *log =
        fake_topic_log(sim->cluster, sim_outputs[OUTPUT_CHANGELOG], partition);
    int64_t position = log->low;
    const struct fake_record *record;
    while ((record = fake_log_next(log, &position)) != NULL) {
        uint64_t incarnation;
        struct token token;
        if (changelog_key_decode(record->key, &incarnation, &token) != CHANGELOG_KEY_CARD ||
            incarnation != wanted)
            continue;
        size_t index = sim_input_card(&sim->input, &token);
        if (index == SIM_CARDS_MAX)
            sim_fail(sim, "changelog %d/%" PRId64 ": a card that nobody used", partition,
                     record->offset);
        struct changelog_card *card = &state->cards[index];
        card->later = card->later || record->offset >= limit;
        if (record->offset >= limit)
            continue;
        card->seen = true;
        card->value = record->value;
    }
}

int64_t sim_audit_position(const struct sim *sim, int32_t partition)
{
    struct changelog_state state = {.meta_known = false};
    read_meta(sim, partition, &state, INT64_MAX);
    return state.meta_known ? state.meta.input_offset : -1;
}

// ---- live state ----

// False: it cannot be told, the store is damaged.
static bool put_live(struct canon *canon, int side, const struct sim *sim, struct task *task,
                     const struct token *token)
{
    struct card_entry *entry = cards_find(task->cards, token);
    if (entry != NULL) {
        canon_put_card(canon, side, &entry->card);
        return true;
    }
    struct view value;
    struct error err;
    enum status status = task->store->ops->get(task->store, token, &value, &err);
    if (status == STATUS_RECORD)
        return false;
    if (status != STATUS_OK || !canon_put(canon, side, value))
        sim_fail(sim, "partition %d: %s", task->partition, err.text);
    return true;
}

static void compare_live(struct sim *sim, struct task *task)
{
    struct changelog_state state = {.meta_known = false};
    read_meta(sim, task->partition, &state, INT64_MAX);
    if (!state.meta_known) // nothing committed yet
        return;
    read_cards(sim, task->partition, &state, state.meta.incarnation, INT64_MAX);
    if (!sim->plan.at_least_once && !state.meta_last)
        sim_fail(sim, "partition %d: the meta record is not the changelog's last", task->partition);
    // Behind what has been lost of the input, the next commit will say so.
    const struct fake_log *input = fake_topic_log(sim->cluster, sim_input_topic, task->partition);
    bool skipped = task->position == input->low && state.meta.input_offset < input->low;
    if ((state.meta.input_offset != task->position && !skipped) ||
        state.meta.stream_time.known != task->stream_time.known ||
        state.meta.stream_time.ms != task->stream_time.ms)
        sim_fail(sim,
                 "partition %d: live at offset %" PRId64 ", stream time %" PRId64
                 ", the changelog at %" PRId64 ", %" PRId64,
                 task->partition, task->position, task->stream_time.ms, state.meta.input_offset,
                 state.meta.stream_time.ms);
    struct canon canon;
    canon_init(&canon, sim, task->stream_time);
    for (size_t i = 0; i < sim->plan.cards; i++) {
        if (!put_live(&canon, 0, sim, task, &sim->input.cards[i].token))
            continue;
        if (!canon_put(&canon, 1, state.cards[i].value) || !canon_same(&canon))
            fail_card(sim, &canon, task->partition, i, "live and changelog differ");
    }
    cards_release_pins(task->cards);
    canon_release(&canon);
}

static void compare_model(struct sim *sim, struct task *task)
{
    const struct sim_fate *fate = &sim->model.fates[task->partition];
    if (fate->stream_time.known != task->stream_time.known ||
        fate->stream_time.ms != task->stream_time.ms)
        sim_fail(sim, "partition %d: stream time is %" PRId64 ", should be %" PRId64,
                 task->partition, task->stream_time.ms, fate->stream_time.ms);
    struct canon canon;
    canon_init(&canon, sim, task->stream_time);
    for (size_t i = 0; i < sim->plan.cards; i++) {
        if (!put_live(&canon, 0, sim, task, &sim->input.cards[i].token))
            continue;
        canon_put_card(&canon, 1, &sim->model.cards[task->partition][i]);
        if (!canon_same(&canon))
            fail_card(sim, &canon, task->partition, i, "live and model differ");
    }
    cards_release_pins(task->cards);
    canon_release(&canon);
}

// Who sweeps looks at the state: a card that is in the changelog alone would stay there for ever.
static void look_for_leaks(struct sim *sim, struct task *task)
{
    struct changelog_state state = {.meta_known = false};
    read_meta(sim, task->partition, &state, INT64_MAX);
    read_cards(sim, task->partition, &state, state.meta.incarnation, INT64_MAX);
    for (size_t i = 0; i < sim->plan.cards; i++) {
        const struct token *token = &sim->input.cards[i].token;
        struct view value;
        struct error err;
        if (state.cards[i].value.data == NULL || cards_find(task->cards, token) != NULL)
            continue;
        if (task->store->ops->get(task->store, token, &value, &err) == STATUS_OK &&
            value.data == NULL)
            sim_fail(sim, "partition %d, card %zu (%s) is in the changelog and nowhere else",
                     task->partition, i, sim->input.cards[i].text);
    }
    cards_release_pins(task->cards);
}

// Between transactions, running, and the group says the same: then it must be so.
static bool is_comparable(const struct sim *sim, const struct sim_worker *worker,
                          const struct task *task)
{
    return task != NULL && task->state == TASK_RUNNING && !worker->busy && !worker->worker->open &&
           !worker->worker->resetting && !task_has_progress(task) && task->position > 0 &&
           fake_group_committed(sim->cluster, sim_group, task->partition) == task->position;
}

void sim_audit_live(struct sim *sim)
{
    for (size_t i = 0; i < SIM_INSTANCES_MAX * SIM_WORKERS_MAX; i++) {
        struct sim_worker *worker =
            &sim->instances[i / SIM_WORKERS_MAX].workers[i % SIM_WORKERS_MAX];
        for (int32_t p = 0; p < sim->plan.partitions && worker->worker != NULL; p++) {
            struct task *task = worker->worker->tasks[p];
            if (!is_comparable(sim, worker, task))
                continue;
            sim->figures->audits++;
            compare_live(sim, task);
        }
    }
}

void sim_audit_settled(struct sim *sim)
{
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        const struct sim_worker *worker = sim_instance_owner(sim, p);
        if (worker == NULL)
            sim_fail(sim, "partition %d: nobody runs it", p);
        struct task *task = worker->worker->tasks[p];
        if (task->position == 0)
            continue;
        sim->figures->audits++;
        compare_model(sim, task);
        compare_live(sim, task);
        look_for_leaks(sim, task);
    }
}

// ---- disks ----

struct disk_look {
    struct view values[SIM_CARDS_MAX];
    const struct sim *sim;
    int32_t partition;
};

static void look_at(void *context, const struct token *token, struct view value)
{
    struct disk_look *look = context;
    size_t index = sim_input_card(&look->sim->input, token);
    if (index == SIM_CARDS_MAX)
        sim_fail(look->sim, "disk, partition %d: a card that nobody used", look->partition);
    look->values[index] = value;
}

size_t sim_audit_expired(const struct sim *sim, const struct sim_instance *instance,
                         int32_t partition, struct optional_ms stream_time)
{
    struct disk_look look = {.sim = sim, .partition = partition};
    size_t count = 0;
    fake_store_each(instance->disk, partition, look_at, &look);
    for (size_t i = 0; i < sim->plan.cards; i++) {
        struct card card;
        struct error err;
        card_init(&card);
        if (look.values[i].data != NULL && card_decode(look.values[i], &card, &err) == STATUS_OK)
            count += engine_card_expired(&sim->settings.engine, stream_time, &card);
        card_release(&card);
    }
    return count;
}

static void compare_disk(const struct sim *sim, struct disk_look *look,
                         const struct checkpoint *checkpoint)
{
    struct changelog_state state = {.meta_known = false};
    int32_t p = look->partition;
    read_meta(sim, p, &state, checkpoint->changelog_offset);
    if (!state.meta_known || state.meta_later ||
        state.meta.incarnation != checkpoint->meta.incarnation)
        return; // compaction has removed what could be compared
    read_cards(sim, p, &state, state.meta.incarnation, checkpoint->changelog_offset);
    bool partial = checkpoint->meta.input_offset < 0; // on the way through the log
    if (!partial && state.meta.input_offset != checkpoint->meta.input_offset)
        sim_fail(sim,
                 "disk, partition %d: checkpoint at changelog offset %" PRId64
                 " says input offset %" PRId64 ", the changelog says %" PRId64,
                 p, checkpoint->changelog_offset, checkpoint->meta.input_offset,
                 state.meta.input_offset);
    struct canon canon;
    canon_init(&canon, sim, state.meta.stream_time);
    for (size_t i = 0; i < sim->plan.cards; i++) {
        if (state.cards[i].later)
            continue;
        if (!canon_put(&canon, 0, look->values[i]) || !canon_put(&canon, 1, state.cards[i].value) ||
            !canon_same(&canon))
            fail_card(sim, &canon, p, i, "disk and changelog differ");
    }
    canon_release(&canon);
}

void sim_audit_disk(struct sim *sim, const struct sim_instance *instance)
{
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        struct checkpoint checkpoint;
        struct disk_look look = {.sim = sim, .partition = p};
        if (!fake_store_checkpoint(instance->disk, p, &checkpoint))
            continue;
        const struct fake_log *log = fake_topic_log(sim->cluster, sim_outputs[OUTPUT_CHANGELOG], p);
        int64_t stable = fake_log_stable(log);
        if (checkpoint.changelog_offset > stable || checkpoint.reach > stable)
            continue; // markers are still to come
        fake_store_each(instance->disk, p, look_at, &look);
        sim->figures->audits++;
        compare_disk(sim, &look, &checkpoint);
    }
}

// ---- bounds ----

// What a card can take in memory, at most: its entry, and a block with room for as much again.
static size_t card_memory_bytes(const struct sim_plan *plan)
{
    size_t slot_bytes = sizeof(struct slot) + FACTS_MAX * sizeof(uint64_t);
    return ENTRY_BYTES + slot_bytes * (2 * plan->engine.max_events_per_card + COUNTERS);
}

// Bounds are looked at between batches, so one batch may come on top, of purchases or of a restore.
static void check_task(const struct sim *sim, const struct task *task)
{
    const struct sim_plan *plan = &sim->plan;
    const struct store *store = task->store;
    size_t batch = plan->knobs.batch_max > plan->knobs.changelog_batch_max
                       ? plan->knobs.batch_max
                       : plan->knobs.changelog_batch_max;
    size_t batch_bytes = batch * card_memory_bytes(plan);
    size_t dirty = cards_dirty_count(task->cards);
    if (dirty >= plan->dirty_max_count && task->state != TASK_TAKING)
        sim_fail(sim, "partition %d: %zu cards are dirty, %zu may be", task->partition, dirty,
                 plan->dirty_max_count);
    if (cards_bytes(task->cards) > plan->cache_bytes + batch_bytes)
        sim_fail(sim, "partition %d: cards take %zu bytes of %zu", task->partition,
                 cards_bytes(task->cards), plan->cache_bytes);
    if (store == NULL)
        return;
    size_t staged_max = 2 * plan->staged_max_bytes + batch_bytes;
    if (store->ops->staged_bytes(store) > staged_max ||
        store->ops->frozen_bytes(store) > staged_max)
        sim_fail(sim, "partition %d: %zu bytes staged and %zu frozen, for a bound of %zu",
                 task->partition, store->ops->staged_bytes(store), store->ops->frozen_bytes(store),
                 plan->staged_max_bytes);
}

void sim_audit_bounds(struct sim *sim, const struct sim_instance *instance,
                      const struct sim_worker *worker)
{
    (void)instance;
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        if (worker->worker->tasks[p] != NULL)
            check_task(sim, worker->worker->tasks[p]);
}
