// SPDX-License-Identifier: Apache-2.0
// The subject of masked purchases. They keep the schema id of their writer, by which every reader
// finds the schema; the subject is for tools that look there. So nothing here stops the service.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "stream/setup.h"

enum { TRY_FOR_MS = 3000 };

static enum status copy_latest(const struct config *config, struct registry *registry, uint32_t *id,
                               struct error *err)
{
    char from[300];
    char to[300];
    uint32_t writer_id;
    char *schema = NULL;
    snprintf(from, sizeof(from), "%s-value", config->topics.purchases);
    snprintf(to, sizeof(to), "%s-value", config->topics.masked_purchases);
    enum status status = registry_latest(registry, from, TRY_FOR_MS, &writer_id, &schema, err);
    if (status == STATUS_OK)
        status = registry_register(registry, to, view_text(schema), TRY_FOR_MS, id, err);
    free(schema);
    return status;
}

void setup_masked_subject(const struct config *config, struct registry *registry)
{
    struct error err;
    uint32_t id;
    if (config->topics.masked_purchases[0] == '\0' || !config->schema_registry.auto_register)
        return;
    if (copy_latest(config, registry, &id, &err) == STATUS_OK)
        log_info("service", "subject of masked purchases has the purchases' latest schema",
                 LOG_TEXT("topic", config->topics.masked_purchases), LOG_INT("schema_id", id));
    else
        log_warn("service",
                 "the purchases' latest schema could not be registered for masked purchases too; "
                 "readers find it by its id all the same",
                 LOG_TEXT("topic", config->topics.masked_purchases), LOG_TEXT("reason", err.text));
}
