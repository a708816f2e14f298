// SPDX-License-Identifier: Apache-2.0
// A line of input as a record: its key, and its value as text or Avro.
#ifndef CLI_SEND_RECORD_H
#define CLI_SEND_RECORD_H

#include "broker/kafka_writer.h"
#include "cli/send_options.h"
#include "wire/json_avro.h"

struct send_maker {
    const struct send_options *options;
    struct json_avro *encoder; // NULL: text
    uint32_t schema_id;
    struct tree tree;
    struct buffer value;
};

// Options and encoder (NULL: values are text) are borrowed.
void send_maker_init(struct send_maker *maker, const struct send_options *options,
                     struct json_avro *encoder, uint32_t schema_id);
void send_maker_release(struct send_maker *maker);

// True for a line that is no record: an empty one where JSON is expected.
bool send_maker_passes_over(const struct send_maker *maker, struct view line);

// The record, with the options' headers, partition and timestamp; valid until the next one, as long
// as the line is. STATUS_RECORD says why the line is none, without any of its values.
enum status send_maker_make(struct send_maker *maker, struct view line,
                            struct kafka_writer_record *out, struct error *err) MUST_USE;

#endif
