// SPDX-License-Identifier: Apache-2.0
// The schema registry's client: Confluent's REST API over libcurl, with a cache in memory and on
// disk (an id's schema never changes). Fetches run on a thread of its own, so a worker never waits:
// it asks, goes on serving its group, and asks again. Thread-safe, but for open and close.
//
// What counts as "the registry does not have it" is narrow: a 404 with a registry's own error code
// (40401, 40402, 40403). A bare 404 from a wrong path, a proxy's page, a 401 or a 5xx means that
// the registry is out of reach: nothing is decided, the fetch is repeated, registry_unreachable
// says so. TLS may write to a closed connection: the process has to ignore SIGPIPE.
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct registry_settings {
    const char *url;      // several by commas: tried in turn; user:password@ is understood
    const char *username; // "" or NULL: none
    const char *password;
    const char *ca_file;      // "" or NULL: the system's
    int64_t timeout_ms;       // of one request; 0: 5 s
    int64_t unknown_after_ms; // an id is unknown after 404 answers for this long (10 s)
    const char *cache_dir;    // "" or NULL: memory alone; made when missing; one folder a registry
};

struct registry;

// STATUS_FATAL: a URL or the CA file is wrong. Nothing is asked yet, so a registry that is down is
// no error here; a cache folder that cannot be made is a warning.
enum status registry_open(const struct registry_settings *settings, struct registry **out,
                          struct error *err) MUST_USE;
// Interrupts what is being fetched. No other call may be running. NULL: nothing happens.
void registry_close(struct registry *registry);

enum registry_answer {
    REGISTRY_READY,   // *schema is the schema's text; valid until registry_close
    REGISTRY_PENDING, // being fetched, or the registry is out of reach: ask again later
    REGISTRY_UNKNOWN, // the registry has answered for unknown_after_ms that it does not have it
};

// The schema of an id; never blocks. An id asked for by many is fetched once. While the registry
// is out of reach the fetch is repeated with jittered back-off for ever. A schema that is not Avro
// or refers to other schemas is handed out as it is, with a warning in the log: the decoder
// refuses it for good. The verdict UNKNOWN is confirmed by one more fetch when it is a second old;
// a question that comes unknown_after_ms later still starts anew.
enum registry_answer registry_schema(struct registry *registry, uint32_t id, struct view *schema);

// True while an id that was asked for cannot be fetched for want of a working registry; *err (may
// be NULL) then says which URL was asked, what came back and what to check.
bool registry_unreachable(struct registry *registry, struct error *err);

// Blocking calls for start-up; each tries until `deadline_ms` have passed. STATUS_RETRY: out of
// reach (no answer, 5xx); STATUS_FATAL: the registry refuses (409, 422 ...; the sentence has its
// status and message), or what answers is not a registry, or wants other credentials.
enum status registry_register(struct registry *registry, const char *subject, struct view schema,
                              int64_t deadline_ms, uint32_t *id, struct error *err) MUST_USE;
// The id of exactly this schema under the subject. STATUS_FATAL when it is not registered.
enum status registry_lookup(struct registry *registry, const char *subject, struct view schema,
                            int64_t deadline_ms, uint32_t *id, struct error *err) MUST_USE;
// The subject's latest version. *schema_json is the caller's to free(). STATUS_FATAL when there is
// none, or it is not plain Avro.
enum status registry_latest(struct registry *registry, const char *subject, int64_t deadline_ms,
                            uint32_t *id, char **schema_json, struct error *err) MUST_USE;
// GET /subjects answers.
enum status registry_ping(struct registry *registry, int64_t deadline_ms,
                          struct error *err) MUST_USE;

// Requests made, by outcome: for cardwatch_registry_requests_total{outcome}.
enum registry_outcome {
    REGISTRY_OK,
    REGISTRY_NOT_FOUND,
    REGISTRY_REFUSED,
    REGISTRY_FAILED,
    REGISTRY_OUTCOMES
};
uint64_t registry_requests(struct registry *registry, enum registry_outcome outcome);

#endif
