// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "demo/malformed.h"

enum { BYTES_MAX = 64 * 1024 * 1024, VALUE_BYTES_MAX = 8192, LONG_BYTES = 3000 };

const char sim_input_topic[] = "purchases";

static int compare_cards(const void *a, const void *b)
{
    const struct sim_card *x = a;
    const struct sim_card *y = b;
    return memcmp(&x->token, &y->token, sizeof(x->token));
}

// In the order of their tokens, so that one can be found by it.
static void name_cards(struct sim_input *input, const struct token_key *key)
{
    for (size_t i = 0; i < input->plan->cards; i++) {
        struct sim_card *card = &input->cards[i];
        snprintf(card->text, sizeof(card->text), "4111-%08" PRIu64,
                 random_below(&input->random, 10000) * 10000 + i);
        token_of(key, view_text(card->text), &card->token);
        card->partition = murmur2_partition(view_text(card->text), input->plan->partitions);
    }
    qsort(input->cards, input->plan->cards, sizeof(struct sim_card), compare_cards);
}

void sim_input_open(struct sim_input *input, const struct sim_plan *plan,
                    const struct token_key *key, struct fake_cluster *cluster, uint64_t seed)
{
    *input = (struct sim_input){
        .plan = plan, .cluster = cluster, .front_ms = SIM_START_MS, .next_id = 1};
    random_seed(&input->random, seed);
    buffer_init(&input->bytes, BYTES_MAX);
    buffer_init(&input->value, VALUE_BYTES_MAX);
    name_cards(input, key);
}

void sim_input_close(struct sim_input *input)
{
    for (size_t p = 0; p < SIM_PARTITIONS_MAX; p++)
        free(input->items[p].at);
    buffer_release(&input->bytes);
    buffer_release(&input->value);
}

static bool percent(struct sim_input *input, uint32_t of_hundred)
{
    return random_chance(&input->random, of_hundred, 100);
}

// ---- one message ----

// A message on its way: what it says, and the bytes of it.
struct draft {
    struct generated message;
    struct sim_item item;
    int32_t partition;
};

static uint32_t draw_card(struct sim_input *input)
{
    const struct sim_plan *plan = input->plan;
    if (input->burst_left > 0) {
        input->burst_left--;
        return input->burst_card;
    }
    uint32_t card = (uint32_t)random_below(&input->random, plan->cards);
    if (percent(input, plan->hot_percent))
        card = 0;
    if (percent(input, plan->burst_percent)) {
        input->burst_card = card;
        input->burst_left = (uint32_t)random_range(&input->random, 1, 4);
    }
    return card;
}

static int64_t draw_id(struct sim_input *input)
{
    int64_t id = input->next_id++;
    if (id > 20 && percent(input, input->plan->repeat_percent))
        return id - random_range(&input->random, 1, 20);
    return id;
}

static void draw_item(struct sim_input *input, struct sim_item *item)
{
    const struct sim_plan *plan = input->plan;
    struct random *random = &input->random;
    bool burst = input->burst_left > 0;
    *item = (struct sim_item){.record = true, .card = draw_card(input)};
    input->front_ms += random_range(random, 0, burst ? plan->pace_ms / 8 : plan->pace_ms);
    if (random_chance(random, plan->leaps_of_1000, 1000))
        input->front_ms += random_range(random, 0, plan->leap_ms);
    int64_t back_ms = percent(input, 50) ? random_range(random, 0, plan->disorder_ms) : 0;
    item->time_ms = input->front_ms - back_ms;
    item->has_time = !percent(input, plan->no_time_percent);
    item->id = draw_id(input);
    sim_content_draw(&item->content, random);
    item->has_sent = !percent(input, 2);
    item->sent_ms = input->front_ms + random_range(random, 0, 1000);
}

