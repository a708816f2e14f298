// SPDX-License-Identifier: Apache-2.0
// The service on a real Apache Kafka, as a ratio to bare consumption of the same topic by
// librdkafka in the same run: purchases a second, CPU seconds per million purchases of the process,
// peak RSS. Each run of the service ends with the oracle's verdict on its alerts.
//   BENCH_PURCHASES (default 2000000), BENCH_CARDS (default 1000000)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/scene.h"

enum { BATCH_MESSAGES = 10000, START_MS_MAX = 60000, CATCH_UP_MS_MAX = 600000 };

struct figures {
    double seconds;
    double cpu_seconds;
    int64_t peak_kib;
};

static size_t setting(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void report(const char *name, size_t count, const struct figures *figures, double ceiling)
{
    double rate = (double)count / figures->seconds;
    printf("%-34s %10.0f /s   %6.2f CPU s per 1 M   %7.1f MiB   ratio %.2f\n", name, rate,
           figures->cpu_seconds * 1e6 / (double)count, (double)figures->peak_kib / 1024,
           rate / ceiling);
    fflush(stdout);
}

static rd_kafka_t *consumer_open(const char *bootstrap)
{
    static const char *const properties[][2] = {
        {"group.id", "bare"},
        {"isolation.level", "read_committed"},
        {"enable.auto.commit", "false"},
        {"auto.offset.reset", "earliest"},
        {"queued.min.messages", "1000000"},
        {"queued.max.messages.kbytes", "65536"},
        {"fetch.message.max.bytes", "4194304"},
    };
    char errstr[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, errstr, sizeof(errstr));
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        assert_int_equal(
            rd_kafka_conf_set(conf, properties[i][0], properties[i][1], errstr, sizeof(errstr)),
            RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, errstr, sizeof(errstr));
    assert_non_null(rk);
    return rk;
}

static double cpu_seconds_of_self(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
           (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static size_t consume_all(rd_kafka_queue_t *queue, size_t count)
{
    static rd_kafka_message_t *messages[BATCH_MESSAGES];
    size_t seen = 0;
    int64_t deadline_ms = process_clock_ms() + CATCH_UP_MS_MAX;
    while (seen < count) {
        assert_true(process_clock_ms() < deadline_ms);
        ssize_t got = rd_kafka_consume_batch_queue(queue, 10, messages, BATCH_MESSAGES);
        for (ssize_t i = 0; i < got; i++) {
            seen += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy(messages[i]);
        }
    }
    return seen;
}

// The ceiling: everything read and thrown away.
static struct figures measure_bare(const struct scene *scene)
{
    rd_kafka_t *rk = consumer_open(kafkad_bootstrap(scene->kafka));
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (int32_t p = 0; p < scene->settings.partitions; p++)
        rd_kafka_topic_partition_list_add(list, scene->purchases, p)->offset = 0;
    struct figures figures = {.cpu_seconds = -cpu_seconds_of_self()};
    int64_t began_ms = process_clock_ms();
    assert_int_equal(rd_kafka_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    (void)consume_all(queue, scene->workload.sent_count);
    figures.seconds = (double)(process_clock_ms() - began_ms) / 1000;
    figures.cpu_seconds += cpu_seconds_of_self();
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    return figures;
}

static void read_process(const struct cardwatch *service, struct figures *figures)
{
    char path[64];
    char line[512];
    unsigned long user = 0;
    unsigned long system = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)service->process.pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_int_equal(sscanf(strrchr(line, ')'),
                            ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                            &system),
                     2);
    figures->cpu_seconds += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)service->process.pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "VmHWM: %" SCNd64, &figures->peak_kib) == 1)
            break;
    fclose(file);
}

// From the first partition at work to the last purchase committed.
static struct figures measure_service(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    struct figures figures = {0};
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, 0, "partition running", 1, START_MS_MAX));
    int64_t began_ms = process_clock_ms();
    assert_true(scene_await_caught_up(scene, CATCH_UP_MS_MAX));
    figures.seconds = (double)(process_clock_ms() - began_ms) / 1000;
    read_process(service, &figures);
    return figures;
}

static struct scene_settings bench_settings(const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.generator.card_count = setting("BENCH_CARDS", 1000000);
    settings.generator.events_per_second = 1000; // few alerts besides the planted ones
    settings.generator.disorder_ms = 1000;
    return settings;
}

static void run(void **state, const char *label, const struct scene_settings *settings)
{
    struct scene *scene = stage_scene(state, settings);
    size_t count = setting("BENCH_PURCHASES", 2000000);
    workload_send(&scene->workload, count);
    struct figures bare = measure_bare(scene);
    double ceiling = (double)count / bare.seconds;
    bare.peak_kib = 0;
    report("bare consumption", count, &bare, ceiling);
    struct figures service = measure_service(scene);
    report(label, count, &service, ceiling);
    size_t repeats = 0;
    assert_true(scene_judge(scene, &repeats));
    printf("  %zu alerts, equal to the oracle's, %zu repeated\n", scene->workload.alert_count,
           repeats);
    assert_int_equal(cardwatch_stop(&scene->services[0], 10000), 0);
    scene->passed = true;
}

static void exactly_once__sliding(void **state)
{
    const struct scene_settings settings = bench_settings("sliding");
    run(state, "exactly once, sliding, 1 thread", &settings);
}

static void exactly_once__two_threads(void **state)
{
    struct scene_settings settings = bench_settings("two");
    settings.threads = 2;
    run(state, "exactly once, sliding, 2 threads", &settings);
}

static void at_least_once__sliding(void **state)
{
    struct scene_settings settings = bench_settings("alo");
    settings.guarantee = "at_least_once";
    run(state, "at least once, sliding, 1 thread", &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(exactly_once__sliding, stage_end_test),
        cmocka_unit_test_teardown(exactly_once__two_threads, stage_end_test),
        cmocka_unit_test_teardown(at_least_once__sliding, stage_end_test),
    };
    return stage_run(tests);
}
