// SPDX-License-Identifier: Apache-2.0
#include "wire/json_out.h"

#include <inttypes.h>

#include "wire/json_text.h"

static void begin(struct json_out *out, const char *name)
{
    bool ok = !out->failed;
    if (ok && out->more)
        ok = buffer_append_byte(out->buffer, ',');
    if (ok && name != NULL)
        ok = json_text_append(out->buffer, view_text(name)) && buffer_append_byte(out->buffer, ':');
    out->more = true;
    out->failed = !ok;
}

static void put(struct json_out *out, const char *text)
{
    out->failed = out->failed || !buffer_append(out->buffer, text, strlen(text));
}

static void open_with(struct json_out *out, const char *name, const char *bracket)
{
    begin(out, name);
    put(out, bracket);
    out->more = false;
}

static void close_with(struct json_out *out, const char *bracket)
{
    put(out, bracket);
    out->more = true;
}

void json_out_object(struct json_out *out, const char *name)
{
    open_with(out, name, "{");
}

void json_out_object_end(struct json_out *out)
{
    close_with(out, "}");
}

void json_out_array(struct json_out *out, const char *name)
{
    open_with(out, name, "[");
}

void json_out_array_end(struct json_out *out)
{
    close_with(out, "]");
}

void json_out_integer(struct json_out *out, const char *name, int64_t value)
{
    begin(out, name);
    out->failed = out->failed || !buffer_append_format(out->buffer, "%" PRId64, value);
}

void json_out_integer_if(struct json_out *out, const char *name, bool known, int64_t value)
{
    if (known)
        json_out_integer(out, name, value);
    else
        json_out_null(out, name);
}

void json_out_count(struct json_out *out, const char *name, uint64_t value)
{
    begin(out, name);
    out->failed = out->failed || !buffer_append_format(out->buffer, "%" PRIu64, value);
}

void json_out_real(struct json_out *out, const char *name, double value)
{
    begin(out, name);
    out->failed = out->failed || !json_real_append(out->buffer, value, false);
}

void json_out_truth(struct json_out *out, const char *name, bool value)
{
    begin(out, name);
    put(out, value ? "true" : "false");
}

void json_out_null(struct json_out *out, const char *name)
{
    begin(out, name);
    put(out, "null");
}

void json_out_text(struct json_out *out, const char *name, const char *value)
{
    begin(out, name);
    out->failed = out->failed || !json_text_append(out->buffer, view_text(value));
}
