// SPDX-License-Identifier: Apache-2.0
// The registry's client over real sockets: against the development registry, and against servers
// that hang, reset, cut, flood and answer nonsense.
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "demo/dev_registry.h"
#include "lib/odd_server.h"
#include "registry/registry.h"

enum { DEADLINE_MS = 20 * 1000, UNKNOWN_AFTER_MS = 300, ASKERS = 8, IDS = 20 };

static const char alert[] = "{\"type\": \"record\", \"name\": \"Alert\", \"fields\": "
                            "[{\"name\": \"type\", \"type\": \"string\"}]}";
static const char alert_served[] =
    "{\"fields\":[{\"name\":\"type\",\"type\":\"string\"}],\"name\":\"Alert\",\"type\":\"record\"}";
static const char alert_wider[] =
    "{\"type\":\"record\",\"name\":\"Alert\",\"fields\":[{\"name\":\"type\",\"type\":\"string\"},"
    "{\"name\":\"must\",\"type\":\"string\"}]}";

#define ANSWER(code, text)                                                                         \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = (code), .body = (text)                                       \
    }
#define NO_SCHEMA ANSWER(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}")
#define GOOD ANSWER(200, "{\"schema\":\"\\\"string\\\"\"}")
#define NOT_FOUND                                                                                  \
    {                                                                                              \
        .kind = ODD_ANSWER, .status = 404, .headers = "Content-Type: application/json\r\n",        \
        .body = "\"Not Found\""                                                                    \
    }

static void settings_init(struct registry_settings *settings, const char *url)
{
    *settings = (struct registry_settings){
        .url = url, .timeout_ms = DEADLINE_MS, .unknown_after_ms = UNKNOWN_AFTER_MS};
}

