// SPDX-License-Identifier: Apache-2.0
// The development registry as a process, for tests that start, stop and restart it:
//   dev_registry [--port N] [--port-file PATH]
// Prints its port on stdout (and writes it to PATH, whole or not at all), then answers until
// SIGTERM or SIGINT. Port 0, the default, is a free one. What it holds is lost when it ends.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/dev_registry.h"

struct arguments {
    uint16_t port;
    const char *port_file;
};

static bool port_read(const char *text, uint16_t *port)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *port = (uint16_t)value;
    return errno == 0 && end != text && *end == '\0' && value <= UINT16_MAX;
}

static bool arguments_read(int count, char **values, struct arguments *out)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"port-file", required_argument, NULL, 'f'},
        {0},
    };
    *out = (struct arguments){0};
    int option;
    while ((option = getopt_long(count, values, "", options, NULL)) != -1) {
        if (option == 'f')
            out->port_file = optarg;
        else if (option != 'p' || !port_read(optarg, &out->port))
            return false;
    }
    return optind == count;
}

// Through a temporary file: whoever waits for PATH never sees half a number.
static bool port_write(const char *path, unsigned port)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.tmp", path) < 0)
        return false;
    FILE *file = fopen(temporary, "w");
    bool fine = file != NULL && fprintf(file, "%u\n", port) > 0;
    if (file != NULL)
        fine = fclose(file) == 0 && fine;
    fine = fine && rename(temporary, path) == 0;
    free(temporary);
    return fine;
}

static int serve(const struct arguments *arguments, const sigset_t *ending)
{
    struct dev_registry *registry;
    struct error err;
    if (dev_registry_open(arguments->port, &registry, &err) != STATUS_OK) {
        fprintf(stderr, "dev_registry: %s\n", err.text);
        return 1;
    }
    unsigned port = dev_registry_port(registry);
    printf("%u\n", port);
    fflush(stdout);
    int code = 0;
    int number;
    if (arguments->port_file == NULL || port_write(arguments->port_file, port))
        sigwait(ending, &number);
    else
        code = 1;
    if (code != 0)
        fprintf(stderr, "dev_registry: %s: %s\n", arguments->port_file, strerror(errno));
    dev_registry_close(registry);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (!arguments_read(argc, argv, &arguments)) {
        fprintf(stderr, "usage: dev_registry [--port N] [--port-file PATH]\n");
        return 2;
    }
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    return serve(&arguments, &ending);
}
