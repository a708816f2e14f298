// SPDX-License-Identifier: Apache-2.0
#include "registry/client.h"

enum status client_open(struct client *client, const struct url_list *urls,
                        const struct http_settings *settings, atomic_uint_fast64_t *outcomes,
                        struct error *err)
{
    *client = (struct client){.urls = urls, .outcomes = outcomes};
    return http_open(settings, &client->http, err);
}

void client_close(struct client *client)
{
    http_close(client->http);
    client->http = NULL;
}

void client_cancel(struct client *client)
{
    http_cancel(client->http);
}

static enum registry_outcome outcome_of(enum answer_kind kind)
{
    static const enum registry_outcome outcomes[] = {
        [ANSWER_OK] = REGISTRY_OK,           [ANSWER_UNKNOWN] = REGISTRY_NOT_FOUND,
        [ANSWER_REFUSED] = REGISTRY_REFUSED, [ANSWER_STRANGE] = REGISTRY_REFUSED,
        [ANSWER_FAILED] = REGISTRY_FAILED,
    };
    return outcomes[kind];
}

// What to do about an answer that is not OK.
static const char *advice(const struct answer *answer)
{
    long status = answer->http_status;
    if (status == 0)
        return "; is the schema registry running, and is schema_registry.url right?";
    if (status == 401 || status == 403)
        return "; check schema_registry.username, schema_registry.password and their rights";
    if (status == 409)
        return "; the subject holds a schema that this one is not compatible with";
    if (answer->kind == ANSWER_STRANGE || (answer->kind == ANSWER_FAILED && status < 300))
        return ": not a schema registry's answer; check schema_registry.url (another server, or a "
               "path prefix is missing)";
    return "";
}

static void describe(const struct url *url, const struct client_question *question,
                     const struct answer *answer, struct error *err)
{
    const char *method = question->body.data == NULL ? "GET" : "POST";
    if (answer->http_status == 0) {
        error_set(err, STATUS_RETRY, "%s %.300s%.300s failed: %s%s", method, url->base,
                  question->path, answer->message, advice(answer));
        return;
    }
    error_set(err, STATUS_RETRY, "%s %.300s%.300s answered %ld (%s)%s", method, url->base,
              question->path, answer->http_status,
              *answer->message == '\0' ? "empty body" : answer->message, advice(answer));
}

static bool definite(const struct answer *answer)
{
    return answer->kind == ANSWER_OK || answer->kind == ANSWER_UNKNOWN ||
           answer->kind == ANSWER_REFUSED;
}

static void ask_one(struct client *client, const struct url *url,
                    const struct client_question *question, struct answer *out, struct error *err)
{
    struct http_request request = {
        .url = url,
        .path = question->path,
        .body = question->body,
        .timeout_ms = question->timeout_ms,
    };
    struct http_answer answer;
    http_perform(client->http, &request, &answer);
    answer_init(out, &answer);
    atomic_fetch_add(&client->outcomes[outcome_of(out->kind)], 1);
    if (out->kind != ANSWER_OK)
        describe(url, question, out, err);
}

void client_ask(struct client *client, const struct client_question *question, struct answer *out,
                struct error *err)
{
    size_t count = client->urls->count;
    size_t first = client->current;
    bool failed = false;
    struct error earlier = {""};
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % count;
        ask_one(client, &client->urls->urls[at], question, out, err);
        if (definite(out)) {
            client->current = at;
            return;
        }
        failed = failed || out->kind == ANSWER_FAILED;
        if (*earlier.text != '\0')
            error_prefix(err, STATUS_RETRY, "%s; then", earlier.text);
        earlier = *err;
        if (i + 1 < count)
            answer_release(out);
    }
    out->kind = failed ? ANSWER_FAILED : ANSWER_STRANGE;
}
