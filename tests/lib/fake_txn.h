// SPDX-License-Identifier: Apache-2.0
// The transaction coordinator: producers by transactional.id, their epochs and open transactions.
//
//   EMPTY --first record or offsets--> ONGOING --end--> PREPARED --markers written--> EMPTY
//                                         |  time-out or init: the epoch is bumped, abort
//
// An init bumps the epoch, which fences whoever held the older one: every call of theirs gets
// STATUS_RESET. The markers follow the end at once, or after `marker_delay_ms`; until then the
// records stay open and the offsets pending. An end that is under way (its answer was lost) takes
// effect when it arrives, if the epoch is still its own: it then hits whatever transaction is open.
#ifndef LIB_FAKE_TXN_H
#define LIB_FAKE_TXN_H

#include "lib/fake_group.h"
#include "lib/fake_topics.h"

struct fake_touched {
    int64_t topic_id;
    int32_t partition;
};

struct fake_pending_offset {
    struct fake_group *group;
    int32_t partition;
    int64_t offset;
};

enum fake_txn_state { TXN_EMPTY, TXN_ONGOING, TXN_PREPARED };

struct fake_txn {
    char *id;
    int64_t producer_id;
    int64_t epoch;
    enum fake_txn_state state;
    bool commit; // what was prepared
    int64_t prepared_due_ms;
    int64_t started_ms;
    int64_t timeout_ms;
    struct fake_touched *touched;
    size_t touched_count;
    struct fake_pending_offset *offsets;
    size_t offset_count;
    bool late; // an end is under way
    bool late_commit;
    int64_t late_epoch;
    int64_t late_due_ms;
};

struct fake_txns {
    struct fake_topics *topics;
    struct fake_txn **txns;
    size_t count;
    int64_t now_ms; // moved by fake_txns_expire
    int64_t wall_base_ms;
    int64_t marker_delay_ms;
};

// Who calls: a transactional.id under the epoch that its init gave.
struct fake_txn_owner {
    const char *id;
    int64_t epoch;
};

void fake_txns_init(struct fake_txns *txns, struct fake_topics *topics);
void fake_txns_release(struct fake_txns *txns);

// Fences the older owner, aborts what it left open. STATUS_RETRY while markers are outstanding.
enum status fake_txn_init(struct fake_txns *txns, const char *id, int64_t timeout_ms,
                          int64_t *epoch, struct error *err) MUST_USE;
// STATUS_RESET: fenced.
enum status fake_txn_check(const struct fake_txns *txns, struct fake_txn_owner owner,
                           struct error *err) MUST_USE;
// The three calls of an open transaction. STATUS_RESET: fenced.
enum status fake_txn_append(struct fake_txns *txns, struct fake_txn_owner owner,
                            const struct fake_topic *topic, struct fake_record *record,
                            int64_t *offset, struct error *err) MUST_USE;
enum status fake_txn_offset(struct fake_txns *txns, struct fake_txn_owner owner,
                            struct fake_pending_offset offset, struct error *err) MUST_USE;
enum status fake_txn_end(struct fake_txns *txns, struct fake_txn_owner owner, bool commit,
                         struct error *err) MUST_USE;
// The end request is on its way and arrives at `due_ms`.
void fake_txn_end_later(struct fake_txns *txns, struct fake_txn_owner owner, bool commit,
                        int64_t due_ms);

// Whether the id is known, and its current epoch.
bool fake_txns_epoch(const struct fake_txns *txns, const char *id, int64_t *epoch);
// Whether a transaction that is not settled holds an offset of the partition.
bool fake_txns_offset_pending(const struct fake_txns *txns, const struct fake_group *group,
                              int32_t partition);
// Does what is due at `now_ms`; the next moment at which something is.
void fake_txns_expire(struct fake_txns *txns, int64_t now_ms);
int64_t fake_txns_next_due_ms(const struct fake_txns *txns);

#endif
