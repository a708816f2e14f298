// SPDX-License-Identifier: Apache-2.0
// `make bench`: what the service costs and how quick it is, on a real Apache Kafka on this machine,
// beside what librdkafka alone takes for the same topic in the same run. One table, lines:
//
//   a  the ceiling: librdkafka's batch consumption, read_committed, with the service's own settings
//   b  the same and decoding
//   c  the service: exactly once, sliding    d  tumbling    e  at least once    f  two workers
//   g  the engine alone, in memory
//   h  the restore of the whole changelog that (c) and (f) have left
//   i  a restart after kill -9 with the state kept, under load
//   j  alert latency at a steady rate
//   t  the floor of (j): one alert's transaction by librdkafka alone
//   k  what the number of cards and of partitions does to the cost (only when asked for)
//   p  the Kafka Streams peer (PEER=1)
//
// Each run of the service ends with the oracle's verdict on its alerts. Options: options.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/ceiling.h"
#include "bench/lines.h"
#include "bench/load.h"

static bool wants_load(const struct options *options)
{
    return strpbrk(options->lines, "abcdefhp") != NULL || options->peer;
}

static void print_machine(void)
{
    struct utsname name;
    uname(&name);
    printf("cardwatch benchmark: %ld processors, %s %s\n", sysconf(_SC_NPROCESSORS_ONLN),
           name.sysname, name.release);
}

static void print_load(const struct load *load)
{
    printf("loaded %zu purchases of %llu cards into %d partitions in %.0f s: %.1f bytes each on "
           "disk (lz4),\n%zu alerts by the sliding rule, %zu by the tumbling one\n",
           load->count, (unsigned long long)load->cards, load->partitions, load->seconds,
           (double)load->disk_bytes / (double)load->count, load->expected[LOAD_SLIDING].alert_count,
           load->expected[LOAD_TUMBLING].alert_count);
}

static void run_loaded(struct site *site)
{
    struct load load;
    load_open(&load, site, "purchases", site->options.partitions, site->options.cards);
    print_load(&load);
    figures_head();
    ceiling_lines(site, &load);
    if (options_want(&site->options, 'b'))
        ceiling_decode_lines(site, &load);
    service_lines(site, &load);
    if (options_want(&site->options, 'p'))
        peer_lines(site, &load);
    load_close(&load);
}

static bool run(const struct options *options)
{
    struct site site;
    site_open(&site, options);
    print_machine();
    if (wants_load(options))
        run_loaded(&site);
    else
        figures_head();
    if (options_want(options, 'g'))
        engine_lines(&site);
    if (options_want(options, 'i'))
        restart_lines(&site);
    if (options_want(options, 't'))
        latency_floor_lines(&site);
    if (options_want(options, 'j'))
        latency_lines(&site);
    if (options_want(options, 'k'))
        sweep_lines(&site);
    figures_legend();
    figures_json(&site.figures, options->json_path);
    bool equal = figures_close(&site.figures);
    site_close(&site);
    return equal;
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "ceiling") == 0)
        return ceiling_main(count - 2, arguments + 2);
    const struct options options = options_read();
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    return run(&options) ? 0 : 1;
}
