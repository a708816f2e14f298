// SPDX-License-Identifier: Apache-2.0
#include "lib/fake_fault.h"

#include "base/assert.h"
#include "lib/fake_parts.h"

struct way {
    enum status status;
    enum fake_fate fate;
};

enum { LATE_END_MS = 500 };

// What is known of each call: its name, its answer when the cluster is out of reach (STATUS_OK: it
// does not ask the cluster), and the ways in which torture makes it fail.
struct call_kind {
    const char *name;
    enum status out_of_reach;
    size_t way_count;
    struct way ways[FAKE_TORTURE_VARIANTS];
};

static const struct call_kind kinds[FAKE_OPS] = {
    [FAKE_POLL] = {"poll",
                   STATUS_RETRY,
                   2,
                   {{STATUS_RETRY, FATE_NOTHING}, {STATUS_RESET, FATE_NOTHING}}},
    [FAKE_ACCEPT] = {"accept", STATUS_OK, 0, {{0}}},
    [FAKE_START] = {"start", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_STOP] = {"stop", STATUS_OK, 0, {{0}}},
    [FAKE_COMMITTED] = {"committed", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_INPUT_WATERMARKS] = {"input_watermarks", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_CHANGELOG_WATERMARKS] = {"changelog_watermarks",
                                   STATUS_RETRY,
                                   1,
                                   {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_CHANGELOG_OPEN] = {"changelog_open", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_CHANGELOG_POLL] = {"changelog_poll",
                             STATUS_RETRY,
                             2,
                             {{STATUS_RETRY, FATE_NOTHING}, {STATUS_RESET, FATE_NOTHING}}},
    [FAKE_BEGIN] = {"begin", STATUS_OK, 1, {{STATUS_RESET, FATE_NOTHING}}},
    [FAKE_PRODUCE] = {"produce",
                      STATUS_OK,
                      2,
                      {{STATUS_ABORT, FATE_NOTHING}, {STATUS_RESET, FATE_NOTHING}}},
    [FAKE_PRODUCE_CHANGELOG] = {"produce_changelog",
                                STATUS_OK,
                                2,
                                {{STATUS_ABORT, FATE_NOTHING}, {STATUS_RESET, FATE_HALF}}},
    [FAKE_COMMIT] = {"commit",
                     STATUS_RESET,
                     5,
                     {{STATUS_ABORT, FATE_NOTHING},
                      {STATUS_RESET, FATE_NOTHING},
                      {STATUS_RESET, FATE_HALF},
                      {STATUS_RESET, FATE_LATER},
                      {STATUS_RESET, FATE_DONE}}},
    [FAKE_ABORT] = {"abort",
                    STATUS_RESET,
                    3,
                    {{STATUS_RESET, FATE_NOTHING},
                     {STATUS_RESET, FATE_DONE},
                     {STATUS_RESET, FATE_LATER}}},
    [FAKE_RESET] = {"reset", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_FENCE] = {"fence", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_FLUSH] = {"flush",
                    STATUS_RESET,
                    3,
                    {{STATUS_RESET, FATE_NOTHING},
                     {STATUS_RESET, FATE_HALF},
                     {STATUS_RESET, FATE_DONE}}},
    [FAKE_COMMIT_OFFSETS] = {"commit_offsets", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_PARTITION_COUNTS] = {"partition_counts", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_TABLE_FACTS] = {"table_facts", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_TABLE_WATERMARKS] = {"table_watermarks", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_TABLE_OPEN] = {"table_open", STATUS_RETRY, 1, {{STATUS_RETRY, FATE_NOTHING}}},
    [FAKE_TABLE_POLL] = {"table_poll",
                         STATUS_RETRY,
                         2,
                         {{STATUS_RETRY, FATE_NOTHING}, {STATUS_RESET, FATE_NOTHING}}},
};

const char *fake_op_name(enum fake_op op)
{
    return op < FAKE_OPS ? kinds[op].name : "any";
}

void fake_fault_add(struct fake_cluster *cluster, struct fake_fault fault)
{
    struct fake_faults *faults = &cluster->faults;
    ensure(fault.countdown > 0 && faults->count < FAKE_FAULTS_MAX);
    ensure(fault.crash || fault.status != STATUS_OK);
    // RETRY promises that nothing has happened.
    ensure(fault.status != STATUS_RETRY || fault.fate == FATE_NOTHING);
    if (fault.times == 0)
        fault.times = 1;
    faults->list[faults->count++] = fault;
}

void fake_direct(struct fake_cluster *cluster, const struct fake_director *director)
{
    cluster->faults.director = *director;
}

size_t fake_fault_way_count(enum fake_op op)
{
    ensure(op < FAKE_OPS);
    return kinds[op].way_count;
}

struct fake_fault fake_fault_way(enum fake_op op, size_t index)
{
    ensure(index < fake_fault_way_count(op));
    return (struct fake_fault){
        .op = op,
        .countdown = 1,
        .times = 1,
        .status = kinds[op].ways[index].status,
        .fate = kinds[op].ways[index].fate,
        .delay_ms = LATE_END_MS,
    };
}

size_t fake_faults_left(const struct fake_cluster *cluster)
{
    return cluster->faults.count;
}

void fake_faults_clear(struct fake_cluster *cluster)
{
    cluster->faults.count = 0;
    cluster->faults.outage_calls = 0;
    cluster->faults.torture.armed = false;
}

void fake_outage(struct fake_cluster *cluster, uint64_t calls)
{
    cluster->faults.outage_calls = calls;
}

void fake_torture(struct fake_cluster *cluster, uint64_t k, unsigned variant)
{
    ensure(k > 0 && variant < FAKE_TORTURE_VARIANTS);
    cluster->faults.torture =
        (struct fake_torture){.armed = true, .countdown = k, .variant = variant};
}

void fake_torture_crash(struct fake_cluster *cluster, uint64_t k, enum fake_fate fate)
{
    ensure(k > 0);
    cluster->faults.torture =
        (struct fake_torture){.armed = true, .crash = true, .countdown = k, .fate = fate};
}

bool fake_torture_fired(const struct fake_cluster *cluster)
{
    return cluster->faults.torture.fired;
}

uint64_t fake_calls(const struct fake_cluster *cluster, const struct broker *broker,
                    enum fake_op op)
{
    const uint64_t *calls =
        broker == NULL ? cluster->faults.calls : ((const struct fake_broker *)broker)->calls;
    if (op != FAKE_ANY)
        return calls[op];
    uint64_t sum = 0;
    for (int i = 0; i < FAKE_OPS; i++)
        sum += calls[i];
    return sum;
}

static struct fake_verdict verdict_of(const struct fake_fault *fault)
{
    return (struct fake_verdict){
        .bad = true,
        .status = fault->crash ? STATUS_FATAL : fault->status,
        .fate = fault->fate,
        .delay_ms = fault->delay_ms,
        .crash = fault->crash,
        .reason = "a fault was injected",
    };
}

// Counts this call in all faults that wait for it; true when one of them fires.
static bool faults_fire(struct fake_faults *faults, const struct fake_broker *broker,
                        enum fake_op op, struct fake_verdict *verdict)
{
    bool fired = false;
    for (size_t i = faults->count; i > 0; i--) {
        struct fake_fault *fault = &faults->list[i - 1];
        bool matches = (fault->op == op || fault->op == FAKE_ANY) &&
                       (fault->broker == NULL || fault->broker == &broker->base);
        if (!matches || (fault->countdown > 1 && fault->countdown-- > 0))
            continue;
        *verdict = verdict_of(fault);
        fired = true;
        if (--fault->times == 0)
            *fault = faults->list[--faults->count];
    }
    return fired;
}

static bool torture_fires(struct fake_torture *torture, enum fake_op op,
                          struct fake_verdict *verdict)
{
    const struct call_kind *kind = &kinds[op];
    if (!torture->armed || (!torture->crash && torture->variant >= kind->way_count))
        return false;
    if (--torture->countdown > 0)
        return false;
    torture->armed = false;
    torture->fired = true;
    struct fake_fault fault = {
        .op = op, .crash = torture->crash, .fate = torture->fate, .delay_ms = LATE_END_MS};
    if (!torture->crash) {
        fault.status = kind->ways[torture->variant].status;
        fault.fate = kind->ways[torture->variant].fate;
    }
    *verdict = verdict_of(&fault);
    return true;
}

static bool is_out_of_reach(struct fake_broker *broker, enum fake_op op)
{
    struct fake_faults *faults = &broker->cluster->faults;
    if (kinds[op].out_of_reach == STATUS_OK)
        return false;
    if (broker->disconnected)
        return true;
    if (faults->outage_calls == 0)
        return false;
    faults->outage_calls--;
    return true;
}

static struct fake_verdict crashed(void)
{
    return (struct fake_verdict){
        .bad = true, .status = STATUS_FATAL, .reason = "the worker has crashed"};
}

static bool is_directed(struct fake_broker *broker, enum fake_op op, struct fake_verdict *verdict)
{
    const struct fake_director *director = &broker->cluster->faults.director;
    struct fake_fault fault = {.op = op};
    if (director->before == NULL || !director->before(director->context, &broker->base, op, &fault))
        return false;
    *verdict = verdict_of(&fault);
    return true;
}

struct fake_verdict fake_fault_enter(struct fake_broker *broker, enum fake_op op)
{
    struct fake_faults *faults = &broker->cluster->faults;
    ensure(!broker->closed);
    if (broker->crashed)
        return crashed();
    faults->calls[op]++;
    broker->calls[op]++;
    struct fake_verdict verdict = {0};
    bool directed = is_directed(broker, op, &verdict);
    if (broker->crashed) // meanwhile
        return crashed();
    if (directed || faults_fire(faults, broker, op, &verdict) ||
        torture_fires(&faults->torture, op, &verdict))
        return verdict;
    if (is_out_of_reach(broker, op))
        return (struct fake_verdict){.bad = true,
                                     .status = kinds[op].out_of_reach,
                                     .out_of_reach = true,
                                     .reason = "the cluster is out of reach"};
    return verdict;
}

enum status fake_fault_leave(struct fake_broker *broker, enum fake_op op,
                             const struct fake_verdict *verdict, enum status status,
                             struct error *err)
{
    if (verdict->crash)
        fake_broker_crash(&broker->base);
    if (verdict->bad)
        status = error_set(err, verdict->status, "%s: %s", kinds[op].name, verdict->reason);
    const struct fake_director *director = &broker->cluster->faults.director;
    if (director->after != NULL)
        director->after(director->context, &broker->base, op, status);
    return status;
}
