// SPDX-License-Identifier: Apache-2.0
// A small cluster with workers for the tests of the fake broker itself: short names for long calls.
// The functions stop the test when a call does not answer as the name says.
#ifndef LIB_FAKE_RIG_H
#define LIB_FAKE_RIG_H

#include "lib/fake_broker.h"
#include "lib/fake_fault.h"
#include "lib/fake_topic.h"

struct fake_rig {
    struct fake_cluster *cluster;
};

// Topics purchases, changelog, alerts-avro, alerts-json, dead-letters.
void fake_rig_open(struct fake_rig *rig, int32_t partition_count);
void fake_rig_close(struct fake_rig *rig);

// As opened: without a producer. Exactly once; `name` is the group.instance.id and the
// transactional.id.
struct broker *fake_rig_fresh(struct fake_rig *rig, const char *name);
// The same with its first producer made.
struct broker *fake_rig_static(struct fake_rig *rig, const char *name);
// The same under a transactional.id of its own.
struct broker *fake_rig_impostor(struct fake_rig *rig, const char *name,
                                 const char *transactional_id);
// Exactly once; `name` is the transactional.id alone.
struct broker *fake_rig_dynamic(struct fake_rig *rig, const char *name);
struct broker *fake_rig_at_least_once(struct fake_rig *rig);

// Polls once and checks the event.
struct batch fake_rig_poll(struct broker *broker, enum membership_event event);
// The same with acceptance of the event.
struct batch fake_rig_accept(struct broker *broker, enum membership_event event);
// Takes the next assignment and reads all of it from offset 0.
void fake_rig_take(struct broker *broker);
enum status fake_rig_poll_status(struct broker *broker);

int64_t fake_rig_purchase(struct fake_rig *rig, int32_t partition, const char *text);
enum status fake_rig_alert(struct broker *broker, const char *key, const char *value);
enum status fake_rig_card(struct broker *broker, int32_t partition, const char *key,
                          const char *value);
enum status fake_rig_commit(struct broker *broker, int32_t partition, int64_t offset);
enum status fake_rig_committed(struct broker *broker, int32_t partition, int64_t *offset);
// What a read_committed reader of the topic gets, as text: "a b c".
const char *fake_rig_values(struct fake_rig *rig, const char *topic, char out[256]);

#endif