static void write_purchase(struct sim_input *input, struct draft *draft)
{
    struct generated *message = &draft->message;
    const struct sim_content *content = &draft->item.content;
    message->purchase = (struct purchase_values){
        .id = draft->item.id,
        .category = content->category,
        .amount = content->amount,
        .has_amount = content->has_amount,
        .credit_card = view_text(input->cards[draft->item.card].text),
        .timestamp_ms = draft->item.time_ms,
        .has_timestamp = draft->item.has_time,
        .distance_from_billing_zip = content->distance,
        .has_distance = content->has_distance,
    };
    message->key = message->purchase.credit_card;
    message->message_timestamp_ms = draft->item.has_sent ? draft->item.sent_ms : -1;
    if (percent(input, 3)) // the key speaks for it
        message->purchase.credit_card = (struct view){NULL, 0};
    uint32_t schema =
        SIM_SCHEMA_FIRST + (uint32_t)random_below(&input->random, input->plan->schemas);
    buffer_clear(&input->value);
    ensure(purchase_write(&message->purchase, schema, &input->value));
    message->value = buffer_view(&input->value);
}

// Long letters do not fit their topic with their value.
static void lengthen(struct sim_input *input)
{
    bool reserved = buffer_reserve(&input->value, LONG_BYTES);
    ensure(reserved);
    memset(input->value.data + input->value.size, 'x', LONG_BYTES);
    input->value.size += LONG_BYTES;
}

static void spoil(struct sim_input *input, struct draft *draft)
{
    if (percent(input, 30)) {
        draft->item.tombstone = true;
        draft->message.value = (struct view){NULL, 0};
        return;
    }
    struct generator_settings settings = {
        .schema_id = SIM_SCHEMA_FIRST,
        .unknown_schema_id = SIM_SCHEMA_UNKNOWN,
        .mismatch_schema_id = SIM_SCHEMA_MISMATCH,
        .max_future_ms = input->plan->engine.max_future_ms,
    };
    struct generated *message = &draft->message;
    message->purchase.credit_card = message->key;
    draft->item.class_ = malformed_draw(&settings, &input->random);
    // The guard has no effect with these.
    if (draft->item.class_ == DEAD_LETTER_FUTURE_TIMESTAMP &&
        (settings.max_future_ms == INT64_MAX || !draft->item.has_sent))
        draft->item.class_ = DEAD_LETTER_BAD_FRAME;
    malformed_write(&settings, &input->random, draft->item.class_, &input->value, message);
    bool lengthens = draft->item.class_ == DEAD_LETTER_BAD_AVRO ||
                     draft->item.class_ == DEAD_LETTER_UNKNOWN_SCHEMA;
    if (lengthens && percent(input, 30))
        lengthen(input);
    message->value = buffer_view(&input->value);
    if (draft->item.class_ == DEAD_LETTER_FUTURE_TIMESTAMP) {
        draft->item.has_time = true;
        draft->item.time_ms = message->purchase.timestamp_ms;
        draft->item.class_ = DEAD_LETTER_NONE; // the rules will tell
    }
}

static void keep(struct sim_input *input, struct draft *draft, int64_t offset)
{
    struct sim_items *items = &input->items[draft->partition];
    if ((size_t)offset >= items->capacity) {
        size_t capacity = 2 * (size_t)offset + 64;
        items->at = memory_resized(items->at, capacity, sizeof(*items->at));
        items->capacity = capacity;
    }
    for (; items->count < (size_t)offset; items->count++)
        items->at[items->count] = (struct sim_item){.record = false};
    struct sim_item *item = &draft->item;
    const struct generated *message = &draft->message;
    item->bytes_at = (uint32_t)input->bytes.size;
    item->has_key = message->key.data != NULL;
    item->key_size = (uint32_t)message->key.size;
    item->value_size = (uint32_t)message->value.size;
    if (item->key_size > 0)
        ensure(buffer_append(&input->bytes, message->key.data, item->key_size));
    if (item->value_size > 0)
        ensure(buffer_append(&input->bytes, message->value.data, item->value_size));
    items->at[items->count++] = *item;
}

