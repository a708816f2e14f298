// SPDX-License-Identifier: Apache-2.0
#include "store/token.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/aes.h>
#include <nettle/cmac.h>
#include <nettle/nettle-meta.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/memory.h"

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

// Root may own a file that its group reads (mounted secrets come so); nobody else may.
static bool is_exposed(const struct stat *info)
{
    mode_t forbidden = info->st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
    return (info->st_mode & forbidden) != 0;
}

static enum status secret_check(const char *path, const struct stat *info, struct error *err)
{
    if (!S_ISREG(info->st_mode))
        return error_set(err, STATUS_FATAL, "secret file %s: is not a regular file", path);
    if (is_exposed(info))
        return error_set(err, STATUS_FATAL,
                         "secret file %s: has mode %04o, so that others may read or change it: "
                         "run `chmod 600` on it (0640 will do when root owns it)",
                         path, (unsigned)(info->st_mode & 07777));
    return STATUS_OK;
}

// Reads at most `max` bytes; -1 with errno on failure.
static ssize_t read_up_to(int fd, uint8_t *bytes, size_t max)
{
    size_t size = 0;
    while (size < max) {
        ssize_t got = read(fd, bytes + size, max - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

static enum status secret_read(const char *path, int fd, uint8_t *bytes, size_t max, size_t *size,
                               struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return error_set(err, STATUS_FATAL, "secret file %s: %s", path, strerror(errno));
    enum status status = secret_check(path, &info, err);
    if (status != STATUS_OK)
        return status;
    ssize_t got = read_up_to(fd, bytes, max);
    if (got < 0)
        return error_set(err, STATUS_FATAL, "secret file %s: cannot read: %s", path,
                         strerror(errno));
    *size = (size_t)got;
    if (*size > 0 && bytes[*size - 1] == '\n')
        *size -= 1;
    return STATUS_OK;
}

enum status token_key_read(const char *path, struct token_key **out, struct error *err)
{
    uint8_t secret[SECRET_BYTES_MAX + 2]; // a newline, and one byte more tells "too long"
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, STATUS_FATAL, "secret file %s: cannot open: %s", path,
                         strerror(errno));
    enum status status = secret_read(path, fd, secret, sizeof(secret), &size, err);
    close(fd);
    if (status == STATUS_OK && (size < SECRET_BYTES_MIN || size > SECRET_BYTES_MAX))
        status = error_set(
            err, STATUS_FATAL, "secret file %s: must hold %d to %d bytes and holds %s", path,
            SECRET_BYTES_MIN, SECRET_BYTES_MAX, size < SECRET_BYTES_MIN ? "fewer" : "more");
    if (status == STATUS_OK)
        *out = token_key_open((struct view){secret, size});
    explicit_bzero(secret, sizeof(secret));
    return status;
}
