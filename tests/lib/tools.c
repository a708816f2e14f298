// SPDX-License-Identifier: Apache-2.0
#include "lib/tools.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "lib/registry_desk.h"
#include "lib/workspace.h"

enum { ARGUMENTS_MAX = 64, COMMAND_MS = 60000 };

struct tools *tools_open_on(const char *servers)
{
    struct tools *tools = memory_zeroed(1, sizeof(*tools));
    struct error err;
    enum status status = dev_registry_open(0, &tools->registry, &err);
    ensure(status == STATUS_OK);
    tools->servers = servers;
    tools->registry_url =
        workspace_text("http://127.0.0.1:%u", (unsigned)dev_registry_port(tools->registry));
    tools->dir = workspace_make();
    return tools;
}

struct tools *tools_open(void)
{
    struct mock_cluster mock;
    mock_cluster_open(&mock, 1);
    struct tools *tools = tools_open_on(mock.servers);
    tools->mock = mock;
    return tools;
}

void tools_close(struct tools *tools)
{
    dev_registry_close(tools->registry);
    if (tools->mock.host != NULL)
        mock_cluster_close(&tools->mock);
    workspace_remove(tools->dir);
    free(tools->registry_url);
    free(tools->dir);
    free(tools);
}

uint32_t tools_register(const struct tools *tools, const char *subject, const char *schema)
{
    struct registry *registry = registry_desk_open(tools->registry_url);
    uint32_t id = registry_desk_register(registry, subject, schema);
    registry_close(registry);
    return id;
}

void outcome_release(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

char *tools_path(const struct tools *tools, const char *name)
{
    return workspace_text("%s/%s", tools->dir, name);
}

char *tools_out(const struct tools *tools)
{
    char *path = tools_path(tools, "stdout");
    char *out = workspace_read(path);
    free(path);
    return out;
}

static void write_input(const struct tools *tools, const char *out)
{
    char *path = workspace_text("%s.in", out);
    FILE *file = fopen(path, "we");
    ensure(file != NULL);
    ensure(fputs(tools->input != NULL ? tools->input : "", file) >= 0 && fclose(file) == 0);
    free(path);
}

// Through a shell that splits stdout from stderr and then becomes the program.
void tools_start(struct tools *tools, const char *const *words, struct process *process)
{
    const char *binary = getenv("TEST_BINARY");
    const char *argv[ARGUMENTS_MAX] = {"sh", "-c", "out=$0; exec \"$@\" >\"$out\" <\"$out.in\""};
    char *out = tools_path(tools, "stdout");
    char *err = tools_path(tools, "stderr");
    char *servers = workspace_text("kafka.bootstrap.servers=%s", tools->servers);
    char *url = workspace_text("schema_registry.url=%s", tools->registry_url);
    size_t count = 3;
    argv[count++] = out;
    argv[count++] = binary != NULL ? binary : "build/cardwatch";
    const char *const sets[] = {"--set", servers, "--set",
                                url,     "--set", "kafka.fetch.wait.max.ms=10"};
    argv[count++] = *words++;
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        argv[count++] = sets[i];
    for (; *words != NULL; words++)
        argv[count++] = *words;
    ensure(count < ARGUMENTS_MAX);
    remove(out);
    remove(err);
    write_input(tools, out);
    process_spawn(process, argv, err);
    free(out);
    free(err);
    free(servers);
    free(url);
}

struct outcome tools_wait(struct tools *tools, struct process *process)
{
    struct outcome outcome;
    if (!process_wait(process, COMMAND_MS, &outcome.code)) {
        process_kill(process);
        outcome.code = -1;
    }
    char *err = tools_path(tools, "stderr");
    outcome.out = tools_out(tools);
    outcome.err = workspace_read(err);
    free(err);
    return outcome;
}

struct outcome tools_run(struct tools *tools, const char *const *words)
{
    struct process process;
    tools_start(tools, words, &process);
    return tools_wait(tools, &process);
}
