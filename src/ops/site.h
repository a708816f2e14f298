// SPDX-License-Identifier: Apache-2.0
// What is served at which path: requests in, responses out, as libmicrohttpd's callbacks want it.
// Used by one thread.
#ifndef OPS_SITE_H
#define OPS_SITE_H

#include <microhttpd.h>

#include "ops/bearer.h"
#include "ops/feed.h"
#include "ops/lookups.h"

struct site {
    struct endpoint_source source;
    const struct bearer *bearer; // NULL: everybody may look
    struct feed feed;
    struct lookups lookups;
};

void site_init(struct site *site, const struct endpoint_source *source,
               const struct bearer *bearer);
// Every connection must have ended.
void site_release(struct site *site);

// An MHD_AccessHandlerCallback; `context` is the site.
enum MHD_Result site_serve(void *context, struct MHD_Connection *connection, const char *url,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request);
// An MHD_RequestCompletedCallback.
void site_completed(void *context, struct MHD_Connection *connection, void **request,
                    enum MHD_RequestTerminationCode code);

// Moves on what is under way. How long until the next turn, at most, in milliseconds.
int site_turn(struct site *site, int64_t now_ms);
// Ends what is under way: the endpoint closes.
void site_end(struct site *site);

#endif
