// SPDX-License-Identifier: Apache-2.0
#include "ops/bearer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret_file.h"

enum { TOKEN_BYTES_MIN = 16, TOKEN_BYTES_MAX = 512 };

static const char scheme[] = "Bearer ";

struct bearer {
    uint8_t token[TOKEN_BYTES_MAX + SECRET_FILE_SPARE_BYTES];
    size_t size;
};

static enum status check_characters(const struct bearer *bearer, const char *path,
                                    struct error *err)
{
    for (size_t i = 0; i < bearer->size; i++)
        if (bearer->token[i] <= ' ' || bearer->token[i] > '~')
            return error_set(err, STATUS_FATAL,
                             "http.token_file %s: a token has printable ASCII characters alone, "
                             "without blanks",
                             path);
    return STATUS_OK;
}

enum status bearer_open(const char *path, struct bearer **out, struct error *err)
{
    const struct secret_file file = {path, TOKEN_BYTES_MIN, TOKEN_BYTES_MAX};
    *out = NULL;
    if (path[0] == '\0')
        return STATUS_OK;
    struct bearer *bearer = memory_zeroed(1, sizeof(*bearer));
    enum status status = secret_file_read(&file, bearer->token, &bearer->size, err);
    if (status == STATUS_OK)
        status = check_characters(bearer, path, err);
    if (status == STATUS_OK)
        *out = bearer;
    else
        bearer_close(bearer);
    return status;
}

void bearer_close(struct bearer *bearer)
{
    if (bearer == NULL)
        return;
    explicit_bzero(bearer, sizeof(*bearer));
    free(bearer);
}

static bool is_same(const struct bearer *bearer, const char *token)
{
    unsigned difference = 0;
    if (strlen(token) != bearer->size)
        return false;
    for (size_t i = 0; i < bearer->size; i++)
        difference |= (unsigned)bearer->token[i] ^ (uint8_t)token[i];
    return difference == 0;
}

bool bearer_admits(const struct bearer *bearer, const char *authorization)
{
    if (bearer == NULL)
        return true;
    if (authorization == NULL || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return false;
    return is_same(bearer, authorization + sizeof(scheme) - 1);
}
