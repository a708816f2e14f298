// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_properties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"

enum {
    CLUSTER = 1 << KAFKA_KIND_CLUSTER,
    GROUP = 1 << KAFKA_KIND_GROUP,
    INPUT = 1 << KAFKA_KIND_INPUT,
    CHANGELOG = 1 << KAFKA_KIND_CHANGELOG,
    PRODUCER = 1 << KAFKA_KIND_PRODUCER,
    READERS = INPUT | CHANGELOG,
    ALL = CLUSTER | GROUP | READERS | PRODUCER,
};

struct setting {
    unsigned kinds;
    const char *name;
    const char *value;
};

// Ours unless the user says otherwise.
static const struct setting defaults[] = {
    {ALL, "client.id", "cardwatch"},
    {ALL, "log.connection.close", "false"},
    {ALL, "socket.keepalive.enable", "true"},
    {ALL, "socket.nagle.disable", "true"},
    // A restarted broker is found again within a second, not within ten.
    {ALL, "reconnect.backoff.ms", "50"},
    {ALL, "reconnect.backoff.max.ms", "1000"},
    {ALL, "topic.metadata.refresh.fast.interval.ms", "100"},
    {CLUSTER | GROUP | READERS, "socket.timeout.ms", "10000"},

    {GROUP, "session.timeout.ms", "10000"},
    {GROUP, "heartbeat.interval.ms", "1000"}, // how soon rebalances and fencing are heard of
    // The runtime polls about every second, also when it waits. Twice the time for the worst stall
    // of a disk; a thread that hangs for longer loses its partitions to others.
    {GROUP, "max.poll.interval.ms", "120000"},

    // Below this many messages a partition, librdkafka fetches on; above, 2.0.2 looks again up to a
    // second later. So the number must never be reached: the bound in bytes is what holds.
    {READERS, "queued.min.messages", "1000000"},
    {READERS, "queued.max.messages.kbytes", "16384"},
    {READERS, "max.partition.fetch.bytes", "1048576"},
    {READERS, "fetch.wait.max.ms", "100"},
    {READERS, "fetch.error.backoff.ms", "100"},
    // A few hundredths of a CPU second a million records, against a bad bit that becomes an alert.
    {READERS, "check.crcs", "true"},

    {PRODUCER, "transaction.timeout.ms", "10000"},
    // How long an answer of CONCURRENT_TRANSACTIONS delays the next transaction; 100 by default.
    {PRODUCER, "retry.backoff.ms", "2"},
    // Flush and commit do not wait for it.
    {PRODUCER, "linger.ms", "5"},
    {PRODUCER, "compression.type", "lz4"},
    {PRODUCER, "queue.buffering.max.messages", "100000"},
    {PRODUCER, "queue.buffering.max.kbytes", "65536"},
    {PRODUCER, "batch.num.messages", "50000"},
};

// What correctness rests on; the user may not set these.
static const struct setting forced[] = {
    {CLUSTER, "isolation.level", "read_uncommitted"}, // so that watermarks are the true ones
    {GROUP | READERS, "isolation.level", "read_committed"},
    {GROUP | READERS, "enable.auto.commit", "false"},
    {GROUP | READERS, "enable.auto.offset.store", "false"},
    {GROUP, "partition.assignment.strategy", "range"},
    {GROUP | READERS, "auto.offset.reset", "error"},
    {INPUT, "enable.partition.eof", "false"},
    {CHANGELOG, "enable.partition.eof", "true"},
    {PRODUCER, "enable.idempotence", "true"},
    {PRODUCER, "acks", "all"},
    {PRODUCER, "partitioner", "murmur2_random"}, // the Java client's placement
};

// The forced ones, their other names, and those that the application's own keys decide.
static const char *const reserved[] = {
    "isolation.level",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "partition.assignment.strategy",
    "auto.offset.reset",
    "enable.partition.eof",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "partitioner",
    "delivery.report.only.error",
    "enable.gapless.guarantee",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "transactional.id",
    "enabled_events",
    "log.queue",
};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return false;
}

void kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof(text));
    if (result != RD_KAFKA_CONF_OK)
        log_error("kafka", "own property refused", LOG_TEXT("property", name),
                  LOG_TEXT("reason", text));
    ensure(result == RD_KAFKA_CONF_OK);
}

// How long a fetcher that found its queue full waits before it looks again: newer versions take it
// from here, kafka_waker.h is for the others.
static void set_fetch_backoff(rd_kafka_conf_t *conf)
{
    char text[256];
    (void)rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "10", text, sizeof(text));
}

