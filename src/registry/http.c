// SPDX-License-Identifier: Apache-2.0
#include "registry/http.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

enum { REDIRECTS_MAX = 4, POLL_MS = 1000 };

struct http {
    CURLM *multi; // keeps the connections, and can be woken up from another thread
    CURL *easy;
    struct curl_slist *headers;
    struct buffer body;
    bool too_large;
    atomic_bool cancelled;
    char *username;
    char *password;
    char error_text[CURL_ERROR_SIZE];
};

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct http *http = context;
    if (buffer_append(&http->body, bytes, one * count))
        return one * count;
    http->too_large = true;
    return 0;
}

static bool headers_add(struct http *http, const char *line)
{
    struct curl_slist *longer = curl_slist_append(http->headers, line);
    if (longer != NULL)
        http->headers = longer;
    return longer != NULL;
}

// True when libcurl takes all of them (it has no reason not to).
static bool options_set(struct http *http, const char *ca_file)
{
    CURL *easy = http->easy;
    CURLcode code = CURLE_OK;
    code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    code |= curl_easy_setopt(easy, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    code |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "cardwatch");
    code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error_text);
    code |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    if (ca_file != NULL && *ca_file != '\0')
        code |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    return code == CURLE_OK;
}

static enum status check_ca_file(const char *path, struct error *err)
{
    if (path == NULL || *path == '\0')
        return STATUS_OK;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_set(err, STATUS_FATAL,
                         "schema_registry.ca_file: %s cannot be read (%m); give a file of PEM "
                         "certificates",
                         path);
    fclose(file);
    return STATUS_OK;
}

enum status http_open(const struct http_settings *settings, struct http **out, struct error *err)
{
    enum status status = check_ca_file(settings->ca_file, err);
    if (status != STATUS_OK)
        return status;
    struct http *http = memory_zeroed(1, sizeof *http);
    buffer_init(&http->body, SCHEMA_BYTES_MAX);
    http->username = memory_text(settings->username == NULL ? "" : settings->username);
    http->password = memory_text(settings->password == NULL ? "" : settings->password);
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    // An empty Expect keeps a large schema from waiting for "100 Continue".
    if (http->multi == NULL || http->easy == NULL ||
        !headers_add(http, "Accept: application/vnd.schemaregistry.v1+json") ||
        !headers_add(http, "Content-Type: application/vnd.schemaregistry.v1+json") ||
        !headers_add(http, "Expect:") || !options_set(http, settings->ca_file)) {
        http_close(http);
        return error_set(err, STATUS_FATAL, "the HTTP client (libcurl %s) cannot be set up",
                         curl_version_info(CURLVERSION_NOW)->version);
    }
    *out = http;
    return STATUS_OK;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    buffer_release(&http->body);
    free(http->username);
    free(http->password);
    free(http);
}

static void set_credentials(struct http *http, const struct url *url)
{
    bool configured = *http->username != '\0';
    const char *username = configured ? http->username : url->username;
    const char *password = configured ? http->password : url->password;
    curl_easy_setopt(http->easy, CURLOPT_USERNAME, username);
    curl_easy_setopt(http->easy, CURLOPT_PASSWORD,
                     username != NULL && password == NULL ? "" : password);
}

static void set_request(struct http *http, const struct http_request *request)
{
    CURL *easy = http->easy;
    long timeout_ms = request->timeout_ms < 1         ? 1
                      : request->timeout_ms > INT_MAX ? INT_MAX
                                                      : (long)request->timeout_ms;
    bool encrypted = strncmp(request->url->base, "https:", 6) == 0;
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, encrypted ? "https" : "http,https");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    set_credentials(http, request->url);
    if (request->body.data == NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)request->body.data);
}

static CURLcode transfer_result(struct http *http)
{
    int left;
    CURLMsg *message = curl_multi_info_read(http->multi, &left);
    return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                           : CURLE_ABORTED_BY_CALLBACK;
}

// Drives the transfer to its end. Cancelled: a name that is being resolved is not waited for.
static CURLcode transfer(struct http *http)
{
    int running = 1;
    while (running > 0) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (running == 0)
            break;
        if (atomic_load(&http->cancelled)) {
            curl_easy_setopt(http->easy, CURLOPT_QUICK_EXIT, 1L);
            return CURLE_ABORTED_BY_CALLBACK;
        }
        if (curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
            return CURLE_FAILED_INIT;
    }
    return transfer_result(http);
}

static CURLcode exchange(struct http *http, const char *url)
{
    if (atomic_load(&http->cancelled))
        return CURLE_ABORTED_BY_CALLBACK;
    if (curl_easy_setopt(http->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return CURLE_FAILED_INIT;
    CURLcode code = transfer(http);
    curl_multi_remove_handle(http->multi, http->easy);
    return code;
}

static void explain(const struct http *http, CURLcode code, struct http_answer *out)
{
    const char *text = *http->error_text != '\0' ? http->error_text : curl_easy_strerror(code);
    bool untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
    if (http->too_large)
        snprintf(out->failure, sizeof out->failure, "the answer is larger than %d bytes",
                 SCHEMA_BYTES_MAX);
    else
        snprintf(out->failure, sizeof out->failure, "%s%s", text,
                 untrusted ? " (name its issuer's certificate in schema_registry.ca_file)" : "");
}

void http_perform(struct http *http, const struct http_request *request, struct http_answer *out)
{
    *out = (struct http_answer){.status = 0};
    buffer_clear(&http->body);
    http->too_large = false;
    *http->error_text = '\0';
    char url[2 * REGISTRY_URL_BYTES_MAX];
    int size = snprintf(url, sizeof url, "%s%s", request->url->base, request->path);
    if (size < 0 || (size_t)size >= sizeof url) {
        snprintf(out->failure, sizeof out->failure, "the URL is too long");
        return;
    }
    set_request(http, request);
    CURLcode code = exchange(http, url);
    if (code != CURLE_OK) {
        explain(http, code, out);
        return;
    }
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &out->status);
    out->body = buffer_view(&http->body);
    if (out->status == 0)
        snprintf(out->failure, sizeof out->failure, "it does not speak HTTP");
}

void http_cancel(struct http *http)
{
    atomic_store(&http->cancelled, true);
    curl_multi_wakeup(http->multi);
}
