// SPDX-License-Identifier: Apache-2.0
#include "wire/json_avro.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "wire/json_scalar.h"

enum {
    DEPTH_MAX = 1024,                 // of values in one another, those in defaults included
    DEFAULT_VALUES_MAX = 1024 * 1024, // of one datum, that come from defaults
    PATH_BYTES_MAX = 160,
};

struct json_avro {
    const struct avsc *avsc;
    struct tree *defaults; // by field; without nodes: none
};

// Where a value is: a member of what is up, or its item when the name is absent.
struct place {
    const struct place *up;
    struct view name;
    size_t index;
};

// Where encoding is. When `failed` is set nothing more is done.
struct encoding {
    const struct json_avro *encoder;
    const struct avsc *avsc;
    const struct tree *tree; // the text's, or that of a default
    struct buffer *out;
    struct error *err;
    bool failed;
    bool in_default;
    unsigned depth;
    unsigned default_values;
};

static void value_encode(struct encoding *walk, uint32_t index, uint32_t node,
                         const struct place *place);

enum status json_avro_open(const struct avsc *avsc, struct json_avro **out, struct error *err)
{
    struct json_avro *encoder = memory_zeroed(1, sizeof(*encoder));
    enum status status = STATUS_OK;
    encoder->avsc = avsc;
    encoder->defaults = memory_zeroed(avsc->field_count, sizeof(*encoder->defaults));
    for (uint32_t i = 0; i < avsc->field_count && status == STATUS_OK; i++) {
        const struct avsc_field *field = &avsc->fields[i];
        const char *reason;
        size_t at;
        if (field->fallback_json == NULL)
            continue;
        char *text = json_dumps(field->fallback_json, JSON_ENCODE_ANY);
        if (text == NULL || !tree_read(&encoder->defaults[i], view_text(text), &reason, &at))
            status = error_set(err, STATUS_RECORD, "the default of field %.128s cannot be used: %s",
                               (const char *)field->name.data, text == NULL ? "depth" : reason);
        free(text);
    }
    if (status != STATUS_OK) {
        json_avro_close(encoder);
        return status;
    }
    *out = encoder;
    return STATUS_OK;
}

void json_avro_close(struct json_avro *encoder)
{
    if (encoder == NULL)
        return;
    for (uint32_t i = 0; i < encoder->avsc->field_count; i++)
        tree_release(&encoder->defaults[i]);
    free(encoder->defaults);
    free(encoder);
}

// --- Sentences -----------------------------------------------------------------------------------

// "items[2].price"; what does not fit is left out at the front.
static void path_write(const struct place *place, char out[PATH_BYTES_MAX])
{
    size_t at = PATH_BYTES_MAX - 1;
    char part[PATH_BYTES_MAX - 16];
    out[at] = '\0';
    for (; place != NULL; place = place->up) {
        if (place->name.data != NULL)
            snprintf(part, sizeof(part), "%s%.100s", place->up != NULL ? "." : "",
                     (const char *)place->name.data);
        else
            snprintf(part, sizeof(part), "[%zu]", place->index);
        size_t size = strlen(part);
        if (size + 4 > at) {
            memcpy(out + at - 3, "...", 3);
            at -= 3;
            break;
        }
        at -= size;
        memcpy(out + at, part, size);
    }
    memmove(out, out + at, PATH_BYTES_MAX - at);
}

static void fail(struct encoding *walk, const struct place *place, const char *reason)
{
    char path[PATH_BYTES_MAX];
    if (walk->failed)
        return;
    walk->failed = true;
    path_write(place, path);
    enum status ignored =
        error_set(walk->err, STATUS_RECORD, "%s%s%s", path, path[0] != '\0' ? ": " : "", reason);
    (void)ignored;
}

static void written(struct encoding *walk, const struct place *place, bool fits)
{
    if (!fits)
        fail(walk, place, "the record is too large");
}

// --- Unions --------------------------------------------------------------------------------------

static bool has_default(const struct encoding *walk, const struct avsc_field *field)
{
    return walk->encoder->defaults[field - walk->avsc->fields].count > 0;
}

// All members are fields, and all fields without a default are members.
static bool record_fits(const struct encoding *walk, const struct avsc_type *type, uint32_t node)
{
    const struct tree *tree = walk->tree;
    if (tree->nodes[node].kind != TREE_OBJECT)
        return false;
    for (uint32_t at = node + 1; at < tree->nodes[node].end; at = tree->nodes[at].end) {
        if (avsc_field_find(walk->avsc, type, tree->nodes[at].name) == NULL)
            return false;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct avsc_field *field = &walk->avsc->fields[type->first_field + i];
        if (!has_default(walk, field) && tree_member(tree, node, field->name) == 0)
            return false;
    }
    return true;
}

