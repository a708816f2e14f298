// SPDX-License-Identifier: Apache-2.0
// A cluster that asks who you are: passwords and certificates over TLS, and rights by ACL. With
// exactly the rights listed here the service runs; without any one of them it says which.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lib/plain_client.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { PORTION = 2000, RIGHTS_MAX = 16, ADMIN_MS = 30000, SAY_MS = 60000, STOP_MS = 20000 };

static const char user[] = "payments";
static const char password[] = "correct-horse-battery";
static const char password_variable[] = "CARDWATCH_KAFKA_SASL_PASSWORD";

enum { TRANSACTIONAL_ID = -1 };

struct right {
    int type; // of resource: librdkafka's, or TRANSACTIONAL_ID, for all that begin so
    const char *name;
    rd_kafka_AclOperation_t operation;
    const char *said; // in the log when it is missing
};

// ---------------------------------------------------------------------------------------------
// Rights

static void await_event(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS);
    assert_non_null(event);
    assert_int_equal(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
}

static rd_kafka_AclBinding_t *binding_of(const struct right *right, bool grant)
{
    char text[512];
    char principal[64];
    rd_kafka_ResourceType_t type = (rd_kafka_ResourceType_t)right->type;
    rd_kafka_ResourcePatternType_t exactly = RD_KAFKA_RESOURCE_PATTERN_LITERAL;
    rd_kafka_AclPermissionType_t allow = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW;
    snprintf(principal, sizeof(principal), "User:%s", user);
    rd_kafka_AclBinding_t *binding =
        grant ? rd_kafka_AclBinding_new(type, right->name, exactly, principal, "*",
                                        right->operation, allow, text, sizeof(text))
              : rd_kafka_AclBindingFilter_new(type, right->name, exactly, principal, "*",
                                              right->operation, allow, text, sizeof(text));
    assert_non_null(binding);
    return binding;
}

static void change_right(struct scene *scene, const struct right *right, bool grant)
{
    if (right->type == TRANSACTIONAL_ID) {
        kafkad_allow_transactions(scene->kafka, user, right->name, grant);
        return;
    }
    rd_kafka_t *client =
        PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", kafkad_bootstrap(scene->kafka)});
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AclBinding_t *binding = binding_of(right, grant);
    if (grant)
        rd_kafka_CreateAcls(client, &binding, 1, NULL, queue);
    else
        rd_kafka_DeleteAcls(client, &binding, 1, NULL, queue);
    await_event(queue);
    rd_kafka_AclBinding_destroy(binding);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

static size_t least_rights(const struct scene *scene, struct right rights[RIGHTS_MAX])
{
    const struct right all[] = {
        {RD_KAFKA_RESOURCE_TOPIC, scene->purchases, RD_KAFKA_ACL_OPERATION_READ, scene->purchases},
        {RD_KAFKA_RESOURCE_TOPIC, scene->alerts_avro, RD_KAFKA_ACL_OPERATION_WRITE,
         scene->alerts_avro},
        {RD_KAFKA_RESOURCE_TOPIC, scene->alerts_json, RD_KAFKA_ACL_OPERATION_WRITE,
         scene->alerts_json},
        {RD_KAFKA_RESOURCE_TOPIC, scene->dead_letters, RD_KAFKA_ACL_OPERATION_WRITE,
         scene->dead_letters},
        {RD_KAFKA_RESOURCE_TOPIC, scene->changelog, RD_KAFKA_ACL_OPERATION_READ, scene->changelog},
        {RD_KAFKA_RESOURCE_TOPIC, scene->changelog, RD_KAFKA_ACL_OPERATION_WRITE, scene->changelog},
        {RD_KAFKA_RESOURCE_TOPIC, scene->changelog, RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS,
         scene->changelog},
        {RD_KAFKA_RESOURCE_GROUP, scene->application_id, RD_KAFKA_ACL_OPERATION_READ,
         "grant Read on the consumer group"},
        {TRANSACTIONAL_ID, scene->application_id, RD_KAFKA_ACL_OPERATION_WRITE,
         "grant Write and Describe on the TransactionalIds"},
    };
    memcpy(rights, all, sizeof(all));
    return sizeof(all) / sizeof(all[0]);
}

static void change_rights(struct scene *scene, bool grant)
{
    struct right rights[RIGHTS_MAX];
    size_t count = least_rights(scene, rights);
    for (size_t i = 0; i < count; i++)
        change_right(scene, &rights[i], grant);
}

// ---------------------------------------------------------------------------------------------
// The service

static void set(struct cardwatch *service, const char *key, const char *value)
{
    char *text = workspace_text("%s=%s", key, value);
    cardwatch_set(service, text);
    free(text);
}

static void set_certificate(struct scene *scene, const char *key, const char *file)
{
    char *path = workspace_text("%s/%s", kafkad_certificates(scene->kafka), file);
    set(&scene->services[0], key, path);
    free(path);
}

// librdkafka before 2.6.1 repeats the client's nonce, which Kafka 4 does not accept any more.
static const char *mechanism(void)
{
    return rd_kafka_version() >= 0x020601ff ? "SCRAM-SHA-256" : "PLAIN";
}

static struct scene *scene_by_password(void **state, const char *name)
{
    const struct scene_settings settings = scene_settings_default(name);
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    assert_int_equal(cardwatch_command(service, "init"), 0); // as an operator who may do anything
    set(service, "kafka.bootstrap.servers", kafkad_sasl(scene->kafka));
    set(service, "kafka.security.protocol", "sasl_ssl");
    set(service, "kafka.sasl.mechanism", mechanism());
    set(service, "kafka.sasl.username", user);
    set_certificate(scene, "kafka.ssl.ca.location", "ca.pem");
    setenv(password_variable, password, 1);
    return scene;
}

static struct scene *scene_by_certificate(void **state, const char *name)
{
    const struct scene_settings settings = scene_settings_default(name);
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    assert_int_equal(cardwatch_command(service, "init"), 0);
    unsetenv(password_variable);
    set(service, "kafka.bootstrap.servers", kafkad_tls(scene->kafka));
    set(service, "kafka.security.protocol", "ssl");
    set_certificate(scene, "kafka.ssl.ca.location", "ca.pem");
    return scene;
}

static void expect_alerts(struct scene *scene)
{
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_MS), 0);
}

