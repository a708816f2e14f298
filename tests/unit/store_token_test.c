// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/token.h"

struct fixture {
    char dir[64];
    char path[96];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/cardwatch-token-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/secret", f->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    rmdir(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static void secret_write(const struct fixture *f, const char *text, size_t size, mode_t mode)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_same_key(const struct token_key *a, const struct token_key *b)
{
    struct token of_a, of_b;
    token_of(a, view_text("4000-1111"), &of_a);
    token_of(b, view_text("4000-1111"), &of_b);
    assert_memory_equal(&of_a, &of_b, sizeof(of_a));
}

// The examples of RFC 4493, section 4, which are those of NIST SP 800-38B, D.1.
static void token__is_the_published_cmac(void **state)
{
    (void)state;
    static const uint8_t aes_key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                        0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t message[64] = {
        0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73,
        0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7,
        0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51, 0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4,
        0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef, 0xf6, 0x9f, 0x24, 0x45,
        0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
    static const struct {
        size_t size;
        uint8_t token[16];
    } examples[] = {
        {0,
         {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3, 0x7d, 0x12, 0x9b, 0x75, 0x67,
          0x46}},
        {16,
         {0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0, 0x4a, 0x28,
          0x7c}},
        {40,
         {0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8,
          0x27}},
        {64,
         {0x51, 0xf0, 0xbe, 0xbf, 0x7e, 0x3b, 0x9d, 0x92, 0xfc, 0x49, 0x74, 0x17, 0x79, 0x36, 0x3c,
          0xfe}},
    };
    struct token_key *key = token_key_open_aes(aes_key);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct token token;
        token_of(key, (struct view){message, examples[i].size}, &token);
        assert_memory_equal(token.bytes, examples[i].token, TOKEN_BYTES);
    }
    token_key_close(key);
}

// A changed derivation would orphan every store and changelog in the field. Made with another
// implementation: `openssl mac -cipher AES-128-CBC -macopt hexkey:KEY CMAC`, twice.
static void token__of_a_secret_never_changes(void **state)
{
    (void)state;
    static const uint8_t expected[TOKEN_BYTES] = {0x3a, 0x21, 0xf9, 0xa6, 0x0f, 0x84, 0xa1, 0x3c,
                                                  0xd5, 0x81, 0x0b, 0xe9, 0x84, 0xeb, 0x48, 0xb5};
    struct token_key *key = token_key_open(view_text("0123456789abcdef"));
    struct token token;
    token_of(key, view_text("1111-2222-3333-4444"), &token);
    assert_memory_equal(token.bytes, expected, TOKEN_BYTES);
    token_key_close(key);
}

static void token__differs_by_card_and_by_secret(void **state)
{
    (void)state;
    struct token_key *development = token_key_open((struct view){NULL, 0});
    struct token_key *secret = token_key_open(view_text("a secret of 26 characters."));
    struct token a, b, c;
    token_of(development, view_text("4000-1111"), &a);
    token_of(development, view_text("4000-1112"), &b);
    token_of(secret, view_text("4000-1111"), &c);
    assert_memory_not_equal(&a, &b, sizeof(a));
    assert_memory_not_equal(&a, &c, sizeof(a));
    assert_true(token_key_check_value(development) != token_key_check_value(secret));
    token_key_close(development);
    token_key_close(secret);
}

static void secret_file__is_read_without_its_newline(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct token_key *read = NULL;
    secret_write(f, "0123456789abcdef\n", 17, 0600);
    assert_int_equal(token_key_read(f->path, &read, &err), STATUS_OK);
    struct token_key *expected = token_key_open(view_text("0123456789abcdef"));
    assert_same_key(read, expected);
    token_key_close(read);
    token_key_close(expected);
}

static void secret_file__may_hold_any_bytes_up_to_the_maximum(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct token_key *key = NULL;
    char bytes[SECRET_BYTES_MAX + 2] = {0};
    secret_write(f, bytes, SECRET_BYTES_MAX, 0400);
    assert_int_equal(token_key_read(f->path, &key, &err), STATUS_OK);
    token_key_close(key);
    bytes[SECRET_BYTES_MAX] = '\n';
    secret_write(f, bytes, SECRET_BYTES_MAX + 1, 0600);
    assert_int_equal(token_key_read(f->path, &key, &err), STATUS_OK);
    token_key_close(key);
}

static void assert_refused(const struct fixture *f, const char *reason)
{
    struct error err = {""};
    struct token_key *key = NULL;
    assert_int_equal(token_key_read(f->path, &key, &err), STATUS_FATAL);
    assert_null(key);
    assert_non_null(strstr(err.text, f->path));
    assert_non_null(strstr(err.text, reason));
}

static void secret_file__is_refused_when_too_short_or_too_long(void **state)
{
    struct fixture *f = *state;
    char bytes[SECRET_BYTES_MAX + 2] = {0};
    secret_write(f, "0123456789abcde\n", 16, 0600);
    assert_refused(f, "fewer");
    secret_write(f, bytes, 0, 0600);
    assert_refused(f, "fewer");
    secret_write(f, bytes, SECRET_BYTES_MAX + 1, 0600);
    assert_refused(f, "more");
    secret_write(f, bytes, SECRET_BYTES_MAX + 2, 0600);
    assert_refused(f, "more");
}

static void secret_file__is_refused_when_others_may_read_or_change_it(void **state)
{
    struct fixture *f = *state;
    static const mode_t modes[] = {0604, 0602, 0620, 0777};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        secret_write(f, "0123456789abcdef", 16, modes[i]);
        assert_refused(f, "chmod 600");
    }
}

static void secret_file__readable_by_its_group_must_be_of_roots(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct token_key *key = NULL;
    secret_write(f, "0123456789abcdef", 16, 0640);
    if (geteuid() != 0) {
        assert_refused(f, "chmod 600");
        return;
    }
    assert_int_equal(token_key_read(f->path, &key, &err), STATUS_OK);
    token_key_close(key);
    assert_int_equal(chown(f->path, 1, 1), 0);
    assert_refused(f, "chmod 600");
}

static void secret_file__missing_or_a_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "No such file");
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_refused(f, "not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token__is_the_published_cmac),
        cmocka_unit_test(token__of_a_secret_never_changes),
        cmocka_unit_test(token__differs_by_card_and_by_secret),
        cmocka_unit_test_setup_teardown(secret_file__is_read_without_its_newline, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(secret_file__may_hold_any_bytes_up_to_the_maximum, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(secret_file__is_refused_when_too_short_or_too_long, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(secret_file__is_refused_when_others_may_read_or_change_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(secret_file__readable_by_its_group_must_be_of_roots, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(secret_file__missing_or_a_directory_is_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
