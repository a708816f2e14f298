// SPDX-License-Identifier: Apache-2.0
// `cardwatch run`: the service, until SIGTERM or SIGINT. A second signal exits at once, which is
// as safe as a crash.
#include <stdlib.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/operators.h"
#include "cli/signals.h"
#include "cli/supervisor.h"

// Each partition's store holds a few files open.
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum status serve_and_run(const struct config *config, struct service *service,
                                 struct supervisor *supervisor, struct error *err)
{
    struct operators operators;
    enum status status = operators_open(&operators, service, config, false, err);
    if (status == STATUS_OK) {
        supervisor_watch(supervisor, &operators.exposition);
        status = service_run(service, err);
    }
    supervisor_leave(supervisor);
    operators_close(&operators);
    return status;
}

static enum status open_and_run(const struct config *config, struct supervisor *supervisor,
                                struct error *err)
{
    struct service *service;
    enum status status = service_open(config, supervisor->stop, &service, err);
    if (status == STATUS_RETRY)
        return STATUS_OK; // asked to stop before there was anything to run
    if (status != STATUS_OK)
        return status;
    status = serve_and_run(config, service, supervisor, err);
    service_close(service);
    return status;
}

int cli_run(const struct config *config)
{
    struct signals signals;
    struct supervisor supervisor;
    const struct supervisor_place place = {
        .notify_socket = getenv("NOTIFY_SOCKET"),
        .watchdog_usec = getenv("WATCHDOG_USEC"),
        .watchdog_pid = getenv("WATCHDOG_PID"),
    };
    struct error err = {.text = ""};
    raise_file_limit();
    signals_open(&signals, NULL, NULL);
    supervisor_open(&supervisor, &place, &signals.asked);
    enum status status = open_and_run(config, &supervisor, &err);
    supervisor_close(&supervisor);
    signals_close(&signals);
    if (status == STATUS_OK)
        return CLI_DONE;
    log_error("service", "stopped", LOG_TEXT("reason", err.text));
    return CLI_FAILED;
}
