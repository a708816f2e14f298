// SPDX-License-Identifier: Apache-2.0
// A YAML document as a flat list: each scalar, map and list with its path ("rules.0.window_ms").
#ifndef CONFIG_FLAT_H
#define CONFIG_FLAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "config/mistakes.h"

enum {
    YAML_BYTES_MAX = 1024 * 1024,
    FLAT_ENTRIES_MAX = 4096, // aliases count each time that they are used
    FLAT_DEPTH_MAX = 8,
    FLAT_PATH_BYTES_MAX = 256,
};

enum flat_kind { FLAT_SCALAR, FLAT_NULL, FLAT_MAP, FLAT_LIST };

struct flat_entry {
    char *path;
    char *value; // of a scalar; NUL-terminated, may hold NULs inside
    size_t value_size;
    enum flat_kind kind;
    size_t line;
};

// Entries in the document's order: those inside a map or list follow it directly.
struct flat {
    struct flat_entry *entries;
    size_t count;
    size_t capacity;
};

void flat_init(struct flat *flat);
void flat_release(struct flat *flat);
void flat_add_scalar(struct flat *flat, struct view path, struct view value, size_t line);

// Reads one document. `root` is the path of the document itself: "" for a file, which must hold a
// map (or nothing). Mistakes: bad YAML, keys given twice, keys that are no text, bounds passed.
void flat_read(struct flat *flat, struct view yaml, const char *root, struct view source,
               struct mistakes *mistakes);

#endif
