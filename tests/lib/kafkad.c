// SPDX-License-Identifier: Apache-2.0
#include "lib/kafkad.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/certificates.h"
#include "lib/plain_client.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { SCRIPT_TIMEOUT_MS = 300000, ADMIN_TIMEOUT_MS = 30000, REMOVE_TRIES = 200 };

struct kafkad {
    char *dir;
    char *bootstrap;
    char *sasl; // NULL: a plain one
    char *tls;
    char *certificates;
    pid_t guardian;
    int lifeline; // closing it makes the guardian clean up
    rd_kafka_t *client;
    struct kafkad_proxied proxied[KAFKAD_PROXIED_MAX];
    int proxied_count;
};

static void end_kafka(const char *pid_path)
{
    char *text = workspace_read(pid_path);
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    if (pid > 1 && kill(pid, SIGKILL) == 0)
        while (kill(pid, 0) == 0)
            process_nap();
}

static _Noreturn void guard(const char *dir, int lifeline)
{
    char byte;
    setsid();
    int null_fd = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null_fd, fd);
    while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
        continue;
    end_kafka(workspace_text("%s/kafka/pid", dir));
    // Programs that end with the test may still be writing a file or two.
    for (int tries = 0; tries < REMOVE_TRIES && access(dir, F_OK) == 0; tries++) {
        workspace_remove(dir);
        process_nap();
    }
    _exit(0);
}

static void start_guardian(struct kafkad *kafkad)
{
    int pipe_fds[2];
    ensure(pipe2(pipe_fds, O_CLOEXEC) == 0);
    kafkad->guardian = fork();
    ensure(kafkad->guardian >= 0);
    if (kafkad->guardian == 0) {
        close(pipe_fds[1]);
        guard(kafkad->dir, pipe_fds[0]);
    }
    close(pipe_fds[0]);
    kafkad->lifeline = pipe_fds[1];
}

// The jars lie in the build directory, which is where the program under test is.
static void name_build_directory(void)
{
    const char *binary = getenv("TEST_BINARY");
    if (binary == NULL)
        return;
    char *build = memory_text(binary);
    char *slash = strrchr(build, '/');
    ensure(slash != NULL);
    *slash = '\0';
    setenv("B", build, 1);
    free(build);
}

enum { SCRIPT_ARGUMENTS_MAX = 16 };

// `arguments` ends with NULL.
static void run_script_with(struct kafkad *kafkad, const char *verb, const char *const *arguments)
{
    char *dir = workspace_text("%s/kafka", kafkad->dir);
    char *log = workspace_text("%s/script.log", kafkad->dir);
    const char *argv[SCRIPT_ARGUMENTS_MAX] = {"tests/kafka/kafka", verb, dir};
    for (size_t count = 3; *arguments != NULL; arguments++) {
        ensure(count + 1 < SCRIPT_ARGUMENTS_MAX);
        argv[count++] = *arguments;
    }
    if (process_run(argv, log, SCRIPT_TIMEOUT_MS) != 0) {
        char *said = workspace_read(log);
        char *kafka_log = workspace_text("%s/kafka.log", dir);
        char *kafka_said = workspace_read(kafka_log);
        fprintf(stderr, "tests/kafka/kafka %s failed: %s\n%.4000s\n", verb, said, kafka_said);
        exit(1);
    }
    free(dir);
    free(log);
}

static void run_script(struct kafkad *kafkad, const char *verb)
{
    const char *const none[] = {NULL};
    run_script_with(kafkad, verb, none);
}

static void read_proxied(struct kafkad *kafkad)
{
    char *path = workspace_text("%s/kafka/proxied", kafkad->dir);
    char *text = workspace_read(path);
    const char *at = text;
    for (int i = 0; i < kafkad->proxied_count; i++) {
        char *end;
        kafkad->proxied[i].proxy_port = (uint16_t)strtoul(at, &end, 10);
        kafkad->proxied[i].broker_port = (uint16_t)strtoul(end, &end, 10);
        ensure(kafkad->proxied[i].broker_port > 0);
        at = end;
    }
    free(text);
    free(path);
}

