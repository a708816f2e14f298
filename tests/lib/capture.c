// SPDX-License-Identifier: Apache-2.0
#include "lib/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *read_all(FILE *file)
{
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *text = calloc((size_t)size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return text;
}

static _Noreturn void run_child(FILE *out, FILE *err, int (*run)(void *context), void *context)
{
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    int code = run(context);
    fflush(NULL);
    _exit(code);
}

void capture_run(struct capture *capture, int (*run)(void *context), void *context)
{
    int status = 0;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(out, err, run, context);
    assert_int_equal(waitpid(child, &status, 0), child);
    capture->out = read_all(out);
    capture->err = read_all(err);
    capture->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    capture->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void capture_release(struct capture *capture)
{
    free(capture->out);
    free(capture->err);
    *capture = (struct capture){.out = NULL};
}

bool text_contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

void assert_text_contains(const char *text, const char *part)
{
    if (!text_contains(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}
