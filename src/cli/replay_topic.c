// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_topic.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/progress.h"

enum {
    POLL_MS = 100,
    LANES_MAX = 16,
    WATCH_NS = 20 * 1000 * 1000,
    TROUBLE_EVERY_MS = 10000,
    COMMITTED_MS = 60000, // a dead service's transaction is over by then
    NAP_NS = 50 * 1000 * 1000,
};

// A thread and its share of the partitions: every lane_count-th.
struct replay_lane {
    struct replay_topic *topic;
    size_t index;
    struct kafka_reader *reader;
    struct replay *replay;
    pthread_t thread;
    atomic_ullong done; // offsets passed
    atomic_bool ended;
    int64_t troubled_ms;
    enum status status;
    struct error err;
};

// ---------------------------------------------------------------------------------------------
// Where to begin and end

static enum status reader_open(const struct replay_site *site, struct kafka_reader **out,
                               struct error *err)
{
    const struct kafka_reader_settings settings = {
        .properties = site->properties,
        .property_count = site->config->kafka_count,
        .topic = site->config->topics.purchases,
        .group_id = site->config->application_id,
    };
    return kafka_reader_open(site->cluster, &settings, out, err);
}

static enum status place_find(struct kafka_reader *reader, int32_t partition,
                              const struct replay_place *place, int64_t edge, int64_t *out,
                              struct error *err)
{
    *out = place->kind == REPLAY_OFFSET ? place->number : edge;
    if (place->kind != REPLAY_TIME)
        return STATUS_OK;
    return kafka_reader_offset_at(reader, partition, place->number, out, err);
}

static enum status committed_await(const struct replay_site *site, struct kafka_reader *reader,
                                   int32_t partition, int64_t *out, struct error *err)
{
    int64_t deadline_ms = clock_now_ms() + COMMITTED_MS;
    enum status status;
    while ((status = kafka_reader_committed(reader, partition, out, err)) == STATUS_RETRY &&
           clock_now_ms() < deadline_ms && !replay_site_is_asked_to_stop(site))
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return status;
}

static enum status span_find(struct replay_topic *topic, struct kafka_reader *reader,
                             int32_t partition, struct error *err)
{
    const struct replay_options *options = topic->site->options;
    struct replay_span *span = &topic->spans[partition];
    int64_t high = 0;
    enum status status = kafka_reader_bounds(reader, partition, &span->low, &high, err);
    if (status == STATUS_OK)
        status = place_find(reader, partition, &options->from, span->low, &span->from, err);
    if (status == STATUS_OK)
        status = place_find(reader, partition, &options->until, high, &span->end, err);
    if (status == STATUS_OK)
        status = committed_await(topic->site, reader, partition, &span->committed, err);
    if (status != STATUS_OK)
        return status;
    // A time behind all messages is found nowhere.
    if (span->end < 0 || span->end > high)
        span->end = high;
    if (span->from < 0 || span->from > span->end)
        span->from = span->end;
    if (span->from < span->low)
        span->from = span->low;
    if (span->end < span->from)
        span->end = span->from;
    return STATUS_OK;
}

static enum status partitions_find(struct replay_topic *topic, struct error *err)
{
    const struct replay_site *site = topic->site;
    const char *name = site->config->topics.purchases;
    enum status status = kafka_topic_partitions(site->cluster, name, &topic->partition_count, err);
    if (status != STATUS_OK)
        return status;
    if (topic->partition_count <= 0)
        return error_set(err, STATUS_FATAL,
                         "there is no topic %s; topics.purchases names another one", name);
    if (topic->partition_count > PARTITIONS_MAX)
        return error_set(err, STATUS_FATAL, "the topic %s has more than %d partitions", name,
                         PARTITIONS_MAX);
    topic->spans = memory_zeroed((size_t)topic->partition_count, sizeof(topic->spans[0]));
    return STATUS_OK;
}

static size_t processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (size_t)count;
}

