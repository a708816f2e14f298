// SPDX-License-Identifier: Apache-2.0
// schemas/alert-v2.avsc beside schemas/alert.avsc: what is written by either reads by the other,
// says avro-c; and the registry lets the one follow the other.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avro.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "base/limits.h"
#include "lib/dev_desk.h"
#include "wire/alert.h"
#include "wire/purchase.h"

static const int64_t ids[] = {-1, 0, 4711, INT64_MAX};

static struct alert_fields sample(void)
{
    return (struct alert_fields){
        .type = view_text("high_purchase_count"),
        .credit_card = view_text("1111-2222-3333-4444"),
        .timestamp_ms = 1664000000000,
        .count = 3,
        .detected_at_ms = 1664000059999,
        .known = ALERT_AMOUNT | ALERT_DISTANCE | ALERT_PURCHASE_IDS,
        .amount = 12.5,
        .distance = -0.25,
        .purchase_ids = ids,
        .purchase_id_count = 4,
    };
}

static void file_text(const char *path, struct buffer *out)
{
    bool found;
    struct error err;
    buffer_init(out, SCHEMA_BYTES_MAX);
    assert_int_equal(file_read(path, out, &found, &err), STATUS_OK);
    assert_true(found);
    assert_true(buffer_append_byte(out, '\0'));
    out->size--;
}

static avro_schema_t avro_of(const struct buffer *text)
{
    avro_schema_t schema;
    assert_int_equal(avro_schema_from_json_length((const char *)text->data, text->size, &schema),
                     0);
    return schema;
}

static void read_resolved(avro_schema_t writer, avro_schema_t reader, avro_reader_t source,
                          avro_value_t *out)
{
    avro_value_t resolved;
    avro_value_iface_t *resolver = avro_resolved_writer_new(writer, reader);
    assert_non_null(resolver);
    assert_int_equal(avro_resolved_writer_new_value(resolver, &resolved), 0);
    avro_resolved_writer_set_dest(&resolved, out);
    assert_int_equal(avro_value_read(source, &resolved), 0);
    avro_value_decref(&resolved);
    avro_value_iface_decref(resolver);
}

// The alert, written by one schema file, as avro-c reads it with another.
static void read_by(const char *written, const char *reading, const struct alert_fields *alert,
                    avro_value_t *out)
{
    struct buffer writer_text, reader_text, bytes;
    struct alert_encoder *encoder;
    struct error err;
    file_text(written, &writer_text);
    file_text(reading, &reader_text);
    assert_int_equal(alert_encoder_compile(buffer_view(&writer_text), 9, &encoder, &err),
                     STATUS_OK);
    buffer_init(&bytes, 1 << 16);
    alert_encode_avro(encoder, alert, &bytes);
    uint32_t id;
    struct view body;
    assert_true(frame_split(buffer_view(&bytes), &id, &body));
    assert_int_equal(id, 9);

    avro_schema_t writer = avro_of(&writer_text);
    avro_schema_t reader = avro_of(&reader_text);
    avro_value_iface_t *class = avro_generic_class_from_schema(reader);
    assert_int_equal(avro_generic_value_new(class, out), 0);
    avro_reader_t source = avro_reader_memory((const char *)body.data, (int64_t)body.size);
    if (strcmp(written, reading) == 0)
        assert_int_equal(avro_value_read(source, out), 0);
    else
        read_resolved(writer, reader, source, out);
    char more;
    assert_int_not_equal(avro_read(source, &more, 1), 0); // nothing is left over
    avro_reader_free(source);
    avro_value_iface_decref(class);
    avro_schema_decref(writer);
    avro_schema_decref(reader);
    alert_encoder_free(encoder);
    buffer_release(&bytes);
    buffer_release(&writer_text);
    buffer_release(&reader_text);
}

// The field's value; NULL type for null.
static avro_value_t field(avro_value_t *record, const char *name)
{
    avro_value_t outer = {0}, inner = {0};
    assert_int_equal(avro_value_get_by_name(record, name, &outer, NULL), 0);
    assert_int_equal(avro_value_get_current_branch(&outer, &inner), 0);
    return inner;
}

static void assert_text(avro_value_t *record, const char *name, const char *expected)
{
    avro_value_t value = field(record, name);
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(avro_value_get_string(&value, &text, &size), 0);
    assert_string_equal(text, expected);
}

static void assert_long(avro_value_t *record, const char *name, int64_t expected)
{
    avro_value_t value = field(record, name);
    int64_t number = 0;
    assert_int_equal(avro_value_get_long(&value, &number), 0);
    assert_true(number == expected);
}

static void assert_real(avro_value_t *record, const char *name, double expected)
{
    avro_value_t value = field(record, name);
    double number = 0;
    assert_int_equal(avro_value_get_double(&value, &number), 0);
    assert_memory_equal(&number, &expected, sizeof(number));
}

static void assert_null_field(avro_value_t *record, const char *name)
{
    avro_value_t value = field(record, name);
    assert_int_equal(avro_value_get_type(&value), AVRO_NULL);
}

