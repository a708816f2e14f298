// SPDX-License-Identifier: Apache-2.0
#include "demo/dev_registry_compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

enum { STEPS_MAX = 100 * 1000, DEPTH_MAX = 256, MESSAGE_BYTES_MAX = 1100 };

struct checker {
    const struct dev_avro *reader;
    const struct dev_avro *writer;
    json_t *messages;
    json_t *open; // "reader writer": pairs of named types being compared (recursive types)
    int steps;
    int depth;
};

static void check(struct checker *checker, const json_t *reader, const json_t *writer);

PRINTF_LIKE(2, 3) static void complain(struct checker *checker, const char *format, ...)
{
    char text[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t i;
    json_t *known;
    json_array_foreach(checker->messages, i, known)
    {
        if (strcmp(json_string_value(known), text) == 0)
            return;
    }
    json_array_append_new(checker->messages, json_string(text));
}

static const json_t *definition_of(const struct dev_avro *avro, const json_t *type)
{
    const char *name = json_string_value(type);
    return name == NULL ? type : json_object_get(avro->names, name);
}

// "int", "record", "array", "union" ...
static const char *kind_of(const struct dev_avro *avro, const json_t *type)
{
    if (json_is_array(type))
        return "union";
    if (json_is_string(type) && dev_avro_primitive(json_string_value(type)))
        return json_string_value(type);
    return json_string_value(json_object_get(definition_of(avro, type), "type"));
}

static bool promotes(const char *writer, const char *reader)
{
    static const char *const allowed[][2] = {
        {"int", "long"},    {"int", "float"},    {"int", "double"},   {"long", "float"},
        {"long", "double"}, {"float", "double"}, {"string", "bytes"}, {"bytes", "string"},
    };
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (strcmp(allowed[i][0], writer) == 0 && strcmp(allowed[i][1], reader) == 0)
            return true;
    }
    return false;
}

static bool array_holds(const json_t *array, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
            return true;
    }
    return false;
}

// Tries one pair on its own, without its messages.
static bool readable(struct checker *checker, const json_t *reader, const json_t *writer)
{
    struct checker trial = *checker;
    trial.messages = json_array();
    check(&trial, reader, writer);
    bool fine = json_array_size(trial.messages) == 0;
    json_decref(trial.messages);
    checker->steps = trial.steps;
    return fine;
}

static void check_reader_union(struct checker *checker, const json_t *reader, const json_t *writer)
{
    size_t i;
    json_t *branch;
    json_array_foreach(reader, i, branch)
    {
        if (readable(checker, branch, writer))
            return;
    }
    complain(checker, "reader union lacking writer type: %s", kind_of(checker->writer, writer));
}

static const json_t *writer_field(const json_t *fields, const json_t *reader_field)
{
    const char *name = json_string_value(json_object_get(reader_field, "name"));
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field)
    {
        if (strcmp(json_string_value(json_object_get(field, "name")), name) == 0)
            return field;
    }
    json_array_foreach(fields, i, field)
    {
        const char *written = json_string_value(json_object_get(field, "name"));
        if (array_holds(json_object_get(reader_field, "aliases"), written))
            return field;
    }
    return NULL;
}

static void check_fields(struct checker *checker, const json_t *reader, const json_t *writer)
{
    const json_t *written = json_object_get(writer, "fields");
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(reader, "fields"), i, field)
    {
        const json_t *match = writer_field(written, field);
        if (match != NULL)
            check(checker, json_object_get(field, "type"), json_object_get(match, "type"));
        else if (json_object_get(field, "default") == NULL)
            complain(checker, "%s", json_string_value(json_object_get(field, "name")));
    }
}

static void check_symbols(struct checker *checker, const json_t *reader, const json_t *writer)
{
    if (json_object_get(reader, "default") != NULL)
        return;
    size_t i;
    json_t *symbol;
    json_array_foreach(json_object_get(writer, "symbols"), i, symbol)
    {
        const char *text = json_string_value(symbol);
        if (!array_holds(json_object_get(reader, "symbols"), text))
            complain(checker, "%s", text);
    }
}

static void check_size(struct checker *checker, const json_t *reader, const json_t *writer)
{
    json_int_t expected = json_integer_value(json_object_get(writer, "size"));
    json_int_t found = json_integer_value(json_object_get(reader, "size"));
    if (expected != found)
        complain(checker, "expected: %lld, found: %lld", (long long)expected, (long long)found);
}

static void check_definitions(struct checker *checker, const json_t *reader, const json_t *writer,
                              const char *kind)
{
    const json_t *read = definition_of(checker->reader, reader);
    const json_t *written = definition_of(checker->writer, writer);
    if (strcmp(kind, "record") == 0)
        check_fields(checker, read, written);
    else if (strcmp(kind, "enum") == 0)
        check_symbols(checker, read, written);
    else
        check_size(checker, read, written);
    const char *name = json_string_value(writer);
    if (strcmp(json_string_value(reader), name) != 0 &&
        !array_holds(json_object_get(read, "aliases"), name))
        complain(checker, "expected: %s", name);
}

// A pair that is being compared further up holds unless something else in it does not.
static void check_named(struct checker *checker, const json_t *reader, const json_t *writer,
                        const char *kind)
{
    char pair[MESSAGE_BYTES_MAX];
    snprintf(pair, sizeof pair, "%s %s", json_string_value(reader), json_string_value(writer));
    if (json_object_get(checker->open, pair) != NULL)
        return;
    json_object_set_new(checker->open, pair, json_true());
    check_definitions(checker, reader, writer, kind);
    json_object_del(checker->open, pair);
}

static void check_plain(struct checker *checker, const json_t *reader, const json_t *writer)
{
    const char *read = kind_of(checker->reader, reader);
    const char *written = kind_of(checker->writer, writer);
    if (strcmp(read, written) != 0) {
        if (!promotes(written, read))
            complain(checker, "reader type: %s not compatible with writer type: %s", read, written);
        return;
    }
    if (strcmp(read, "array") == 0)
        check(checker, json_object_get(reader, "items"), json_object_get(writer, "items"));
    else if (strcmp(read, "map") == 0)
        check(checker, json_object_get(reader, "values"), json_object_get(writer, "values"));
    else if (!dev_avro_primitive(read))
        check_named(checker, reader, writer, read);
}

static void check_writer_union(struct checker *checker, const json_t *reader, const json_t *writer)
{
    size_t i;
    json_t *branch;
    json_array_foreach(writer, i, branch) check(checker, reader, branch);
}

static void check(struct checker *checker, const json_t *reader, const json_t *writer)
{
    if (++checker->steps > STEPS_MAX || checker->depth >= DEPTH_MAX) {
        complain(checker, "the schemas are too complex to be compared");
        return;
    }
    checker->depth++;
    if (json_is_array(writer))
        check_writer_union(checker, reader, writer);
    else if (json_is_array(reader))
        check_reader_union(checker, reader, writer);
    else
        check_plain(checker, reader, writer);
    checker->depth--;
}

void dev_compat_check(const struct dev_avro *reader, const struct dev_avro *writer,
                      json_t *messages)
{
    struct checker checker = {
        .reader = reader, .writer = writer, .messages = messages, .open = json_object()};
    check(&checker, reader->root, writer->root);
    json_decref(checker.open);
}
