// SPDX-License-Identifier: Apache-2.0
// Messages that are no purchases: each class of dead letter with its headers, and the original
// untouched; good purchases around them are not disturbed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lib/scene.h"
#include "lib/workspace.h"

enum { STOP_TIMEOUT_MS = 5000, PORTION = 1000 };

static void send_malformed(struct scene *scene, enum dead_letter_class class_)
{
    struct generated message;
    generator_malformed(scene->workload.generator, class_, &message);
    workload_take(&scene->workload, &message, -1);
}

static size_t class_count(const struct scene *scene, enum dead_letter_class class_)
{
    size_t count = 0;
    for (size_t i = 0; i < scene->workload.letter_count; i++)
        count += scene->workload.letters[i].class_ == class_;
    return count;
}

static const struct topic_record *find_original(const struct topic_records *purchases,
                                                const struct topic_record *letter)
{
    char *partition = record_header(letter, "__connect.errors.partition");
    char *offset = record_header(letter, "__connect.errors.offset");
    const struct topic_record *found = NULL;
    for (size_t i = 0; i < purchases->count && found == NULL; i++) {
        if (purchases->items[i].partition == strtol(partition, NULL, 10) &&
            purchases->items[i].offset == strtoll(offset, NULL, 10))
            found = &purchases->items[i];
    }
    free(partition);
    free(offset);
    return found;
}

static bool same_bytes(struct view a, struct view b)
{
    return (a.data == NULL) == (b.data == NULL) && view_equal(a, b);
}

static void expect_originals(struct scene *scene)
{
    struct topic_records letters;
    struct topic_records purchases;
    const char *bootstrap = kafkad_bootstrap(scene->kafka);
    records_read(&letters, bootstrap, scene->dead_letters);
    records_read(&purchases, bootstrap, scene->purchases);
    for (size_t i = 0; i < letters.count; i++) {
        const struct topic_record *original = find_original(&purchases, &letters.items[i]);
        assert_non_null(original);
        assert_true(same_bytes(original->key, letters.items[i].key));
        assert_true(same_bytes(original->value, letters.items[i].value));
        // A record without a timestamp gets one from whoever writes it again.
        if (original->timestamp_ms >= 0)
            assert_true(original->timestamp_ms == letters.items[i].timestamp_ms);
    }
    records_release(&letters);
    records_release(&purchases);
}

static void dead_letters__come_in_every_class_and_untouched(void **state)
{
    const struct scene_settings settings = scene_settings_default("bad");
    struct scene *scene = stage_scene(state, &settings);
    cardwatch_start(&scene->services[0]);
    send_malformed(scene, DEAD_LETTER_NO_TIMESTAMP); // before there is a stream time
    workload_send(&scene->workload, PORTION);
    for (int class_ = DEAD_LETTER_BAD_FRAME; class_ < DEAD_LETTER_CLASSES; class_++) {
        for (int i = 0; i < 6; i++)
            send_malformed(scene, (enum dead_letter_class)class_);
        workload_send(&scene->workload, PORTION);
    }
    assert_int_equal(class_count(scene, DEAD_LETTER_NO_TIMESTAMP), 1);
    for (int class_ = DEAD_LETTER_BAD_FRAME; class_ < DEAD_LETTER_CLASSES; class_++)
        assert_true(class_count(scene, (enum dead_letter_class)class_) > 0);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    expect_originals(scene);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void send_raw(struct scene *scene, struct view key, struct view value,
                     enum dead_letter_class class_)
{
    const struct generated message = {
        .key = key,
        .value = value,
        .message_timestamp_ms = scene->settings.generator.start_ms,
        .malformed = class_,
    };
    workload_take(&scene->workload, &message, 0);
}

static void dead_letter__too_large_for_the_broker_goes_without_its_value(void **state)
{
    enum { LARGE = 1500000 };
    struct scene_settings settings = scene_settings_default("large");
    settings.purchase_max_bytes = "3000000";
    struct scene *scene = stage_scene(state, &settings);
    uint8_t *bytes = memory_zeroed(LARGE, 1);
    bytes[0] = 7; // not the frame's magic byte
    send_raw(scene, view_text("k"), (struct view){bytes, LARGE}, DEAD_LETTER_BAD_FRAME);
    free(bytes);
    workload_send(&scene->workload, PORTION);
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));

    struct topic_records letters;
    records_read(&letters, kafkad_bootstrap(scene->kafka), scene->dead_letters);
    assert_int_equal(letters.count, 1);
    assert_null(letters.items[0].value.data);
    char *omitted = record_header(&letters.items[0], "cardwatch.value_omitted");
    assert_non_null(omitted);
    assert_string_equal(omitted, "1500000");
    free(omitted);
    records_release(&letters);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

