// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/notify.h"
#include "lib/manager.h"
#include "lib/workspace.h"

static void assert_arrives(struct manager *manager)
{
    struct notify notify;
    struct error err;
    assert_int_equal(notify_open(&notify, manager->name, &err), STATUS_OK);
    assert_true(notify_is_on(&notify));
    assert_true(notify_send(&notify, "READY=1\nSTATUS=well\n"));
    assert_true(notify_send(&notify, "WATCHDOG=1"));
    manager_listen(manager);
    assert_string_equal(manager->heard, "--\nREADY=1\nSTATUS=well\n--\nWATCHDOG=1");
    notify_close(&notify);
    assert_false(notify_is_on(&notify));
}

static void message__arrives_at_a_path(void **state)
{
    (void)state;
    struct manager manager;
    char *dir = workspace_make();
    manager_open(&manager, dir);
    assert_arrives(&manager);
    manager_close(&manager);
    workspace_remove(dir);
    free(dir);
}

static void message__arrives_at_an_abstract_socket(void **state)
{
    (void)state;
    struct manager manager;
    manager_open(&manager, NULL);
    assert_arrives(&manager);
    manager_close(&manager);
}

static void without_a_socket__nobody_is_told(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        struct notify notify;
        struct error err;
        assert_int_equal(notify_open(&notify, none[i], &err), STATUS_OK);
        assert_false(notify_is_on(&notify));
        assert_true(notify_send(&notify, "READY=1"));
        notify_close(&notify);
    }
}

static void name_that_is_no_socket__is_refused(void **state)
{
    (void)state;
    char too_long[200];
    memset(too_long, 'x', sizeof(too_long));
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const wrong[] = {"run/systemd/notify", "@", "/", "vsock:2:1", too_long};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct notify notify;
        struct error err;
        assert_int_equal(notify_open(&notify, wrong[i], &err), STATUS_FATAL);
        assert_non_null(strstr(err.text, wrong[i]));
        assert_false(notify_is_on(&notify));
    }
}

static void longest_names__are_taken(void **state)
{
    (void)state;
    struct sockaddr_un address;
    for (int abstract = 0; abstract < 2; abstract++) {
        char name[sizeof(address.sun_path) + 2] = "";
        struct notify notify;
        struct error err;
        size_t size = sizeof(address.sun_path) - (abstract ? 0 : 1);
        memset(name, 'x', size);
        name[0] = abstract ? '@' : '/';
        assert_int_equal(notify_open(&notify, name, &err), STATUS_OK);
        notify_close(&notify);
        name[size] = 'x';
        assert_int_equal(notify_open(&notify, name, &err), STATUS_FATAL);
    }
}

static void message_that_nobody_takes__is_reported(void **state)
{
    (void)state;
    struct manager manager;
    struct notify notify;
    struct error err;
    manager_open(&manager, NULL);
    assert_int_equal(notify_open(&notify, manager.name, &err), STATUS_OK);
    manager_close(&manager);
    assert_false(notify_send(&notify, "READY=1"));
    notify_close(&notify);
}

static void manager_that_does_not_listen__is_not_waited_for(void **state)
{
    (void)state;
    struct manager manager;
    struct notify notify;
    struct error err;
    unsigned sent = 0;
    manager_open(&manager, NULL);
    assert_int_equal(notify_open(&notify, manager.name, &err), STATUS_OK);
    while (notify_send(&notify, "STATUS=again"))
        assert_true(++sent < 1000000);
    manager_listen(&manager);
    assert_true(notify_send(&notify, "READY=1"));
    notify_close(&notify);
    manager_close(&manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message__arrives_at_a_path),
        cmocka_unit_test(message__arrives_at_an_abstract_socket),
        cmocka_unit_test(without_a_socket__nobody_is_told),
        cmocka_unit_test(name_that_is_no_socket__is_refused),
        cmocka_unit_test(longest_names__are_taken),
        cmocka_unit_test(message_that_nobody_takes__is_reported),
        cmocka_unit_test(manager_that_does_not_listen__is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
