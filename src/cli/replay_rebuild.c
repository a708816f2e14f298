// SPDX-License-Identifier: Apache-2.0
// Nobody may write the state meanwhile: the state directory is locked, which keeps a service on
// this machine from starting, and the group must have no members, at the start and again just
// before the new state becomes the state.
#include "cli/replay_rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "broker/kafka_group.h"
#include "cli/replay_summary.h"
#include "cli/replay_topic.h"
#include "store/store_lmdb.h"
#include "stream/rebuild.h"
#include "stream/setup.h"
#include "stream/topics.h"

enum {
    NAMES_BYTES_MAX = 800,
    SUMMARY_BYTES_MAX = 64 * 1024,
    // A static member that was stopped stays known for its session time-out, 10 s by default.
    LEAVING_MS = 15000,
    NAP_NS = 200 * 1000 * 1000,
};

struct job {
    struct replay_site *site;
    struct topics topics;
    struct replay_topic topic;
    struct store_dir *state; // the service's own
    struct stream_ports ports;
    struct rebuild *rebuild;
    struct rebuild_target *targets;
    size_t target_count;
    char transactional_id[512];
};

static const char *changelog_of(const struct job *job)
{
    return job->topics.plans[TOPICS_CHANGELOG].name;
}

// ---------------------------------------------------------------------------------------------
// Alone

static enum status look_for_members(const struct job *job, size_t *count, struct error *err)
{
    const char *group = job->site->config->application_id;
    struct buffer names;
    buffer_init(&names, NAMES_BYTES_MAX);
    enum status status = kafka_group_members(job->site->cluster, group, count, &names, err);
    if (status == STATUS_OK && *count > 0)
        status = error_set(err, STATUS_RETRY,
                           "the consumer group %s has members: %.*s; stop the service everywhere, "
                           "then rebuild (one that was stopped stays known for its session "
                           "time-out, 10 s by default)",
                           group, (int)names.size, (const char *)names.data);
    buffer_release(&names);
    return status;
}

