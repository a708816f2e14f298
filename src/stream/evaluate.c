// SPDX-License-Identifier: Apache-2.0
#include "stream/evaluate.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/log.h"

void evaluate_init(struct evaluate *evaluate, const struct stream_settings *settings,
                   const struct stream_ports *ports, struct task **tasks, struct output *output,
                   struct counters *counters)
{
    *evaluate = (struct evaluate){
        .settings = settings,
        .broker = ports->broker,
        .tasks = tasks,
        .output = output,
        .schemas = schemas_open(&ports->schemas, settings->needed_fields),
        .counters = counters,
    };
}

void evaluate_release(struct evaluate *evaluate)
{
    schemas_close(evaluate->schemas);
    step_release(&evaluate->step);
}

static void refuse(struct prepared *prepared, enum dead_letter_class class_, const char *reason)
{
    prepared->class_ = class_;
    prepared->reason = reason;
}

// Fills in the purchase and its card, or why there is none. False: the schema is not known yet.
static bool decode(struct evaluate *evaluate, struct prepared *prepared, uint32_t *schema_id)
{
    struct view body;
    const struct message *message = prepared->message;
    if (!frame_split(message->value, schema_id, &body)) {
        refuse(prepared, DEAD_LETTER_BAD_FRAME,
               "the value is not in the Confluent frame: 0x00, schema id in 4 bytes, Avro body");
        return true;
    }
    const struct purchase_plan *plan;
    const char *reason;
    switch (schemas_plan(evaluate->schemas, *schema_id, evaluate->now_ms, &plan, &reason)) {
    case SCHEMA_PENDING:
        return false;
    case SCHEMA_UNKNOWN:
        refuse(prepared, DEAD_LETTER_UNKNOWN_SCHEMA, reason);
        return true;
    case SCHEMA_MISMATCH:
        refuse(prepared, DEAD_LETTER_SCHEMA_MISMATCH, reason);
        return true;
    case SCHEMA_READY:
        break;
    }
    enum dead_letter_class class_ = purchase_decode(plan, body, &prepared->purchase, &reason);
    if (class_ != DEAD_LETTER_NONE)
        refuse(prepared, class_, reason);
    else if (!purchase_card(&prepared->purchase, message->key, &prepared->card, &reason))
        refuse(prepared, DEAD_LETTER_NO_CARD, reason);
    return true;
}

static void stall(struct evaluate *evaluate, struct task *task, uint32_t schema_id)
{
    task->stalled_schema = schema_id;
    task->halted = false;
    task->stalled_ms = evaluate->now_ms;
    task_move(task, TASK_STALLED);
    log_info("task", "waiting for a schema from the registry",
             LOG_INT("partition", task->partition), LOG_INT("schema_id", schema_id));
}

// A stalled task's later messages come again; asking for their schemas now makes several unknown
// ids wait side by side instead of one after the other.
static void ask_ahead(struct evaluate *evaluate, const struct message *message)
{
    uint32_t schema_id;
    struct view body;
    const struct purchase_plan *plan;
    const char *reason;
    if (message->value.data == NULL || !frame_split(message->value, &schema_id, &body))
        return;
    (void)schemas_plan(evaluate->schemas, schema_id, evaluate->now_ms, &plan, &reason);
}

static bool needs_card(const struct prepared *prepared)
{
    return !prepared->tombstone && prepared->class_ == DEAD_LETTER_NONE;
}

static void prepare(struct evaluate *evaluate, const struct message *message)
{
    ensure(message->partition >= 0 && message->partition < evaluate->settings->input_partitions);
    struct task *task = evaluate->tasks[message->partition];
    if (task != NULL && task->state == TASK_STALLED)
        ask_ahead(evaluate, message);
    if (task == NULL || task->state != TASK_RUNNING)
        return;
    struct prepared *prepared = &evaluate->group[evaluate->group_count];
    *prepared = (struct prepared){.task = task, .message = message};
    uint32_t schema_id = 0;
    if (message->value.data == NULL) {
        prepared->tombstone = true;
    } else if (!decode(evaluate, prepared, &schema_id)) {
        stall(evaluate, task, schema_id);
        return;
    }
    evaluate->group_count++;
    if (needs_card(prepared))
        token_of(evaluate->settings->token_key, prepared->card, &prepared->token);
}

