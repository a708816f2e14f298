// SPDX-License-Identifier: Apache-2.0
// Card numbers stay in the topics that carry them by design. The service works through purchases,
// bad messages and misplaced ones, logs whatever it can, is asked over HTTP, is killed, aborted and
// stopped, and refuses to start; then every byte that it has written is searched: state directory
// with the registry's cache, changelog, the group's offsets, log, HTTP answers, and what other
// commands print.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "lib/card_search.h"
#include "lib/raw_http.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum {
    CARDS = 3000,
    PORTION = 4000,
    EACH_CLASS = 3,
    STOP_TIMEOUT_MS = 10000,
    FILE_BYTES_MAX = 512 * 1024 * 1024,
    PATH_BYTES_MAX = 256,
};

// What has been searched, and how often a card was found where none may be.
static struct {
    struct card_search search;
    size_t leaks;
    size_t files;
    size_t stores;  // LMDB's files
    size_t schemas; // of the registry's cache
    size_t bytes;
} hunt;

static void must_not_hold(struct view bytes, const char *where)
{
    const char *form = "";
    size_t count = card_search_count(&hunt.search, bytes, &form);
    hunt.bytes += bytes.size;
    if (count == 0)
        return;
    print_error("%s holds %zu card numbers (as %s)\n", where, count, form);
    hunt.leaks += count;
}

static int search_file(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)walk;
    struct buffer content;
    struct error err;
    bool found = false;
    if (kind != FTW_F)
        return 0;
    buffer_init(&content, FILE_BYTES_MAX);
    assert_int_equal(file_read(path, &content, &found, &err), STATUS_OK);
    must_not_hold(buffer_view(&content), path);
    must_not_hold(view_text(path), "a file's name");
    buffer_release(&content);
    hunt.files++;
    hunt.stores += strstr(path, "/data.mdb") != NULL;
    hunt.schemas += strstr(path, ".schema") != NULL;
    return 0;
}

struct tally {
    size_t records;
    size_t cards;
};

static void count_cards(void *context, const struct topic_record *record)
{
    struct tally *tally = context;
    size_t count = card_search_count(&hunt.search, record->key, NULL) +
                   card_search_count(&hunt.search, record->value, NULL);
    for (size_t i = 0; i < record->header_count; i++)
        count += card_search_count(&hunt.search, record->headers[i].value, NULL) +
                 card_search_count(&hunt.search, view_text(record->headers[i].name), NULL);
    tally->cards += count;
    tally->records++;
}

static size_t cards_in_topic(const struct scene *scene, const char *topic)
{
    struct tally tally = {0};
    const struct record_visitor visitor = {count_cards, &tally};
    records_visit_uncommitted(&visitor, kafkad_bootstrap(scene->kafka), topic);
    assert_true(tally.records > 0);
    return tally.cards;
}

static void topic_must_not_hold(const struct scene *scene, const char *topic)
{
    size_t count = cards_in_topic(scene, topic);
    if (count > 0)
        print_error("the topic %s holds %zu card numbers\n", topic, count);
    hunt.leaks += count;
}

// `body` NULL: none, else JSON; `expected` "": anything.
static void ask(uint16_t port, const char *method, const char *target, const char *body,
                const char *expected)
{
    struct raw_http_answer answer;
    raw_http_exchange(port, method, target,
                      body == NULL ? "" : "Content-Type: application/json\r\n", body, &answer);
    must_not_hold(view_text(answer.head), target);
    must_not_hold((struct view){(const uint8_t *)answer.body, answer.body_bytes}, target);
    if (strstr(answer.body, expected) == NULL)
        fail_msg("%s %s: %s", method, target, answer.body);
    raw_http_release(&answer);
}

// Whoever asks with a card number does not get it back. `window`: of the card's own.
static void ask_with_a_card(uint16_t port, const char *window)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
    char card[SPREAD_CARD_BYTES], target[64], json[64];
    spread_card_text(1, card);
    snprintf(target, sizeof(target), "/api/v1/card?credit_card=%s", card);
    snprintf(json, sizeof(json), "{\"credit_card\": \"%s\"}", card);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        bool reads = strcmp(methods[i], "GET") == 0;
        ask(port, methods[i], target, reads ? NULL : json, "");
        ask(port, methods[i], "/api/v1/card", reads ? NULL : json, "");
        ask(port, methods[i], target + strlen("/api/v1"), reads ? NULL : json, "");
    }
    ask(port, "POST", "/api/v1/card", json, window);
}

