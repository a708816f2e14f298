// SPDX-License-Identifier: Apache-2.0
#include "registry/cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/fnv.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    HEADER_BYTES_MAX = 96,
    PATH_BYTES_MAX = 4096,
    ADDRESSES_BYTES_MAX = REGISTRY_URLS_MAX * (REGISTRY_URL_BYTES_MAX + 1),
};

static uint64_t checksum(uint32_t id, struct view text)
{
    const uint8_t bytes[4] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                              (uint8_t)id};
    return fnv_add(fnv_add(FNV_START, bytes, sizeof bytes), text.data, text.size);
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

// The addresses, sorted, one a line: their order says nothing of what the ids mean.
static void addresses_append(struct buffer *out, const struct url_list *urls)
{
    const char *bases[REGISTRY_URLS_MAX] = {NULL};
    for (size_t i = 0; i < urls->count; i++)
        bases[i] = urls->urls[i].base;
    qsort(bases, urls->count, sizeof *bases, by_text);
    for (size_t i = 0; i < urls->count; i++) {
        buffer_append(out, bases[i], strlen(bases[i]));
        buffer_append_byte(out, '\n');
    }
}

// mkdir -p
static bool folder_make(const char *path)
{
    char *partial = memory_text(path);
    bool fine = true;
    for (char *at = partial + 1; fine; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        fine = mkdir(partial, 0777) == 0 || errno == EEXIST;
        if (kept == '\0')
            break;
        *at = kept;
    }
    free(partial);
    return fine;
}

// The folder belongs to these addresses: it says so, or is told so now.
static bool folder_claim(const char *folder, struct view addresses, struct error *err)
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/registry", folder);
    struct buffer known;
    buffer_init(&known, ADDRESSES_BYTES_MAX);
    bool found = false;
    bool fine = file_read(path, &known, &found, err) == STATUS_OK;
    bool same = fine && found && view_equal(buffer_view(&known), addresses);
    buffer_release(&known);
    if (same)
        return true;
    if (fine && found)
        error_set(err, STATUS_FATAL, "%s names another registry; delete the folder", path);
    return fine && !found && file_write(path, addresses, err) == STATUS_OK;
}

void cache_init(struct cache *cache, const char *dir, const struct url_list *urls)
{
    *cache = (struct cache){.folder = NULL};
    if (dir == NULL || *dir == '\0')
        return;
    struct buffer addresses;
    buffer_init(&addresses, ADDRESSES_BYTES_MAX);
    addresses_append(&addresses, urls);
    char folder[PATH_BYTES_MAX - 64];
    int size = snprintf(folder, sizeof folder, "%s/%016" PRIx64, dir,
                        fnv_add(FNV_START, addresses.data, addresses.size));
    struct error err;
    error_set(&err, STATUS_FATAL, "the path is too long");
    bool fine = size > 0 && (size_t)size < sizeof folder;
    if (fine && !folder_make(folder)) {
        error_set(&err, STATUS_FATAL, "the folder cannot be made: %m");
        fine = false;
    }
    fine = fine && folder_claim(folder, buffer_view(&addresses), &err);
    buffer_release(&addresses);
    if (fine)
        cache->folder = memory_text(folder);
    else
        log_warn("registry", "schemas are not kept on disk; a restart needs the registry",
                 LOG_TEXT("folder", folder), LOG_TEXT("reason", err.text));
}

void cache_release(struct cache *cache)
{
    free(cache->folder);
    cache->folder = NULL;
}

static void path_of(const struct cache *cache, uint32_t id, char *out)
{
    snprintf(out, PATH_BYTES_MAX, "%s/%" PRIu32 ".schema", cache->folder, id);
}

static int header_write(char *out, uint32_t id, struct view text)
{
    return snprintf(out, HEADER_BYTES_MAX, "cardwatch-schema 1 %" PRIu32 " %zu %016" PRIx64 "\n",
                    id, text.size, checksum(id, text));
}

// A file is right when its header is the one that would be written for its text.
static bool content_read(struct view content, uint32_t id, struct buffer *text)
{
    const uint8_t *end = content.size == 0 ? NULL : memchr(content.data, '\n', content.size);
    if (end == NULL)
        return false;
    size_t header_size = (size_t)(end - content.data) + 1;
    struct view rest = {content.data + header_size, content.size - header_size};
    char header[HEADER_BYTES_MAX];
    struct view expected = {(const uint8_t *)header, (size_t)header_write(header, id, rest)};
    return view_equal(expected, (struct view){content.data, header_size}) &&
           buffer_append(text, rest.data, rest.size);
}

bool cache_read(const struct cache *cache, uint32_t id, struct buffer *text)
{
    if (cache->folder == NULL)
        return false;
    char path[PATH_BYTES_MAX];
    path_of(cache, id, path);
    struct buffer content;
    buffer_init(&content, SCHEMA_BYTES_MAX + HEADER_BYTES_MAX);
    struct error err;
    bool found = false;
    bool fine = file_read(path, &content, &found, &err) == STATUS_OK && found;
    fine = fine && content_read(buffer_view(&content), id, text);
    buffer_release(&content);
    if (found && !fine)
        log_warn("registry", "a damaged schema file is ignored", LOG_TEXT("file", path));
    return fine;
}

void cache_write(struct cache *cache, uint32_t id, struct view text)
{
    if (cache->folder == NULL)
        return;
    char path[PATH_BYTES_MAX];
    char header[HEADER_BYTES_MAX];
    path_of(cache, id, path);
    struct buffer content;
    buffer_init(&content, SCHEMA_BYTES_MAX + HEADER_BYTES_MAX);
    struct error err;
    bool fine = buffer_append(&content, header, (size_t)header_write(header, id, text)) &&
                buffer_append(&content, text.data, text.size) &&
                file_write(path, buffer_view(&content), &err) == STATUS_OK;
    buffer_release(&content);
    if (!fine && !cache->warned)
        log_warn("registry", "a schema cannot be kept on disk; a restart needs the registry for it",
                 LOG_INT("id", id), LOG_TEXT("reason", err.text));
    cache->warned = !fine;
}