// A look at the value itself, not at what is in it: the work stays linear, however unions nest.
static bool fits(const struct encoding *walk, const struct avsc_type *type, uint32_t node,
                 bool plainly)
{
    enum tree_kind kind = walk->tree->nodes[node].kind;
    switch ((enum avsc_kind)type->kind) {
    case AVSC_ARRAY:
        return kind == TREE_ARRAY;
    case AVSC_MAP:
        return kind == TREE_OBJECT && !plainly;
    case AVSC_RECORD:
        return record_fits(walk, type, node);
    case AVSC_UNION:
        return false; // never directly in a union
    default:
        return json_scalar_fits(walk->avsc, type, &walk->tree->nodes[node], plainly);
    }
}

static const struct avsc_type *branch_of(const struct encoding *walk, const struct avsc_type *type,
                                         uint32_t branch)
{
    return &walk->avsc->types[walk->avsc->links[type->first_link + branch]];
}

static bool plain_find(const struct encoding *walk, const struct avsc_type *type, uint32_t node,
                       uint32_t *branch)
{
    for (int plainly = 1; plainly >= 0; plainly--) {
        for (*branch = 0; *branch < type->link_count; ++*branch) {
            if (fits(walk, branch_of(walk, type, *branch), node, plainly == 1))
                return true;
        }
    }
    return false;
}

// The branch that an object with one member names.
static bool tagged_find(const struct encoding *walk, const struct avsc_type *type, uint32_t node,
                        uint32_t *branch)
{
    const struct tree *tree = walk->tree;
    uint32_t inner = node + 1;
    if (tree->nodes[node].kind != TREE_OBJECT || inner == tree->nodes[node].end ||
        tree->nodes[inner].end != tree->nodes[node].end)
        return false;
    struct view name = tree->nodes[inner].name;
    return strlen((const char *)name.data) == name.size &&
           avsc_branch_find(walk->avsc, type, (const char *)name.data, branch);
}

// When nothing fits: the one branch, null aside, that says best what is wrong; false: none.
static bool likely_find(const struct encoding *walk, const struct avsc_type *type, uint32_t node,
                        uint32_t *branch)
{
    bool object = walk->tree->nodes[node].kind == TREE_OBJECT;
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->link_count; i++) {
        uint8_t kind = branch_of(walk, type, i)->kind;
        bool likely = object && type->link_count > 2 ? kind == AVSC_RECORD : kind != AVSC_NULL;
        count += likely;
        *branch = likely ? i : *branch;
    }
    return count == 1 && walk->tree->nodes[node].kind != TREE_NULL;
}

static void branch_encode(struct encoding *walk, const struct avsc_type *type, uint32_t branch,
                          uint32_t node, const struct place *place)
{
    written(walk, place, buffer_append_zigzag(walk->out, branch));
    value_encode(walk, walk->avsc->links[type->first_link + branch], node, place);
}

static void union_encode(struct encoding *walk, const struct avsc_type *type, uint32_t node,
                         const struct place *place)
{
    uint32_t tagged = 0, plain = 0;
    bool is_tagged = tagged_find(walk, type, node, &tagged);
    if (is_tagged && fits(walk, branch_of(walk, type, tagged), node + 1, false)) {
        branch_encode(walk, type, tagged, node + 1, place);
        return;
    }
    // A default belongs to the first branch.
    bool is_plain = walk->in_default && type->link_count > 0 &&
                    fits(walk, branch_of(walk, type, 0), node, false);
    if (is_plain || plain_find(walk, type, node, &plain)) {
        branch_encode(walk, type, plain, node, place);
        return;
    }
    if (is_tagged) {
        branch_encode(walk, type, tagged, node + 1, place);
        return;
    }
    if (likely_find(walk, type, node, &plain)) {
        branch_encode(walk, type, plain, node, place);
        return;
    }
    char described[AVSC_DESCRIPTION_BYTES];
    char reason[AVSC_DESCRIPTION_BYTES + 64];
    avsc_describe(walk->avsc, (uint32_t)(type - walk->avsc->types), described);
    snprintf(reason, sizeof(reason), "%s fits no branch of the %s",
             tree_kind_name(walk->tree->nodes[node].kind), described);
    fail(walk, place, reason);
}

// --- Records, arrays, maps -----------------------------------------------------------------------

static void default_encode(struct encoding *walk, const struct avsc_field *field,
                           const struct place *place)
{
    const struct tree *tree = walk->tree;
    bool in_default = walk->in_default;
    walk->tree = &walk->encoder->defaults[field - walk->avsc->fields];
    walk->in_default = true;
    value_encode(walk, field->type, 0, place);
    walk->tree = tree;
    walk->in_default = in_default;
}

static void field_encode(struct encoding *walk, const struct avsc_field *field, uint32_t object,
                         const struct place *up)
{
    const struct place place = {.up = up, .name = field->name};
    uint32_t member = tree_member(walk->tree, object, field->name);
    if (member != 0)
        value_encode(walk, field->type, member, &place);
    else if (has_default(walk, field))
        default_encode(walk, field, &place);
    else
        fail(walk, &place, "it is missing, and has no default");
}

