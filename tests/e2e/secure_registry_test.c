// SPDX-License-Identifier: Apache-2.0
// A schema registry behind HTTPS and a password. With both the service runs; without one of them it
// says which, and never says the password.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/capture.h"
#include "lib/certificates.h"
#include "lib/registry_front.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { PORTION = 6000, SAY_MS = 60000, STOP_MS = 20000 };

static const char user[] = "payments";
static const char password[] = "correct-horse-battery";
static const char encoded[] = "cGF5bWVudHM6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"; // both, as HTTP has them
static const char password_variable[] = "CARDWATCH_SCHEMA_REGISTRY_PASSWORD";

struct vault {
    struct scene *scene;
    struct registry_front *front;
    uint16_t port;
};

static void set(struct vault *vault, const char *key, const char *value)
{
    char *text = workspace_text("%s=%s", key, value);
    cardwatch_set(&vault->scene->services[0], text);
    free(text);
}

static char *certificate(const struct vault *vault, const char *file)
{
    return workspace_text("%s/certificates/%s", vault->scene->dir, file);
}

static void trust(struct vault *vault, const char *file)
{
    char *path = certificate(vault, file);
    set(vault, "schema_registry.ca_file", path);
    free(path);
}

static void open_front(struct vault *vault)
{
    char *file = certificate(vault, "broker.pem");
    const struct registry_front_settings settings = {
        .port = vault->port,
        .registry_port = vault->scene->registry_port,
        .certificate = file,
        .username = user,
        .password = password,
    };
    vault->front = registry_front_open(&settings);
    vault->port = registry_front_port(vault->front);
    free(file);
}

// Everything is there but what the service has to know: password and authority.
static struct vault vault_open(void **state, const char *name)
{
    const struct scene_settings settings = scene_settings_default(name);
    struct vault vault = {.scene = stage_scene(state, &settings)};
    char *dir = workspace_text("%s/certificates", vault.scene->dir);
    certificates_make(dir, user);
    open_front(&vault);
    char *url = workspace_text("https://127.0.0.1:%u", vault.port);
    set(&vault, "schema_registry.url", url);
    unsetenv(password_variable);
    free(url);
    free(dir);
    return vault;
}

// Neither the log nor what commands print, which is in the same file, holds the password.
static void vault_close(struct vault *vault)
{
    char *log = workspace_read(vault->scene->services[0].log_path);
    assert_true(strlen(log) > 0);
    assert_null(strstr(log, password));
    assert_null(strstr(log, encoded));
    free(log);
    registry_front_close(vault->front);
    unsetenv(password_variable);
    vault->scene->passed = true;
}

static void assert_said(const struct vault *vault, size_t from, const char *text)
{
    char *log = workspace_read(vault->scene->services[0].log_path);
    assert_text_contains(log + from, text);
    free(log);
}

// `check` fails, and names it.
static void assert_check_says(struct vault *vault, const char *text)
{
    size_t from = cardwatch_log_size(&vault->scene->services[0]);
    assert_int_equal(cardwatch_command(&vault->scene->services[0], "check"), 1);
    assert_said(vault, from, "problem  registry: ");
    assert_said(vault, from, text);
}

static void assert_leaves_saying(struct vault *vault, const char *text)
{
    struct cardwatch *service = &vault->scene->services[0];
    size_t from = cardwatch_log_size(service);
    cardwatch_start(service);
    assert_int_equal(cardwatch_await_exit(service, SAY_MS), 1);
    assert_said(vault, from, text);
}

static void assert_alerts(struct vault *vault)
{
    struct scene *scene = vault->scene;
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_MS), 0);
}

static void password_of_the_environment__opens_it(void **state)
{
    struct vault vault = vault_open(state, "vault");
    set(&vault, "schema_registry.username", user);
    set(&vault, "log.level", "debug");
    trust(&vault, "ca.pem");
    setenv(password_variable, password, 1);
    assert_int_equal(cardwatch_command(&vault.scene->services[0], "init"), 0);
    assert_int_equal(cardwatch_command(&vault.scene->services[0], "check"), 0);
    assert_alerts(&vault);
    assert_true(registry_front_passed(vault.front) >= 3);
    assert_int_equal(registry_front_refused(vault.front), 0);
    vault_close(&vault);
}

