// SPDX-License-Identifier: Apache-2.0
// The program's commands run as a user runs them, against a mock cluster (or a real one) and a
// development registry in this process.
#ifndef LIB_TOOLS_H
#define LIB_TOOLS_H

#include "demo/dev_registry.h"
#include "lib/mock_cluster.h"
#include "lib/process.h"

struct tools {
    struct mock_cluster mock; // not there when the cluster is another
    const char *servers;
    struct dev_registry *registry;
    char *registry_url;
    char *dir;         // the test's own; removed in the end
    const char *input; // what the next commands find on stdin; borrowed, NULL: nothing
};

struct tools *tools_open(void);
// On somebody's cluster; `servers` is borrowed.
struct tools *tools_open_on(const char *servers);
void tools_close(struct tools *tools);

// Registers a schema under the subject: its id.
uint32_t tools_register(const struct tools *tools, const char *subject, const char *schema);

// The words of a command, for tools_run.
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// What a command did; the caller releases it.
struct outcome {
    int code;  // its exit code; -1 when it had to be killed
    char *out; // stdout
    char *err; // stderr
};
void outcome_release(struct outcome *outcome);

// Starts `cardwatch` with the words up to NULL; the first is the command, and behind it comes where
// cluster and registry are, so that a --set among the words wins. One at a time.
void tools_start(struct tools *tools, const char *const *words, struct process *process);
// Waits for its end.
struct outcome tools_wait(struct tools *tools, struct process *process);
// Both.
struct outcome tools_run(struct tools *tools, const char *const *words);
// What it has written to stdout so far, the caller's to free().
char *tools_out(const struct tools *tools);

// A path in the tools' directory, the caller's to free().
char *tools_path(const struct tools *tools, const char *name);

#endif
