// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { MEMBERS_MAX = 256, NAME_BYTES = 256 };

void fake_group_init(struct fake_group *group, const char *name, const char *topic,
                     struct fake_topics *topics)
{
    *group = (struct fake_group){
        .name = memory_text(name), .topic = memory_text(topic), .topics = topics};
}

static void member_release(struct fake_group_member *member)
{
    free(member->name);
    free(member->instance_id);
    free(member->partitions);
}

void fake_group_release(struct fake_group *group)
{
    for (size_t i = 0; i < group->member_count; i++)
        member_release(&group->members[i]);
    free(group->members);
    free(group->offsets);
    free(group->name);
    free(group->topic);
    *group = (struct fake_group){0};
}

struct fake_group_member *fake_group_member(struct fake_group *group, int64_t id)
{
    for (size_t i = 0; i < group->member_count; i++) {
        if (group->members[i].id == id)
            return &group->members[i];
    }
    return NULL;
}

static struct fake_group_member *member_of_instance(const struct fake_group *group,
                                                    const char *instance_id)
{
    for (size_t i = 0; i < group->member_count; i++) {
        const char *theirs = group->members[i].instance_id;
        if (instance_id != NULL && theirs != NULL && strcmp(theirs, instance_id) == 0)
            return &group->members[i];
    }
    return NULL;
}

bool fake_group_instance_taken(const struct fake_group *group, const char *instance_id)
{
    return member_of_instance(group, instance_id) != NULL;
}

// Gives the member its range: the first `total % members` of them get one partition more.
static void assign_range(struct fake_group *group, size_t at, int32_t total)
{
    struct fake_group_member *member = &group->members[at];
    size_t each = (size_t)total / group->member_count;
    size_t extra = (size_t)total % group->member_count;
    size_t first = at * each + (at < extra ? at : extra);
    size_t count = each + (at < extra ? 1 : 0);
    member->partitions = memory_resized(member->partitions, count, sizeof(*member->partitions));
    for (size_t i = 0; i < count; i++)
        member->partitions[i] = (int32_t)(first + i);
    member->partition_count = count;
    member->generation = group->generation;
    member->joined = false;
}

static void complete_if_all_joined(struct fake_group *group)
{
    if (group->state != GROUP_PREPARING)
        return;
    for (size_t i = 0; i < group->member_count; i++) {
        if (!group->members[i].joined)
            return;
    }
    const struct fake_topic *topic = fake_topics_find(group->topics, group->topic);
    group->state = GROUP_STABLE;
    group->generation++;
    for (size_t i = 0; i < group->member_count; i++)
        assign_range(group, i, topic == NULL ? 0 : topic->partition_count);
}

void fake_group_prepare(struct fake_group *group, int64_t now_ms)
{
    if (group->state == GROUP_PREPARING)
        return;
    group->state = GROUP_PREPARING;
    group->preparing_since_ms = now_ms;
    complete_if_all_joined(group);
}

static struct fake_group_member *slot_of_name(struct fake_group *group, const char *name)
{
    ensure(group->member_count < MEMBERS_MAX);
    size_t count = group->member_count + 1;
    group->members = memory_resized(group->members, count, sizeof(*group->members));
    size_t at = 0;
    while (at < group->member_count && strcmp(group->members[at].name, name) < 0)
        at++;
    memmove(&group->members[at + 1], &group->members[at],
            (group->member_count - at) * sizeof(*group->members));
    group->member_count = count;
    return &group->members[at];
}

static int64_t member_add(struct fake_group *group, const char *instance_id, int64_t now_ms)
{
    char name[NAME_BYTES];
    int64_t id = ++group->last_member_id;
    snprintf(name, sizeof(name), "%s-%06" PRId64, instance_id == NULL ? "member" : instance_id, id);
    struct fake_group_member *member = slot_of_name(group, name);
    *member = (struct fake_group_member){
        .id = id,
        .name = memory_text(name),
        .instance_id = instance_id == NULL ? NULL : memory_text(instance_id),
        .joined = true,
        .last_poll_ms = now_ms,
    };
    fake_group_prepare(group, now_ms);
    complete_if_all_joined(group);
    return id;
}

// A static member is back under its name: it takes over the place, assignment and generation
// included, and whoever held it is fenced. During a rebalance it counts as joined.
static int64_t member_replace(struct fake_group *group, struct fake_group_member *member,
                              int64_t now_ms)
{
    int64_t id = ++group->last_member_id;
    member->id = id;
    member->last_poll_ms = now_ms;
    if (group->state == GROUP_PREPARING) {
        member->joined = true;
        member->generation = 0;
    }
    complete_if_all_joined(group);
    return id;
}

int64_t fake_group_join(struct fake_group *group, const char *instance_id, int64_t now_ms)
{
    struct fake_group_member *same = member_of_instance(group, instance_id);
    if (same != NULL)
        return member_replace(group, same, now_ms);
    return member_add(group, instance_id, now_ms);
}

void fake_group_rejoin(struct fake_group *group, int64_t id)
{
    struct fake_group_member *member = fake_group_member(group, id);
    ensure(member != NULL && group->state == GROUP_PREPARING);
    member->joined = true;
    complete_if_all_joined(group);
}

static void member_remove(struct fake_group *group, size_t at, int64_t now_ms)
{
    member_release(&group->members[at]);
    group->member_count--;
    memmove(&group->members[at], &group->members[at + 1],
            (group->member_count - at) * sizeof(*group->members));
    fake_group_prepare(group, now_ms);
    complete_if_all_joined(group);
}

void fake_group_leave(struct fake_group *group, int64_t id, int64_t now_ms)
{
    const struct fake_group_member *member = fake_group_member(group, id);
    ensure(member != NULL);
    member_remove(group, (size_t)(member - group->members), now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// When the member is removed if nothing is heard of it until then.
static int64_t member_due_ms(const struct fake_group *group, const struct fake_group_member *member)
{
    int64_t due_ms = member->last_poll_ms + group->poll_interval_max_ms;
    if (member->silent)
        due_ms = earlier(due_ms, member->silent_since_ms + group->session_timeout_ms);
    if (group->state == GROUP_PREPARING && !member->joined)
        due_ms = earlier(due_ms, group->preparing_since_ms + group->poll_interval_max_ms);
    return due_ms;
}

void fake_group_expire(struct fake_group *group, int64_t now_ms)
{
    for (size_t i = group->member_count; i > 0; i--) {
        if (i <= group->member_count && member_due_ms(group, &group->members[i - 1]) <= now_ms)
            member_remove(group, i - 1, now_ms);
    }
}

int64_t fake_group_next_due_ms(const struct fake_group *group)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < group->member_count; i++)
        due_ms = earlier(due_ms, member_due_ms(group, &group->members[i]));
    return due_ms;
}

int64_t fake_group_offset(const struct fake_group *group, int32_t partition)
{
    for (size_t i = 0; i < group->offset_count; i++) {
        if (group->offsets[i].partition == partition)
            return group->offsets[i].offset;
    }
    return -1;
}

void fake_group_offset_set(struct fake_group *group, int32_t partition, int64_t offset)
{
    for (size_t i = 0; i < group->offset_count; i++) {
        if (group->offsets[i].partition != partition)
            continue;
        group->offsets[i].offset = offset;
        return;
    }
    size_t count = group->offset_count + 1;
    group->offsets = memory_resized(group->offsets, count, sizeof(*group->offsets));
    group->offsets[group->offset_count++] = (struct fake_group_offset){partition, offset};
}

void fake_group_offsets_forget(struct fake_group *group)
{
    group->offset_count = 0;
}
