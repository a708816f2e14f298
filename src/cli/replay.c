// SPDX-License-Identifier: Apache-2.0
// `cardwatch replay`: purchases taken again, without a trace in the cluster.
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/replay_file.h"
#include "cli/replay_lines.h"
#include "cli/replay_rebuild.h"
#include "cli/replay_summary.h"
#include "cli/replay_topic.h"
#include "cli/replay_verify.h"

enum { SUMMARY_BYTES_MAX = 64 * 1024 };

static void print_summary(const struct counters *counters, const struct stream_settings *settings,
                          int64_t taken_ms)
{
    struct buffer out;
    buffer_init(&out, SUMMARY_BYTES_MAX);
    replay_summary_append(counters, settings, taken_ms, &out);
    fprintf(stderr, "%.*s", (int)out.size, (const char *)out.data);
    buffer_release(&out);
}

static enum status take_topic(struct replay_site *site, const struct replay_listener *listener,
                              struct counters *counters, struct error *err)
{
    struct replay_topic topic;
    enum status status = replay_topic_open(&topic, site, listener, err);
    if (status == STATUS_OK)
        status = replay_topic_run(&topic, err);
    *counters = replay_topic_counters(&topic);
    replay_topic_close(&topic);
    return status;
}

static void tell_of_travel(const struct config *config)
{
    for (size_t r = 0; r < config->rule_count; r++)
        if (config->rules[r].type == CONFIG_RULE_TRAVEL)
            log_info("replay", "no travel flags are read: the rule takes every card to be at home",
                     LOG_TEXT("rule", config->rules[r].name));
}

static enum status take(struct replay_site *site, const struct replay_listener *listener,
                        struct error *err)
{
    struct counters counters;
    int64_t begun_ms = clock_now_ms();
    tell_of_travel(site->config);
    enum status status = site->options->input != NULL ? replay_file(site, listener, &counters, err)
                                                      : take_topic(site, listener, &counters, err);
    if (status == STATUS_OK || status == STATUS_RETRY)
        print_summary(&counters, &site->settings, clock_now_ms() - begun_ms);
    return status;
}

static enum status take_and_print(struct replay_site *site, struct error *err)
{
    const struct replay_options *options = site->options;
    struct replay_lines *lines;
    enum status status =
        replay_lines_open(options->out, options->show_cards, &site->signals.asked, &lines, err);
    if (status != STATUS_OK)
        return status;
    const struct replay_listener listener = replay_lines_listener(lines);
    status = take(site, &listener, err);
    struct error unwritten;
    if (replay_lines_finish(lines, &unwritten) != STATUS_OK)
        status = error_set(err, STATUS_FATAL, "%s", unwritten.text);
    if (status == STATUS_RETRY && replay_lines_reader_is_gone(lines))
        status = STATUS_OK;
    replay_lines_close(lines);
    return status;
}

static enum status run_mode(struct replay_site *site, bool *equal, struct error *err)
{
    switch (site->options->mode) {
    case REPLAY_VERIFY:
        return replay_verify(site, equal, err);
    case REPLAY_REBUILD:
        return replay_rebuild(site, err);
    case REPLAY_OUT:
        return take_and_print(site, err);
    default:
        return take(site, &replay_nobody, err);
    }
}

int cli_replay(const struct config *config, const struct line *line)
{
    struct replay_options options;
    struct replay_site site;
    struct error err;
    bool equal = true;
    if (replay_options_read(line, &options, &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch replay: %s\n", err.text);
        return CLI_BAD_USAGE;
    }
    enum status status = replay_site_open(&site, config, &options, &err);
    if (status == STATUS_OK)
        status = run_mode(&site, &equal, &err);
    replay_site_close(&site);
    if (status == STATUS_OK)
        return equal ? CLI_DONE : CLI_FAILED;
    fprintf(stderr, "cardwatch replay: %s\n", err.text);
    return CLI_FAILED;
}
