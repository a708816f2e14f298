// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/oracle_mirror.h"
#include "stream/setup.h"

void sim_model_open(struct sim_model *model, const struct sim_input *input,
                    const struct engine *engine)
{
    *model = (struct sim_model){.input = input, .engine = engine};
    model->oracle_settings = oracle_mirror(&engine->settings);
    model->has_ids = (setup_needed_fields(&engine->settings) & PURCHASE_ID) != 0;
    for (int32_t p = 0; p < input->plan->partitions; p++) {
        model->fates[p].oracle = oracle_open(&model->oracle_settings);
        model->fates[p].counts = memory_zeroed(input->plan->cards, sizeof(uint64_t));
        model->fates[p].seen_counts = memory_zeroed(input->plan->cards, sizeof(uint64_t));
        model->cards[p] = memory_zeroed(input->plan->cards, sizeof(struct card));
        for (size_t i = 0; i < input->plan->cards; i++)
            card_init(&model->cards[p][i]);
    }
}

void sim_model_close(struct sim_model *model)
{
    for (int32_t p = 0; p < model->input->plan->partitions; p++) {
        oracle_close(model->fates[p].oracle);
        free(model->fates[p].alerts);
        free(model->fates[p].ids);
        free(model->fates[p].letters);
        free(model->fates[p].accepted);
        free(model->fates[p].counts);
        free(model->fates[p].seen_counts);
        for (size_t i = 0; i < model->input->plan->cards; i++)
            card_release(&model->cards[p][i]);
        free(model->cards[p]);
    }
    step_release(&model->step);
}

static void expect_letter(struct sim_fate *fate, int64_t offset, enum dead_letter_class class_)
{
    if (fate->letter_count == fate->letter_capacity) {
        fate->letter_capacity = 2 * fate->letter_capacity + 16;
        fate->letters =
            memory_resized(fate->letters, fate->letter_capacity, sizeof(*fate->letters));
    }
    fate->letters[fate->letter_count++] = (struct sim_letter){.offset = offset, .class_ = class_};
}

static void accept(struct sim_fate *fate, int64_t offset)
{
    if (fate->accepted_count == fate->accepted_capacity) {
        fate->accepted_capacity = 2 * fate->accepted_capacity + 256;
        fate->accepted =
            memory_resized(fate->accepted, fate->accepted_capacity, sizeof(*fate->accepted));
    }
    fate->accepted[fate->accepted_count++] = offset;
}

static void expect_ids(struct sim_fate *fate, const int64_t *ids, size_t count)
{
    while (fate->id_count + count > fate->id_capacity) {
        fate->id_capacity = 2 * fate->id_capacity + 256;
        fate->ids = memory_resized(fate->ids, fate->id_capacity, sizeof(*fate->ids));
    }
    if (count > 0)
        memcpy(fate->ids + fate->id_count, ids, count * sizeof(*ids));
    fate->id_count += count;
}

static void expect_alert(struct sim_fate *fate, const struct oracle_alert *alert, uint32_t card)
{
    if (fate->alert_count == fate->alert_capacity) {
        fate->alert_capacity = 2 * fate->alert_capacity + 64;
        fate->alerts = memory_resized(fate->alerts, fate->alert_capacity, sizeof(*fate->alerts));
    }
    fate->alerts[fate->alert_count++] = (struct sim_alert){
        .offset = alert->source_offset,
        .timestamp_ms = alert->timestamp_ms,
        .detected_at_ms = alert->detected_at_ms,
        .count = alert->count,
        .level = alert->level,
        .rule = (uint32_t)alert->rule,
        .card = card,
        .first_id = fate->id_count,
        .id_count = alert->id_count,
    };
}

// The engine's own state goes along: what the service must hold after this purchase.
static void step_engine(struct sim_model *model, int32_t partition, uint32_t card,
                        const struct engine_purchase *purchase)
{
    struct sim_fate *fate = &model->fates[partition];
    engine_step(model->engine, &fate->stream_time, &model->cards[partition][card], purchase,
                &model->step);
    ensure(!model->step.already_counted);
}

static void take_purchase(struct sim_model *model, int32_t partition, const struct sim_item *item,
                          int64_t offset)
{
    struct sim_fate *fate = &model->fates[partition];
    const struct oracle_time own = {item->has_time, item->time_ms};
    const struct oracle_time sent = {item->has_sent, item->sent_ms};
    struct engine_purchase purchase = {
        .offset = offset,
        .id = item->id,
        .has_id = model->has_ids,
        .distance = item->content.distance,
        .has_distance = item->content.has_distance,
        .amount = item->content.amount,
        .has_amount = item->content.has_amount,
        .category = item->content.category,
    };
    switch (oracle_event_time(&model->oracle_settings, oracle_stream_time(fate->oracle), own, sent,
                              &purchase.event_time_ms)) {
    case ORACLE_NO_TIMESTAMP:
        expect_letter(fate, offset, DEAD_LETTER_NO_TIMESTAMP);
        return;
    case ORACLE_FUTURE_TIMESTAMP:
        expect_letter(fate, offset, DEAD_LETTER_FUTURE_TIMESTAMP);
        return;
    case ORACLE_TIME_TAKEN:
        break;
    }
    const struct oracle_purchase mirror =
        oracle_mirror_purchase(view_text(model->input->cards[item->card].text), &purchase);
    struct oracle_result result;
    accept(fate, offset);
    oracle_step(fate->oracle, &mirror, &result);
    fate->counts[item->card] += !result.duplicate;
    for (size_t i = 0; i < result.alert_count; i++) {
        const struct oracle_alert *alert = &result.alerts[i];
        expect_alert(fate, alert, item->card);
        expect_ids(fate, result.ids + alert->first_id, alert->id_count);
    }
    step_engine(model, partition, item->card, &purchase);
}

static void take_item(struct sim_model *model, int32_t partition, const struct sim_item *item,
                      int64_t offset)
{
    if (!item->record || !item->committed || item->lost || item->tombstone)
        return;
    if (item->class_ != DEAD_LETTER_NONE)
        expect_letter(&model->fates[partition], offset, item->class_);
    else
        take_purchase(model, partition, item, offset);
}

void sim_model_advance(struct sim_model *model)
{
    for (int32_t p = 0; p < model->input->plan->partitions; p++) {
        const struct sim_items *items = &model->input->items[p];
        struct sim_fate *fate = &model->fates[p];
        for (; (size_t)fate->position < items->count; fate->position++)
            take_item(model, p, &items->at[fate->position], fate->position);
    }
}
