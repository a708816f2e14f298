// SPDX-License-Identifier: Apache-2.0
#include "lib/registrar.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "lib/workspace.h"
#include "registry/registry.h"
#include "wire/schemas.h"

enum { DEADLINE_MS = 20000, SCHEMA_FRAME_BYTES = 5 };

static uint32_t put(struct registry *registry, const char *topic, const char *suffix,
                    struct view schema)
{
    struct error err;
    uint32_t id;
    char *subject = workspace_text("%s-%s", topic, suffix);
    if (registry_register(registry, subject, schema, DEADLINE_MS, &id, &err) != STATUS_OK) {
        fprintf(stderr, "registering %s failed: %s\n", subject, err.text);
        exit(1);
    }
    free(subject);
    return id;
}

struct view registrar_longer_schema(void)
{
#define NULLABLE(name, type)                                                                       \
    "{\"name\": \"" name "\", \"type\": [\"null\", \"" type "\"], \"default\": null}"
    return view_text(
        "{\"type\": \"record\", \"name\": \"Purchase\", "
        "\"namespace\": \"com.example.model\", \"fields\": ["
        "{\"name\": \"id\", \"type\": \"long\"}, " NULLABLE("category", "string") ", " NULLABLE(
            "amount",
            "double") ", " NULLABLE("credit_card",
                                    "string") ", " NULLABLE("distance_from_billing_zip",
                                                            "double") ", "
                                                                      "{\"name\": \"timestamp\", "
                                                                      "\"type\": [\"null\", "
                                                                      "{\"type\": \"long\", "
                                                                      "\"logicalType\": "
                                                                      "\"timestamp-millis\"}], "
                                                                      "\"default\": "
                                                                      "null}, " NULLABLE(
                                                                          "note", "string") "]}");
#undef NULLABLE
}

struct registrar_ids registrar_register(const char *url, const char *purchases_topic,
                                        const char *alerts_topic)
{
    const struct registry_settings settings = {
        .url = url,
        .timeout_ms = 5000,
        .unknown_after_ms = 10000,
    };
    struct registry *registry;
    struct error err;
    if (registry_open(&settings, &registry, &err) != STATUS_OK) {
        fprintf(stderr, "registry: %s\n", err.text);
        exit(1);
    }
    struct registrar_ids ids;
    ids.purchase = put(registry, purchases_topic, "value", schema_purchase());
    ids.alert = put(registry, alerts_topic, "value", schema_alert());
    ids.mismatch = put(registry, purchases_topic, "mismatch", generator_mismatch_schema());
    ids.longer = put(registry, purchases_topic, "value", registrar_longer_schema());
    registry_close(registry);
    return ids;
}

void registrar_lengthen(const struct registrar_ids *ids, struct generated *message,
                        struct buffer *value)
{
    struct view body = {message->value.data + SCHEMA_FRAME_BYTES,
                        message->value.size - SCHEMA_FRAME_BYTES};
    buffer_clear(value);
    bool room = buffer_append_byte(value, 0) && buffer_append_be32(value, ids->longer) &&
                buffer_append(value, body.data, body.size) && buffer_append_byte(value, 0);
    ensure(room);
    message->value = buffer_view(value);
}
