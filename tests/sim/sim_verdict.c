// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/murmur2.h"
#include "sim/sim_table.h"

enum { TEXT_BYTES = 256 };

static void header_text(const struct fake_record *record, const char *name, char out[TEXT_BYTES])
{
    struct view value = fake_record_header(record, name);
    size_t size = value.size < TEXT_BYTES - 1 ? value.size : TEXT_BYTES - 1;
    if (size > 0)
        memcpy(out, value.data, size);
    out[size] = '\0';
}

static int64_t header_number(const struct fake_record *record, const char *name)
{
    char text[TEXT_BYTES];
    header_text(record, name, text);
    char *end;
    int64_t number = strtoll(text, &end, 10);
    return end == text || *end != '\0' ? INT64_MIN : number;
}

// ---- alerts ----

struct alert_place {
    int32_t partition;
    int64_t offset;
    uint32_t rule;
};

static void read_place(const struct sim *sim, const struct fake_record *record,
                       struct alert_place *place)
{
    char source[TEXT_BYTES];
    char rule[TEXT_BYTES];
    header_text(record, "cardwatch.source", source);
    header_text(record, "cardwatch.rule", rule);
    int used = 0;
    if (sscanf(source, "purchases/%" SCNd32 "/%" SCNd64 "%n", &place->partition, &place->offset,
               &used) != 2 ||
        source[used] != '\0' || place->partition < 0 || place->partition >= sim->plan.partitions)
        sim_fail(sim, "an alert whose source is '%s'", source);
    for (place->rule = 0; place->rule < sim->plan.engine.rule_count; place->rule++)
        if (strcmp(rule, sim->settings.rule_names[place->rule]) == 0)
            return;
    sim_fail(sim, "an alert whose rule is '%s'", rule);
}

