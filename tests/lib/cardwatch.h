// SPDX-License-Identifier: Apache-2.0
// The program under test as a process: its configuration file, its log, its end.
#ifndef LIB_CARDWATCH_H
#define LIB_CARDWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/process.h"
#include "lib/records.h"

// What goes into the configuration file. All borrowed; NULL and 0: the product's default.
struct cardwatch_settings {
    const char *application_id;
    const char *bootstrap;
    const char *registry_url;
    const char *purchases;
    const char *alerts_avro;
    const char *alerts_json;
    const char *guarantee;
    const char *state_dir;
    const char *rules; // the YAML list, in flow style
    int threads;
    int session_timeout_ms;
};

struct cardwatch {
    struct process process;
    char *config_path;
    char *log_path;
    char *sets[16]; // "a.b=c"
    size_t set_count;
};

// Writes <dir>/<name>.yaml; the log goes to <dir>/<name>.log. Does not start it.
void cardwatch_init(struct cardwatch *cardwatch, const char *dir, const char *name,
                    const struct cardwatch_settings *settings);
// Ends the process with kill -9 if it runs, and forgets everything.
void cardwatch_release(struct cardwatch *cardwatch);

// Adds a --set to later starts.
void cardwatch_set(struct cardwatch *cardwatch, const char *key_and_value);
// Several, as "a.b=c d.e=f"; NULL: none.
void cardwatch_set_all(struct cardwatch *cardwatch, const char *sets);

// Starts `cardwatch run`. Output is appended to the log.
void cardwatch_start(struct cardwatch *cardwatch);

// Runs another command (`cardwatch VERB -c FILE`) to its end: its exit code, -1 after 60 s.
int cardwatch_command(struct cardwatch *cardwatch, const char *verb);

// SIGTERM, and waits: the exit code, -1 when it had to be killed after `timeout_ms`.
int cardwatch_stop(struct cardwatch *cardwatch, int64_t timeout_ms);

// Waits for the end without asking for it: the exit code, -1 when it still runs.
int cardwatch_await_exit(struct cardwatch *cardwatch, int64_t timeout_ms);

void cardwatch_kill(struct cardwatch *cardwatch);

// A place in the log: what comes later is behind it.
size_t cardwatch_log_size(const struct cardwatch *cardwatch);
// Lines behind `from` that contain the text.
size_t cardwatch_log_count(const struct cardwatch *cardwatch, size_t from, const char *text);
// Waits until `count` lines behind `from` contain the text. False: it took too long or has ended.
bool cardwatch_await_log(struct cardwatch *cardwatch, size_t from, const char *text, size_t count,
                         int64_t timeout_ms);
// The sum of a numeric field (name=N) over the lines behind `from` that contain the text.
int64_t cardwatch_log_sum(const struct cardwatch *cardwatch, size_t from, const char *text,
                          const char *field);

// The largest of them; 0 when there is none.
int64_t cardwatch_log_max(const struct cardwatch *cardwatch, size_t from, const char *text,
                          const char *field);

// Prints the log's last lines to stderr.
void cardwatch_show_log(const struct cardwatch *cardwatch, size_t lines);

#endif
