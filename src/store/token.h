// SPDX-License-Identifier: Apache-2.0
// The 16-byte token that stands for a card in the store and the changelog: AES-128-CMAC
// (NIST SP 800-38B) of the card's text under the secret, so that neither holds a card number.
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { TOKEN_BYTES = 16, SECRET_BYTES_MIN = 16, SECRET_BYTES_MAX = 4096 };

struct token {
    uint8_t bytes[TOKEN_BYTES];
};

struct token_key; // const after open: shared by threads

// A key from secret bytes of SECRET_BYTES_MIN .. MAX: the AES key is the CMAC of the secret under
// the built-in development key, so a secret may be of any length and form. secret.data == NULL:
// the development key itself (the caller warns).
struct token_key *token_key_open(struct view secret);
// The AES key itself, TOKEN_BYTES of it.
struct token_key *token_key_open_aes(const uint8_t *aes_key);
void token_key_close(struct token_key *key);

// Reads the secret from a file (one trailing newline is ignored). STATUS_FATAL names the file and
// the reason: cannot be read, too short, too long, or open to others (any right of group or others;
// a file of root's may be readable by its group, as mounted secrets are).
enum status token_key_read(const char *path, struct token_key **out, struct error *err) MUST_USE;

void token_of(const struct token_key *key, struct view card, struct token *out);

// A value that differs, all but surely, between two keys and tells nothing of either: the first
// eight bytes of the token of a fixed text.
uint64_t token_key_check_value(const struct token_key *key);

#endif
