// SPDX-License-Identifier: Apache-2.0
// The files in schemas/, embedded at build, so that code and file cannot drift.
#ifndef WIRE_SCHEMAS_H
#define WIRE_SCHEMAS_H

#include "base/bytes.h"

struct view schema_purchase(void);
struct view schema_alert(void);
struct view schema_travel_flags(void);

#endif
