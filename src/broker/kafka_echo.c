// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_echo.h"

#include "base/assert.h"

// The protocol's numbers. A late AddPartitionsToTxn or AddOffsetsToTxn does no harm: what it adds
// has nothing in it. A late Produce is known by its sequence numbers.
enum { END_TXN = 26, TXN_OFFSET_COMMIT = 28 };

// Called for each answer (more than once), and for each request that librdkafka has given up on,
// which alone comes with a code: what a broker says is not looked at yet.
static rd_kafka_resp_err_t note_outcome(rd_kafka_t *rk, int fd, const char *broker,
                                        int32_t broker_id, int16_t api, int16_t version,
                                        int32_t correlation, size_t size, int64_t round_trip_us,
                                        rd_kafka_resp_err_t code, void *opaque)
{
    (void)rk, (void)fd, (void)broker, (void)broker_id, (void)version, (void)correlation, (void)size;
    (void)round_trip_us;
    struct kafka_echo *echo = opaque;
    bool matters = api == END_TXN || api == TXN_OFFSET_COMMIT;
    if (matters && code != RD_KAFKA_RESP_ERR_NO_ERROR)
        atomic_store(&echo->possible, true);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t note_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                    char *text, size_t size)
{
    (void)conf, (void)text, (void)size;
    rd_kafka_resp_err_t code =
        rd_kafka_interceptor_add_on_response_received(rk, "echo", note_outcome, opaque);
    ensure(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    return code;
}

void kafka_echo_watch(struct kafka_echo *echo, rd_kafka_conf_t *conf)
{
    atomic_store(&echo->possible, false);
    rd_kafka_resp_err_t code = rd_kafka_conf_interceptor_add_on_new(conf, "echo", note_new, echo);
    ensure(code == RD_KAFKA_RESP_ERR_NO_ERROR);
}

bool kafka_echo_possible(const struct kafka_echo *echo)
{
    return atomic_load(&echo->possible);
}
