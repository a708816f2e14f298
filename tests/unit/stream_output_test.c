// SPDX-License-Identifier: Apache-2.0
// Alerts and dead letters as the topics show them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/murmur2.h"
#include "lib/fake_topic.h"
#include "lib/quoted.h"
#include "stream/output.h"
#include "wire/schemas.h"

struct fixture {
    struct fake_cluster *cluster;
    struct broker *broker;
    struct stream_settings settings;
    struct alert_encoder *encoder;
    struct output output;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    static const struct fake_broker_settings broker = {
        .group_id = "g",
        .transactional_id = NULL,
        .input_topic = "purchases",
        .outputs = {"alerts-avro", "alerts-json", "dead-letters", "changelog", "masked", "counts"},
    };
    f->cluster = fake_cluster_open();
    fake_topic_create(f->cluster, "purchases", 2);
    for (int i = 0; i < OUTPUT_TOPICS; i++)
        fake_topic_create(f->cluster, broker.outputs[i], 4);
    f->broker = fake_broker_open(f->cluster, &broker);
    assert_int_equal(f->broker->ops->reset(f->broker, &f->err), STATUS_OK);
    assert_int_equal(alert_encoder_compile(schema_alert(), 2, &f->encoder, &f->err), STATUS_OK);
    f->settings.engine.settings.rule_count = 1;
    f->settings.rule_names[0] = "high_purchase_count";
    f->settings.input_topic = "purchases";
    f->settings.alert_encoder = f->encoder;
    output_init(&f->output, &f->settings, f->broker);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    output_release(&f->output);
    alert_encoder_free(f->encoder);
    f->broker->ops->close(f->broker);
    fake_cluster_close(f->cluster);
    free(f);
    return 0;
}

static void assert_header(const struct fake_record *record, const char *name, const char *value)
{
    struct view seen = fake_record_header(record, name);
    if (!view_equal(seen, view_text(value)))
        fail_msg("header %s is '%.*s', not '%s'", name, (int)seen.size, seen.data, value);
}

static const char card[] = "1111-2222-3333-4444";

static void raises(struct fixture *f, const struct alert *alert, const struct message *source)
{
    static const struct purchase purchase = {.present = PURCHASE_AMOUNT, .amount = 2.5};
    static struct card state;
    card_init(&state);
    for (int64_t i = 0; i < 3; i++) {
        const struct slot event = {
            .time_ms = alert->timestamp_ms + i, .id = 40 + i, .bits = SLOT_HAS_ID};
        card_insert_filled(&state, (size_t)i, &event);
    }
    const struct output_cause cause = {source, view_text(card), &purchase, &state};
    assert_int_equal(output_alert(&f->output, alert, &cause, &f->err), STATUS_OK);
}

static void alert__has_the_documented_bytes_headers_and_place(void **state)
{
    struct fixture *f = *state;
    const struct alert alert = {
        .rule = 0, .timestamp_ms = 1664000000000, .detected_at_ms = 1664000059999, .count = 3};
    const struct message source = {
        .partition = 1, .offset = 4711, .timestamp_ms = 1664000070000, .has_timestamp = true};
    raises(f, &alert, &source);
    assert_int_equal(f->broker->ops->flush(f->broker, &f->err), STATUS_OK);

    static const uint8_t golden[] = "\x00\x00\x00\x00\x02\x02\x26high_purchase_count\x02\x26"
                                    "1111-2222-3333-4444\x02\x80\x80\x88\xe2\xed\x60";
    struct fake_records avro = fake_read(f->cluster, "alerts-avro");
    struct fake_records json = fake_read(f->cluster, "alerts-json");
    assert_int_equal(avro.count, 1);
    assert_int_equal(json.count, 1);
    assert_true(view_equal(avro.items[0]->value, (struct view){golden, sizeof(golden) - 1}));
    assert_true(view_equal(json.items[0]->value,
                           view_text("{\"type\": \"high_purchase_count\", \"credit_card\": "
                                     "\"1111-2222-3333-4444\", \"timestamp\": 1664000000000}")));
    const struct fake_record *records[] = {avro.items[0], json.items[0]};
    for (int i = 0; i < 2; i++) {
        assert_true(view_equal(records[i]->key, view_text(card)));
        assert_int_equal(records[i]->timestamp_ms, 1664000070000);
        assert_int_equal(records[i]->partition, murmur2_partition(view_text(card), 4));
        assert_int_equal(records[i]->header_count, 4);
        assert_header(records[i], "cardwatch.rule", "high_purchase_count");
        assert_header(records[i], "cardwatch.count", "3");
        assert_header(records[i], "cardwatch.detected_at", "1664000059999");
        assert_header(records[i], "cardwatch.source", "purchases/1/4711");
    }
    fake_records_release(&avro);
    fake_records_release(&json);
}

