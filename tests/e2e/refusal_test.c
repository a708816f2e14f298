// SPDX-License-Identifier: Apache-2.0
// What the program refuses, and that it says why: each with the exit code and the words that an
// operator needs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/plain_client.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { PORTION = 5000, EXIT_MS = 30000, STOP_TIMEOUT_MS = 5000 };

// Starts it and expects it to leave with this code and a line in the log that says this.
static void expect_refusal(struct scene *scene, size_t service, int code, const char *text)
{
    struct cardwatch *cardwatch = &scene->services[service];
    size_t from = cardwatch_log_size(cardwatch);
    cardwatch_start(cardwatch);
    assert_int_equal(cardwatch_await_exit(cardwatch, EXIT_MS), code);
    if (cardwatch_log_count(cardwatch, from, text) > 0)
        return;
    fprintf(stderr, "not said: %s\n", text);
    fail();
}

// A run to the end of what was sent, so that there is a state.
static void run_once(struct scene *scene)
{
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
}

static void append_to(const char *path, const char *text)
{
    char *before = workspace_read(path);
    char *after = workspace_text("%s%s", before, text);
    workspace_write(path, after);
    free(before);
    free(after);
}

static void config__with_an_unknown_key_is_named_with_its_line(void **state)
{
    const struct scene_settings settings = scene_settings_default("wrongkey");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    append_to(service->config_path, "colour: red\n");
    expect_refusal(scene, 0, 2, "colour");
    assert_int_equal(cardwatch_log_count(service, 0, service->config_path), 1);
    scene->passed = true;
}

static void config__with_several_mistakes_names_them_all(void **state)
{
    const struct scene_settings settings = scene_settings_default("mistakes");
    struct scene *scene = stage_scene(state, &settings);
    cardwatch_set(&scene->services[0], "processing.threads=0");
    cardwatch_set(&scene->services[0], "processing.guarantee=maybe");
    expect_refusal(scene, 0, 2, "processing.threads");
    expect_refusal(scene, 0, 2, "processing.guarantee");
    scene->passed = true;
}

static void state_dir__that_cannot_be_written_is_named(void **state)
{
    const struct scene_settings settings = scene_settings_default("unwritable");
    struct scene *scene = stage_scene(state, &settings);
    // Below a file nobody can make a directory, root neither.
    char *set = workspace_text("state.dir=%s/below", scene->services[0].config_path);
    cardwatch_set(&scene->services[0], set);
    expect_refusal(scene, 0, 1, set + strlen("state.dir="));
    free(set);
    scene->passed = true;
}

