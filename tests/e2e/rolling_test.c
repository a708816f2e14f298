// SPDX-License-Identifier: Apache-2.0
// Three processes under a steady load that waits for nobody (open loop): each is restarted in turn,
// as an upgrade does; then one dies for good. The alerts come once each. How long each partition
// was without anybody to look at it is printed, with what happened meanwhile: a partition's pause
// is the longest way of one of its alerts, from the moment when the purchase was due to be sent to
// the moment when a read_committed consumer had the alert. `make rolling` is the full size.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/iso_time.h"
#include "lib/receiver.h"
#include "lib/scene.h"
#include "lib/sender.h"
#include "lib/workspace.h"

enum {
    SERVICES = 3,
    PARTITIONS = 6,
    WAIT_MS = 300000,   // the machine may do other things meanwhile
    CARDS_A_RATE = 500, // few alerts but the planted ones
    BURST_PPM = 20000,  // one purchase in fifty raises an alert
    WARM_UP_S = 5,
    STORY_BYTES_MAX = 1 << 20,
};

struct show {
    struct scene *scene;
    struct schedule schedule;
    struct receiver *receiver;
    struct sender *sender;
    size_t log_from[SERVICES];
    int64_t clock_offset_us; // from the sender's clock to the wall's
};

static int64_t rate(void)
{
    return scene_full_size() ? 20000 : 2000;
}

static struct scene_settings settings(const char *name)
{
    struct scene_settings settings = scene_settings_default(name);
    settings.partitions = PARTITIONS;
    if (!scene_full_size())
        settings.session_timeout_ms = 6000; // the least that a broker allows
    settings.oracle.forgetful = true;
    settings.generator = generator_settings_default();
    settings.generator.card_count = (uint64_t)rate() * CARDS_A_RATE;
    settings.generator.start_ms = clock_wall_ms();
    settings.generator.events_per_second = rate();
    settings.generator.burst_ppm = BURST_PPM;
    settings.generator.burst_size_max = settings.generator.burst_size_min;
    settings.generator.burst_window_ms = 2000;
    return settings;
}

static void await_seconds(const struct show *show, int64_t seconds)
{
    size_t count = sender_sent(show->sender) + (size_t)(seconds * rate());
    if (count > show->schedule.count)
        count = show->schedule.count;
    while (sender_sent(show->sender) < count)
        process_nap();
}

// The log lines that tell where the partitions are.
static size_t running_count(const struct show *show, size_t service)
{
    return cardwatch_log_count(&show->scene->services[service], show->log_from[service],
                               "partition running");
}

// Waits until the processes have `count` partitions between them since their starts.
static void await_partitions(const struct show *show, size_t count)
{
    int64_t deadline_ms = process_clock_ms() + WAIT_MS;
    for (;;) {
        size_t running = 0;
        for (size_t i = 0; i < SERVICES; i++)
            running += running_count(show, i);
        if (running >= count)
            return;
        assert_true(process_clock_ms() < deadline_ms);
        process_nap();
    }
}

// A process at a time, so that the partitions lie where they will stay.
static void start_all(struct show *show)
{
    for (size_t i = 0; i < SERVICES; i++) {
        if (i > 0)
            scene_add_service(show->scene, i);
        char *name = workspace_text("processing.instance_id=rolling-%zu", i);
        cardwatch_set(&show->scene->services[i], name);
        free(name);
        cardwatch_start(&show->scene->services[i]);
    }
    for (size_t i = 0; i < SERVICES; i++)
        assert_true(cardwatch_await_log(&show->scene->services[i], 0, "partition running",
                                        PARTITIONS / SERVICES, WAIT_MS));
}

static void open_show(void **state, const char *name, int64_t seconds, struct show *show)
{
    const struct scene_settings scene = settings(name);
    *show = (struct show){.scene = stage_scene(state, &scene)};
    schedule_open(&show->schedule, &show->scene->workload, (size_t)(seconds * rate()), rate());
    show->receiver = receiver_open(kafkad_bootstrap(show->scene->kafka), show->scene->alerts_avro,
                                   &show->schedule);
    start_all(show);
    show->clock_offset_us = clock_wall_ms() * 1000 - sender_now_us();
    show->sender =
        sender_open(kafkad_bootstrap(show->scene->kafka), show->scene->purchases, &show->schedule);
    await_seconds(show, WARM_UP_S);
}

// The longest way of an alert whose purchase was due behind `from_us`, by partition.
static void find_pauses(const struct show *show, int64_t from_us, int64_t until_us,
                        int64_t pauses_us[PARTITIONS])
{
    memset(pauses_us, 0, PARTITIONS * sizeof(pauses_us[0]));
    for (size_t i = 0; i < receiver_count(show->receiver); i++) {
        size_t shot = receiver_shot(show->receiver, i);
        int64_t due_us = sender_began_us(show->sender) + schedule_due_us(&show->schedule, shot);
        int64_t us = receiver_time_us(show->receiver, i) - due_us;
        int64_t *pause_us = &pauses_us[show->schedule.shots[shot].partition];
        if (due_us >= from_us && due_us < until_us && us > *pause_us)
            *pause_us = us;
    }
}

