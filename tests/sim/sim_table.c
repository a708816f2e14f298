// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_table.h"

#include <inttypes.h>
#include <string.h>

#include "base/assert.h"
#include "sim/sim_instance.h"

enum { ROWS_FIRST_MAX = 60, ROW_BYTES_MAX = 16 };

const char sim_table_topic[] = "travel_flags";

enum row_kind { ROW_OFF, ROW_ON, ROW_NULL, ROW_TOMBSTONE, ROW_CUT, ROW_KINDS };

// id 7, enabled, no card, no time; CUT ends in the middle.
static struct view row_of(enum row_kind kind, uint8_t bytes[ROW_BYTES_MAX])
{
    const uint8_t row[] = {0, 0, 0, 0, SIM_SCHEMA_FLAG, 14, 2, kind == ROW_ON, 0, 0};
    const uint8_t row_of_null[] = {0, 0, 0, 0, SIM_SCHEMA_FLAG, 14, 0, 0, 0};
    if (kind == ROW_TOMBSTONE)
        return (struct view){NULL, 0};
    memcpy(bytes, row, sizeof(row));
    if (kind != ROW_NULL)
        return (struct view){bytes, kind == ROW_CUT ? 7 : sizeof(row)};
    memcpy(bytes, row_of_null, sizeof(row_of_null));
    return (struct view){bytes, sizeof(row_of_null)};
}

static void send_row(struct sim *sim, bool first)
{
    uint8_t bytes[ROW_BYTES_MAX];
    static const char nobody[] = "4000-nobody"; // a bad row must not supersede a good one
    size_t index = random_below(&sim->random, sim->plan.cards);
    struct sim_card *card = &sim->input.cards[index];
    enum row_kind kind = (enum row_kind)random_below(&sim->random, ROW_KINDS);
    const struct fake_input input = {
        .topic = sim_table_topic,
        .partition = card->partition,
        .key = view_text(kind == ROW_CUT ? nobody : card->text),
        .value = row_of(kind, bytes),
        .timestamp_ms = fake_clock_wall_ms(sim->cluster),
    };
    int64_t offset = fake_produce(sim->cluster, &input);
    card->row_count += kind != ROW_CUT;
    card->on_count += kind == ROW_ON;
    card->on_first = card->on_first || (first && kind == ROW_ON);
    sim_note(sim, -1, "row", NULL, card->partition, offset, (int64_t)kind);
}

void sim_table_open(struct sim *sim)
{
    if (!sim->plan.table)
        return;
    fake_topic_create(sim->cluster, sim_table_topic, sim->plan.partitions);
    for (uint64_t i = random_below(&sim->random, ROWS_FIRST_MAX); i > 0; i--)
        send_row(sim, true);
}

// A tombstone stays for delete.retention.ms from the first cleaning that saw it on.
static void clean(struct sim *sim)
{
    int32_t partition = (int32_t)random_below(&sim->random, (uint64_t)sim->plan.partitions);
    const struct fake_log *log = fake_topic_log(sim->cluster, sim_table_topic, partition);
    int64_t wall_ms = fake_clock_wall_ms(sim->cluster);
    int64_t *cleaned_ms = &sim->table_cleaned_ms[partition];
    if (wall_ms - *cleaned_ms < sim->plan.knobs.table_retention_ms)
        return;
    sim_note(sim, -1, "table cleaned", NULL, partition, log->high, 0);
    fake_clean(sim->cluster, sim_table_topic, partition, log->high, *cleaned_ms);
    *cleaned_ms = wall_ms;
}

static void make_anew(struct sim *sim)
{
    sim_note(sim, -1, "table made anew", NULL, 0, 0, 0);
    sim->table_epoch++;
    sim->table_anew_ms = sim_now_ms(sim);
    fake_topic_delete(sim->cluster, sim_table_topic);
    fake_topic_create(sim->cluster, sim_table_topic, sim->plan.partitions);
    for (uint64_t i = random_below(&sim->random, ROWS_FIRST_MAX); i > 0; i--)
        send_row(sim, false);
}

void sim_table_turn(struct sim *sim)
{
    if (!sim->plan.table)
        return;
    if (sim_chance(sim, 100000))
        send_row(sim, false);
    if (sim_chance(sim, 10000))
        clean(sim);
    if (sim_chance(sim, sim->plan.table_anew_ppm))
        make_anew(sim);
}

void sim_table_assigned(struct sim *sim, struct sim_worker *worker)
{
    if (!sim->plan.table)
        return;
    worker->table_epoch = sim->table_epoch;
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        worker->table_ends[p] = fake_topic_log(sim->cluster, sim_table_topic, p)->high;
}

void sim_table_stepped(struct sim *sim, const struct sim_worker *worker)
{
    if (!sim->plan.table || worker->table_epoch != sim->table_epoch)
        return;
    for (int32_t p = 0; p < sim->plan.partitions; p++) {
        const struct task *task = worker->worker->tasks[p];
        if (task == NULL || task->state != TASK_RUNNING || !table_is_loaded(task->table) ||
            task->table->next >= worker->table_ends[p])
            continue;
        sim_fail(sim,
                 "partition %d takes purchases with a table read to %" PRId64 ", but it ended at "
                 "%" PRId64 " when it was given",
                 p, task->table->next, worker->table_ends[p]);
    }
}

bool sim_table_may_miss(const struct sim *sim, uint32_t card)
{
    return sim->input.cards[card].on_count > 0;
}

bool sim_table_must_miss(const struct sim *sim, uint32_t card)
{
    const struct sim_card *one = &sim->input.cards[card];
    return one->on_first && one->on_count == one->row_count && sim->table_epoch == 0;
}

bool sim_table_is_settled(struct sim *sim, const struct sim_worker *worker, int32_t partition)
{
    if (!sim->plan.table)
        return true;
    const struct table *table = worker->worker->tasks[partition]->table;
    const struct fake_log *log = fake_topic_log(sim->cluster, sim_table_topic, partition);
    // A topic that is made anew in an instant is noticed at the next look at it.
    bool looked = sim->table_epoch == 0 || table->checked_ms > sim->table_anew_ms;
    return looked && table_is_followed(table) && !table->verifying && table->next >= log->high;
}

// What the last good row of the card says.
static bool says(const struct fake_log *log, const struct sim_card *card)
{
    bool enabled = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct fake_record *record = &log->records[i];
        struct view value = record->value;
        if (record->kind != FAKE_DATA || !view_equal(record->key, view_text(card->text)))
            continue;
        enabled = value.data != NULL && value.size == 10 && value.data[7] == 1;
    }
    return enabled;
}

void sim_table_verdict(struct sim *sim)
{
    for (size_t i = 0; sim->plan.table && i < sim->plan.cards; i++) {
        const struct sim_card *card = &sim->input.cards[i];
        const struct fake_log *log = fake_topic_log(sim->cluster, sim_table_topic, card->partition);
        const struct sim_worker *worker = sim_instance_owner(sim, card->partition);
        struct error err;
        bool enabled = false;
        ensure(worker != NULL);
        enum status status = table_lookup(worker->worker->tasks[card->partition]->table,
                                          &card->token, &enabled, &err);
        // Bit rot that nobody has met yet.
        if (status == STATUS_OK && enabled != says(log, card))
            sim_fail(sim, "partition %d: the flag of card %zu is %s in the table, %s in the topic",
                     card->partition, i, enabled ? "on" : "off", enabled ? "off" : "on");
    }
}