// The live stream, until it has shown an alert and the status.
static void follow(uint16_t port)
{
    struct buffer seen;
    uint8_t piece[4096];
    buffer_init(&seen, FILE_BYTES_MAX);
    int fd = raw_http_connect(port);
    raw_http_request(fd, "GET", "/api/v1/stream", "", NULL);
    do {
        ssize_t got = recv(fd, piece, sizeof(piece), 0);
        assert_true(got > 0);
        assert_true(buffer_append(&seen, piece, (size_t)got));
    } while (memmem(seen.data, seen.size, "event: alert", 12) == NULL ||
             memmem(seen.data, seen.size, "event: status", 13) == NULL);
    close(fd);
    must_not_hold(buffer_view(&seen), "the live stream");
    buffer_release(&seen);
}

static void ask_all(struct cardwatch *service, size_t log_from, const char *window)
{
    static const char *const others[] = {"/",
                                         "/page.js",
                                         "/page.css",
                                         "/charts.js",
                                         "/icon.svg",
                                         "/chart.min.js",
                                         "/api/v1/status",
                                         "/api/v1/alerts",
                                         "/api/v1/rules"};
    char card[SPREAD_CARD_BYTES], target[64];
    assert_true(cardwatch_await_log(service, log_from, "listening", 1, SCENE_CATCH_UP_MS));
    char *log = workspace_read(service->log_path);
    const char *at = strstr(log + log_from, "listening");
    at = at == NULL ? NULL : strstr(at, "port");
    assert_non_null(at);
    uint16_t port = (uint16_t)strtoul(at + strcspn(at, "0123456789"), NULL, 10);
    free(log);
    spread_card_text(1, card);
    snprintf(target, sizeof(target), "/%s", card);
    ask(port, "GET", "/metrics", NULL, "cardwatch_purchases_consumed_total");
    ask(port, "GET", "/healthz", NULL, "ok");
    ask(port, "GET", "/readyz", NULL, "ready");
    ask(port, "GET", target, NULL, "");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ask(port, "GET", others[i], NULL, "");
    ask_with_a_card(port, window);
    follow(port);
}

// Everything that is bad, several times, and cards under foreign keys.
static void send_oddities(struct scene *scene)
{
    struct generated message;
    for (int class_ = DEAD_LETTER_BAD_FRAME; class_ < DEAD_LETTER_CLASSES; class_++) {
        for (int i = 0; i < EACH_CLASS; i++) {
            generator_malformed(scene->workload.generator, (enum dead_letter_class)class_,
                                &message);
            workload_take(&scene->workload, &message, -1);
        }
    }
    for (int i = 0; i < EACH_CLASS; i++) {
        char other[SPREAD_CARD_BYTES];
        spread_card_text((uint64_t)i, other);
        generator_next(scene->workload.generator, &message);
        message.key = view_text(other);
        workload_take(&scene->workload, &message, 1);
    }
}

static void expect_no_core_files(const struct cardwatch *service)
{
    char path[PATH_BYTES_MAX], soft[32], hard[32];
    snprintf(path, sizeof(path), "/proc/%d/limits", (int)service->process.pid);
    char *limits = workspace_read(path);
    const char *line = strstr(limits, "Max core file size");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "Max core file size %31s %31s", soft, hard), 2);
    assert_string_equal(soft, "0");
    assert_string_equal(hard, "0");
    free(limits);
}

// What an assertion that fails does to it: no core file comes of that.
static void abort_it(struct cardwatch *service)
{
    int status = 0;
    process_signal(&service->process, SIGABRT);
    assert_int_equal(waitpid(service->process.pid, &status, 0), service->process.pid);
    service->process.pid = 0;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_false(WCOREDUMP(status));
}

