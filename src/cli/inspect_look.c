// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "stream/setup.h"

enum status inspect_look_open(struct inspect_look *look, const struct config *config,
                              struct error *err)
{
    *look = (struct inspect_look){.problem_count = 0};
    enum status status = setup_engine(config, &look->settings.engine, err);
    if (status == STATUS_OK)
        status = setup_token_key(config, &look->key, err);
    if (status != STATUS_OK)
        return status;
    setup_settings(config, look->key, &look->settings);
    status = inspection_open(&look->inspection, config->state.dir, config->application_id, err);
    if (status == STATUS_OK)
        look->partitions = memory_zeroed(look->inspection.count + 1, sizeof(*look->partitions));
    else
        inspect_look_close(look);
    return status;
}

void inspect_look_close(struct inspect_look *look)
{
    inspection_close(&look->inspection);
    if (look->key != NULL)
        token_key_close(look->key);
    look->key = NULL;
    free(look->partitions);
    look->partitions = NULL;
}

uint64_t inspect_size_from(size_t size)
{
    return size < 4 ? size : (uint64_t)1 << (size - 2);
}

static void count_size(struct inspect_look *look, uint64_t purchases)
{
    size_t size = 0;
    while (size + 1 < INSPECT_SIZES && inspect_size_from(size + 1) <= purchases)
        size++;
    look->sizes[size]++;
    look->purchases += purchases;
}

static void visit_card(void *context, const struct token *token, struct view value)
{
    struct inspect_look *look = context;
    struct card card;
    struct error err;
    (void)token;
    card_init(&card);
    look->record_bytes += value.size;
    if (card_decode(value, &card, &err) == STATUS_OK)
        count_size(look, card.event_count);
    else
        look->damaged_cards++;
    card_release(&card);
}

static void take_head(const struct inspect_look *look, const struct inspected *inspected,
                      struct inspect_partition *out)
{
    out->found = inspected->found;
    out->checkpoint = inspected->checkpoint;
    out->cards = inspected->cards;
    out->bytes = inspected->bytes;
    out->written_ms = inspected->written_ms;
    out->same_rules = memcmp(inspected->checkpoint.meta.fingerprint, look->settings.fingerprint,
                             FINGERPRINT_BYTES) == 0;
}

static void look_at(struct inspect_look *look, struct inspect_partition *out)
{
    struct inspected inspected;
    out->problem.text[0] = '\0';
    enum status status =
        inspected_open(&inspected, &look->inspection, out->partition, &out->problem);
    if (status == STATUS_OK) {
        take_head(look, &inspected, out);
        status = inspected_scan(&inspected, visit_card, look, &out->problem);
        inspected_close(&inspected);
    }
    look->problem_count += status != STATUS_OK;
    look->cards += out->cards;
    look->bytes += out->bytes;
}

void inspect_look_at_all(struct inspect_look *look)
{
    for (size_t i = 0; i < look->inspection.count; i++) {
        look->partitions[i].partition = look->inspection.partitions[i];
        look_at(look, &look->partitions[i]);
    }
}

enum status inspect_look_for(struct inspect_look *look, struct view card,
                             struct inspect_partition *where, struct buffer *record,
                             struct error *err)
{
    struct token token;
    enum status status = STATUS_OK;
    *where = (struct inspect_partition){.partition = -1};
    token_of(look->key, card, &token);
    for (size_t i = 0; i < look->inspection.count && where->partition < 0; i++) {
        struct inspected inspected;
        struct view value = {NULL, 0};
        status = inspected_open(&inspected, &look->inspection, look->inspection.partitions[i], err);
        if (status != STATUS_OK)
            return status;
        status = inspected_card(&inspected, &token, &value, err);
        if (value.data != NULL && buffer_append(record, value.data, value.size)) {
            where->partition = look->inspection.partitions[i];
            take_head(look, &inspected, where);
        }
        inspected_close(&inspected);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
