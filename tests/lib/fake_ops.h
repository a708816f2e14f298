// SPDX-License-Identifier: Apache-2.0
// The port's calls on the fake, as broker.h describes them; fake_broker.c puts them into the table.
#ifndef LIB_FAKE_OPS_H
#define LIB_FAKE_OPS_H

#include "broker/broker.h"

// fake_ops_read.c: the group, reading, offsets
enum status fake_op_poll(struct broker *base, int timeout_ms, struct batch *batch,
                         struct error *err) MUST_USE;
enum status fake_op_accept(struct broker *base, struct error *err) MUST_USE;
enum status fake_op_start(struct broker *base, int32_t partition, int64_t offset,
                          struct error *err) MUST_USE;
enum status fake_op_stop(struct broker *base, int32_t partition, struct error *err) MUST_USE;
enum status fake_op_committed(struct broker *base, int32_t partition, int64_t *offset,
                              struct error *err) MUST_USE;
int64_t fake_op_input_end(struct broker *base, int32_t partition);
enum status fake_op_input_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                     int64_t *high, struct error *err) MUST_USE;
enum status fake_op_changelog_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                         int64_t *high, struct error *err) MUST_USE;
enum status fake_op_changelog_open(struct broker *base, int32_t partition, int64_t offset,
                                   struct error *err) MUST_USE;
enum status fake_op_changelog_poll(struct broker *base, int timeout_ms,
                                   struct changelog_batch *batch, struct error *err) MUST_USE;
int64_t fake_op_changelog_position(struct broker *base, int32_t partition);
void fake_op_changelog_close(struct broker *base, int32_t partition);
enum status fake_op_partition_counts(struct broker *base, int32_t *input, int32_t *changelog,
                                     struct error *err) MUST_USE;

// fake_ops_table.c: the table
enum status fake_op_table_facts(struct broker *base, struct table_facts *facts,
                                struct error *err) MUST_USE;
enum status fake_op_table_watermarks(struct broker *base, int32_t partition, int64_t *low,
                                     int64_t *high, struct error *err) MUST_USE;
enum status fake_op_table_open(struct broker *base, int32_t partition, int64_t offset,
                               struct error *err) MUST_USE;
enum status fake_op_table_poll(struct broker *base, int timeout_ms, struct changelog_batch *batch,
                               struct error *err) MUST_USE;
int64_t fake_op_table_position(struct broker *base, int32_t partition);
void fake_op_table_close(struct broker *base, int32_t partition);

// fake_ops_write.c: producing, transactions
enum status fake_op_begin(struct broker *base, struct error *err) MUST_USE;
enum status fake_op_produce(struct broker *base, const struct record *record,
                            struct error *err) MUST_USE;
enum status fake_op_produce_changelog(struct broker *base, int32_t partition,
                                      const struct view *keys, const struct view *values,
                                      size_t count, struct error *err) MUST_USE;
enum status fake_op_commit(struct broker *base, const struct partition_offset *offsets,
                           size_t count, struct error *err) MUST_USE;
enum status fake_op_abort(struct broker *base, struct error *err) MUST_USE;
enum status fake_op_reset(struct broker *base, struct error *err) MUST_USE;
enum status fake_op_fence(struct broker *base, const char *transactional_id,
                          struct error *err) MUST_USE;
enum status fake_op_flush(struct broker *base, struct error *err) MUST_USE;
enum status fake_op_commit_offsets(struct broker *base, const struct partition_offset *offsets,
                                   size_t count, struct error *err) MUST_USE;
int64_t fake_op_changelog_delivered(struct broker *base, int32_t partition);

#endif
