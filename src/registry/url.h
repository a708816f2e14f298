// SPDX-License-Identifier: Apache-2.0
// The registry's addresses as configured: several by commas, each http or https, with an optional
// path prefix and credentials; and the escaping of names in paths.
#ifndef REGISTRY_URL_H
#define REGISTRY_URL_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"

enum { REGISTRY_URLS_MAX = 8, REGISTRY_URL_BYTES_MAX = 2048 };

// One registry node. `base` has neither credentials nor a slash at its end, so it can be shown.
struct url {
    char *base;
    char *username; // NULL: none in the URL
    char *password;
};

struct url_list {
    struct url urls[REGISTRY_URLS_MAX];
    size_t count; // at least 1 after url_list_init
};

// Reads "URL[,URL]...". STATUS_FATAL names the URL that is wrong (without credentials) and why.
enum status url_list_init(struct url_list *list, const char *text, struct error *err) MUST_USE;
void url_list_release(struct url_list *list);

// Appends `name` as one part of a path: everything but letters, digits and "-._~" as %XX. False
// when the buffer's maximum would be passed.
bool url_append_escaped(struct buffer *out, const char *name);

#endif
