// SPDX-License-Identifier: Apache-2.0
#include "ops/site.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "ops/assets.h"

enum { PAGE_BYTES_MAX = 8 * 1024 * 1024, BODY_BYTES_MAX = 1024 };

static const char text_plain[] = "text/plain; charset=utf-8";
static const char text_metrics[] = "text/plain; version=0.0.4; charset=utf-8";
static const char json[] = "application/json";

// The page asks nobody else for anything, and nobody else may frame it.
static const char *const page_headers[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

void site_init(struct site *site, const struct endpoint_source *source, const struct bearer *bearer)
{
    *site = (struct site){.source = *source, .bearer = bearer};
    feed_init(&site->feed, &site->source);
    lookups_init(&site->lookups, &site->source);
}

void site_release(struct site *site)
{
    feed_release(&site->feed);
}

// ---- answers ----

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned code,
                                     const char *type, struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    for (size_t i = 0; i < sizeof(page_headers) / sizeof(page_headers[0]); i++)
        (void)MHD_add_response_header(response, page_headers[i][0], page_headers[i][1]);
    if (code == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code, const char *type,
                              struct view body)
{
    return send_response(connection, code, type,
                         MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)body.data,
                                                         MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned code, const char *reason)
{
    struct buffer body;
    buffer_init(&body, BODY_BYTES_MAX);
    (void)buffer_append_format(&body, "{\"error\": \"%s\"}\n", reason);
    enum MHD_Result result = answer(connection, code, json, buffer_view(&body));
    buffer_release(&body);
    return result;
}

// ---- pages ----

static unsigned put_metrics(struct site *site, struct buffer *out)
{
    return site->source.metrics(site->source.context, out) ? MHD_HTTP_OK
                                                           : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned put_health(struct site *site, struct buffer *out)
{
    if (!site->source.alive(site->source.context, out))
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    buffer_clear(out);
    return buffer_append(out, "ok\n", 3) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned put_readiness(struct site *site, struct buffer *out)
{
    static const char yes[] = "{\"ready\": true}\n";
    if (!site->source.ready(site->source.context, out))
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    buffer_clear(out);
    return buffer_append(out, yes, sizeof(yes) - 1) ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned put_status(struct site *site, struct buffer *out)
{
    return site->source.status(site->source.context, out) ? MHD_HTTP_OK
                                                          : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static unsigned put_alerts(struct site *site, struct buffer *out)
{
    uint64_t after = 0;
    return site->source.alerts(site->source.context, &after, out) ? MHD_HTTP_OK
                                                                  : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

struct page {
    const char *path;
    const char *type;
    bool open; // without the token: probes have none
    unsigned (*put)(struct site *site, struct buffer *out);
};

static const struct page pages[] = {
    {"/metrics", text_metrics, false, put_metrics}, {"/healthz", text_plain, true, put_health},
    {"/readyz", json, true, put_readiness},         {"/api/v1/status", json, false, put_status},
    {"/api/v1/alerts", json, false, put_alerts},
};

static const struct page *page_find(const char *path)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}

static bool is_admitted(const struct site *site, struct MHD_Connection *connection)
{
    return bearer_admits(site->bearer, MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                                   MHD_HTTP_HEADER_AUTHORIZATION));
}

static enum MHD_Result refuse_stranger(struct MHD_Connection *connection)
{
    return refuse(connection, MHD_HTTP_UNAUTHORIZED,
                  "send the token of http.token_file: Authorization: Bearer TOKEN");
}

static enum MHD_Result serve_page(struct site *site, struct MHD_Connection *connection,
                                  const struct page *page)
{
    struct buffer out;
    if (!page->open && !is_admitted(site, connection))
        return refuse_stranger(connection);
    buffer_init(&out, PAGE_BYTES_MAX);
    unsigned code = page->put(site, &out);
    enum MHD_Result result = answer(connection, code, page->type, buffer_view(&out));
    buffer_release(&out);
    return result;
}

static enum MHD_Result serve_feed(struct site *site, struct MHD_Connection *connection)
{
    if (!is_admitted(site, connection))
        return refuse_stranger(connection);
    struct MHD_Response *response = feed_join(&site->feed, connection);
    if (response == NULL)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "as many dashboards as are allowed are connected");
    return send_response(connection, MHD_HTTP_OK, "text/event-stream", response);
}

static enum MHD_Result serve_get(struct site *site, struct MHD_Connection *connection,
                                 const char *path, bool head)
{
    const struct page *page = page_find(path);
    struct asset asset;
    if (page != NULL)
        return serve_page(site, connection, page);
    if (strcmp(path, "/api/v1/stream") == 0 && !head)
        return serve_feed(site, connection);
    if (asset_find(path, &asset)) // they hold nothing secret
        return send_response(connection, MHD_HTTP_OK, asset.type,
                             MHD_create_response_from_buffer(asset.content.size,
                                                             (void *)(uintptr_t)asset.content.data,
                                                             MHD_RESPMEM_PERSISTENT));
    return refuse(connection, MHD_HTTP_NOT_FOUND,
                  "not found; there are /, /metrics, /healthz, /readyz, /api/v1/status, "
                  "/api/v1/alerts, /api/v1/stream and POST /api/v1/card");
}

// ---- the look-up of a card ----

struct request {
    uint8_t body[BODY_BYTES_MAX];
    size_t size;
    bool too_large;
    struct lookup *lookup;
};

static void request_take(struct request *request, const char *bytes, size_t size)
{
    if (size > sizeof(request->body) - request->size) {
        request->too_large = true;
        return;
    }
    memcpy(request->body + request->size, bytes, size);
    request->size += size;
}

// Other sites' pages cannot send this type without asking first, which nobody answers.
static bool is_json(struct MHD_Connection *connection)
{
    const char *type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    return type != NULL && strncasecmp(type, json, sizeof(json) - 1) == 0;
}

static enum MHD_Result ask(struct site *site, struct MHD_Connection *connection,
                           struct request *request, const json_t *card)
{
    const struct view text = {(const uint8_t *)json_string_value(card), json_string_length(card)};
    if (!json_is_string(card) || text.size == 0 || text.size > CARD_BYTES_MAX)
        return refuse(connection, MHD_HTTP_BAD_REQUEST,
                      "credit_card must be a text of 1 to 256 bytes");
    request->lookup = lookups_begin(&site->lookups, connection, text, clock_now_ms());
    if (request->lookup == NULL)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                      "as many look-ups as are allowed are under way: try again");
    return MHD_YES;
}

static enum MHD_Result begin_lookup(struct site *site, struct MHD_Connection *connection,
                                    struct request *request)
{
    if (request->too_large)
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    if (!is_json(connection))
        return refuse(connection, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "the body must be of the type application/json");
    json_t *body =
        json_loadb((const char *)request->body, request->size, JSON_REJECT_DUPLICATES, NULL);
    enum MHD_Result result =
        json_is_object(body) ? ask(site, connection, request, json_object_get(body, "credit_card"))
                             : refuse(connection, MHD_HTTP_BAD_REQUEST,
                                      "the body must be a JSON object with the member credit_card");
    json_decref(body);
    return result;
}

static enum MHD_Result end_lookup(struct MHD_Connection *connection, struct request *request)
{
    const struct lookup *lookup = request->lookup;
    if (lookup->state == LOOKUP_ANSWERED)
        return answer(connection, MHD_HTTP_OK, json, buffer_view(&lookup->answer));
    return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                  "the workers have not answered in time: are they busy or restoring? try again");
}

// ---- requests ----

static enum MHD_Result serve_whole(struct site *site, struct MHD_Connection *connection,
                                   const char *path, const char *method, struct request *request)
{
    bool head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (head || strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return serve_get(site, connection, path, head);
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "only GET, HEAD and POST are served");
    if (strcmp(path, "/api/v1/card") != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "POST is for /api/v1/card alone");
    if (!is_admitted(site, connection))
        return refuse_stranger(connection);
    return request->lookup == NULL ? begin_lookup(site, connection, request)
                                   : end_lookup(connection, request);
}

// Called with the headers, with each piece of the body, and at the end; then again when it was
// suspended meanwhile.
enum MHD_Result site_serve(void *context, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request)
{
    (void)version;
    if (*request == NULL) {
        *request = memory_zeroed(1, sizeof(struct request));
        return MHD_YES;
    }
    if (*upload_size > 0) {
        request_take(*request, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return serve_whole(context, connection, url, method, *request);
}

void site_completed(void *context, struct MHD_Connection *connection, void **request,
                    enum MHD_RequestTerminationCode code)
{
    struct request *own = *request;
    (void)context;
    (void)connection;
    (void)code;
    if (own == NULL)
        return;
    lookup_close(own->lookup);
    explicit_bzero(own, sizeof(*own));
    free(own);
    *request = NULL;
}

int site_turn(struct site *site, int64_t now_ms)
{
    int feed_ms = feed_turn(&site->feed, now_ms);
    int lookups_ms = lookups_turn(&site->lookups, now_ms);
    return feed_ms < lookups_ms ? feed_ms : lookups_ms;
}

void site_end(struct site *site)
{
    feed_end(&site->feed);
    lookups_end(&site->lookups);
}
