// SPDX-License-Identifier: Apache-2.0
#include "registry/ids.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { SLOTS_AT_FIRST = 64 };

void ids_init(struct ids *ids, int64_t unknown_after_ms, uint64_t seed)
{
    *ids = (struct ids){.unknown_after_ms = unknown_after_ms, .retry_at_ms = INT64_MIN};
    ids->ready_slots = SLOTS_AT_FIRST;
    ids->ready = memory_zeroed(ids->ready_slots, sizeof *ids->ready);
    random_seed(&ids->jitter, seed);
}

void ids_release(struct ids *ids)
{
    for (size_t i = 0; i < ids->ready_slots; i++)
        free(ids->ready[i].text);
    free(ids->ready);
    ids->ready = NULL;
    ids->ready_slots = 0;
}

// The slot that holds the id, or the empty one where it belongs.
static struct ids_ready *slot_of(struct ids_ready *slots, size_t count, uint32_t id)
{
    size_t mask = count - 1;
    size_t at = ((size_t)id * 0x9e3779b1u) & mask;
    while (slots[at].text != NULL && slots[at].id != id)
        at = (at + 1) & mask;
    return &slots[at];
}

static void ready_grow(struct ids *ids)
{
    size_t count = ids->ready_slots * 2;
    struct ids_ready *slots = memory_zeroed(count, sizeof *slots);
    for (size_t i = 0; i < ids->ready_slots; i++) {
        if (ids->ready[i].text != NULL)
            *slot_of(slots, count, ids->ready[i].id) = ids->ready[i];
    }
    free(ids->ready);
    ids->ready = slots;
    ids->ready_slots = count;
}

static struct ids_wanted *wanted_find(struct ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->wanted_count; i++) {
        if (ids->wanted[i].id == id)
            return &ids->wanted[i];
    }
    return NULL;
}

static void wanted_remove(struct ids *ids, struct ids_wanted *wanted)
{
    ensure(wanted != NULL && ids->wanted_count > 0);
    *wanted = ids->wanted[--ids->wanted_count];
}

// Room for one more: the verdict that is oldest is forgotten. False: all are being fetched.
static bool wanted_make_room(struct ids *ids)
{
    if (ids->wanted_count < IDS_WANTED_MAX)
        return true;
    struct ids_wanted *oldest = NULL;
    for (size_t i = 0; i < ids->wanted_count; i++) {
        struct ids_wanted *wanted = &ids->wanted[i];
        if (wanted->unknown &&
            (oldest == NULL || wanted->missing_last_ms < oldest->missing_last_ms))
            oldest = wanted;
    }
    if (oldest != NULL)
        wanted_remove(ids, oldest);
    return oldest != NULL;
}

static void wanted_add(struct ids *ids, uint32_t id, int64_t now_ms)
{
    if (!wanted_make_room(ids))
        return;
    ids->wanted[ids->wanted_count++] = (struct ids_wanted){
        .id = id,
        .next_try_ms = now_ms,
        .missing_since_ms = INT64_MIN,
        .missing_last_ms = INT64_MIN,
    };
}

// A verdict is due to be given once, however late the question, and then for IDS_VERDICT_MS.
static bool verdict_holds(const struct ids *ids, const struct ids_wanted *wanted, int64_t age_ms)
{
    return age_ms < IDS_VERDICT_MS ||
           (!wanted->told && age_ms < IDS_VERDICT_MS + ids->unknown_after_ms);
}

static enum registry_answer unknown_ask(const struct ids *ids, struct ids_wanted *wanted,
                                        int64_t now_ms)
{
    int64_t age_ms = now_ms - wanted->missing_last_ms;
    if (verdict_holds(ids, wanted, age_ms)) {
        wanted->told = true;
        return REGISTRY_UNKNOWN;
    }
    if (age_ms >= IDS_VERDICT_MS + ids->unknown_after_ms)
        wanted->missing_since_ms = INT64_MIN;
    wanted->unknown = false;
    wanted->told = false;
    wanted->attempts = 0;
    wanted->next_try_ms = now_ms;
    return REGISTRY_PENDING;
}

enum registry_answer ids_ask(struct ids *ids, uint32_t id, int64_t now_ms, struct view *schema)
{
    const struct ids_ready *slot = slot_of(ids->ready, ids->ready_slots, id);
    if (slot->text != NULL) {
        *schema = (struct view){(const uint8_t *)slot->text, slot->size};
        return REGISTRY_READY;
    }
    struct ids_wanted *wanted = wanted_find(ids, id);
    if (wanted != NULL && wanted->unknown)
        return unknown_ask(ids, wanted, now_ms);
    if (wanted == NULL)
        wanted_add(ids, id, now_ms);
    return REGISTRY_PENDING;
}