static void alert_of_a_larger_schema__has_its_details_in_both_forms(void **state)
{
    struct fixture *f = *state;
    static const char schema[] =
        "{'type':'record','name':'Alert','fields':[{'name':'type','type':'string'},"
        "{'name':'credit_card','type':'string'},{'name':'timestamp','type':'long'},"
        "{'name':'amount','type':['null','double']},{'name':'distance','type':['null','double']},"
        "{'name':'purchase_ids','type':['null',{'type':'array','items':'long'}]},"
        "{'name':'detected_at','type':'long'}]}";
    static const uint8_t golden[] = "\x00\x00\x00\x00\x02\x26high_purchase_count\x26"
                                    "1111-2222-3333-4444\x0a"
                                    "\x02\x00\x00\x00\x00\x00\x00\x04\x40\x00"
                                    "\x02\x06\x50\x52\x54\x00\x0c";
    alert_encoder_free(f->encoder);
    assert_int_equal(alert_encoder_compile(view_text(quoted(schema)), 2, &f->encoder, &f->err),
                     STATUS_OK);
    f->settings.alert_encoder = f->encoder;
    f->settings.alert_details = alert_encoder_details(f->encoder);
    f->settings.engine.settings.dedupe = true;
    f->settings.engine.settings.rules[0].window_ms = 60000;
    const struct alert alert = {.rule = 0, .timestamp_ms = 5, .detected_at_ms = 6, .count = 3};
    const struct message source = {.partition = 1, .offset = 1};
    raises(f, &alert, &source);
    assert_int_equal(f->broker->ops->flush(f->broker, &f->err), STATUS_OK);
    struct fake_records avro = fake_read(f->cluster, "alerts-avro");
    struct fake_records json = fake_read(f->cluster, "alerts-json");
    assert_true(view_equal(avro.items[0]->value, (struct view){golden, sizeof(golden) - 1}));
    assert_true(view_equal(
        json.items[0]->value,
        view_text("{\"type\": \"high_purchase_count\", \"credit_card\": \"1111-2222-3333-4444\", "
                  "\"timestamp\": 5, \"amount\": 2.5, \"distance\": null, \"purchase_ids\": [40, "
                  "41, 42], \"detected_at\": 6}")));
    fake_records_release(&avro);
    fake_records_release(&json);
}

static const struct fake_record *only_dead_letter(struct fixture *f, struct fake_records *records)
{
    assert_int_equal(f->broker->ops->flush(f->broker, &f->err), STATUS_OK);
    *records = fake_read(f->cluster, "dead-letters");
    assert_int_equal(records->count, 1);
    return records->items[0];
}

static struct message message_in_topic(struct fixture *f, struct view key, struct view value,
                                       const struct header *header)
{
    const struct fake_input input = {
        .topic = "purchases",
        .partition = 1,
        .key = key,
        .value = value,
        .timestamp_ms = 1234,
        .headers = header,
        .header_count = header != NULL,
    };
    (void)fake_produce(f->cluster, &input);
    return fake_record_message(&fake_topic_log(f->cluster, "purchases", 1)->records[0]);
}

static void dead_letter__is_the_message_and_why(void **state)
{
    struct fixture *f = *state;
    static const uint8_t value[] = {0, 0, 0, 0, 9, 1, 2, 3};
    const struct header traced = {"trace", view_text("abc")};
    const struct message message =
        message_in_topic(f, view_text("key"), (struct view){value, sizeof(value)}, &traced);
    assert_int_equal(output_dead_letter(&f->output, &message, DEAD_LETTER_BAD_AVRO,
                                        "the body ends inside field id", &f->err),
                     STATUS_OK);
    struct fake_records records;
    const struct fake_record *record = only_dead_letter(f, &records);
    assert_true(view_equal(record->key, view_text("key")));
    assert_true(view_equal(record->value, (struct view){value, sizeof(value)}));
    assert_int_equal(record->timestamp_ms, 1234);
    assert_header(record, "trace", "abc");
    assert_header(record, "__connect.errors.topic", "purchases");
    assert_header(record, "__connect.errors.partition", "1");
    assert_header(record, "__connect.errors.offset", "0");
    assert_header(record, "__connect.errors.stage", "VALUE_CONVERTER");
    assert_header(record, "__connect.errors.class.name", "BadAvro");
    assert_header(record, "__connect.errors.exception.message", "the body ends inside field id");
    assert_null(fake_record_header(record, "cardwatch.value_omitted").data);
    fake_records_release(&records);
}

