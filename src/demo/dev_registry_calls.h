// SPDX-License-Identifier: Apache-2.0
// The development registry's handlers: one function a method and path.
#ifndef DEMO_DEV_REGISTRY_CALLS_H
#define DEMO_DEV_REGISTRY_CALLS_H

#include "demo/dev_registry_routes.h"

enum { DEV_CALL_ARGUMENTS_MAX = 2 };

struct dev_call {
    struct dev_store *store;
    const struct dev_request *request;
    const char *arguments[DEV_CALL_ARGUMENTS_MAX]; // the path's variable parts, decoded
};

// Schemas by id (dev_registry_schemas.c).
struct dev_answer dev_call_types(const struct dev_call *call);
struct dev_answer dev_call_schemas(const struct dev_call *call);
struct dev_answer dev_call_schema(const struct dev_call *call);          // id
struct dev_answer dev_call_schema_versions(const struct dev_call *call); // id

// Subjects and versions (dev_registry_subjects.c).
struct dev_answer dev_call_subjects(const struct dev_call *call);
struct dev_answer dev_call_versions(const struct dev_call *call);       // subject
struct dev_answer dev_call_version(const struct dev_call *call);        // subject, version
struct dev_answer dev_call_version_schema(const struct dev_call *call); // subject, version
struct dev_answer dev_call_referenced_by(const struct dev_call *call);  // subject, version
struct dev_answer dev_call_delete_subject(const struct dev_call *call); // subject
struct dev_answer dev_call_delete_version(const struct dev_call *call); // subject, version

// Calls that carry a schema (dev_registry_register.c).
struct dev_answer dev_call_register(const struct dev_call *call);      // subject
struct dev_answer dev_call_lookup(const struct dev_call *call);        // subject
struct dev_answer dev_call_compatibility(const struct dev_call *call); // subject, version

// Compatibility levels and modes (dev_registry_settings.c).
struct dev_answer dev_call_config(const struct dev_call *call);
struct dev_answer dev_call_set_config(const struct dev_call *call);
struct dev_answer dev_call_subject_config(const struct dev_call *call);       // subject
struct dev_answer dev_call_set_subject_config(const struct dev_call *call);   // subject
struct dev_answer dev_call_unset_subject_config(const struct dev_call *call); // subject
struct dev_answer dev_call_mode(const struct dev_call *call);
struct dev_answer dev_call_set_mode(const struct dev_call *call);
struct dev_answer dev_call_subject_mode(const struct dev_call *call);     // subject
struct dev_answer dev_call_set_subject_mode(const struct dev_call *call); // subject

// Shared answers.
struct dev_answer dev_call_no_subject(const char *name);
struct dev_answer dev_call_no_version(int number);
struct dev_answer dev_call_full(void);
// {"subject","version","id","schema"} and "schemaType" where it is not Avro.
json_t *dev_call_version_json(const struct dev_store *store, const struct dev_subject *subject,
                              const struct dev_version *version);
// "latest" and "-1" give -1. False: `refusal` is the answer.
bool dev_call_version_number(const char *text, int *number, struct dev_answer *refusal);

#endif
