// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "demo/planned.h"

static void heap__gives_back_what_is_due_in_order(void **state)
{
    (void)state;
    struct planned_heap *heap = memory_zeroed(1, sizeof(*heap));
    struct random random;
    random_seed(&random, 1);
    for (int64_t i = 0; i < 1000; i++) {
        struct planned planned = {.due_ms = random_range(&random, -50, 50), .id = i};
        planned_push(heap, &planned);
    }
    struct planned out;
    assert_false(planned_pop(heap, -51, &out));
    int64_t last_due_ms = -51;
    int64_t last_id = -1;
    for (int i = 0; i < 1000; i++) {
        assert_true(planned_pop(heap, 50, &out));
        assert_true(out.due_ms >= last_due_ms);
        assert_true(out.due_ms > last_due_ms || out.id > last_id);
        last_due_ms = out.due_ms;
        last_id = out.id;
    }
    assert_false(planned_pop(heap, INT64_MAX, &out));
    free(heap);
}

static void heap__says_when_it_is_full(void **state)
{
    (void)state;
    struct planned_heap *heap = memory_zeroed(1, sizeof(*heap));
    struct planned planned = {0};
    assert_true(planned_fits(heap, PLANNED_MAX));
    assert_false(planned_fits(heap, (size_t)PLANNED_MAX + 1));
    planned_push(heap, &planned);
    assert_false(planned_fits(heap, PLANNED_MAX));
    assert_true(planned_fits(heap, PLANNED_MAX - 1));
    free(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap__gives_back_what_is_due_in_order),
        cmocka_unit_test(heap__says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