// Starts that come to nothing, each with its sentence on stderr: a rule that has changed, a secret
// that has, a schema registry that is away while the schemas are known, a store of broken bytes.
static void fail_to_start(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    char *secret = workspace_text("%s/secret", scene->dir);
    char *set = workspace_text("state.secret_file=%s", secret);
    workspace_write(secret, "another secret than the one that was used before\n");
    assert_int_equal(chmod(secret, 0600), 0);
    size_t set_count = service->set_count;
    const char *const sets[] = {"rules.0.window_ms=30000", set, "processing.threads=none"};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        cardwatch_set(service, sets[i]);
        cardwatch_start(service);
        assert_true(cardwatch_await_exit(service, SCENE_CATCH_UP_MS) > 0);
        while (service->set_count > set_count)
            free(service->sets[--service->set_count]);
    }
    free(set);
    free(secret);
}

static void break_store(const struct scene *scene)
{
    char *path = workspace_text("%s/%s/0/data.mdb", scene->state_dir, scene->application_id);
    assert_int_equal(truncate(path, 8192 + 100), 0);
    free(path);
}

// The store is restored, and the schemas come from the cache.
static void start_on_ruins(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    break_store(scene);
    scene_stop_registry(scene);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(service);
    assert_true(scene_await_progress(scene, PORTION, SCENE_CATCH_UP_MS));
    scene_start_registry(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
}

static void work(struct scene *scene)
{
    struct cardwatch *service = &scene->services[0];
    workload_send(&scene->workload, PORTION);
    send_oddities(scene);
    cardwatch_start(service);
    ask_all(service, 0, ""); // it may still be restoring
    expect_no_core_files(service);
    assert_true(cardwatch_await_log(service, 0, "core files are off", 1, SCENE_CATCH_UP_MS));
    assert_true(scene_await_progress(scene, PORTION / 2, SCENE_CATCH_UP_MS));
    workload_send(&scene->workload, PORTION);
    cardwatch_kill(service);
    size_t killed_at = cardwatch_log_size(service);
    cardwatch_set(service, "log.format=json");
    cardwatch_set(service, "kafka.debug=all");
    cardwatch_start(service);
    workload_send(&scene->workload, PORTION);
    send_oddities(scene);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    ask_all(service, killed_at, "\"purchases\"");
    abort_it(service);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(service);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    fail_to_start(scene);
    start_on_ruins(scene);
    assert_int_equal(cardwatch_command(service, "check"), 0);
    assert_int_equal(cardwatch_command(service, "inspect"), 0);
}

static void card_numbers__leave_by_the_topics_that_carry_them_alone(void **state)
{
    struct scene_settings settings = scene_settings_default("leak");
    settings.generator.card_count = CARDS;
    settings.generator.burst_ppm = 20000;
    settings.generator.malformed_ppm = 5000;
    settings.generator.null_timestamp_ppm = 1000;
    struct scene *scene = stage_scene(state, &settings);
    cardwatch_set(&scene->services[0], "log.level=debug");
    cardwatch_set(&scene->services[0], "http.listen=127.0.0.1:0");
    char *masked = workspace_text("%s-masked", scene->purchases);
    char *set = workspace_text("topics.masked_purchases=%s", masked);
    cardwatch_set(&scene->services[0], set);
    card_search_init(&hunt.search, CARDS);
    work(scene);
    assert_true(scene_judge(scene, NULL));

    // That the search would see them.
    assert_true(cards_in_topic(scene, scene->purchases) > 0);
    assert_true(cards_in_topic(scene, scene->alerts_avro) > 0);
    assert_true(cards_in_topic(scene, scene->alerts_json) > 0);
    assert_true(cards_in_topic(scene, scene->dead_letters) > 0);

    topic_must_not_hold(scene, scene->changelog);
    topic_must_not_hold(scene, masked);
    topic_must_not_hold(scene, "__consumer_offsets");
    topic_must_not_hold(scene, "__transaction_state");
    assert_int_equal(nftw(scene->dir, search_file, 16, FTW_PHYS), 0);
    print_message("%zu files; %zu bytes of them and of answers\n", hunt.files, hunt.bytes);
    assert_int_equal(hunt.stores, settings.partitions);
    assert_true(hunt.schemas >= 1);
    assert_true(hunt.files > 12); // the log, the configuration, locks, names, ...
    assert_true(cardwatch_log_count(&scene->services[0], 0, "debug") > 0);
    card_search_release(&hunt.search);
    free(masked);
    free(set);
    assert_int_equal(hunt.leaks, 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(card_numbers__leave_by_the_topics_that_carry_them_alone),
    };
    return stage_run(tests);
}
