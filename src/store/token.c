// SPDX-License-Identifier: Apache-2.0
#include "store/token.h"

#include <nettle/aes.h>
#include <nettle/cmac.h>
#include <nettle/nettle-meta.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/secret_file.h"

_Static_assert(TOKEN_BYTES == CMAC128_DIGEST_SIZE, "a token is a whole CMAC");
_Static_assert(TOKEN_BYTES == AES128_KEY_SIZE, "a token serves as a derived key");

// Not a secret: whoever runs without a secret file gets tokens that anybody can compute.
static const uint8_t development_key[AES128_KEY_SIZE] = "cardwatch devkey";

static const char check_text[] = "cardwatch key check";

struct token_key {
    struct aes128_ctx cipher;
    struct cmac128_key subkeys;
};

void token_of(const struct token_key *key, struct view card, struct token *out)
{
    // The message's state is on the stack, so that threads can share the key.
    struct cmac128_ctx message;
    cmac128_init(&message);
    cmac128_update(&message, &key->cipher, nettle_aes128.encrypt, card.size, card.data);
    cmac128_digest(&message, &key->subkeys, &key->cipher, nettle_aes128.encrypt, TOKEN_BYTES,
                   out->bytes);
}

struct token_key *token_key_open_aes(const uint8_t *aes_key)
{
    struct token_key *key = memory_zeroed(1, sizeof(*key));
    aes128_set_encrypt_key(&key->cipher, aes_key);
    cmac128_set_key(&key->subkeys, &key->cipher, nettle_aes128.encrypt);
    return key;
}

struct token_key *token_key_open(struct view secret)
{
    struct token_key *development = token_key_open_aes(development_key);
    if (secret.data == NULL)
        return development;
    ensure(secret.size >= SECRET_BYTES_MIN && secret.size <= SECRET_BYTES_MAX);
    struct token derived;
    token_of(development, secret, &derived);
    token_key_close(development);
    struct token_key *key = token_key_open_aes(derived.bytes);
    explicit_bzero(&derived, sizeof(derived));
    return key;
}

void token_key_close(struct token_key *key)
{
    if (key == NULL)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

uint64_t token_key_check_value(const struct token_key *key)
{
    struct token token;
    token_of(key, view_text(check_text), &token);
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(value); i++)
        value = value << 8 | token.bytes[i];
    return value;
}

enum status token_key_read(const char *path, struct token_key **out, struct error *err)
{
    uint8_t secret[SECRET_BYTES_MAX + SECRET_FILE_SPARE_BYTES];
    const struct secret_file file = {path, SECRET_BYTES_MIN, SECRET_BYTES_MAX};
    size_t size = 0;
    enum status status = secret_file_read(&file, secret, &size, err);
    if (status == STATUS_OK)
        *out = token_key_open((struct view){secret, size});
    explicit_bzero(secret, sizeof(secret));
    return status;
}
