// SPDX-License-Identifier: Apache-2.0
// The waker's life; what it is good for shows only in how long a small queue stays empty.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/kafka_waker.h"
#include "lib/plain_client.h"

// The test's own time limit is what fails when closing hangs.
static void waker__closes_while_nobody_answers(void **state)
{
    (void)state;
    rd_kafka_t *rk =
        PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", "127.0.0.1:1"}, {"log_level", "0"});
    for (int i = 0; i < 2; i++) {
        struct kafka_waker *waker = kafka_waker_open(rk, "purchases");
        for (int32_t partition = 0; partition < 3; partition++)
            kafka_waker_wake(waker, partition);
        kafka_waker_close(waker);
    }
    rd_kafka_destroy(rk);
}

static void none__is_taken_for_a_waker_with_nothing_to_do(void **state)
{
    (void)state;
    kafka_waker_wake(NULL, 0);
    kafka_waker_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waker__closes_while_nobody_answers),
        cmocka_unit_test(none__is_taken_for_a_waker_with_nothing_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
