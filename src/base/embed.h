// SPDX-License-Identifier: Apache-2.0
// Files built into the program: the assembler's .incbin puts them into the object. The Makefile
// knows which object depends on which files; paths begin at the top of the tree.
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/bytes.h"

// EMBED(cw_page, "src/page.html"): symbol_start, symbol_end are where its bytes begin and end.
#define EMBED(symbol, path)                                                                        \
    __asm__(".pushsection .rodata\n" #symbol "_start: .incbin \"" path "\"\n" #symbol              \
            "_end: .byte 0\n"                                                                      \
            ".popsection\n");                                                                      \
    extern const uint8_t symbol##_start[] __attribute__((visibility("hidden")));                   \
    extern const uint8_t symbol##_end[] __attribute__((visibility("hidden")))

static inline struct view embedded(const uint8_t *start, const uint8_t *end)
{
    return (struct view){start, (size_t)(end - start)};
}

#endif
