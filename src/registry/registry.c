// SPDX-License-Identifier: Apache-2.0
#include "registry/registry.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/memory.h"
#include "registry/fetcher.h"
#include "registry/ids.h"

enum { TIMEOUT_MS_DEFAULT = 5000, SUBJECT_BYTES_MAX = 1024 };

struct registry {
    struct url_list urls;
    atomic_uint_fast64_t outcomes[REGISTRY_OUTCOMES];
    int64_t timeout_ms;
    struct fetcher *fetcher;
    pthread_mutex_t lock; // of client and jitter, which the blocking calls share
    struct client client;
    struct random jitter;
};

static enum status parts_open(struct registry *registry, const struct registry_settings *settings,
                              struct error *err)
{
    struct fetcher_settings parts = {
        .urls = &registry->urls,
        .http = {settings->username, settings->password, settings->ca_file},
        .timeout_ms = registry->timeout_ms,
        .unknown_after_ms = settings->unknown_after_ms,
        .cache_dir = settings->cache_dir,
        .outcomes = registry->outcomes,
    };
    enum status status = url_list_init(&registry->urls, settings->url, err);
    if (status == STATUS_OK)
        status =
            client_open(&registry->client, &registry->urls, &parts.http, registry->outcomes, err);
    if (status == STATUS_OK)
        status = fetcher_open(&parts, &registry->fetcher, err);
    return status;
}

enum status registry_open(const struct registry_settings *settings, struct registry **out,
                          struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, STATUS_FATAL, "libcurl cannot be initialised");
    struct registry *registry = memory_zeroed(1, sizeof *registry);
    registry->timeout_ms =
        settings->timeout_ms > 0 ? settings->timeout_ms : (int64_t)TIMEOUT_MS_DEFAULT;
    random_seed(&registry->jitter, (uint64_t)clock_now_ms());
    ensure(pthread_mutex_init(&registry->lock, NULL) == 0);
    enum status status = parts_open(registry, settings, err);
    if (status == STATUS_OK)
        *out = registry;
    else
        registry_close(registry);
    return status;
}

void registry_close(struct registry *registry)
{
    if (registry == NULL)
        return;
    fetcher_close(registry->fetcher);
    client_close(&registry->client);
    url_list_release(&registry->urls);
    pthread_mutex_destroy(&registry->lock);
    free(registry);
    curl_global_cleanup();
}

enum registry_answer registry_schema(struct registry *registry, uint32_t id, struct view *schema)
{
    return fetcher_schema(registry->fetcher, id, schema);
}

bool registry_unreachable(struct registry *registry, struct error *err)
{
    return fetcher_failing(registry->fetcher, err);
}

uint64_t registry_requests(struct registry *registry, enum registry_outcome outcome)
{
    ensure(outcome < REGISTRY_OUTCOMES);
    return atomic_load(&registry->outcomes[outcome]);
}