// The original's headers stand in front of ours, even where they have the same name.
static void dead_letter__keeps_the_headers_of_the_original(void **state)
{
    const struct scene_settings settings = scene_settings_default("headed");
    struct scene *scene = stage_scene(state, &settings);
    int32_t partition;
    int64_t offset;
    const struct loader_message message = {
        .partition = 0,
        .key = view_text("k"),
        .value = view_text("no frame"),
        .timestamp_ms = 1234,
        .header_name = "trace",
        .header_value = view_text("42"),
    };
    loader_send(scene->workload.loader, &message, &partition, &offset);
    loader_flush(scene->workload.loader);
    scene->workload.sent_count++;
    cardwatch_start(&scene->services[0]);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));

    struct topic_records letters;
    records_read(&letters, kafkad_bootstrap(scene->kafka), scene->dead_letters);
    assert_int_equal(letters.count, 1);
    assert_string_equal(letters.items[0].headers[0].name, "trace");
    assert_true(view_equal(letters.items[0].headers[0].value, view_text("42")));
    assert_true(letters.items[0].timestamp_ms == 1234);
    records_release(&letters);
    assert_int_equal(cardwatch_log_count(&scene->services[0], 0,
                                         "a message is a dead letter kind=BadFrame partition=0 "
                                         "offset=0"),
                     1);
    assert_int_equal(cardwatch_stop(&scene->services[0], STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

static void odd_messages__that_are_no_dead_letters_disturb_nothing(void **state)
{
    const struct scene_settings settings = scene_settings_default("odd");
    struct scene *scene = stage_scene(state, &settings);
    struct cardwatch *service = &scene->services[0];
    struct generated message;
    int32_t partition;
    int64_t offset;
    const struct loader_message tombstone = {
        .partition = 1, .key = view_text("4111"), .timestamp_ms = 5};
    loader_send(scene->workload.loader, &tombstone, &partition, &offset);
    scene->workload.sent_count++;
    workload_send(&scene->workload, PORTION);
    // Misplaced: a key that is not the card. The card's purchases of this partition still count.
    for (int i = 0; i < 3; i++) {
        generator_next(scene->workload.generator, &message);
        message.key = view_text("somebody else");
        workload_take(&scene->workload, &message, 2);
    }
    workload_send(&scene->workload, PORTION);
    cardwatch_start(service);
    assert_true(scene_await_caught_up(scene, SCENE_CATCH_UP_MS));
    assert_true(scene_judge(scene, NULL));
    assert_int_equal(cardwatch_log_count(service, 0, "key is not its card"), 1);
    // No card number stands in the log.
    char *log = workspace_read(service->log_path);
    assert_null(strstr(log, message.card));
    free(log);
    struct topic_records letters;
    records_read(&letters, kafkad_bootstrap(scene->kafka), scene->dead_letters);
    assert_int_equal(letters.count, 0);
    records_release(&letters);
    assert_int_equal(cardwatch_stop(service, STOP_TIMEOUT_MS), 0);
    scene->passed = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(dead_letters__come_in_every_class_and_untouched),
        stage_test(dead_letter__too_large_for_the_broker_goes_without_its_value),
        stage_test(dead_letter__keeps_the_headers_of_the_original),
        stage_test(odd_messages__that_are_no_dead_letters_disturb_nothing),
    };
    return stage_run(tests);
}
