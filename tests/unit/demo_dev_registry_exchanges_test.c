// SPDX-License-Identifier: Apache-2.0
// Replays tests/data/registry/exchanges.txt, what a real registry answered, against the
// development registry over a socket: status, content type and body, byte for byte. All of them
// are supported. Not compared: the reason phrase, which is the HTTP library's (422 has two names).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "demo/dev_registry.h"
#include "lib/raw_http.h"

#define EXCHANGES "tests/data/registry/exchanges.txt"

enum { LINE_BYTES_MAX = 16 * 1024, TEXT_BYTES_MAX = 64 * 1024 };

struct exchange {
    size_t line; // of the request
    char method[16];
    char target[256];
    char headers[512];
    char *body; // NULL: none
    int status;
    char content_type[128];
    char *answer;
};

// "> ..." after the request line: a header, or the body.
static void read_sent(struct exchange *exchange, const char *text)
{
    bool has_body = strcmp(exchange->method, "POST") == 0 || strcmp(exchange->method, "PUT") == 0;
    bool header = strncmp(text, "Content-Type: ", 14) == 0 || strncmp(text, "Accept: ", 8) == 0;
    if (header) {
        size_t used = strlen(exchange->headers);
        snprintf(exchange->headers + used, sizeof exchange->headers - used, "%s\r\n", text);
        return;
    }
    assert_true(has_body && exchange->body == NULL);
    exchange->body = memory_text(text);
}

static void read_received(struct exchange *exchange, const char *text)
{
    if (sscanf(text, "content-type: %127[^\n]", exchange->content_type) == 0)
        assert_int_equal(sscanf(text, "%d", &exchange->status), 1);
}

static void read_line(struct exchange *exchange, const char *line, size_t number)
{
    if (*line == '#')
        return;
    if (strncmp(line, "> ", 2) == 0 && exchange->line == 0) {
        exchange->line = number;
        assert_int_equal(sscanf(line + 2, "%15s %255s", exchange->method, exchange->target), 2);
    } else if (*line == '>') {
        read_sent(exchange, line[1] == ' ' ? line + 2 : line + 1);
    } else if (strncmp(line, "< ", 2) == 0) {
        read_received(exchange, line + 2);
    } else {
        assert_null(exchange->answer);
        exchange->answer = memory_text(strcmp(line, "(no body)") == 0 ? "" : line);
    }
}

// The next exchange of the file; false at its end.
static bool read_exchange(FILE *file, size_t *number, struct exchange *exchange)
{
    char line[LINE_BYTES_MAX];
    *exchange = (struct exchange){0};
    while (fgets(line, sizeof line, file) != NULL) {
        ++*number;
        size_t size = strlen(line);
        assert_true(size > 0 && line[size - 1] == '\n');
        line[size - 1] = '\0';
        if (*line != '\0')
            read_line(exchange, line, *number);
        else if (exchange->line != 0)
            return true;
    }
    return exchange->line != 0;
}

static void exchange_release(struct exchange *exchange)
{
    free(exchange->body);
    free(exchange->answer);
}

static bool equal(const struct exchange *exchange, const struct raw_http_answer *got)
{
    return got->status == exchange->status &&
           strcmp(got->content_type, exchange->content_type) == 0 &&
           strcmp(got->body, exchange->answer) == 0;
}

static size_t replay(int fd, const struct exchange *exchange)
{
    struct raw_http_answer got;
    raw_http_request(fd, exchange->method, exchange->target, exchange->headers, exchange->body);
    raw_http_read(fd, exchange->method, &got);
    bool as_recorded = equal(exchange, &got);
    if (!as_recorded)
        fprintf(stderr, "%s:%zu: %s %s\n  wanted %d, %s\n  %s\n  got    %d, %s\n  %s\n", EXCHANGES,
                exchange->line, exchange->method, exchange->target, exchange->status,
                exchange->content_type, exchange->answer, got.status, got.content_type, got.body);
    raw_http_release(&got);
    return as_recorded ? 0 : 1;
}

static void dev_registry__answers_every_recorded_exchange_byte_for_byte(void **state)
{
    (void)state;
    struct dev_registry *registry;
    struct error err;
    assert_int_equal(dev_registry_open(0, &registry, &err), STATUS_OK);
    FILE *file = fopen(EXCHANGES, "r");
    assert_non_null(file);
    int fd = raw_http_connect(dev_registry_port(registry));
    struct exchange exchange;
    size_t line = 0;
    size_t count = 0;
    size_t wrong = 0;
    for (; read_exchange(file, &line, &exchange); count++) {
        wrong += replay(fd, &exchange);
        exchange_release(&exchange);
    }
    close(fd);
    fclose(file);
    dev_registry_close(registry);
    assert_int_equal(wrong, 0);
    assert_int_equal(count, 148);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dev_registry__answers_every_recorded_exchange_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
