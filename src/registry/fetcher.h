// SPDX-License-Identifier: Apache-2.0
// The thread that fetches schemas by id: whoever wants one asks, and asks again. An id is fetched
// once however many ask for it; while the registry is out of reach it is tried again with
// jittered back-off, for ever. Thread-safe but for open and close.
#ifndef REGISTRY_FETCHER_H
#define REGISTRY_FETCHER_H

#include "registry/cache.h"
#include "registry/client.h"

struct fetcher_settings {
    const struct url_list *urls; // borrowed
    struct http_settings http;
    int64_t timeout_ms;
    int64_t unknown_after_ms;
    const char *cache_dir;          // NULL or "": no cache on disk
    atomic_uint_fast64_t *outcomes; // REGISTRY_OUTCOMES counters, borrowed
};

struct fetcher;

// Starts the thread; it blocks all signals.
enum status fetcher_open(const struct fetcher_settings *settings, struct fetcher **out,
                         struct error *err) MUST_USE;
// Interrupts what is being fetched; returns at once.
void fetcher_close(struct fetcher *fetcher);

// As registry_schema. Never waits for the network or the disk.
enum registry_answer fetcher_schema(struct fetcher *fetcher, uint32_t id, struct view *schema);

// As registry_unreachable.
bool fetcher_failing(struct fetcher *fetcher, struct error *err);

#endif
