// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "stream/card_view.h"

static const char *const rule_names[] = {"fast", "many"};

struct fixture {
    struct engine engine;
    struct buffer record;
    struct buffer text;
    struct card card;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct engine_settings settings = {
        .rules = {{.kind = RULE_SLIDING, .window_ms = 60000, .threshold = 3},
                  {.kind = RULE_TUMBLING, .window_ms = 1000, .threshold = 3}},
        .rule_count = 2,
        .max_events_per_card = 4096,
    };
    assert_int_equal(engine_init(&f->engine, &settings, &f->err), STATUS_OK);
    buffer_init(&f->record, 1 << 20);
    buffer_init(&f->text, 1 << 20);
    card_init(&f->card);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    buffer_release(&f->record);
    buffer_release(&f->text);
    card_release(&f->card);
    free(f);
    return 0;
}

static void add_event(struct fixture *f, int64_t time_ms, int64_t id, uint64_t bits)
{
    *card_insert_event(&f->card, f->card.event_count) =
        (struct slot){.time_ms = time_ms, .id = id, .bits = bits};
}

static const char *view_at(struct fixture *f, struct optional_ms stream_time)
{
    struct json_out out = json_out_to(&f->text);
    buffer_clear(&f->record);
    buffer_clear(&f->text);
    assert_true(card_encode(&f->card, &f->record));
    const struct card_view view = {&f->engine, rule_names, stream_time, buffer_view(&f->record)};
    json_out_object(&out, NULL);
    if (card_view_write(&view, &out, &f->err) != STATUS_OK)
        fail_msg("%s", f->err.text);
    json_out_object_end(&out);
    assert_false(out.failed);
    assert_true(buffer_append_byte(&f->text, 0));
    return (const char *)f->text.data;
}

static void purchases__come_with_what_the_rules_made_of_them(void **state)
{
    struct fixture *f = *state;
    add_event(f, 1000, 7, SLOT_HAS_ID | SLOT_BURST(0));
    add_event(f, 2000, 0, SLOT_LATE(0));
    *card_add_counter(&f->card) = (struct slot){.time_ms = 2, .id = 5, .bits = 1};
    assert_string_equal(
        view_at(f, (struct optional_ms){false, 0}),
        "{\"horizon_ms\":120000,\"purchases\":["
        "{\"time_ms\":1000,\"id\":7,\"burst\":[\"fast\"],\"late\":[]},"
        "{\"time_ms\":2000,\"id\":null,\"burst\":[],\"late\":[\"fast\"]}],\"left_out\":0,"
        "\"counters\":[{\"rule\":\"many\",\"start_ms\":2000,\"window_ms\":1000,\"count\":5}]}");
}

static void expired_purchases__are_not_shown(void **state)
{
    struct fixture *f = *state;
    add_event(f, 1000, 0, 0);
    add_event(f, 2000, 0, 0);
    const char *text = view_at(f, (struct optional_ms){true, 121000});
    assert_null(strstr(text, "\"time_ms\":1000"));
    assert_non_null(strstr(text, "\"time_ms\":2000"));
    assert_non_null(strstr(view_at(f, (struct optional_ms){true, INT64_MIN}), "\"time_ms\":1000"));
}

static void newest_purchases_of_a_large_card__are_shown(void **state)
{
    struct fixture *f = *state;
    for (int64_t i = 0; i < CARD_VIEW_EVENTS_MAX + 5; i++)
        add_event(f, i, 0, 0);
    const char *text = view_at(f, (struct optional_ms){true, 5});
    assert_non_null(strstr(text, "\"left_out\":5,"));
    assert_null(strstr(text, "\"time_ms\":4,"));
    assert_non_null(strstr(text, "\"time_ms\":5,"));
    assert_non_null(strstr(text, "\"time_ms\":1004,"));
}

static void damaged_record__is_said_to_be(void **state)
{
    struct fixture *f = *state;
    struct json_out out = json_out_to(&f->text);
    const struct card_view view = {&f->engine, rule_names, {false, 0}, view_text("\x7f")};
    assert_int_equal(card_view_write(&view, &out, &f->err), STATUS_FATAL);
    assert_int_equal(f->text.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(purchases__come_with_what_the_rules_made_of_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(expired_purchases__are_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newest_purchases_of_a_large_card__are_shown, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damaged_record__is_said_to_be, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