static enum status dead_letter(struct evaluate *evaluate, const struct prepared *prepared,
                               struct error *err)
{
    evaluate->counters->dead_letters[prepared->class_]++;
    log_warn("task", "a message is a dead letter",
             LOG_KIND("kind", dead_letter_class_name(prepared->class_)),
             LOG_INT("partition", prepared->message->partition),
             LOG_INT("offset", prepared->message->offset), LOG_TEXT("reason", prepared->reason));
    if (evaluate->draft != NULL)
        recent_draft_letter(evaluate->draft, prepared->class_, prepared->reason, prepared->message);
    prepared->task->written = true;
    return output_dead_letter(evaluate->output, prepared->message, prepared->class_,
                              prepared->reason, err);
}

static void count_step(struct counters *counters, const struct step *step)
{
    counters->purchases_duplicate += step->duplicate;
    counters->purchases_capped += step->capped;
    for (uint32_t late = step->late_rules; late != 0; late &= late - 1)
        counters->purchases_late[__builtin_ctz(late)]++;
}

static enum status raise_alerts(struct evaluate *evaluate, const struct prepared *prepared,
                                struct card *card, struct error *err)
{
    const struct step *step = &evaluate->step;
    const struct message *message = prepared->message;
    const struct output_cause cause = {message, prepared->card, &prepared->purchase, card};
    for (size_t i = 0; i < step->alert_count; i++) {
        enum status status = output_alert(evaluate->output, &step->alerts[i], &cause, err);
        if (status == STATUS_RECORD)
            return error_prefix(err, STATUS_FATAL, "alert topics");
        if (status != STATUS_OK)
            return status;
        evaluate->counters->alerts[step->alerts[i].rule]++;
        evaluate->alert_raised = true;
        if (evaluate->draft != NULL)
            recent_draft_alert(evaluate->draft, &step->alerts[i], prepared->card, message);
        prepared->task->written = true;
        if (evaluate->alert_count < PENDING_ALERTS_MAX && message->has_timestamp)
            evaluate->alert_ms[evaluate->alert_count++] = message->timestamp_ms;
    }
    return STATUS_OK;
}

static void note_misplaced(struct evaluate *evaluate, const struct prepared *prepared)
{
    if (view_equal(prepared->message->key, prepared->card))
        return;
    evaluate->counters->purchases_misplaced++;
    if (evaluate->misplaced_warned)
        return;
    evaluate->misplaced_warned = true;
    log_warn("task",
             "a purchase's key is not its card: bursts of a card spread over partitions cannot be "
             "seen (told once; see purchases_misplaced_total)",
             LOG_INT("partition", prepared->message->partition),
             LOG_INT("offset", prepared->message->offset));
}

static enum status mask(struct evaluate *evaluate, const struct prepared *prepared,
                        struct error *err)
{
    prepared->task->written = true;
    return output_masked(evaluate->output, prepared->message, &prepared->purchase, prepared->card,
                         err);
}

// The card's travel flag. Looked up only where it decides something; without a table (a replay)
// every card is at home.
static enum status look_up_travel(const struct prepared *prepared, struct engine_purchase *purchase,
                                  struct error *err)
{
    struct table *table = prepared->task->table;
    if (table == NULL)
        return STATUS_OK;
    return table_lookup(table, &prepared->token, &purchase->travelling, err);
}

