// SPDX-License-Identifier: Apache-2.0
// Seeded randomness for tests: base/random.h under the name that tests look for.
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include "base/random.h"

#endif
