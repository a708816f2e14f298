// SPDX-License-Identifier: Apache-2.0
// A worker's compiled writer schemas, by id.
#ifndef STREAM_SCHEMAS_H
#define STREAM_SCHEMAS_H

#include "stream/settings.h"
#include "wire/flag.h"
#include "wire/purchase.h"

enum schema_verdict {
    SCHEMA_READY,
    SCHEMA_PENDING,  // not known yet: ask again later
    SCHEMA_UNKNOWN,  // the registry does not have it
    SCHEMA_MISMATCH, // it cannot be read as a purchase, or as a flag
};

struct schemas;

// Of purchases, for schemas_plan; of travel flags, for schemas_flag.
struct schemas *schemas_open(const struct schema_source *source, uint32_t needed_fields);
struct schemas *schemas_open_flags(const struct schema_source *source);
void schemas_close(struct schemas *schemas);

// The plan of an id: *plan for READY, *reason (valid until close) for UNKNOWN and MISMATCH. An
// unknown id is asked for again after a minute.
enum schema_verdict schemas_plan(struct schemas *schemas, uint32_t id, int64_t now_ms,
                                 const struct purchase_plan **plan, const char **reason);
enum schema_verdict schemas_flag(struct schemas *schemas, uint32_t id, int64_t now_ms,
                                 const struct flag_plan **plan, const char **reason);

#endif
