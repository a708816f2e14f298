// SPDX-License-Identifier: Apache-2.0
// At-least-once: after a crash the input is read again from the last commit, while some cards have
// been stored in the state of the crash and others in that of the commit. What such a run makes of
// the purchases must be what an undisturbed run makes of them.
#include "lib/engine_desk.h"
#include "lib/random.h"
#include "lib/scale.h"

enum { CARDS = 3, PURCHASES = 60, CASES = 20000, ALERTS_MAX = 16 };

struct input {
    size_t card;
    struct engine_purchase purchase;
};

// What a step answered.
struct answer {
    uint32_t late_rules;
    bool duplicate;
    bool capped;
    size_t alert_count;
    struct alert alerts[ALERTS_MAX];
};

struct partition {
    struct card cards[CARDS];
    struct optional_ms stream_time;
};

static void partition_init(struct partition *partition)
{
    *partition = (struct partition){0};
    for (size_t i = 0; i < CARDS; i++)
        card_init(&partition->cards[i]);
}

static void partition_release(struct partition *partition)
{
    for (size_t i = 0; i < CARDS; i++)
        card_release(&partition->cards[i]);
}

static void card_copy(struct card *to, struct card *from)
{
    card_init(to);
    to->newest_offset = from->newest_offset;
    for (size_t i = 0; i < from->event_count; i++)
        card_insert_filled(to, i, &card_events(from)[i]);
    for (size_t i = 0; i < from->counter_count; i++)
        *card_add_counter(to) = card_counters(from)[i];
}

// Steps one purchase; true when it had been counted before.
static bool take(const struct engine *engine, struct partition *partition,
                 const struct input *input, struct answer *answer)
{
    struct step step = {0};
    engine_step(engine, &partition->stream_time, &partition->cards[input->card], &input->purchase,
                &step);
    assert_true(step.alert_count <= ALERTS_MAX);
    *answer = (struct answer){.late_rules = step.late_rules,
                              .duplicate = step.duplicate,
                              .capped = step.capped,
                              .alert_count = step.alert_count};
    for (size_t i = 0; i < step.alert_count; i++)
        answer->alerts[i] = step.alerts[i];
    bool counted_before = step.already_counted;
    assert_false(counted_before && (step.changed || step.alert_count > 0));
    step_release(&step);
    return counted_before;
}

static bool answers_equal(const struct answer *a, const struct answer *b)
{
    if (a->late_rules != b->late_rules || a->duplicate != b->duplicate || a->capped != b->capped ||
        a->alert_count != b->alert_count)
        return false;
    for (size_t i = 0; i < a->alert_count; i++) {
        const struct alert *x = &a->alerts[i];
        const struct alert *y = &b->alerts[i];
        if (x->rule != y->rule || x->timestamp_ms != y->timestamp_ms ||
            x->detected_at_ms != y->detected_at_ms || x->count != y->count)
            return false;
    }
    return true;
}

static void random_engine(struct random *random, struct engine *engine)
{
    struct engine_settings settings = desk_settings();
    settings.track_offsets = true;
    settings.max_events_per_card = 3 + (uint32_t)random_below(random, 8);
    for (size_t r = 0; r < 2; r++) {
        int64_t window_ms = random_range(random, 5, 40);
        desk_add_rule(&settings, random_chance(random, 1, 2) ? RULE_SLIDING : RULE_TUMBLING,
                      window_ms, 2 + (uint32_t)random_below(random, 2),
                      random_range(random, 0, window_ms));
    }
    struct error err;
    if (engine_init(engine, &settings, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static void random_inputs(struct random *random, struct input *inputs)
{
    int64_t front_ms = 0;
    for (int64_t i = 0; i < PURCHASES; i++) {
        front_ms += random_range(random, 0, 12);
        struct input *input = &inputs[i];
        input->card = random_below(random, CARDS);
        input->purchase.offset = i;
        input->purchase.event_time_ms = front_ms - random_range(random, 0, 80);
        input->purchase.has_id = true;
        input->purchase.id = i;
        if (random_chance(random, 1, 4)) // sent again, perhaps with another time
            input->purchase.id -= random_range(random, 0, i < 8 ? i : 8);
    }
}

// The state that a crash leaves: stream time of the commit, cards of the commit or of the crash.
static void crash(const struct engine *engine, struct random *random, struct partition *at_commit,
                  struct partition *at_crash, bool stored[CARDS])
{
    for (size_t i = 0; i < CARDS; i++) {
        stored[i] = random_chance(random, 1, 2);
        if (!stored[i])
            continue;
        struct card *card = &at_crash->cards[i];
        engine_card_prune(engine, at_crash->stream_time, card);
        card_release(&at_commit->cards[i]);
        card_copy(&at_commit->cards[i], card);
    }
}

static void play(uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    struct engine engine;
    random_engine(&random, &engine);
    struct input inputs[PURCHASES] = {0};
    random_inputs(&random, inputs);
    size_t crash_at = random_below(&random, PURCHASES);
    size_t commit_at = random_below(&random, crash_at + 1);

    struct partition straight;
    struct partition again;
    struct partition at_crash;
    partition_init(&straight);
    partition_init(&again);
    partition_init(&at_crash);
    struct answer expected[PURCHASES];
    for (size_t i = 0; i < PURCHASES; i++)
        take(&engine, &straight, &inputs[i], &expected[i]);
    struct answer got;
    for (size_t i = 0; i < commit_at; i++)
        take(&engine, &again, &inputs[i], &got);
    for (size_t i = 0; i < crash_at; i++)
        take(&engine, &at_crash, &inputs[i], &got);

    bool stored[CARDS];
    crash(&engine, &random, &again, &at_crash, stored);
    for (size_t i = commit_at; i < PURCHASES; i++) {
        bool counted_before = take(&engine, &again, &inputs[i], &got);
        bool expected_before = i < crash_at && stored[inputs[i].card];
        if (counted_before != expected_before)
            fail_msg("seed %lu purchase %zu: counted before: %d", (unsigned long)seed, i,
                     counted_before);
        if (!counted_before && !answers_equal(&got, &expected[i]))
            fail_msg("seed %lu purchase %zu: another answer", (unsigned long)seed, i);
    }
    assert_true(again.stream_time.ms == straight.stream_time.ms);
    partition_release(&straight);
    partition_release(&again);
    partition_release(&at_crash);
}

static void purchases__are_judged_after_a_crash_as_without_one(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < scale_count(CASES); seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purchases__are_judged_after_a_crash_as_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
