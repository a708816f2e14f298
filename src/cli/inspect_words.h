// SPDX-License-Identifier: Apache-2.0
// What `inspect` has found, on stdout: a page for people or a JSON object.
#ifndef CLI_INSPECT_WORDS_H
#define CLI_INSPECT_WORDS_H

#include "cli/inspect_look.h"

struct inspect_card {
    struct view number;
    const struct inspect_partition *where; // partition -1: nobody has it
    struct view record;
};

void inspect_all_text(const struct inspect_look *look, int64_t wall_ms);
void inspect_all_json(const struct inspect_look *look, int64_t wall_ms);
// Exit codes: CLI_DONE, or CLI_FAILED when it is not there or cannot be read.
int inspect_card_text(const struct inspect_look *look, const struct inspect_card *found);
int inspect_card_json(const struct inspect_look *look, const struct inspect_card *card);

#endif