static void state_dir__of_a_running_process_is_refused(void **state)
{
    const struct scene_settings settings = scene_settings_default("locked");
    struct scene *scene = stage_scene(state, &settings);
    scene_add_service(scene, 1);
    char *set = workspace_text("state.dir=%s", scene->state_dir);
    cardwatch_set(&scene->services[1], set);
    free(set);
    cardwatch_start(&scene->services[0]);
    assert_true(cardwatch_await_log(&scene->services[0], 0, "partition running", 4, EXIT_MS));
    expect_refusal(scene, 1, 1, scene->state_dir);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

// The files of one application under the name of another.
static void state_dir__of_another_application_is_refused(void **state)
{
    const struct scene_settings settings = scene_settings_default("mine");
    struct scene *scene = stage_scene(state, &settings);
    run_once(scene);
    char *mine = workspace_text("%s/%s", scene->state_dir, scene->application_id);
    char *theirs = workspace_text("%s/theirs", scene->state_dir);
    assert_int_equal(rename(mine, theirs), 0);
    cardwatch_set(&scene->services[0], "application_id=theirs");
    expect_refusal(scene, 0, 1, scene->application_id);
    free(mine);
    free(theirs);
    scene->passed = true;
}

static void rule__that_has_changed_is_refused_until_rebuilt(void **state)
{
    const struct scene_settings settings = scene_settings_default("changed");
    struct scene *scene = stage_scene(state, &settings);
    run_once(scene);
    append_to(scene->services[0].config_path,
              "rules: [{name: high_purchase_count, type: count, window_ms: 60000, "
              "threshold: 4}]\n");
    expect_refusal(scene, 0, 1, "replay --rebuild");
    scene->passed = true;
}

// The name is not part of a rule's meaning.
static void rule__that_has_another_name_is_taken(void **state)
{
    const struct scene_settings settings = scene_settings_default("renamed");
    struct scene *scene = stage_scene(state, &settings);
    run_once(scene);
    append_to(scene->services[0].config_path,
              "rules: [{name: three_a_minute, type: count, window_ms: 60000, threshold: 3}]\n");
    size_t from = cardwatch_log_size(&scene->services[0]);
    cardwatch_start(&scene->services[0]);
    assert_true(cardwatch_await_log(&scene->services[0], from, "partition running", 4, EXIT_MS));
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void commit_offset(struct scene *scene, int32_t partition, int64_t offset)
{
    rd_kafka_t *consumer =
        PLAIN_CLIENT(RD_KAFKA_CONSUMER, {"bootstrap.servers", kafkad_bootstrap(scene->kafka)},
                     {"group.id", scene->application_id});
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, scene->purchases, partition)->offset = offset;
    // The static member is still known to the group until its session runs out.
    int64_t deadline_ms = process_clock_ms() + EXIT_MS;
    while (rd_kafka_commit(consumer, list, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
        assert_true(process_clock_ms() < deadline_ms);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
}

static void offsets__that_the_state_does_not_belong_to_are_refused(void **state)
{
    struct scene_settings settings = scene_settings_default("moved");
    settings.session_timeout_ms = 6000;
    struct scene *scene = stage_scene(state, &settings);
    run_once(scene);
    commit_offset(scene, 1, 1111);
    expect_refusal(scene, 0, 1, "1111");
    assert_true(cardwatch_log_count(&scene->services[0], 0, "rebuild") > 0);
    scene->passed = true;
}

static void instance_id__used_twice_makes_the_first_leave(void **state)
{
    const struct scene_settings settings = scene_settings_default("twins");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *first = &scene->services[0];
    scene_add_service(scene, 1);
    cardwatch_set(first, "processing.instance_id=twin");
    cardwatch_set(&scene->services[1], "processing.instance_id=twin");
    cardwatch_start(first);
    assert_true(cardwatch_await_log(first, 0, "partition running", 4, EXIT_MS));
    size_t from = cardwatch_log_size(first);
    cardwatch_start(&scene->services[1]);
    workload_send(&scene->workload, PORTION);
    assert_int_equal(cardwatch_await_exit(first, EXIT_MS), 1);
    assert_true(cardwatch_log_count(first, from, "twin") > 0);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_stop(&scene->services[1], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

// Nobody has chosen the default address: that it is taken is told, and no reason to stay away.
static void http_port__taken_by_another_is_no_reason_to_stay_away(void **state)
{
    const struct scene_settings settings = scene_settings_default("port");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    const struct sockaddr_in taken = {
        .sin_family = AF_INET, .sin_port = htons(9464), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    // Should somebody else have it, so much the better.
    (void)bind(fd, (const struct sockaddr *)&taken, sizeof(taken));
    (void)listen(fd, 1);
    cardwatch_set(service, "http.listen=127.0.0.1:9464");
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, 0, "listening on a free port", 1, EXIT_MS));
    assert_true(cardwatch_await_log(service, 0, "partition running", 4, EXIT_MS));
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    close(fd);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(config__with_an_unknown_key_is_named_with_its_line),
        stage_test(config__with_several_mistakes_names_them_all),
        stage_test(state_dir__that_cannot_be_written_is_named),
        stage_test(state_dir__of_a_running_process_is_refused),
        stage_test(state_dir__of_another_application_is_refused),
        stage_test(rule__that_has_changed_is_refused_until_rebuilt),
        stage_test(rule__that_has_another_name_is_taken),
        stage_test(offsets__that_the_state_does_not_belong_to_are_refused),
        stage_test(instance_id__used_twice_makes_the_first_leave),
        stage_test(http_port__taken_by_another_is_no_reason_to_stay_away),
    };
    return stage_run(tests);
}
