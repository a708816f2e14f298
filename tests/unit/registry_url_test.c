// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/url.h"

static void assert_refused(const char *text, const char *word)
{
    struct url_list list;
    struct error err = {""};
    assert_int_equal(url_list_init(&list, text, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "schema_registry.url"));
    if (strstr(err.text, word) == NULL)
        fail_msg("no '%s' in: %s", word, err.text);
}

static void url_list__takes_one_or_several_addresses(void **state)
{
    (void)state;
    struct url_list list;
    struct error err;
    assert_int_equal(url_list_init(&list, "http://a:8081", &err), STATUS_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.urls[0].base, "http://a:8081");
    assert_null(list.urls[0].username);
    url_list_release(&list);

    assert_int_equal(url_list_init(&list,
                                   " HTTP://a:8081/ ,https://b.example.com//,, http://[::1]:1/p/q/",
                                   &err),
                     STATUS_OK);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.urls[0].base, "http://a:8081");
    assert_string_equal(list.urls[1].base, "https://b.example.com");
    assert_string_equal(list.urls[2].base, "http://[::1]:1/p/q");
    url_list_release(&list);
}

static void url_list__parts_credentials_from_the_address(void **state)
{
    (void)state;
    struct url_list list;
    struct error err;
    assert_int_equal(url_list_init(&list, "https://us%40er:p%3Ass@host:1/x", &err), STATUS_OK);
    assert_string_equal(list.urls[0].base, "https://host:1/x");
    assert_string_equal(list.urls[0].username, "us@er");
    assert_string_equal(list.urls[0].password, "p:ss");
    url_list_release(&list);
}

static void url_list__refuses_what_cannot_be_asked(void **state)
{
    (void)state;
    assert_refused("", "is empty");
    assert_refused(" , ", "is empty");
    assert_refused("localhost:8081", "'localhost:8081'");
    assert_refused("ftp://host", "'ftp://host'");
    assert_refused("file:///etc/passwd", "file:///etc/passwd");
    assert_refused("http://", "http://");
    assert_refused("http://host/?a=b", "'?' or '#'");
    assert_refused("http://host/#a", "'?' or '#'");
    assert_refused("http://host/#%19", "'?' or '#'");
    assert_refused("http://me:%0d@host/", "control character");
    assert_refused("http://a,b", "'b'");
    assert_refused(
        "http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8,http://9",
        "more than 8");
}

static void url_list__never_shows_a_password(void **state)
{
    (void)state;
    struct url_list list;
    struct error err = {""};
    assert_int_equal(url_list_init(&list, "htp://me:secret@host", &err), STATUS_FATAL);
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(url_list_init(&list, "http:/x//me:secret@host", &err), STATUS_FATAL);
    assert_null(strstr(err.text, "secret"));
    assert_non_null(strstr(err.text, "holds an '@'"));
}

static void url_list__refuses_an_endless_address(void **state)
{
    (void)state;
    char text[REGISTRY_URL_BYTES_MAX + 64];
    memset(text, 'a', sizeof text);
    memcpy(text, "http://", 7);
    text[sizeof text - 1] = '\0';
    assert_refused(text, "http://aaa");
}

static void url__escapes_names_for_paths(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 64);
    assert_true(url_append_escaped(&out, "aZ0-._~/ %\xc3\xa9"));
    assert_true(buffer_append_byte(&out, 0));
    assert_string_equal((char *)out.data, "aZ0-._~%2F%20%25%C3%A9");
    assert_false(url_append_escaped(&out, "////////////////////////"));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_list__takes_one_or_several_addresses),
        cmocka_unit_test(url_list__parts_credentials_from_the_address),
        cmocka_unit_test(url_list__refuses_what_cannot_be_asked),
        cmocka_unit_test(url_list__never_shows_a_password),
        cmocka_unit_test(url_list__refuses_an_endless_address),
        cmocka_unit_test(url__escapes_names_for_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
