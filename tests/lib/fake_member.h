// SPDX-License-Identifier: Apache-2.0
// The consumer's side of group membership inside a broker object: turns what the coordinator says
// into the port's events. An event that was shown stays until it is accepted, as librdkafka's
// rebalance callback does until the application answers it.
#ifndef LIB_FAKE_MEMBER_H
#define LIB_FAKE_MEMBER_H

#include "lib/fake_group.h"

struct fake_member {
    struct fake_group *group;
    char *instance_id;           // NULL: dynamic
    int64_t id;                  // 0: not in the group
    int64_t generation;          // of the accepted assignment
    enum membership_event event; // shown and not accepted
    bool assigned;               // an assignment has been accepted and not been taken away
    int32_t *partitions;         // of the shown or accepted assignment
    size_t partition_count;
    bool muted;
};

void fake_member_init(struct fake_member *member, struct fake_group *group,
                      const char *instance_id);
void fake_member_release(struct fake_member *member);

// Serves the group: joins when it has to, and finds the event to show, if any. STATUS_FATAL:
// fenced. Out of reach (`reachable` false) only the loss of the membership is noticed.
enum status fake_member_serve(struct fake_member *member, bool reachable, int64_t now_ms,
                              struct error *err) MUST_USE;
// Acts on the shown event.
void fake_member_accept(struct fake_member *member);

bool fake_member_owns(const struct fake_member *member, int32_t partition);
// STATUS_ABORT when the coordinator would refuse this member's offsets, STATUS_FATAL when it is
// fenced.
enum status fake_member_check(struct fake_member *member, struct error *err) MUST_USE;

// The heartbeats stop or start again.
void fake_member_silence(struct fake_member *member, bool silent, int64_t now_ms);
// Leaves the group; a static member only falls silent.
void fake_member_leave(struct fake_member *member, int64_t now_ms);

#endif
