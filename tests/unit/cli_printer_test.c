// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include <cmocka.h>

#include "cli/printer.h"

struct fixture {
    int read_fd;
    int write_fd;
    atomic_bool stop;
    struct printer printer;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int fds[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(fds) != 0)
        return -1;
    fixture->read_fd = fds[0];
    fixture->write_fd = fds[1];
    printer_init(&fixture->printer, fds[1], &fixture->stop);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    printer_release(&fixture->printer);
    close(fixture->read_fd);
    close(fixture->write_fd);
    free(fixture);
    return 0;
}

static void put(struct fixture *fixture, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_true(buffer_append_byte(printer_buffer(&fixture->printer), (uint8_t)('a' + i % 26)));
}

static void lines__are_written_at_a_flush(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    char text[16];
    put(fixture, 5);
    assert_false(printer_is_large(&fixture->printer));
    assert_int_equal(printer_flush(&fixture->printer, &err), STATUS_OK);
    assert_int_equal(read(fixture->read_fd, text, sizeof(text)), 5);
    assert_memory_equal(text, "abcde", 5);
    assert_int_equal(printer_flush(&fixture->printer, &err), STATUS_OK);
    put(fixture, 65536);
    assert_true(printer_is_large(&fixture->printer));
}

static void a_reader_that_has_gone__is_no_failure(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    put(fixture, 5);
    close(fixture->read_fd);
    assert_int_equal(printer_flush(&fixture->printer, &err), STATUS_OK);
    assert_true(fixture->printer.closed);
    fixture->read_fd = -1;
}

static void a_reader_that_has_gone__is_seen_without_writing(void **state)
{
    struct fixture *fixture = *state;
    printer_look(&fixture->printer);
    assert_false(fixture->printer.closed);
    close(fixture->read_fd);
    printer_look(&fixture->printer);
    assert_true(fixture->printer.closed);
    fixture->read_fd = -1;
}

// A full pipe that nobody empties.
static void a_wish_to_stop__ends_the_wait_for_a_slow_reader(void **state)
{
    struct fixture *fixture = *state;
    struct error err;
    put(fixture, 1 << 20);
    atomic_store(&fixture->stop, true);
    assert_int_equal(printer_flush(&fixture->printer, &err), STATUS_OK);
    assert_false(fixture->printer.closed);
}

static void a_full_disk__is_told(void **state)
{
    (void)state;
    atomic_bool stop = false;
    struct printer printer;
    struct error err;
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    printer_init(&printer, fd, &stop);
    assert_true(buffer_append_byte(printer_buffer(&printer), 'x'));
    assert_int_equal(printer_flush(&printer, &err), STATUS_FATAL);
    assert_string_equal(err.text, "stdout cannot be written: No space left on device");
    printer_release(&printer);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines__are_written_at_a_flush),
        TEST(a_reader_that_has_gone__is_no_failure),
        TEST(a_reader_that_has_gone__is_seen_without_writing),
        TEST(a_wish_to_stop__ends_the_wait_for_a_slow_reader),
        cmocka_unit_test(a_full_disk__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
