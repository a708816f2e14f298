// SPDX-License-Identifier: Apache-2.0
// A JSON text (RFC 8259) as a flat table of nodes, with numbers as they were written: to the last
// digit, whatever their size.
//
//   {"a": [1, 2.50], "b": null}
//   nodes   0 object   1 array "a"   2 number 1   3 number 2.50   4 null "b"
//   end       5          4             3            4               5
//
// A node's members or items follow it; the first is the next node, another one stands where the
// one before it ends, and the last one ends where the node does.
#ifndef WIRE_TREE_H
#define WIRE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum tree_kind {
    TREE_NULL,
    TREE_FALSE,
    TREE_TRUE,
    TREE_NUMBER,
    TREE_TEXT,
    TREE_ARRAY,
    TREE_OBJECT,
};

struct tree_node {
    enum tree_kind kind;
    uint32_t end;     // the node behind all that is in this one
    struct view text; // text: decoded, UTF-8; number: as written. A NUL stands behind it
    struct view name; // of a member of an object; a NUL stands behind it
};

// Arrays and objects inside one another; bytes of a text.
enum { TREE_DEPTH_MAX = 512, TREE_BYTES_MAX = 16 * 1024 * 1024 };

struct tree {
    struct tree_node *nodes;
    uint32_t count;
    uint32_t capacity;
    char *texts; // what the nodes' texts and names point into
    size_t texts_size;
};

void tree_init(struct tree *tree);
void tree_release(struct tree *tree);

// Reads a text, in place of what was there; its memory is used again. False, with a static sentence
// in *reason and the byte it is about in *at: it is not one JSON value. Work and memory are linear
// in the text, which need not live on.
bool tree_read(struct tree *tree, struct view json, const char **reason, size_t *at);

// The member of an object by its name, the first of them; 0 (the root is nobody's member): none.
uint32_t tree_member(const struct tree *tree, uint32_t object, struct view name);

// "null", "a number", ...: static storage.
const char *tree_kind_name(enum tree_kind kind);

#endif