static void members_check(struct encoding *walk, const struct avsc_type *type, uint32_t object,
                          const struct place *up)
{
    const struct tree *tree = walk->tree;
    for (uint32_t at = object + 1; at < tree->nodes[object].end && !walk->failed;
         at = tree->nodes[at].end) {
        const struct place place = {.up = up, .name = tree->nodes[at].name};
        if (avsc_field_find(walk->avsc, type, place.name) == NULL)
            fail(walk, &place, "the schema has no such field");
        else if (tree_member(tree, object, place.name) != at)
            fail(walk, &place, "it is there twice");
    }
}

static void record_encode(struct encoding *walk, const struct avsc_type *type, uint32_t node,
                          const struct place *place)
{
    if (walk->tree->nodes[node].kind != TREE_OBJECT) {
        fail(walk, place, "an object is expected, with the record's fields");
        return;
    }
    members_check(walk, type, node, place);
    for (uint32_t i = 0; i < type->field_count && !walk->failed; i++)
        field_encode(walk, &walk->avsc->fields[type->first_field + i], node, place);
}

static size_t count_of(const struct tree *tree, uint32_t node)
{
    size_t count = 0;
    for (uint32_t at = node + 1; at < tree->nodes[node].end; at = tree->nodes[at].end)
        count++;
    return count;
}

// One block of all items, and the empty one that ends it.
static void items_encode(struct encoding *walk, const struct avsc_type *type, uint32_t node,
                         const struct place *up)
{
    const struct tree *tree = walk->tree;
    struct place place = {.up = up};
    size_t count = count_of(tree, node);
    if (count > 0)
        written(walk, up, buffer_append_zigzag(walk->out, (int64_t)count));
    for (uint32_t at = node + 1; at < tree->nodes[node].end && !walk->failed;
         at = tree->nodes[at].end, place.index++) {
        place.name = tree->nodes[at].name;
        if (type->kind == AVSC_MAP)
            written(walk, &place, buffer_append_sized(walk->out, place.name));
        value_encode(walk, walk->avsc->links[type->first_link], at, &place);
    }
    written(walk, up, buffer_append_byte(walk->out, 0));
}

static void compound_encode(struct encoding *walk, const struct avsc_type *type, uint32_t node,
                            const struct place *place)
{
    enum tree_kind kind = walk->tree->nodes[node].kind;
    if (type->kind == AVSC_RECORD)
        record_encode(walk, type, node, place);
    else if (type->kind == AVSC_ARRAY && kind != TREE_ARRAY)
        fail(walk, place, "an array is expected");
    else if (type->kind == AVSC_MAP && kind != TREE_OBJECT)
        fail(walk, place, "an object is expected");
    else
        items_encode(walk, type, node, place);
}

// --- Values --------------------------------------------------------------------------------------

// The document was read with doubles, so a default's integer may have lost its last digits.
static bool is_inexact(const struct encoding *walk, const struct avsc_type *type,
                       const struct tree_node *node)
{
    static const double exact_max = 9007199254740992.0;
    if (!walk->in_default || node->kind != TREE_NUMBER ||
        (type->kind != AVSC_LONG && type->logical != AVSC_DECIMAL))
        return false;
    double value = strtod((const char *)node->text.data, NULL);
    return value > exact_max || value < -exact_max;
}

static void scalar_encode(struct encoding *walk, const struct avsc_type *type, uint32_t node,
                          const struct place *place)
{
    const struct tree_node *value = &walk->tree->nodes[node];
    const char *reason = json_scalar_append(walk->avsc, type, value, walk->out);
    if (reason != NULL)
        fail(walk, place, reason);
    else if (is_inexact(walk, type, value))
        fail(walk, place, "its default is too large to be taken exactly: give the field");
}

static void value_encode(struct encoding *walk, uint32_t index, uint32_t node,
                         const struct place *place)
{
    const struct avsc_type *type = &walk->avsc->types[index];
    if (walk->failed)
        return;
    if (walk->depth == DEPTH_MAX) {
        fail(walk, place, "it nests too deeply");
        return;
    }
    if (walk->in_default && ++walk->default_values > DEFAULT_VALUES_MAX) {
        fail(walk, place, "its defaults are too many");
        return;
    }
    walk->depth++;
    if (type->kind == AVSC_UNION)
        union_encode(walk, type, node, place);
    else if (type->kind == AVSC_RECORD || type->kind == AVSC_ARRAY || type->kind == AVSC_MAP)
        compound_encode(walk, type, node, place);
    else
        scalar_encode(walk, type, node, place);
    walk->depth--;
}

enum status json_avro_append(struct json_avro *encoder, const struct tree *tree, struct buffer *out,
                             struct error *err)
{
    struct encoding walk = {
        .encoder = encoder, .avsc = encoder->avsc, .tree = tree, .out = out, .err = err};
    size_t before = out->size;
    ensure(tree->count > 0);
    value_encode(&walk, encoder->avsc->root, 0, NULL);
    if (!walk.failed)
        return STATUS_OK;
    out->size = before;
    return STATUS_RECORD;
}
