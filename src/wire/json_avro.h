// SPDX-License-Identifier: Apache-2.0
// JSON as people write it, and as avro_json shows it, as a datum of an Avro schema.
//   record          object; a field that is not there takes its default; others are refused
//   map, array      object, array
//   enum, string    text
//   int, long       number; a date or time also a text: 2026-01-31, 08:00:00, 2026-01-31T08:00:00Z
//   float, double   number, or one of the texts NaN, Infinity, -Infinity
//   decimal         number or a text with one, to its last digit
//   bytes, fixed    text: each byte the character of its number (U+0000 .. U+00FF)
//   union           the value itself, or Avro's own form, with the branch: {"string": "a"}
// A value of a union belongs to the first branch that it looks like: 5 is an int or long before it
// is a double, "5" a string before bytes; an object is a record that has all of its fields before
// it is a map. What has one member by a branch's name and fits that branch is Avro's form.
#ifndef WIRE_JSON_AVRO_H
#define WIRE_JSON_AVRO_H

#include "wire/avsc.h"
#include "wire/tree.h"

struct json_avro;

// The schema must outlive it. STATUS_RECORD: a field's default nests too deeply.
enum status json_avro_open(const struct avsc *avsc, struct json_avro **out,
                           struct error *err) MUST_USE;
void json_avro_close(struct json_avro *encoder); // NULL: nothing happens

// Appends the datum that the tree (which tree_read has read) stands for. STATUS_RECORD: it is none
// of the schema, or larger than the buffer takes; the sentence has the path of the value:
// `items[2].price: a number is expected`. The buffer is as it was then. Values are in no sentence.
// Work is bounded by the tree and the schema.
enum status json_avro_append(struct json_avro *encoder, const struct tree *tree, struct buffer *out,
                             struct error *err) MUST_USE;

#endif
