// SPDX-License-Identifier: Apache-2.0
// Container files that avro-c has written, under each codec, and what is wrong with others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <avro.h>
#include <cmocka.h>

#include "lib/workspace.h"
#include "wire/container.h"
#include "wire/container_reader.h"

enum { DATA = 5000, FILE_BYTES_MAX = 4 * 1024 * 1024 };

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

static void write_by_avro_c(const char *path, const char *codec)
{
    avro_schema_t parsed;
    avro_file_writer_t writer;
    avro_value_t value;
    avro_value_t field;
    char text[64];
    assert_int_equal(avro_schema_from_json_length(schema, strlen(schema), &parsed), 0);
    (void)remove(path);
    if (avro_file_writer_create_with_codec(path, parsed, &writer, codec, 0) != 0)
        fail_msg("%s", avro_strerror());
    avro_value_iface_t *class_ = avro_generic_class_from_schema(parsed);
    avro_generic_value_new(class_, &value);
    for (int i = 0; i < DATA; i++) {
        snprintf(text, sizeof(text), "text number %d of some that repeat", i);
        avro_value_get_by_index(&value, 0, &field, NULL);
        avro_value_set_long(&field, i - DATA / 2);
        avro_value_get_by_index(&value, 1, &field, NULL);
        avro_value_set_string(&field, text);
        assert_int_equal(avro_file_writer_append_value(writer, &value), 0);
    }
    avro_value_decref(&value);
    avro_value_iface_decref(class_);
    assert_int_equal(avro_file_writer_close(writer), 0);
    avro_schema_decref(parsed);
}

static void assert_datum(struct view datum, int number)
{
    struct reader reader = reader_of(datum);
    int64_t n = 0;
    int64_t size = 0;
    struct view text = {NULL, 0};
    char expected[64];
    snprintf(expected, sizeof(expected), "text number %d of some that repeat", number);
    assert_true(reader_zigzag(&reader, &n) && reader_zigzag(&reader, &size) &&
                reader_view(&reader, (uint64_t)size, &text) && reader_left(&reader) == 0);
    assert_int_equal(n, number - DATA / 2);
    assert_true(view_equal(text, view_text(expected)));
}

static void assert_read_whole(const char *path)
{
    struct container_reader *reader;
    struct error err;
    struct view datum;
    bool found;
    if (container_reader_open(path, &reader, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_true(container_reader_schema(reader).size > 0);
    for (int i = 0; i < DATA; i++) {
        if (container_reader_next(reader, &datum, &found, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        assert_true(found);
        assert_datum(datum, i);
    }
    assert_int_equal(container_reader_next(reader, &datum, &found, &err), STATUS_OK);
    assert_false(found);
    assert_int_equal(container_reader_bytes(reader), container_reader_bytes_total(reader));
    container_reader_close(reader);
}

static void files__of_every_codec_are_read(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const codecs[] = {"null", "deflate", "snappy"};
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        write_by_avro_c(fixture->path, codecs[i]);
        assert_read_whole(fixture->path);
    }
}

static void our_own_files__are_read(void **state)
{
    const struct fixture *fixture = *state;
    static const uint8_t marker[CONTAINER_SYNC_BYTES] = {1, 2, 3};
    struct container_writer *writer;
    struct buffer datum;
    struct error err;
    char text[64];
    buffer_init(&datum, 1000);
    assert_int_equal(container_writer_open(fixture->path, view_text(schema), marker, &writer, &err),
                     STATUS_OK);
    for (int i = 0; i < DATA; i++) {
        int size = snprintf(text, sizeof(text), "text number %d of some that repeat", i);
        buffer_clear(&datum);
        assert_true(buffer_append_zigzag(&datum, i - DATA / 2) &&
                    buffer_append_zigzag(&datum, size) &&
                    buffer_append(&datum, text, (size_t)size));
        assert_int_equal(container_writer_append(writer, buffer_view(&datum), &err), STATUS_OK);
    }
    assert_int_equal(container_writer_finish(writer, &err), STATUS_OK);
    container_writer_close(writer);
    buffer_release(&datum);
    assert_read_whole(fixture->path);
}

// Reads until it ends, well or not.
static enum status read_all(const char *path, struct error *err)
{
    struct container_reader *reader;
    struct view datum;
    bool found = true;
    enum status status = container_reader_open(path, &reader, err);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && found)
        status = container_reader_next(reader, &datum, &found, err);
    container_reader_close(reader);
    return status;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t load(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return size;
}

static void assert_says(const char *path, const char *sentence)
{
    struct error err = {.text = ""};
    assert_int_equal(read_all(path, &err), STATUS_FATAL);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void other_files__are_refused(void **state)
{
    const struct fixture *fixture = *state;
    char *absent = workspace_text("%s/absent", fixture->dir);
    assert_says(absent, "cannot be opened");
    free(absent);
    write_bytes(fixture->path, "{}", 2);
    assert_says(fixture->path, "is not an Avro container file");
    static const char unknown[] = "Obj\x01\x02\x14"
                                  "avro.codec\x08zstd\x00";
    write_bytes(fixture->path, unknown, sizeof(unknown) - 1);
    assert_says(fixture->path, "has the codec 'zstd'");
    static const char bare[] = "Obj\x01\x00"
                               "0123456789abcdef";
    write_bytes(fixture->path, bare, sizeof(bare) - 1);
    assert_says(fixture->path, "the schema of");
}

static void damage__is_told_with_its_place(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const codecs[] = {"null", "deflate", "snappy"};
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        write_by_avro_c(fixture->path, codecs[i]);
        size_t size = load(fixture->path, bytes);
        write_bytes(fixture->path, bytes, size - 20);
        assert_says(fixture->path, "is damaged or cut off before byte");
        bytes[size - 1] ^= 1;
        write_bytes(fixture->path, bytes, size);
        assert_says(fixture->path, "sync marker");
        bytes[size - 1] ^= 1;
        bytes[size / 2] ^= 0x55;
        write_bytes(fixture->path, bytes, size);
        struct error err;
        enum status status = read_all(fixture->path, &err);
        assert_true(status == STATUS_FATAL || i == 0); // a text may be any
    }
    free(bytes);
}

static void cuts__anywhere_end_in_a_sentence_or_at_a_block(void **state)
{
    const struct fixture *fixture = *state;
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    write_by_avro_c(fixture->path, "snappy");
    size_t size = load(fixture->path, bytes);
    size_t whole = 0;
    for (size_t cut = 0; cut < size; cut += cut < 400 ? 1 : 97) {
        struct error err;
        write_bytes(fixture->path, bytes, cut);
        whole += read_all(fixture->path, &err) == STATUS_OK;
    }
    assert_true(whole <= 3);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files__of_every_codec_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(our_own_files__are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(other_files__are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(damage__is_told_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts__anywhere_end_in_a_sentence_or_at_a_block, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