static void print_pauses(const struct show *show, const char *what, int64_t from_us,
                         int64_t until_us)
{
    int64_t pauses_us[PARTITIONS];
    find_pauses(show, from_us, until_us, pauses_us);
    fprintf(stderr, "# %s: longest pause by partition, ms:", what);
    for (size_t p = 0; p < PARTITIONS; p++)
        fprintf(stderr, " %lld", (long long)(pauses_us[p] / 1000));
    fprintf(stderr, "\n");
}

// One line of a log that begins with its time.
static void print_line(char *line, size_t service, int64_t from_us)
{
    struct iso_moment moment;
    char *space = strchr(line, ' ');
    if (space == NULL)
        return;
    *space = '\0';
    if (!iso_moment_parse(line, &moment))
        return;
    int64_t us = moment.seconds * 1000000 + moment.nanoseconds / 1000 - from_us;
    if (us >= 0)
        fprintf(stderr, "#   %6lld ms  process %zu %s\n", (long long)(us / 1000), service,
                space + 1);
}

// What a process has said since a moment of the sender's clock.
static void print_story(const struct show *show, size_t service, int64_t from_us)
{
    char *log = workspace_read(show->scene->services[service].log_path);
    char *rest = NULL;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        print_line(line, service, from_us + show->clock_offset_us);
    free(log);
}

static void finish(struct show *show)
{
    struct scene *scene = show->scene;
    sender_await(show->sender);
    int64_t deadline_ms = process_clock_ms() + SCENE_CATCH_UP_MS;
    int64_t sent = (int64_t)show->schedule.count;
    while (group_watch_total(scene->watch) < sent && process_clock_ms() < deadline_ms)
        process_nap();
    assert_int_equal(group_watch_total(scene->watch), sent);
    assert_true(receiver_await_all(show->receiver, WAIT_MS));
    assert_true(scene_judge(scene, NULL));
}

static void close_show(struct show *show)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (process_running(&show->scene->services[i].process))
            assert_int_equal(cardwatch_stop(&show->scene->services[i], WAIT_MS), 0);
    assert_true(scene_judge(show->scene, NULL));
    receiver_close(show->receiver);
    sender_close(show->sender);
    schedule_close(&show->schedule);
    show->scene->passed = true;
}

static void restart_one(struct show *show, size_t at)
{
    struct cardwatch *service = &show->scene->services[at];
    int64_t from_us = sender_now_us();
    assert_int_equal(cardwatch_stop(service, WAIT_MS), 0);
    int64_t stopped_us = sender_now_us();
    show->log_from[at] = cardwatch_log_size(service);
    cardwatch_start(service);
    assert_true(cardwatch_await_log(service, show->log_from[at], "partition running",
                                    PARTITIONS / SERVICES, WAIT_MS));
    fprintf(stderr, "# process %zu: stopped after %lld ms, at work again after %lld ms\n", at,
            (long long)((stopped_us - from_us) / 1000),
            (long long)((sender_now_us() - from_us) / 1000));
    print_story(show, at, from_us);
    await_seconds(show, 2);
}

static void rolling_restart__raises_each_alert_once(void **state)
{
    struct show show;
    open_show(state, "rolling", scene_full_size() ? 40 : 20, &show);
    int64_t moments_us[SERVICES + 1];
    for (size_t i = 0; i < SERVICES; i++) {
        moments_us[i] = sender_now_us();
        restart_one(&show, i);
    }
    moments_us[SERVICES] = sender_now_us();
    finish(&show);
    print_pauses(&show, "before", sender_began_us(show.sender), moments_us[0]);
    for (size_t i = 0; i < SERVICES; i++) {
        char *what = workspace_text("restart of process %zu", i);
        print_pauses(&show, what, moments_us[i] - 100000, moments_us[i + 1]);
        free(what);
    }
    print_pauses(&show, "behind it", moments_us[SERVICES], INT64_MAX);
    close_show(&show);
}

static void fail_over__from_a_killed_process_raises_each_alert_once(void **state)
{
    struct show show;
    open_show(state, "fail-over", scene_full_size() ? 40 : 20, &show);
    for (size_t i = 0; i < SERVICES; i++)
        show.log_from[i] = cardwatch_log_size(&show.scene->services[i]);
    int64_t killed_us = sender_now_us();
    cardwatch_kill(&show.scene->services[1]);
    await_partitions(&show, PARTITIONS);
    await_seconds(&show, 3);
    print_story(&show, 0, killed_us);
    print_story(&show, 2, killed_us);
    finish(&show);
    print_pauses(&show, "before", sender_began_us(show.sender), killed_us - 1000000);
    print_pauses(&show, "one of three killed", killed_us - 1000000, INT64_MAX);
    close_show(&show);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(rolling_restart__raises_each_alert_once),
        stage_test(fail_over__from_a_killed_process_raises_each_alert_once),
    };
    return stage_run(tests);
}