static enum status refuse_members(const struct job *job, int64_t wait_ms, struct error *err)
{
    int64_t until_ms = clock_now_ms() + wait_ms;
    bool told = false;
    for (;;) {
        size_t count;
        enum status status = look_for_members(job, &count, err);
        if (status != STATUS_RETRY)
            return status;
        if (replay_site_is_asked_to_stop(job->site))
            return error_set(err, STATUS_RETRY, "stopped; nothing has changed");
        if (clock_now_ms() >= until_ms)
            return STATUS_FATAL;
        if (!told)
            log_info("replay", "waiting for members of the group to leave",
                     LOG_TEXT("reason", err->text));
        told = true;
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
}

// The group stands where it stood: nobody has worked meanwhile.
static enum status check_offsets(const struct job *job, struct error *err)
{
    struct broker *broker = job->ports.broker;
    for (size_t i = 0; i < job->target_count; i++) {
        int32_t partition = job->targets[i].partition;
        int64_t committed;
        enum status status = broker->ops->committed(broker, partition, &committed, err);
        if (status != STATUS_OK)
            return error_prefix(err, STATUS_FATAL, "nothing has changed");
        if (committed != job->topic.spans[partition].committed)
            return error_set(err, STATUS_FATAL,
                             "the group's offset of partition %" PRId32 " has moved from %" PRId64
                             " to %" PRId64 " meanwhile: is a service running? Nothing has changed",
                             partition, job->topic.spans[partition].committed, committed);
    }
    return STATUS_OK;
}

// ---------------------------------------------------------------------------------------------
// What to rebuild

static uint64_t random_bits(void *context)
{
    (void)context;
    uint64_t bits = 0;
    ensure(getrandom(&bits, sizeof(bits), 0) == (ssize_t)sizeof(bits));
    return bits;
}

static enum status check_changelog(const struct job *job, struct error *err)
{
    int32_t count;
    enum status status = kafka_topic_partitions(job->site->cluster, changelog_of(job), &count, err);
    if (status != STATUS_OK)
        return status;
    if (count < 0)
        return error_set(err, STATUS_FATAL,
                         "there is no changelog %s: nothing to rebuild, the service begins anew",
                         changelog_of(job));
    if (count != job->topic.partition_count)
        return error_set(err, STATUS_FATAL,
                         "the changelog %s has %" PRId32 " partitions but %s has %" PRId32,
                         changelog_of(job), count, job->site->config->topics.purchases,
                         job->topic.partition_count);
    return STATUS_OK;
}

static enum status open_broker(struct job *job, struct error *err)
{
    struct replay_site *site = job->site;
    struct kafka_settings kafka = setup_kafka(site->config, site->properties, changelog_of(job));
    snprintf(job->transactional_id, sizeof(job->transactional_id), "%s-rebuild",
             site->config->application_id);
    if (!site->settings.at_least_once)
        kafka.transactional_id = job->transactional_id;
    job->ports.random = random_bits;
    enum status status = broker_kafka_open(site->cluster, &kafka, &job->ports.broker, err);
    if (status != STATUS_OK)
        return status;
    site->settings.changelog_topic = changelog_of(job);
    job->rebuild = rebuild_open(&site->settings, &job->ports, &site->signals.asked);
    return STATUS_OK;
}

// Up to the group's offset; without one, to where the state itself says that it ends, for there the
// service would go on.
static enum status choose_target(struct job *job, int32_t partition, struct error *err)
{
    struct replay_span *span = &job->topic.spans[partition];
    struct meta meta;
    bool found;
    enum status status = rebuild_look(job->rebuild, partition, &meta, &found, err);
    if (status != STATUS_OK)
        return status;
    int64_t offset = span->committed >= 0 ? span->committed : found ? meta.input_offset : -1;
    int64_t high = span->end;
    span->end = offset > span->low ? offset : span->low;
    if (offset < 0)
        return STATUS_OK;
    if (offset > high)
        return error_set(err, STATUS_FATAL,
                         "partition %" PRId32 ": the group has committed offset %" PRId64
                         " but the topic ends at %" PRId64 ": was it deleted and made anew?",
                         partition, offset, high);
    job->targets[job->target_count++] =
        (struct rebuild_target){.partition = partition, .input_offset = offset};
    return STATUS_OK;
}

static enum status choose_targets(struct job *job, struct error *err)
{
    enum status status = STATUS_OK;
    job->targets = memory_zeroed((size_t)job->topic.partition_count, sizeof(job->targets[0]));
    for (int32_t p = 0; p < job->topic.partition_count && status == STATUS_OK; p++)
        status = choose_target(job, p, err);
    return status;
}

// ---------------------------------------------------------------------------------------------
// Rebuilding

// Purchases that retention has taken away are in the windows still; or in running counts, for ever.
static void warn_if_short(const struct job *job, int32_t partition)
{
    const struct replay_span *span = &job->topic.spans[partition];
    bool counting = job->site->settings.engine.settings.count_purchases;
    bool passed = span->first_ms.known && span->warm_offset != INT64_MAX;
    if (span->low == 0 || (passed && !counting))
        return;
    log_warn("replay",
             "purchases that still count are not in the topic any more: the partition's state may "
             "lack some",
             LOG_INT("partition", partition), LOG_INT("log_start", span->low));
}

static enum status write_cards(struct job *job, struct error *err)
{
    enum status status = rebuild_begin(job->rebuild, err);
    for (size_t i = 0; i < job->target_count && status == STATUS_OK; i++) {
        struct rebuild_target *target = &job->targets[i];
        struct replay *replay = replay_topic_replay(&job->topic, target->partition);
        warn_if_short(job, target->partition);
        target->stream_time = replay_stream_time(replay, target->partition);
        status = rebuild_write(job->rebuild, replay, target->partition, err);
    }
    if (status == STATUS_OK)
        log_info("replay", "cards written", LOG_INT("cards", rebuild_card_count(job->rebuild)));
    return status;
}

static enum status become_the_state(struct job *job, struct error *err)
{
    enum status status = refuse_members(job, 0, err);
    if (status == STATUS_OK)
        status = check_offsets(job, err);
    if (status == STATUS_OK)
        status = rebuild_switch(job->rebuild, job->targets, job->target_count, err);
    if (status == STATUS_OK)
        log_info("replay", "switched to the new state", LOG_INT("partitions", job->target_count));
    return status;
}

// What is left of the old state is in nobody's way, so failing here is no failure.
static void clear_away(struct job *job)
{
    struct error err;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < job->target_count && status == STATUS_OK; i++) {
        status = rebuild_clear(job->rebuild, job->targets[i].partition, &err);
        if (status == STATUS_OK)
            status = job->state->ops->reset(job->state, job->targets[i].partition, &err);
    }
    if (status == STATUS_OK)
        log_info("replay", "old records removed",
                 LOG_INT("records", rebuild_cleared_count(job->rebuild)));
    else
        log_warn("replay", "records of the old state are left in the changelog, in nobody's way",
                 LOG_TEXT("reason", err.text));
}