static bool any_line_has(const char *text, const char *first, const char *second)
{
    for (const char *at = text; (at = strstr(at, first)) != NULL; at++) {
        const char *begin = at;
        while (begin > text && begin[-1] != '\n')
            begin--;
        const char *found = strstr(begin, second);
        if (found != NULL && found < begin + strcspn(begin, "\n"))
            return true;
    }
    return false;
}

// It stays or leaves, as the case may be, but a line of its log says both.
static void expect_said(struct scene *scene, const char *first, const char *second)
{
    struct cardwatch *service = &scene->services[0];
    size_t from = cardwatch_log_size(service);
    int64_t deadline_ms = process_clock_ms() + SAY_MS;
    bool said = false;
    cardwatch_start(service);
    while (!said && process_clock_ms() < deadline_ms) {
        char *log = workspace_read(service->log_path);
        said = any_line_has(log + from, first, second);
        free(log);
        process_nap();
    }
    cardwatch_kill(service);
    if (!said)
        fprintf(stderr, "not said: %s, %s\n", first, second);
    assert_true(said);
}

// ---------------------------------------------------------------------------------------------

static void password_over_tls__runs_with_the_least_rights(void **state)
{
    struct scene *scene = scene_by_password(state, "least");
    change_rights(scene, true);
    expect_alerts(scene);
    assert_int_equal(cardwatch_command(&scene->services[0], "check"), 0);
    char *log = workspace_read(scene->services[0].log_path); // `check` writes there too
    assert_null(strstr(log, password));
    free(log);
    change_rights(scene, false);
    scene->passed = true;
}

static void missing_right__is_named(void **state)
{
    struct scene *scene = scene_by_password(state, "missing");
    struct right rights[RIGHTS_MAX];
    size_t count = least_rights(scene, rights);
    change_rights(scene, true);
    expect_alerts(scene); // so that there is something to restore
    workload_send(&scene->workload, PORTION);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "# without right %zu of %zu\n", i + 1, count);
        char *nowhere = workspace_text("%s/without-%zu", scene->dir, i);
        set(&scene->services[0], "state.dir", nowhere);
        free(nowhere);
        change_right(scene, &rights[i], false);
        expect_said(scene, rights[i].said, "authorization failed");
        change_right(scene, &rights[i], true);
    }
    cardwatch_start(&scene->services[0]); // and none of it has done harm
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    change_rights(scene, false);
    scene->passed = true;
}

static void wrong_password__is_told(void **state)
{
    struct scene *scene = scene_by_password(state, "password");
    setenv(password_variable, "wrong-horse", 1);
    expect_said(scene, "kafka.sasl.", "Authentication failed");
    scene->passed = true;
}

static void strange_authority__is_told(void **state)
{
    struct scene *scene = scene_by_password(state, "authority");
    set_certificate(scene, "kafka.ssl.ca.location", "stranger.pem");
    expect_said(scene, "kafka.ssl.", "certificate");
    scene->passed = true;
}

static void certificate__is_who_you_are(void **state)
{
    struct scene *scene = scene_by_certificate(state, "certificate");
    set_certificate(scene, "kafka.ssl.certificate.location", "client.crt");
    set_certificate(scene, "kafka.ssl.key.location", "client.key");
    change_rights(scene, true);
    expect_alerts(scene);
    change_rights(scene, false);
    scene->passed = true;
}

static void no_certificate__is_told(void **state)
{
    struct scene *scene = scene_by_certificate(state, "nameless");
    expect_said(scene, "SSL", "certificate");
    scene->passed = true;
}

static int setup(void **state)
{
    struct stage *stage = memory_zeroed(1, sizeof(*stage));
    stage->kafka = kafkad_open_secure(user, password);
    *state = stage;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(password_over_tls__runs_with_the_least_rights),
        stage_test(missing_right__is_named),
        stage_test(wrong_password__is_told),
        stage_test(strange_authority__is_told),
        stage_test(certificate__is_who_you_are),
        stage_test(no_certificate__is_told),
    };
    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, setup, stage_teardown);
}
