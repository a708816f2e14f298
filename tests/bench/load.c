// SPDX-License-Identifier: Apache-2.0
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "lib/meter.h"

enum {
    CARDS_A_RATE = 1000,    // cards to one purchase a second of event time
    ZIPF_RATE = 8,          // the busiest of many cards then buys once a second
    BURSTS_OPEN_MAX = 3000, // at a time: the generator's bound is not much above
    CHANCE_PPM = 1700,      // alerts that come about without being planted, uniform cards
};

// So that no more bursts are open at a time than the generator takes.
static int64_t burst_window_ms(const struct generator_settings *traffic)
{
    int64_t begun_per_hour = traffic->events_per_second * traffic->burst_ppm * 36 / 10000;
    if (begun_per_hour == 0)
        return traffic->burst_window_ms;
    int64_t window_ms = (int64_t)BURSTS_OPEN_MAX * 3600000 / begun_per_hour;
    return window_ms < traffic->burst_window_ms ? window_ms : traffic->burst_window_ms;
}

struct generator_settings load_traffic(const struct options *options, uint64_t cards)
{
    struct generator_settings traffic = generator_settings_default();
    double wanted_ppm = options->alert_percent * 10000;
    traffic.card_count = cards;
    traffic.disorder_ms = 1000;
    traffic.spread = options->zipf ? SPREAD_ZIPF : SPREAD_UNIFORM;
    traffic.events_per_second = options->zipf ? ZIPF_RATE : (int64_t)(cards / CARDS_A_RATE) + 1;
    traffic.burst_ppm = wanted_ppm > CHANCE_PPM ? (uint32_t)(wanted_ppm - CHANCE_PPM) : 0;
    if (options->alert_percent > 2)
        traffic.burst_size_max = traffic.burst_size_min;
    traffic.burst_window_ms = burst_window_ms(&traffic);
    return traffic;
}

struct oracle_settings load_oracle(void)
{
    struct oracle_settings oracle = oracle_settings_default();
    oracle.rules[LOAD_SLIDING] = (struct oracle_rule){
        .kind = ORACLE_SLIDING, .window_ms = 60000, .grace_ms = 0, .threshold = 3};
    oracle.rules[LOAD_TUMBLING] = (struct oracle_rule){
        .kind = ORACLE_TUMBLING, .window_ms = 60000, .grace_ms = 0, .threshold = 3};
    oracle.rule_count = LOAD_RULES;
    oracle.forgetful = true;
    return oracle;
}

struct workload load_expected(const struct workload *workload, enum load_rule rule)
{
    struct workload expected = {.partitions = workload->partitions};
    expected.alerts = memory_zeroed(workload->alert_count + 1, sizeof(expected.alerts[0]));
    for (size_t i = 0; i < workload->alert_count; i++) {
        if (workload->alerts[i].rule != rule)
            continue;
        expected.alerts[expected.alert_count] = workload->alerts[i];
        expected.alerts[expected.alert_count++].rule = 0;
    }
    return expected;
}

void load_expected_release(struct workload *expected)
{
    free(expected->alerts);
    *expected = (struct workload){0};
}

void load_open(struct load *load, struct site *site, const char *topic, int32_t partitions,
               uint64_t cards)
{
    *load = (struct load){.topic = memory_text(topic),
                          .partitions = partitions,
                          .cards = cards,
                          .count = site->options.purchases};
    struct workload_settings settings = {
        .generator = load_traffic(&site->options, cards),
        .oracle = load_oracle(),
        .bootstrap = site->bootstrap,
        .topic = load->topic,
        .partitions = partitions,
        .compression = "lz4",
    };
    settings.generator.schema_id = site_purchases_topic(site, topic, partitions);
    workload_open(&load->workload, &settings);
    double began = meter_now();
    workload_send(&load->workload, load->count);
    load->seconds = meter_now() - began;
    load->disk_bytes = kafkad_topic_bytes(site->kafka, topic);
    for (unsigned r = 0; r < LOAD_RULES; r++)
        load->expected[r] = load_expected(&load->workload, (enum load_rule)r);
}

void load_close(struct load *load)
{
    for (size_t r = 0; r < LOAD_RULES; r++)
        load_expected_release(&load->expected[r]);
    workload_close(&load->workload);
    free(load->topic);
    *load = (struct load){0};
}