static enum status take_purchase(struct evaluate *evaluate, const struct prepared *prepared,
                                 int64_t event_time_ms, struct error *err)
{
    struct task *task = prepared->task;
    struct card_entry *entry;
    enum status status = task_card(task, &prepared->token, &entry, err);
    if (status == STATUS_RECORD)
        return task_note_damage(task, err);
    if (status != STATUS_OK)
        return status;
    const struct engine *engine = &evaluate->settings->engine;
    if (engine->fact_count > 0 && !engine_card_fits(engine, &entry->card)) {
        (void)!error_set(err, STATUS_RECORD, "a card was stored for other rules");
        return task_note_damage(task, err);
    }
    struct engine_purchase purchase = {
        .event_time_ms = event_time_ms,
        .offset = prepared->message->offset,
        .id = prepared->purchase.id,
        .distance = prepared->purchase.distance_from_billing_zip,
        .amount = prepared->purchase.amount,
        .category = prepared->purchase.category,
        .has_id = (prepared->purchase.present & PURCHASE_ID) != 0,
        .has_amount = (prepared->purchase.present & PURCHASE_AMOUNT) != 0,
        .has_distance = (prepared->purchase.present & PURCHASE_DISTANCE) != 0,
    };
    if (engine_asks_travelling(engine, &purchase))
        status = look_up_travel(prepared, &purchase, err);
    if (status != STATUS_OK)
        return status;
    struct step *step = &evaluate->step;
    bool was_empty = card_is_empty(&entry->card);
    engine_step(engine, &task->stream_time, &entry->card, &purchase, step);
    count_step(evaluate->counters, step);
    if (step->changed) {
        task->created_count += was_empty;
        if (evaluate->settings->write_counts && !cards_is_dirty(task->cards, entry))
            counts_note(&task->counts, &prepared->token, prepared->card);
        cards_touch(task->cards, entry);
    }
    return step->alert_count == 0 ? STATUS_OK : raise_alerts(evaluate, prepared, &entry->card, err);
}

static enum status evaluate_one(struct evaluate *evaluate, struct prepared *prepared,
                                struct error *err)
{
    struct task *task = prepared->task;
    const struct message *message = prepared->message;
    ensure(message->offset >= task->position);
    task->position = message->offset + 1;
    evaluate->counters->purchases_consumed++;
    if (prepared->tombstone) {
        evaluate->counters->purchases_tombstone++;
        return STATUS_OK;
    }
    if (prepared->class_ != DEAD_LETTER_NONE)
        return dead_letter(evaluate, prepared, err);
    const struct purchase *purchase = &prepared->purchase;
    const struct optional_ms own = {(purchase->present & PURCHASE_TIMESTAMP) != 0,
                                    purchase->timestamp_ms};
    const struct optional_ms sent = {message->has_timestamp, message->timestamp_ms};
    int64_t event_time_ms;
    switch (engine_event_time(&evaluate->settings->engine, task->stream_time, own, sent,
                              &event_time_ms)) {
    case TIME_MISSING:
        refuse(prepared, DEAD_LETTER_NO_TIMESTAMP,
               "the purchase and its message have no timestamp, and the partition has no stream "
               "time yet");
        return dead_letter(evaluate, prepared, err);
    case TIME_FUTURE:
        refuse(prepared, DEAD_LETTER_FUTURE_TIMESTAMP,
               "the purchase's timestamp is more than processing.max_future_ms past its message's "
               "timestamp: is the sender's clock right?");
        return dead_letter(evaluate, prepared, err);
    case TIME_TAKEN:
        break;
    }
    note_misplaced(evaluate, prepared);
    enum status status = STATUS_OK;
    if (evaluate->settings->mask_purchases)
        status = mask(evaluate, prepared, err);
    if (status != STATUS_OK)
        return status;
    return take_purchase(evaluate, prepared, event_time_ms, err);
}

static enum status evaluate_group(struct evaluate *evaluate, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < evaluate->group_count; i++)
        if (needs_card(&evaluate->group[i]))
            cards_prefetch(evaluate->group[i].task->cards, &evaluate->group[i].token);
    for (size_t i = 0; i < evaluate->group_count; i++)
        if (needs_card(&evaluate->group[i]))
            cards_prefetch_entry(evaluate->group[i].task->cards, &evaluate->group[i].token);
    for (size_t i = 0; i < evaluate->group_count && status == STATUS_OK; i++)
        status = evaluate_one(evaluate, &evaluate->group[i], err);
    evaluate->group_count = 0;
    return status;
}

enum status evaluate_batch(struct evaluate *evaluate, const struct message *messages, size_t count,
                           struct error *err)
{
    enum status status = STATUS_OK;
    evaluate->now_ms = evaluate->broker->ops->now_ms(evaluate->broker);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        prepare(evaluate, &messages[i]);
        if (evaluate->group_count == EVALUATE_GROUP)
            status = evaluate_group(evaluate, err);
    }
    if (status == STATUS_OK)
        status = evaluate_group(evaluate, err);
    evaluate->group_count = 0;
    return status;
}
