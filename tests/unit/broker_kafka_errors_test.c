// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum status status_of(rd_kafka_resp_err_t code, enum kafka_stage stage)
{
    struct kafka_fault fault = kafka_fault_of_code(code, NULL);
    return kafka_fault_status(&fault, stage);
}

static void fault__is_never_ok(void **state)
{
    (void)state;
    for (int code = -200; code < 120; code++)
        for (int stage = KAFKA_STAGE_QUERY; stage <= KAFKA_STAGE_FLUSH; stage++)
            assert_int_not_equal(status_of((rd_kafka_resp_err_t)code, (enum kafka_stage)stage),
                                 STATUS_OK);
}

static void fault__of_permission_is_fatal_everywhere(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        for (int stage = KAFKA_STAGE_QUERY; stage <= KAFKA_STAGE_FLUSH; stage++)
            assert_int_equal(status_of(codes[i], (enum kafka_stage)stage), STATUS_FATAL);
}

static void fault__of_the_group_aborts_the_transaction(void **state)
{
    (void)state;
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, KAFKA_STAGE_TRANSACTION),
                     STATUS_ABORT);
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, KAFKA_STAGE_TRANSACTION),
                     STATUS_ABORT);
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, KAFKA_STAGE_TRANSACTION),
                     STATUS_ABORT);
    // Without transactions there is nothing to roll back in the cluster: memory starts anew.
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, KAFKA_STAGE_FLUSH),
                     STATUS_RESET);
}

static void fault__with_an_unknown_outcome_resets_the_producer(void **state)
{
    (void)state;
    static const rd_kafka_resp_err_t codes[] = {RD_KAFKA_RESP_ERR__TIMED_OUT,
                                                RD_KAFKA_RESP_ERR__TRANSPORT,
                                                RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                                RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                                RD_KAFKA_RESP_ERR__STATE,
                                                RD_KAFKA_RESP_ERR__FENCED,
                                                RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
                                                RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                                                RD_KAFKA_RESP_ERR_UNKNOWN,
                                                RD_KAFKA_RESP_ERR__FATAL};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        assert_int_equal(status_of(codes[i], KAFKA_STAGE_TRANSACTION), STATUS_RESET);
}

static void fault__flags_decide_where_the_code_does_not(void **state)
{
    (void)state;
    struct kafka_fault fault = kafka_fault_of_code(RD_KAFKA_RESP_ERR__INCONSISTENT, NULL);
    assert_int_equal(kafka_fault_status(&fault, KAFKA_STAGE_TRANSACTION), STATUS_RESET);
    fault.abortable = true;
    assert_int_equal(kafka_fault_status(&fault, KAFKA_STAGE_TRANSACTION), STATUS_ABORT);
    fault.fatal = true;
    assert_int_equal(kafka_fault_status(&fault, KAFKA_STAGE_TRANSACTION), STATUS_RESET);
    assert_int_equal(kafka_fault_status(&fault, KAFKA_STAGE_GROUP), STATUS_FATAL);
}

static void fault__of_the_network_is_retried_where_repeating_is_harmless(void **state)
{
    (void)state;
    static const enum kafka_stage stages[] = {KAFKA_STAGE_QUERY, KAFKA_STAGE_GROUP,
                                              KAFKA_STAGE_READ, KAFKA_STAGE_INIT};
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        assert_int_equal(status_of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, stages[i]), STATUS_RETRY);
        assert_int_equal(status_of(RD_KAFKA_RESP_ERR__TRANSPORT, stages[i]), STATUS_RETRY);
        assert_int_equal(status_of(RD_KAFKA_RESP_ERR__TIMED_OUT, stages[i]), STATUS_RETRY);
    }
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, KAFKA_STAGE_QUERY),
                     STATUS_RETRY);
}

static void fault__that_would_lose_records_ends_reading(void **state)
{
    (void)state;
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, KAFKA_STAGE_READ),
                     STATUS_RESET);
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, KAFKA_STAGE_READ),
                     STATUS_RESET);
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR__BAD_MSG, KAFKA_STAGE_READ), STATUS_RESET);
}

static void record__that_is_too_large_is_the_records_fault(void **state)
{
    (void)state;
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, KAFKA_STAGE_TRANSACTION),
                     STATUS_RECORD);
    assert_int_equal(status_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, KAFKA_STAGE_FLUSH),
                     STATUS_RECORD);
}

static void report__says_what_why_and_what_to_do(void **state)
{
    (void)state;
    struct error err;
    struct kafka_fault fault =
        kafka_fault_of_code(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, NULL);
    assert_int_equal(kafka_fault_report(&fault, KAFKA_STAGE_GROUP, &err, "group %s", "fraud"),
                     STATUS_FATAL);
    assert_string_equal(err.text, "group fraud: Broker: Group authorization failed "
                                  "(GROUP_AUTHORIZATION_FAILED); grant Read on the consumer group, "
                                  "which is named by application_id");
    fault = kafka_fault_of_code(RD_KAFKA_RESP_ERR__TRANSPORT, "connection reset");
    assert_int_equal(kafka_fault_report(&fault, KAFKA_STAGE_QUERY, &err, "asking"), STATUS_RETRY);
    assert_string_equal(err.text, "asking: connection reset (_TRANSPORT)");
    fault = kafka_fault_of_code(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, NULL);
    assert_int_equal(kafka_fault_report(&fault, KAFKA_STAGE_TRANSACTION, &err, "producing"),
                     STATUS_RESET); // a clock may be set right
    assert_non_null(strstr(err.text, "(INVALID_TIMESTAMP); the record's time is further from the "
                                     "broker's clock than the topic allows"));
}

static void error__of_librdkafka_is_taken_with_its_flags(void **state)
{
    (void)state;
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "late by %d ms", 5);
    struct kafka_fault fault = kafka_fault_take(error);
    assert_int_equal(fault.code, RD_KAFKA_RESP_ERR__TIMED_OUT);
    assert_string_equal(fault.text, "late by 5 ms");
    assert_false(fault.fatal);
    assert_false(fault.abortable);
    assert_false(kafka_fault_is_fenced(&fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault__is_never_ok),
        cmocka_unit_test(fault__of_permission_is_fatal_everywhere),
        cmocka_unit_test(fault__of_the_group_aborts_the_transaction),
        cmocka_unit_test(fault__with_an_unknown_outcome_resets_the_producer),
        cmocka_unit_test(fault__flags_decide_where_the_code_does_not),
        cmocka_unit_test(fault__of_the_network_is_retried_where_repeating_is_harmless),
        cmocka_unit_test(fault__that_would_lose_records_ends_reading),
        cmocka_unit_test(record__that_is_too_large_is_the_records_fault),
        cmocka_unit_test(report__says_what_why_and_what_to_do),
        cmocka_unit_test(error__of_librdkafka_is_taken_with_its_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
