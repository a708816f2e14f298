// SPDX-License-Identifier: Apache-2.0
#include "lib/replayed.h"

#include <unistd.h>

#include "base/assert.h"
#include "lib/workspace.h"

enum { WORDS_MAX = 60, TIMEOUT_MS = 120000 };

// The service's own command line with another verb, and the words behind it.
static char *prepare(struct scene *scene, const char *const *words, const char **argv)
{
    const struct cardwatch *service = &scene->services[0];
    const char *binary = getenv("TEST_BINARY");
    size_t count = 0;
    argv[count++] = binary == NULL ? "build/cardwatch" : binary;
    argv[count++] = "replay";
    argv[count++] = "-c";
    argv[count++] = service->config_path;
    for (size_t i = 0; i < service->set_count; i++) {
        argv[count++] = "--set";
        argv[count++] = service->sets[i];
    }
    for (size_t i = 0; words[i] != NULL; i++)
        argv[count++] = words[i];
    argv[count] = NULL;
    ensure(count < WORDS_MAX);
    char *path = workspace_text("%s/replay.txt", scene->dir);
    (void)unlink(path);
    return path;
}

// The child's scratch space goes with the scene, even if it is killed. Gives back what was set.
static char *lend_scratch(const struct scene *scene)
{
    const char *set = getenv("TMPDIR");
    char *before = set == NULL ? NULL : workspace_text("%s", set);
    setenv("TMPDIR", scene->dir, 1);
    return before;
}

static void take_scratch_back(char *before)
{
    if (before == NULL)
        unsetenv("TMPDIR");
    else
        setenv("TMPDIR", before, 1);
    free(before);
}

void replayed_start(struct scene *scene, const char *const *words, struct process *process)
{
    const char *argv[WORDS_MAX];
    char *path = prepare(scene, words, argv);
    char *before = lend_scratch(scene);
    process_spawn(process, argv, path);
    take_scratch_back(before);
    free(path);
}

struct replayed replayed_run(struct scene *scene, const char *const *words)
{
    const char *argv[WORDS_MAX];
    char *path = prepare(scene, words, argv);
    char *before = lend_scratch(scene);
    struct replayed replayed = {.code = process_run(argv, path, TIMEOUT_MS)};
    take_scratch_back(before);
    replayed.said = workspace_read(path);
    free(path);
    return replayed;
}

void replayed_release(struct replayed *replayed)
{
    free(replayed->said);
}
