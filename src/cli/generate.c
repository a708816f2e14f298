// SPDX-License-Identifier: Apache-2.0
// `cardwatch generate`: synthetic purchases into the topic or a file, until there are enough of
// them or somebody stops it.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/generate_options.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "demo/traffic_sinks.h"
#include "wire/schemas.h"

static const int64_t MAX_FUTURE_MS = INT64_C(1) << 52; // beyond, no timestamp is too far ahead

enum {
    FLUSH_STEP_MS = 500,
    FLUSH_QUIET_MS = 5000,
    FLUSH_MS = 60000,
    TROUBLE_EVERY_MS = 10000,
    LINE_BYTES = 512
};

struct generate {
    const struct config *config;
    struct generate_options options;
    struct signals signals;
    FILE *truth; // NULL: nobody asks
    struct progress progress;
    int64_t troubled_ms;
    struct traffic_counts counts;
};

static enum status write_truth(void *context, const struct planted_burst *burst, struct error *err)
{
    struct generate *generate = context;
    struct buffer line;
    if (generate->truth == NULL)
        return STATUS_OK;
    buffer_init(&line, LINE_BYTES);
    bool fits = planted_burst_json(burst, &line) && buffer_append_byte(&line, '\n');
    bool written = fits && fwrite(line.data, 1, line.size, generate->truth) == line.size;
    buffer_release(&line);
    if (written)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL, "%s cannot be written: %s", generate->options.truth,
                     strerror(errno));
}

static void show_progress(void *context, const struct traffic_counts *counts, const char *trouble)
{
    struct generate *generate = context;
    if (trouble != NULL && log_due(&generate->troubled_ms, clock_now_ms(), TROUBLE_EVERY_MS))
        log_warn("generate", "waiting", LOG_TEXT("reason", trouble));
    progress_show(&generate->progress, counts->messages);
}

static enum status run_traffic(struct generate *generate, struct traffic_sink sink,
                               struct error *err)
{
    const struct traffic_plan plan = {
        .generator = generate->options.generator,
        .message_count = generate->options.events,
        .rate = generate->options.rate,
        .stop = &generate->signals.asked,
    };
    const struct traffic_listener listener = {
        .context = generate, .burst = write_truth, .progress = show_progress};
    progress_begin(&generate->progress, generate->options.events);
    enum status status = traffic_run(&plan, &sink, &listener, &generate->counts, err);
    progress_end(&generate->progress);
    return status;
}

// The marker follows from seed and start: the same options give the same file.
static enum status run_to_file(struct generate *generate, struct error *err)
{
    struct container_writer *writer;
    struct random random;
    uint8_t sync[CONTAINER_SYNC_BYTES];
    random_seed(&random,
                generate->options.generator.seed ^ (uint64_t)generate->options.generator.start_ms);
    for (size_t i = 0; i < sizeof(sync); i++)
        sync[i] = (uint8_t)random_next(&random);
    enum status status =
        container_writer_open(generate->options.out, schema_purchase(), sync, &writer, err);
    if (status != STATUS_OK)
        return status;
    status = run_traffic(generate, traffic_to_file(writer), err);
    if (status == STATUS_OK)
        status = container_writer_finish(writer, err);
    container_writer_close(writer);
    return status;
}

// The id of the schema under the subject: looked up, or registered where that is allowed.
static enum status schema_id(const struct generate *generate, struct registry *registry,
                             const char *suffix, struct view schema, uint32_t *id,
                             struct error *err)
{
    char subject[320];
    snprintf(subject, sizeof(subject), "%s-%s", generate->config->topics.purchases, suffix);
    enum status status = registry_lookup(registry, subject, schema, CONNECT_DEADLINE_MS, id, err);
    if (status == STATUS_FATAL && generate->config->schema_registry.auto_register)
        return registry_register(registry, subject, schema, CONNECT_DEADLINE_MS, id, err);
    return status;
}

static enum status find_schemas(struct generate *generate, struct error *err)
{
    struct generator_settings *settings = &generate->options.generator;
    struct registry *registry;
    enum status status = connect_registry(generate->config, &registry, err);
    if (status != STATUS_OK)
        return status;
    status = schema_id(generate, registry, "value", schema_purchase(), &settings->schema_id, err);
    // Under a subject of its own: it is not for the topic, that is its point.
    if (status == STATUS_OK && settings->malformed_ppm > 0)
        status = schema_id(generate, registry, "mismatch", generator_mismatch_schema(),
                           &settings->mismatch_schema_id, err);
    registry_close(registry);
    return status;
}

