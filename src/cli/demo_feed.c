// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_feed.h"

#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "demo/traffic_sinks.h"

enum {
    CARDS = 100 * 1000 * 1000,
    DISORDER_MS = 500,
    DUPLICATE_PPM = 5000,
    RESEND_MS = 1000,
    BURST_WINDOW_MIN_MS = 500,
    BURST_WINDOW_MAX_MS = 15000,
    EMBEDDED_AHEAD_MAX = 20000, // purchases: a fifth of what the embedded broker keeps
    FLUSH_MS = 20000,
    NAP_NS = 2 * 1000 * 1000,
};

// Short enough to be over within the demo.
static int64_t burst_window_ms(int64_t seconds)
{
    int64_t window_ms = seconds * 1000 / 4;
    if (seconds == 0 || window_ms > BURST_WINDOW_MAX_MS)
        return BURST_WINDOW_MAX_MS;
    return window_ms < BURST_WINDOW_MIN_MS ? BURST_WINDOW_MIN_MS : window_ms;
}

// Truth is what is planted, so nothing else may be a burst: each ordinary purchase is of a card not
// seen for a long time, and among so many cards two bursts do not meet.
static struct generator_settings generator_of(const struct demo_plan *plan, uint32_t schema_id)
{
    struct generator_settings settings = generator_settings_default();
    settings.seed = (uint64_t)plan->seed;
    settings.spread = SPREAD_EVEN;
    settings.card_count = CARDS;
    settings.events_per_second = plan->rate;
    settings.disorder_ms = DISORDER_MS;
    settings.duplicate_ppm = DUPLICATE_PPM;
    settings.resend_ms = RESEND_MS;
    settings.burst_ppm = (uint32_t)(1000000 / plan->rate); // one a second
    settings.burst_window_ms = burst_window_ms(plan->seconds);
    settings.message_count = (uint64_t)(plan->seconds * plan->rate);
    settings.schema_id = schema_id;
    return settings;
}

enum status demo_feed_open(struct demo_feed *feed, const struct demo_stage *stage,
                           const struct demo_plan *plan, struct error *err)
{
    const struct config *config = &stage->config;
    const struct kafka_writer_settings settings = {stage->properties, config->kafka_count,
                                                   config->topics.purchases};
    *feed = (struct demo_feed){.ahead_max = stage->embedded != NULL ? EMBEDDED_AHEAD_MAX : 0};
    pthread_mutex_init(&feed->lock, NULL);
    feed->traffic = (struct traffic_plan){
        .generator = generator_of(plan, stage->schema_id),
        .message_count = (uint64_t)(plan->seconds * plan->rate),
        .rate = plan->rate,
        .stop = &feed->stop,
    };
    ensure(config->rule_count == 1);
    feed->score = score_open((uint32_t)config->rules[0].threshold,
                             config->processing.guarantee == CONFIG_AT_LEAST_ONCE);
    return kafka_writer_open(&settings, &feed->writer, err);
}

void demo_feed_close(struct demo_feed *feed)
{
    struct error ignored;
    if (feed->score == NULL) // never opened
        return;
    (void)!demo_feed_finish(feed, &ignored);
    if (feed->writer != NULL)
        kafka_writer_close(feed->writer);
    score_close(feed->score);
    pthread_mutex_destroy(&feed->lock);
}

// The embedded broker forgets what is old, read or not.
static bool is_far_ahead(struct demo_feed *feed)
{
    return feed->ahead_max > 0 &&
           atomic_load(&feed->sent) > atomic_load(&feed->position) + feed->ahead_max;
}

static enum status send(void *context, const struct generated *message, struct error *err)
{
    struct demo_feed *feed = context;
    const struct traffic_sink topic = traffic_to_topic(feed->writer);
    if (is_far_ahead(feed)) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        return error_set(err, STATUS_RETRY, "the service has to catch up");
    }
    pthread_mutex_lock(&feed->lock);
    enum status status = topic.write(topic.context, message, err);
    if (status == STATUS_OK) {
        score_sent(feed->score, message);
        atomic_fetch_add(&feed->sent, 1);
    }
    pthread_mutex_unlock(&feed->lock);
    return status;
}

static void *run(void *argument)
{
    struct demo_feed *feed = argument;
    const struct traffic_sink sink = {feed, send};
    const struct traffic_listener nobody = {.context = NULL};
    feed->traffic.generator.start_ms = clock_wall_ms();
    feed->status = traffic_run(&feed->traffic, &sink, &nobody, &feed->counts, &feed->err);
    atomic_store(&feed->ended, true);
    return NULL;
}

void demo_feed_start(struct demo_feed *feed)
{
    feed->started = true;
    ensure(pthread_create(&feed->thread, NULL, run, feed) == 0);
}

bool demo_feed_has_ended(struct demo_feed *feed)
{
    return atomic_load(&feed->ended);
}

void demo_feed_tell(struct demo_feed *feed, uint64_t position)
{
    atomic_store(&feed->position, position);
}

enum status demo_feed_finish(struct demo_feed *feed, struct error *err)
{
    if (!feed->started)
        return STATUS_OK;
    feed->started = false;
    atomic_store(&feed->stop, true);
    pthread_join(feed->thread, NULL);
    if (feed->status == STATUS_OK)
        return kafka_writer_flush(feed->writer, FLUSH_MS, err);
    *err = feed->err;
    return feed->status;
}

bool demo_feed_judge(struct demo_feed *feed, const struct seen_alert *alert)
{
    pthread_mutex_lock(&feed->lock);
    bool planted = score_alert(feed->score, alert);
    pthread_mutex_unlock(&feed->lock);
    return planted;
}

struct score_result demo_feed_score(struct demo_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    struct score_result result = score_result(feed->score);
    pthread_mutex_unlock(&feed->lock);
    return result;
}