// ---- sending ----

static const char *stranger_name(size_t index)
{
    static const char *const names[SIM_STRANGERS] = {"stranger-a", "stranger-b"};
    return names[index];
}

static void end_stranger(struct sim_input *input, size_t index)
{
    if (!input->stranger_open[index])
        return;
    // One that has timed out in the meantime has nothing to end.
    fake_foreign_end(input->cluster, stranger_name(index), percent(input, 60));
    input->stranger_open[index] = false;
}

static int64_t append(struct sim_input *input, const struct fake_input *record)
{
    if (!percent(input, input->plan->foreign_percent))
        return fake_produce(input->cluster, record);
    size_t index = random_below(&input->random, SIM_STRANGERS);
    input->stranger_open[index] = true;
    return fake_foreign_produce(input->cluster, stranger_name(index), record);
}

static void draw_partition(struct sim_input *input, struct draft *draft)
{
    struct view key = draft->message.key;
    draft->partition =
        murmur2_partition(view_text(input->cards[draft->item.card].text), input->plan->partitions);
    if (draft->item.class_ == DEAD_LETTER_NO_CARD && key.data != NULL)
        draft->partition = murmur2_partition(key, input->plan->partitions);
}

void sim_input_send(struct sim_input *input)
{
    struct draft draft = {.partition = 0};
    draw_item(input, &draft.item);
    write_purchase(input, &draft);
    if (percent(input, input->plan->spoilt_percent))
        spoil(input, &draft);
    draw_partition(input, &draft);
    const struct generated *message = &draft.message;
    const struct fake_input record = {
        .topic = sim_input_topic,
        .partition = draft.partition,
        .key = message->key,
        .value = message->value,
        .timestamp_ms = draft.item.sent_ms,
        .no_timestamp = !draft.item.has_sent,
    };
    int64_t offset = append(input, &record);
    keep(input, &draft, offset);
    input->sent_count++;
    if (percent(input, 15))
        end_stranger(input, random_below(&input->random, SIM_STRANGERS));
}

void sim_input_settle(struct sim_input *input)
{
    for (size_t i = 0; i < SIM_STRANGERS; i++)
        end_stranger(input, i);
}

// ---- what became of it ----

void sim_input_note(struct sim_input *input)
{
    for (int32_t p = 0; p < input->plan->partitions; p++) {
        const struct fake_log *log = fake_topic_log(input->cluster, sim_input_topic, p);
        struct sim_items *items = &input->items[p];
        for (size_t i = 0; i < log->count; i++) {
            const struct fake_record *record = &log->records[i];
            if (record->kind == FAKE_DATA && (size_t)record->offset < items->count)
                items->at[record->offset].committed = record->outcome == OUTCOME_COMMITTED;
        }
    }
}

int64_t sim_input_end(const struct sim_input *input, int32_t partition)
{
    const struct sim_items *items = &input->items[partition];
    for (size_t i = items->count; i > 0; i--)
        if (items->at[i - 1].record && items->at[i - 1].committed)
            return (int64_t)i;
    return 0;
}

struct view sim_input_key(const struct sim_input *input, const struct sim_item *item)
{
    if (!item->has_key)
        return (struct view){NULL, 0};
    return (struct view){input->bytes.data + item->bytes_at, item->key_size};
}

struct view sim_input_value(const struct sim_input *input, const struct sim_item *item)
{
    if (item->tombstone)
        return (struct view){NULL, 0};
    return (struct view){input->bytes.data + item->bytes_at + item->key_size, item->value_size};
}

size_t sim_input_card(const struct sim_input *input, const struct token *token)
{
    size_t low = 0, high = input->plan->cards;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (memcmp(&input->cards[middle].token, token, sizeof(*token)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        low < input->plan->cards && memcmp(&input->cards[low].token, token, sizeof(*token)) == 0;
    return found ? low : SIM_CARDS_MAX;
}
