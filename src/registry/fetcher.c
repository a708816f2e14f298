// SPDX-License-Identifier: Apache-2.0
#include "registry/fetcher.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "registry/ids.h"

// `lock` guards ids, failure and closing; cache, client and warned belong to the thread.
struct fetcher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; // something is wanted, or the end has come
    struct ids ids;
    struct error failure; // of the latest fetch that failed
    bool closing;
    struct cache cache;
    struct client client;
    int64_t timeout_ms;
    bool warned;
};

// `lock` is held. Returns early when something is wanted.
static void rest(struct fetcher *fetcher, int64_t wait_ms)
{
    if (wait_ms == INT64_MAX) {
        pthread_cond_wait(&fetcher->wake, &fetcher->lock);
        return;
    }
    (void)deadline_wait(&fetcher->wake, &fetcher->lock, clock_now_ms() + wait_ms);
}

// The lock is not held in look_up and fetch; they take it to report.
static void look_up(struct fetcher *fetcher, uint32_t id)
{
    struct buffer text;
    buffer_init(&text, SCHEMA_BYTES_MAX);
    bool found = cache_read(&fetcher->cache, id, &text);
    pthread_mutex_lock(&fetcher->lock);
    if (!found || !ids_arrived(&fetcher->ids, id, memory_copy(text.data, text.size), text.size,
                               clock_now_ms()))
        ids_looked_up(&fetcher->ids, id);
    pthread_mutex_unlock(&fetcher->lock);
    buffer_release(&text);
}

// Once an outage, and once at its end.
static void tell(struct fetcher *fetcher, uint32_t id, bool failing, const struct error *failure)
{
    if (failing && !fetcher->warned)
        log_warn("registry", "a schema cannot be fetched; its records wait", LOG_INT("id", id),
                 LOG_TEXT("reason", failure->text));
    if (!failing && fetcher->warned)
        log_info("registry", "the schema registry answers again");
    fetcher->warned = failing;
}

static void report_failure(struct fetcher *fetcher, uint32_t id, bool everywhere,
                           const struct error *failure)
{
    pthread_mutex_lock(&fetcher->lock);
    ids_failed(&fetcher->ids, id, clock_now_ms(), everywhere);
    fetcher->failure = *failure;
    bool closing = fetcher->closing;
    pthread_mutex_unlock(&fetcher->lock);
    if (!closing)
        tell(fetcher, id, true, failure);
}

static void report_missing(struct fetcher *fetcher, uint32_t id)
{
    pthread_mutex_lock(&fetcher->lock);
    ids_missing(&fetcher->ids, id, clock_now_ms());
    bool failing = ids_failing(&fetcher->ids);
    struct error failure = fetcher->failure;
    pthread_mutex_unlock(&fetcher->lock);
    tell(fetcher, id, failing, &failure);
}

// What is not plain Avro is handed out all the same: the decoder refuses it for good, record by
// record, which a registry that cannot be reached must never cause.
static void warn_of_kind(uint32_t id, const struct answer_schema *schema)
{
    if (strcmp(schema->type, "AVRO") != 0)
        log_warn("registry", "a schema is not Avro; its records cannot be read", LOG_INT("id", id),
                 LOG_TEXT("type", schema->type));
    if (schema->reference_count > 0)
        log_warn("registry",
                 "a schema refers to other schemas, which is not supported; its records cannot be "
                 "read",
                 LOG_INT("id", id), LOG_INT("references", schema->reference_count));
}

static void report_arrival(struct fetcher *fetcher, uint32_t id, const struct answer_schema *schema)
{
    warn_of_kind(id, schema);
    char *text = memory_copy(schema->text, schema->text_bytes);
    pthread_mutex_lock(&fetcher->lock);
    bool kept = ids_arrived(&fetcher->ids, id, text, schema->text_bytes, clock_now_ms());
    if (!kept)
        error_set(&fetcher->failure, STATUS_RETRY,
                  "schema %" PRIu32 " does not fit: %d schemas or %d bytes of them are in memory; "
                  "restart the service, and find out why the topic holds so many",
                  id, IDS_READY_MAX, IDS_READY_BYTES_MAX);
    bool failing = ids_failing(&fetcher->ids);
    struct error failure = fetcher->failure;
    pthread_mutex_unlock(&fetcher->lock);
    tell(fetcher, id, failing, &failure);
    if (kept)
        cache_write(&fetcher->cache, id,
                    (struct view){(const uint8_t *)schema->text, schema->text_bytes});
}