static void password_of_the_file__opens_it(void **state)
{
    struct vault vault = vault_open(state, "vaultfile");
    const char *path = vault.scene->services[0].config_path;
    char *before = workspace_read(path);
    static const char section[] = "schema_registry: {";
    const char *at = strstr(before, section);
    assert_non_null(at);
    char *after = workspace_text("%.*s%susername: %s, password: \"%s\", %s", (int)(at - before),
                                 before, section, user, password, at + strlen(section));
    workspace_write(path, after);
    trust(&vault, "ca.pem");
    assert_int_equal(cardwatch_command(&vault.scene->services[0], "check"), 0);
    assert_alerts(&vault);
    assert_int_equal(registry_front_refused(vault.front), 0);
    free(before);
    free(after);
    vault_close(&vault);
}

static void wrong_password__is_told(void **state)
{
    struct vault vault = vault_open(state, "wrongpass");
    static const char advice[] = "answered 401 (Unauthorized); check schema_registry.username, "
                                 "schema_registry.password and their rights";
    trust(&vault, "ca.pem");
    assert_check_says(&vault, advice); // with none
    set(&vault, "schema_registry.username", user);
    setenv(password_variable, "wrong-horse", 1);
    assert_check_says(&vault, advice);
    assert_leaves_saying(&vault, advice);
    assert_int_equal(registry_front_passed(vault.front), 0);
    char *log = workspace_read(vault.scene->services[0].log_path);
    assert_null(strstr(log, "wrong-horse"));
    free(log);
    vault_close(&vault);
}

static void strange_authority__is_told(void **state)
{
    struct vault vault = vault_open(state, "strange");
    static const char advice[] = "(name its issuer's certificate in schema_registry.ca_file)";
    set(&vault, "schema_registry.username", user);
    setenv(password_variable, password, 1);
    assert_check_says(&vault, advice); // the system's authorities
    trust(&vault, "stranger.pem");
    assert_check_says(&vault, advice);
    trust(&vault, "nobody.pem");
    assert_check_says(&vault, "schema_registry.ca_file: ");
    assert_int_equal(registry_front_passed(vault.front), 0);
    assert_int_equal(registry_front_refused(vault.front), 0); // it has not even been asked
    vault_close(&vault);
}

// A registry that is there but speaks no TLS, and a user and password in the URL.
static void urls__are_shown_without_their_passwords(void **state)
{
    struct vault vault = vault_open(state, "urls");
    char *plain =
        workspace_text("https://%s:%s@127.0.0.1:%u", user, password, vault.scene->registry_port);
    char *good = workspace_text("https://%s:%s@127.0.0.1:%u", user, password, vault.port);
    trust(&vault, "ca.pem");
    set(&vault, "schema_registry.url", plain);
    assert_check_says(&vault, "is the schema registry running, and is schema_registry.url right?");
    set(&vault, "schema_registry.url", good);
    assert_int_equal(cardwatch_command(&vault.scene->services[0], "check"), 0);
    free(plain);
    free(good);
    vault_close(&vault);
}

// Purchases wait for their schema meanwhile, and none is lost.
static void front_that_goes_away__is_waited_for(void **state)
{
    struct vault vault = vault_open(state, "away");
    struct scene *scene = vault.scene;
    set(&vault, "schema_registry.username", user);
    trust(&vault, "ca.pem");
    setenv(password_variable, password, 1);
    assert_int_equal(cardwatch_command(&scene->services[0], "init"), 0);
    cardwatch_start(&scene->services[0]);
    assert_true(cardwatch_await_log(&scene->services[0], 0, "partition running", 4, SAY_MS));
    registry_front_close(vault.front);
    size_t from = cardwatch_log_size(&scene->services[0]);
    workload_send(&scene->workload, PORTION);
    assert_true(
        cardwatch_await_log(&scene->services[0], from, "a schema cannot be fetched", 1, SAY_MS));
    open_front(&vault);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_MS), 0);
    vault_close(&vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(password_of_the_environment__opens_it),
        stage_test(password_of_the_file__opens_it),
        stage_test(wrong_password__is_told),
        stage_test(strange_authority__is_told),
        stage_test(urls__are_shown_without_their_passwords),
        stage_test(front_that_goes_away__is_waited_for),
    };
    return stage_run(tests);
}
