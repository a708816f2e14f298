// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/dev_registry_body.h"
#include "demo/dev_registry_calls.h"

static const char *const levels[] = {
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
    NULL,
};
static const char *const modes[] = {"READWRITE", "READONLY", "IMPORT", NULL};

static struct dev_answer setting_answer(const char *key, const char *value)
{
    json_t *body = json_object();
    json_object_set_new(body, key, json_string(value));
    return dev_answer_json(200, body);
}

static bool listed(const char *const *list, const char *value)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, value) == 0)
            return true;
    }
    return false;
}

// Reads the level or mode in the body into `place`, and answers.
static struct dev_answer setting_put(const struct dev_call *call, bool level, char *place)
{
    struct dev_answer refusal;
    const char *key = level ? "compatibility" : "mode";
    char *value = dev_body_setting(call->request, key, &refusal);
    if (value == NULL)
        return refusal;
    bool fine = listed(level ? levels : modes, value);
    if (fine)
        snprintf(place, DEV_STORE_SETTING_BYTES, "%s", value);
    free(value);
    if (fine)
        return setting_answer(key, place);
    return level ? dev_answer_error(422, 42203, "Invalid compatibility level")
                 : dev_answer_error(422, 42204, "Invalid mode");
}

struct dev_answer dev_call_config(const struct dev_call *call)
{
    return setting_answer("compatibilityLevel", call->store->level);
}

struct dev_answer dev_call_set_config(const struct dev_call *call)
{
    return setting_put(call, true, call->store->level);
}

struct dev_answer dev_call_subject_config(const struct dev_call *call)
{
    const struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    if (subject != NULL && *subject->level != '\0')
        return setting_answer("compatibilityLevel", subject->level);
    if (call->request->default_to_global)
        return dev_call_config(call);
    if (subject == NULL || !dev_subject_live(subject, false))
        return dev_call_no_subject(call->arguments[0]);
    return dev_answer_error(404, 40408,
                            "Subject '%s' does not have subject-level compatibility configured",
                            subject->name);
}

static struct dev_answer subject_put(const struct dev_call *call, bool level)
{
    struct dev_subject *subject = dev_store_subject_add(call->store, call->arguments[0]);
    if (subject == NULL)
        return dev_call_full();
    return setting_put(call, level, level ? subject->level : subject->mode);
}

struct dev_answer dev_call_set_subject_config(const struct dev_call *call)
{
    return subject_put(call, true);
}

struct dev_answer dev_call_unset_subject_config(const struct dev_call *call)
{
    struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    if (subject == NULL)
        return dev_call_no_subject(call->arguments[0]);
    *subject->level = '\0';
    return setting_answer("compatibility", call->store->level);
}

struct dev_answer dev_call_mode(const struct dev_call *call)
{
    return setting_answer("mode", call->store->mode);
}

struct dev_answer dev_call_set_mode(const struct dev_call *call)
{
    return setting_put(call, false, call->store->mode);
}

struct dev_answer dev_call_subject_mode(const struct dev_call *call)
{
    const struct dev_subject *subject = dev_store_subject(call->store, call->arguments[0]);
    if (subject != NULL && *subject->mode != '\0')
        return setting_answer("mode", subject->mode);
    if (!dev_subject_live(subject, false))
        return dev_call_no_subject(call->arguments[0]);
    return dev_call_mode(call);
}

struct dev_answer dev_call_set_subject_mode(const struct dev_call *call)
{
    return subject_put(call, false);
}
