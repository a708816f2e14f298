// SPDX-License-Identifier: Apache-2.0
// The service: configuration to running workers, one thread each, and back down again.
#ifndef STREAM_SERVICE_H
#define STREAM_SERVICE_H

#include <stdatomic.h>

#include "base/status.h"
#include "config/config.h"
#include "stream/exposition.h"

struct service;

// Takes the state directory, connects, makes the service's own topics, registers the alert schema.
// Waits (and says so) while the cluster or the registry is out of reach, until *stop is set
// (STATUS_RETRY then). STATUS_FATAL: the sentence says what is wrong and what to do. `config` and
// `stop` must outlive the service.
enum status service_open(const struct config *config, const atomic_bool *stop, struct service **out,
                         struct error *err) MUST_USE;

// Runs the workers until *stop is set (STATUS_OK: everything is committed and checkpointed) or one
// of them has to leave (STATUS_FATAL).
enum status service_run(struct service *service, struct error *err) MUST_USE;

void service_close(struct service *service);

// What metrics and readiness are made from. Valid until service_close.
struct exposition service_exposition(struct service *service);

#endif