static void pause_for(int64_t pause_ms)
{
    struct timespec left = {.tv_sec = (time_t)(pause_ms / 1000),
                            .tv_nsec = (long)(pause_ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
}

// Asks until there is a definite answer or the time is over. OK: the caller releases *out and the
// answer is 2xx. Otherwise *err is the sentence, out->kind tells why, nothing is to be released.
static enum status ask(struct registry *registry, struct client_question *question,
                       int64_t deadline_ms, struct answer *out, struct error *err)
{
    int64_t end_ms = clock_now_ms() + deadline_ms;
    for (uint32_t attempt = 1;; attempt++) {
        int64_t left_ms = end_ms - clock_now_ms();
        question->timeout_ms = left_ms < registry->timeout_ms ? left_ms : registry->timeout_ms;
        pthread_mutex_lock(&registry->lock);
        client_ask(&registry->client, question, out, err);
        int64_t pause_ms = ids_backoff_ms(&registry->jitter, attempt);
        pthread_mutex_unlock(&registry->lock);
        if (out->kind == ANSWER_OK)
            return STATUS_OK;
        enum answer_kind kind = out->kind;
        answer_release(out);
        if (kind != ANSWER_FAILED)
            return STATUS_FATAL;
        if (clock_now_ms() + pause_ms >= end_ms)
            return STATUS_RETRY;
        pause_for(pause_ms);
    }
}

// {"schema": TEXT}, terminated; the caller frees it. NULL: the text is not UTF-8.
static char *schema_body(struct view schema)
{
    json_t *text = json_stringn((const char *)schema.data, schema.size);
    if (text == NULL)
        return NULL;
    json_t *body = json_object();
    json_object_set_new(body, "schema", text);
    char *dump = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    ensure(dump != NULL);
    return dump;
}

// "/subjects/SUBJECT" and `rest`; the caller frees it. NULL: the subject is too long.
static char *subject_path(const char *subject, const char *rest)
{
    struct buffer path;
    buffer_init(&path, SUBJECT_BYTES_MAX);
    bool fine = buffer_append(&path, "/subjects/", 10) && url_append_escaped(&path, subject) &&
                buffer_append(&path, rest, strlen(rest) + 1);
    if (fine)
        return (char *)path.data;
    buffer_release(&path);
    return NULL;
}

// Asks about a subject, with a schema when `schema.data` is not NULL.
static enum status ask_subject(struct registry *registry, const char *subject, const char *rest,
                               struct view schema, int64_t deadline_ms, struct answer *out,
                               struct error *err)
{
    char *path = subject_path(subject, rest);
    char *body = schema.data == NULL ? NULL : schema_body(schema);
    enum status status;
    if (path == NULL)
        status = error_set(err, STATUS_FATAL, "the subject's name is too long");
    else if (schema.data != NULL && body == NULL)
        status = error_set(err, STATUS_FATAL, "the schema is not UTF-8 text");
    else {
        struct client_question question = {.path = path};
        if (body != NULL)
            question.body = view_text(body);
        status = ask(registry, &question, deadline_ms, out, err);
    }
    free(path);
    free(body);
    return status;
}

// Takes the answer.
static enum status take_id(struct answer *answer, uint32_t *id, struct error *err)
{
    bool fine = answer_id(answer, id);
    if (!fine)
        error_set(err, STATUS_FATAL,
                  "the answer has no \"id\" (%.200s); check that schema_registry.url leads to a "
                  "schema registry",
                  answer->message);
    answer_release(answer);
    return fine ? STATUS_OK : STATUS_FATAL;
}

enum status registry_register(struct registry *registry, const char *subject, struct view schema,
                              int64_t deadline_ms, uint32_t *id, struct error *err)
{
    struct answer answer = {.kind = ANSWER_FAILED};
    enum status status =
        ask_subject(registry, subject, "/versions", schema, deadline_ms, &answer, err);
    if (status == STATUS_OK)
        status = take_id(&answer, id, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_prefix(err, status, "cannot register the schema of subject %.200s", subject);
}

enum status registry_lookup(struct registry *registry, const char *subject, struct view schema,
                            int64_t deadline_ms, uint32_t *id, struct error *err)
{
    struct answer answer = {.kind = ANSWER_FAILED};
    enum status status = ask_subject(registry, subject, "", schema, deadline_ms, &answer, err);
    if (status == STATUS_OK)
        status = take_id(&answer, id, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    const char *advice = answer.kind == ANSWER_UNKNOWN
                             ? " (register it first, or set schema_registry.auto_register)"
                             : "";
    return error_prefix(err, status, "cannot find the schema under subject %.200s%s", subject,
                        advice);
}

// Takes nothing; *schema_json is the caller's on success.
static enum status read_latest(const struct answer *answer, uint32_t *id, char **schema_json,
                               struct error *err)
{
    struct answer_schema schema;
    if (!answer_id(answer, id) || !answer_schema(answer, &schema))
        return error_set(err, STATUS_FATAL,
                         "the answer has no \"id\" and \"schema\" (%.200s); check that "
                         "schema_registry.url leads to a schema registry",
                         answer->message);
    if (strcmp(schema.type, "AVRO") != 0)
        return error_set(err, STATUS_FATAL, "schema %u is of type %.40s, not AVRO", (unsigned)*id,
                         schema.type);
    if (schema.reference_count > 0)
        return error_set(err, STATUS_FATAL,
                         "schema %u refers to %zu other schemas, which is not supported; register "
                         "it with their definitions in place",
                         (unsigned)*id, schema.reference_count);
    *schema_json = memory_copy(schema.text, schema.text_bytes);
    return STATUS_OK;
}

enum status registry_latest(struct registry *registry, const char *subject, int64_t deadline_ms,
                            uint32_t *id, char **schema_json, struct error *err)
{
    struct answer answer;
    const struct view none = {NULL, 0};
    enum status status =
        ask_subject(registry, subject, "/versions/latest", none, deadline_ms, &answer, err);
    if (status == STATUS_OK) {
        status = read_latest(&answer, id, schema_json, err);
        answer_release(&answer);
    }
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_prefix(err, status, "cannot get the latest schema of subject %.200s", subject);
}

enum status registry_ping(struct registry *registry, int64_t deadline_ms, struct error *err)
{
    struct answer answer;
    struct client_question question = {.path = "/subjects"};
    enum status status = ask(registry, &question, deadline_ms, &answer, err);
    if (status != STATUS_OK)
        return status;
    bool fine = json_is_array(answer.body);
    if (!fine)
        error_set(err, STATUS_FATAL,
                  "the answer to GET /subjects is not a list (%.200s); check that "
                  "schema_registry.url leads to a schema registry",
                  answer.message);
    answer_release(&answer);
    return fine ? STATUS_OK : STATUS_FATAL;
}
