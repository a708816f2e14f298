// SPDX-License-Identifier: Apache-2.0
// `make chaos`: the real service on a real Apache Kafka, under a seeded schedule of faults, with a
// steady stream of purchases, and the oracle's verdict at the end. Options: options.h. A run whose
// verdict is wrong keeps its evidence, and its exit code is 1.
#include <stdio.h>
#include <stdlib.h>

#include "chaos/late.h"
#include "chaos/trouble.h"

static void run_plan(struct arena *arena)
{
    struct plan plan;
    plan_draw(&plan, &arena->options, arena->disks);
    for (size_t i = 0; i < (size_t)arena->options.instances; i++)
        arena_start(arena, i);
    while (arena_now_ms(arena) < arena->options.length_ms && !arena->hopeless) {
        trouble_step(arena, &plan);
        arena_step(arena);
    }
    trouble_end(arena, &plan);
    plan_release(&plan);
}

static void print_table(struct arena *arena, int64_t length_ms)
{
    const struct workload *workload = &arena->scene.workload;
    size_t sum = 0;
    printf("\n");
    for (size_t k = 0; k < FAULT_KINDS; k++) {
        sum += arena->counts[k];
        if (arena->counts[k] > 0)
            printf("  %-42s %8zu\n", fault_types[k].what, arena->counts[k]);
    }
    printf("  %-42s %8zu\n", "faults", sum);
    printf("  %-42s %8.1f\n", "minutes", (double)length_ms / 60000);
    printf("  %-42s %8zu\n", "purchases", workload->sent_count);
    printf("  %-42s %8zu\n", "alerts (each in Avro and in JSON)", workload->alert_count);
    printf("  %-42s %8zu\n", "dead letters", workload->letter_count);
    printf("  %-42s %8.1f\n", "longest silence, seconds",
           (double)watch_silence_ms(arena->watch) / 1000);
    printf("  %-42s %8zu\n", "ANOMALIES", arena->anomalies);
}

static void print_repeat(const struct options *options)
{
    printf("again: make chaos CHAOS_SEED=%llu CHAOS_SECONDS=%lld",
           (unsigned long long)options->seed, (long long)options->length_ms / 1000);
    if (options->only != NULL)
        printf(" CHAOS_ONLY=\"%s\"", options->only);
    if (options->instances != INSTANCES_MAX)
        printf(" CHAOS_INSTANCES=%d", options->instances);
    if (options->rate != 500)
        printf(" CHAOS_RATE=%lld", (long long)options->rate);
    printf("\n");
}

int main(void)
{
    struct arena arena;
    struct options options = options_read();
    int16_t late = late_api(&options);
    if (late >= 0)
        options.instances = 1;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    arena_open(&arena, &options, late >= 0 ? 1 : 0);
    if (late >= 0)
        late_run(&arena, late);
    else
        run_plan(&arena);
    int64_t length_ms = arena_now_ms(&arena);
    arena_judge(&arena);
    print_table(&arena, length_ms);
    print_repeat(&options);
    bool right = arena.anomalies == 0;
    if (!right)
        arena_keep_evidence(&arena);
    arena_close(&arena);
    printf("%d passed, %d failed\n", right, !right);
    return right ? 0 : 1;
}
