// SPDX-License-Identifier: Apache-2.0
#include "lib/cardwatch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "lib/workspace.h"

enum { CONFIG_BYTES_MAX = 65536, COMMAND_TIMEOUT_MS = 60000 };

// printf with one text, left out when that is NULL.
static void add(struct buffer *out, const char *format, const char *value)
{
    char text[4096];
    if (value == NULL)
        return;
    int size = snprintf(text, sizeof(text), format, value);
    ensure(size > 0 && (size_t)size < sizeof(text));
    ensure(buffer_append(out, text, (size_t)size));
}

static void add_number(struct buffer *out, const char *format, int value)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%d", value);
    add(out, format, value == 0 ? NULL : digits);
}

static void write_config(const char *path, const struct cardwatch_settings *settings)
{
    struct buffer out;
    buffer_init(&out, CONFIG_BYTES_MAX);
    add(&out, "application_id: \"%s\"\n", settings->application_id);
    add(&out, "kafka:\n  bootstrap.servers: \"%s\"\n", settings->bootstrap);
    add_number(&out, "  session.timeout.ms: %s\n", settings->session_timeout_ms);
    add(&out, "schema_registry: {url: \"%s\"}\n", settings->registry_url);
    add(&out, "topics:\n  purchases: \"%s\"\n", settings->purchases);
    add(&out, "  alerts_avro: \"%s\"\n", settings->alerts_avro);
    add(&out, "  alerts_json: \"%s\"\n", settings->alerts_json);
    add_number(&out, "processing:\n  threads: %s\n",
               settings->threads == 0 ? 1 : settings->threads);
    add(&out, "  guarantee: %s\n", settings->guarantee);
    add(&out, "state: {dir: \"%s\"}\n", settings->state_dir);
    add(&out, "http: {listen: \"%s\"}\n", "");
    add(&out, "rules: %s\n", settings->rules);
    ensure(buffer_append_byte(&out, 0));
    workspace_write(path, (const char *)out.data);
    buffer_release(&out);
}

void cardwatch_init(struct cardwatch *cardwatch, const char *dir, const char *name,
                    const struct cardwatch_settings *settings)
{
    *cardwatch = (struct cardwatch){
        .config_path = workspace_text("%s/%s.yaml", dir, name),
        .log_path = workspace_text("%s/%s.log", dir, name),
    };
    write_config(cardwatch->config_path, settings);
}

void cardwatch_release(struct cardwatch *cardwatch)
{
    process_kill(&cardwatch->process);
    free(cardwatch->config_path);
    free(cardwatch->log_path);
    for (size_t i = 0; i < cardwatch->set_count; i++)
        free(cardwatch->sets[i]);
    *cardwatch = (struct cardwatch){0};
}

void cardwatch_set(struct cardwatch *cardwatch, const char *key_and_value)
{
    ensure(cardwatch->set_count < sizeof(cardwatch->sets) / sizeof(cardwatch->sets[0]));
    cardwatch->sets[cardwatch->set_count++] = memory_text(key_and_value);
}

void cardwatch_set_all(struct cardwatch *cardwatch, const char *sets)
{
    char *copy = memory_text(sets == NULL ? "" : sets);
    char *rest = NULL;
    for (char *item = strtok_r(copy, " ", &rest); item != NULL; item = strtok_r(NULL, " ", &rest))
        cardwatch_set(cardwatch, item);
    free(copy);
}

static const char *binary(void)
{
    const char *path = getenv("TEST_BINARY");
    return path == NULL ? "build/cardwatch" : path;
}

enum { ARGUMENTS_MAX = 40 };

static void command_line(const struct cardwatch *cardwatch, const char *verb,
                         const char *argv[ARGUMENTS_MAX])
{
    size_t count = 0;
    argv[count++] = binary();
    argv[count++] = verb;
    argv[count++] = "-c";
    argv[count++] = cardwatch->config_path;
    for (size_t i = 0; i < cardwatch->set_count; i++) {
        argv[count++] = "--set";
        argv[count++] = cardwatch->sets[i];
    }
    argv[count] = NULL;
}