static int64_t due_ms(const struct ids *ids, const struct ids_wanted *wanted)
{
    return wanted->next_try_ms > ids->retry_at_ms ? wanted->next_try_ms : ids->retry_at_ms;
}

enum ids_step ids_next(const struct ids *ids, int64_t now_ms, uint32_t *id, int64_t *wait_ms)
{
    const struct ids_wanted *next = NULL;
    for (size_t i = 0; i < ids->wanted_count; i++) {
        const struct ids_wanted *wanted = &ids->wanted[i];
        if (wanted->unknown)
            continue;
        if (!wanted->looked_up) {
            *id = wanted->id;
            return IDS_LOOK_UP;
        }
        if (next == NULL || wanted->next_try_ms < next->next_try_ms)
            next = wanted;
    }
    *wait_ms = INT64_MAX;
    if (next == NULL)
        return IDS_WAIT;
    *id = next->id;
    int64_t due = due_ms(ids, next);
    if (due <= now_ms)
        return IDS_FETCH;
    *wait_ms = due - now_ms;
    return IDS_WAIT;
}

void ids_looked_up(struct ids *ids, uint32_t id)
{
    struct ids_wanted *wanted = wanted_find(ids, id);
    ensure(wanted != NULL);
    wanted->looked_up = true;
}

// The registry is at work.
static void answered(struct ids *ids)
{
    ids->failures = 0;
    ids->retry_at_ms = INT64_MIN;
}

bool ids_arrived(struct ids *ids, uint32_t id, char *text, size_t size, int64_t now_ms)
{
    struct ids_wanted *wanted = wanted_find(ids, id);
    ensure(wanted != NULL && !wanted->unknown);
    if (ids->ready_count >= IDS_READY_MAX || size > IDS_READY_BYTES_MAX - ids->ready_bytes) {
        free(text);
        ids_failed(ids, id, now_ms, false);
        return false;
    }
    if (wanted->looked_up) // it came from the registry
        answered(ids);
    wanted_remove(ids, wanted);
    if (2 * (ids->ready_count + 1) > ids->ready_slots)
        ready_grow(ids);
    struct ids_ready *slot = slot_of(ids->ready, ids->ready_slots, id);
    ensure(slot->text == NULL);
    *slot = (struct ids_ready){text, size, id};
    ids->ready_count++;
    ids->ready_bytes += size;
    return true;
}

void ids_missing(struct ids *ids, uint32_t id, int64_t now_ms)
{
    struct ids_wanted *wanted = wanted_find(ids, id);
    ensure(wanted != NULL && !wanted->unknown);
    answered(ids);
    wanted->failing = false;
    wanted->missing_last_ms = now_ms;
    if (wanted->missing_since_ms == INT64_MIN)
        wanted->missing_since_ms = now_ms;
    int64_t left_ms = wanted->missing_since_ms + ids->unknown_after_ms - now_ms;
    wanted->unknown = left_ms <= 0;
    wanted->told = false;
    int64_t pause_ms = ids_backoff_ms(&ids->jitter, ++wanted->attempts);
    wanted->next_try_ms = now_ms + (pause_ms < left_ms ? pause_ms : left_ms);
}

void ids_failed(struct ids *ids, uint32_t id, int64_t now_ms, bool everywhere)
{
    struct ids_wanted *wanted = wanted_find(ids, id);
    ensure(wanted != NULL && !wanted->unknown);
    wanted->failing = true;
    wanted->missing_since_ms = INT64_MIN; // only answers in a row count
    wanted->next_try_ms = now_ms + ids_backoff_ms(&ids->jitter, ++wanted->attempts);
    if (everywhere)
        ids->retry_at_ms = now_ms + ids_backoff_ms(&ids->jitter, ++ids->failures);
}

bool ids_failing(const struct ids *ids)
{
    for (size_t i = 0; i < ids->wanted_count; i++) {
        if (ids->wanted[i].failing)
            return true;
    }
    return false;
}

int64_t ids_backoff_ms(struct random *jitter, uint32_t attempts)
{
    int64_t whole_ms = IDS_BACKOFF_MS_MAX;
    if (attempts < 8)
        whole_ms = (int64_t)IDS_BACKOFF_MS_MIN << (attempts == 0 ? 0 : attempts - 1);
    if (whole_ms > IDS_BACKOFF_MS_MAX)
        whole_ms = IDS_BACKOFF_MS_MAX;
    return random_range(jitter, whole_ms / 2, whole_ms);
}
