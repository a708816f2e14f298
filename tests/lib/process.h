// SPDX-License-Identifier: Apache-2.0
// Child processes of a test. A child never outlives the test: the kernel kills it when the thread
// that spawned it ends, however that comes about.
#ifndef LIB_PROCESS_H
#define LIB_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid; // 0: not running
};

// Milliseconds of a clock that only goes forward.
int64_t process_clock_ms(void);

// The nap between two looks at a condition.
void process_nap(void);

// Starts argv[0] (a path, or a name looked up in PATH) with `argv` up to its NULL, output appended
// to the file `log_path`, no input, its signals as they are by default. Stops the test when that
// cannot be done; a program that cannot be executed exits with 127.
void process_spawn(struct process *process, const char *const *argv, const char *log_path);

// Waits for the end. *exit_code: as a shell has it, 128 + n for signal n. False when the process
// still runs after `timeout_ms`; else it is reaped.
bool process_wait(struct process *process, int64_t timeout_ms, int *exit_code);

bool process_running(struct process *process);
void process_signal(const struct process *process, int signal_number);
// kill -9, and reaps. Nothing happens when it is not running.
void process_kill(struct process *process);

// Runs a program to its end: its exit code, or -1 when it had to be killed after `timeout_ms`.
int process_run(const char *const *argv, const char *log_path, int64_t timeout_ms);

#endif
