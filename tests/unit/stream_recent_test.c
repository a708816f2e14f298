// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "stream/recent.h"

struct fixture {
    struct recent recent;
    struct recent_draft *draft;
    struct recent_alert alerts[RECENT_ALERTS];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    recent_init(&f->recent);
    f->draft = recent_draft_open(&f->recent);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    free(f->draft);
    recent_release(&f->recent);
    free(f);
    return 0;
}

static void raise_alert(struct fixture *f, int64_t offset)
{
    const struct alert alert = {.rule = 1, .timestamp_ms = 5, .detected_at_ms = 6, .count = 3};
    const struct message source = {
        .partition = 2, .offset = offset, .has_timestamp = true, .timestamp_ms = 7};
    recent_draft_alert(f->draft, &alert, view_text("1111-2222-3333-4444"), &source);
}

static void alerts__are_seen_once_they_are_committed(void **state)
{
    struct fixture *f = *state;
    raise_alert(f, 10);
    assert_int_equal(recent_alerts(&f->recent, 0, f->alerts), 0);
    recent_draft_publish(f->draft, 99);
    assert_int_equal(recent_alerts(&f->recent, 0, f->alerts), 1);
    const struct recent_alert *alert = &f->alerts[0];
    assert_int_equal(alert->sequence, 1);
    assert_int_equal(alert->alert.rule, 1);
    assert_string_equal(alert->card, "************4444");
    assert_int_equal(alert->partition, 2);
    assert_int_equal(alert->offset, 10);
    assert_int_equal(alert->message_ms, 7);
    assert_int_equal(alert->committed_ms, 99);
    recent_draft_publish(f->draft, 100);
    assert_int_equal(recent_alerts(&f->recent, 0, f->alerts), 1);
}

static void alerts_of_an_aborted_transaction__are_never_seen(void **state)
{
    struct fixture *f = *state;
    raise_alert(f, 10);
    recent_draft_discard(f->draft);
    recent_draft_publish(f->draft, 99);
    assert_int_equal(recent_alerts(&f->recent, 0, f->alerts), 0);
}

static void only_later_alerts__are_told_of(void **state)
{
    struct fixture *f = *state;
    for (int64_t i = 1; i <= 5; i++)
        raise_alert(f, i);
    recent_draft_publish(f->draft, 99);
    assert_int_equal(recent_alerts(&f->recent, 3, f->alerts), 2);
    assert_int_equal(f->alerts[0].sequence, 4);
    assert_int_equal(f->alerts[1].sequence, 5);
    assert_int_equal(recent_alerts(&f->recent, 5, f->alerts), 0);
}

static void newest_alerts__are_kept(void **state)
{
    struct fixture *f = *state;
    for (int64_t i = 1; i <= 2 * RECENT_ALERTS + 7; i++)
        raise_alert(f, i);
    recent_draft_publish(f->draft, 99);
    raise_alert(f, 2 * RECENT_ALERTS + 8);
    recent_draft_publish(f->draft, 99);
    assert_int_equal(recent_alerts(&f->recent, 0, f->alerts), RECENT_ALERTS);
    for (size_t i = 0; i < RECENT_ALERTS; i++) {
        assert_int_equal(f->alerts[i].offset, RECENT_ALERTS + 9 + i);
        assert_int_equal(f->alerts[i].sequence, RECENT_ALERTS + 9 + i);
    }
}

static void last_dead_letters_of_each_class__are_kept(void **state)
{
    struct fixture *f = *state;
    struct recent_letter letters[RECENT_LETTERS];
    char long_reason[1000];
    memset(long_reason, 'x', sizeof(long_reason) - 1);
    long_reason[sizeof(long_reason) - 1] = '\0';
    for (int64_t i = 1; i <= RECENT_LETTERS + 2; i++) {
        const struct message source = {.partition = 1, .offset = i};
        recent_draft_letter(f->draft, DEAD_LETTER_BAD_AVRO, long_reason, &source);
    }
    recent_draft_publish(f->draft, 99);
    assert_int_equal(recent_letters(&f->recent, DEAD_LETTER_BAD_AVRO, letters), RECENT_LETTERS);
    assert_int_equal(letters[0].offset, 3);
    assert_int_equal(letters[RECENT_LETTERS - 1].offset, RECENT_LETTERS + 2);
    assert_int_equal(letters[0].committed_ms, 99);
    assert_int_equal(strlen(letters[0].reason), RECENT_REASON_BYTES_MAX - 1);
    assert_int_equal(recent_letters(&f->recent, DEAD_LETTER_NO_CARD, letters), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts__are_seen_once_they_are_committed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(alerts_of_an_aborted_transaction__are_never_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_later_alerts__are_told_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newest_alerts__are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_dead_letters_of_each_class__are_kept, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
