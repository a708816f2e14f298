// SPDX-License-Identifier: Apache-2.0
#include "registry/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

// A part of the URL as a text of its own, decoded; NULL when it is not there.
static char *part_of(CURLU *handle, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(handle, part, &text, CURLU_URLDECODE) != CURLUE_OK)
        return NULL;
    char *copy = memory_text(text);
    curl_free(text);
    return copy;
}

// Also when it cannot be decoded, because it holds an escaped control character.
static bool has_part(CURLU *handle, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(handle, part, &text, 0) != CURLUE_OK)
        return false;
    bool there = *text != '\0';
    curl_free(text);
    return there;
}

static bool has_bad_credentials(CURLU *handle, const struct url *url)
{
    return (url->username == NULL && has_part(handle, CURLUPART_USER)) ||
           (url->password == NULL && has_part(handle, CURLUPART_PASSWORD));
}

static bool is_http(CURLU *handle)
{
    char *scheme = part_of(handle, CURLUPART_SCHEME);
    bool http = scheme != NULL && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    free(scheme);
    return http;
}

// The URL without what must not be shown, and without the slashes at its end.
static char *base_of(CURLU *handle)
{
    char *text = NULL;
    if (curl_url_get(handle, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return NULL;
    char *base = memory_text(text);
    curl_free(text);
    for (size_t size = strlen(base); size > 0 && base[size - 1] == '/';)
        base[--size] = '\0';
    return base;
}

static enum status url_read(CURLU *handle, const char *text, struct url *out, struct error *err)
{
    // What stands before the last @ may be a password.
    const char *at = strrchr(text, '@');
    const char *shown = at == NULL ? text : at + 1;
    if (strlen(text) > REGISTRY_URL_BYTES_MAX ||
        curl_url_set(handle, CURLUPART_URL, text, 0) != CURLUE_OK || !is_http(handle))
        return error_set(err, STATUS_FATAL,
                         "schema_registry.url: '%.200s' is not a URL that starts with http:// or "
                         "https://; write for example http://localhost:8081",
                         shown);
    if (has_part(handle, CURLUPART_QUERY) || has_part(handle, CURLUPART_FRAGMENT))
        return error_set(err, STATUS_FATAL,
                         "schema_registry.url: '%.200s' holds a '?' or '#'; give the address of "
                         "the registry's root alone",
                         shown);
    out->username = part_of(handle, CURLUPART_USER);
    out->password = part_of(handle, CURLUPART_PASSWORD);
    if (has_bad_credentials(handle, out))
        return error_set(err, STATUS_FATAL,
                         "schema_registry.url: the user or the password for '%.200s' holds an "
                         "escaped control character",
                         shown);
    curl_url_set(handle, CURLUPART_USER, NULL, 0);
    curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
    out->base = base_of(handle);
    if (out->base == NULL)
        return error_set(err, STATUS_FATAL, "schema_registry.url: '%.200s' cannot be read", shown);
    // The base is shown in the log, and a mistyped address may have its password in the path.
    if (strchr(out->base, '@') != NULL)
        return error_set(
            err, STATUS_FATAL,
            "schema_registry.url: '...@%.200s' holds an '@' that does not stand behind "
            "a user's name; write http://USER:PASSWORD@HOST:PORT, and %%40 in a path",
            shown);
    return STATUS_OK;
}

static enum status url_add(struct url_list *list, const char *text, struct error *err)
{
    if (list->count == REGISTRY_URLS_MAX)
        return error_set(err, STATUS_FATAL, "schema_registry.url: more than %d addresses",
                         REGISTRY_URLS_MAX);
    CURLU *handle = curl_url();
    if (handle == NULL)
        return error_set(err, STATUS_FATAL, "schema_registry.url: out of memory");
    enum status status = url_read(handle, text, &list->urls[list->count++], err);
    curl_url_cleanup(handle);
    return status;
}

enum status url_list_init(struct url_list *list, const char *text, struct error *err)
{
    *list = (struct url_list){.count = 0};
    enum status status = STATUS_OK;
    while (*text != '\0' && status == STATUS_OK) {
        text += strspn(text, ", \t\n");
        size_t size = strcspn(text, ", \t\n");
        if (size == 0)
            break;
        char *item = memory_copy(text, size);
        status = url_add(list, item, err);
        free(item);
        text += size;
    }
    if (status == STATUS_OK && list->count == 0)
        status = error_set(err, STATUS_FATAL,
                           "schema_registry.url is empty: give the registry's address, for "
                           "example http://localhost:8081");
    if (status != STATUS_OK)
        url_list_release(list);
    return status;
}

void url_list_release(struct url_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->urls[i].base);
        free(list->urls[i].username);
        free(list->urls[i].password);
    }
    *list = (struct url_list){.count = 0};
}

bool url_append_escaped(struct buffer *out, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *name != '\0'; name++) {
        unsigned char byte = (unsigned char)*name;
        bool plain = byte < 128 && (isalnum(byte) || strchr("-._~", byte) != NULL);
        const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        if (plain ? !buffer_append_byte(out, byte) : !buffer_append(out, escaped, 3))
            return false;
    }
    return true;
}