static char *address_in(const struct kafkad *kafkad, const char *name)
{
    char *path = workspace_text("%s/kafka/%s", kafkad->dir, name);
    char *address = workspace_read(path);
    free(path);
    address[strcspn(address, "\n")] = '\0';
    return address;
}

static struct kafkad *open_dir(void)
{
    struct kafkad *kafkad = memory_zeroed(1, sizeof(*kafkad));
    kafkad->dir = workspace_make();
    start_guardian(kafkad);
    name_build_directory();
    return kafkad;
}

static void start_broker(struct kafkad *kafkad)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", kafkad->proxied_count);
    const char *const arguments[] = {digits, NULL};
    run_script_with(kafkad, "start", arguments);
    kafkad->bootstrap = address_in(kafkad, "bootstrap");
    kafkad->client = PLAIN_CLIENT(RD_KAFKA_PRODUCER, {"bootstrap.servers", kafkad->bootstrap});
}

struct kafkad *kafkad_open(void)
{
    return kafkad_open_proxied(0);
}

struct kafkad *kafkad_open_proxied(int count)
{
    ensure(count >= 0 && count <= KAFKAD_PROXIED_MAX);
    struct kafkad *kafkad = open_dir();
    kafkad->proxied_count = count;
    start_broker(kafkad);
    read_proxied(kafkad);
    return kafkad;
}

struct kafkad *kafkad_open_secure(const char *name, const char *password)
{
    struct kafkad *kafkad = open_dir();
    kafkad->certificates = workspace_text("%s/certificates", kafkad->dir);
    certificates_make(kafkad->certificates, name);
    char *somebody = workspace_text("%s:%s", name, password);
    setenv("KAFKA_TLS", kafkad->certificates, 1);
    setenv("KAFKA_USER", somebody, 1);
    start_broker(kafkad);
    unsetenv("KAFKA_TLS");
    unsetenv("KAFKA_USER");
    free(somebody);
    kafkad->sasl = address_in(kafkad, "bootstrap-sasl");
    kafkad->tls = address_in(kafkad, "bootstrap-tls");
    const char *const user[] = {name, password, NULL};
    run_script_with(kafkad, "user", user);
    return kafkad;
}

void kafkad_allow_transactions(struct kafkad *kafkad, const char *user, const char *prefix,
                               bool allowed)
{
    char *principal = workspace_text("User:%s", user);
    const char *const arguments[] = {allowed ? "--add" : "--remove",
                                     "--force",
                                     "--allow-principal",
                                     principal,
                                     "--transactional-id",
                                     prefix,
                                     "--resource-pattern-type",
                                     "prefixed",
                                     "--operation",
                                     "write",
                                     NULL};
    run_script_with(kafkad, "acls", arguments);
    free(principal);
}

const char *kafkad_sasl(const struct kafkad *kafkad)
{
    return kafkad->sasl;
}

const char *kafkad_tls(const struct kafkad *kafkad)
{
    return kafkad->tls;
}

const char *kafkad_certificates(const struct kafkad *kafkad)
{
    return kafkad->certificates;
}