static void summarise(const struct job *job, int64_t taken_ms)
{
    const struct counters counters = replay_topic_counters(&job->topic);
    struct buffer out;
    buffer_init(&out, SUMMARY_BYTES_MAX);
    replay_summary_append(&counters, &job->site->settings, taken_ms, &out);
    ensure(buffer_append_format(&out,
                                "rebuilt: %zu partitions, %" PRIu64
                                " cards; no alert was emitted; the service may be started\n",
                                job->target_count, rebuild_card_count(job->rebuild)));
    fprintf(stderr, "%.*s", (int)out.size, (const char *)out.data);
    buffer_release(&out);
}

static enum status rebuild_all(struct job *job, struct error *err)
{
    int64_t begun_ms = clock_now_ms();
    enum status status = replay_topic_run(&job->topic, err);
    int64_t taken_ms = clock_now_ms() - begun_ms;
    if (status == STATUS_OK)
        status = write_cards(job, err);
    if (status == STATUS_RETRY)
        return error_prefix(err, STATUS_RETRY, "the old state still holds");
    if (status == STATUS_OK)
        status = become_the_state(job, err);
    if (status != STATUS_OK)
        return status;
    clear_away(job);
    summarise(job, taken_ms);
    return STATUS_OK;
}

static enum status prepare(struct job *job, struct error *err)
{
    const struct config *config = job->site->config;
    enum status status =
        store_lmdb_open(config->state.dir, config->application_id, &job->state, err);
    if (status == STATUS_OK)
        status = refuse_members(job, LEAVING_MS, err);
    if (status == STATUS_OK)
        status = replay_topic_open(&job->topic, job->site, &replay_nobody, err);
    if (status != STATUS_OK)
        return status;
    topics_plan(config, job->topic.partition_count, &job->topics);
    status = check_changelog(job, err);
    if (status == STATUS_OK)
        status = open_broker(job, err);
    return status == STATUS_OK ? choose_targets(job, err) : status;
}

enum status replay_rebuild(struct replay_site *site, struct error *err)
{
    struct job job = {.site = site};
    enum status status = prepare(&job, err);
    if (status == STATUS_OK && job.target_count == 0)
        fprintf(stderr, "the group %s has committed no offset: there is nothing to rebuild\n",
                site->config->application_id);
    else if (status == STATUS_OK)
        status = rebuild_all(&job, err);
    rebuild_close(job.rebuild);
    if (job.ports.broker != NULL)
        job.ports.broker->ops->close(job.ports.broker);
    replay_topic_close(&job.topic);
    if (job.topics.plans[TOPICS_CHANGELOG].name != NULL)
        topics_release(&job.topics);
    if (job.state != NULL)
        job.state->ops->close(job.state);
    free(job.targets);
    return status;
}
