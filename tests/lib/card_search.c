// SPDX-License-Identifier: Apache-2.0
#include "lib/card_search.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "demo/spread.h"

enum { CARD_DIGITS = 16, BREAK = 0x01 };

static const uint64_t digits_end = 10000000000000000u; // 10^16

struct look {
    const struct card_search *search;
    const char **form;
    size_t found;
};

static size_t slot_of(const struct card_search *search, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 20) % search->slot_count;
    while (search->slots[at] != 0 && search->slots[at] != number)
        at = (at + 1) % search->slot_count;
    return at;
}

static uint64_t number_of(const char *card)
{
    uint64_t number = 0;
    for (; *card != '\0'; card++)
        number = *card == '-' ? number : number * 10 + (uint64_t)(*card - '0');
    ensure(number >= digits_end / 10 && number < digits_end);
    return number;
}

void card_search_init(struct card_search *search, uint64_t card_count)
{
    char card[SPREAD_CARD_BYTES];
    *search = (struct card_search){.slot_count = (size_t)card_count * 4 + 64};
    search->slots = memory_zeroed(search->slot_count, sizeof(*search->slots));
    for (uint64_t i = 0; i < card_count; i++) {
        spread_card_text(i, card);
        uint64_t number = number_of(card);
        search->slots[slot_of(search, number)] = number;
        search->count++;
    }
}

void card_search_release(struct card_search *search)
{
    free(search->slots);
    *search = (struct card_search){0};
}

static void look_at(struct look *look, uint64_t number, const char *form)
{
    if (number == 0 || look->search->slots[slot_of(look->search, number)] != number)
        return;
    if (look->found++ == 0 && look->form != NULL)
        *look->form = form;
}

static bool is_separator(uint8_t byte)
{
    return byte == '-' || byte == ' ' || byte == '.' || byte == '_' || byte == '/';
}

// Digits in a row, with at most one separator between two of them.
static void scan_text(struct look *look, struct view bytes, const char *form)
{
    uint64_t number = 0;
    size_t digits = 0;
    bool separated = false;
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        if (byte >= '0' && byte <= '9') {
            number = number % (digits_end / 10) * 10 + (uint64_t)(byte - '0');
            separated = false;
            if (++digits >= CARD_DIGITS)
                look_at(look, number, form);
        } else if (is_separator(byte) && !separated) {
            separated = true;
        } else {
            digits = 0;
        }
    }
}

// Without NULs: of UTF-16 and UTF-32 the plain text is left.
static void scan_wide(struct look *look, struct view bytes, uint8_t *room)
{
    size_t size = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] != 0)
            room[size++] = bytes.data[i];
    }
    if (size < bytes.size)
        scan_text(look, (struct view){room, size}, "UTF-16 or UTF-32");
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static void scan_hex(struct look *look, struct view bytes, uint8_t *room)
{
    for (size_t from = 0; from < 2; from++) {
        size_t size = 0;
        for (size_t i = from; i + 1 < bytes.size; i += 2) {
            int high = hex_value(bytes.data[i]), low = hex_value(bytes.data[i + 1]);
            room[size++] = high < 0 || low < 0 ? BREAK : (uint8_t)(high * 16 + low);
        }
        scan_text(look, (struct view){room, size}, "hexadecimal");
    }
}

static int base64_value(uint8_t byte)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = byte == 0 ? NULL : strchr(digits, byte);
    return at == NULL ? -1 : (int)(at - digits);
}

static void base64_group(const uint8_t *at, uint8_t out[3])
{
    uint32_t bits = 0;
    bool bad = false;
    for (size_t i = 0; i < 4; i++) {
        int value = base64_value(at[i]);
        bad |= value < 0 && at[i] != '='; // padding: the bytes behind the end are no digits
        bits = bits << 6 | (uint32_t)(value < 0 ? 0 : value);
    }
    for (size_t i = 0; i < 3; i++)
        out[i] = (uint8_t)(bad ? BREAK : bits >> (16 - 8 * i));
}

static void scan_base64(struct look *look, struct view bytes, uint8_t *room)
{
    for (size_t from = 0; from < 4; from++) {
        size_t size = 0;
        for (size_t i = from; i + 4 <= bytes.size; i += 4, size += 3)
            base64_group(bytes.data + i, room + size);
        scan_text(look, (struct view){room, size}, "base64");
    }
}

// Two digits a byte.
static void scan_packed(struct look *look, struct view bytes)
{
    uint64_t number = 0;
    size_t digits = 0;
    for (size_t i = 0; i < 2 * bytes.size; i++) {
        unsigned digit = i % 2 == 0 ? bytes.data[i / 2] >> 4 : bytes.data[i / 2] & 15;
        digits = digit < 10 ? digits + 1 : 0;
        number = number % (digits_end / 10) * 10 + digit;
        if (digits >= CARD_DIGITS)
            look_at(look, number, "packed digits");
    }
}

static void scan_integers(struct look *look, struct view bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        struct reader reader = {bytes.data + i, bytes.data + bytes.size};
        uint64_t number = 0;
        if (i + sizeof(number) <= bytes.size) {
            memcpy(&number, bytes.data + i, sizeof(number));
            look_at(look, number, "integer");
            look_at(look, __builtin_bswap64(number), "integer");
        }
        if (reader_varint(&reader, &number)) {
            look_at(look, number, "varint");
            look_at(look, number / 2, "zigzag varint");
        }
    }
}

size_t card_search_count(const struct card_search *search, struct view bytes, const char **form)
{
    struct look look = {.search = search, .form = form};
    if (bytes.size == 0)
        return 0;
    uint8_t *room = memory_zeroed(bytes.size + 4, 1);
    scan_text(&look, bytes, "text");
    scan_wide(&look, bytes, room);
    scan_hex(&look, bytes, room);
    scan_base64(&look, bytes, room);
    scan_packed(&look, bytes);
    scan_integers(&look, bytes);
    free(room);
    return look.found;
}
