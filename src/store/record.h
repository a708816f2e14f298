// SPDX-License-Identifier: Apache-2.0
// Byte layouts shared by the changelog topic and the local store. state/README.md describes them
// for operators; versions are checked on reading.
//
// Changelog key of a card:   incarnation (u64 big-endian) | token (16 bytes)
// Changelog key of the meta: the four bytes "meta"
// Value of a card:           see record_card.c
// Value of the meta:         see record_meta.c
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "base/bytes.h"
#include "base/status.h"
#include "engine/card.h"
#include "engine/engine.h"
#include "store/token.h"

enum {
    CHANGELOG_KEY_BYTES = 8 + TOKEN_BYTES,
    FINGERPRINT_BYTES = 16,
    TRANSACTIONAL_ID_BYTES_MAX = 512,
    META_FORMAT_VERSION = 1,
    CARD_FORMAT_VERSION = 1,
    CARD_FORMAT_FACTS = 1,   // added to the version of a card whose events have facts
    CARD_FORMAT_COUNTED = 2, // added to the version of a card with a running count of purchases
    CARD_FORMAT_VERSION_MAX = CARD_FORMAT_VERSION + CARD_FORMAT_FACTS + CARD_FORMAT_COUNTED,
};

// What the last commit of a task said of it.
struct meta {
    uint64_t incarnation;
    int64_t input_offset; // the next input record to take
    struct optional_ms stream_time;
    uint8_t fingerprint[FINGERPRINT_BYTES];
    bool at_least_once; // written without transactions: committed offsets may lag behind
    char transactional_id[TRANSACTIONAL_ID_BYTES_MAX + 1];
};

// Appends the encoding. False only when the buffer's maximum is passed.
bool meta_encode(const struct meta *meta, struct buffer *out) MUST_USE;
// STATUS_FATAL when the bytes are not a meta record of a version this program reads.
enum status meta_decode(struct view bytes, struct meta *out, struct error *err) MUST_USE;

// Appends the card's compact encoding (never empty, also for an empty card).
bool card_encode(struct card *card, struct buffer *out) MUST_USE;
// Fills `out` (an initialised, empty card; it owns what it gets). STATUS_FATAL on bytes that are
// not a card record of a known version; bounded work and memory whatever the bytes are.
enum status card_decode(struct view bytes, struct card *out, struct error *err) MUST_USE;

void changelog_key_encode(uint64_t incarnation, const struct token *token,
                          uint8_t out[CHANGELOG_KEY_BYTES]);

enum changelog_key_kind { CHANGELOG_KEY_CARD, CHANGELOG_KEY_META, CHANGELOG_KEY_UNKNOWN };
// For CHANGELOG_KEY_CARD fills incarnation and token.
enum changelog_key_kind changelog_key_decode(struct view key, uint64_t *incarnation,
                                             struct token *token);
struct view changelog_meta_key(void);

#endif
