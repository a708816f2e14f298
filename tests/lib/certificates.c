// SPDX-License-Identifier: Apache-2.0
#include "lib/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/assert.h"
#include "lib/process.h"
#include "lib/workspace.h"

enum { OPENSSL_MS = 60000 };

static const char broker_names[] = "subjectAltName=IP:127.0.0.1,DNS:127.0.0.1,DNS:localhost";

static void run(const char *dir, const char *command)
{
    char *log = workspace_text("%s/openssl.log", dir);
    char *line = workspace_text("cd '%s' && %s", dir, command);
    const char *const argv[] = {"sh", "-ec", line, NULL};
    if (process_run(argv, log, OPENSSL_MS) != 0) {
        fprintf(stderr, "making certificates failed: %s\n%s\n", command, workspace_read(log));
        exit(1);
    }
    free(line);
    free(log);
}

static void make_authority(const char *dir, const char *name)
{
    char *command = workspace_text("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "
                                   "/CN=%s -keyout %s.key -out %s.pem",
                                   name, name, name);
    run(dir, command);
    free(command);
}

static void make_signed(const char *dir, const char *file, const char *common_name)
{
    char *command = workspace_text(
        "openssl req -newkey rsa:2048 -nodes -subj /CN=%s -addext %s -keyout %s.key -out %s.csr;"
        "openssl x509 -req -in %s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
        " -copy_extensions copy -out %s.crt; cat %s.key %s.crt >%s.pem",
        common_name, broker_names, file, file, file, file, file, file, file);
    run(dir, command);
    free(command);
}

void certificates_make(const char *dir, const char *client)
{
    ensure(mkdir(dir, 0700) == 0);
    make_authority(dir, "ca");
    make_authority(dir, "stranger");
    make_signed(dir, "broker", "localhost");
    make_signed(dir, "client", client);
}
