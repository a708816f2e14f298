// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_file.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "cli/progress.h"
#include "wire/container_reader.h"
#include "wire/purchase.h"

enum {
    BATCH_MAX = 1024,
    BATCH_BYTES = 1024 * 1024, // a batch is taken when it has passed this
    FRAME_BYTES = 5,
    SCHEMA_ID = 1, // of the file's schema, in the frames made for its purchases
};

struct file_run {
    struct replay_site *site;
    struct container_reader *reader;
    struct purchase_plan *card_plan; // credit_card alone
    struct replay *replay;
    struct progress progress;
    uint64_t taken;
    int64_t *offsets; // by partition: the next one
    // A batch: framed values in `bytes`, which may move until the batch is full.
    struct buffer bytes;
    struct message messages[BATCH_MAX];
    size_t value_at[BATCH_MAX];
    size_t key_at[BATCH_MAX]; // 0: there is no key
    size_t count;
};

static enum registry_answer answer_schema(void *context, uint32_t id, struct view *schema)
{
    const struct file_run *run = context;
    *schema = container_reader_schema(run->reader);
    return id == SCHEMA_ID ? REGISTRY_READY : REGISTRY_UNKNOWN;
}

// Whether the file holds purchases is known before the first is taken.
static enum status check_schema(struct file_run *run, struct error *err)
{
    struct view schema = container_reader_schema(run->reader);
    struct purchase_plan *whole;
    enum status status =
        purchase_plan_compile(schema, run->site->settings.needed_fields, &whole, err);
    if (status == STATUS_OK) {
        purchase_plan_free(whole);
        status = purchase_plan_compile(schema, PURCHASE_CREDIT_CARD, &run->card_plan, err);
    }
    return status == STATUS_OK ? STATUS_OK
                               : error_prefix(err, STATUS_FATAL, "%s does not hold purchases",
                                              run->site->options->input);
}

static enum status open_replay(struct file_run *run, const struct replay_listener *listener,
                               struct error *err)
{
    struct replay_site *site = run->site;
    const struct schema_source schemas = {answer_schema, run};
    site->settings.input_partitions = site->options->partitions;
    site->settings.cache_bytes = (size_t)site->config->state.cache_bytes;
    run->offsets = memory_zeroed((size_t)site->options->partitions, sizeof(run->offsets[0]));
    run->replay = replay_open(&site->settings, site->scratch, &schemas, listener);
    enum status status = STATUS_OK;
    for (int32_t p = 0; p < site->options->partitions && status == STATUS_OK; p++)
        status = replay_start(run->replay, p, 0, err);
    return status;
}

static void show(struct file_run *run)
{
    uint64_t bytes = container_reader_bytes(run->reader);
    double size = (double)container_reader_bytes_total(run->reader);
    if (size > 0 && bytes > 0) // as many as there are bytes, if the rest is like the beginning
        run->progress.total = (uint64_t)((double)run->taken * size / (double)bytes);
    progress_show(&run->progress, run->taken);
}

static enum status take_batch(struct file_run *run, struct error *err)
{
    for (size_t i = 0; i < run->count; i++) {
        struct message *message = &run->messages[i];
        message->value.data = run->bytes.data + run->value_at[i];
        if (run->key_at[i] > 0)
            message->key.data = run->bytes.data + run->key_at[i];
    }
    enum status status = replay_take(run->replay, run->messages, run->count, err);
    run->taken += run->count;
    run->count = 0;
    buffer_clear(&run->bytes);
    show(run);
    return status;
}

// The card of a purchase becomes its message's key; what has none that can be read has no key.
static struct view card_of(const struct file_run *run, struct view datum)
{
    struct purchase purchase;
    const char *reason;
    bool read = purchase_decode(run->card_plan, datum, &purchase, &reason) == DEAD_LETTER_NONE;
    return read && (purchase.present & PURCHASE_CREDIT_CARD) != 0 ? purchase.credit_card
                                                                  : (struct view){NULL, 0};
}

static void add(struct file_run *run, struct view datum)
{
    struct view card = card_of(run, datum);
    int32_t partition =
        card.data == NULL ? 0 : murmur2_partition(card, run->site->options->partitions);
    size_t at = run->bytes.size;
    run->value_at[run->count] = at;
    run->key_at[run->count] =
        card.data == NULL ? 0 : at + FRAME_BYTES + (size_t)(card.data - datum.data);
    run->messages[run->count++] = (struct message){
        .partition = partition,
        .offset = run->offsets[partition]++,
        .key = card,
        .value = {NULL, FRAME_BYTES + datum.size},
    };
    ensure(buffer_append_byte(&run->bytes, 0) && buffer_append_be32(&run->bytes, SCHEMA_ID));
    ensure(datum.size == 0 || buffer_append(&run->bytes, datum.data, datum.size));
}

static enum status take_file(struct file_run *run, struct error *err)
{
    struct view datum;
    bool found = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && found) {
        status = container_reader_next(run->reader, &datum, &found, err);
        if (status == STATUS_OK && found)
            add(run, datum);
        bool full = run->count == BATCH_MAX || run->bytes.size >= BATCH_BYTES || !found;
        if (status != STATUS_OK || !full)
            continue;
        status = take_batch(run, err);
        if (status == STATUS_OK && replay_site_is_asked_to_stop(run->site))
            status = error_set(err, STATUS_RETRY, "stopped before the end");
    }
    return status;
}

enum status replay_file(struct replay_site *site, const struct replay_listener *listener,
                        struct counters *counters, struct error *err)
{
    struct file_run *run = memory_zeroed(1, sizeof(*run));
    run->site = site;
    *counters = (struct counters){0};
    buffer_init(&run->bytes, BATCH_BYTES + FRAME_BYTES + CONTAINER_BLOCK_MAX);
    progress_begin(&run->progress, 0);
    enum status status = container_reader_open(site->options->input, &run->reader, err);
    if (status == STATUS_OK)
        status = check_schema(run, err);
    if (status == STATUS_OK)
        status = open_replay(run, listener, err);
    if (status == STATUS_OK)
        status = take_file(run, err);
    progress_end(&run->progress);
    if (run->replay != NULL)
        *counters = *replay_counters(run->replay);
    replay_close(run->replay);
    purchase_plan_free(run->card_plan);
    container_reader_close(run->reader);
    buffer_release(&run->bytes);
    free(run->offsets);
    free(run);
    return status;
}
