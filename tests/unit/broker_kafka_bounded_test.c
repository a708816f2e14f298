// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_bounded.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// A call that ends when it is told to.
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    bool left;
    int calls;
};

static void gate_init(struct gate *gate, bool open)
{
    *gate = (struct gate){.open = open};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->opened, NULL);
}

static void gate_release(struct gate *gate)
{
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->lock);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

static void pass(void *context)
{
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    while (!gate->open)
        pthread_cond_wait(&gate->opened, &gate->lock);
    gate->calls++;
    pthread_mutex_unlock(&gate->lock);
}

static void bounded__runs_call_after_call(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, true);
    struct kafka_bounded *bounded = kafka_bounded_open("test");
    for (int i = 1; i <= 1000; i++) {
        assert_true(kafka_bounded_run(bounded, pass, &gate, 60000));
        assert_int_equal(gate.calls, i);
        assert_true(kafka_bounded_idle(bounded));
    }
    kafka_bounded_close(bounded);
    gate_release(&gate);
}

static void bounded__stops_waiting_for_a_call_that_hangs(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate, false);
    struct kafka_bounded *bounded = kafka_bounded_open("test");
    assert_false(kafka_bounded_run(bounded, pass, &gate, 30));
    assert_false(kafka_bounded_idle(bounded));
    gate_open(&gate);
    while (!kafka_bounded_idle(bounded))
        ;
    assert_int_equal(gate.calls, 1);
    assert_true(kafka_bounded_run(bounded, pass, &gate, 60000)); // and it can be used again
    kafka_bounded_close(bounded);
    gate_release(&gate);
}

static void note_left(void *context)
{
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    gate->left = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

static void bounded__left_alone_tells_when_the_call_is_back(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        struct gate gate;
        gate_init(&gate, false);
        struct kafka_bounded *bounded = kafka_bounded_open("test");
        assert_false(kafka_bounded_run(bounded, pass, &gate, 30));
        if (early)
            gate_open(&gate);
        kafka_bounded_leave(bounded, note_left);
        gate_open(&gate);
        pthread_mutex_lock(&gate.lock);
        while (!gate.left)
            pthread_cond_wait(&gate.opened, &gate.lock);
        assert_int_equal(gate.calls, 1);
        pthread_mutex_unlock(&gate.lock);
        gate_release(&gate);
    }
}

static void bounded__closes_without_having_been_used(void **state)
{
    (void)state;
    kafka_bounded_close(kafka_bounded_open("test"));
    kafka_bounded_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounded__runs_call_after_call),
        cmocka_unit_test(bounded__stops_waiting_for_a_call_that_hangs),
        cmocka_unit_test(bounded__left_alone_tells_when_the_call_is_back),
        cmocka_unit_test(bounded__closes_without_having_been_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