static enum status find_topic(const struct generate *generate, struct kafka_cluster *cluster,
                              struct error *err)
{
    const char *topic = generate->config->topics.purchases;
    int32_t count;
    enum status status = kafka_cluster_ping(cluster, CONNECT_DEADLINE_MS, err);
    if (status == STATUS_OK)
        status = kafka_topic_partitions(cluster, topic, &count, err);
    if (status == STATUS_OK && count < 0)
        return error_set(
            err, STATUS_FATAL,
            "there is no topic %s; `cardwatch init` creates it, topics.purchases names "
            "another one",
            topic);
    return status;
}

static enum status flush(struct generate *generate, struct kafka_writer *writer, struct error *err)
{
    int64_t begun_ms = clock_now_ms();
    enum status status;
    do {
        status = kafka_writer_flush(writer, FLUSH_STEP_MS, err);
        if (status == STATUS_RETRY && clock_now_ms() - begun_ms > FLUSH_QUIET_MS)
            show_progress(generate, &generate->counts, err->text);
    } while (status == STATUS_RETRY && clock_now_ms() - begun_ms < FLUSH_MS);
    return status;
}

static enum status write_topic(struct generate *generate, struct error *err)
{
    struct kafka_writer *writer;
    enum status status =
        connect_writer(generate->config, generate->config->topics.purchases, &writer, err);
    if (status != STATUS_OK)
        return status;
    status = run_traffic(generate, traffic_to_topic(writer), err);
    if (status == STATUS_OK)
        status = flush(generate, writer, err);
    kafka_writer_close(writer);
    return status;
}

static enum status run_to_topic(struct generate *generate, struct error *err)
{
    struct kafka_cluster *cluster;
    enum status status = connect_cluster(generate->config, &cluster, err);
    if (status != STATUS_OK)
        return status;
    status = find_topic(generate, cluster, err);
    if (status == STATUS_OK)
        status = find_schemas(generate, err);
    if (status == STATUS_OK)
        status = write_topic(generate, err);
    kafka_cluster_close(cluster);
    return status;
}

static enum status open_truth(struct generate *generate, struct error *err)
{
    const char *path = generate->options.truth;
    if (path == NULL)
        return STATUS_OK;
    generate->truth = fopen(path, "w");
    if (generate->truth != NULL)
        return STATUS_OK;
    return error_set(err, STATUS_FATAL, "%s cannot be written: %s", path, strerror(errno));
}

static enum status close_truth(struct generate *generate, enum status status, struct error *err)
{
    if (generate->truth == NULL || fclose(generate->truth) == 0 || status != STATUS_OK)
        return status;
    return error_set(err, STATUS_FATAL, "%s cannot be written: %s", generate->options.truth,
                     strerror(errno));
}

static void warn_of_chance(const struct generate_options *options)
{
    if (options->generator.clean || options->truth == NULL)
        return;
    log_warn("generate", "cards will make bursts by chance too, which the truth does not list",
             LOG_INT("cards", options->generator.card_count),
             LOG_INT("cards_without_chance", options->clean_cards));
}

// On stderr when the data are on stdout.
static void summarize(const struct generate *generate)
{
    const struct traffic_counts *counts = &generate->counts;
    const char *out = generate->options.out;
    fprintf(out != NULL && strcmp(out, "-") == 0 ? stderr : stdout,
            "%" PRIu64 " messages to %s: %" PRIu64 " bursts, %" PRIu64 " sent again, %" PRIu64
            " malformed (--seed %" PRIu64 " --start-ms %" PRId64 ")\n",
            counts->messages, out != NULL ? out : generate->config->topics.purchases,
            counts->bursts, counts->again, counts->malformed, generate->options.generator.seed,
            generate->options.generator.start_ms);
}

static enum status run(struct generate *generate, struct error *err)
{
    enum status status = open_truth(generate, err);
    if (status == STATUS_OK)
        status = generate->options.out != NULL ? run_to_file(generate, err)
                                               : run_to_topic(generate, err);
    return close_truth(generate, status, err);
}

int cli_generate(const struct config *config, const struct line *line)
{
    struct generate generate = {.config = config};
    struct error err;
    if (generate_options_read(line, clock_wall_ms(), &generate.options, &err) != STATUS_OK) {
        fprintf(stderr, "cardwatch generate: %s\n", err.text);
        return CLI_BAD_USAGE;
    }
    if (config->processing.max_future_ms < MAX_FUTURE_MS)
        generate.options.generator.max_future_ms = config->processing.max_future_ms;
    warn_of_chance(&generate.options);
    signals_open(&generate.signals, NULL, NULL);
    enum status status = run(&generate, &err);
    signals_close(&generate.signals);
    if (status != STATUS_OK) {
        fprintf(stderr, "cardwatch generate: %s\n", err.text);
        return CLI_FAILED;
    }
    summarize(&generate);
    return CLI_DONE;
}
