// SPDX-License-Identifier: Apache-2.0
#include "wire/schemas.h"

#include "base/embed.h"

EMBED(cw_schema_purchase, "schemas/purchase.avsc");
EMBED(cw_schema_alert, "schemas/alert.avsc");
EMBED(cw_schema_travel_flags, "schemas/travel_flags.avsc");

struct view schema_purchase(void)
{
    return embedded(cw_schema_purchase_start, cw_schema_purchase_end);
}

struct view schema_alert(void)
{
    return embedded(cw_schema_alert_start, cw_schema_alert_end);
}

struct view schema_travel_flags(void)
{
    return embedded(cw_schema_travel_flags_start, cw_schema_travel_flags_end);
}