static void assert_three(avro_value_t *record)
{
    assert_text(record, "type", "high_purchase_count");
    assert_text(record, "credit_card", "1111-2222-3333-4444");
    assert_long(record, "timestamp", 1664000000000);
}

static const char v1[] = "schemas/alert.avsc";
static const char v2[] = "schemas/alert-v2.avsc";

static void version_2__reads_whole(void **state)
{
    (void)state;
    avro_value_t record;
    struct alert_fields alert = sample();
    read_by(v2, v2, &alert, &record);
    assert_three(&record);
    assert_text(&record, "rule", "high_purchase_count");
    assert_long(&record, "count", 3);
    assert_long(&record, "detected_at", 1664000059999);
    assert_real(&record, "amount", 12.5);
    assert_real(&record, "distance", -0.25);
    avro_value_t array = field(&record, "purchase_ids");
    size_t count = 0;
    assert_int_equal(avro_value_get_size(&array, &count), 0);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        avro_value_t item = {0};
        int64_t number = 0;
        assert_int_equal(avro_value_get_by_index(&array, i, &item, NULL), 0);
        assert_int_equal(avro_value_get_long(&item, &number), 0);
        assert_true(number == ids[i]);
    }
    avro_value_decref(&record);
}

static void version_2_of_little_known__reads_as_nulls_and_an_empty_list(void **state)
{
    (void)state;
    avro_value_t record;
    struct alert_fields alert = sample();
    alert.known = 0;
    read_by(v2, v2, &alert, &record);
    assert_three(&record);
    assert_long(&record, "count", 3);
    assert_null_field(&record, "amount");
    assert_null_field(&record, "distance");
    assert_null_field(&record, "purchase_ids");
    avro_value_decref(&record);
    alert.known = ALERT_PURCHASE_IDS;
    alert.purchase_id_count = 0;
    read_by(v2, v2, &alert, &record);
    avro_value_t array = field(&record, "purchase_ids");
    size_t count = 1;
    assert_int_equal(avro_value_get_size(&array, &count), 0);
    assert_int_equal(count, 0);
    avro_value_decref(&record);
}

static void version_2__reads_by_version_1(void **state)
{
    (void)state;
    avro_value_t record;
    struct alert_fields alert = sample();
    read_by(v2, v1, &alert, &record);
    assert_three(&record);
    avro_value_decref(&record);
}

// avro-c fills in no defaults and makes no resolver then; the registry (below) says that the
// specification's resolution does.
static void version_1__needs_the_defaults_of_version_2(void **state)
{
    (void)state;
    struct buffer writer_text, reader_text;
    file_text(v1, &writer_text);
    file_text(v2, &reader_text);
    avro_schema_t writer = avro_of(&writer_text);
    avro_schema_t reader = avro_of(&reader_text);
    assert_null(avro_resolved_writer_new(writer, reader));
    assert_non_null(strstr(avro_strerror(), "doesn't appear in writer"));
    assert_int_equal(avro_schema_record_size(reader), 9);
    for (size_t i = 0; i < 9; i++) {
        json_t *json = json_loadb((const char *)reader_text.data, reader_text.size, 0, NULL);
        json_t *declared = json_array_get(json_object_get(json, "fields"), i);
        assert_true(json_is_null(json_object_get(declared, "default")));
        json_decref(json);
    }
    avro_schema_decref(writer);
    avro_schema_decref(reader);
    buffer_release(&writer_text);
    buffer_release(&reader_text);
}

static void assert_follows(const char *level, const char *first, const char *second)
{
    struct dev_store store;
    struct buffer old, new;
    int status;
    char body[64];
    dev_store_init(&store);
    file_text(first, &old);
    file_text(second, &new);
    snprintf(body, sizeof(body), "{\"compatibility\":\"%s\"}", level);
    dev_desk_expect(&store, "PUT", "/config/alerts-avro-value", body, 200, NULL);
    dev_desk_register(&store, "alerts-avro-value", (const char *)old.data, 200, 1);
    char *answer =
        dev_desk_post_schema(&store, "/compatibility/subjects/alerts-avro-value/versions/latest",
                             (const char *)new.data, &status);
    assert_int_equal(status, 200);
    assert_string_equal(answer, "{\"is_compatible\":true}");
    dev_desk_register(&store, "alerts-avro-value", (const char *)new.data, 200, 2);
    free(answer);
    buffer_release(&old);
    buffer_release(&new);
    dev_store_release(&store);
}

static void registry__lets_version_2_follow_and_version_1_again(void **state)
{
    (void)state;
    static const char *const levels[] = {"BACKWARD", "FORWARD", "FULL", "FULL_TRANSITIVE"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        assert_follows(levels[i], v1, v2);
        assert_follows(levels[i], v2, v1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2__reads_whole),
        cmocka_unit_test(version_2_of_little_known__reads_as_nulls_and_an_empty_list),
        cmocka_unit_test(version_2__reads_by_version_1),
        cmocka_unit_test(version_1__needs_the_defaults_of_version_2),
        cmocka_unit_test(registry__lets_version_2_follow_and_version_1_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
