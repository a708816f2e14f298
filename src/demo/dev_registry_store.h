// SPDX-License-Identifier: Apache-2.0
// What the development registry holds, in memory and bounded: schemas with ids counted from 1 for
// the whole registry (the same schema has one id, in any subject, for ever), subjects with
// versions counted from 1 each, compatibility levels and modes. One thread.
#ifndef DEMO_DEV_REGISTRY_STORE_H
#define DEMO_DEV_REGISTRY_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DEV_STORE_SCHEMAS_MAX = 4096,
    DEV_STORE_SUBJECTS_MAX = 4096,
    DEV_STORE_VERSIONS_MAX = 4096,          // of a subject, deleted ones included
    DEV_STORE_BYTES_MAX = 64 * 1024 * 1024, // of all schema texts
    DEV_STORE_SETTING_BYTES = 24,
};

struct dev_schema {
    char *type; // "AVRO", "JSON"
    char *text; // canonical
};

struct dev_version {
    int number;
    uint32_t id;
    bool deleted; // softly
};

struct dev_subject {
    char *name;
    struct dev_version *versions; // in the order of their numbers
    size_t count;
    int last_number;
    char level[DEV_STORE_SETTING_BYTES]; // "": the registry's
    char mode[DEV_STORE_SETTING_BYTES];  // "": the registry's
};

struct dev_store {
    struct dev_schema *schemas; // id N is at N - 1
    size_t schema_count;
    size_t schema_bytes;
    struct dev_subject *subjects; // in the order of their first registration
    size_t subject_count;
    char level[DEV_STORE_SETTING_BYTES];
    char mode[DEV_STORE_SETTING_BYTES];
};

void dev_store_init(struct dev_store *store);
void dev_store_release(struct dev_store *store);

// NULL: no such id.
const struct dev_schema *dev_store_schema(const struct dev_store *store, int64_t id);
// 0: not held.
uint32_t dev_store_id(const struct dev_store *store, const char *type, const char *text);
// The schema's id, a new one when it is not held yet. 0: the store is full.
uint32_t dev_store_schema_add(struct dev_store *store, const char *type, const char *text);

// NULL: no such subject. Pointers to subjects and versions hold until the store changes.
struct dev_subject *dev_store_subject(const struct dev_store *store, const char *name);
// Finds or adds. NULL: the store is full.
struct dev_subject *dev_store_subject_add(struct dev_store *store, const char *name);
void dev_store_subject_remove(struct dev_store *store, struct dev_subject *subject);

// True when the subject has a version that is not deleted (any version, with `deleted`).
bool dev_subject_live(const struct dev_subject *subject, bool deleted);
// number < 0: the latest. NULL: there is none.
struct dev_version *dev_subject_version(const struct dev_subject *subject, int number,
                                        bool deleted);
// The version that holds schema `id`. NULL: there is none.
struct dev_version *dev_subject_holds(const struct dev_subject *subject, uint32_t id, bool deleted);
// False: the subject is full.
bool dev_subject_add(struct dev_subject *subject, uint32_t id);
void dev_subject_remove(struct dev_subject *subject, struct dev_version *version);

#endif
