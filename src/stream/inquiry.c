// SPDX-License-Identifier: Apache-2.0
#include "stream/inquiry.h"

#include "base/assert.h"

enum { PARTITIONS_A_STEP = 8, CARD_RECORD_BYTES_MAX = 4 * 1024 * 1024 };

void inquiry_init(struct inquiry *inquiry)
{
    *inquiry = (struct inquiry){.partition = -1};
    buffer_init(&inquiry->card, CARD_RECORD_BYTES_MAX);
}

void inquiry_release(struct inquiry *inquiry)
{
    buffer_release(&inquiry->card);
}

bool inquiry_ask(struct inquiry *inquiry, const struct token *token)
{
    if (inquiry_waits(inquiry))
        return false;
    inquiry->token = *token;
    inquiry->next_partition = 0;
    inquiry->partition = -1;
    inquiry->in_memory = false;
    inquiry->stream_time = (struct optional_ms){false, 0};
    inquiry->untold_count = 0;
    buffer_clear(&inquiry->card);
    atomic_store_explicit(&inquiry->state, INQUIRY_ASKED, memory_order_release);
    return true;
}

bool inquiry_is_answered(struct inquiry *inquiry)
{
    return atomic_load_explicit(&inquiry->state, memory_order_acquire) == INQUIRY_ANSWERED;
}

// A card that is in memory with nothing left of it has been removed, whatever the store says.
static bool find_in_memory(struct inquiry *inquiry, struct task *task, bool *known)
{
    struct card_entry *entry = cards_find(task->cards, &inquiry->token);
    *known = entry != NULL;
    return entry != NULL && !card_is_empty(&entry->card) &&
           card_encode(&entry->card, &inquiry->card);
}

static bool find_in_store(struct inquiry *inquiry, struct task *task)
{
    struct view value;
    struct error err;
    if (task->store->ops->get(task->store, &inquiry->token, &value, &err) != STATUS_OK) {
        inquiry->untold_count++; // the worker will meet the damage by itself
        return false;
    }
    return value.data != NULL && buffer_append(&inquiry->card, value.data, value.size);
}

static bool look_at(struct inquiry *inquiry, struct task *task)
{
    bool known;
    if (task->state == TASK_TAKING || task->store == NULL) {
        inquiry->untold_count++;
        return false;
    }
    bool found = find_in_memory(inquiry, task, &known);
    inquiry->in_memory = found;
    if (!known)
        found = find_in_store(inquiry, task);
    if (!found)
        return false;
    inquiry->partition = task->partition;
    inquiry->stream_time = task->stream_time;
    return true;
}

void inquiry_advance(struct inquiry *inquiry, struct task *const *tasks, int32_t count)
{
    ensure(inquiry_waits(inquiry));
    int32_t looked = 0;
    bool found = false;
    for (; inquiry->next_partition < count && looked < PARTITIONS_A_STEP && !found;
         inquiry->next_partition++) {
        struct task *task = tasks[inquiry->next_partition];
        if (task == NULL || task->state == TASK_SUSPENDED)
            continue;
        looked++;
        found = look_at(inquiry, task);
    }
    if (found || inquiry->next_partition == count)
        atomic_store_explicit(&inquiry->state, INQUIRY_ANSWERED, memory_order_release);
}
