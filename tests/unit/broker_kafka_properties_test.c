// SPDX-License-Identifier: Apache-2.0
#include "broker/kafka_properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PROPERTIES(...)                                                                            \
    ((struct kafka_properties){(const struct kafka_property[]){__VA_ARGS__},                       \
                               sizeof((const struct kafka_property[]){__VA_ARGS__}) /              \
                                   sizeof(struct kafka_property)})

static void assert_value(const struct kafka_properties *properties, enum kafka_kind kind,
                         const char *name, const char *value)
{
    rd_kafka_conf_t *conf = NULL;
    struct error err;
    assert_int_equal(kafka_properties_conf(properties, kind, &conf, &err), STATUS_OK);
    char found[128];
    size_t size = sizeof(found);
    assert_int_equal(rd_kafka_conf_get(conf, name, found, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(found, value);
    rd_kafka_conf_destroy(conf);
}

static void property__that_is_unknown_is_named(void **state)
{
    (void)state;
    struct kafka_properties properties =
        PROPERTIES({"bootstrap.servers", "x:1"}, {"boot.strap", "x:1"});
    struct error err;
    assert_int_equal(kafka_properties_check(&properties, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "kafka.boot.strap"));
    assert_non_null(strstr(err.text, "No such configuration property"));
}

static void property__with_a_bad_value_is_named(void **state)
{
    (void)state;
    struct kafka_properties properties =
        PROPERTIES({"bootstrap.servers", "x:1"}, {"session.timeout.ms", "soon"});
    struct error err;
    assert_int_equal(kafka_properties_check(&properties, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "kafka.session.timeout.ms"));
}

static void property__that_guarantees_rest_on_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"isolation.level",    "enable.auto.commit",
                                        "group.id",           "transactional.id",
                                        "enable.idempotence", "acks",
                                        "auto.offset.reset",  "partition.assignment.strategy",
                                        "partitioner",        "group.instance.id"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct kafka_properties properties =
            PROPERTIES({"bootstrap.servers", "x:1"}, {names[i], "x"});
        struct error err;
        assert_int_equal(kafka_properties_check(&properties, &err), STATUS_FATAL);
        assert_non_null(strstr(err.text, names[i]));
        assert_non_null(strstr(err.text, "remove it"));
    }
}

static void servers__must_be_given(void **state)
{
    (void)state;
    struct kafka_properties none = {NULL, 0};
    struct error err;
    assert_int_equal(kafka_properties_check(&none, &err), STATUS_FATAL);
    assert_non_null(strstr(err.text, "kafka.bootstrap.servers"));
    struct kafka_properties given = PROPERTIES({"bootstrap.servers", "x:1"});
    assert_int_equal(kafka_properties_check(&given, &err), STATUS_OK);
    struct kafka_properties alias = PROPERTIES({"metadata.broker.list", "x:1"});
    assert_int_equal(kafka_properties_check(&alias, &err), STATUS_OK);
}

static void kind__has_its_isolation(void **state)
{
    (void)state;
    struct kafka_properties none = {NULL, 0};
    assert_value(&none, KAFKA_KIND_CLUSTER, "isolation.level", "read_uncommitted");
    assert_value(&none, KAFKA_KIND_GROUP, "isolation.level", "read_committed");
    assert_value(&none, KAFKA_KIND_INPUT, "isolation.level", "read_committed");
    assert_value(&none, KAFKA_KIND_CHANGELOG, "isolation.level", "read_committed");
    assert_value(&none, KAFKA_KIND_INPUT, "enable.partition.eof", "false");
    assert_value(&none, KAFKA_KIND_CHANGELOG, "enable.partition.eof", "true");
}

static void tuning__can_be_overridden(void **state)
{
    (void)state;
    struct kafka_properties properties =
        PROPERTIES({"linger.ms", "40"}, {"queued.max.messages.kbytes", "1024"},
                   {"session.timeout.ms", "45000"});
    assert_value(&properties, KAFKA_KIND_PRODUCER, "linger.ms", "40");
    assert_value(&properties, KAFKA_KIND_INPUT, "queued.max.messages.kbytes", "1024");
    assert_value(&properties, KAFKA_KIND_GROUP, "session.timeout.ms", "45000");
}

static void socket_timeout__fits_the_transactions(void **state)
{
    (void)state;
    struct kafka_properties longer = PROPERTIES({"socket.timeout.ms", "60000"});
    assert_value(&longer, KAFKA_KIND_PRODUCER, "socket.timeout.ms", "10000");
    assert_value(&longer, KAFKA_KIND_GROUP, "socket.timeout.ms", "60000");
    struct kafka_properties both =
        PROPERTIES({"socket.timeout.ms", "60000"}, {"transaction.timeout.ms", "30000"});
    assert_value(&both, KAFKA_KIND_PRODUCER, "socket.timeout.ms", "30000");
    struct kafka_properties shorter = PROPERTIES({"socket.timeout.ms", "5000"});
    assert_value(&shorter, KAFKA_KIND_PRODUCER, "socket.timeout.ms", "5000");
}

static void number__is_the_last_one_given(void **state)
{
    (void)state;
    struct kafka_properties properties =
        PROPERTIES({"batch.size", "1"}, {"batch.size", "2"}, {"linger.ms", "x"});
    assert_int_equal(kafka_properties_number(&properties, "batch.size", 9), 2);
    assert_int_equal(kafka_properties_number(&properties, "linger.ms", 9), 9);
    assert_int_equal(kafka_properties_number(&properties, "other", 9), 9);
}

static void bounds__are_ours_or_the_users(void **state)
{
    (void)state;
    struct kafka_bounds bounds;
    struct error err;
    const struct kafka_property items[] = {{"queued.max.messages.kbytes", "77"}};
    assert_int_equal(kafka_bounds_read(NULL, 0, &bounds, &err), STATUS_OK);
    assert_int_equal(bounds.consume_queue_bytes, 16 * 1024 * 1024);
    assert_int_equal(bounds.produce_queue_bytes, 64 * 1024 * 1024);
    assert_int_equal(kafka_bounds_read(items, 1, &bounds, &err), STATUS_OK);
    assert_int_equal(bounds.consume_queue_bytes, 77 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(property__that_is_unknown_is_named),
        cmocka_unit_test(property__with_a_bad_value_is_named),
        cmocka_unit_test(property__that_guarantees_rest_on_is_refused),
        cmocka_unit_test(servers__must_be_given),
        cmocka_unit_test(kind__has_its_isolation),
        cmocka_unit_test(tuning__can_be_overridden),
        cmocka_unit_test(socket_timeout__fits_the_transactions),
        cmocka_unit_test(number__is_the_last_one_given),
        cmocka_unit_test(bounds__are_ours_or_the_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
