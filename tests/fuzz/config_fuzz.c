// SPDX-License-Identifier: Apache-2.0
// Configurations: a file, overrides and environment variables. One that is taken can be run with;
// one that is not gives a report that an operator can read.
//   parts by 0xff (which is in no text): the file; then "S" and a --set, or "E" and what stands
//   behind CARDWATCH_ in a variable
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"
#include "config/config.h"
#include "fuzz/fuzz.h"
#include "stream/setup.h"

enum { MARK = 0xff, OVERRIDES_MAX = 16, REPORT_BYTES_MAX = 1024 * 1024, PATH_BYTES_MAX = 64 };

struct given {
    char path[PATH_BYTES_MAX];
    char *sets[OVERRIDES_MAX];
    size_t set_count;
    char *environment[OVERRIDES_MAX + 1]; // NULL at the end
    size_t environment_count;
    int fd; // of the file, in memory
};

static void file_make(struct given *given, struct view content)
{
    given->fd = memfd_create("config", MFD_CLOEXEC);
    ensure(given->fd >= 0);
    ensure(write(given->fd, content.data, content.size) == (ssize_t)content.size);
    snprintf(given->path, sizeof(given->path), "/proc/self/fd/%d", given->fd);
}

static char *joined(const char *front, struct view text)
{
    struct buffer out;
    buffer_init(&out, strlen(front) + text.size + 1);
    ensure(buffer_append(&out, front, strlen(front)));
    ensure(buffer_append(&out, text.data, text.size) && buffer_append_byte(&out, '\0'));
    return (char *)out.data;
}

static void given_read(struct given *given, struct reader *input)
{
    *given = (struct given){.fd = -1};
    file_make(given, fuzz_part(input, MARK));
    while (reader_left(input) > 0) {
        bool set = fuzz_byte(input) == 'S';
        struct view text = fuzz_part(input, MARK);
        if (set && given->set_count < OVERRIDES_MAX)
            given->sets[given->set_count++] = fuzz_text(text);
        else if (!set && given->environment_count < OVERRIDES_MAX)
            given->environment[given->environment_count++] = joined("CARDWATCH_", text);
    }
}

static void given_release(struct given *given)
{
    for (size_t i = 0; i < given->set_count; i++)
        free(given->sets[i]);
    for (size_t i = 0; i < given->environment_count; i++)
        free(given->environment[i]);
    close(given->fd);
}

static bool is_name(const char *text)
{
    return text[0] != '\0' && strpbrk(text, "/ \n") == NULL && strcmp(text, "..") != 0;
}

static void check_config(const struct config *config)
{
    struct engine engine;
    struct error err = {""};
    uint8_t fingerprint[FINGERPRINT_BYTES];
    if (setup_engine(config, &engine, &err) == STATUS_OK) {
        struct token_key *key = token_key_open((struct view){NULL, 0});
        setup_fingerprint(&engine.settings, key, fingerprint);
        token_key_close(key);
    } else {
        ensure(strstr(err.text, "tumbling rules together") != NULL);
    }
    ensure(is_name(config->application_id) && is_name(config->topics.purchases));
    ensure(config->processing.threads >= 1 && config->processing.threads <= WORKERS_MAX);
    ensure(config->processing.min_commit_interval_ms <= config->processing.commit_interval_ms);
    ensure(config->rule_count >= 1 && config->rule_count <= RULES_MAX);
    free(setup_kafka_properties(config));
    (void)setup_registry(config);
}

// Lines of text, a mistake each.
static void check_report(struct view report)
{
    size_t lines = 0;
    ensure(report.size > 0 && report.data[report.size - 1] == '\n');
    for (size_t i = 0; i < report.size; i++) {
        ensure(report.data[i] == '\n' || report.data[i] >= ' ');
        ensure(report.data[i] != 127);
        lines += report.data[i] == '\n';
    }
    ensure(lines <= 101);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = fuzz_input(data, size);
    struct given given;
    struct config config;
    struct buffer report;
    given_read(&given, &input);
    const struct config_sources sources = {.file = given.path,
                                           .sets = (const char *const *)given.sets,
                                           .set_count = given.set_count,
                                           .environment = given.environment};
    buffer_init(&report, REPORT_BYTES_MAX);
    if (config_load(&sources, &config, &report) == STATUS_OK) {
        ensure(report.size == 0);
        check_config(&config);
        config_release(&config);
    } else {
        check_report(buffer_view(&report));
    }
    buffer_release(&report);
    given_release(&given);
    return 0;
}
