// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/dev_registry_calls.h"

enum { PARTS_MAX = 6 };

struct route {
    const char *method;
    const char *path; // "*" stands for one part
    struct dev_answer (*answer)(const struct dev_call *call);
};

// `parts` hold the path's parts, decoded; an empty last one ("/subjects/") is dropped.
struct path {
    char *parts[PARTS_MAX];
    size_t count;
};

static struct dev_answer root(const struct dev_call *call)
{
    (void)call;
    return dev_answer_text(200, "application/json", "{}");
}

static const struct route routes[] = {
    {"GET", "", root},
    {"GET", "subjects", dev_call_subjects},
    {"POST", "subjects/*", dev_call_lookup},
    {"DELETE", "subjects/*", dev_call_delete_subject},
    {"GET", "subjects/*/versions", dev_call_versions},
    {"POST", "subjects/*/versions", dev_call_register},
    {"GET", "subjects/*/versions/*", dev_call_version},
    {"DELETE", "subjects/*/versions/*", dev_call_delete_version},
    {"GET", "subjects/*/versions/*/schema", dev_call_version_schema},
    {"GET", "subjects/*/versions/*/referencedby", dev_call_referenced_by},
    {"GET", "schemas", dev_call_schemas},
    {"GET", "schemas/types", dev_call_types},
    {"GET", "schemas/ids/*", dev_call_schema},
    {"GET", "schemas/ids/*/versions", dev_call_schema_versions},
    {"POST", "compatibility/subjects/*/versions/*", dev_call_compatibility},
    {"GET", "config", dev_call_config},
    {"PUT", "config", dev_call_set_config},
    {"GET", "config/*", dev_call_subject_config},
    {"PUT", "config/*", dev_call_set_subject_config},
    {"DELETE", "config/*", dev_call_unset_subject_config},
    {"GET", "mode", dev_call_mode},
    {"PUT", "mode", dev_call_set_mode},
    {"GET", "mode/*", dev_call_subject_mode},
    {"PUT", "mode/*", dev_call_set_subject_mode},
};

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, digit | 0x20);
    return at == NULL ? -1 : (int)(at - digits);
}

// NULL: it holds an escaped NUL.
static char *decode(const char *text, size_t size)
{
    char *out = memory_copy(text, size);
    size_t at = 0;
    for (size_t i = 0; i < size; i++, at++) {
        out[at] = text[i];
        if (text[i] != '%' || i + 2 >= size)
            continue;
        int high = hex_value(text[i + 1]);
        int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0)
            continue;
        out[at] = (char)(high * 16 + low);
        i += 2;
    }
    out[at] = '\0';
    if (strlen(out) == at)
        return out;
    free(out);
    return NULL;
}

static void path_release(struct path *path)
{
    for (size_t i = 0; i < path->count; i++)
        free(path->parts[i]);
}

// False: no route has such a path.
static bool path_init(struct path *path, const char *text)
{
    *path = (struct path){.count = 0};
    while (*text == '/') {
        text++;
        size_t size = strcspn(text, "/");
        if (size == 0 && text[size] == '\0')
            break;
        char *part = path->count == PARTS_MAX ? NULL : decode(text, size);
        if (part == NULL) {
            path_release(path);
            return false;
        }
        path->parts[path->count++] = part;
        text += size;
    }
    return true;
}

static bool path_matches(const struct path *path, const char *pattern, struct dev_call *call)
{
    size_t arguments = 0;
    for (size_t i = 0; i < path->count; i++) {
        size_t size = strcspn(pattern, "/");
        if (size == 1 && *pattern == '*')
            call->arguments[arguments++] = path->parts[i];
        else if (size != strlen(path->parts[i]) || memcmp(pattern, path->parts[i], size) != 0)
            return false;
        pattern += size;
        if ((*pattern == '/') != (i + 1 < path->count))
            return false;
        pattern += *pattern == '/';
    }
    return *pattern == '\0';
}

// Content-Type matters where there is a body.
static bool body_readable(const struct dev_request *request, struct dev_answer *refusal)
{
    if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0)
        return true;
    if (request->content_type == NULL) {
        *refusal = dev_answer_text(500, "text/plain; charset=utf-8", "Internal Server Error");
        return false;
    }
    if (dev_answer_reads(request->content_type))
        return true;
    *refusal = dev_answer_text(415, NULL, "{\"message\":\"HTTP 415 Unsupported Media Type\"}");
    return false;
}

static struct dev_answer route_answer(const struct route *route, const struct dev_call *call)
{
    const char *type = dev_answer_negotiate(call->request->accept);
    struct dev_answer answer;
    if (type == NULL)
        return dev_answer_text(406, dev_answer_default_type(),
                               "{\"message\":\"HTTP 406 Not Acceptable\"}");
    if (body_readable(call->request, &answer))
        answer = route->answer(call);
    if (answer.content_type == NULL)
        answer.content_type = type;
    return answer;
}

static struct dev_answer path_answer(const struct path *path, struct dev_call *call)
{
    bool known = false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!path_matches(path, routes[i].path, call))
            continue;
        known = true;
        if (strcmp(routes[i].method, call->request->method) == 0)
            return route_answer(&routes[i], call);
    }
    if (known)
        return dev_answer_text(405, "application/json", "\"Method Not Allowed\"");
    return dev_answer_text(404, "application/json", "\"Not Found\"");
}

struct dev_answer dev_routes_answer(struct dev_store *store, const struct dev_request *request)
{
    struct dev_call call = {.store = store, .request = request};
    struct path path;
    if (!path_init(&path, request->path))
        return dev_answer_text(404, "application/json", "\"Not Found\"");
    struct dev_answer answer = path_answer(&path, &call);
    path_release(&path);
    return answer;
}

bool dev_routes_is_fetch(const char *method, const char *path)
{
    static const char prefix[] = "/schemas/ids/";
    return strcmp(method, "GET") == 0 && strncmp(path, prefix, sizeof prefix - 1) == 0 &&
           strchr(path + sizeof prefix - 1, '/') == NULL;
}
