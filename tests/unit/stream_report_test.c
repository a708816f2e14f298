// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/stream_fixture.h"
#include "stream/report.h"

enum { START_MS = 1700000000, PARTITIONS = 2 };

static const char card[] = "1111-2222-3333-4444";

struct fixture {
    struct stream_fixture stream;
    struct exposition exposition;
    struct buffer text;
    json_t *json;
};

static int set_up(void **state)
{
    const struct fixture_options options = {.partitions = PARTITIONS};
    struct fixture *f = calloc(1, sizeof(*f));
    stream_fixture_open(&f->stream, &options);
    fixture_start(&f->stream, 0);
    f->exposition = (struct exposition){
        .workers = &f->stream.processes[0].metrics,
        .worker_count = 1,
        .settings = &f->stream.settings,
        .recent = &f->stream.processes[0].recent,
    };
    buffer_init(&f->text, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    stream_fixture_close(&f->stream);
    buffer_release(&f->text);
    json_decref(f->json);
    free(f);
    return 0;
}

static json_t *parsed(struct fixture *f)
{
    json_error_t problem;
    json_decref(f->json);
    f->json = json_loadb((const char *)f->text.data, f->text.size, 0, &problem);
    if (f->json == NULL)
        fail_msg("%s: %.*s", problem.text, (int)f->text.size, f->text.data);
    return f->json;
}

static void burst(struct fixture *f)
{
    for (int64_t i = 0; i < 3; i++)
        fixture_purchase(&f->stream, card, START_MS + i * 1000);
    fixture_settle(&f->stream);
}

static json_t *alerts_after(struct fixture *f, uint64_t after)
{
    buffer_clear(&f->text);
    assert_true(report_alerts(&f->exposition, &after, &f->text));
    return parsed(f);
}

static void alert__is_told_with_its_evidence_and_no_card_number(void **state)
{
    struct fixture *f = *state;
    burst(f);
    json_t *alerts = alerts_after(f, 0);
    assert_int_equal(json_array_size(alerts), 1);
    const json_t *alert = json_array_get(alerts, 0);
    assert_string_equal(json_string_value(json_object_get(alert, "card")), "************4444");
    assert_string_equal(json_string_value(json_object_get(alert, "rule")), "high_purchase_count");
    assert_int_equal(json_integer_value(json_object_get(alert, "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(alert, "timestamp_ms")), START_MS);
    assert_int_equal(json_integer_value(json_object_get(alert, "detected_at_ms")), START_MS + 2000);
    assert_memory_equal(json_string_value(json_object_get(alert, "source")), "purchases/", 10);
    assert_int_equal(json_array_size(alerts_after(f, 1)), 0);
}

static void status__shows_partitions_and_totals(void **state)
{
    struct fixture *f = *state;
    burst(f);
    for (int i = 0; i < 100; i++) // the workers publish now and then
        assert_int_equal(fixture_step(&f->stream), STATUS_OK);
    assert_true(report_status(&f->exposition, 1234, &f->text));
    json_t *status = parsed(f);
    const json_t *totals = json_object_get(status, "totals");
    assert_int_equal(json_integer_value(json_object_get(status, "now_ms")), 1234);
    assert_true(json_is_true(json_object_get(status, "ready")));
    assert_int_equal(json_integer_value(json_object_get(totals, "purchases")), 3);
    assert_int_equal(json_integer_value(
                         json_object_get(json_object_get(totals, "alerts"), "high_purchase_count")),
                     1);
    assert_int_equal(json_array_size(json_object_get(status, "partitions")), PARTITIONS);
    assert_int_equal(json_array_size(json_object_get(status, "workers")), 1);
}

static void status__has_the_reason_why_it_is_not_ready(void **state)
{
    struct fixture *f = *state;
    assert_true(report_status(&f->exposition, 1234, &f->text));
    json_t *status = parsed(f);
    assert_true(json_is_false(json_object_get(status, "ready")));
    const json_t *reason = json_object_get(json_object_get(status, "readiness"), "reason");
    assert_non_null(strstr(json_string_value(reason), "worker 0 is joining the group"));
}

static json_t *look_up(struct fixture *f, const char *number)
{
    assert_true(report_card_ask(&f->exposition, view_text(number)));
    assert_false(report_card_ask(&f->exposition, view_text(number)));
    buffer_clear(&f->text);
    for (int i = 0; !report_card_answer(&f->exposition, view_text(number), &f->text); i++) {
        assert_true(i < 100);
        assert_int_equal(fixture_step(&f->stream), STATUS_OK);
    }
    return parsed(f);
}

static void card__is_looked_up_in_memory_and_in_the_store(void **state)
{
    struct fixture *f = *state;
    burst(f);
    json_t *answer = look_up(f, card);
    assert_true(json_is_true(json_object_get(answer, "found")));
    assert_string_equal(json_string_value(json_object_get(answer, "as_of")), "now");
    assert_int_equal(json_array_size(json_object_get(answer, "purchases")), 3);
    assert_string_equal(json_string_value(json_object_get(answer, "card")), "************4444");
    fixture_stop(&f->stream, 0);
    fixture_start(&f->stream, 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(fixture_step(&f->stream), STATUS_OK);
    answer = look_up(f, card);
    assert_string_equal(json_string_value(json_object_get(answer, "as_of")), "last checkpoint");
    assert_int_equal(json_array_size(json_object_get(answer, "purchases")), 3);
}

static void unknown_card__is_not_found(void **state)
{
    struct fixture *f = *state;
    burst(f);
    const json_t *answer = look_up(f, "somebody else's");
    assert_true(json_is_false(json_object_get(answer, "found")));
    assert_int_equal(json_integer_value(json_object_get(answer, "untold_partitions")), 0);
}

static void partitions_that_are_not_there_yet__are_counted(void **state)
{
    struct fixture *f = *state;
    while (f->stream.processes[0].worker->tasks[1] == NULL)
        assert_int_equal(fixture_step(&f->stream), STATUS_OK);
    for (int32_t p = 0; p < PARTITIONS; p++)
        f->stream.processes[0].worker->tasks[p]->state = TASK_TAKING;
    struct inquiry *inquiry = &f->stream.processes[0].inquiry;
    assert_true(report_card_ask(&f->exposition, view_text(card)));
    inquiry_advance(inquiry, f->stream.processes[0].worker->tasks, PARTITIONS);
    assert_true(report_card_answer(&f->exposition, view_text(card), &f->text));
    assert_int_equal(json_integer_value(json_object_get(parsed(f), "untold_partitions")),
                     PARTITIONS);
}

#define ON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(alert__is_told_with_its_evidence_and_no_card_number),
        ON(status__shows_partitions_and_totals),
        ON(status__has_the_reason_why_it_is_not_ready),
        ON(card__is_looked_up_in_memory_and_in_the_store),
        ON(unknown_card__is_not_found),
        ON(partitions_that_are_not_there_yet__are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