// The first alert of the purchase; alert_count: there is none.
static size_t first_alert(const struct sim_fate *fate, int64_t offset)
{
    size_t low = 0, high = fate->alert_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (fate->alerts[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t json_timestamp(const struct fake_record *record)
{
    const char *at = memmem(record->value.data, record->value.size, "\"timestamp\": ", 13);
    return at == NULL ? INT64_MIN : strtoll(at + 13, NULL, 10);
}

static int64_t avro_timestamp(const struct fake_record *record)
{
    // Frame, then two strings behind a union branch, or none: read from the start.
    struct reader reader = reader_of(record->value);
    struct view skipped;
    int64_t number = 0;
    ensure(reader_view(&reader, 5, &skipped));
    for (int i = 0; i < 2; i++) {
        if (!reader_zigzag(&reader, &number) || number != 1 || !reader_zigzag(&reader, &number) ||
            !reader_view(&reader, (uint64_t)number, &skipped))
            return INT64_MIN;
    }
    return reader_zigzag(&reader, &number) && number == 1 && reader_zigzag(&reader, &number)
               ? number
               : INT64_MIN;
}

static struct alert_fields fields_of(const struct sim *sim, const struct sim_alert *alert,
                                     const struct alert_place *place)
{
    const struct sim_fate *fate = &sim->model.fates[place->partition];
    const struct sim_content *content =
        &sim->input.items[place->partition].at[place->offset].content;
    ensure(alert->id_count <= ALERT_PURCHASE_IDS_MAX);
    return (struct alert_fields){
        .type = view_text(sim->settings.rule_names[alert->rule]),
        .credit_card = view_text(sim->input.cards[alert->card].text),
        .timestamp_ms = alert->timestamp_ms,
        .count = alert->count,
        .detected_at_ms = alert->detected_at_ms,
        .known = (content->has_amount ? ALERT_AMOUNT : 0) |
                 (content->has_distance ? ALERT_DISTANCE : 0) |
                 (sim->plan.engine.dedupe ? ALERT_PURCHASE_IDS : 0),
        .amount = content->amount,
        .distance = content->distance,
        .purchase_ids = fate->ids + alert->first_id,
        .purchase_id_count = alert->id_count,
    };
}

// The bytes that the alert must have, made by the encoders that unit tests hold to their formats.
static bool bytes_match(const struct sim *sim, const struct sim_alert *alert,
                        const struct alert_place *place, const struct fake_record *record,
                        bool json, struct buffer *scratch)
{
    const struct alert_fields fields = fields_of(sim, alert, place);
    buffer_clear(scratch);
    if (json)
        alert_encode_json(sim->settings.alert_encoder, &fields, scratch);
    else
        alert_encode_avro(sim->settings.alert_encoder, &fields, scratch);
    return view_equal(buffer_view(scratch), record->value);
}

static bool level_matches(const struct sim *sim, const struct sim_alert *alert,
                          const struct fake_record *record)
{
    char got[TEXT_BYTES];
    char want[TEXT_BYTES] = "";
    enum rule_kind kind = sim->plan.engine.rules[alert->rule].kind;
    header_text(record, "cardwatch.level", got);
    if (kind == RULE_SUM)
        snprintf(want, sizeof(want), "%" PRId64 ".%04" PRId64, alert->level / 10000,
                 alert->level % 10000);
    else if (kind == RULE_DISTINCT)
        snprintf(want, sizeof(want), "%" PRId64, alert->level);
    return strcmp(got, want) == 0;
}

static bool fields_match(const struct sim *sim, const struct sim_alert *alert,
                         const struct alert_place *place, const struct fake_record *record)
{
    const struct sim_item *item = &sim->input.items[place->partition].at[place->offset];
    struct view card = view_text(sim->input.cards[alert->card].text);
    return view_equal(record->key, card) &&
           record->partition == murmur2_partition(card, sim->plan.partitions) &&
           header_number(record, "cardwatch.count") == (int64_t)alert->count &&
           level_matches(sim, alert, record) &&
           header_number(record, "cardwatch.detected_at") == alert->detected_at_ms &&
           (!item->has_sent || record->timestamp_ms == item->sent_ms);
}

static void judge_alert(struct sim *sim, const struct fake_record *record, bool json,
                        struct buffer *scratch)
{
    struct alert_place place;
    read_place(sim, record, &place);
    int64_t timestamp_ms = json ? json_timestamp(record) : avro_timestamp(record);
    struct sim_fate *fate = &sim->model.fates[place.partition];
    for (size_t i = first_alert(fate, place.offset);
         i < fate->alert_count && fate->alerts[i].offset == place.offset; i++) {
        struct sim_alert *alert = &fate->alerts[i];
        if (alert->rule != place.rule || alert->timestamp_ms != timestamp_ms)
            continue;
        uint32_t *seen = json ? &alert->seen_json : &alert->seen;
        if (++*seen > 1 && !sim->plan.at_least_once)
            sim_fail(sim, "alert of purchase %d/%" PRId64 " rule %u timestamp %" PRId64 ": twice",
                     place.partition, place.offset, place.rule, timestamp_ms);
        if (!bytes_match(sim, alert, &place, record, json, scratch) ||
            !fields_match(sim, alert, &place, record))
            sim_fail(sim, "alert of purchase %d/%" PRId64 " rule %u timestamp %" PRId64 ": wrong",
                     place.partition, place.offset, place.rule, timestamp_ms);
        return;
    }
    sim_fail(sim, "alert of purchase %d/%" PRId64 " rule %u timestamp %" PRId64 ": not due",
             place.partition, place.offset, place.rule, timestamp_ms);
}

static void judge_alert_topic(struct sim *sim, bool json)
{
    const char *topic = sim_outputs[json ? OUTPUT_ALERTS_JSON : OUTPUT_ALERTS_AVRO];
    struct fake_records records = fake_read(sim->cluster, topic);
    struct buffer scratch;
    buffer_init(&scratch, 64 * 1024);
    struct alert_place last[SIM_PARTITIONS_MAX][SIM_PARTITIONS_MAX] = {{{0}}};
    for (size_t i = 0; i < records.count; i++) {
        const struct fake_record *record = records.items[i];
        judge_alert(sim, record, json, &scratch);
        struct alert_place place;
        read_place(sim, record, &place);
        struct alert_place *before = &last[record->partition][place.partition];
        bool behind = place.offset < before->offset ||
                      (place.offset == before->offset && place.rule < before->rule);
        if (behind && !sim->plan.at_least_once)
            sim_fail(sim,
                     "alert of purchase %d/%" PRId64 " rule %u is behind one of a later purchase "
                     "or rule",
                     place.partition, place.offset, place.rule);
        *before = place;
    }
    buffer_release(&scratch);
    fake_records_release(&records);
}

// ---- dead letters ----

static struct sim_letter *find_letter(struct sim_fate *fate, int64_t offset)
{
    size_t low = 0, high = fate->letter_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (fate->letters[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < fate->letter_count && fate->letters[low].offset == offset;
    return found ? &fate->letters[low] : NULL;
}

static bool letter_matches(const struct sim *sim, const struct sim_letter *letter,
                           const struct sim_item *item, const struct fake_record *record)
{
    char class_[TEXT_BYTES];
    header_text(record, "__connect.errors.class.name", class_);
    struct view key = sim_input_key(&sim->input, item);
    struct view value = sim_input_value(&sim->input, item);
    bool omitted = fake_record_header(record, "cardwatch.value_omitted").data != NULL;
    if (omitted && header_number(record, "cardwatch.value_omitted") != (int64_t)value.size)
        return false;
    if (omitted && record->value.data != NULL)
        return false;
    return strcmp(class_, dead_letter_class_name(letter->class_)) == 0 &&
           (key.data == NULL) == (record->key.data == NULL) && view_equal(key, record->key) &&
           (omitted || view_equal(value, record->value)) &&
           (!item->has_sent || record->timestamp_ms == item->sent_ms);
}

static void judge_letter(struct sim *sim, const struct fake_record *record)
{
    int64_t partition = header_number(record, "__connect.errors.partition");
    int64_t offset = header_number(record, "__connect.errors.offset");
    if (partition < 0 || partition >= sim->plan.partitions)
        sim_fail(sim, "a dead letter of partition %" PRId64, partition);
    struct sim_letter *letter = find_letter(&sim->model.fates[partition], offset);
    if (letter == NULL)
        sim_fail(sim, "dead letter of %" PRId64 "/%" PRId64 ": not due", partition, offset);
    if (++letter->seen > 1 && !sim->plan.at_least_once)
        sim_fail(sim, "dead letter of %" PRId64 "/%" PRId64 ": twice", partition, offset);
    if (!letter_matches(sim, letter, &sim->input.items[partition].at[offset], record))
        sim_fail(sim, "dead letter of %" PRId64 "/%" PRId64 ": wrong", partition, offset);
}

static void judge_letters(struct sim *sim)
{
    struct fake_records records = fake_read(sim->cluster, sim_outputs[OUTPUT_DEAD_LETTERS]);
    for (size_t i = 0; i < records.count; i++)
        judge_letter(sim, records.items[i]);
    fake_records_release(&records);
}

// ---- masked purchases ----

// Whether `got` is the purchase with the card and its size replaced, if it names its card.
static bool is_masked(struct view purchase, struct view card, struct view masked, struct view got)
{
    const uint8_t *at = memmem(purchase.data, purchase.size, card.data, card.size);
    if (at == NULL)
        return view_equal(got, purchase);
    size_t head = (size_t)(at - purchase.data) - 1; // up to the size, which is one byte
    struct view tail = {at + card.size, purchase.size - head - 1 - card.size};
    return got.size == head + 1 + masked.size + tail.size &&
           memcmp(got.data, purchase.data, head) == 0 && got.data[head] == 2 * masked.size &&
           memcmp(got.data + head + 1, masked.data, masked.size) == 0 &&
           memcmp(got.data + head + 1 + masked.size, tail.data, tail.size) == 0;
}

static bool masked_matches(const struct sim *sim, int32_t partition, int64_t offset,
                           const struct fake_record *record)
{
    char masked[CARD_MASKED_MAX];
    const struct sim_item *item = &sim->input.items[partition].at[offset];
    struct view key = sim_input_key(&sim->input, item);
    card_mask(key, masked);
    if ((key.data == NULL) != (record->key.data == NULL) ||
        (key.data != NULL && !view_equal(record->key, view_text(masked))) ||
        (item->has_sent && record->timestamp_ms != item->sent_ms))
        return false;
    if (fake_record_header(record, "cardwatch.value_omitted").data != NULL)
        return record->value.data == NULL;
    return record->value.data != NULL &&
           is_masked(sim_input_value(&sim->input, item), key, view_text(masked), record->value);
}

// Each accepted purchase once, in the order of the input. At least once: each of them, and more.
static void judge_masked(struct sim *sim)
{
    size_t counts[SIM_PARTITIONS_MAX] = {0};
    struct fake_records records = fake_read(sim->cluster, sim_outputs[OUTPUT_MASKED_PURCHASES]);
    for (size_t i = 0; i < records.count; i++) {
        int32_t partition = records.items[i]->partition;
        const struct sim_fate *fate = &sim->model.fates[partition];
        size_t at = counts[partition]++;
        if (sim->plan.at_least_once)
            continue;
        if (at >= fate->accepted_count)
            sim_fail(sim, "a masked purchase too many in partition %d", partition);
        if (!masked_matches(sim, partition, fate->accepted[at], records.items[i]))
            sim_fail(sim, "masked purchase of %d/%" PRId64 ": wrong, or another one's", partition,
                     fate->accepted[at]);
    }
    for (int32_t p = 0; p < sim->plan.partitions && sim->plan.mask_purchases; p++)
        if (counts[p] < sim->model.fates[p].accepted_count)
            sim_fail(sim, "%zu masked purchases of partition %d for %zu accepted ones", counts[p],
                     p, sim->model.fates[p].accepted_count);
    fake_records_release(&records);
}

// ---- purchase counts ----

static int compare_token(const void *token, const void *card)
{
    return memcmp(token, &((const struct sim_card *)card)->token, sizeof(struct token));
}

static const struct sim_card *card_of(const struct sim *sim, struct view text)
{
    struct token token;
    token_of(sim->settings.token_key, text, &token);
    return bsearch(&token, sim->input.cards, sim->plan.cards, sizeof(struct sim_card),
                   compare_token);
}

static void judge_count(struct sim *sim, const struct fake_record *record)
{
    char text[24] = {0};
    struct sim_fate *fate = &sim->model.fates[record->partition];
    const struct sim_card *card = card_of(sim, record->key);
    if (card == NULL || record->value.size >= sizeof(text))
        sim_fail(sim, "a purchase count of no card");
    memcpy(text, record->value.data, record->value.size);
    uint64_t count = strtoull(text, NULL, 10);
    uint64_t *seen = &fate->seen_counts[card - sim->input.cards];
    if (count <= *seen && !sim->plan.at_least_once)
        sim_fail(sim, "purchase count of %s in %d: %s after %" PRIu64, card->text,
                 record->partition, text, *seen);
    *seen = count;
}

// Each card's last count is the oracle's; exactly once, each is written once.
static void judge_counts(struct sim *sim)
{
    struct fake_records records = fake_read(sim->cluster, sim_outputs[OUTPUT_PURCHASE_COUNTS]);
    for (size_t i = 0; i < records.count; i++)
        judge_count(sim, records.items[i]);
    fake_records_release(&records);
    for (int32_t p = 0; p < sim->plan.partitions && sim->plan.engine.count_purchases; p++) {
        const struct sim_fate *fate = &sim->model.fates[p];
        for (size_t i = 0; i < sim->plan.cards; i++)
            if (fate->seen_counts[i] != fate->counts[i])
                sim_fail(sim, "purchase count of %s in %d: %" PRIu64 ", not %" PRIu64,
                         sim->input.cards[i].text, p, fate->seen_counts[i], fate->counts[i]);
    }
}

// ---- all ----

static void forget(struct sim_fate *fate, size_t cards)
{
    memset(fate->seen_counts, 0, cards * sizeof(fate->seen_counts[0]));
    for (size_t i = 0; i < fate->alert_count; i++)
        fate->alerts[i].seen = fate->alerts[i].seen_json = 0;
    for (size_t i = 0; i < fate->letter_count; i++)
        fate->letters[i].seen = 0;
}

static bool is_travel(const struct sim *sim, const struct sim_alert *alert)
{
    return sim->plan.engine.rules[alert->rule].kind == RULE_TRAVEL;
}

static void look_for_missing(const struct sim *sim, int32_t partition)
{
    const struct sim_fate *fate = &sim->model.fates[partition];
    for (size_t i = 0; i < fate->alert_count; i++) {
        const struct sim_alert *alert = &fate->alerts[i];
        bool none = alert->seen == 0 && alert->seen_json == 0;
        bool there = alert->seen > 0 && alert->seen_json > 0;
        if (is_travel(sim, alert) && !none && sim_table_must_miss(sim, alert->card))
            sim_fail(sim, "travel alert of purchase %d/%" PRId64 ", but the card was travelling",
                     partition, alert->offset);
        // At least once a purchase may be taken twice, with another flag the second time.
        bool may_miss = is_travel(sim, alert) && sim_table_may_miss(sim, alert->card);
        if (may_miss && (none || sim->plan.at_least_once))
            continue;
        if (!there)
            sim_fail(sim,
                     "alert of purchase %d/%" PRId64 " rule %u timestamp %" PRId64
                     ": missing (seen %u as Avro, %u as JSON)",
                     partition, fate->alerts[i].offset, fate->alerts[i].rule,
                     fate->alerts[i].timestamp_ms, fate->alerts[i].seen, fate->alerts[i].seen_json);
    }
    for (size_t i = 0; i < fate->letter_count; i++)
        if (fate->letters[i].seen == 0)
            sim_fail(sim, "dead letter of %d/%" PRId64 " (%s): missing", partition,
                     fate->letters[i].offset, dead_letter_class_name(fate->letters[i].class_));
}

void sim_verdict(struct sim *sim)
{
    sim_input_note(&sim->input);
    sim_model_advance(&sim->model);
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        forget(&sim->model.fates[p], sim->plan.cards);
    judge_alert_topic(sim, false);
    judge_alert_topic(sim, true);
    judge_letters(sim);
    judge_counts(sim);
    judge_masked(sim);
    for (int32_t p = 0; p < sim->plan.partitions; p++)
        look_for_missing(sim, p);
}
