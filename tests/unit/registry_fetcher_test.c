// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lib/odd_server.h"
#include "registry/fetcher.h"

enum { DEADLINE_MS = 20 * 1000 };

struct desk {
    struct url_list urls;
    atomic_uint_fast64_t outcomes[REGISTRY_OUTCOMES];
    struct fetcher *fetcher;
};

static void desk_open(struct desk *desk, const char *url)
{
    struct error err = {""};
    *desk = (struct desk){.fetcher = NULL};
    assert_int_equal(url_list_init(&desk->urls, url, &err), STATUS_OK);
    const struct fetcher_settings settings = {
        .urls = &desk->urls, .timeout_ms = DEADLINE_MS, .outcomes = desk->outcomes};
    assert_int_equal(fetcher_open(&settings, &desk->fetcher, &err), STATUS_OK);
}

static void desk_close(struct desk *desk)
{
    fetcher_close(desk->fetcher);
    url_list_release(&desk->urls);
}

static enum registry_answer settled(struct desk *desk, uint32_t id, struct view *schema)
{
    enum registry_answer answer;
    int64_t end_ms = clock_now_ms() + DEADLINE_MS;
    while ((answer = fetcher_schema(desk->fetcher, id, schema)) == REGISTRY_PENDING &&
           clock_now_ms() < end_ms)
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    return answer;
}

static void fetcher__texts_stay_where_they_are(void **state)
{
    (void)state;
    static const struct odd_step steps[] = {
        {.kind = ODD_ANSWER, .status = 200, .body = "{\"schema\":\"\\\"int\\\"\"}"}};
    struct odd_server *server = odd_server_open(0, steps, 1);
    struct desk desk;
    desk_open(&desk, odd_server_url(server));
    struct view first;
    struct view schema;
    assert_int_equal(settled(&desk, 0, &first), REGISTRY_READY);
    for (uint32_t id = 1; id < 200; id++) // the table grows
        assert_int_equal(settled(&desk, id, &schema), REGISTRY_READY);
    assert_int_equal(settled(&desk, 0, &schema), REGISTRY_READY);
    assert_ptr_equal(schema.data, first.data);
    assert_true(view_equal(first, view_text("\"int\"")));
    assert_int_equal(atomic_load(&desk.outcomes[REGISTRY_OK]), 200);
    desk_close(&desk);
    odd_server_close(server);
}

static void fetcher__can_be_closed_without_ever_being_asked(void **state)
{
    (void)state;
    struct desk desk;
    struct error err = {""};
    desk_open(&desk, "http://127.0.0.1:1");
    assert_false(fetcher_failing(desk.fetcher, &err));
    desk_close(&desk);
    fetcher_close(NULL);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals = signals + 1;
}

// With the signal blocked in this thread, only the fetcher's could take it.
static void fetcher__takes_no_signals(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, "http://127.0.0.1:1");
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    kill(getpid(), SIGUSR1);
    struct view schema;
    fetcher_schema(desk.fetcher, 1, &schema);
    int64_t end_ms = clock_now_ms() + DEADLINE_MS;
    while (!fetcher_failing(desk.fetcher, NULL) && clock_now_ms() < end_ms)
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    assert_int_equal(signals, 0);
    desk_close(&desk);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    assert_int_equal(signals, 1);
}

static int environment_set_up(void **state)
{
    (void)state;
    return setenv("no_proxy", "127.0.0.1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetcher__texts_stay_where_they_are),
        cmocka_unit_test(fetcher__can_be_closed_without_ever_being_asked),
        cmocka_unit_test(fetcher__takes_no_signals),
    };
    return cmocka_run_group_tests(tests, environment_set_up, NULL);
}
