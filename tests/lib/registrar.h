// SPDX-License-Identifier: Apache-2.0
// Puts the schemas that tests need into a registry.
#ifndef LIB_REGISTRAR_H
#define LIB_REGISTRAR_H

#include <stdint.h>

#include "base/bytes.h"
#include "demo/generator.h"

struct registrar_ids {
    uint32_t purchase;
    uint32_t alert;
    uint32_t mismatch; // of generator_mismatch_schema()
    uint32_t longer;   // of registrar_longer_schema()
};

// Registers purchase, alert, mismatch and longer schema, in this order: ids 1 to 4 if it was empty;
// stops the test when that fails.
struct registrar_ids registrar_register(const char *url, const char *purchases_topic,
                                        const char *alerts_topic);

// Purchases with one more nullable field at the end: a purchase of schemas/purchase.avsc becomes
// one by its id in the frame and a zero byte (null) behind it.
struct view registrar_longer_schema(void);

// Makes a purchase of the generator one of that schema: its value is then in `value`.
void registrar_lengthen(const struct registrar_ids *ids, struct generated *message,
                        struct buffer *value);

#endif
