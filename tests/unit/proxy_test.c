// SPDX-License-Identifier: Apache-2.0
// lib/proxy.h against a broker that answers each request with its correlation id and no error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/proxy.h"

enum { WAIT_MS = 60000, ANSWER_BYTES = 14, FRAME_ROOM = 256 };

struct fixture {
    int listener;
    int broker;
    int client;
    struct proxy *proxy;
    uint16_t port; // the proxy's
};

static uint16_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static bool readable(int fd, int wait_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    return poll(&waiting, 1, wait_ms) == 1;
}

static int connect_client(struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fixture->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int accept_broker(struct fixture *fixture)
{
    assert_true(readable(fixture->listener, WAIT_MS));
    return accept4(fixture->listener, NULL, NULL, SOCK_CLOEXEC);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->listener = listen_anywhere();
    int front = listen_anywhere();
    fixture->port = port_of(front);
    close(front);
    fixture->proxy = proxy_open(fixture->port, port_of(fixture->listener));
    fixture->client = connect_client(fixture);
    fixture->broker = accept_broker(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    proxy_close(fixture->proxy);
    close(fixture->listener);
    close(fixture->broker);
    close(fixture->client);
    free(fixture);
    return 0;
}

// A request with the client id "me" and the transactional id "t", as versions that are not flexible
// have it.
static void send_request(int fd, uint8_t api, uint8_t correlation)
{
    const uint8_t frame[] = {0,           0, 0, 17,  0,   api, 0, 0,   0, 0, 0,
                             correlation, 0, 2, 'm', 'e', 0,   1, 't', 0, 0};
    assert_int_equal(write(fd, frame, sizeof(frame)), sizeof(frame));
}

// The api of the next request at the broker.
static int receive_request(int fd)
{
    uint8_t frame[FRAME_ROOM];
    assert_true(readable(fd, WAIT_MS));
    assert_int_equal(recv(fd, frame, 21, MSG_WAITALL), 21);
    return frame[5];
}

static void answer(int fd, uint8_t correlation, uint8_t error)
{
    const uint8_t frame[ANSWER_BYTES] = {0, 0, 0, 10, 0, 0, 0, correlation, 0, 0, 0, 0, 0, error};
    assert_int_equal(write(fd, frame, sizeof(frame)), sizeof(frame));
}

static int receive_answer(int fd)
{
    uint8_t frame[ANSWER_BYTES];
    assert_true(readable(fd, WAIT_MS));
    assert_int_equal(recv(fd, frame, sizeof(frame), MSG_WAITALL), sizeof(frame));
    return frame[7];
}

static void assert_closed(int fd)
{
    uint8_t byte;
    assert_true(readable(fd, WAIT_MS));
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

static void await_hold(struct fixture *fixture, enum proxy_hold_state state)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    while (proxy_hold_report(fixture->proxy).state != state) {
        assert_true(process_clock_ms() < deadline_ms);
        process_nap();
    }
}

static void proxy__carries_requests_and_answers(void **state)
{
    struct fixture *fixture = *state;
    send_request(fixture->client, API_PRODUCE, 7);
    assert_int_equal(receive_request(fixture->broker), API_PRODUCE);
    answer(fixture->broker, 7, 0);
    assert_int_equal(receive_answer(fixture->client), 7);
}

static void proxy__refuses_and_takes_again(void **state)
{
    struct fixture *fixture = *state;
    proxy_refuse(fixture->proxy, true);
    assert_closed(fixture->client);
    int refused = connect_client(fixture);
    assert_closed(refused);
    close(refused);
    proxy_refuse(fixture->proxy, false);
    int taken = connect_client(fixture);
    int broker = accept_broker(fixture);
    send_request(taken, API_PRODUCE, 1);
    assert_int_equal(receive_request(broker), API_PRODUCE);
    close(taken);
    close(broker);
}

static void proxy__frozen_moves_nothing_and_closes_nothing(void **state)
{
    struct fixture *fixture = *state;
    proxy_freeze(fixture->proxy, true);
    send_request(fixture->client, API_PRODUCE, 1);
    assert_false(readable(fixture->broker, 100));
    assert_false(readable(fixture->client, 0));
    proxy_freeze(fixture->proxy, false);
    assert_int_equal(receive_request(fixture->broker), API_PRODUCE);
}

static void proxy__loses_one_answer(void **state)
{
    struct fixture *fixture = *state;
    proxy_lose_answer(fixture->proxy, API_END_TXN, 10);
    send_request(fixture->client, API_END_TXN, 3);
    assert_int_equal(receive_request(fixture->broker), API_END_TXN);
    answer(fixture->broker, 3, 0);
    assert_closed(fixture->client);
}

static void proxy__delivers_a_held_request_within_the_next_transaction(void **state)
{
    struct fixture *fixture = *state;
    const struct proxy_hold hold = {.api = API_END_TXN, .cut = true, .most_ms = WAIT_MS};
    proxy_hold(fixture->proxy, &hold);
    send_request(fixture->client, API_END_TXN, 5);
    assert_closed(fixture->client);
    int client = connect_client(fixture);
    int broker = accept_broker(fixture);
    const uint8_t apis[] = {API_END_TXN, API_ADD_OFFSETS_TO_TXN, API_TXN_OFFSET_COMMIT};
    for (size_t i = 0; i < sizeof(apis); i++) {
        send_request(client, apis[i], (uint8_t)i);
        assert_int_equal(receive_request(broker), apis[i]);
    }
    assert_false(readable(fixture->broker, 0));
    send_request(client, API_ADD_PARTITIONS_TO_TXN, 9);
    assert_int_equal(receive_request(fixture->broker), API_END_TXN);
    assert_false(readable(broker, 0));
    answer(fixture->broker, 5, 48);
    assert_int_equal(receive_request(broker), API_ADD_PARTITIONS_TO_TXN);
    await_hold(fixture, HOLD_ANSWERED);
    struct proxy_hold_report report = proxy_hold_report(fixture->proxy);
    assert_true(report.within && !report.anew);
    assert_int_equal(report.error, 48);
    close(client);
    close(broker);
}

static void proxy__delivers_a_held_request_late_when_nothing_follows(void **state)
{
    struct fixture *fixture = *state;
    const struct proxy_hold hold = {.api = API_END_TXN, .most_ms = 50};
    proxy_hold(fixture->proxy, &hold);
    send_request(fixture->client, API_END_TXN, 5);
    assert_int_equal(receive_request(fixture->broker), API_END_TXN);
    answer(fixture->broker, 5, 0);
    assert_int_equal(receive_answer(fixture->client), 5);
    await_hold(fixture, HOLD_ANSWERED);
    assert_false(proxy_hold_report(fixture->proxy).within);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(proxy__carries_requests_and_answers),
        CASE(proxy__refuses_and_takes_again),
        CASE(proxy__frozen_moves_nothing_and_closes_nothing),
        CASE(proxy__loses_one_answer),
        CASE(proxy__delivers_a_held_request_within_the_next_transaction),
        CASE(proxy__delivers_a_held_request_late_when_nothing_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
