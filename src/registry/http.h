// SPDX-License-Identifier: Apache-2.0
// HTTP requests over libcurl, one at a time on connections that are kept alive. A handle belongs
// to one thread at a time; http_cancel alone may be called from any.
#ifndef REGISTRY_HTTP_H
#define REGISTRY_HTTP_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "registry/url.h"

struct http_settings {
    const char *username; // NULL or "": none, or the URL's own
    const char *password;
    const char *ca_file; // NULL or "": the system's
};

struct http_request {
    const struct url *url;
    const char *path;   // "/subjects", already escaped
    struct view body;   // data NULL: GET, else POST
    int64_t timeout_ms; // of connecting, and of the whole
};

enum { HTTP_FAILURE_BYTES = 384 };

// An answer, or why there is none. `body` is valid until the handle's next request.
struct http_answer {
    long status; // 0: no answer
    struct view body;
    char failure[HTTP_FAILURE_BYTES]; // filled when status is 0
};

struct http;

enum status http_open(const struct http_settings *settings, struct http **out,
                      struct error *err) MUST_USE;
void http_close(struct http *http);

// Blocks until there is an answer, the time is over, or the handle is cancelled. An answer of more
// than SCHEMA_BYTES_MAX counts as none. Redirects are followed within http and https, and never
// from https to http.
void http_perform(struct http *http, const struct http_request *request, struct http_answer *out);

// The request that runs now and all later ones fail at once.
void http_cancel(struct http *http);

#endif
