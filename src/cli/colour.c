// SPDX-License-Identifier: Apache-2.0
#include "cli/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name_colour[] = "\x1b[34;1m";
static const char text_colour[] = "\x1b[32m";
static const char number_colour[] = "\x1b[36m";
static const char word_colour[] = "\x1b[35m";
static const char plain[] = "\x1b[0m";

bool colour_terminal(int fd)
{
    const char *terminal = getenv("TERM");
    return isatty(fd) == 1 && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

bool colour_wanted(int fd)
{
    const char *refused = getenv("NO_COLOR");
    return (refused == NULL || refused[0] == '\0') && colour_terminal(fd);
}

// Bytes of the text in quotes at the front, both quotes included.
static size_t quoted_size(struct view json)
{
    size_t at = 1;
    while (at < json.size && json.data[at] != '"')
        at += json.data[at] == '\\' && at + 1 < json.size ? 2 : 1;
    return at < json.size ? at + 1 : json.size;
}

// A text in front of a colon is a name.
static bool is_name(struct view json, size_t size)
{
    while (size < json.size && (json.data[size] == ' ' || json.data[size] == '\t'))
        size++;
    return size < json.size && json.data[size] == ':';
}

static bool belongs_to_word(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '+' || byte == '-';
}

static size_t word_size(struct view json)
{
    size_t size = 0;
    while (size < json.size && belongs_to_word(json.data[size]))
        size++;
    return size;
}

// The size of the part at the front, and its colour; NULL: none.
static size_t part_size(struct view json, const char **colour)
{
    uint8_t first = json.data[0];
    *colour = NULL;
    if (first == '"') {
        size_t size = quoted_size(json);
        *colour = is_name(json, size) ? name_colour : text_colour;
        return size;
    }
    if (!belongs_to_word(first))
        return 1;
    *colour = first >= 'a' && first <= 'z' ? word_colour : number_colour;
    return word_size(json);
}

static bool text_append(struct buffer *out, const char *text)
{
    return buffer_append(out, text, strlen(text));
}

bool colour_json(struct view json, struct buffer *out)
{
    bool fits = true;
    while (json.size > 0 && fits) {
        const char *colour;
        size_t size = part_size(json, &colour);
        fits = (colour == NULL || text_append(out, colour)) &&
               buffer_append(out, json.data, size) && (colour == NULL || text_append(out, plain));
        json = (struct view){json.data + size, json.size - size};
    }
    return fits;
}
