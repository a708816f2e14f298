// SPDX-License-Identifier: Apache-2.0
#include "stream/take.h"

#include <inttypes.h>

#include "base/assert.h"
#include "base/log.h"
#include "stream/verdict.h"

enum {
    RETRY_AFTER_MS = 5,
    FENCE_AFTER_MS = 2000, // a commit takes milliseconds: whoever blocks us that long is dead
    WARN_EVERY_MS = 10000,
    PROGRESS_EVERY_MS = 5000,
};

static enum status take_store(struct task *task, const struct stream_ports *ports,
                              struct error *err)
{
    struct take *take = &task->take;
    if (take->warm) {
        take->step = TAKE_COMMITTED;
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (task->store == NULL)
        status = ports->stores->ops->open(ports->stores, task->partition, &task->store, err);
    struct checkpoint checkpoint;
    bool found = false;
    if (status == STATUS_OK)
        status = task->store->ops->load(task->store, &checkpoint, &found, err);
    if (status == STATUS_RECORD) {
        log_warn("task", "local store is damaged: restoring from the changelog",
                 LOG_INT("partition", task->partition), LOG_TEXT("reason", err->text));
        return task_rewind_whole(task, ports, take->began_ms, err);
    }
    if (status != STATUS_OK)
        return status;
    task->store_was_empty = !found;
    if (found) {
        task->meta = checkpoint.meta;
        task->changelog_end = checkpoint.changelog_offset;
        take->checkpoint = true;
        take->reach = checkpoint.reach;
        take->meta_known = checkpoint.meta.input_offset >= 0;
        take->incarnation_known = true;
        take->incarnation = checkpoint.meta.incarnation;
    }
    take->step = TAKE_COMMITTED;
    return STATUS_OK;
}

// The one whose transaction blocks us is named by the state's last meta record. It no longer owns
// the partition (we do), so aborting what it left open is safe.
static enum status fence_former_owner(struct task *task, const struct stream_ports *ports,
                                      int64_t now_ms, struct error *err)
{
    struct take *take = &task->take;
    const char *former = task->meta.transactional_id;
    const char *own = ports->broker->ops->transactional_id(ports->broker);
    bool lately = take->fence_tried_ms != 0 && now_ms - take->fence_tried_ms < FENCE_AFTER_MS;
    if (lately || former[0] == '\0' || strcmp(former, own) == 0)
        return STATUS_OK;
    log_warn("task", "fencing the partition's former owner, whose open transaction blocks it",
             LOG_INT("partition", task->partition), LOG_TEXT("transactional_id", former));
    take->fence_tried_ms = now_ms;
    return ports->broker->ops->fence(ports->broker, former, err);
}

// Nothing moves: wait, and after a while do what can be done about it.
static enum status note_stuck(struct task *task, const struct stream_ports *ports,
                              struct error *err)
{
    struct take *take = &task->take;
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    if (take->stuck_ms == 0)
        take->stuck_ms = now_ms;
    if (now_ms - take->stuck_ms < FENCE_AFTER_MS)
        return STATUS_RETRY;
    enum status status = fence_former_owner(task, ports, now_ms, err);
    return status == STATUS_FATAL ? STATUS_FATAL : STATUS_RETRY;
}

static enum status take_committed(struct task *task, const struct stream_ports *ports,
                                  struct error *err)
{
    struct take *take = &task->take;
    enum status status =
        ports->broker->ops->committed(ports->broker, task->partition, &take->committed, err);
    take->ahead = status == STATUS_RETRY && !take->warm && !take->was_ahead;
    if (take->ahead) {
        take->was_ahead = true;
        take->step = TAKE_MARKS;
        return STATUS_OK;
    }
    if (status == STATUS_RETRY)
        return note_stuck(task, ports, err);
    if (status != STATUS_OK)
        return status;
    take->stuck_ms = 0;
    if (!take->warm) {
        take->step = TAKE_MARKS;
        return STATUS_OK;
    }
    if (take->committed == task->position) {
        take->step = TAKE_START;
        return STATUS_OK;
    }
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    task_rewind(task, ports, now_ms); // somebody else has had it since
    return STATUS_OK;
}

// Where to begin reading the changelog: at the checkpoint if it is a prefix of this very log. A
// whole checkpoint ends behind its meta record, which is read again: that, or a later one, must be
// there, or it is another log (deleted and made anew) that has grown to the same length. Cards of a
// checkpoint that was cut off are in the store too, and the log must still have what they are from.
static enum status changelog_begin(struct task *task, const struct stream_ports *ports,
                                   int64_t *from, struct error *err)
{
    struct take *take = &task->take;
    *from = take->changelog_low;
    if (!take->checkpoint)
        return STATUS_OK;
    int64_t end = take->meta_known ? task->changelog_end - 1 : task->changelog_end;
    if (end >= take->changelog_low && task->changelog_end <= take->mark &&
        take->reach <= take->mark) {
        *from = end;
        return STATUS_OK;
    }
    log_warn("task", "local checkpoint does not fit the changelog: restoring it whole",
             LOG_INT("partition", task->partition), LOG_INT("checkpoint", task->changelog_end),
             LOG_INT("changelog_start", take->changelog_low), LOG_INT("changelog_end", take->mark));
    return task_rewind_whole(task, ports, take->began_ms, err);
}

static enum status ask_marks(struct task *task, struct broker *broker, struct error *err)
{
    struct take *take = &task->take;
    enum status status = broker->ops->input_watermarks(broker, task->partition, &take->input_low,
                                                       &take->input_high, err);
    if (status != STATUS_OK)
        return status;
    return broker->ops->changelog_watermarks(broker, task->partition, &take->changelog_low,
                                             &take->mark, err);
}

static enum status take_marks(struct task *task, const struct stream_ports *ports,
                              struct error *err)
{
    struct take *take = &task->take;
    struct broker *broker = ports->broker;
    enum status status = ask_marks(task, broker, err);
    if (status != STATUS_OK)
        return status;
    if (take->reading) { // ahead, until now
        take->step = TAKE_CHANGELOG;
        return STATUS_OK;
    }
    int64_t from = 0;
    status = changelog_begin(task, ports, &from, err);
    if (status != STATUS_OK || take->step != TAKE_MARKS)
        return status;
    take->from = from;
    take->moved_to = from;
    if (from >= take->mark) {
        take->step = take->ahead ? TAKE_COMMITTED : TAKE_START;
        return STATUS_OK;
    }
    status = broker->ops->changelog_open(broker, task->partition, from, err);
    if (status != STATUS_OK)
        return status;
    take->reading = true;
    take->step = TAKE_CHANGELOG;
    return STATUS_OK;
}

// Milliseconds that the rest takes at the pace so far.
static int64_t time_left(const struct take *take, int64_t position, int64_t now_ms)
{
    int64_t done = position - take->from;
    if (done <= 0)
        return 0;
    return (int64_t)((double)(take->mark - position) * (double)(now_ms - take->began_ms) /
                     (double)done);
}

static void note_progress(struct task *task, int64_t position, int64_t now_ms)
{
    struct take *take = &task->take;
    take->stuck_ms = 0;
    take->moved_to = position;
    if (take->progress_ms == 0)
        take->progress_ms = now_ms;
    if (now_ms - take->progress_ms < PROGRESS_EVERY_MS)
        return;
    take->progress_ms = now_ms;
    int64_t all = take->mark - take->from;
    log_info("task", "restoring partition", LOG_INT("partition", task->partition),
             LOG_INT("records", take->records), LOG_INT("position", position),
             LOG_INT("end", take->mark),
             LOG_INT("percent", all > 0 ? 100 * (position - take->from) / all : 100),
             LOG_INT("left_ms", time_left(take, position, now_ms)));
}

static enum status take_changelog(struct task *task, const struct stream_ports *ports,
                                  struct error *err)
{
    struct take *take = &task->take;
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    int64_t position = ports->broker->ops->changelog_position(ports->broker, task->partition);
    if (position < take->mark) {
        if (position == take->moved_to)
            return note_stuck(task, ports, err);
        note_progress(task, position, now_ms);
        return STATUS_OK;
    }
    if (take->ahead) {
        take->step = TAKE_COMMITTED;
        return STATUS_OK;
    }
    ports->broker->ops->changelog_close(ports->broker, task->partition);
    take->reading = false;
    take->step = TAKE_START;
    if (take->meta_known && take->meta_end == 0) {
        log_warn("task", "local checkpoint is of another changelog: restoring this one whole",
                 LOG_INT("partition", task->partition), LOG_INT("checkpoint", task->changelog_end));
        return task_rewind_whole(task, ports, take->began_ms, err);
    }
    if (!take->meta_known || task->meta.incarnation == take->incarnation)
        return STATUS_OK;
    // The log's last word is another incarnation's: what was read of this one is void.
    log_info("task", "state has another incarnation: restoring that one",
             LOG_INT("partition", task->partition));
    uint64_t incarnation = task->meta.incarnation;
    enum status status = task_rewind_whole(task, ports, take->began_ms, err);
    task->take.incarnation_known = true;
    task->take.incarnation = incarnation;
    return status;
}

static enum status begin_state(struct task *task, const struct stream_settings *settings,
                               const struct stream_ports *ports, struct error *err)
{
    // Nothing in the changelog speaks of a valid state: what is stored, if anything, is left over.
    cards_clear(task->cards);
    enum status status = task->store->ops->drop(task->store, err);
    if (status != STATUS_OK)
        return status;
    task->meta = (struct meta){.input_offset = -1, .at_least_once = settings->at_least_once};
    do
        task->meta.incarnation = ports->random(ports->random_context);
    while (task->meta.incarnation == 0);
    memcpy(task->meta.fingerprint, settings->fingerprint, FINGERPRINT_BYTES);
    return STATUS_OK;
}

// State and offset were read one after the other. If the offset has moved since, somebody else owns
// the partition by now, or has in between: what was read says nothing, and the group will tell.
static enum status refuse_unless_moved(struct task *task, const struct stream_ports *ports)
{
    struct take *take = &task->take;
    struct error ignored;
    int64_t committed;
    enum status status =
        ports->broker->ops->committed(ports->broker, task->partition, &committed, &ignored);
    if (status == STATUS_RETRY)
        return STATUS_RETRY;
    if (status != STATUS_OK || committed == take->committed)
        return STATUS_FATAL;
    log_info("task", "the group's offset has moved meanwhile: taking the partition again",
             LOG_INT("partition", task->partition), LOG_INT("was", take->committed),
             LOG_INT("is", committed));
    task_rewind(task, ports, ports->broker->ops->now_ms(ports->broker));
    return STATUS_OK;
}

static enum status take_start(struct task *task, const struct stream_settings *settings,
                              const struct stream_ports *ports, struct counters *counters,
                              struct error *err)
{
    struct take *take = &task->take;
    enum status status = STATUS_OK;
    // A checkpoint made on the way through the log may lie behind the last meta record.
    if (!take->warm && !take->meta_known && take->from > take->changelog_low)
        return task_rewind_whole(task, ports, take->began_ms, err);
    if (!take->warm) {
        struct verdict verdict;
        status = verdict_reach(task, settings, &verdict, err);
        if (status != STATUS_OK)
            return refuse_unless_moved(task, ports);
        if (verdict.begin)
            status = begin_state(task, settings, ports, err);
        if (status != STATUS_OK)
            return status;
        counters->purchases_lost += verdict.lost;
        task->position = verdict.offset;
        task->committed_position = verdict.offset;
        task->offset_owed = settings->at_least_once && verdict.offset > take->committed;
        task->stream_time = task->meta.stream_time;
        task->changelog_end = take->meta_end;
        take->warm = true; // decided: a retry of start() does not decide again
    }
    if (task->table != NULL && !table_is_loaded(task->table))
        return table_explain(task->table, settings, err);
    status = ports->broker->ops->start(ports->broker, task->partition, task->position, err);
    if (status != STATUS_OK)
        return status;
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    int64_t restore_ms = now_ms - take->began_ms;
    counters->restore_seconds += (double)restore_ms / 1000;
    task->checkpoint_ms = now_ms;
    task->swept_ms = now_ms;
    task_move(task, TASK_RUNNING);
    log_info("task", "partition running", LOG_INT("partition", task->partition),
             LOG_INT("restored_records", take->records), LOG_INT("restore_ms", restore_ms),
             LOG_INT("from_offset", task->position));
    return STATUS_OK;
}

static enum status take_one_step(struct task *task, const struct stream_settings *settings,
                                 const struct stream_ports *ports, struct counters *counters,
                                 struct error *err)
{
    switch (task->take.step) {
    case TAKE_STORE:
        return take_store(task, ports, err);
    case TAKE_COMMITTED:
        return take_committed(task, ports, err);
    case TAKE_MARKS:
        return take_marks(task, ports, err);
    case TAKE_CHANGELOG:
        return take_changelog(task, ports, err);
    case TAKE_START:
        return take_start(task, settings, ports, counters, err);
    }
    ensure(task->take.step <= TAKE_START);
    return STATUS_FATAL;
}

static const char *step_sentence(const struct task *task)
{
    enum take_step step = task->take.step;
    static const char *const sentences[] = {
        [TAKE_STORE] = "waiting for the local store",
        [TAKE_COMMITTED] = "waiting for the group's committed offset",
        [TAKE_MARKS] = "waiting for the topics' watermarks",
        [TAKE_CHANGELOG] = "waiting for the end of the changelog",
        [TAKE_START] = "waiting to read the input",
    };
    if (step == TAKE_START && task->table != NULL && !table_is_loaded(task->table))
        return "waiting for the table of travel flags";
    return sentences[step];
}

// The broker's troubles are waited out, and told once in a while.
static void wait_and_tell(struct task *task, int64_t now_ms, const struct error *err)
{
    struct take *take = &task->take;
    take->next_try_ms = now_ms + RETRY_AFTER_MS;
    if (take->warned_ms == 0)
        take->warned_ms = now_ms;
    if (!log_due(&take->warned_ms, now_ms, WARN_EVERY_MS))
        return;
    log_warn("task", step_sentence(task), LOG_INT("partition", task->partition),
             LOG_INT("waiting_ms", now_ms - take->began_ms),
             LOG_TEXT("reason",
                      err->text[0] != '\0' ? err->text : "an open transaction of another process"));
}

enum status take_advance(struct task *task, const struct stream_settings *settings,
                         const struct stream_ports *ports, struct counters *counters,
                         struct error *err)
{
    ensure(task->state == TASK_TAKING);
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    if (now_ms < task->take.next_try_ms)
        return STATUS_OK;
    err->text[0] = '\0';
    enum status status;
    enum take_step before;
    do {
        before = task->take.step;
        status = take_one_step(task, settings, ports, counters, err);
    } while (status == STATUS_OK && task->state == TASK_TAKING && task->take.step != before);
    if (status == STATUS_OK || status == STATUS_FATAL)
        return status;
    wait_and_tell(task, now_ms, err);
    return STATUS_OK;
}

static enum status apply_card(struct task *task, const struct token *token, struct view value,
                              struct error *err)
{
    struct card_entry *entry = cards_find(task->cards, token);
    if (entry == NULL)
        entry = cards_add(task->cards, token);
    card_release(&entry->card);
    card_init(&entry->card);
    if (value.data != NULL && card_decode(value, &entry->card, err) != STATUS_OK)
        return STATUS_FATAL;
    cards_touch(task->cards, entry);
    task->store->ops->stage(task->store, token, value);
    return STATUS_OK;
}

enum status take_apply(struct task *task, const struct message *message, struct error *err)
{
    struct take *take = &task->take;
    uint64_t incarnation;
    struct token token;
    enum status status = STATUS_OK;
    switch (changelog_key_decode(message->key, &incarnation, &token)) {
    case CHANGELOG_KEY_META:
        if (message->value.data == NULL)
            return STATUS_OK;
        status = meta_decode(message->value, &task->meta, err);
        take->meta_known = true;
        take->meta_end = message->offset + 1;
        break;
    case CHANGELOG_KEY_CARD:
        if (!take->incarnation_known) {
            take->incarnation_known = true;
            take->incarnation = incarnation;
        }
        if (incarnation == take->incarnation)
            status = apply_card(task, &token, message->value, err);
        break;
    case CHANGELOG_KEY_UNKNOWN:
        return error_set(err, STATUS_FATAL,
                         "changelog record at partition %" PRId32 " offset %" PRId64
                         " is not cardwatch's: is the topic used by another program?",
                         message->partition, message->offset);
    }
    // What the checkpoint holds is looked at, not restored.
    take->records += message->offset >= task->changelog_end;
    if (status != STATUS_OK)
        return error_prefix(err, STATUS_FATAL,
                            "changelog record at partition %" PRId32 " offset %" PRId64,
                            message->partition, message->offset);
    return STATUS_OK;
}

enum status take_settle(struct task *task, const struct stream_settings *settings,
                        const struct stream_ports *ports, struct counters *counters,
                        struct error *err)
{
    ensure(task->state == TASK_TAKING);
    cards_settle(task->cards, task->round);
    cards_release_pins(task->cards);
    size_t staged_bytes = task->store->ops->staged_bytes(task->store);
    bool large = staged_bytes >= settings->staged_max_bytes || cards_over_limit(task->cards);
    if (!large)
        return STATUS_OK;
    task->changelog_end = ports->broker->ops->changelog_position(ports->broker, task->partition);
    struct meta whole = task->meta;
    // A prefix of the log whose meta record is still to come: good to go on from, no more.
    task->meta.input_offset = -1;
    task->meta.incarnation = task->take.incarnation;
    int64_t now_ms = ports->broker->ops->now_ms(ports->broker);
    enum status status = task_checkpoint_wait(task, settings, now_ms, counters, err);
    task->meta = whole;
    return status;
}