void cardwatch_start(struct cardwatch *cardwatch)
{
    const char *argv[ARGUMENTS_MAX];
    command_line(cardwatch, "run", argv);
    process_spawn(&cardwatch->process, argv, cardwatch->log_path);
}

int cardwatch_command(struct cardwatch *cardwatch, const char *verb)
{
    const char *argv[ARGUMENTS_MAX];
    command_line(cardwatch, verb, argv);
    return process_run(argv, cardwatch->log_path, COMMAND_TIMEOUT_MS);
}

int cardwatch_await_exit(struct cardwatch *cardwatch, int64_t timeout_ms)
{
    int exit_code;
    return process_wait(&cardwatch->process, timeout_ms, &exit_code) ? exit_code : -1;
}

int cardwatch_stop(struct cardwatch *cardwatch, int64_t timeout_ms)
{
    process_signal(&cardwatch->process, SIGTERM);
    int exit_code = cardwatch_await_exit(cardwatch, timeout_ms);
    if (exit_code < 0)
        process_kill(&cardwatch->process);
    return exit_code;
}

void cardwatch_kill(struct cardwatch *cardwatch)
{
    process_kill(&cardwatch->process);
}

size_t cardwatch_log_size(const struct cardwatch *cardwatch)
{
    struct stat info;
    return stat(cardwatch->log_path, &info) == 0 ? (size_t)info.st_size : 0;
}

// Counts the lines behind `from` with the text, and sums up a field in them.
struct log_scan {
    size_t count; // lines
    int64_t sum;  // of the field
    int64_t max;
};

static struct log_scan scan_log(const struct cardwatch *cardwatch, size_t from, const char *text,
                                const char *field)
{
    struct log_scan scan = {0};
    char *log = workspace_read(cardwatch->log_path);
    char *with_equals = workspace_text(" %s=", field);
    char *at = strlen(log) > from ? log + from : log + strlen(log);
    char *rest = NULL;
    for (char *line = strtok_r(at, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, text) == NULL)
            continue;
        scan.count++;
        char *found = strstr(line, with_equals);
        if (found == NULL)
            continue;
        int64_t value = strtoll(found + strlen(with_equals), NULL, 10);
        scan.sum += value;
        scan.max = value > scan.max ? value : scan.max;
    }
    free(with_equals);
    free(log);
    return scan;
}

size_t cardwatch_log_count(const struct cardwatch *cardwatch, size_t from, const char *text)
{
    return scan_log(cardwatch, from, text, "").count;
}

int64_t cardwatch_log_sum(const struct cardwatch *cardwatch, size_t from, const char *text,
                          const char *field)
{
    return scan_log(cardwatch, from, text, field).sum;
}

int64_t cardwatch_log_max(const struct cardwatch *cardwatch, size_t from, const char *text,
                          const char *field)
{
    return scan_log(cardwatch, from, text, field).max;
}

bool cardwatch_await_log(struct cardwatch *cardwatch, size_t from, const char *text, size_t count,
                         int64_t timeout_ms)
{
    int64_t deadline_ms = process_clock_ms() + timeout_ms;
    for (;;) {
        bool running = process_running(&cardwatch->process);
        if (cardwatch_log_count(cardwatch, from, text) >= count)
            return true;
        if (!running || process_clock_ms() > deadline_ms)
            return false;
        process_nap();
    }
}

void cardwatch_show_log(const struct cardwatch *cardwatch, size_t lines)
{
    char *log = workspace_read(cardwatch->log_path);
    char *at = log + strlen(log);
    while (at > log && lines > 0) {
        at--;
        if (at > log && at[-1] == '\n')
            lines--;
    }
    fprintf(stderr, "--- %s\n%s---\n", cardwatch->log_path, at);
    free(log);
}
