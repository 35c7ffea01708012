/* base: strings, numbers, files, digests, random numbers, JSON text. */
#include "ferlab/base/arena.h"
#include "ferlab/base/clock.h"
#include "ferlab/base/digest.h"
#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"
#include "ferlab/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_escape_lets_no_control_character_through(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"fer0000000.png", "fer0000000.png"},
        {"a\033]0;x\007b", "a\\x1b]0;x\\x07b"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"},
        {"caf\xc3\xa9 \xe2\x9c\x93", "caf\xc3\xa9 \xe2\x9c\x93"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"a\xe2\x80\xae"
         "b",
         "a\\xe2\\x80\\xae"
         "b"},
        {"line\nbreak\x7f", "line\\x0abreak\\x7f"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(str_escape(out, sizeof out, cases[i].in), cases[i].out);
}

static void test_escape_cuts_at_a_whole_character(void **state)
{
    (void)state;
    char out[5];
    assert_string_equal(str_escape(out, sizeof out, "ab\xe2\x9c\x93"), "ab");
    assert_string_equal(str_escape(out, sizeof out, "abc\033"), "abc");
}

static void test_numbers_are_whole_strings_within_bounds(void **state)
{
    (void)state;
    int64_t n = 7;
    double x = 7;
    assert_true(str_to_int("-12", -20, 20, &n));
    assert_int_equal(n, -12);
    static const char *const bad[] = {"",   " 1", "1 ", "+1", "0x10", "1e3", "99999999999999999999",
                                      "21", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(str_to_int(bad[i], -20, 20, &n));
    assert_int_equal(n, -12);
    assert_true(str_to_double(".5", 0, 1, &x));
    assert_true(x == 0.5);
    static const char *const bad_reals[] = {"", "nan", "inf", "0x1p-1", "1.5", "0.5x", " 0.5", "1e999"};
    for (size_t i = 0; i < sizeof bad_reals / sizeof *bad_reals; i++)
        assert_false(str_to_double(bad_reals[i], 0, 1, &x));
}

static void test_one_alone_is_not_a_plural(void **state)
{
    (void)state;
    assert_string_equal(str_plural(1), "");
    assert_string_equal(str_plural(0), "s");
    assert_string_equal(str_plural(2), "s");
}

static void test_error_sentence_is_escaped_and_bounded(void **state)
{
    (void)state;
    struct err e;
    assert_false(err_set(&e, ERR_INPUT, "%s: not a face; try another", "evil\033[2J"));
    assert_int_equal(e.code, ERR_INPUT);
    assert_string_equal(e.text, "evil\\x1b[2J: not a face; try another");
    errno = ENOSPC;
    err_errno(&e, "x", "write", "make room");
    assert_int_equal(e.code, ERR_SPACE);
    assert_false(err_set(NULL, ERR_IO, "nobody listens"));
}

static void test_growing_string_appends_and_formats(void **state)
{
    (void)state;
    struct str s = {0};
    for (int i = 0; i < 1000; i++)
        str_appendf(&s, "%d,", i % 10);
    assert_int_equal(s.length, 2000);
    assert_memory_equal(s.data, "0,1,2,3,4,5,6,7,8,9,0,", 22);
    str_clear(&s);
    assert_string_equal(s.data, "");
    str_free(&s);
}

/* The examples of RFC 4648, section 10. */
static void test_base64_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfb", "//77"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str s = {0};
        str_append_base64(&s, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(s.data, cases[i][1]);
        assert_int_equal(s.length, strlen(cases[i][1]));
        str_free(&s);
    }
}

static void test_arena_gives_aligned_zeroed_memory(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        unsigned char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i += 97)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    assert_null(arena_alloc(&a, SIZE_MAX - 3));
    assert_string_equal(arena_printf(&a, "%d faces", 5), "5 faces");
    arena_free(&a);
}

/* SHA-256 of "abc", FIPS 180-2 appendix B.1. */
static void test_digest_is_sha256(void **state)
{
    (void)state;
    char hex[DIGEST_HEX];
    digest_of("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct digest *d = digest_new();
    digest_add(d, "a", 1);
    digest_add(d, "bc", 2);
    char again[DIGEST_HEX];
    digest_end(d, again);
    assert_string_equal(hex, again);
}

static void test_random_streams_repeat_and_differ(void **state)
{
    (void)state;
    struct rng a, b, c;
    rng_seed(&a, 1, 2);
    rng_seed(&b, 1, 2);
    rng_seed(&c, 1, 3);
    int equal = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);
        assert_true(x == rng_next(&b));
        equal += x == rng_next(&c);
    }
    assert_int_equal(equal, 0);
}

