// SPDX-License-Identifier: Apache-2.0
#include "engine/step.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

enum { ALERTS_MIN = 8 };

void step_clear(struct step *step)
{
    step->alert_count = 0;
    step->late_rules = 0;
    step->changed = false;
    step->counted = false;
    step->duplicate = false;
    step->capped = false;
    step->already_counted = false;
}

void step_release(struct step *step)
{
    free(step->alerts);
    tally_release(&step->tally);
    *step = (struct step){0};
}

void step_add_alert(struct step *step, const struct alert *alert)
{
    ensure(step->alert_count <= step->alert_capacity);
    if (step->alert_count == step->alert_capacity) {
        size_t capacity = step->alert_capacity == 0 ? ALERTS_MIN : step->alert_capacity * 2;
        step->alerts = memory_resized(step->alerts, capacity, sizeof(*step->alerts));
        step->alert_capacity = capacity;
    }
    step->alerts[step->alert_count++] = *alert;
}
