// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "config/keys.h"

enum { NAME_BYTES_MAX = 64 };

// The front parts of keys, which may be misspelt alone.
static const char *const sections[] = {"kafka",      "schema_registry", "topics", "alerts",
                                       "processing", "state",           "http",   "log"};

// A name as it is compared: lower case, '_' for '.'.
struct plain {
    char text[NAME_BYTES_MAX];
    size_t size;
};

static bool plain_of(struct view name, struct plain *out)
{
    if (name.size == 0 || name.size > sizeof(out->text))
        return false;
    out->size = name.size;
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        out->text[i] = c == '.' || c == '-' ? '_' : c;
    }
    return true;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

// Levenshtein's distance: letters to insert, remove or replace.
static size_t distance(const struct plain *a, const struct plain *b)
{
    size_t costs[NAME_BYTES_MAX + 1] = {0};
    for (size_t j = 0; j <= b->size; j++)
        costs[j] = j;
    for (size_t i = 1; i <= a->size; i++) {
        size_t diagonal = costs[0];
        costs[0] = i;
        for (size_t j = 1; j <= b->size; j++) {
            size_t replaced = diagonal + (a->text[i - 1] != b->text[j - 1]);
            diagonal = costs[j];
            costs[j] = smallest(replaced, costs[j] + 1, costs[j - 1] + 1);
        }
    }
    return costs[b->size];
}

// The part behind the last '.'.
static struct view last_part(struct view name)
{
    const uint8_t *dot = memrchr(name.data, '.', name.size);
    if (dot == NULL)
        return name;
    size_t front = (size_t)(dot - name.data) + 1;
    return (struct view){name.data + front, name.size - front};
}

// How far the text is from the key; the right last part in a wrong section is near.
static size_t score(struct view text, const struct plain *plain, const char *name)
{
    struct plain candidate;
    struct view whole = view_text(name);
    struct view last = last_part(whole);
    if (!plain_of(whole, &candidate))
        return SIZE_MAX;
    size_t far = distance(plain, &candidate);
    if (far > 1 && view_equal(last_part(text), last))
        return 1;
    return far;
}

// The candidate that is nearest so far.
struct nearest {
    const char *name;
    size_t far; // nothing further than this is near
};

static void consider(struct nearest *nearest, struct view text, const struct plain *plain,
                     const char *name)
{
    size_t far = score(text, plain, name);
    if (far > nearest->far || (nearest->name != NULL && far == nearest->far))
        return;
    nearest->name = name;
    nearest->far = far;
}

const char *key_suggestion(struct view text)
{
    struct plain plain;
    size_t count;
    const struct config_key *keys = config_keys(&count);
    if (!plain_of(text, &plain))
        return NULL;
    struct nearest nearest = {NULL, 1 + plain.size / 5};
    for (size_t i = 0; i < count; i++)
        consider(&nearest, text, &plain, keys[i].name);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        consider(&nearest, text, &plain, sections[i]);
    return nearest.name;
}
