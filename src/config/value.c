// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { QUOTED_BYTES_MAX = 60, NUMBER_BYTES_MAX = 60 };

// What a value is checked for and where it goes.
struct setting {
    const struct key *key;
    const char *name;
    void *place;
    struct view text;
    struct origin origin;
    struct mistakes *mistakes;
};

static int quoted_bytes(struct view text)
{
    return (int)(text.size < QUOTED_BYTES_MAX ? text.size : QUOTED_BYTES_MAX);
}

static bool refuse(const struct setting *setting, const char *why, const char *allowed)
{
    mistakes_add(setting->mistakes, setting->origin, setting->name, "'%.*s' %s; allowed: %s",
                 quoted_bytes(setting->text), (const char *)setting->text.data, why, allowed);
    return false;
}

// Never shows the value: it may be a password.
static bool set_text(const struct setting *setting)
{
    bool clean = utf8_is_valid(setting->text);
    for (size_t i = 0; i < setting->text.size; i++)
        clean = clean && setting->text.data[i] >= 0x20 && setting->text.data[i] != 0x7f;
    if (!clean) {
        mistakes_add(
            setting->mistakes, setting->origin, setting->name,
            "the text holds control characters or is not UTF-8; allowed: one line of text");
        return false;
    }
    char **place = setting->place;
    free(*place);
    *place = memory_copy(setting->text.data, setting->text.size);
    return true;
}

// Decimal digits with an optional sign, the whole text; false when it is no such number. *fits
// tells whether it is an int64 at all.
static bool read_integer(struct view text, int64_t *out, bool *fits)
{
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    bool negative = at == 1 && text.data[0] == '-';
    __int128 value = 0;
    if (at == text.size)
        return false;
    for (; at < text.size; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        if (value <= INT64_MAX)
            value = value * 10 + (text.data[at] - '0');
    }
    *fits = value <= INT64_MAX;
    *out = *fits ? (int64_t)(negative ? -value : value) : 0;
    return true;
}

static bool store_integer(const struct setting *setting, int64_t value, bool fits)
{
    const struct config_key *shown = key_shown(setting->key);
    if (!fits || value < setting->key->low || value > setting->key->high)
        return refuse(setting, "is out of bounds", shown->bounds);
    *(int64_t *)setting->place = value;
    return true;
}

static bool set_integer(const struct setting *setting)
{
    int64_t value;
    bool fits;
    if (!read_integer(setting->text, &value, &fits))
        return refuse(setting, "is not an integer", key_shown(setting->key)->bounds);
    return store_integer(setting, value, fits);
}

// A decimal number, the whole text: digits, '.', a sign, an exponent; neither hexadecimal nor
// "infinity".
static bool read_number(struct view text, double *out)
{
    char copy[NUMBER_BYTES_MAX + 1];
    char *end;
    if (text.size == 0 || text.size > NUMBER_BYTES_MAX)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (strspn(copy, "0123456789.+-eE") != text.size)
        return false;
    *out = strtod(copy, &end);
    return *end == '\0';
}

bool value_read_number(struct view text, double *out)
{
    return read_number(text, out) && isfinite(*out);
}

bool value_read_integer(struct view text, int64_t *out)
{
    bool fits;
    return read_integer(text, out, &fits) && fits;
}

static bool set_number(const struct setting *setting)
{
    double value;
    const char *bounds = key_shown(setting->key)->bounds;
    if (!read_number(setting->text, &value))
        return refuse(setting, "is not a number", bounds);
    if (!(value >= setting->key->least && value <= setting->key->most))
        return refuse(setting, "is out of bounds", bounds);
    memcpy(setting->place, &value, sizeof(value));
    return true;
}

static bool set_bytes(const struct setting *setting)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    struct view digits = setting->text;
    int64_t unit = 1;
    int64_t value;
    bool fits;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (digits.size > 3 && memcmp(digits.data + digits.size - 3, units[i].name, 3) == 0) {
            digits.size -= 3;
            unit = units[i].bytes;
            break;
        }
    }
    while (unit > 1 && digits.size > 0 && digits.data[digits.size - 1] == ' ')
        digits.size--;
    if (!read_integer(digits, &value, &fits))
        return refuse(setting, "is not a number of bytes",
                      "digits alone or with KiB, MiB or GiB behind them");
    fits = fits && value >= 0 && value <= INT64_MAX / unit;
    return store_integer(setting, fits ? value * unit : 0, fits);
}

static bool set_yes_no(const struct setting *setting)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (setting->text.size == strlen(words[i]) &&
            strncasecmp((const char *)setting->text.data, words[i], setting->text.size) == 0) {
            *(bool *)setting->place = i % 2 == 1;
            return true;
        }
    }
    return refuse(setting, "is neither yes nor no", "true, false");
}

static bool set_choice(const struct setting *setting)
{
    unsigned number = 0;
    for (; setting->key->choices[number] != NULL; number++) {
        if (!view_equal(setting->text, view_text(setting->key->choices[number])))
            continue;
        // The members are enums of as many bytes.
        memcpy(setting->place, &number, sizeof(number));
        return true;
    }
    return refuse(setting, "is not known", key_shown(setting->key)->kind);
}

bool value_set(const struct key *key, const char *name, void *base, struct view text,
               struct origin origin, struct mistakes *mistakes)
{
    const struct setting setting = {key, name, (char *)base + key->offset, text, origin, mistakes};
    ensure(key->type != KEY_PROPERTIES && key->type != KEY_LIST);
    switch (key->type) {
    case KEY_TEXT:
        return set_text(&setting);
    case KEY_INTEGER:
        return set_integer(&setting);
    case KEY_NUMBER:
        return set_number(&setting);
    case KEY_YES_NO:
        return set_yes_no(&setting);
    case KEY_BYTES:
        return set_bytes(&setting);
    case KEY_CHOICE:
        return set_choice(&setting);
    case KEY_PROPERTIES:
    case KEY_LIST:
        break;
    }
    return false;
}

_Static_assert(sizeof(enum config_guarantee) == sizeof(unsigned) &&
                   sizeof(enum config_window) == sizeof(unsigned) &&
                   sizeof(enum config_rule_type) == sizeof(unsigned) &&
                   sizeof(enum log_level) == sizeof(unsigned) &&
                   sizeof(enum log_format) == sizeof(unsigned),
               "choices are stored as unsigned");
