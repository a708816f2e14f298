// SPDX-License-Identifier: Apache-2.0
// The development registry's calls: a few requests, one after the other, to one store.
//   requests by 0xff: u8 method, u8 flags, then lines: Accept, Content-Type, path; then the body
#include <stdlib.h>

#include "base/assert.h"
#include "demo/dev_registry_routes.h"
#include "fuzz/fuzz.h"
#include "wire/avsc.h"

enum { MARK = 0xff, REQUESTS_MAX = 8 };

static char *line_read(struct reader *input)
{
    return fuzz_text(fuzz_part(input, '\n'));
}

static const char *unless_empty(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void check_answer(const struct dev_answer *answer)
{
    ensure(answer->status >= 200 && answer->status < 600);
    ensure(answer->content_type != NULL && answer->text != NULL);
    if (strstr(answer->content_type, "json") != NULL && answer->text[0] != '\0')
        ensure(fuzz_is_json(view_text(answer->text)));
}

static void request(struct dev_store *store, struct view bytes)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"};
    struct reader input = reader_of(bytes);
    const char *method = methods[fuzz_byte(&input) % 6];
    uint8_t flags = fuzz_byte(&input);
    char *accept = line_read(&input), *type = line_read(&input), *path = line_read(&input);
    struct view body = fuzz_exact(fuzz_rest(&input));
    const struct dev_request sent = {.method = method,
                                     .path = path,
                                     .accept = unless_empty(accept),
                                     .content_type = unless_empty(type),
                                     .body = body,
                                     .deleted = (flags & 1) != 0,
                                     .permanent = (flags & 2) != 0,
                                     .fetch_max_id = (flags & 4) != 0,
                                     .default_to_global = (flags & 8) != 0};
    struct dev_answer answer = dev_routes_answer(store, &sent);
    check_answer(&answer);
    dev_answer_release(&answer);
    free((void *)(uintptr_t)body.data);
    free(accept);
    free(type);
    free(path);
}

// What the store holds hangs together.
static void check_store(const struct dev_store *store)
{
    for (size_t i = 0; i < store->subject_count; i++) {
        const struct dev_subject *subject = &store->subjects[i];
        for (size_t v = 0; v < subject->count; v++) {
            ensure(dev_store_schema(store, subject->versions[v].id) != NULL);
            ensure(v == 0 || subject->versions[v].number > subject->versions[v - 1].number);
            ensure(subject->versions[v].number <= subject->last_number);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct dev_store store;
    dev_store_init(&store);
    for (int i = 0; i < REQUESTS_MAX && reader_left(&input) > 0; i++) {
        request(&store, fuzz_part(&input, MARK));
        check_store(&store);
    }
    dev_store_release(&store);
    return 0;
}
