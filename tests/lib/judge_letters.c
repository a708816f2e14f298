// SPDX-License-Identifier: Apache-2.0
// The part of the judge that looks at dead letters.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "lib/judge.h"

enum { SHOWN_MAX = 10 };

static bool header_is(const struct topic_record *record, const char *name, const char *expected)
{
    char *text = record_header(record, name);
    bool same = text != NULL && strcmp(text, expected) == 0;
    free(text);
    return same;
}

static bool header_is_number(const struct topic_record *record, const char *name, int64_t expected)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%" PRId64, expected);
    return header_is(record, name, digits);
}

static bool header_says_something(const struct topic_record *record, const char *name)
{
    char *text = record_header(record, name);
    bool something = text != NULL && text[0] != '\0';
    free(text);
    return something;
}

static bool is_letter_of(const struct topic_record *record, const struct expected_letter *letter,
                         const char *topic)
{
    return header_is(record, "__connect.errors.topic", topic) &&
           header_is_number(record, "__connect.errors.partition", letter->partition) &&
           header_is_number(record, "__connect.errors.offset", letter->offset);
}

static bool is_described(const struct topic_record *record, const struct expected_letter *letter)
{
    return header_is(record, "__connect.errors.class.name",
                     dead_letter_class_name(letter->class_)) &&
           header_says_something(record, "__connect.errors.stage") &&
           header_says_something(record, "__connect.errors.exception.message");
}

static size_t judge_letter(const struct topic_records *records,
                           const struct expected_letter *letter, const char *topic, bool show)
{
    size_t found = 0;
    size_t described = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (!is_letter_of(&records->items[i], letter, topic))
            continue;
        found++;
        described += is_described(&records->items[i], letter);
    }
    if (found == 1 && described == 1)
        return 0;
    if (show)
        fprintf(stderr, "dead letter %s of %d/%" PRId64 ": found %zu times, right %zu times\n",
                dead_letter_class_name(letter->class_), letter->partition, letter->offset, found,
                described);
    return 1;
}

size_t judge_letters(const struct workload *workload, const struct topic_records *records,
                     const char *topic)
{
    size_t faults = 0;
    for (size_t i = 0; i < workload->letter_count; i++)
        faults += judge_letter(records, &workload->letters[i], topic, faults < SHOWN_MAX);
    if (records->count != workload->letter_count) {
        fprintf(stderr, "dead letters: %zu expected, %zu found\n", workload->letter_count,
                records->count);
        faults++;
    }
    return faults;
}