static void report(struct fetcher *fetcher, uint32_t id, const struct answer *answer,
                   struct error *failure)
{
    struct answer_schema schema;
    if (answer->kind == ANSWER_UNKNOWN) {
        report_missing(fetcher, id);
        return;
    }
    if (answer->kind != ANSWER_OK) {
        error_prefix(failure, STATUS_RETRY, "schema %" PRIu32, id);
        report_failure(fetcher, id, answer->kind != ANSWER_REFUSED, failure);
        return;
    }
    if (answer_schema(answer, &schema)) {
        report_arrival(fetcher, id, &schema);
        return;
    }
    error_set(failure, STATUS_RETRY,
              "schema %" PRIu32 ": the answer to GET /schemas/ids/%" PRIu32
              " has no text under \"schema\" (%.200s); check that schema_registry.url leads to a "
              "schema registry",
              id, id, answer->message);
    report_failure(fetcher, id, false, failure);
}

static void fetch(struct fetcher *fetcher, uint32_t id)
{
    char path[64];
    snprintf(path, sizeof path, "/schemas/ids/%" PRIu32, id);
    const struct client_question question = {.path = path, .timeout_ms = fetcher->timeout_ms};
    struct answer answer;
    struct error failure;
    client_ask(&fetcher->client, &question, &answer, &failure);
    report(fetcher, id, &answer, &failure);
    answer_release(&answer);
}

// Takes one step with the lock held; gives it back for what takes time.
static void step(struct fetcher *fetcher)
{
    uint32_t id;
    int64_t wait_ms;
    enum ids_step next = ids_next(&fetcher->ids, clock_now_ms(), &id, &wait_ms);
    if (next == IDS_WAIT) {
        rest(fetcher, wait_ms);
        return;
    }
    pthread_mutex_unlock(&fetcher->lock);
    if (next == IDS_LOOK_UP)
        look_up(fetcher, id);
    else
        fetch(fetcher, id);
    pthread_mutex_lock(&fetcher->lock);
}

static void *run(void *context)
{
    struct fetcher *fetcher = context;
    pthread_mutex_lock(&fetcher->lock);
    while (!fetcher->closing)
        step(fetcher);
    pthread_mutex_unlock(&fetcher->lock);
    return NULL;
}

// A signal meant for the process finds its main thread, not this one.
static bool thread_start(struct fetcher *fetcher)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&fetcher->thread, NULL, run, fetcher) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_setname_np(fetcher->thread, "registry");
    return started;
}

// All but the thread.
static void fetcher_free(struct fetcher *fetcher)
{
    client_close(&fetcher->client);
    cache_release(&fetcher->cache);
    ids_release(&fetcher->ids);
    pthread_cond_destroy(&fetcher->wake);
    pthread_mutex_destroy(&fetcher->lock);
    free(fetcher);
}

enum status fetcher_open(const struct fetcher_settings *settings, struct fetcher **out,
                         struct error *err)
{
    struct fetcher *fetcher = memory_zeroed(1, sizeof *fetcher);
    uint64_t seed = (uint64_t)clock_now_ms();
    (void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    fetcher->timeout_ms = settings->timeout_ms;
    ensure(pthread_mutex_init(&fetcher->lock, NULL) == 0);
    deadline_condition_init(&fetcher->wake);
    ids_init(&fetcher->ids, settings->unknown_after_ms, seed);
    cache_init(&fetcher->cache, settings->cache_dir, settings->urls);
    enum status status =
        client_open(&fetcher->client, settings->urls, &settings->http, settings->outcomes, err);
    if (status == STATUS_OK && !thread_start(fetcher))
        status = error_set(err, STATUS_FATAL, "the schema registry's thread cannot be started");
    if (status != STATUS_OK) {
        fetcher_free(fetcher);
        return status;
    }
    *out = fetcher;
    return STATUS_OK;
}

void fetcher_close(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    pthread_mutex_lock(&fetcher->lock);
    fetcher->closing = true;
    pthread_cond_signal(&fetcher->wake);
    pthread_mutex_unlock(&fetcher->lock);
    client_cancel(&fetcher->client);
    pthread_join(fetcher->thread, NULL);
    fetcher_free(fetcher);
}

enum registry_answer fetcher_schema(struct fetcher *fetcher, uint32_t id, struct view *schema)
{
    pthread_mutex_lock(&fetcher->lock);
    enum registry_answer answer = ids_ask(&fetcher->ids, id, clock_now_ms(), schema);
    if (answer == REGISTRY_PENDING)
        pthread_cond_signal(&fetcher->wake);
    pthread_mutex_unlock(&fetcher->lock);
    return answer;
}

bool fetcher_failing(struct fetcher *fetcher, struct error *err)
{
    pthread_mutex_lock(&fetcher->lock);
    bool failing = ids_failing(&fetcher->ids);
    if (failing && err != NULL)
        *err = fetcher->failure;
    pthread_mutex_unlock(&fetcher->lock);
    return failing;
}
