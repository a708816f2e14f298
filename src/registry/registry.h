// SPDX-License-Identifier: Apache-2.0
// The schema registry's client: Confluent's REST API over libcurl, with a cache in memory and on
// disk (an id's schema never changes). Fetches run on a thread of its own, so a worker never waits:
// it asks, goes on serving its group, and asks again. Thread-safe.
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct registry_settings {
    const char *url;       // several by commas: tried in turn
    const char *username;  // "" or NULL: none
    const char *password;
    const char *ca_file;   // "" or NULL: the system's
    int64_t timeout_ms;    // of one request
    int64_t unknown_after_ms; // an id is unknown after 404 answers for this long (10 s)
    const char *cache_dir; // "" or NULL: memory alone; made when missing
};

struct registry;

enum status registry_open(const struct registry_settings *settings, struct registry **out,
                          struct error *err) MUST_USE;
void registry_close(struct registry *registry);

enum registry_answer {
    REGISTRY_READY,   // *schema is the schema's text; valid until registry_close
    REGISTRY_PENDING, // being fetched, or the registry is out of reach: ask again later
    REGISTRY_UNKNOWN, // 404 for unknown_after_ms: a later question starts anew
};

// The schema of an id; never blocks. An id asked for by many is fetched once. While the registry
// is out of reach the fetch is repeated with jittered back-off for ever.
enum registry_answer registry_schema(struct registry *registry, uint32_t id, struct view *schema);

// True while requests fail for want of a working registry; *err then says which URL and why.
bool registry_unreachable(struct registry *registry, struct error *err);

// Blocking calls for start-up; each tries until `deadline_ms` have passed. STATUS_RETRY: out of
// reach; STATUS_FATAL: the registry refuses (the sentence has its status, code and message).
enum status registry_register(struct registry *registry, const char *subject, struct view schema,
                              int64_t deadline_ms, uint32_t *id, struct error *err) MUST_USE;
// The id of exactly this schema under the subject. STATUS_FATAL when it is not registered.
enum status registry_lookup(struct registry *registry, const char *subject, struct view schema,
                            int64_t deadline_ms, uint32_t *id, struct error *err) MUST_USE;
// The subject's latest version. *schema_json is the caller's to free().
enum status registry_latest(struct registry *registry, const char *subject, int64_t deadline_ms,
                            uint32_t *id, char **schema_json, struct error *err) MUST_USE;
// GET /subjects answers.
enum status registry_ping(struct registry *registry, int64_t deadline_ms,
                          struct error *err) MUST_USE;

// Requests made, by outcome: for cardwatch_registry_requests_total{outcome}.
enum registry_outcome { REGISTRY_OK, REGISTRY_NOT_FOUND, REGISTRY_REFUSED, REGISTRY_FAILED, REGISTRY_OUTCOMES };
uint64_t registry_requests(struct registry *registry, enum registry_outcome outcome);

#endif