static void apply_own(rd_kafka_conf_t *conf, const struct setting *settings, size_t count,
                      enum kafka_kind kind)
{
    for (size_t i = 0; i < count; i++)
        if ((settings[i].kinds & (1U << kind)) != 0)
            kafka_conf_set(conf, settings[i].name, settings[i].value);
}

static enum status apply_user(rd_kafka_conf_t *conf, const struct kafka_properties *properties,
                              struct error *err)
{
    for (size_t i = 0; i < properties->count; i++) {
        const struct kafka_property *item = &properties->items[i];
        if (is_reserved(item->name))
            return error_set(err, STATUS_FATAL,
                             "kafka.%s cannot be set: the service's guarantees rest on its own "
                             "value for it; remove it from the configuration",
                             item->name);
        char text[512];
        if (rd_kafka_conf_set(conf, item->name, item->value, text, sizeof(text)) !=
            RD_KAFKA_CONF_OK)
            return error_set(err, STATUS_FATAL, "kafka.%s: librdkafka %s refuses it: %s",
                             item->name, rd_kafka_version_str(), text);
    }
    return STATUS_OK;
}

long kafka_properties_number(const struct kafka_properties *properties, const char *name,
                             long fallback)
{
    for (size_t i = properties->count; i-- > 0;) {
        if (strcmp(properties->items[i].name, name) != 0)
            continue;
        char *end = NULL;
        long value = strtol(properties->items[i].value, &end, 10);
        return end != properties->items[i].value && *end == '\0' ? value : fallback;
    }
    return fallback;
}

// A transactional producer must be able to send a request before its transaction times out:
// librdkafka refuses a longer socket time-out, which is a sensible one for the other handles.
static void cap_socket_timeout(rd_kafka_conf_t *conf, const struct kafka_properties *properties)
{
    long transaction_ms = kafka_properties_number(properties, "transaction.timeout.ms", 10000);
    long socket_ms = kafka_properties_number(properties, "socket.timeout.ms", -1);
    if (socket_ms < 0 || socket_ms <= transaction_ms || transaction_ms < 10)
        return;
    char text[32];
    snprintf(text, sizeof(text), "%ld", transaction_ms);
    kafka_conf_set(conf, "socket.timeout.ms", text);
}

enum status kafka_properties_conf(const struct kafka_properties *properties, enum kafka_kind kind,
                                  rd_kafka_conf_t **out, struct error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    apply_own(conf, defaults, sizeof(defaults) / sizeof(defaults[0]), kind);
    set_fetch_backoff(conf);
    enum status status = apply_user(conf, properties, err);
    if (status != STATUS_OK) {
        rd_kafka_conf_destroy(conf);
        return status;
    }
    if (kind == KAFKA_KIND_PRODUCER)
        cap_socket_timeout(conf, properties);
    apply_own(conf, forced, sizeof(forced) / sizeof(forced[0]), kind);
    *out = conf;
    return STATUS_OK;
}

enum status kafka_properties_check(const struct kafka_properties *properties, struct error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum status status = apply_user(conf, properties, err);
    char servers[8];
    size_t size = sizeof(servers);
    bool unset = rd_kafka_conf_get(conf, "bootstrap.servers", servers, &size) != RD_KAFKA_CONF_OK ||
                 size <= 1;
    rd_kafka_conf_destroy(conf);
    if (status == STATUS_OK && unset)
        return error_set(err, STATUS_FATAL,
                         "kafka.bootstrap.servers is not set: give the brokers' addresses, e.g. "
                         "kafka: {bootstrap.servers: \"localhost:9092\"}");
    return status;
}

static int64_t kbytes_of(const rd_kafka_conf_t *conf, const char *name)
{
    char text[32];
    size_t size = sizeof(text);
    rd_kafka_conf_res_t result = rd_kafka_conf_get(conf, name, text, &size);
    ensure(result == RD_KAFKA_CONF_OK);
    return strtoll(text, NULL, 10) * 1024;
}

enum status kafka_bounds_read(const struct kafka_property *items, size_t count,
                              struct kafka_bounds *out, struct error *err)
{
    const struct kafka_properties properties = {items, count};
    rd_kafka_conf_t *input;
    rd_kafka_conf_t *producer;
    enum status status = kafka_properties_conf(&properties, KAFKA_KIND_INPUT, &input, err);
    if (status != STATUS_OK)
        return status;
    out->consume_queue_bytes = kbytes_of(input, "queued.max.messages.kbytes");
    rd_kafka_conf_destroy(input);
    status = kafka_properties_conf(&properties, KAFKA_KIND_PRODUCER, &producer, err);
    if (status != STATUS_OK)
        return status;
    out->produce_queue_bytes = kbytes_of(producer, "queue.buffering.max.kbytes");
    rd_kafka_conf_destroy(producer);
    return STATUS_OK;
}
