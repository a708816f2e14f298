// SPDX-License-Identifier: Apache-2.0
#include "bench/ceiling.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "broker/kafka_properties.h"
#include "broker/kafka_reading.h"
#include "lib/meter.h"
#include "lib/plain_client.h"
#include "lib/process.h"
#include "lib/workspace.h"
#include "wire/purchase.h"
#include "wire/schemas.h"

enum { THREADS_MAX = 8, TIMEOUT_MS = 600000, WATERMARK_MS = 10000, ARGUMENTS = 5 };

// One consumer and what it reads: the partitions p with p % threads == number.
struct reading_thread {
    pthread_t thread;
    rd_kafka_t *consumer;
    rd_kafka_topic_partition_list_t *partitions;
    const struct purchase_plan *plan; // NULL: nothing is decoded
    int64_t end;                      // messages to come
    uint64_t decoded;
};

static rd_kafka_t *consumer_open(const char *bootstrap)
{
    const struct kafka_property server = {"bootstrap.servers", bootstrap};
    const struct kafka_properties properties = {&server, 1};
    struct error err;
    rd_kafka_conf_t *conf = NULL;
    if (kafka_properties_conf(&properties, KAFKA_KIND_INPUT, &conf, &err) != STATUS_OK)
        site_fail("%s", err.text);
    kafka_conf_set(conf, "group.id", "ceiling");
    return plain_client_open(RD_KAFKA_CONSUMER, conf);
}

