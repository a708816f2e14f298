// SPDX-License-Identifier: Apache-2.0
// What a run with a wrong verdict leaves behind.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chaos/arena.h"
#include "lib/workspace.h"

enum { COPY_TIMEOUT_MS = 120000 };

static void dump_bytes(FILE *out, const char *name, struct view bytes)
{
    fprintf(out, " %s=", name);
    if (bytes.data == NULL)
        fputs("null", out);
    for (size_t i = 0; i < bytes.size && bytes.data != NULL; i++)
        fprintf(out, "%02x", bytes.data[i]);
}

static void dump_record(void *context, const struct topic_record *record)
{
    FILE *out = context;
    fprintf(out, "%d/%" PRId64 " timestamp=%" PRId64, record->partition, record->offset,
            record->timestamp_ms);
    for (size_t i = 0; i < record->header_count; i++)
        fprintf(out, " %s=%.*s", record->headers[i].name, (int)record->headers[i].value.size,
                (const char *)record->headers[i].value.data);
    dump_bytes(out, "key", record->key);
    dump_bytes(out, "value", record->value);
    fputc('\n', out);
}

static void dump_topic(struct arena *arena, const char *dir, const char *topic, bool committed)
{
    char *path =
        workspace_text("%s/%s.%s.txt", dir, topic, committed ? "committed" : "uncommitted");
    FILE *out = fopen(path, "w");
    const struct record_visitor visitor = {dump_record, out};
    if (out != NULL && committed)
        records_visit(&visitor, kafkad_bootstrap(arena->kafka), topic);
    else if (out != NULL)
        records_visit_uncommitted(&visitor, kafkad_bootstrap(arena->kafka), topic);
    if (out != NULL)
        fclose(out);
    free(path);
}

void arena_keep_evidence(struct arena *arena)
{
    const struct scene *scene = &arena->scene;
    const char *build = getenv("B");
    char *dir = workspace_text("%s/chaos-%llu", build == NULL ? "build" : build,
                               (unsigned long long)arena->options.seed);
    workspace_remove(dir);
    mkdir(dir, 0777);
    const char *const copy[] = {"cp", "-r", scene->dir, dir, NULL};
    process_run(copy, "/dev/null", COPY_TIMEOUT_MS);
    const char *const topics[] = {scene->purchases, scene->alerts_avro, scene->alerts_json,
                                  scene->dead_letters, scene->changelog};
    // Uncommitted first: a topic that does not settle stops the program.
    for (int committed = 0; committed <= 1; committed++)
        for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
            dump_topic(arena, dir, topics[i], committed != 0);
    printf("logs, state and topics are kept in %s\n", dir);
    free(dir);
}
