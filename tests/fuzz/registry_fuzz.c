// SPDX-License-Identifier: Apache-2.0
// What a registry, or whatever is in its place, answers; and its configured address.
//   u8 what     even: u8 HTTP status (of a list), then the body of the answer
//               odd: the addresses as text
#include <stdlib.h>

#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "registry/answer.h"
#include "registry/url.h"
#include "wire/purchase.h"

static void check_schema(const struct answer *answer)
{
    struct answer_schema schema;
    struct purchase_plan *plan = NULL;
    struct error err = {""};
    if (!answer_schema(answer, &schema))
        return;
    ensure(schema.text != NULL && schema.type != NULL);
    const struct view text = {(const uint8_t *)schema.text, schema.text_bytes};
    if (purchase_plan_compile(text, 63, &plan, &err) != STATUS_OK)
        ensure(strlen(err.text) > 20);
    purchase_plan_free(plan);
}

static void check_answer(struct reader *input)
{
    static const long statuses[] = {0,   200, 201, 204, 301, 400, 401, 403,
                                    404, 408, 409, 415, 422, 429, 500, 503};
    struct http_answer http = {.status = statuses[fuzz_byte(input) % 16]};
    struct answer answer;
    uint32_t id;
    http.body = fuzz_rest(input);
    if (http.status == 0)
        memcpy(http.failure, "no route", 9);
    answer_init(&answer, &http);
    ensure(memchr(answer.message, '\0', sizeof(answer.message)) != NULL);
    for (const char *at = answer.message; *at != '\0'; at++)
        ensure((unsigned char)*at >= ' ' && *at != 127);
    ensure(answer.kind != ANSWER_OK || answer.body != NULL);
    ensure(answer.kind != ANSWER_UNKNOWN || (http.status == 404 && answer.error_code > 40400));
    check_schema(&answer);
    (void)answer_id(&answer, &id);
    answer_release(&answer);
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           memchr("-._~%", c, 5) != NULL;
}

static void check_escaped(const char *name)
{
    struct buffer out;
    buffer_init(&out, 3 * strlen(name));
    ensure(url_append_escaped(&out, name));
    for (size_t i = 0; i < out.size; i++)
        ensure(is_plain((char)out.data[i]));
    buffer_release(&out);
}

static void check_urls(const char *text)
{
    struct url_list list;
    struct error err = {""};
    if (url_list_init(&list, text, &err) != STATUS_OK) {
        ensure(strlen(err.text) > 20);
        return;
    }
    ensure(list.count >= 1 && list.count <= REGISTRY_URLS_MAX);
    for (size_t i = 0; i < list.count; i++) {
        const char *base = list.urls[i].base;
        ensure(strncmp(base, "http://", 7) == 0 || strncmp(base, "https://", 8) == 0);
        ensure(base[strlen(base) - 1] != '/' && strpbrk(base, "@?#") == NULL);
    }
    url_list_release(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    if (fuzz_byte(&input) % 2 == 0) {
        check_answer(&input);
        return 0;
    }
    char *text = fuzz_text(fuzz_rest(&input));
    check_urls(text);
    check_escaped(text);
    free(text);
    return 0;
}
