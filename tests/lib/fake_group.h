// SPDX-License-Identifier: Apache-2.0
// A consumer group as its coordinator keeps it: members, generations, the eager rebalance, static
// membership, committed offsets. It knows members by id only; what a client does with its events is
// fake_member.h.
//
//   GROUP_STABLE --join, leave, time-out--> GROUP_PREPARING --all members have joined-->
//   GROUP_STABLE
//
// While the group prepares, the old generation's commits still count. Completing gives each
// member its range of the partitions, in the order of the members' names, under a new generation.
// A member of the same group.instance.id as another replaces it without a rebalance; the replaced
// one is fenced. Silent members (crashed, cut off) are removed after the session time-out, members
// that do not poll after the poll interval, and those that hold up a rebalance after the same.
#ifndef LIB_FAKE_GROUP_H
#define LIB_FAKE_GROUP_H

#include "lib/fake_topics.h"

struct fake_group_member {
    int64_t id;
    char *name;        // orders the members: the instance id or "member", and the id
    char *instance_id; // NULL: dynamic
    bool joined;       // has (re)joined the rebalance that is being prepared
    bool silent;
    int64_t silent_since_ms;
    int64_t last_poll_ms;
    int64_t generation; // of its assignment; 0: none yet
    int32_t *partitions;
    size_t partition_count;
};

struct fake_group_offset {
    int32_t partition;
    int64_t offset;
};

enum fake_group_state { GROUP_STABLE, GROUP_PREPARING };

struct fake_group {
    char *name;
    char *topic; // the one it subscribes to
    struct fake_topics *topics;
    int64_t session_timeout_ms;
    int64_t poll_interval_max_ms;
    enum fake_group_state state;
    int64_t preparing_since_ms;
    int64_t generation;
    struct fake_group_member *members; // sorted by name
    size_t member_count;
    int64_t last_member_id;
    struct fake_group_offset *offsets;
    size_t offset_count;
};

void fake_group_init(struct fake_group *group, const char *name, const char *topic,
                     struct fake_topics *topics);
void fake_group_release(struct fake_group *group);

// Returns the new member's id; whether it is silent is for the caller to say.
int64_t fake_group_join(struct fake_group *group, const char *instance_id, int64_t now_ms);
// The member has given up its partitions and waits for the next assignment.
void fake_group_rejoin(struct fake_group *group, int64_t id);
void fake_group_leave(struct fake_group *group, int64_t id, int64_t now_ms);
void fake_group_prepare(struct fake_group *group, int64_t now_ms);

// NULL when it was removed or replaced. Valid until the next call that can change the group.
struct fake_group_member *fake_group_member(struct fake_group *group, int64_t id);
// Whether another member carries the instance id now: the one asking has been fenced.
bool fake_group_instance_taken(const struct fake_group *group, const char *instance_id);

// Removes the members whose time is over; the next moment at which there may be one.
void fake_group_expire(struct fake_group *group, int64_t now_ms);
int64_t fake_group_next_due_ms(const struct fake_group *group);

// -1: none. Setting -1 forgets the offset.
int64_t fake_group_offset(const struct fake_group *group, int32_t partition);
void fake_group_offset_set(struct fake_group *group, int32_t partition, int64_t offset);
void fake_group_offsets_forget(struct fake_group *group);

#endif
