// SPDX-License-Identifier: Apache-2.0
#include "cli/line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// What is left of argv, and where options are looked up.
struct words {
    int left;
    char **next;
    const struct line_option *tables[2];
};

static const struct line_option *find_long(const struct words *words, const char *name, size_t size)
{
    for (size_t t = 0; t < 2; t++) {
        for (const struct line_option *at = words->tables[t]; at != NULL && at->name != NULL;
             at++) {
            if (strlen(at->name) == size && memcmp(at->name, name, size) == 0)
                return at;
        }
    }
    return NULL;
}

static const struct line_option *find_letter(const struct words *words, char letter)
{
    for (size_t t = 0; t < 2; t++) {
        for (const struct line_option *at = words->tables[t]; at != NULL && at->name != NULL;
             at++) {
            if (at->letter != '\0' && at->letter == letter)
                return at;
        }
    }
    return NULL;
}

static enum status add(struct line *line, const struct line_option *option, const char *value,
                       struct error *err)
{
    if (line->given_count == LINE_GIVEN_MAX)
        return error_set(err, STATUS_FATAL, "more than %d options", LINE_GIVEN_MAX);
    line->given[line->given_count].option = option;
    line->given[line->given_count].value = value;
    line->given_count++;
    return STATUS_OK;
}

// `attached` is the value in the same word, or NULL.
static enum status take_option(struct words *words, struct line *line, const char *word,
                               const struct line_option *option, const char *attached,
                               struct error *err)
{
    if (option == NULL)
        return error_set(err, STATUS_FATAL, "there is no option %s", word);
    if (option->value == NULL && attached != NULL)
        return error_set(err, STATUS_FATAL, "--%s takes no value", option->name);
    if (option->value == NULL || attached != NULL)
        return add(line, option, attached != NULL ? attached : "", err);
    if (words->left == 0)
        return error_set(err, STATUS_FATAL, "--%s needs a value: --%s %s", option->name,
                         option->name, option->value);
    words->left--;
    return add(line, option, *words->next++, err);
}

static enum status take_long(struct words *words, struct line *line, const char *word,
                             struct error *err)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
    return take_option(words, line, word, find_long(words, name, size),
                       equals != NULL ? equals + 1 : NULL, err);
}

static enum status take_argument(struct line *line, const char *word, size_t argument_max,
                                 struct error *err)
{
    if (line->argument_count == argument_max || line->argument_count == LINE_ARGUMENTS_MAX)
        return error_set(err, STATUS_FATAL, "'%s' is one argument too many", word);
    line->arguments[line->argument_count++] = word;
    return STATUS_OK;
}

enum status line_parse(int argc, char **argv, const struct line_option *own,
                       const struct line_option *common, size_t argument_max, struct line *out,
                       struct error *err)
{
    struct words words = {argc, argv, {own, common}};
    bool options_ended = false;
    enum status status = STATUS_OK;
    memset(out, 0, sizeof(*out));
    while (words.left > 0 && status == STATUS_OK) {
        const char *word = *words.next++;
        words.left--;
        if (options_ended || word[0] != '-' || word[1] == '\0')
            status = take_argument(out, word, argument_max, err);
        else if (strcmp(word, "--") == 0)
            options_ended = true;
        else if (word[1] == '-')
            status = take_long(&words, out, word, err);
        else
            status = take_option(&words, out, word, find_letter(&words, word[1]),
                                 word[2] != '\0' ? word + 2 : NULL, err);
    }
    return status;
}

const char *line_value(const struct line *line, const char *name)
{
    for (size_t i = line->given_count; i > 0; i--) {
        if (strcmp(line->given[i - 1].option->name, name) == 0)
            return line->given[i - 1].value;
    }
    return NULL;
}

bool line_has(const struct line *line, const char *name)
{
    return line_value(line, name) != NULL;
}

enum status line_number(const struct line *line, const char *name, int64_t fallback, int64_t low,
                        int64_t high, int64_t *out, struct error *err)
{
    const char *text = line_value(line, name);
    char *end;
    *out = fallback;
    if (text == NULL)
        return STATUS_OK;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < low || number > high)
        return error_set(err, STATUS_FATAL,
                         "--%s '%s' is not possible; allowed: %" PRId64 " .. %" PRId64, name, text,
                         low, high);
    *out = number;
    return STATUS_OK;
}
