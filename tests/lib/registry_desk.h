// SPDX-License-Identifier: Apache-2.0
// A registry client under test: opened with short times, asked until it has settled. Failures end
// the test.
#ifndef LIB_REGISTRY_DESK_H
#define LIB_REGISTRY_DESK_H

#include "registry/registry.h"

enum { REGISTRY_DESK_DEADLINE_MS = 20 * 1000, REGISTRY_DESK_UNKNOWN_MS = 300 };

// Settings for `url` (borrowed): no cache, requests of up to the deadline.
void registry_desk_settings(struct registry_settings *settings, const char *url);
struct registry *registry_desk_open_with(const struct registry_settings *settings);
struct registry *registry_desk_open(const char *url);

// Asks until the answer is not "pending", or the deadline has passed.
enum registry_answer registry_desk_settled(struct registry *registry, uint32_t id,
                                           struct view *schema);
// The id settles as this text.
void registry_desk_assert_schema(struct registry *registry, uint32_t id, const char *text);
// Waits until the registry counts as unreachable.
void registry_desk_await_trouble(struct registry *registry, struct error *err);
// Registers, and returns the id.
uint32_t registry_desk_register(struct registry *registry, const char *subject, const char *schema);

void registry_desk_assert_holds(const char *text, const char *part);
int64_t registry_desk_now_ms(void);
// A moment between two looks at a condition.
void registry_desk_breathe(void);

// A group's set-up: a proxy in the environment must not stand between the tests and their servers.
int registry_desk_environment(void **state);

#endif
