// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "demo/dev_registry.h"
#include "stream/setup.h"
#include "wire/purchase.h"

struct fixture {
    char directory[64];
    char kept[96];
    struct dev_registry *server;
    struct registry *registry;
    struct config config;
    atomic_bool stop;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct buffer report;
    const struct config_sources none = {0};
    buffer_init(&report, 65536);
    assert_int_equal(config_load(&none, &f->config, &report), STATUS_OK);
    buffer_release(&report);
    snprintf(f->directory, sizeof(f->directory), "/tmp/cardwatch-alert-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->kept, sizeof(f->kept), "%s/alert-schema-id", f->directory);
    assert_int_equal(dev_registry_open(0, &f->server, &f->err), STATUS_OK);
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", dev_registry_port(f->server));
    const struct registry_settings settings = {
        .url = url, .timeout_ms = 2000, .unknown_after_ms = 1000};
    assert_int_equal(registry_open(&settings, &f->registry, &f->err), STATUS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    registry_close(f->registry);
    if (f->server != NULL)
        dev_registry_close(f->server);
    config_release(&f->config);
    (void)unlink(f->kept);
    assert_int_equal(rmdir(f->directory), 0);
    free(f);
    return 0;
}

static enum status encoder(struct fixture *f, struct alert_encoder **out)
{
    *out = NULL;
    return setup_alert_encoder(&f->config, f->registry, f->directory, &f->stop, out, &f->err);
}

static uint32_t id_in_frame(const struct alert_encoder *compiled)
{
    struct buffer bytes;
    const struct alert_fields fields = {.type = view_text("t"), .credit_card = view_text("c")};
    buffer_init(&bytes, 1000);
    alert_encode_avro(compiled, &fields, &bytes);
    struct reader reader = reader_of(buffer_view(&bytes));
    uint8_t magic;
    uint32_t id = 0;
    assert_true(reader_byte(&reader, &magic) && reader_be32(&reader, &id));
    buffer_release(&bytes);
    return id;
}

static void schema__is_registered_and_its_id_used(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    uint32_t id;
    // Something else first, so that the id is not 1.
    assert_int_equal(
        registry_register(f->registry, "other-value", view_text("\"string\""), 5000, &id, &f->err),
        STATUS_OK);
    assert_int_equal(encoder(f, &compiled), STATUS_OK);
    assert_int_equal(id_in_frame(compiled), 2);
    alert_encoder_free(compiled);
}

static void registry_down_at_a_restart__the_kept_id_serves(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    assert_int_equal(encoder(f, &compiled), STATUS_OK);
    uint32_t id = id_in_frame(compiled);
    alert_encoder_free(compiled);
    dev_registry_close(f->server);
    f->server = NULL;
    assert_int_equal(encoder(f, &compiled), STATUS_OK);
    assert_int_equal(id_in_frame(compiled), id);
    alert_encoder_free(compiled);
}

static void registry_down_at_the_first_start__is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    dev_registry_close(f->server);
    f->server = NULL;
    atomic_store(&f->stop, true); // the wait ends because it is asked to
    assert_int_equal(encoder(f, &compiled), STATUS_RETRY);
    assert_null(compiled);
}

static void kept_id_of_another_subject__does_not_serve(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    assert_int_equal(file_write(f->kept, view_text("other-value 12345678 9\n"), &f->err),
                     STATUS_OK);
    dev_registry_close(f->server);
    f->server = NULL;
    atomic_store(&f->stop, true);
    assert_int_equal(encoder(f, &compiled), STATUS_RETRY);
}

static void unregistered_schema__is_refused_when_it_may_not_be_registered(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    f->config.schema_registry.auto_register = false;
    assert_int_equal(encoder(f, &compiled), STATUS_FATAL);
    assert_non_null(strstr(f->err.text, "alerts-avro-value"));
}

static void fields_that_the_schema_shows__are_needed(void **state)
{
    struct fixture *f = *state;
    struct alert_encoder *compiled;
    struct stream_settings settings = {.needed_fields = PURCHASE_TIMESTAMP};
    assert_int_equal(encoder(f, &compiled), STATUS_OK);
    setup_alerts(compiled, &settings);
    assert_int_equal(settings.needed_fields, PURCHASE_TIMESTAMP);
    assert_int_equal(settings.alert_details, 0);
    alert_encoder_free(compiled);

    free(f->config.alerts.schema_file);
    f->config.alerts.schema_file = memory_text("schemas/alert-v2.avsc");
    assert_int_equal(encoder(f, &compiled), STATUS_OK);
    setup_alerts(compiled, &settings);
    assert_int_equal(settings.needed_fields,
                     PURCHASE_TIMESTAMP | PURCHASE_AMOUNT | PURCHASE_DISTANCE);
    assert_int_equal(settings.alert_details, ALERT_AMOUNT | ALERT_DISTANCE | ALERT_PURCHASE_IDS);
    alert_encoder_free(compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(schema__is_registered_and_its_id_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(registry_down_at_a_restart__the_kept_id_serves, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(registry_down_at_the_first_start__is_waited_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(kept_id_of_another_subject__does_not_serve, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            unregistered_schema__is_refused_when_it_may_not_be_registered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_that_the_schema_shows__are_needed, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
