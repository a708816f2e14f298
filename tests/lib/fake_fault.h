// SPDX-License-Identifier: Apache-2.0
// Faults of the fake broker, injected by countdown, and the counts of calls. A fault answers a call
// with a status; its fate says what the call did in truth. Every fault fires at a known call, so a
// failing run is repeated by repeating its numbers.
#ifndef LIB_FAKE_FAULT_H
#define LIB_FAKE_FAULT_H

#include "lib/fake_broker.h"

enum fake_op {
    FAKE_POLL,
    FAKE_ACCEPT,
    FAKE_START,
    FAKE_STOP,
    FAKE_COMMITTED,
    FAKE_INPUT_WATERMARKS,
    FAKE_CHANGELOG_WATERMARKS,
    FAKE_CHANGELOG_OPEN,
    FAKE_CHANGELOG_POLL,
    FAKE_BEGIN,
    FAKE_PRODUCE,
    FAKE_PRODUCE_CHANGELOG,
    FAKE_COMMIT,
    FAKE_ABORT,
    FAKE_RESET,
    FAKE_FENCE,
    FAKE_FLUSH,
    FAKE_COMMIT_OFFSETS,
    FAKE_PARTITION_COUNTS,
    FAKE_TABLE_FACTS,
    FAKE_TABLE_WATERMARKS,
    FAKE_TABLE_OPEN,
    FAKE_TABLE_POLL,
    FAKE_OPS,
    FAKE_ANY = FAKE_OPS, // for countdowns: any of them
};

enum fake_fate {
    FATE_NOTHING, // the call had no effect
    FATE_HALF,    // commit: offsets sent, end not; produce_changelog, flush: the first half written
    FATE_LATER,   // commit, abort: the end request arrives `delay_ms` later, if it is not fenced
    FATE_DONE,    // the call had its effect, only the answer is bad
};

struct fake_fault {
    enum fake_op op;
    uint64_t countdown; // 1: the next such call
    uint64_t times;     // that many such calls in a row; 0 is 1
    enum status status; // of the answer
    enum fake_fate fate;
    int64_t delay_ms;
    bool crash;                  // the broker object crashes in the call, which answers FATAL
    const struct broker *broker; // NULL: any
};

void fake_fault_add(struct fake_cluster *cluster, struct fake_fault fault);
// The faults that have not fired as often as they are to.
size_t fake_faults_left(const struct fake_cluster *cluster);
void fake_faults_clear(struct fake_cluster *cluster);

// A director decides call by call, for simulations. `before` is asked ahead of each call that can
// fail, and answers true when the call is to end as *fault says (its status, fate, delay_ms and
// crash count). It may move the clock, crash brokers and run other workers, as long as it makes no
// call through this broker. `after` learns the answer.
struct fake_director {
    bool (*before)(void *context, struct broker *broker, enum fake_op op, struct fake_fault *fault);
    void (*after)(void *context, struct broker *broker, enum fake_op op, enum status status);
    void *context;
};
void fake_direct(struct fake_cluster *cluster, const struct fake_director *director);
// The ways in which such a call can fail; index < count. A fault that is ready to be added.
size_t fake_fault_way_count(enum fake_op op);
struct fake_fault fake_fault_way(enum fake_op op, size_t index);

// The next `calls` calls that need the cluster find it out of reach.
void fake_outage(struct fake_cluster *cluster, uint64_t calls);

// Torture: each of the calls that can fail is made to fail once, over as many runs:
//   for (variant = 0; variant < FAKE_TORTURE_VARIANTS; variant++)
//       for (k = 1; ; k++) { open a cluster; fake_torture(cluster, k, variant); run;
//                            if (!fake_torture_fired(cluster)) break; }
// The k-th call of those that have so many ways to fail fails in its way number `variant`.
enum { FAKE_TORTURE_VARIANTS = 5 };
void fake_torture(struct fake_cluster *cluster, uint64_t k, unsigned variant);
// The same with a crash in the k-th call of any kind, which had its effect or had not.
void fake_torture_crash(struct fake_cluster *cluster, uint64_t k, enum fake_fate fate);
bool fake_torture_fired(const struct fake_cluster *cluster);

// Calls made so far; broker NULL: by all.
uint64_t fake_calls(const struct fake_cluster *cluster, const struct broker *broker,
                    enum fake_op op);
const char *fake_op_name(enum fake_op op);

#endif