static void add_partition(struct reading_thread *reader, const char *topic, int32_t partition)
{
    int64_t low;
    int64_t high;
    rd_kafka_topic_partition_list_add(reader->partitions, topic, partition)->offset = 0;
    ensure(rd_kafka_query_watermark_offsets(reader->consumer, topic, partition, &low, &high,
                                            WATERMARK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
    reader->end += high;
}

static void decode(struct reading_thread *reader, const rd_kafka_message_t *message)
{
    uint32_t schema_id;
    struct view body;
    struct purchase purchase;
    const char *reason;
    const struct view value = {message->payload, message->len};
    reader->decoded += frame_split(value, &schema_id, &body) &&
                       purchase_decode(reader->plan, body, &purchase, &reason) == DEAD_LETTER_NONE;
}

static void *read_all(void *context)
{
    struct reading_thread *reader = context;
    rd_kafka_message_t *messages[KAFKA_BATCH_MESSAGES_MAX];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(reader->consumer);
    ensure(rd_kafka_assign(reader->consumer, reader->partitions) == RD_KAFKA_RESP_ERR_NO_ERROR);
    for (int64_t seen = 0; seen < reader->end;) {
        // As the service does: what is there, or else wait for one.
        ssize_t got = rd_kafka_consume_batch_queue(queue, 0, messages, KAFKA_BATCH_MESSAGES_MAX);
        if (got == 0)
            got = rd_kafka_consume_batch_queue(queue, 100, messages, 1);
        for (ssize_t i = 0; i < got; i++) {
            seen += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            if (reader->plan != NULL && messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR)
                decode(reader, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
    }
    rd_kafka_queue_destroy(queue);
    return NULL;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
           (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static void measure(struct reading_thread *readers, size_t threads)
{
    double began = meter_now();
    double cpu = cpu_seconds();
    int64_t read = 0;
    for (size_t t = 0; t < threads; t++)
        ensure(pthread_create(&readers[t].thread, NULL, read_all, &readers[t]) == 0);
    for (size_t t = 0; t < threads; t++)
        pthread_join(readers[t].thread, NULL);
    for (size_t t = 0; t < threads; t++) {
        read += readers[t].end;
        ensure(readers[t].plan == NULL || readers[t].decoded == (uint64_t)readers[t].end);
    }
    printf("measured %f %f %lld %lld\n", meter_now() - began, cpu_seconds() - cpu,
           (long long)meter_rss_peak_kib(getpid()), (long long)read);
}

// BOOTSTRAP TOPIC PARTITIONS THREADS read|decode
int ceiling_main(int count, char **arguments)
{
    struct reading_thread readers[THREADS_MAX] = {0};
    struct purchase_plan *plan = NULL;
    struct error err;
    ensure(count == ARGUMENTS);
    int32_t partitions = (int32_t)strtol(arguments[2], NULL, 10);
    size_t threads = strtoul(arguments[3], NULL, 10);
    ensure(threads >= 1 && threads <= THREADS_MAX);
    const uint32_t needed = PURCHASE_ID | PURCHASE_CREDIT_CARD | PURCHASE_TIMESTAMP;
    if (strcmp(arguments[4], "decode") == 0 &&
        purchase_plan_compile(schema_purchase(), needed, &plan, &err) != STATUS_OK)
        site_fail("%s", err.text);
    for (size_t t = 0; t < threads; t++) {
        readers[t].consumer = consumer_open(arguments[0]);
        readers[t].partitions = rd_kafka_topic_partition_list_new(partitions);
        readers[t].plan = plan;
        for (int32_t p = (int32_t)t; p < partitions; p += (int32_t)threads)
            add_partition(&readers[t], arguments[1], p);
    }
    measure(readers, threads);
    for (size_t t = 0; t < threads; t++) {
        rd_kafka_topic_partition_list_destroy(readers[t].partitions);
        rd_kafka_destroy(readers[t].consumer);
    }
    purchase_plan_free(plan);
    return 0;
}

static void read_answer(const char *log_path, struct row *row)
{
    long long rss_kib = 0;
    long long events = 0;
    char *said = workspace_read(log_path);
    const char *at = strstr(said, "measured ");
    if (at == NULL || sscanf(at, "measured %lf %lf %lld %lld", &row->seconds, &row->cpu_seconds,
                             &rss_kib, &events) != 4)
        site_fail("the ceiling's process failed: %s", said);
    row->rss_peak_kib = rss_kib;
    row->events = (double)events;
    free(said);
}

static struct row run(struct site *site, const struct load *load, const char *what, int threads)
{
    struct row row = row_of(what[0] == 'd' ? 'b' : 'a', "librdkafka alone%s, %d thread%s",
                            what[0] == 'd' ? " + decode" : "", threads, threads == 1 ? "" : "s");
    struct process process;
    int exit_code = -1;
    char *partitions = workspace_text("%d", load->partitions);
    char *thread_count = workspace_text("%d", threads);
    char *name = workspace_text("ceiling-%u", ++site->trials);
    char *dir = kafkad_make_dir(site->kafka, name);
    char *log_path = workspace_text("%s/log", dir);
    const char *const argv[] = {"/proc/self/exe",
                                "ceiling",
                                site->bootstrap,
                                load->topic,
                                partitions,
                                thread_count,
                                what,
                                NULL};
    process_spawn(&process, argv, log_path);
    struct meter *meter = meter_open(process.pid, site->kafka);
    if (!process_wait(&process, TIMEOUT_MS, &exit_code))
        process_kill(&process);
    row_measure_whole(&row,
                      meter); // the peak of anonymous memory; the process itself says the rest
    meter_close(meter);
    read_answer(log_path, &row);
    free(partitions);
    free(thread_count);
    free(name);
    free(dir);
    free(log_path);
    return row;
}

void ceiling_lines(struct site *site, const struct load *load)
{
    struct row one = run(site, load, "read", 1);
    site->figures.ceiling_per_second = one.events / one.seconds;
    figures_take(&site->figures, &one);
    if (!options_want(&site->options, 'a') || load->partitions == 1)
        return;
    struct row two = run(site, load, "read", 2);
    figures_take(&site->figures, &two);
}

void ceiling_decode_lines(struct site *site, const struct load *load)
{
    struct row one = run(site, load, "decode", 1);
    figures_take(&site->figures, &one);
    if (load->partitions == 1)
        return;
    struct row two = run(site, load, "decode", 2);
    figures_take(&site->figures, &two);
}
