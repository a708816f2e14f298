// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/answer.h"

static enum answer_kind kind_of(long status, const char *body)
{
    const struct http_answer http = {.status = status, .body = view_text(body)};
    struct answer answer;
    answer_init(&answer, &http);
    enum answer_kind kind = answer.kind;
    answer_release(&answer);
    return kind;
}

static void assert_message(long status, const char *body, const char *message)
{
    const struct http_answer http = {.status = status, .body = view_text(body)};
    struct answer answer;
    answer_init(&answer, &http);
    assert_string_equal(answer.message, message);
    answer_release(&answer);
}

static void answer__only_a_registrys_own_404_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(kind_of(404, "{\"error_code\":40403,\"message\":\"\"}"), ANSWER_UNKNOWN);
    assert_int_equal(kind_of(404, "{\"message\":\"x\",\"error_code\":40401}"), ANSWER_UNKNOWN);
    assert_int_equal(kind_of(404, "{\"error_code\":40402}"), ANSWER_UNKNOWN);
    assert_int_equal(kind_of(404, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"),
                     ANSWER_STRANGE);
    assert_int_equal(kind_of(404, "{\"error_code\":\"40403\"}"), ANSWER_STRANGE);
    assert_int_equal(kind_of(404, "\"Not Found\""), ANSWER_STRANGE);
    assert_int_equal(kind_of(404, "<html>40403</html>"), ANSWER_STRANGE);
    assert_int_equal(kind_of(404, "[40403]"), ANSWER_STRANGE);
    assert_int_equal(kind_of(404, ""), ANSWER_STRANGE);
    assert_int_equal(kind_of(410, "{\"error_code\":40403}"), ANSWER_REFUSED);
    assert_int_equal(kind_of(200, "{\"error_code\":40403}"), ANSWER_OK);
    assert_int_equal(kind_of(503, "{\"error_code\":40403}"), ANSWER_FAILED);
}

static void answer__tells_refusals_from_trouble(void **state)
{
    (void)state;
    assert_int_equal(kind_of(409, "{\"error_code\":409,\"message\":\"no\"}"), ANSWER_REFUSED);
    assert_int_equal(kind_of(422, "{\"error_code\":422,\"message\":[{}]}"), ANSWER_REFUSED);
    assert_int_equal(kind_of(401, "{\"error_code\":401,\"message\":\"no\"}"), ANSWER_STRANGE);
    assert_int_equal(kind_of(403, "{\"error_code\":40301}"), ANSWER_STRANGE);
    assert_int_equal(kind_of(415, "{\"message\":\"HTTP 415 Unsupported Media Type\"}"),
                     ANSWER_STRANGE);
    assert_int_equal(kind_of(302, ""), ANSWER_STRANGE);
    assert_int_equal(kind_of(500, "Internal Server Error"), ANSWER_FAILED);
    assert_int_equal(kind_of(500, "{\"error_code\":50001}"), ANSWER_FAILED);
    assert_int_equal(kind_of(408, ""), ANSWER_FAILED);
    assert_int_equal(kind_of(429, "slow down"), ANSWER_FAILED);
    assert_int_equal(kind_of(200, "{\"schema\":\"cut"), ANSWER_FAILED);
    assert_int_equal(kind_of(200, "{} trailing"), ANSWER_FAILED);
    assert_int_equal(kind_of(200, ""), ANSWER_FAILED);
    assert_int_equal(kind_of(200, "[]"), ANSWER_OK);
}

static void answer__messages_are_texts_lists_or_the_body(void **state)
{
    (void)state;
    assert_message(409, "{\"error_code\":409,\"message\":\"no\\nway\"}", "no way");
    assert_message(422, "{\"message\":[{\"msg\":\"missing\"}]}", "[{\"msg\":\"missing\"}]");
    assert_message(404, "\"Not Found\"", "\"Not Found\"");
    assert_message(500, "Internal\r\nServer\tError\x7f", "Internal  Server Error ");
    assert_message(500, "", "");
}

static void answer__a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    char body[2 * ANSWER_MESSAGE_BYTES];
    for (size_t shift = 0; shift < 2; shift++) {
        memset(body, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof body; i += 2)
            memcpy(body + i, "\xc3\xa9", 3);
        const struct http_answer http = {.status = 500, .body = view_text(body)};
        struct answer answer;
        answer_init(&answer, &http);
        size_t size = strlen(answer.message);
        assert_in_range(size, ANSWER_MESSAGE_BYTES - 3, ANSWER_MESSAGE_BYTES - 1);
        assert_int_equal((unsigned char)answer.message[size - 1], 0xa9);
        answer_release(&answer);
    }
}

static void answer__no_answer_is_a_failure_with_its_reason(void **state)
{
    (void)state;
    const struct http_answer http = {.status = 0, .failure = "Connection refused"};
    struct answer answer;
    answer_init(&answer, &http);
    assert_int_equal(answer.kind, ANSWER_FAILED);
    assert_string_equal(answer.message, "Connection refused");
    assert_null(answer.body);
    answer_release(&answer);
}

static void answer__reads_the_schema_with_keys_in_any_order(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"schema\":\"\\\"int\\\"\"}",
        "{\"maxId\":5,\"schema\":\"\\\"int\\\"\",\"schemaType\":\"AVRO\",\"references\":[]}",
        "{\"id\":1,\"schema\":\"\\\"int\\\"\",\"references\":null,\"metadata\":null}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct http_answer http = {.status = 200, .body = view_text(bodies[i])};
        struct answer answer;
        struct answer_schema schema;
        answer_init(&answer, &http);
        assert_true(answer_schema(&answer, &schema));
        assert_string_equal(schema.text, "\"int\"");
        assert_int_equal(schema.text_bytes, 5);
        assert_string_equal(schema.type, "AVRO");
        assert_int_equal(schema.reference_count, 0);
        answer_release(&answer);
    }
}

static void assert_id(const char *body, bool there, uint32_t expected)
{
    const struct http_answer http = {.status = 200, .body = view_text(body)};
    struct answer answer;
    uint32_t id = 0;
    answer_init(&answer, &http);
    assert_int_equal(answer_id(&answer, &id), there);
    assert_int_equal(id, expected);
    answer_release(&answer);
}

static void answer__reads_ids_that_fit_the_frame(void **state)
{
    (void)state;
    assert_id("{\"id\":1}", true, 1);
    assert_id("{\"version\":1,\"id\":4294967295}", true, UINT32_MAX);
    assert_id("{\"id\":0}", true, 0);
    assert_id("{\"id\":4294967296}", false, 0);
    assert_id("{\"id\":-1}", false, 0);
    assert_id("{\"id\":1.0}", false, 0);
    assert_id("{\"id\":\"1\"}", false, 0);
    assert_id("{}", false, 0);
    assert_id("[{\"id\":1}]", false, 0);
    assert_id("7", false, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer__only_a_registrys_own_404_is_unknown),
        cmocka_unit_test(answer__tells_refusals_from_trouble),
        cmocka_unit_test(answer__messages_are_texts_lists_or_the_body),
        cmocka_unit_test(answer__a_long_message_is_cut_between_characters),
        cmocka_unit_test(answer__no_answer_is_a_failure_with_its_reason),
        cmocka_unit_test(answer__reads_the_schema_with_keys_in_any_order),
        cmocka_unit_test(answer__reads_ids_that_fit_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