static void test_random_numbers_have_their_distribution(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 42, 0);
    double sum = 0, square = 0;
    int counts[7] = {0};
    enum { DRAWS = 70000 };
    for (int i = 0; i < DRAWS; i++) {
        float x = rng_normal(&r);
        sum += x;
        square += x * x;
        float u = rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        counts[rng_below(&r, 7)]++;
    }
    assert_true(sum / DRAWS > -0.02 && sum / DRAWS < 0.02);
    assert_true(square / DRAWS > 0.97 && square / DRAWS < 1.03);
    for (int i = 0; i < 7; i++)
        assert_in_range(counts[i], 9600, 10400);
}

static void test_shuffle_is_a_permutation(void **state)
{
    (void)state;
    uint32_t items[257];
    bool seen[257] = {false};
    for (uint32_t i = 0; i < 257; i++)
        items[i] = i;
    struct rng r;
    rng_seed(&r, 3, 0);
    rng_shuffle(&r, items, 257);
    int moved = 0;
    for (uint32_t i = 0; i < 257; i++) {
        assert_false(seen[items[i]]);
        seen[items[i]] = true;
        moved += items[i] != i;
    }
    assert_true(moved > 200);
}

static void test_file_write_replaces_whole_and_read_checks_size(void **state)
{
    (void)state;
    char dir[] = "/tmp/ferlab-base.XXXXXX", path[PATH_MAX];
    assert_non_null(mkdtemp(dir));
    struct err e = {0};
    assert_true(path_join(path, dir, "deep/er", &e));
    assert_true(path_make_dirs(path, &e));
    assert_true(path_is_dir(path));
    assert_true(path_join(path, dir, "f", &e));
    assert_true(file_write(path, "first", 5, &e));
    assert_true(file_write(path, "second!", 7, &e));
    size_t size;
    char *data = file_read(path, 100, &size, &e);
    assert_non_null(data);
    assert_int_equal(size, 7);
    assert_string_equal(data, "second!");
    free(data);
    assert_null(file_read(path, 3, &size, &e));
    assert_int_equal(e.code, ERR_INPUT);
    assert_null(file_read(dir, 100, &size, &e));
    assert_null(file_read("/tmp/no/such/file", 100, &size, &e));
    assert_int_equal(e.code, ERR_IO);
    assert_false(file_write("/proc/none/f", "x", 1, &e));
    unlink(path);
    path_join(path, dir, "deep/er", &e);
    rmdir(path);
    path_join(path, dir, "deep", &e);
    rmdir(path);
    assert_int_equal(rmdir(dir), 0); /* no temporary file was left behind */
}

static void test_json_text_replaces_what_is_not_utf8(void **state)
{
    (void)state;
    json_t *good = json_text("caf\xc3\xa9"), *bad = json_text("a\xff\xc3\xa9\xf0\x9f\x98");
    assert_string_equal(json_string_value(good), "caf\xc3\xa9");
    assert_string_equal(json_string_value(bad), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    json_decref(good);
    json_decref(bad);
}

static void test_spans_read_as_clock_time(void **state)
{
    (void)state;
    char out[16];
    assert_string_equal(clock_span(out, 42.4), "0:42");
    assert_string_equal(clock_span(out, 3600 * 2 + 184), "2:03:04");
    char stamp[CLOCK_STAMP];
    clock_stamp(stamp);
    assert_int_equal(strlen(stamp), 20);
    assert_int_equal(stamp[19], 'Z');
}

/* How a process ends that gets a SIGINT, another at once, and one after `pause_ms`; -1: by itself. */
static int signal_that_ends(unsigned pause_ms)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        interrupt_install();
        raise(SIGINT);
        raise(SIGINT);
        usleep(pause_ms * 1000);
        raise(SIGINT);
        _exit(interrupt_requested() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    assert_int_equal(WEXITSTATUS(status), 0);
    return -1;
}

static void test_two_quick_interrupts_are_one_and_a_later_one_ends(void **state)
{
    (void)state;
    assert_int_equal(signal_that_ends(0), -1);
    assert_int_equal(signal_that_ends(1200), SIGINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape_lets_no_control_character_through),
        cmocka_unit_test(test_escape_cuts_at_a_whole_character),
        cmocka_unit_test(test_numbers_are_whole_strings_within_bounds),
        cmocka_unit_test(test_one_alone_is_not_a_plural),
        cmocka_unit_test(test_error_sentence_is_escaped_and_bounded),
        cmocka_unit_test(test_growing_string_appends_and_formats),
        cmocka_unit_test(test_base64_is_that_of_the_rfc),
        cmocka_unit_test(test_arena_gives_aligned_zeroed_memory),
        cmocka_unit_test(test_digest_is_sha256),
        cmocka_unit_test(test_random_streams_repeat_and_differ),
        cmocka_unit_test(test_random_numbers_have_their_distribution),
        cmocka_unit_test(test_shuffle_is_a_permutation),
        cmocka_unit_test(test_file_write_replaces_whole_and_read_checks_size),
        cmocka_unit_test(test_json_text_replaces_what_is_not_utf8),
        cmocka_unit_test(test_spans_read_as_clock_time),
        cmocka_unit_test(test_two_quick_interrupts_are_one_and_a_later_one_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
