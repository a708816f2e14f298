// SPDX-License-Identifier: Apache-2.0
// Puts the schemas that tests need into a registry.
#ifndef LIB_REGISTRAR_H
#define LIB_REGISTRAR_H

#include <stdint.h>

struct registrar_ids {
    uint32_t purchase;
    uint32_t alert;
    uint32_t mismatch; // of generator_mismatch_schema()
};

// Registers purchase, alert and mismatch schema, in this order: in an empty registry ids 1, 2, 3;
// stops the test when that fails.
struct registrar_ids registrar_register(const char *url, const char *purchases_topic,
                                        const char *alerts_topic);

#endif
