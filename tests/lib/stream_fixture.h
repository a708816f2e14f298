// SPDX-License-Identifier: Apache-2.0
// The whole stream runtime on the fake broker and the fake store, driven step by step: processes
// (a worker and its state directory each) are started, crashed and stopped at will, purchases go
// in, and in the end the alert topics must hold exactly what the oracle says.
#ifndef LIB_STREAM_FIXTURE_H
#define LIB_STREAM_FIXTURE_H

#include "lib/fake_broker.h"
#include "lib/fake_fault.h"
#include "lib/fake_store.h"
#include "lib/fake_topic.h"
#include "lib/oracle.h"
#include "lib/random.h"
#include "stream/inquiry.h"
#include "stream/recent.h"
#include "stream/worker.h"

enum {
    FIXTURE_PROCESSES_MAX = 4,
    FIXTURE_PARTITIONS_MAX = 4,
    FIXTURE_SCHEMA_ID = 1,           // schemas/purchase.avsc
    FIXTURE_MISMATCH_SCHEMA_ID = 2,  // a schema that is no purchase
    FIXTURE_LATE_SCHEMA_ID = 3,      // schemas/purchase.avsc too, once `late_schema` says so
    FIXTURE_FLAG_SCHEMA_ID = 4,      // schemas/travel_flags.avsc
    FIXTURE_LATE_FLAG_SCHEMA_ID = 5, // the same, once `late_schema` says so
    FIXTURE_UNKNOWN_SCHEMA_ID = 99,
};

enum fixture_flag { FLAG_OFF, FLAG_ON, FLAG_NULL, FLAG_TOMBSTONE };

struct fixture_process {
    struct store_dir *disk; // NULL: never started; it outlives crashes
    struct broker *broker;
    struct worker *worker; // NULL: not running
    struct worker_metrics metrics;
    struct recent recent; // of this run
    struct inquiry inquiry;
    struct counters total; // of the runs that have ended
};

struct stream_fixture {
    struct fake_cluster *cluster;
    struct stream_settings settings;
    int32_t partitions;
    struct fixture_process processes[FIXTURE_PROCESSES_MAX];
    struct oracle *oracles[FIXTURE_PARTITIONS_MAX];
    struct buffer expected; // lines of the alerts that must be there
    uint64_t expected_count;
    enum registry_answer late_schema;
    uint64_t random_state;
    int64_t next_id;
    bool static_membership;
    struct error err;
};

struct fixture_options {
    int32_t partitions; // 0: 1
    bool at_least_once;
    bool tumbling; // one tumbling rule instead of the sliding one
    bool dynamic_membership;
    bool table;                 // a travel rule comes second, and its topic travel_flags is there
    int64_t commit_interval_ms; // 0: 100
    size_t cache_bytes;         // 0: 64 MiB
    size_t staged_max_bytes;    // 0: 1 MiB
};

void stream_fixture_open(struct stream_fixture *fixture, const struct fixture_options *options);
void stream_fixture_close(struct stream_fixture *fixture);

// Starts process `index` with what its state directory holds.
void fixture_start(struct stream_fixture *fixture, size_t index);
// Gone without a word; the state directory stays, `lose_state` empties it.
void fixture_crash(struct stream_fixture *fixture, size_t index, bool lose_state);
// SIGTERM: commit, checkpoint, leave.
void fixture_stop(struct stream_fixture *fixture, size_t index);

// A purchase of the card at `event_ms`, in the card's partition; the oracle sees it too. An id is
// made up unless `id` is >= 0.
void fixture_purchase_id(struct stream_fixture *fixture, const char *card, int64_t event_ms,
                         int64_t id);
void fixture_purchase(struct stream_fixture *fixture, const char *card, int64_t event_ms);
// `count` random purchases over `cards` cards, with disorder, about one in ten in a burst.
void fixture_purchases(struct stream_fixture *fixture, size_t count, size_t cards,
                       struct random *random);

// A purchase 2000 from home, for the travel rule; the oracle does not see it.
void fixture_far_purchase(struct stream_fixture *fixture, const char *card, int64_t event_ms);
// A row of the table in the card's partition; its offset.
int64_t fixture_flag(struct stream_fixture *fixture, const char *card, enum fixture_flag flag);
// The same with a value and a key of the caller's.
int64_t fixture_row(struct stream_fixture *fixture, int32_t partition, struct view key,
                    struct view value);
// Steps until every partition of the table has been read to its end by the partition's owner.
void fixture_settle_tables(struct stream_fixture *fixture);
// A process's table of a partition, which it must own, and how many rows its tables have read.
struct table *fixture_table(struct stream_fixture *fixture, size_t process, int32_t partition);
uint64_t fixture_rows_read(const struct stream_fixture *fixture, size_t process);
// Whether the owner of the card's partition holds it to be travelling.
bool fixture_is_travelling(struct stream_fixture *fixture, const char *card);

// One step of every running process; STATUS_FATAL with fixture->err when one of them leaves (its
// worker is closed then).
enum status fixture_step(struct stream_fixture *fixture) MUST_USE;
// Steps for so long of the virtual time; the test fails when a worker leaves.
void fixture_step_for(struct stream_fixture *fixture, int64_t ms);
// Steps until the group has committed everything; the test fails after a minute of virtual time.
void fixture_settle(struct stream_fixture *fixture);
// True when the committed offsets have reached the ends of the input.
bool fixture_is_settled(struct stream_fixture *fixture);

// Asserts that both alert topics hold exactly the oracle's alerts, each once (`at_least` once).
void fixture_expect_alerts(struct stream_fixture *fixture, bool at_least);
// A counter summed over a process's runs.
struct counters fixture_counters(struct stream_fixture *fixture, size_t index);

#endif
