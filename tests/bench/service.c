// SPDX-License-Identifier: Apache-2.0
#include "bench/lines.h"
#include "bench/trial.h"
#include "lib/workspace.h"

void service_line(struct trial *trial, const struct load *load, struct row *row)
{
    trial_start(trial);
    trial_await(trial, (int64_t)load->count);
    row->events = (double)load->count;
    row_measure(row, trial->meter);
    trial_judge(trial, &load->expected[trial->settings.rule], row);
    figures_take(&trial->site->figures, row);
}

// Stopped in good order, its state directory gone, started again: records of the changelog a second
// from the start of restoring to the last partition at work. The alerts must stay what they were.
static void restore(struct trial *trial, const struct load *load, const char *label)
{
    struct row row = row_of('h', "%s", label);
    row.no_ratio = true;
    workspace_remove(trial->state_dir);
    size_t from = cardwatch_log_size(&trial->service);
    double began = meter_now();
    trial_start(trial);
    trial_await_running(trial);
    row_add(&row, "start_to_work", "ms", (meter_now() - began) * 1000);
    row_measure_whole(&row, trial->meter);
    row.events =
        (double)cardwatch_log_sum(&trial->service, from, "partition running", "restored_records");
    row.seconds =
        (double)cardwatch_log_max(&trial->service, from, "partition running", "restore_ms") / 1000;
    trial_judge(trial, &load->expected[trial->settings.rule], &row);
    figures_take(&trial->site->figures, &row);
    trial_stop(trial);
}

static struct trial_settings settings_of(const struct load *load, char line)
{
    return (struct trial_settings){
        .purchases = load->topic,
        .partitions = load->partitions,
        .rule = line == 'd' ? LOAD_TUMBLING : LOAD_SLIDING,
        .guarantee = line == 'e' ? "at_least_once" : "exactly_once",
        .threads = line == 'f' ? 2 : 1,
    };
}

static bool wanted(const struct site *site, char line, const char *restored)
{
    return options_want(&site->options, line) ||
           (line == 'c' && restored != NULL && options_want(&site->options, 'h'));
}

void service_lines(struct site *site, const struct load *load)
{
    static const struct {
        char line;
        const char *label;
        const char *restored;
    } lines[] = {
        {'c', "exactly once, sliding, 1 worker", "whole changelog restored, 1 worker"},
        {'d', "exactly once, tumbling, 1 worker", NULL},
        {'e', "at least once, sliding, 1 worker", NULL},
        {'f', "exactly once, sliding, 2 workers", "whole changelog restored, 2 workers"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!wanted(site, lines[i].line, lines[i].restored))
            continue;
        struct trial trial;
        struct row row = row_of(lines[i].line, "%s", lines[i].label);
        const struct trial_settings settings = settings_of(load, lines[i].line);
        trial_open(&trial, site, &settings);
        service_line(&trial, load, &row);
        trial_stop(&trial);
        if (lines[i].restored != NULL && options_want(&site->options, 'h'))
            restore(&trial, load, lines[i].restored);
        trial_close(&trial);
    }
}
