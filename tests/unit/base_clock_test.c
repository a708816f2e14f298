// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "base/clock.h"

static void clock__only_goes_forward(void **state)
{
    (void)state;
    int64_t last_ms = clock_now_ms();
    for (int i = 0; i < 100000; i++) {
        int64_t now_ms = clock_now_ms();
        assert_true(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

static void wall_clock__is_the_machines(void **state)
{
    (void)state;
    time_t before = time(NULL);
    int64_t wall_ms = clock_wall_ms();
    time_t after = time(NULL);
    // time() may lag behind by a tick.
    assert_true(wall_ms / 1000 >= before && wall_ms / 1000 <= after + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock__only_goes_forward),
        cmocka_unit_test(wall_clock__is_the_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
