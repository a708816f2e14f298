// SPDX-License-Identifier: Apache-2.0
// Container files as avro-c reads them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <avro.h>
#include <cmocka.h>

#include "lib/workspace.h"
#include "wire/container.h"

static const uint8_t sync_marker[CONTAINER_SYNC_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
static const char schema[] = "{\"type\": \"record\", \"name\": \"R\", \"fields\": ["
                             "{\"name\": \"n\", \"type\": \"long\"}, "
                             "{\"name\": \"s\", \"type\": \"string\"}]}";

struct fixture {
    char *dir;
    char *path;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->dir = workspace_make();
    fixture->path = workspace_text("%s/data.avro", fixture->dir);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    workspace_remove(fixture->dir);
    free(fixture->path);
    free(fixture->dir);
    free(fixture);
    return 0;
}

static void write_file(const char *path, int64_t count)
{
    struct container_writer *writer;
    struct buffer datum;
    struct error err;
    buffer_init(&datum, 1000);
    assert_int_equal(container_writer_open(path, view_text(schema), sync_marker, &writer, &err),
                     STATUS_OK);
    for (int64_t i = 0; i < count; i++) {
        buffer_clear(&datum);
        assert_true(buffer_append_zigzag(&datum, i - count / 2) &&
                    buffer_append_zigzag(&datum, 5) && buffer_append(&datum, "hello", 5));
        assert_int_equal(container_writer_append(writer, buffer_view(&datum), &err), STATUS_OK);
    }
    assert_int_equal(container_writer_finish(writer, &err), STATUS_OK);
    container_writer_close(writer);
    buffer_release(&datum);
}

// The data that avro-c finds in the file; checks each.
static int64_t read_file(const char *path, int64_t count)
{
    avro_file_reader_t reader;
    assert_int_equal(avro_file_reader(path, &reader), 0);
    avro_schema_t written = avro_file_reader_get_writer_schema(reader);
    avro_value_iface_t *class_ = avro_generic_class_from_schema(written);
    avro_value_t value, field;
    avro_generic_value_new(class_, &value);
    int64_t found = 0;
    while (avro_file_reader_read_value(reader, &value) == 0) {
        int64_t number = 0;
        const char *text = NULL;
        size_t size;
        avro_value_get_by_index(&value, 0, &field, NULL);
        avro_value_get_long(&field, &number);
        assert_int_equal(number, found - count / 2);
        avro_value_get_by_index(&value, 1, &field, NULL);
        avro_value_get_string(&field, &text, &size);
        assert_string_equal(text, "hello");
        found++;
    }
    avro_value_decref(&value);
    avro_value_iface_decref(class_);
    avro_schema_decref(written);
    avro_file_reader_close(reader);
    return found;
}

static void data__are_read_back_by_avro_c(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t counts[] = {1, 2, 100, 20000}; // the last: several blocks
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        write_file(fixture->path, counts[i]);
        assert_int_equal(read_file(fixture->path, counts[i]), counts[i]);
    }
}

static void bytes__are_as_the_specification_has_them(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture->path, 1);
    char *text = workspace_read(fixture->path);
    const char head[] = "Obj\x01\x04\x14"
                        "avro.codec\x08"
                        "null\x16"
                        "avro.schema";
    assert_memory_equal(text, head, sizeof(head) - 1);
    free(text);
}

static void a_path_that_cannot_be_written__is_named(void **state)
{
    struct fixture *fixture = *state;
    struct container_writer *writer;
    struct error err;
    char *path = workspace_text("%s/no/such/file", fixture->dir);
    assert_int_equal(container_writer_open(path, view_text(schema), sync_marker, &writer, &err),
                     STATUS_FATAL);
    assert_non_null(strstr(err.text, path));
    free(path);
}

static void a_full_disk__is_told(void **state)
{
    (void)state;
    struct container_writer *writer;
    struct error err;
    assert_int_equal(
        container_writer_open("/dev/full", view_text(schema), sync_marker, &writer, &err),
        STATUS_OK);
    assert_int_equal(container_writer_append(writer, view_text("datum"), &err), STATUS_OK);
    assert_int_equal(container_writer_finish(writer, &err), STATUS_FATAL);
    assert_string_equal(err.text, "/dev/full cannot be written: No space left on device");
    container_writer_close(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data__are_read_back_by_avro_c, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes__are_as_the_specification_has_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_that_cannot_be_written__is_named, setup, teardown),
        cmocka_unit_test(a_full_disk__is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
