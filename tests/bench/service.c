// SPDX-License-Identifier: Apache-2.0
#include "bench/lines.h"
#include "bench/trial.h"

// From the first partition at work to the last purchase committed, then the verdict.
static void run(struct trial *trial, const struct load *load, struct row *row)
{
    trial_start(trial);
    trial_await(trial, (int64_t)load->count);
    row->events = (double)load->count;
    meter_read(trial->meter, row);
    trial_judge(trial, &load->expected[trial->settings.rule], row);
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

void service_lines(struct site *site, const struct load *load)
{
    static const struct {
        char line;
        const char *label;
    } lines[] = {
        {'c', "exactly once, sliding, 1 worker"},
        {'d', "exactly once, tumbling, 1 worker"},
        {'e', "at least once, sliding, 1 worker"},
        {'f', "exactly once, sliding, 2 workers"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!options_want(&site->options, lines[i].line))
            continue;
        struct trial trial;
        struct row row = row_of(lines[i].line, "%s", lines[i].label);
        const struct trial_settings settings = settings_of(load, lines[i].line);
        trial_open(&trial, site, &settings);
        run(&trial, load, &row);
        table_take(&site->table, &row);
        trial_stop(&trial);
        trial_close(&trial);
    }
}
