// SPDX-License-Identifier: Apache-2.0
// What the engine is told, in the oracle's words.
#ifndef LIB_ORACLE_MIRROR_H
#define LIB_ORACLE_MIRROR_H

#include "engine/engine.h"
#include "lib/oracle.h"

// A rule may have two conditions of four values each. Borrows the operands' texts, which must end
// with a zero byte.
struct oracle_settings oracle_mirror(const struct engine_settings *settings);

// Borrows the card's text and the category.
struct oracle_purchase oracle_mirror_purchase(struct view card,
                                              const struct engine_purchase *purchase);

#endif
