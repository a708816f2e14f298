// SPDX-License-Identifier: Apache-2.0
// The assembler's .incbin puts the files into the object; the Makefile knows the dependency.
#include "wire/schemas.h"

#define EMBED(symbol, path)                                                                        \
    __asm__(".pushsection .rodata\n" #symbol "_start: .incbin \"" path "\"\n" #symbol              \
            "_end: .byte 0\n"                                                                      \
            ".popsection\n");                                                                      \
    extern const uint8_t symbol##_start[] __attribute__((visibility("hidden")));                   \
    extern const uint8_t symbol##_end[] __attribute__((visibility("hidden")))

EMBED(cw_schema_purchase, "schemas/purchase.avsc");
EMBED(cw_schema_alert, "schemas/alert.avsc");
EMBED(cw_schema_travel_flags, "schemas/travel_flags.avsc");

static struct view between(const uint8_t *start, const uint8_t *end)
{
    return (struct view){start, (size_t)(end - start)};
}

struct view schema_purchase(void)
{
    return between(cw_schema_purchase_start, cw_schema_purchase_end);
}

struct view schema_alert(void)
{
    return between(cw_schema_alert_start, cw_schema_alert_end);
}

struct view schema_travel_flags(void)
{
    return between(cw_schema_travel_flags_start, cw_schema_travel_flags_end);
}