static struct registry *open_with(const struct registry_settings *settings)
{
    struct registry *registry = NULL;
    struct error err = {""};
    if (registry_open(settings, &registry, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return registry;
}

static struct registry *open_at(const char *url)
{
    struct registry_settings settings;
    settings_init(&settings, url);
    return open_with(&settings);
}

static struct dev_registry *dev_open(uint16_t port, char *url, size_t size)
{
    struct dev_registry *dev = NULL;
    struct error err = {""};
    if (dev_registry_open(port, &dev, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    snprintf(url, size, "http://127.0.0.1:%u", (unsigned)dev_registry_port(dev));
    return dev;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Between two looks at a condition.
static void breathe(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * 1000 * 1000}, NULL);
}

// Asks until the answer is not "pending".
static enum registry_answer settled(struct registry *registry, uint32_t id, struct view *schema)
{
    int64_t end_ms = now_ms() + DEADLINE_MS;
    for (;;) {
        enum registry_answer answer = registry_schema(registry, id, schema);
        if (answer != REGISTRY_PENDING || now_ms() > end_ms)
            return answer;
        breathe();
    }
}

static void assert_schema(struct registry *registry, uint32_t id, const char *text)
{
    struct view schema = {NULL, 0};
    assert_int_equal(settled(registry, id, &schema), REGISTRY_READY);
    assert_int_equal(schema.size, strlen(text));
    assert_memory_equal(schema.data, text, schema.size);
}

// Waits until the registry counts as unreachable.
static void await_trouble(struct registry *registry, struct error *err)
{
    int64_t end_ms = now_ms() + DEADLINE_MS;
    while (!registry_unreachable(registry, err)) {
        assert_true(now_ms() < end_ms);
        breathe();
    }
}

static void await_requests(struct odd_server *server, size_t count)
{
    int64_t end_ms = now_ms() + DEADLINE_MS;
    while (odd_server_requests(server) < count) {
        assert_true(now_ms() < end_ms);
        breathe();
    }
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

static uint32_t register_fine(struct registry *registry, const char *subject, const char *schema)
{
    uint32_t id = 0;
    struct error err = {""};
    if (registry_register(registry, subject, view_text(schema), DEADLINE_MS, &id, &err) !=
        STATUS_OK)
        fail_msg("%s", err.text);
    return id;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// ---- against the development registry

static void registry__registers_and_serves_the_text_that_the_registry_keeps(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = open_at(url);
    uint32_t id = register_fine(registry, "alerts-value", alert);
    assert_int_equal(id, 1);
    assert_int_equal(register_fine(registry, "alerts-value", alert_served), 1);
    assert_int_equal(register_fine(registry, "a topic/with % and \xc3\xa9-value", alert), 1);
    assert_schema(registry, 1, alert_served);

    struct error err = {""};
    uint32_t latest = 0;
    char *text = NULL;
    assert_int_equal(registry_latest(registry, "a topic/with % and \xc3\xa9-value", DEADLINE_MS,
                                     &latest, &text, &err),
                     STATUS_OK);
    assert_int_equal(latest, 1);
    assert_string_equal(text, alert_served);
    free(text);
    assert_int_equal(registry_ping(registry, DEADLINE_MS, &err), STATUS_OK);
    assert_int_equal(registry_requests(registry, REGISTRY_OK), 6);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__refusals_have_the_registrys_words(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = open_at(url);
    struct error err = {""};
    uint32_t id = 0;
    char *text = NULL;
    register_fine(registry, "alerts-value", alert);

    assert_int_equal(
        registry_register(registry, "alerts-value", view_text(alert_wider), DEADLINE_MS, &id, &err),
        STATUS_FATAL);
    assert_holds(err.text, "subject alerts-value");
    assert_holds(err.text, url);
    assert_holds(err.text, "409");
    assert_holds(err.text, "Incompatible schema, compatibility_mode=BACKWARD");
    assert_int_equal(
        registry_register(registry, "alerts-value", view_text("{nonsense"), DEADLINE_MS, &id, &err),
        STATUS_FATAL);
    assert_holds(err.text, "Invalid AVRO schema");
    assert_int_equal(registry_register(registry, "alerts-value",
                                       (struct view){(const uint8_t *)"\"\xff\"", 3}, DEADLINE_MS,
                                       &id, &err),
                     STATUS_FATAL);
    assert_holds(err.text, "not UTF-8");
    assert_int_equal(
        registry_lookup(registry, "alerts-value", view_text(alert_wider), DEADLINE_MS, &id, &err),
        STATUS_FATAL);
    assert_holds(err.text, "auto_register");
    assert_int_equal(
        registry_lookup(registry, "alerts-value", view_text(alert), DEADLINE_MS, &id, &err),
        STATUS_OK);
    assert_int_equal(id, 1);
    assert_int_equal(registry_latest(registry, "nosuch", DEADLINE_MS, &id, &text, &err),
                     STATUS_FATAL);
    assert_holds(err.text, "Subject 'nosuch' not found.");
    registry_close(registry);
    dev_registry_close(dev);
}

static void *ask_for_all(void *context)
{
    struct registry *registry = context;
    for (uint32_t id = 1; id <= IDS; id++) {
        struct view schema;
        if (settled(registry, id, &schema) != REGISTRY_READY)
            return context;
    }
    return NULL;
}

static void registry__fetches_an_id_once_however_many_ask(void **state)
{
    (void)state;
    char url[64];
    char schema[128];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = open_at(url);
    for (int i = 1; i <= IDS; i++) {
        snprintf(schema, sizeof schema, "{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":%d}", i, i);
        char subject[32];
        snprintf(subject, sizeof subject, "s%d", i);
        assert_int_equal(register_fine(registry, subject, schema), i);
    }
    pthread_t threads[ASKERS];
    for (size_t i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, registry), 0);
    for (size_t i = 0; i < ASKERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(dev_registry_fetches(dev), IDS);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__an_id_is_unknown_only_after_a_while_and_may_come_later(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry *registry = open_at(url);
    struct view schema;
    int64_t start_ms = now_ms();
    assert_int_equal(settled(registry, 1, &schema), REGISTRY_UNKNOWN);
    assert_true(now_ms() - start_ms >= UNKNOWN_AFTER_MS);
    assert_false(registry_unreachable(registry, NULL));
    assert_true(registry_requests(registry, REGISTRY_NOT_FOUND) >= 2);

    register_fine(registry, "alerts-value", alert);
    int64_t end_ms = now_ms() + DEADLINE_MS;
    enum registry_answer answer;
    while ((answer = settled(registry, 1, &schema)) == REGISTRY_UNKNOWN && now_ms() < end_ms)
        breathe();
    assert_int_equal(answer, REGISTRY_READY);
    registry_close(registry);
    dev_registry_close(dev);
}

static void registry__waits_for_a_registry_that_restarts_on_the_same_port(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    uint16_t port = dev_registry_port(dev);
    struct registry *registry = open_at(url);
    register_fine(registry, "alerts-value", alert);
    assert_schema(registry, 1, alert_served);
    dev_registry_close(dev);

    struct view schema;
    struct error err = {""};
    assert_int_equal(registry_schema(registry, 2, &schema), REGISTRY_PENDING);
    await_trouble(registry, &err);
    assert_holds(err.text, url);
    assert_holds(err.text, "/schemas/ids/2");
    assert_holds(err.text, "schema_registry.url");
    assert_int_equal(registry_schema(registry, 2, &schema), REGISTRY_PENDING);
    uint32_t id;
    assert_int_equal(registry_register(registry, "alerts-value", view_text(alert), 1, &id, &err),
                     STATUS_RETRY);
    assert_schema(registry, 1, alert_served);

    dev = dev_open(port, url, sizeof url);
    register_fine(registry, "first", "\"int\"");
    register_fine(registry, "second", "\"string\"");
    assert_schema(registry, 2, "\"string\"");
    assert_false(registry_unreachable(registry, &err));
    registry_close(registry);
    dev_registry_close(dev);
}

// ---- the cache on disk

static void registry__works_on_from_disk_with_the_registry_down(void **state)
{
    (void)state;
    char url[64];
    char folder[] = "/tmp/cardwatch-registry-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char cache[128];
    snprintf(cache, sizeof cache, "%s/state/schemas", folder);
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry_settings settings;
    settings_init(&settings, url);
    settings.cache_dir = cache;
    struct registry *registry = open_with(&settings);
    register_fine(registry, "alerts-value", alert);
    assert_schema(registry, 1, alert_served);
    registry_close(registry);
    dev_registry_close(dev);

    registry = open_with(&settings);
    struct view schema;
    assert_int_equal(registry_schema(registry, 9, &schema), REGISTRY_PENDING);
    await_trouble(registry, NULL);
    assert_schema(registry, 1, alert_served); // not held up by the one that cannot be fetched
    registry_close(registry);

    settings.url = "http://127.0.0.1:1"; // another registry: its id 1 is another schema
    registry = open_with(&settings);
    assert_int_equal(registry_schema(registry, 1, &schema), REGISTRY_PENDING);
    await_trouble(registry, NULL);
    assert_int_equal(registry_schema(registry, 1, &schema), REGISTRY_PENDING);
    registry_close(registry);
    remove_tree(folder);
}

static void registry__a_cache_that_cannot_be_made_is_no_failure(void **state)
{
    (void)state;
    char url[64];
    struct dev_registry *dev = dev_open(0, url, sizeof url);
    struct registry_settings settings;
    settings_init(&settings, url);
    settings.cache_dir = "/dev/null/cache";
    struct registry *registry = open_with(&settings);
    register_fine(registry, "alerts-value", alert);
    assert_schema(registry, 1, alert_served);
    registry_close(registry);
    dev_registry_close(dev);
}

// ---- against servers that misbehave

static void registry__a_404_that_is_not_a_registrys_is_never_unknown(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        NOT_FOUND,
        ANSWER(404, "<html>nginx</html>"),
        ANSWER(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"),
        ANSWER(404, ""),
        NOT_FOUND,
    };
    struct odd_server *server = odd_server_open(0, steps, sizeof steps / sizeof *steps);
    struct registry_settings settings;
    settings_init(&settings, odd_server_url(server));
    settings.unknown_after_ms = 0; // a registry's own 404 would count at once
    struct registry *registry = open_with(&settings);
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    await_requests(server, 5);
    assert_int_equal(registry_schema(registry, 7, &schema), REGISTRY_PENDING);
    await_trouble(registry, &err);
    assert_holds(err.text, odd_server_url(server));
    assert_holds(err.text, "/schemas/ids/7 answered 404");
    assert_holds(err.text, "check schema_registry.url");
    assert_int_equal(registry_requests(registry, REGISTRY_NOT_FOUND), 0);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__survives_every_kind_of_bad_answer(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(500, "Internal Server Error"),
        ANSWER(503, "\"Not now\""),
        ANSWER(200, "{\"schema\":\"\\\"str"),
        ANSWER(200, "[]"),
        ANSWER(200, "{\"schema\":{\"type\":\"string\"}}"),
        ANSWER(200, "null"),
        ANSWER(200, ""),
        ANSWER(204, ""),
        ANSWER(422, "{\"error_code\":422,\"message\":[{\"type\":\"missing\"}]}"),
        {.kind = ODD_CUT, .status = 200, .body = "{\"schema\":\"\\\"string\\\"\"}"},
        {.kind = ODD_RESET},
        {.kind = ODD_RAW, .body = "SSH-2.0-OpenSSH_9.2p1\r\n"},
        {.kind = ODD_RAW, .body = ""},
        {.kind = ODD_SLOW,
         .status = 200,
         .body = "{\"maxId\":12,\"id\":7,\"extra\":{\"a\":[1,2]},\"schema\":\"\\\"string\\\"\"}"},
    };
    // Each step but the last one is met by a new client, so that no back-off has to be waited for.
    size_t count = sizeof steps / sizeof *steps;
    for (size_t i = 0; i + 1 < count; i++) {
        const struct odd_step script[] = {steps[i], steps[count - 1]};
        struct odd_server *server = odd_server_open(0, script, 2);
        struct registry *registry = open_at(odd_server_url(server));
        assert_schema(registry, 7, "\"string\"");
        assert_false(registry_unreachable(registry, NULL));
        assert_true(registry_requests(registry, REGISTRY_NOT_FOUND) == 0);
        registry_close(registry);
        odd_server_close(server);
    }
}

static void registry__a_flood_is_cut_off_and_reported(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_FLOOD}, GOOD};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = open_at(odd_server_url(server));
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    await_trouble(registry, &err);
    assert_holds(err.text, "larger than");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__a_hanging_server_costs_a_time_out_only(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}, GOOD};
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry_settings settings;
    settings_init(&settings, odd_server_url(server));
    settings.timeout_ms = 100;
    struct registry *registry = open_with(&settings);
    assert_schema(registry, 7, "\"string\"");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__closing_does_not_wait_for_a_hanging_server(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_HANG}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry_settings settings;
    settings_init(&settings, odd_server_url(server));
    settings.timeout_ms = 3600 * 1000;
    struct registry *registry = open_with(&settings);
    struct view schema;
    registry_schema(registry, 7, &schema);
    await_requests(server, 1);
    registry_close(registry); // would last an hour
    odd_server_close(server);
}

static void registry__keeps_its_connection_alive(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {GOOD};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = open_at(odd_server_url(server));
    for (uint32_t id = 1; id <= IDS; id++)
        assert_schema(registry, id, "\"string\"");
    assert_int_equal(odd_server_requests(server), IDS);
    assert_int_equal(odd_server_connections(server), 1);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__tries_its_addresses_in_turn(void **state)
{
    (void)state;
    static const struct odd_step bad[] = {ANSWER(500, "no"), ANSWER(404, "\"Not Found\"")};
    static const struct odd_step good[] = {GOOD};
    struct odd_server *first = odd_server_open(0, bad, 2);
    struct odd_server *second = odd_server_open(0, good, 1);
    char urls[256];
    snprintf(urls, sizeof urls, "http://127.0.0.1:1, %s/, %s/", odd_server_url(first),
             odd_server_url(second));
    struct registry *registry = open_at(urls);
    for (uint32_t id = 1; id <= IDS; id++)
        assert_schema(registry, id, "\"string\"");
    assert_int_equal(odd_server_requests(first), 1); // then the one that answers is asked first
    assert_int_equal(odd_server_requests(second), IDS);
    assert_false(registry_unreachable(registry, NULL));
    registry_close(registry);
    odd_server_close(first);
    odd_server_close(second);
}

static void registry__a_definite_refusal_is_not_taken_elsewhere(void **state)
{
    (void)state;
    static const struct odd_step refusing[] = {
        ANSWER(409, "{\"error_code\":409,\"message\":\"Incompatible schema\"}")};
    static const struct odd_step good[] = {ANSWER(200, "{\"id\":1}")};
    struct odd_server *first = odd_server_open(0, refusing, 1);
    struct odd_server *second = odd_server_open(0, good, 1);
    char urls[256];
    snprintf(urls, sizeof urls, "%s,%s", odd_server_url(first), odd_server_url(second));
    struct registry *registry = open_at(urls);
    struct error err = {""};
    uint32_t id;
    assert_int_equal(registry_register(registry, "s", view_text("\"int\""), DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    assert_int_equal(odd_server_requests(second), 0);
    registry_close(registry);
    odd_server_close(first);
    odd_server_close(second);
}

static void registry__start_up_calls_repeat_what_may_pass_and_give_up_on_the_rest(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(503, "{\"error_code\":50301,\"message\":\"starting\"}"),
        {.kind = ODD_RESET},
        ANSWER(200, "{\"more\":1,\"id\":4294967295}"),
        ANSWER(403, "{\"error_code\":403,\"message\":\"Forbidden\"}"),
        ANSWER(200, "{\"id\":-1}"),
        ANSWER(200, "{}"),
        ANSWER(200, "{\"id\":3,\"schema\":\"{}\",\"schemaType\":\"JSON\"}"),
        ANSWER(200, "{\"id\":3,\"schema\":\"{}\",\"references\":[{\"name\":\"n\"}]}"),
        ANSWER(500, "Internal Server Error"),
    };
    struct odd_server *server = odd_server_open(0, steps, sizeof steps / sizeof *steps);
    struct registry *registry = open_at(odd_server_url(server));
    struct error err = {""};
    uint32_t id = 0;
    char *text = NULL;
    assert_int_equal(register_fine(registry, "s", "\"int\""), UINT32_MAX);
    assert_int_equal(registry_register(registry, "s", view_text("\"int\""), DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    assert_holds(err.text, "Forbidden");
    assert_holds(err.text, "schema_registry.username");
    assert_int_equal(registry_lookup(registry, "s", view_text("\"int\""), DEADLINE_MS, &id, &err),
                     STATUS_FATAL);
    assert_int_equal(registry_ping(registry, DEADLINE_MS, &err), STATUS_FATAL);
    assert_int_equal(registry_latest(registry, "s", DEADLINE_MS, &id, &text, &err), STATUS_FATAL);
    assert_holds(err.text, "is of type JSON, not AVRO");
    assert_int_equal(registry_latest(registry, "s", DEADLINE_MS, &id, &text, &err), STATUS_FATAL);
    assert_holds(err.text, "refers to 1 other");
    assert_int_equal(registry_ping(registry, 250, &err), STATUS_RETRY);
    assert_holds(err.text, "answered 500");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__sends_what_confluents_clients_send(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {ANSWER(200, "{\"id\":1}")};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry_settings settings;
    settings_init(&settings, odd_server_url(server));
    settings.username = "user";
    settings.password = "p:ss";
    struct registry *registry = open_with(&settings);
    register_fine(registry, "my/topic-value", "\"int\"");
    char *request = odd_server_request(server);
    assert_holds(request, "POST /subjects/my%2Ftopic-value/versions HTTP/1.1\r\n");
    assert_holds(request, "\r\nAuthorization: Basic dXNlcjpwOnNz\r\n");
    assert_holds(request, "\r\nAccept: application/vnd.schemaregistry.v1+json\r\n");
    assert_holds(request, "\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n");
    assert_holds(request, "\r\n\r\n{\"schema\":\"\\\"int\\\"\"}");
    assert_null(strstr(request, "Expect:"));
    free(request);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__never_shows_the_urls_password(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {ANSWER(401, "")};
    struct odd_server *server = odd_server_open(0, steps, 1);
    char url[128];
    snprintf(url, sizeof url, "http://me:s%%40cret@127.0.0.1:%u/prefix/",
             (unsigned)odd_server_port(server));
    struct registry *registry = open_at(url);
    struct error err = {""};
    assert_int_equal(registry_ping(registry, DEADLINE_MS, &err), STATUS_FATAL);
    assert_null(strstr(err.text, "cret"));
    assert_holds(err.text, "schema_registry.password");
    char *request = odd_server_request(server);
    assert_holds(request, "GET /prefix/subjects HTTP/1.1\r\n");
    assert_holds(request, "\r\nAuthorization: Basic bWU6c0BjcmV0\r\n"); // me:s@cret
    free(request);
    registry_close(registry);
    odd_server_close(server);
}

static void registry__follows_redirects_but_not_out_of_http(void **state)
{
    (void)state;
    static const struct odd_step good[] = {GOOD};
    struct odd_server *target = odd_server_open(0, good, 1);
    char location[128];
    snprintf(location, sizeof location, "Location: %s/schemas/ids/7\r\n", odd_server_url(target));
    const struct odd_step steps[] = {
        {.kind = ODD_ANSWER,
         .status = 302,
         .headers = "Location: file:///etc/passwd\r\n",
         .body = ""},
        {.kind = ODD_ANSWER, .status = 307, .headers = location, .body = ""},
    };
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry *registry = open_at(odd_server_url(server));
    assert_schema(registry, 7, "\"string\"");
    assert_int_equal(odd_server_requests(server), 2);
    assert_int_equal(registry_requests(registry, REGISTRY_FAILED), 1);
    registry_close(registry);
    odd_server_close(server);
    odd_server_close(target);
}

static void registry__a_redirect_to_a_file_is_refused(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {{.kind = ODD_ANSWER,
                                             .status = 302,
                                             .headers = "Location: file:///etc/passwd\r\n",
                                             .body = ""}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct registry *registry = open_at(odd_server_url(server));
    struct view schema;
    struct error err = {""};
    registry_schema(registry, 7, &schema);
    await_trouble(registry, &err);
    assert_holds(err.text, "\"file\"");
    registry_close(registry);
    odd_server_close(server);
}

static void registry__hands_out_what_is_not_avro_for_the_decoder_to_refuse(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        ANSWER(200, "{\"schema\":\"{\\\"type\\\":\\\"object\\\"}\",\"schemaType\":\"JSON\"}"),
        ANSWER(200, "{\"references\":[{\"name\":\"n\",\"subject\":\"s\",\"version\":1}],"
                    "\"schema\":\"[\\\"n\\\"]\"}"),
    };
    struct odd_server *server = odd_server_open(0, steps, 2);
    struct registry *registry = open_at(odd_server_url(server));
    assert_schema(registry, 1, "{\"type\":\"object\"}");
    assert_schema(registry, 2, "[\"n\"]");
    registry_close(registry);
    odd_server_close(server);
}

// A proxy in the environment must not stand between the tests and their servers.
static int environment_set_up(void **state)
{
    (void)state;
    return setenv("no_proxy", "127.0.0.1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry__registers_and_serves_the_text_that_the_registry_keeps),
        cmocka_unit_test(registry__refusals_have_the_registrys_words),
        cmocka_unit_test(registry__fetches_an_id_once_however_many_ask),
        cmocka_unit_test(registry__an_id_is_unknown_only_after_a_while_and_may_come_later),
        cmocka_unit_test(registry__waits_for_a_registry_that_restarts_on_the_same_port),
        cmocka_unit_test(registry__works_on_from_disk_with_the_registry_down),
        cmocka_unit_test(registry__a_cache_that_cannot_be_made_is_no_failure),
        cmocka_unit_test(registry__a_404_that_is_not_a_registrys_is_never_unknown),
        cmocka_unit_test(registry__survives_every_kind_of_bad_answer),
        cmocka_unit_test(registry__a_flood_is_cut_off_and_reported),
        cmocka_unit_test(registry__a_hanging_server_costs_a_time_out_only),
        cmocka_unit_test(registry__closing_does_not_wait_for_a_hanging_server),
        cmocka_unit_test(registry__keeps_its_connection_alive),
        cmocka_unit_test(registry__tries_its_addresses_in_turn),
        cmocka_unit_test(registry__a_definite_refusal_is_not_taken_elsewhere),
        cmocka_unit_test(registry__start_up_calls_repeat_what_may_pass_and_give_up_on_the_rest),
        cmocka_unit_test(registry__sends_what_confluents_clients_send),
        cmocka_unit_test(registry__never_shows_the_urls_password),
        cmocka_unit_test(registry__follows_redirects_but_not_out_of_http),
        cmocka_unit_test(registry__a_redirect_to_a_file_is_refused),
        cmocka_unit_test(registry__hands_out_what_is_not_avro_for_the_decoder_to_refuse),
    };
    return cmocka_run_group_tests(tests, environment_set_up, NULL);
}
