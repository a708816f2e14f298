// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "cli/colour.h"

static void parts__have_their_colours(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(colour_json(view_text("{\"a\\\"\": \"x:\", \"b\": [-1.5e3, null]}"), &out) &&
                buffer_append_byte(&out, 0));
    assert_string_equal((const char *)out.data,
                        "{\x1b[34;1m\"a\\\"\"\x1b[0m: \x1b[32m\"x:\"\x1b[0m, "
                        "\x1b[34;1m\"b\"\x1b[0m: [\x1b[36m-1.5e3\x1b[0m, "
                        "\x1b[35mnull\x1b[0m]}");
    buffer_release(&out);
}

// Without the escape sequences, any bytes come out as they went in.
static void no_byte__is_lost(void **state)
{
    (void)state;
    static const char letters[] = "\"\\:{}[], a1-t";
    struct random random;
    struct buffer out;
    random_seed(&random, 1);
    buffer_init(&out, 100000);
    for (int i = 0; i < 5000; i++) {
        char text[64];
        char left[64];
        size_t size = random_below(&random, sizeof(text)), count = 0;
        for (size_t b = 0; b < size; b++)
            text[b] = letters[random_below(&random, sizeof(letters) - 1)];
        assert_true(colour_json((struct view){(const uint8_t *)text, size}, &out));
        for (size_t b = 0; b < out.size; b++) {
            if (out.data[b] == 0x1b)
                b += (size_t)((uint8_t *)memchr(out.data + b, 'm', out.size - b) - (out.data + b));
            else
                left[count++] = (char)out.data[b];
        }
        assert_int_equal(count, size);
        assert_memory_equal(left, text, size);
        buffer_clear(&out);
    }
    buffer_release(&out);
}

static void colours__are_for_terminals(void **state)
{
    (void)state;
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    assert_false(colour_wanted(pipe_fds[1]));
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    int terminal = posix_openpt(0);
    if (terminal < 0)
        skip(); // a bare root may have no terminals at all
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_true(colour_wanted(terminal));
    setenv("NO_COLOR", "1", 1);
    assert_false(colour_wanted(terminal));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(colour_wanted(terminal));
    close(terminal);
}

static void a_full_buffer__is_told(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 10);
    assert_false(colour_json(view_text("{\"abc\": 1}"), &out));
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts__have_their_colours),
        cmocka_unit_test(no_byte__is_lost),
        cmocka_unit_test(colours__are_for_terminals),
        cmocka_unit_test(a_full_buffer__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
