// SPDX-License-Identifier: Apache-2.0
// What an end-to-end test plays in: topics of its own on the program's Kafka, a schema registry, a
// workload, a directory, and up to four processes of the program under test.
#ifndef LIB_SCENE_H
#define LIB_SCENE_H

#include <stdlib.h>

#include "demo/dev_registry.h"
#include "lib/cardwatch.h"
#include "lib/judge.h"
#include "lib/kafkad.h"
#include "lib/registrar.h"
#include "lib/workload.h"

enum { SCENE_SERVICES_MAX = 4, SCENE_CATCH_UP_MS = 120000 };

// Zero: the defaults.
struct scene_settings {
    const char *name;                    // part of topic names and of the application_id
    struct generator_settings generator; // schema ids are filled in
    struct oracle_settings oracle;
    const char *rules;             // YAML, as the oracle's
    const char *const *rule_names; // ends with NULL
    const char *guarantee;
    int threads;
    int session_timeout_ms;
    int32_t partitions;
    const char *purchase_max_bytes; // max.message.bytes of the purchases topic
    const char *compression;        // of the purchases
};

// 50,000 cards, disorder up to 5 s, some duplicates; the rule that is built in; 4 partitions.
struct scene_settings scene_settings_default(const char *name);

struct scene {
    struct scene_settings settings;
    struct kafkad *kafka; // borrowed
    char *dir;
    char *state_dir;
    char *application_id;
    char *purchases;
    char *alerts_avro;
    char *alerts_json;
    char *dead_letters;
    char *changelog;
    struct dev_registry *registry;
    uint16_t registry_port;
    char *registry_url;
    struct registrar_ids schema_ids;
    struct workload workload;
    struct group_watch *watch;
    struct cardwatch services[SCENE_SERVICES_MAX];
    bool passed; // set by the test at its end: logs are shown otherwise
};

// Topics, registry and workload are there; nothing is sent, service 0 is configured, not started.
void scene_open(struct scene *scene, struct kafkad *kafka, const struct scene_settings *settings);
void scene_close(struct scene *scene);

// Configures another process with a state directory of its own.
void scene_add_service(struct scene *scene, size_t at);

// Stops the registry, and starts it again on the same port with the schemas it had.
void scene_stop_registry(struct scene *scene);
void scene_start_registry(struct scene *scene);

// Waits until the group has committed everything that was sent. False: it took too long, or none of
// the processes runs any more.
bool scene_await_caught_up(struct scene *scene, int64_t timeout_ms);
// Waits until the group has committed at least `count` messages.
bool scene_await_progress(struct scene *scene, int64_t count, int64_t timeout_ms);

// Reads both alert topics and compares them with the oracle's alerts, and the dead letters: true
// when all is right. `repeats`, unless NULL: the alerts that came more than once are no fault, and
// counted here.
bool scene_judge(struct scene *scene, size_t *repeats);

// True when the program runs at full size (E2E_FULL).
bool scene_full_size(void);

// For cmocka: Kafka for a group of tests, a scene for each of them.
struct stage {
    struct kafkad *kafka;
    struct scene scene;
    bool open;
};

// Group setup and teardown.
int stage_setup(void **state);
int stage_teardown(void **state);
// The test's scene; closed by stage_end_test, the tests' teardown, even if the test fails.
struct scene *stage_scene(void **state, const struct scene_settings *settings);
int stage_end_test(void **state);
#define stage_test(test) cmocka_unit_test_teardown(test, stage_end_test)
// Runs an array of tests; with TEST_FILTER in the environment those whose names match (* and ?).
#define stage_run(tests)                                                                           \
    (cmocka_set_test_filter(getenv("TEST_FILTER")),                                                \
     cmocka_run_group_tests(tests, stage_setup, stage_teardown))

#endif
