// SPDX-License-Identifier: Apache-2.0
#include "lib/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"

int64_t process_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void process_nap(void)
{
    const struct timespec nap = {.tv_nsec = 5000000};
    nanosleep(&nap, NULL);
}

// A shell's background jobs ignore some of them, and so would whatever the tests start.
static const int taken[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

// Runs in the child, between fork and exec: system calls alone.
static void become(const char *const *argv, int log_fd, int null_fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    dup2(null_fd, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        signal(taken[i], SIG_DFL);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

void process_spawn(struct process *process, const char *const *argv, const char *log_path)
{
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ensure(log_fd >= 0 && null_fd >= 0);
    pid_t parent = getpid();
    pid_t pid = fork();
    ensure(pid >= 0);
    if (pid == 0)
        become(argv, log_fd, null_fd, parent);
    close(log_fd);
    close(null_fd);
    process->pid = pid;
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool process_wait(struct process *process, int64_t timeout_ms, int *exit_code)
{
    ensure(process->pid > 0);
    int64_t deadline_ms = process_clock_ms() + timeout_ms;
    for (;;) {
        int status;
        pid_t pid = waitpid(process->pid, &status, WNOHANG);
        ensure(pid >= 0 || errno == EINTR);
        if (pid == process->pid) {
            process->pid = 0;
            *exit_code = exit_code_of(status);
            return true;
        }
        if (process_clock_ms() >= deadline_ms)
            return false;
        process_nap();
    }
}

bool process_running(struct process *process)
{
    siginfo_t info = {0};
    if (process->pid == 0)
        return false;
    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

void process_signal(const struct process *process, int signal_number)
{
    ensure(process->pid > 0);
    ensure(kill(process->pid, signal_number) == 0);
}

void process_kill(struct process *process)
{
    int status;
    if (process->pid == 0)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    process->pid = 0;
}

int process_run(const char *const *argv, const char *log_path, int64_t timeout_ms)
{
    struct process process;
    int exit_code;
    process_spawn(&process, argv, log_path);
    if (process_wait(&process, timeout_ms, &exit_code))
        return exit_code;
    process_kill(&process);
    return -1;
}