enum status replay_topic_open(struct replay_topic *topic, struct replay_site *site,
                              const struct replay_listener *listener, struct error *err)
{
    *topic = (struct replay_topic){.site = site, .listener = *listener};
    struct kafka_reader *reader;
    enum status status = partitions_find(topic, err);
    if (status == STATUS_OK)
        status = reader_open(site, &reader, err);
    if (status != STATUS_OK)
        return status;
    for (int32_t p = 0; p < topic->partition_count && status == STATUS_OK; p++)
        status = span_find(topic, reader, p, err);
    kafka_reader_close(reader);
    topic->lane_count = processors();
    if (topic->lane_count > LANES_MAX)
        topic->lane_count = LANES_MAX;
    if (topic->lane_count > (size_t)topic->partition_count)
        topic->lane_count = (size_t)topic->partition_count;
    site->settings.input_partitions = topic->partition_count;
    site->settings.cache_bytes = (size_t)site->config->state.cache_bytes / topic->lane_count;
    return status;
}

void replay_topic_close(struct replay_topic *topic)
{
    for (size_t i = 0; topic->lanes != NULL && i < topic->lane_count; i++) {
        kafka_reader_close(topic->lanes[i].reader);
        replay_close(topic->lanes[i].replay);
    }
    free(topic->lanes);
    free(topic->spans);
}

// ---------------------------------------------------------------------------------------------
// A lane

static int32_t first_partition(const struct replay_lane *lane)
{
    return (int32_t)lane->index;
}

static int32_t next_partition(const struct replay_lane *lane, int32_t partition)
{
    return partition + (int32_t)lane->topic->lane_count;
}

static enum status start_partition(struct replay_lane *lane, int32_t partition, struct error *err)
{
    const struct replay_span *span = &lane->topic->spans[partition];
    enum status status = replay_start(lane->replay, partition, span->from, err);
    if (status == STATUS_OK && span->from < span->end)
        status = kafka_reader_start(lane->reader, partition, span->from, err);
    return status;
}

static enum status lane_open(struct replay_lane *lane, struct error *err)
{
    struct replay_topic *topic = lane->topic;
    struct replay_site *site = topic->site;
    const struct schema_source schemas = replay_site_schemas(site);
    lane->replay = replay_open(&site->settings, site->scratch, &schemas, &topic->listener);
    enum status status = reader_open(site, &lane->reader, err);
    int32_t p = first_partition(lane);
    for (; p < topic->partition_count && status == STATUS_OK; p = next_partition(lane, p))
        status = start_partition(lane, p, err);
    return status;
}

// Takes what lies before the ends of the spans: runs of such messages.
static enum status take(struct replay_lane *lane, const struct message *messages, size_t count,
                        struct error *err)
{
    const struct replay_span *spans = lane->topic->spans;
    enum status status = STATUS_OK;
    for (size_t at = 0, end; at < count && status == STATUS_OK; at = end + 1) {
        end = at;
        while (end < count && messages[end].offset < spans[messages[end].partition].end)
            end++;
        if (end > at)
            status = replay_take(lane->replay, messages + at, end - at, err);
    }
    return status;
}

// Until stream time has moved by the horizon, purchases that were not taken may have mattered.
static void note_warmth(const struct replay_lane *lane, int32_t partition)
{
    struct replay_span *span = &lane->topic->spans[partition];
    struct optional_ms time = replay_stream_time(lane->replay, partition);
    int64_t moved_ms;
    if (span->from == 0 || !time.known)
        return;
    if (!span->first_ms.known) {
        span->first_ms = time;
        span->warm_offset = INT64_MAX;
    }
    if (span->warm_offset != INT64_MAX)
        return;
    bool far = __builtin_sub_overflow(time.ms, span->first_ms.ms, &moved_ms);
    if (far || moved_ms > lane->topic->site->settings.engine.horizon_ms)
        span->warm_offset = replay_position(lane->replay, partition);
}

// *left: partitions that have not reached their ends.
static enum status look_around(struct replay_lane *lane, size_t *left, struct error *err)
{
    const struct replay_topic *topic = lane->topic;
    enum status status = STATUS_OK;
    uint64_t done = 0;
    *left = 0;
    int32_t p = first_partition(lane);
    for (; p < topic->partition_count && status == STATUS_OK; p = next_partition(lane, p)) {
        const struct replay_span *span = &topic->spans[p];
        if (span->from >= span->end)
            continue;
        note_warmth(lane, p);
        int64_t position = kafka_reader_position(lane->reader, p); // -1: stopped at its end
        bool ended = position < 0 || position >= span->end;
        done += (uint64_t)((ended ? span->end : position) - span->from);
        *left += !ended;
        if (ended)
            status = kafka_reader_stop(lane->reader, p, err);
    }
    atomic_store(&lane->done, done);
    return status;
}

