// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/deadline.h"

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool ringing;
};

static void bell_init(struct bell *bell)
{
    *bell = (struct bell){0};
    pthread_mutex_init(&bell->lock, NULL);
    deadline_condition_init(&bell->rung);
}

static void bell_release(struct bell *bell)
{
    pthread_cond_destroy(&bell->rung);
    pthread_mutex_destroy(&bell->lock);
}

static void *ring(void *context)
{
    struct bell *bell = context;
    pthread_mutex_lock(&bell->lock);
    bell->ringing = true;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
    return NULL;
}

static void deadline__ends_a_wait_that_nobody_ends(void **state)
{
    (void)state;
    struct bell bell;
    bell_init(&bell);
    pthread_mutex_lock(&bell.lock);
    int64_t until_ms = clock_now_ms() + 30;
    while (deadline_wait(&bell.rung, &bell.lock, until_ms))
        continue; // woken for nothing, as condition variables may be
    pthread_mutex_unlock(&bell.lock);
    assert_true(clock_now_ms() >= until_ms);
    bell_release(&bell);
}

static void deadline__in_the_past_does_not_wait(void **state)
{
    (void)state;
    struct bell bell;
    bell_init(&bell);
    pthread_mutex_lock(&bell.lock);
    assert_false(deadline_wait(&bell.rung, &bell.lock, clock_now_ms() - 1));
    pthread_mutex_unlock(&bell.lock);
    bell_release(&bell);
}

static void deadline__leaves_a_wait_to_whoever_ends_it(void **state)
{
    (void)state;
    struct bell bell;
    bell_init(&bell);
    pthread_t ringer;
    pthread_mutex_lock(&bell.lock);
    assert_int_equal(pthread_create(&ringer, NULL, ring, &bell), 0);
    bool in_time = true;
    while (!bell.ringing && in_time)
        in_time = deadline_wait(&bell.rung, &bell.lock, clock_now_ms() + 600000);
    assert_true(in_time);
    pthread_mutex_unlock(&bell.lock);
    pthread_join(ringer, NULL);
    bell_release(&bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline__ends_a_wait_that_nobody_ends),
        cmocka_unit_test(deadline__in_the_past_does_not_wait),
        cmocka_unit_test(deadline__leaves_a_wait_to_whoever_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
