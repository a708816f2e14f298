// SPDX-License-Identifier: Apache-2.0
// A hash table of chains. An entry counts how often its alert was expected and met; what does not
// balance is sorted in the end, so that two alerts of one purchase and rule stand side by side.
#include "cli/comparison.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/murmur2.h"

enum { BUCKETS_FIRST = 1024 };

struct entry {
    struct entry *next;
    struct replay_alert alert; // its views point behind the entry
    uint32_t hash;
    size_t expected;
    size_t met;
};

struct comparison {
    bool repeats_allowed;
    struct entry **buckets;
    size_t bucket_count; // a power of two
    size_t entry_count;
    size_t equal_count;
    size_t repeated_count;
};

struct comparison *comparison_open(bool repeats_allowed)
{
    struct comparison *comparison = memory_zeroed(1, sizeof(*comparison));
    comparison->repeats_allowed = repeats_allowed;
    comparison->bucket_count = BUCKETS_FIRST;
    comparison->buckets = memory_zeroed(BUCKETS_FIRST, sizeof(comparison->buckets[0]));
    return comparison;
}

void comparison_close(struct comparison *comparison)
{
    if (comparison == NULL)
        return;
    for (size_t i = 0; i < comparison->bucket_count; i++) {
        for (struct entry *at = comparison->buckets[i], *next; at != NULL; at = next) {
            next = at->next;
            free(at);
        }
    }
    free(comparison->buckets);
    free(comparison);
}

static uint32_t hash_of(const struct replay_alert *alert)
{
    uint32_t hash = murmur2(alert->key);
    hash = hash * 31 + murmur2(alert->value);
    hash = hash * 31 + murmur2(alert->source);
    return hash * 31 + (uint32_t)alert->partition * 8 + (uint32_t)alert->topic;
}

static bool same_but_source(const struct replay_alert *a, const struct replay_alert *b)
{
    return a->topic == b->topic && a->partition == b->partition && view_equal(a->key, b->key) &&
           (a->key.data == NULL) == (b->key.data == NULL) && view_equal(a->value, b->value);
}

static bool same(const struct replay_alert *a, const struct replay_alert *b)
{
    return same_but_source(a, b) && view_equal(a->source, b->source);
}

static void grow(struct comparison *comparison)
{
    size_t count = comparison->bucket_count * 2;
    struct entry **buckets = memory_zeroed(count, sizeof(buckets[0]));
    for (size_t i = 0; i < comparison->bucket_count; i++) {
        for (struct entry *at = comparison->buckets[i], *next; at != NULL; at = next) {
            next = at->next;
            at->next = buckets[at->hash & (count - 1)];
            buckets[at->hash & (count - 1)] = at;
        }
    }
    free(comparison->buckets);
    comparison->buckets = buckets;
    comparison->bucket_count = count;
}

static void move_view(struct view *view, uint8_t **room)
{
    if (view->data == NULL)
        return;
    if (view->size > 0)
        memcpy(*room, view->data, view->size);
    view->data = *room;
    *room += view->size;
}

static struct entry *entry_make(const struct replay_alert *alert, uint32_t hash)
{
    size_t bytes = alert->key.size + alert->value.size + alert->rule.size + alert->count.size +
                   alert->detected_at.size + alert->source.size;
    struct entry *entry = memory_zeroed(1, sizeof(*entry) + bytes + 1);
    uint8_t *room = (uint8_t *)(entry + 1);
    entry->hash = hash;
    entry->alert = *alert;
    struct view *const views[] = {&entry->alert.key,         &entry->alert.value,
                                  &entry->alert.rule,        &entry->alert.count,
                                  &entry->alert.detected_at, &entry->alert.source};
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        move_view(views[i], &room);
    return entry;
}

static struct entry *entry_of(struct comparison *comparison, const struct replay_alert *alert)
{
    uint32_t hash = hash_of(alert);
    struct entry *at = comparison->buckets[hash & (comparison->bucket_count - 1)];
    while (at != NULL && (at->hash != hash || !same(&at->alert, alert)))
        at = at->next;
    if (at != NULL)
        return at;
    if (comparison->entry_count >= comparison->bucket_count)
        grow(comparison);
    struct entry **bucket = &comparison->buckets[hash & (comparison->bucket_count - 1)];
    at = entry_make(alert, hash);
    at->next = *bucket;
    *bucket = at;
    comparison->entry_count++;
    return at;
}

void comparison_expect(struct comparison *comparison, const struct replay_alert *alert)
{
    entry_of(comparison, alert)->expected++;
}

void comparison_meet(struct comparison *comparison, const struct replay_alert *alert)
{
    entry_of(comparison, alert)->met++;
}

