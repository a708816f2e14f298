// SPDX-License-Identifier: Apache-2.0
#include "stream/verdict.h"

#include <inttypes.h>

#include "base/log.h"

// The way out of every refusal. The tree's replay command will do it without repeating alerts.
#define REBUILD                                                                                    \
    "to rebuild the state, run `cardwatch replay --rebuild`, or, to start over and emit all "      \
    "alerts again, stop the service and delete the topic %s and the consumer group %s"

static enum status refuse_fingerprint(const struct task *task,
                                      const struct stream_settings *settings, struct error *err)
{
    return error_set(err, STATUS_FATAL,
                     "partition %" PRId32 ": the stored state was made with other rules or state "
                     "settings (window_ms, grace_ms, threshold, window, dedupe, max_future_ms, "
                     "max_events_per_card, purchase_counts or the secret file); go back to those "
                     "settings, choose "
                     "another application_id, or rebuild: " REBUILD,
                     task->partition, settings->changelog_topic, settings->group_id);
}

static enum status refuse_no_state(const struct task *task, const struct stream_settings *settings,
                                   struct error *err)
{
    return error_set(err, STATUS_FATAL,
                     "partition %" PRId32 ": the consumer group %s has committed offset %" PRId64
                     " but the changelog %s holds no state for it; " REBUILD,
                     task->partition, settings->group_id, task->take.committed,
                     settings->changelog_topic, settings->changelog_topic, settings->group_id);
}

static enum status refuse_mismatch(const struct task *task, const struct stream_settings *settings,
                                   struct error *err)
{
    return error_set(err, STATUS_FATAL,
                     "partition %" PRId32 ": the state reflects %s up to offset %" PRId64
                     " but the consumer group %s has committed %" PRId64
                     ": they do not belong together (were the group's offsets reset?); set the "
                     "group's offset back to %" PRId64 ", or rebuild: " REBUILD,
                     task->partition, settings->input_topic, task->meta.input_offset,
                     settings->group_id, task->take.committed, task->meta.input_offset,
                     settings->changelog_topic, settings->group_id);
}

static enum status begin_offset(const struct task *task, const struct stream_settings *settings,
                                struct verdict *verdict, struct error *err)
{
    const struct take *take = &task->take;
    if (!take->meta_known) {
        // An offset at the log's start says that no purchase has been taken yet.
        if (take->committed > take->input_low)
            return refuse_no_state(task, settings, err);
        verdict->begin = true;
        verdict->offset = take->input_low;
        return STATUS_OK;
    }
    if (memcmp(task->meta.fingerprint, settings->fingerprint, FINGERPRINT_BYTES) != 0)
        return refuse_fingerprint(task, settings, err);
    verdict->offset = task->meta.input_offset;
    if (take->committed == task->meta.input_offset)
        return STATUS_OK;
    if (take->committed < 0) {
        log_warn("task", "the group has no committed offset: starting at the state's",
                 LOG_INT("partition", task->partition), LOG_INT("offset", task->meta.input_offset));
        return STATUS_OK;
    }
    if (!task->meta.at_least_once)
        return refuse_mismatch(task, settings, err);
    if (take->committed > verdict->offset) // each card knows what it has counted
        verdict->offset = take->committed;
    return STATUS_OK;
}

enum status verdict_reach(const struct task *task, const struct stream_settings *settings,
                          struct verdict *verdict, struct error *err)
{
    const struct take *take = &task->take;
    *verdict = (struct verdict){.offset = -1};
    enum status status = begin_offset(task, settings, verdict, err);
    if (status != STATUS_OK)
        return status;
    if (verdict->offset > take->input_high)
        return error_set(err, STATUS_FATAL,
                         "partition %" PRId32 ": the state reflects %s up to offset %" PRId64
                         " but the topic ends at %" PRId64
                         ": was it deleted and made anew? " REBUILD,
                         task->partition, settings->input_topic, verdict->offset, take->input_high,
                         settings->changelog_topic, settings->group_id);
    if (verdict->offset >= take->input_low)
        return STATUS_OK;
    verdict->lost = (uint64_t)(take->input_low - verdict->offset);
    verdict->offset = take->input_low;
    log_error("task", "purchases were deleted from the topic before they were read",
              LOG_INT("partition", task->partition), LOG_INT("lost", verdict->lost),
              LOG_INT("from_offset", verdict->offset));
    return STATUS_OK;
}
