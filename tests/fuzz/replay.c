// SPDX-License-Identifier: Apache-2.0
// Runs a fuzzer without libFuzzer:
//   build/tests/fuzz/NAME_fuzz          as a test: tests/fuzz/corpus/NAME/ and variations of it
//   build/tests/fuzz/NAME_fuzz FILE...  these inputs
//
// The input under way stands in <program>.input; when the process dies, that is what killed it.
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "fuzz/fuzz.h"
#include "lib/random.h"
#include "lib/scale.h"

enum {
    INPUT_BYTES_MAX = 1024 * 1024,
    INPUTS_MAX = 1024,
    PATH_BYTES_MAX = 512,
    CUTS_EACH = 64,
    CHANGED_INPUTS = 10000,
    CHANGES_MAX = 4,
};

static struct buffer inputs[INPUTS_MAX];
static size_t input_count;
static char under_way_path[PATH_BYTES_MAX];
static uint8_t *under_way; // INPUT_BYTES_MAX of the file, mapped
static int under_way_fd;
static bool busy; // with an input, or one has failed: its bytes are kept

static void under_way_open(const char *program)
{
    snprintf(under_way_path, sizeof(under_way_path), "%s.input", program);
    under_way_fd = open(under_way_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(under_way_fd >= 0);
    assert_int_equal(ftruncate(under_way_fd, INPUT_BYTES_MAX), 0);
    under_way = mmap(NULL, INPUT_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, under_way_fd, 0);
    assert_ptr_not_equal(under_way, MAP_FAILED);
}

static void under_way_close(void)
{
    munmap(under_way, INPUT_BYTES_MAX);
    close(under_way_fd);
    if (!busy)
        unlink(under_way_path);
}

static void run(struct view input)
{
    assert_true(input.size <= INPUT_BYTES_MAX);
    if (busy)
        fail_msg("an input before has failed: %s", under_way_path);
    busy = true;
    assert_int_equal(ftruncate(under_way_fd, (off_t)input.size), 0);
    if (input.size > 0)
        memcpy(under_way, input.data, input.size);
    struct view exact = fuzz_exact(input);
    assert_int_equal(LLVMFuzzerTestOneInput(exact.data, exact.size), 0);
    free((void *)(uintptr_t)exact.data);
    busy = false;
}

static void input_add(const char *path)
{
    struct error err;
    bool found;
    assert_true(input_count < INPUTS_MAX);
    struct buffer *input = &inputs[input_count++];
    buffer_init(input, INPUT_BYTES_MAX);
    if (file_read(path, input, &found, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    if (!found)
        fail_msg("%s: there is no such file", path);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void corpus_add(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash == NULL ? program : slash + 1;
    char folder[PATH_BYTES_MAX], path[PATH_BYTES_MAX * 2];
    snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%.*s",
             (int)(strlen(name) - strlen("_fuzz")), name);
    struct dirent **entries;
    int count = scandir(folder, &entries, not_hidden, alphasort);
    if (count <= 0)
        fail_msg("%s: there are no inputs", folder);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        input_add(path);
        free(entries[i]);
    }
    free(entries);
}

static void corpus__is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < input_count; i++)
        run(buffer_view(&inputs[i]));
    run((struct view){NULL, 0});
}

static void cut_inputs__are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < input_count; i++) {
        size_t step = 1 + inputs[i].size / CUTS_EACH;
        for (size_t size = 0; size < inputs[i].size; size += step)
            run((struct view){inputs[i].data, size});
    }
}

static void change(struct random *random, struct buffer *input)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xfe, 0xff, '"', '\\', '{'};
    if (input->size == 0) {
        assert_true(buffer_append_byte(input, (uint8_t)random_next(random)));
        return;
    }
    size_t at = random_below(random, input->size);
    const struct buffer *other = &inputs[random_below(random, input_count)];
    switch (random_below(random, 5)) {
    case 0:
        input->data[at] ^= (uint8_t)(1u << random_below(random, 8));
        return;
    case 1:
        input->data[at] = telling[random_below(random, sizeof(telling))];
        return;
    case 2:
        input->data[at] = (uint8_t)random_next(random);
        return;
    case 3: // a byte less
        memmove(input->data + at, input->data + at + 1, input->size - at - 1);
        input->size--;
        return;
    default: // the front of this one, the end of another
        input->size = at;
        if (other->size > 0)
            at = random_below(random, other->size);
        (void)buffer_append(input, other->data + at, other->size > 0 ? other->size - at : 0);
    }
}

static void changed_inputs__are_taken(void **state)
{
    (void)state;
    struct random random;
    struct buffer input;
    random_seed(&random, 1);
    buffer_init(&input, INPUT_BYTES_MAX);
    uint64_t count = scale_count(CHANGED_INPUTS);
    for (uint64_t i = 0; i < count; i++) {
        const struct buffer *from = &inputs[random_below(&random, input_count)];
        buffer_clear(&input);
        assert_true(buffer_append(&input, from->data, from->size));
        for (uint64_t changes = 1 + random_below(&random, CHANGES_MAX); changes > 0; changes--)
            change(&random, &input);
        run(buffer_view(&input));
    }
    buffer_release(&input);
}

static const char *program;
static char **paths;
static int path_count;

static int set_up(void **state)
{
    (void)state;
    LLVMFuzzerInitialize(NULL, NULL);
    for (int i = 0; i < path_count; i++)
        input_add(paths[i]);
    if (path_count == 0)
        corpus_add(program);
    under_way_open(program);
    printf("# an input that fails stays in %s\n", under_way_path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    under_way_close();
    for (size_t i = 0; i < input_count; i++)
        buffer_release(&inputs[i]);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus__is_taken),
        cmocka_unit_test(cut_inputs__are_taken),
        cmocka_unit_test(changed_inputs__are_taken),
    };
    const struct CMUnitTest given[] = {cmocka_unit_test(corpus__is_taken)};
    program = argv[0];
    paths = argv + 1;
    path_count = argc - 1;
    return path_count == 0 ? cmocka_run_group_tests(tests, set_up, tear_down)
                           : cmocka_run_group_tests(given, set_up, tear_down);
}
