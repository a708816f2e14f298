// SPDX-License-Identifier: Apache-2.0
#include "cli/operators.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "stream/health.h"
#include "stream/report.h"

static bool show_metrics(void *context, struct buffer *out)
{
    return exposition_metrics(context, out);
}

static bool show_ready(void *context, struct buffer *reason)
{
    return exposition_ready(context, reason);
}

static bool show_alive(void *context, struct buffer *reason)
{
    return health_is_alive(context, clock_now_ms(), reason);
}

static bool show_status(void *context, struct buffer *out)
{
    return report_status(context, clock_wall_ms(), out);
}

static bool show_alerts(void *context, uint64_t *after, struct buffer *out)
{
    return report_alerts(context, after, out);
}

static bool ask_card(void *context, struct view card)
{
    return report_card_ask(context, card);
}

static bool answer_card(void *context, struct view card, struct buffer *out)
{
    return report_card_answer(context, card, out);
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

static void tell(const struct operators *operators, const struct config *config)
{
    const char *listen = config->http.listen;
    log_info("http", "listening", LOG_TEXT("listen", listen),
             LOG_INT("port", operators_port(operators)));
    if (endpoint_is_public(listen) && config->http.token_file[0] == '\0')
        log_warn("http",
                 "other machines can reach the dashboard and no token is asked for: set "
                 "http.token_file",
                 LOG_TEXT("listen", listen));
}

enum status operators_open(struct operators *operators, struct service *service,
                           const struct config *config, bool else_any_port, struct error *err)
{
    *operators = (struct operators){.exposition = service_exposition(service)};
    struct endpoint_place place = {config->http.listen, config->http.token_file};
    const struct endpoint_source source = {
        .metrics = show_metrics,
        .ready = show_ready,
        .alive = show_alive,
        .status = show_status,
        .alerts = show_alerts,
        .card_ask = ask_card,
        .card_answer = answer_card,
        .context = &operators->exposition,
    };
    if (place.listen[0] == '\0')
        return STATUS_OK;
    enum status status = endpoint_open(&place, &source, &operators->endpoint, err);
    if (status != STATUS_OK && (else_any_port || is_default_listen(place.listen))) {
        log_warn("http", "the default address is taken: listening on a free port",
                 LOG_TEXT("reason", err->text));
        place.listen = "127.0.0.1:0";
        status = endpoint_open(&place, &source, &operators->endpoint, err);
    }
    if (status == STATUS_OK)
        tell(operators, config);
    return status;
}

void operators_close(struct operators *operators)
{
    if (operators->endpoint != NULL)
        endpoint_close(operators->endpoint);
    operators->endpoint = NULL;
}

unsigned operators_port(const struct operators *operators)
{
    return operators->endpoint != NULL ? endpoint_port(operators->endpoint) : 0;
}