static enum status step(struct replay_lane *lane, struct error *err)
{
    const struct message *messages;
    size_t count;
    enum status status = kafka_reader_poll(lane->reader, POLL_MS, &messages, &count, err);
    if (status == STATUS_RETRY) {
        if (log_due(&lane->troubled_ms, clock_now_ms(), TROUBLE_EVERY_MS))
            log_warn("replay", "the cluster is out of reach: waiting for it",
                     LOG_TEXT("reason", err->text));
        return STATUS_OK;
    }
    if (status == STATUS_RESET)
        return error_prefix(err, STATUS_FATAL, "the log has changed while it was read; run again");
    return status == STATUS_OK ? take(lane, messages, count, err) : status;
}

static bool is_over(struct replay_topic *topic)
{
    return atomic_load(&topic->failed) || replay_site_is_asked_to_stop(topic->site);
}

static void *run_lane(void *argument)
{
    struct replay_lane *lane = argument;
    size_t left = 0;
    enum status status = lane_open(lane, &lane->err);
    if (status == STATUS_OK)
        status = look_around(lane, &left, &lane->err);
    while (status == STATUS_OK && left > 0 && !is_over(lane->topic)) {
        status = step(lane, &lane->err);
        if (status == STATUS_OK)
            status = look_around(lane, &left, &lane->err);
    }
    if (status == STATUS_OK && left > 0)
        status = error_set(&lane->err, STATUS_RETRY, "stopped before the end");
    lane->status = status;
    if (status != STATUS_OK)
        atomic_store(&lane->topic->failed, true);
    atomic_store(&lane->ended, true);
    return NULL;
}

// ---------------------------------------------------------------------------------------------
// All of them

static bool watch(const struct replay_topic *topic, struct progress *progress)
{
    uint64_t done = 0;
    bool ended = true;
    for (size_t i = 0; i < topic->lane_count; i++) {
        done += atomic_load(&topic->lanes[i].done);
        ended = ended && atomic_load(&topic->lanes[i].ended);
    }
    progress_show(progress, done);
    return ended;
}

static void await_lanes(struct replay_topic *topic)
{
    struct progress progress;
    uint64_t total = 0;
    for (int32_t p = 0; p < topic->partition_count; p++)
        total += (uint64_t)(topic->spans[p].end - topic->spans[p].from);
    progress_begin(&progress, total);
    while (!watch(topic, &progress))
        nanosleep(&(struct timespec){.tv_nsec = WATCH_NS}, NULL);
    progress_end(&progress);
}

enum status replay_topic_run(struct replay_topic *topic, struct error *err)
{
    ensure(topic->lanes == NULL);
    topic->lanes = memory_zeroed(topic->lane_count, sizeof(topic->lanes[0]));
    for (size_t i = 0; i < topic->lane_count; i++) {
        struct replay_lane *lane = &topic->lanes[i];
        lane->topic = topic;
        lane->index = i;
        lane->troubled_ms = clock_now_ms();
        ensure(pthread_create(&lane->thread, NULL, run_lane, lane) == 0);
    }
    await_lanes(topic);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < topic->lane_count; i++) {
        struct replay_lane *lane = &topic->lanes[i];
        pthread_join(lane->thread, NULL);
        if (lane->status <= status)
            continue;
        status = lane->status;
        *err = lane->err;
    }
    return status;
}

struct replay *replay_topic_replay(const struct replay_topic *topic, int32_t partition)
{
    return topic->lanes[(size_t)partition % topic->lane_count].replay;
}

struct counters replay_topic_counters(const struct replay_topic *topic)
{
    struct counters sum = {0};
    for (size_t i = 0; topic->lanes != NULL && i < topic->lane_count; i++)
        if (topic->lanes[i].replay != NULL)
            counters_add(&sum, replay_counters(topic->lanes[i].replay));
    return sum;
}
