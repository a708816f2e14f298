// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/memory.h"
#include "demo/dev_registry.h"
#include "lib/raw_http.h"

enum { CLIENTS = 8, ROUNDS = 50 };

static const char json[] = "Content-Type: application/json\r\n";

static struct dev_registry *open_registry(uint16_t port)
{
    struct dev_registry *registry = NULL;
    struct error err = {""};
    if (dev_registry_open(port, &registry, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return registry;
}

static void assert_status(uint16_t port, const char *method, const char *target, const char *body,
                          int status)
{
    struct raw_http_answer answer;
    raw_http_exchange(port, method, target, body == NULL ? "" : json, body, &answer);
    assert_int_equal(answer.status, status);
    raw_http_release(&answer);
}

static void dev_registry__names_a_port_that_is_taken(void **state)
{
    (void)state;
    struct dev_registry *registry = open_registry(0);
    struct dev_registry *second = NULL;
    struct error err = {""};
    char address[32];
    uint16_t port = dev_registry_port(registry);
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)port);
    assert_int_equal(dev_registry_open(port, &second, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, address));
    dev_registry_close(registry);
    dev_registry_close(NULL);
}

static void dev_registry__opens_on_the_same_port_again_and_has_forgotten(void **state)
{
    (void)state;
    struct dev_registry *registry = open_registry(0);
    uint16_t port = dev_registry_port(registry);
    assert_status(port, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\"}", 200);
    assert_status(port, "GET", "/schemas/ids/1", NULL, 200);
    dev_registry_close(registry);
    registry = open_registry(port);
    assert_int_equal(dev_registry_port(registry), port);
    assert_status(port, "GET", "/schemas/ids/1", NULL, 404);
    dev_registry_close(registry);
}

static void dev_registry__counts_fetches_by_id(void **state)
{
    (void)state;
    struct dev_registry *registry = open_registry(0);
    uint16_t port = dev_registry_port(registry);
    assert_status(port, "GET", "/schemas/ids/1", NULL, 404);
    assert_status(port, "GET", "/schemas/ids/1?fetchMaxId=true", NULL, 404);
    assert_status(port, "GET", "/schemas/ids/1/versions", NULL, 200);
    assert_status(port, "GET", "/subjects", NULL, 200);
    assert_int_equal(dev_registry_fetches(registry), 2);
    dev_registry_close(registry);
}

static void dev_registry__bounds_the_body(void **state)
{
    (void)state;
    struct dev_registry *registry = open_registry(0);
    uint16_t port = dev_registry_port(registry);
    char *body = memory_zeroed(SCHEMA_BYTES_MAX + 2, 1);
    memset(body, ' ', SCHEMA_BYTES_MAX + 1);
    memcpy(body, "{\"schema\":\"\\\"int\\\"\"}", 20);
    assert_status(port, "POST", "/subjects/s/versions", body, 413);
    body[SCHEMA_BYTES_MAX] = '\0';
    assert_status(port, "POST", "/subjects/s/versions", body, 200);
    free(body);
    dev_registry_close(registry);
}

static void *register_and_fetch(void *context)
{
    uint16_t port = *(uint16_t *)context;
    int fd = raw_http_connect(port);
    for (int i = 0; i < ROUNDS; i++) {
        struct raw_http_answer answer;
        char target[64];
        snprintf(target, sizeof target, "/subjects/s%d/versions", i);
        raw_http_request(fd, "POST", target, json, "{\"schema\":\"\\\"int\\\"\"}");
        raw_http_read(fd, "POST", &answer);
        bool fine = answer.status == 200 && strcmp(answer.body, "{\"id\":1}") == 0;
        raw_http_release(&answer);
        if (!fine)
            break;
        if (i + 1 == ROUNDS)
            context = NULL;
    }
    close(fd);
    return context;
}

static void dev_registry__serves_many_clients_at_once(void **state)
{
    (void)state;
    struct dev_registry *registry = open_registry(0);
    uint16_t port = dev_registry_port(registry);
    pthread_t threads[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_and_fetch, &port), 0);
    for (int i = 0; i < CLIENTS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    struct raw_http_answer answer;
    raw_http_exchange(port, "GET", "/subjects/s7/versions", "", NULL, &answer);
    assert_string_equal(answer.body, "[1]");
    raw_http_release(&answer);
    dev_registry_close(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dev_registry__names_a_port_that_is_taken),
        cmocka_unit_test(dev_registry__opens_on_the_same_port_again_and_has_forgotten),
        cmocka_unit_test(dev_registry__counts_fetches_by_id),
        cmocka_unit_test(dev_registry__bounds_the_body),
        cmocka_unit_test(dev_registry__serves_many_clients_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
