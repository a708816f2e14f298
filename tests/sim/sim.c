// SPDX-License-Identifier: Apache-2.0
// The simulator: runs seeds and counts. Usage:
//   sim --seed N [--trace]                        one run
//   sim [--from N] [--seeds N] [--seconds N]      runs from N (1) on until either bound
//   sim                                           as a test: fixed seeds (see lib/scale.h)
#include "sim/sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "lib/scale.h"

enum { HANGS_AFTER_S = 20, TEST_SEEDS = 2400, TEST_TWICE_EVERY = 40 };

struct options {
    uint64_t from;
    uint64_t seeds;
    uint64_t seconds;
    bool trace;
};

// Assertions, bad accesses and hangs are failures of a seed like any other. What the handler prints
// is not safe in every signal, but the program ends here anyway.
static void on_signal(int number)
{
    signal(number, SIG_DFL);
    sim_fail_running(number == SIGPROF ? "it hangs" : "the program was stopped by a signal");
    _exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: sim [--seed N [--trace]] [--from N] [--seeds N] [--seconds N]\n");
    exit(2);
}

static void parse(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"seed", required_argument, NULL, 's'},    {"trace", no_argument, NULL, 't'},
        {"from", required_argument, NULL, 'f'},    {"seeds", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 'd'}, {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        uint64_t number = optarg == NULL ? 0 : strtoull(optarg, NULL, 10);
        switch (option) {
        case 's':
            options->from = number;
            options->seeds = 1;
            break;
        case 'f':
            options->from = number;
            break;
        case 'n':
            options->seeds = number;
            break;
        case 'd':
            options->seconds = number;
            break;
        case 't':
            options->trace = true;
            break;
        default:
            usage();
        }
    }
}

static void print_events(const struct sim_figures *figures)
{
    printf("  events:");
    for (size_t i = 0; i < SIM_EVENTS; i++)
        printf(" %s %" PRIu64, sim_event_name((enum sim_event)i), figures->events[i]);
    printf("\n");
}

static uint64_t fault_count(const struct sim_figures *figures)
{
    uint64_t count = figures->call_faults + figures->call_crashes + figures->hangs +
                     figures->latencies + figures->yields;
    for (size_t i = 0; i < SIM_EVENTS; i++)
        count += figures->events[i];
    return count;
}

static void print_figures(const struct sim_figures *figures, uint64_t from, double seconds)
{
    double seeds = figures->seeds == 0 ? 1 : (double)figures->seeds;
    printf("%" PRIu64 " seeds from %" PRIu64 ", none failed; %.0f a minute\n", figures->seeds, from,
           seeds * 60 / seconds);
    printf("  a run: %.0f purchases, %.0f alerts, %.0f dead letters, %.0f turns, %.0f s of time\n",
           (double)figures->purchases / seeds, (double)figures->alerts / seeds,
           (double)figures->letters / seeds, (double)figures->turns / seeds,
           (double)figures->virtual_ms / 1000 / seeds);
    printf("  faults: %.0f a run; in calls %" PRIu64 ", crashes in calls %" PRIu64
           ", slow calls %" PRIu64 ", others in between %" PRIu64 ", hangs %" PRIu64 "\n",
           (double)fault_count(figures) / seeds, figures->call_faults, figures->call_crashes,
           figures->latencies, figures->yields, figures->hangs);
    print_events(figures);
    printf("  in all: %" PRIu64 " purchases, %" PRIu64 " commits, %" PRIu64 " aborts, %" PRIu64
           " resets, %" PRIu64 " checkpoints, %" PRIu64 " records restored, %" PRIu64
           " cards swept, %" PRIu64 " exits, %" PRIu64 " audits\n",
           figures->purchases, figures->commits, figures->aborts, figures->resets,
           figures->checkpoints, figures->restored, figures->swept, figures->exits,
           figures->audits);
}

// Time of the processor, so that a busy machine is no failure.
static void watch(time_t seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

static uint64_t run_one(uint64_t seed, bool trace, struct sim_figures *figures)
{
    watch(HANGS_AFTER_S);
    uint64_t hash = sim_run(seed, trace, figures);
    watch(0);
    return hash;
}

static void run_many(const struct options *options)
{
    struct sim_figures figures = {0};
    int64_t began_ms = clock_now_ms();
    for (uint64_t i = 0; i < options->seeds; i++) {
        run_one(options->from + i, options->trace, &figures);
        if (options->seconds > 0 && clock_now_ms() - began_ms >= (int64_t)options->seconds * 1000)
            break;
    }
    print_figures(&figures, options->from, (double)(clock_now_ms() - began_ms + 1) / 1000);
}

// Some seeds are run twice: the same seed must be the same run.
static void run_as_test(void)
{
    struct sim_figures figures = {0};
    uint64_t seeds = scale_count(TEST_SEEDS);
    int64_t began_ms = clock_now_ms();
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        uint64_t hash = run_one(seed, false, &figures);
        struct sim_figures again = {0};
        if (seed % TEST_TWICE_EVERY != 0 || run_one(seed, false, &again) == hash)
            continue;
        fprintf(stderr, "FAILED seed %" PRIu64 ": a second run of it goes another way\n", seed);
        exit(1);
    }
    print_figures(&figures, 1, (double)(clock_now_ms() - began_ms + 1) / 1000);
    printf("2 passed, 0 failed\n"); // right, and repeatable
}

int main(int argc, char **argv)
{
    struct options options = {.from = 1, .seeds = UINT64_MAX};
    parse(argc, argv, &options);
    log_configure(options.trace ? LOG_DEBUG : LOG_ERROR + 1, LOG_FORMAT_TEXT);
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    signal(SIGPROF, on_signal);
    if (options.seconds == 0 && options.seeds == UINT64_MAX)
        run_as_test();
    else
        run_many(&options);
    return 0;
}