static void dead_letter_too_large__goes_without_its_value(void **state)
{
    struct fixture *f = *state;
    static const uint8_t value[2000];
    fake_cluster_knobs(f->cluster)->record_bytes_max = 1500;
    const struct message message =
        message_in_topic(f, view_text("k"), (struct view){value, sizeof(value)}, NULL);
    assert_int_equal(
        output_dead_letter(&f->output, &message, DEAD_LETTER_NO_CARD, "no card", &f->err),
        STATUS_OK);
    struct fake_records records;
    const struct fake_record *record = only_dead_letter(f, &records);
    assert_null(record->value.data);
    assert_header(record, "cardwatch.value_omitted", "2000");
    assert_header(record, "__connect.errors.stage", "TRANSFORMATION");
    fake_records_release(&records);
}

static void null_key_and_value__stay_null(void **state)
{
    struct fixture *f = *state;
    const struct view null = {NULL, 0};
    const struct message message = message_in_topic(f, null, null, NULL);
    assert_int_equal(
        output_dead_letter(&f->output, &message, DEAD_LETTER_BAD_FRAME, "short", &f->err),
        STATUS_OK);
    struct fake_records records;
    const struct fake_record *record = only_dead_letter(f, &records);
    assert_null(record->key.data);
    assert_null(record->value.data);
    fake_records_release(&records);
}

// 7, null, null, the card, null, null: as schemas/purchase.avsc has them.
#define PURCHASE(card) "\0\0\0\0\x09\x0e\0\0\x02" card "\0\0"
static const char purchase_bytes[] = PURCHASE("\x26"
                                              "1111-2222-3333-4444");
static const char masked_bytes[] = PURCHASE("\x20"
                                            "************4444");

static struct view without_end(const char *bytes, size_t size)
{
    return (struct view){(const uint8_t *)bytes, size - 1};
}

static struct purchase purchase_in(const struct message *message)
{
    return (struct purchase){.present = PURCHASE_CREDIT_CARD,
                             .credit_card = {message->value.data + 10, sizeof(card) - 1}};
}

static void mask(struct fixture *f, const struct message *message)
{
    struct purchase purchase = purchase_in(message);
    assert_int_equal(output_masked(&f->output, message, &purchase, purchase.credit_card, &f->err),
                     STATUS_OK);
    assert_int_equal(f->broker->ops->flush(f->broker, &f->err), STATUS_OK);
}

static void masked_purchase__is_the_message_without_its_card(void **state)
{
    struct fixture *f = *state;
    const struct header traced = {"trace", view_text("abc")};
    const struct message message = message_in_topic(
        f, view_text(card), without_end(purchase_bytes, sizeof(purchase_bytes)), &traced);
    mask(f, &message);
    struct fake_records records = fake_read(f->cluster, "masked");
    assert_int_equal(records.count, 1);
    const struct fake_record *record = records.items[0];
    assert_true(view_equal(record->key, view_text("************4444")));
    assert_true(view_equal(record->value, without_end(masked_bytes, sizeof(masked_bytes))));
    assert_int_equal(record->partition, 1);
    assert_int_equal(record->timestamp_ms, 1234);
    assert_int_equal(record->header_count, 1);
    assert_header(record, "trace", "abc");
    fake_records_release(&records);
}

static void masked_purchase_too_large__goes_without_its_value(void **state)
{
    struct fixture *f = *state;
    static char value[2000];
    memcpy(value, purchase_bytes, sizeof(purchase_bytes));
    fake_cluster_knobs(f->cluster)->record_bytes_max = 1500;
    const struct message message =
        message_in_topic(f, view_text(card), without_end(value, sizeof(value)), NULL);
    mask(f, &message);
    struct fake_records records = fake_read(f->cluster, "masked");
    assert_int_equal(records.count, 1);
    assert_null(records.items[0]->value.data);
    assert_header(records.items[0], "cardwatch.value_omitted", "1999");
    fake_records_release(&records);

    fake_cluster_knobs(f->cluster)->record_bytes_max = 10;
    struct purchase purchase = purchase_in(&message);
    assert_int_equal(output_masked(&f->output, &message, &purchase, purchase.credit_card, &f->err),
                     STATUS_FATAL);
    assert_non_null(strstr(f->err.text, "the masked purchase of purchases/1/0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alert__has_the_documented_bytes_headers_and_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(alert_of_a_larger_schema__has_its_details_in_both_forms,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_letter__is_the_message_and_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_letter_too_large__goes_without_its_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(masked_purchase__is_the_message_without_its_card, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(masked_purchase_too_large__goes_without_its_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(null_key_and_value__stay_null, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