// Takes what is equal off both counts.
static void balance(struct comparison *comparison, struct entry *entry)
{
    size_t equal = entry->expected < entry->met ? entry->expected : entry->met;
    comparison->equal_count += equal;
    if (comparison->repeats_allowed && equal > 0) {
        comparison->repeated_count += entry->met - equal;
        entry->met = equal;
    }
    entry->expected -= equal;
    entry->met -= equal;
}

static int by_source(const void *a, const void *b)
{
    const struct replay_alert *x = &(*(struct entry *const *)a)->alert;
    const struct replay_alert *y = &(*(struct entry *const *)b)->alert;
    if (x->topic != y->topic)
        return x->topic < y->topic ? -1 : 1;
    int order = view_order(x->source, y->source);
    if (order == 0)
        order = view_order(x->rule, y->rule);
    return order != 0 ? order : view_order(x->value, y->value);
}

// What does not balance, in no order; the caller frees the list.
static struct entry **unbalanced(struct comparison *comparison, size_t *count)
{
    struct entry **list = memory_zeroed(comparison->entry_count + 1, sizeof(list[0]));
    *count = 0;
    for (size_t i = 0; i < comparison->bucket_count; i++) {
        for (struct entry *at = comparison->buckets[i]; at != NULL; at = at->next) {
            balance(comparison, at);
            if (at->expected + at->met > 0)
                list[(*count)++] = at;
        }
    }
    return list;
}

static int by_content(const void *a, const void *b)
{
    const struct replay_alert *x = &(*(struct entry *const *)a)->alert;
    const struct replay_alert *y = &(*(struct entry *const *)b)->alert;
    if (x->topic != y->topic)
        return x->topic < y->topic ? -1 : 1;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    int order = view_order(x->key, y->key);
    return order != 0 ? order : view_order(x->value, y->value);
}

// One that was met without a source: stands for those of its run that were expected.
static void spend(struct comparison *comparison, struct entry *met, struct entry **run,
                  size_t count)
{
    for (size_t i = 0; i < count && met->met > 0; i++) {
        size_t equal = run[i]->expected < met->met ? run[i]->expected : met->met;
        run[i]->expected -= equal;
        met->met -= equal;
        comparison->equal_count += equal;
    }
}

static void balance_sourceless(struct comparison *comparison, struct entry **list, size_t count)
{
    qsort(list, count, sizeof(list[0]), by_content);
    for (size_t from = 0, end; from < count; from = end) {
        end = from + 1;
        while (end < count && same_but_source(&list[from]->alert, &list[end]->alert))
            end++;
        for (size_t i = from; i < end; i++)
            if (list[i]->alert.source.data == NULL && list[i]->met > 0)
                spend(comparison, list[i], list + from, end - from);
    }
    qsort(list, count, sizeof(list[0]), by_source);
}

static bool same_purchase(const struct replay_alert *a, const struct replay_alert *b)
{
    return a->topic == b->topic && a->source.data != NULL && view_equal(a->source, b->source) &&
           view_equal(a->rule, b->rule);
}

// Another alert of the same purchase and rule that was met: in the run of equals around `at`.
static struct entry *counterpart(struct entry **list, size_t count, size_t at)
{
    size_t from = at;
    while (from > 0 && same_purchase(&list[from - 1]->alert, &list[at]->alert))
        from--;
    for (size_t i = from;
         i < count && (i == at || same_purchase(&list[i]->alert, &list[at]->alert)); i++)
        if (i != at && list[i]->met > 0)
            return list[i];
    return NULL;
}

static void tell_pairs(struct entry **list, size_t count, comparison_tell_fn *tell, void *context)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *met;
        while (list[i]->expected > 0 && (met = counterpart(list, count, i)) != NULL) {
            list[i]->expected--;
            met->met--;
            const struct difference difference = {DIFFERENCE_DIFFERENT, &list[i]->alert,
                                                  &met->alert};
            tell(context, &difference);
        }
    }
}

void comparison_end(struct comparison *comparison, comparison_tell_fn *tell, void *context)
{
    size_t count;
    struct entry **list = unbalanced(comparison, &count);
    balance_sourceless(comparison, list, count);
    tell_pairs(list, count, tell, context);
    for (size_t i = 0; i < count; i++) {
        const struct difference missing = {DIFFERENCE_MISSING, &list[i]->alert, NULL};
        const struct difference extra = {DIFFERENCE_EXTRA, NULL, &list[i]->alert};
        for (size_t k = 0; k < list[i]->expected; k++)
            tell(context, &missing);
        for (size_t k = 0; k < list[i]->met; k++)
            tell(context, &extra);
    }
    free(list);
}

size_t comparison_equal_count(const struct comparison *comparison)
{
    return comparison->equal_count;
}

size_t comparison_repeated_count(const struct comparison *comparison)
{
    return comparison->repeated_count;
}
