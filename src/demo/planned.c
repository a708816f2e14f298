// SPDX-License-Identifier: Apache-2.0
#include "demo/planned.h"

#include "base/assert.h"

static bool before(const struct planned *a, const struct planned *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->sequence < b->sequence;
}

bool planned_fits(const struct planned_heap *heap, size_t count)
{
    return count <= PLANNED_MAX - heap->count;
}

void planned_push(struct planned_heap *heap, const struct planned *planned)
{
    ensure(heap->count < PLANNED_MAX);
    struct planned added = *planned;
    added.sequence = heap->sequence++;
    size_t at = heap->count++;
    while (at > 0 && before(&added, &heap->items[(at - 1) / 2])) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = added;
}

static void sift_down(struct planned_heap *heap, const struct planned *item)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!before(&heap->items[child], item))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = *item;
}

bool planned_pop(struct planned_heap *heap, int64_t now_ms, struct planned *out)
{
    if (heap->count == 0 || heap->items[0].due_ms > now_ms)
        return false;
    *out = heap->items[0];
    struct planned last = heap->items[--heap->count];
    if (heap->count > 0)
        sift_down(heap, &last);
    return true;
}
