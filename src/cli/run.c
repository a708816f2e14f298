// SPDX-License-Identifier: Apache-2.0
// `cardwatch run`: the service, until SIGTERM or SIGINT. A second signal exits at once, which is
// as safe as a crash.
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"
#include "ops/endpoint.h"
#include "stream/service.h"

static atomic_bool stop_requested;

static void on_signal(int signal_number)
{
    (void)signal_number;
    if (atomic_exchange(&stop_requested, true))
        _exit(1);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

// Each partition's store holds a few files open.
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool show_metrics(void *context, struct buffer *out)
{
    return exposition_metrics(context, out);
}

static bool show_ready(void *context, struct buffer *reason)
{
    return exposition_ready(context, reason);
}

static bool is_default_listen(const char *listen)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, "http.listen") == 0)
            return strcmp(listen, keys[i].fallback) == 0;
    return false;
}

// An address that nobody has chosen is no reason not to start: a second process on the machine gets
// a free port. One from the configuration is meant.
static enum status listen_for_operators(const char *listen, const struct endpoint_source *source,
                                        struct endpoint **out, struct error *err)
{
    *out = NULL;
    if (listen[0] == '\0')
        return STATUS_OK;
    enum status status = endpoint_open(listen, source, out, err);
    if (status != STATUS_OK && is_default_listen(listen)) {
        log_warn("http", "the default address is taken: metrics are on a free port",
                 LOG_TEXT("reason", err->text));
        status = endpoint_open("127.0.0.1:0", source, out, err);
    }
    if (status == STATUS_OK)
        log_info("http", "listening", LOG_TEXT("listen", listen),
                 LOG_INT("port", endpoint_port(*out)));
    return status;
}

static enum status serve_and_run(const struct config *config, struct service *service,
                                 struct error *err)
{
    struct exposition exposition = service_exposition(service);
    const struct endpoint_source source = {show_metrics, show_ready, &exposition};
    struct endpoint *endpoint;
    enum status status = listen_for_operators(config->http.listen, &source, &endpoint, err);
    if (status == STATUS_OK)
        status = service_run(service, err);
    if (endpoint != NULL)
        endpoint_close(endpoint);
    return status;
}

int cli_run(const struct config *config)
{
    struct service *service;
    struct error err = {.text = ""};
    raise_file_limit();
    catch_signals();
    enum status status = service_open(config, &stop_requested, &service, &err);
    if (status == STATUS_OK) {
        status = serve_and_run(config, service, &err);
        service_close(service);
    }
    if (atomic_load(&stop_requested) && status == STATUS_RETRY)
        return 0; // asked to stop before there was anything to run
    if (status != STATUS_OK) {
        log_error("service", "stopped", LOG_TEXT("reason", err.text));
        return 1;
    }
    return 0;
}
