// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_member.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

void fake_member_init(struct fake_member *member, struct fake_group *group, const char *instance_id)
{
    *member = (struct fake_member){
        .group = group,
        .instance_id = instance_id == NULL ? NULL : memory_text(instance_id),
    };
}

void fake_member_release(struct fake_member *member)
{
    free(member->instance_id);
    free(member->partitions);
    *member = (struct fake_member){0};
}

static bool is_fenced(const struct fake_member *member)
{
    return member->id != 0 && fake_group_member(member->group, member->id) == NULL &&
           fake_group_instance_taken(member->group, member->instance_id);
}

// The partitions are copied to fresh memory each time, so that late use of the old ones is seen.
static void show_assigned(struct fake_member *member, const struct fake_group_member *theirs)
{
    size_t count = theirs->partition_count;
    free(member->partitions);
    member->partitions = memory_zeroed(count, sizeof(*member->partitions));
    if (count > 0)
        memcpy(member->partitions, theirs->partitions, count * sizeof(*member->partitions));
    member->partition_count = count;
    member->generation = theirs->generation;
    member->event = EVENT_ASSIGNED;
}

static void join(struct fake_member *member, int64_t now_ms)
{
    member->id = fake_group_join(member->group, member->instance_id, now_ms);
    member->generation = 0;
    struct fake_group_member *theirs = fake_group_member(member->group, member->id);
    theirs->silent = member->muted;
    theirs->silent_since_ms = now_ms;
}

// The event that the coordinator's view of this member calls for.
static void next_event(struct fake_member *member, const struct fake_group_member *theirs)
{
    if (theirs->generation > member->generation)
        show_assigned(member, theirs);
    else if (member->assigned && member->group->state == GROUP_PREPARING)
        member->event = EVENT_REVOKED;
}

static bool is_lost(const struct fake_member *member)
{
    return member->assigned && fake_group_member(member->group, member->id) == NULL;
}

static enum status fenced(const struct fake_member *member, struct error *err)
{
    return error_set(err, STATUS_FATAL,
                     "%s: another process has joined the group under this group.instance.id",
                     member->instance_id);
}

enum status fake_member_serve(struct fake_member *member, bool reachable, int64_t now_ms,
                              struct error *err)
{
    if (reachable && is_fenced(member))
        return fenced(member, err);
    if (member->event == EVENT_NONE && is_lost(member))
        member->event = EVENT_LOST;
    if (!reachable)
        return STATUS_OK;
    struct fake_group_member *theirs = fake_group_member(member->group, member->id);
    if (theirs != NULL)
        theirs->last_poll_ms = now_ms;
    if (member->event != EVENT_NONE)
        return STATUS_OK;
    if (theirs == NULL)
        join(member, now_ms);
    next_event(member, fake_group_member(member->group, member->id));
    return STATUS_OK;
}

void fake_member_accept(struct fake_member *member)
{
    ensure(member->event != EVENT_NONE);
    enum membership_event event = member->event;
    member->event = EVENT_NONE;
    member->assigned = event == EVENT_ASSIGNED;
    if (event != EVENT_REVOKED)
        return;
    // A member that was removed in the meantime joins anew at the next poll.
    if (fake_group_member(member->group, member->id) != NULL &&
        member->group->state == GROUP_PREPARING)
        fake_group_rejoin(member->group, member->id);
}

bool fake_member_owns(const struct fake_member *member, int32_t partition)
{
    for (size_t i = 0; i < member->partition_count && member->assigned; i++) {
        if (member->partitions[i] == partition)
            return true;
    }
    return false;
}

enum status fake_member_check(struct fake_member *member, struct error *err)
{
    const struct fake_group_member *theirs = fake_group_member(member->group, member->id);
    // A member that is known and still owns partitions has the group's generation: the next one
    // waits for it to give them up.
    if (theirs != NULL)
        return STATUS_OK;
    if (is_fenced(member))
        return fenced(member, err);
    return error_set(err, STATUS_ABORT,
                     "%s: the group has moved on without this member, its offsets are refused",
                     member->group->name);
}

void fake_member_silence(struct fake_member *member, bool silent, int64_t now_ms)
{
    member->muted = silent;
    struct fake_group_member *theirs = fake_group_member(member->group, member->id);
    if (theirs == NULL)
        return;
    if (silent && !theirs->silent)
        theirs->silent_since_ms = now_ms;
    theirs->silent = silent;
}

void fake_member_leave(struct fake_member *member, int64_t now_ms)
{
    fake_member_silence(member, true, now_ms);
    if (member->instance_id == NULL && fake_group_member(member->group, member->id) != NULL)
        fake_group_leave(member->group, member->id, now_ms);
}
