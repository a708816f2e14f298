// SPDX-License-Identifier: Apache-2.0
// The known hole of Kafka's transaction protocol before KIP-890, provoked: a request of one
// transaction reaches the broker within the next one of the same producer.
//
//   delayed-endtxn   EndTxn: it commits the half of the next transaction that is there by then
//   delayed-offsets  TxnOffsetCommit: it sets the next transaction's offsets back
//
// The client's connection breaks, so that librdkafka sends the request again by itself; in every
// third round it does not, and the service hears nothing until its own deadline. In every other
// round the instance is killed with -9 at that very moment, so that the other half never comes. The
// service is right when the alerts are.
#ifndef CHAOS_LATE_H
#define CHAOS_LATE_H

#include "chaos/arena.h"

// The request that a scenario delays; -1 when options.only is none of them.
int16_t late_api(const struct options *options);
void late_run(struct arena *arena, int16_t api);

#endif
