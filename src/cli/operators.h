// SPDX-License-Identifier: Apache-2.0
// The HTTP endpoint on a running service: what `run` and `demo` show to operators.
#ifndef CLI_OPERATORS_H
#define CLI_OPERATORS_H

#include "config/config.h"
#include "ops/endpoint.h"
#include "stream/service.h"

struct operators {
    struct exposition exposition;
    struct endpoint *endpoint; // NULL: off
};

// Listens on http.listen of the configuration; off when that is empty. When it is taken and is the
// default, or `else_any_port` is given, on a free port: nobody has chosen it. Must be closed before
// the service is.
enum status operators_open(struct operators *operators, struct service *service,
                           const struct config *config, bool else_any_port,
                           struct error *err) MUST_USE;
void operators_close(struct operators *operators);

// 0 when it is off.
unsigned operators_port(const struct operators *operators);

#endif
