// SPDX-License-Identifier: Apache-2.0
// Avro's schema resolution as a compatibility check: can a reader with one schema read what a
// writer with another has written? (Avro specification 1.11, "Schema Resolution".)
#ifndef DEMO_DEV_REGISTRY_COMPAT_H
#define DEMO_DEV_REGISTRY_COMPAT_H

#include "demo/dev_registry_avro.h"

// Appends to the array `messages` one text for each thing that stands in the way, each text once;
// appends nothing when every value of `writer` can be read. The work is bounded: a pair of
// schemas that would take more counts as incompatible.
void dev_compat_check(const struct dev_avro *reader, const struct dev_avro *writer,
                      json_t *messages);

#endif
