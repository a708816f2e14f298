// SPDX-License-Identifier: Apache-2.0
// Schemas by id on disk, so that a restart works while the registry is down. An id's schema never
// changes, so a file is written once and never looked at again until the next start.
//
//   <dir>/<hash>/registry     the addresses that the ids come from, one a line
//   <dir>/<hash>/<id>.schema  "cardwatch-schema 1 ID BYTES CHECKSUM\n" and the text, BYTES long
//
// HASH is of the addresses (sorted, without credentials): the ids of another registry mean other
// schemas, so another address has another folder, and an old one is found again when the address
// comes back. A registry that was emptied and started over under the same address cannot be told
// from the old one: delete <dir> then.
//
// Crash behaviour: files are written beside and renamed; a file whose header, length or checksum
// (FNV-1a of id and text) is not right is ignored and fetched again. A full or read-only disk
// costs a warning, nothing else. One thread.
#ifndef REGISTRY_CACHE_H
#define REGISTRY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "registry/url.h"

struct cache {
    char *folder; // NULL: off
    bool warned;  // of a failing write, until one succeeds
};

// `dir` NULL or "": off. Makes what is missing; if that fails, the cache is off, with a warning.
void cache_init(struct cache *cache, const char *dir, const struct url_list *urls);
void cache_release(struct cache *cache);

// True: `text` (an empty buffer) holds the schema.
bool cache_read(const struct cache *cache, uint32_t id, struct buffer *text);
void cache_write(struct cache *cache, uint32_t id, struct view text);

#endif
