// SPDX-License-Identifier: Apache-2.0
// Which schemas are known, which are wanted, and when to ask for them: the registry's memory
// without threads, sockets or a clock (times are arguments, of any one clock).
//
// An id is in one of three places:
//   nowhere  -- asked for -->  wanted  -- fetched -->  ready, for ever
// A wanted id for which the registry keeps answering "unknown" is found unknown after
// `unknown_after_ms` of such answers. It stays in the list of the wanted, at rest: the verdict is
// given for a second, after that one more fetch confirms or lifts it, and after another
// `unknown_after_ms` without a question everything starts anew.
#ifndef REGISTRY_IDS_H
#define REGISTRY_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/random.h"
#include "registry/registry.h"

enum {
    IDS_READY_MAX = 64 * 1024,
    IDS_READY_BYTES_MAX = 256 * 1024 * 1024, // of all texts
    IDS_WANTED_MAX = 1024,
    IDS_BACKOFF_MS_MIN = 100,
    IDS_BACKOFF_MS_MAX = 5000,
    IDS_VERDICT_MS = 1000,
};

// A schema's text; text NULL: an empty slot.
struct ids_ready {
    char *text;
    size_t size;
    uint32_t id;
};

struct ids_wanted {
    uint32_t id;
    bool looked_up;    // in the cache on disk
    bool failing;      // the last fetch brought neither the schema nor an "unknown"
    bool unknown;      // found unknown: at rest
    bool told;         // and somebody has been told
    uint32_t attempts; // in a row without the schema
    int64_t next_try_ms;
    int64_t missing_since_ms; // first and last "unknown" in a row; INT64_MIN: none
    int64_t missing_last_ms;
};

struct ids {
    struct ids_ready *ready; // open addressing, a power of two of slots, at most half full
    size_t ready_slots;
    size_t ready_count;
    size_t ready_bytes;
    struct ids_wanted wanted[IDS_WANTED_MAX];
    size_t wanted_count;
    uint32_t failures;   // in a row, of any id
    int64_t retry_at_ms; // no fetch before: the registry is out of reach
    int64_t unknown_after_ms;
    struct random jitter;
};

void ids_init(struct ids *ids, int64_t unknown_after_ms, uint64_t seed);
void ids_release(struct ids *ids);

// The answer for one id; it becomes wanted if it is neither. *schema is set for REGISTRY_READY and
// stays valid until ids_release. When IDS_WANTED_MAX ids are being fetched, further ones are
// pending without being wanted: they have to be asked for again, which callers do anyway.
enum registry_answer ids_ask(struct ids *ids, uint32_t id, int64_t now_ms, struct view *schema);

enum ids_step {
    IDS_LOOK_UP, // look for *id on disk
    IDS_FETCH,   // ask the registry for *id
    IDS_WAIT,    // nothing to do for *wait_ms (INT64_MAX: until something is asked for)
};

// What to do now. The caller reports the outcome with one of the calls below before it asks again.
enum ids_step ids_next(const struct ids *ids, int64_t now_ms, uint32_t *id, int64_t *wait_ms);

// The look-up on disk is done without success.
void ids_looked_up(struct ids *ids, uint32_t id);
// The schema has come. Takes `text` (from malloc). False: the memory for schemas is full; the id
// stays wanted and failing.
bool ids_arrived(struct ids *ids, uint32_t id, char *text, size_t size, int64_t now_ms);
// The registry does not know the id.
void ids_missing(struct ids *ids, uint32_t id, int64_t now_ms);
// There was no answer, or none of use. `everywhere`: the next fetch of any id would fare no better.
void ids_failed(struct ids *ids, uint32_t id, int64_t now_ms, bool everywhere);

// True while the last fetch of a wanted id has failed.
bool ids_failing(const struct ids *ids);

// The pause after `attempts` failures in a row (at least 1), at random between the half and the
// whole of 100 ms, 200 ms, 400 ms ... 5 s.
int64_t ids_backoff_ms(struct random *jitter, uint32_t attempts);

#endif
