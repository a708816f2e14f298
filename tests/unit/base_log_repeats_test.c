// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_repeats.h"
#include "base/random.h"

// What was written and told, a word each: "a" for content, "*3/2000" for a count and its time.
struct story {
    struct log_repeats repeats;
    char text[4096];
    uint64_t written_count;
    uint64_t told_count;
};

static struct story *story_begin(void)
{
    return calloc(1, sizeof(struct story));
}

static void story_word(struct story *story, const char *word)
{
    size_t size = strlen(story->text);
    snprintf(story->text + size, sizeof(story->text) - size, "%s ", word);
}

static void story_told(struct story *story, const struct log_repeats_told *told)
{
    char word[64];
    snprintf(word, sizeof(word), "*%" PRIu64 "/%" PRId64, told->count, told->for_ms);
    story_word(story, word);
    story->told_count += told->count;
}

static void say(struct story *story, const struct log_repeats_line *line, int64_t now_ms)
{
    struct log_repeats_told told;
    bool admitted = log_repeats_admit(&story->repeats, line, now_ms, &told);
    if (told.count > 0)
        story_told(story, &told);
    if (admitted)
        story_word(story, (const char *)line->content.data);
    story->written_count += admitted;
}

static void settle(struct story *story, int64_t now_ms, bool all)
{
    struct log_repeats_told told;
    while (log_repeats_settle(&story->repeats, now_ms, all, &told))
        story_told(story, &told);
}

// A line whose sentence is the letter in front: warnings, without a kind.
static void warn(struct story *story, const char *content, int64_t now_ms)
{
    const char sentence[] = {content[0], '\0'};
    const struct log_repeats_line line = {LOG_WARN, "x", sentence, "", view_text(content)};
    say(story, &line, now_ms);
}

static void assert_story(struct story *story, const char *expected)
{
    assert_string_equal(story->text, expected);
    free(story);
}

static void first__is_written_the_rest_is_counted(void **state)
{
    (void)state;
    struct story *story = story_begin();
    for (int i = 0; i < 4313; i++)
        warn(story, "a", 1000 + i);
    settle(story, 10999, false); // not yet over
    assert_true(log_repeats_pending(&story->repeats));
    settle(story, 11000, false);
    assert_false(log_repeats_pending(&story->repeats));
    settle(story, 12000, false); // told once
    warn(story, "a", 12000);
    assert_story(story, "a *4312/10000 a ");
}

static void next_line__tells_the_count_of_an_interval_that_is_over(void **state)
{
    (void)state;
    struct story *story = story_begin();
    warn(story, "a", 0);
    warn(story, "a", 5);
    warn(story, "a", 20000);
    assert_story(story, "a *1/20000 a ");
}

static void another_line__comes_behind_the_count(void **state)
{
    (void)state;
    struct story *story = story_begin();
    warn(story, "a1", 0);
    warn(story, "a1", 1);
    warn(story, "a1", 2);
    warn(story, "a2", 3);
    warn(story, "a2", 4);
    warn(story, "a1", 5);
    assert_story(story, "a1 *2/3 a2 *1/5 a1 ");
}

static void kinds__do_not_mix(void **state)
{
    (void)state;
    struct story *story = story_begin();
    warn(story, "a", 0);
    warn(story, "b", 1);
    warn(story, "a", 2);
    warn(story, "b", 3);
    warn(story, "b", 4);
    settle(story, 10000, false);
    settle(story, 10001, false);
    assert_story(story, "a b *1/10000 *2/10000 ");
}

static void different_warnings__of_a_kind_are_bounded(void **state)
{
    (void)state;
    struct story *story = story_begin();
    char content[16];
    for (int i = 0; i < 100; i++) {
        snprintf(content, sizeof(content), "a%d", i);
        warn(story, content, i);
    }
    settle(story, 0, true);
    assert_int_equal(story->written_count, LOG_REPEATS_BURST_MAX);
    assert_int_equal(story->told_count, 100 - LOG_REPEATS_BURST_MAX);
    free(story);
}

static void different_informations__are_facts_and_all_written(void **state)
{
    (void)state;
    struct story *story = story_begin();
    char content[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(content, sizeof(content), "a%d", i);
        say(story, &(struct log_repeats_line){LOG_INFO, "x", "a", "", view_text(content)}, i);
    }
    assert_int_equal(story->written_count, 1000);
    free(story);
}

static void digits__make_no_difference_in_lines_with_a_kind(void **state)
{
    (void)state;
    struct story *story = story_begin();
    static const char *const contents[] = {"after 1 ms", "after 22 ms", "refused", "after 3 ms"};
    for (int i = 0; i < 4; i++)
        say(story, &(struct log_repeats_line){LOG_INFO, "x", "s", "FAIL", view_text(contents[i])},
            i);
    say(story, &(struct log_repeats_line){LOG_INFO, "x", "s", "GONE", view_text("after 1 ms")}, 5);
    assert_story(story, "after 1 ms *1/2 refused after 3 ms after 1 ms ");
}

static void told__has_the_words_of_the_line(void **state)
{
    (void)state;
    struct story *story = story_begin();
    struct log_repeats_told told;
    char sentence[400];
    memset(sentence, 's', sizeof(sentence));
    sentence[sizeof(sentence) - 1] = '\0';
    const struct log_repeats_line line = {LOG_ERROR, "kafka", sentence, "FAIL", view_text("c")};
    say(story, &line, 1);
    say(story, &line, 2);
    assert_true(log_repeats_settle(&story->repeats, 3, true, &told));
    assert_int_equal(told.level, LOG_ERROR);
    assert_string_equal(told.component, "kafka");
    assert_string_equal(told.kind, "FAIL");
    assert_int_equal(strlen(told.sentence), sizeof(told.sentence) - 1); // cut
    free(story);
}

// Kinds without end, in any order and time: each line is either written or counted, and each count
// told.
static void no_line__is_lost(void **state)
{
    (void)state;
    struct story *story = story_begin();
    struct random random;
    int64_t now_ms = 0;
    enum { LINES = 100000 };
    random_seed(&random, 7);
    for (int i = 0; i < LINES; i++) {
        char sentence[16];
        const char *content = random_below(&random, 2) == 0 ? "a" : "b";
        snprintf(sentence, sizeof(sentence), "%d", (int)random_below(&random, 200));
        const struct log_repeats_line line = {LOG_WARN, "x", sentence, "", view_text(content)};
        story->text[0] = '\0';
        say(story, &line, now_ms);
        now_ms += (int64_t)random_below(&random, 100);
        if (random_below(&random, 50) == 0)
            settle(story, now_ms, false);
    }
    settle(story, now_ms, true);
    assert_int_equal(story->written_count + story->told_count, LINES);
    assert_true(story->told_count > 0);
    free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first__is_written_the_rest_is_counted),
        cmocka_unit_test(next_line__tells_the_count_of_an_interval_that_is_over),
        cmocka_unit_test(another_line__comes_behind_the_count),
        cmocka_unit_test(kinds__do_not_mix),
        cmocka_unit_test(different_warnings__of_a_kind_are_bounded),
        cmocka_unit_test(different_informations__are_facts_and_all_written),
        cmocka_unit_test(digits__make_no_difference_in_lines_with_a_kind),
        cmocka_unit_test(told__has_the_words_of_the_line),
        cmocka_unit_test(no_line__is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