void kafkad_close(struct kafkad *kafkad)
{
    if (kafkad == NULL)
        return;
    rd_kafka_destroy(kafkad->client);
    close(kafkad->lifeline);
    while (waitpid(kafkad->guardian, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(kafkad->dir);
    free(kafkad->bootstrap);
    free(kafkad->sasl);
    free(kafkad->tls);
    free(kafkad->certificates);
    free(kafkad);
}

const char *kafkad_bootstrap(const struct kafkad *kafkad)
{
    return kafkad->bootstrap;
}

struct kafkad_proxied kafkad_proxied(const struct kafkad *kafkad, int at)
{
    ensure(at >= 0 && at < kafkad->proxied_count);
    return kafkad->proxied[at];
}

char *kafkad_make_dir(const struct kafkad *kafkad, const char *name)
{
    char *path = workspace_text("%s/%s", kafkad->dir, name);
    ensure(mkdir(path, 0700) == 0);
    return path;
}

pid_t kafkad_pid(const struct kafkad *kafkad)
{
    char *path = workspace_text("%s/kafka/pid", kafkad->dir);
    char *text = workspace_read(path);
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    free(text);
    free(path);
    return pid;
}

void kafkad_stop(struct kafkad *kafkad)
{
    run_script(kafkad, "stop");
}

void kafkad_kill(struct kafkad *kafkad)
{
    run_script(kafkad, "kill");
}

void kafkad_restart(struct kafkad *kafkad)
{
    run_script(kafkad, "restart");
}

int32_t kafkad_partitions(struct kafkad *kafkad, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(kafkad->client, topic, NULL);
    rd_kafka_resp_err_t failed =
        rd_kafka_metadata(kafkad->client, 0, handle, &metadata, ADMIN_TIMEOUT_MS);
    ensure(failed == RD_KAFKA_RESP_ERR_NO_ERROR);
    int32_t partitions = -1;
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
        partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return partitions;
}

// The result of an admin call; the caller destroys the event.
static rd_kafka_event_t *await_event(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS);
    ensure(event != NULL);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fprintf(stderr, "admin call: %s\n", rd_kafka_event_error_string(event));
        exit(1);
    }
    return event;
}

static void check_created(const rd_kafka_event_t *event)
{
    size_t count;
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)event), &count);
    for (size_t i = 0; i < count; i++) {
        if (rd_kafka_topic_result_error(results[i]) == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        fprintf(stderr, "topic %s: %s\n", rd_kafka_topic_result_name(results[i]),
                rd_kafka_topic_result_error_string(results[i]));
        exit(1);
    }
}

void kafkad_topic_with(struct kafkad *kafkad, const char *name, int32_t partitions,
                       const char *setting, const char *value)
{
    char text[512];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(name, partitions, 1, text, sizeof(text));
    ensure(topic != NULL);
    if (value != NULL)
        rd_kafka_NewTopic_set_config(topic, setting, value);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafkad->client);
    rd_kafka_CreateTopics(kafkad->client, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = await_event(queue);
    check_created(event);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    while (kafkad_partitions(kafkad, name) != partitions)
        process_nap();
}

void kafkad_topic(struct kafkad *kafkad, const char *name, int32_t partitions,
                  const char *cleanup_policy)
{
    kafkad_topic_with(kafkad, name, partitions, "cleanup.policy", cleanup_policy);
}

int64_t kafkad_topic_bytes(const struct kafkad *kafkad, const char *topic)
{
    int64_t bytes = 0;
    glob_t found;
    struct stat info;
    char *pattern = workspace_text("%s/kafka/data/%s-[0-9]*/*.log", kafkad->dir, topic);
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            bytes += stat(found.gl_pathv[i], &info) == 0 ? info.st_size : 0;
    globfree(&found);
    free(pattern);
    return bytes;
}

void kafkad_topic_settings(struct kafkad *kafkad, const char *topic, const char *const *settings)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    for (; *settings != NULL; settings++) {
        char *name = memory_text(*settings);
        char *value = strchr(name, '=');
        ensure(value != NULL);
        *value = '\0';
        rd_kafka_ConfigResource_set_config(resource, name, value + 1);
        free(name);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafkad->client);
    rd_kafka_AlterConfigs(kafkad->client, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = await_event(queue);
    size_t count;
    const rd_kafka_ConfigResource_t **results =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    ensure(count == 1 && rd_kafka_ConfigResource_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
}

static char *setting_in(rd_kafka_event_t *event, const char *setting)
{
    size_t count;
    size_t entry_count;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    ensure(count == 1);
    const rd_kafka_ConfigEntry_t **entries =
        rd_kafka_ConfigResource_configs(resources[0], &entry_count);
    for (size_t i = 0; i < entry_count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), setting) == 0)
            return memory_text(rd_kafka_ConfigEntry_value(entries[i]));
    }
    return memory_text("");
}

char *kafkad_topic_setting(struct kafkad *kafkad, const char *topic, const char *setting)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafkad->client);
    rd_kafka_DescribeConfigs(kafkad->client, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = await_event(queue);
    char *value = setting_in(event, setting);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy(resource);
    return value;
}
