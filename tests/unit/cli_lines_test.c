// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/lines.h"

struct pipes {
    int ends[2];
    struct lines lines;
};

static int setup(void **state)
{
    struct pipes *pipes = calloc(1, sizeof(*pipes));
    if (pipes == NULL || pipe2(pipes->ends, O_CLOEXEC) != 0)
        return -1;
    lines_init(&pipes->lines, pipes->ends[0]);
    *state = pipes;
    return 0;
}

static int teardown(void **state)
{
    struct pipes *pipes = *state;
    lines_release(&pipes->lines);
    close(pipes->ends[0]);
    if (pipes->ends[1] >= 0)
        close(pipes->ends[1]);
    free(pipes);
    return 0;
}

static void put(const struct pipes *pipes, const char *text)
{
    assert_int_equal(write(pipes->ends[1], text, strlen(text)), strlen(text));
}

static void end(struct pipes *pipes)
{
    close(pipes->ends[1]);
    pipes->ends[1] = -1;
}

static void gives(struct pipes *pipes, const char *text)
{
    struct view line;
    struct error err;
    assert_int_equal(lines_next(&pipes->lines, 1000, &line, &err), LINES_LINE);
    assert_true(view_equal(line, view_text(text)));
}

static void answers(struct pipes *pipes, enum lines_answer expected)
{
    struct view line;
    struct error err;
    assert_int_equal(lines_next(&pipes->lines, 0, &line, &err), expected);
}

static void lines__come_one_by_one(void **state)
{
    struct pipes *pipes = *state;
    put(pipes, "one\n\ntwo\nthr");
    gives(pipes, "one");
    gives(pipes, "");
    gives(pipes, "two");
    assert_int_equal(pipes->lines.number, 3);
    answers(pipes, LINES_IDLE);
    put(pipes, "ee\n");
    gives(pipes, "three");
    answers(pipes, LINES_IDLE);
    end(pipes);
    answers(pipes, LINES_END);
    answers(pipes, LINES_END);
}

static void what_stands_behind_the_last_end__is_a_line(void **state)
{
    struct pipes *pipes = *state;
    put(pipes, "one\nlast");
    end(pipes);
    gives(pipes, "one");
    gives(pipes, "last");
    answers(pipes, LINES_END);
}

static void an_empty_input__has_no_line(void **state)
{
    end(*state);
    answers(*state, LINES_END);
}

// From a file: a pipe would need a second thread.
static void a_line_that_is_too_long__is_passed_over(void **state)
{
    (void)state;
    char path[] = "/tmp/cardwatch-lines-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    static char block[1 << 20];
    memset(block, 'x', sizeof(block));
    assert_int_equal(write(fd, "a\n", 2), 2);
    for (size_t size = 0; size <= LINES_BYTES_MAX; size += sizeof(block))
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    assert_int_equal(write(fd, "\nb", 2), 2);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct pipes file;
    lines_init(&file.lines, fd);
    gives(&file, "a");
    answers(&file, LINES_TOO_LONG);
    assert_int_equal(file.lines.number, 2);
    gives(&file, "b");
    answers(&file, LINES_END);
    lines_release(&file.lines);
    close(fd);
}

static void an_input_that_cannot_be_read__is_named(void **state)
{
    (void)state;
    struct lines lines;
    struct view line;
    struct error err = {""};
    int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lines_init(&lines, fd);
    assert_int_equal(lines_next(&lines, 0, &line, &err), LINES_FAILED);
    assert_non_null(strstr(err.text, "the input cannot be read: "));
    lines_release(&lines);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines__come_one_by_one),
        TEST(what_stands_behind_the_last_end__is_a_line),
        TEST(an_empty_input__has_no_line),
        cmocka_unit_test(a_line_that_is_too_long__is_passed_over),
        cmocka_unit_test(an_input_that_cannot_be_read__is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
