/* safetensors: a file made elsewhere is read, what is written has the format's layout, hostile files are
 * refused. */
#include "support.h"

#include "ferlab/base/path.h"
#include "ferlab/nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_file_made_by_numpy_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct safetensors f;
    struct err e = {0};
    size_t size;
    char *bytes = file_read(FERLAB_GOLDEN "/small.safetensors", 1 << 20, &size, &e);
    assert_non_null(bytes);
    if (!safetensors_read(&f, bytes, size, "small", &arena, &e))
        fail_msg("%s", e.text);
    static const char *const names[] = {"conv.weight", "ids", "scalar", "empty", "labels"};
    assert_int_equal(f.tensor_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_non_null(safetensors_find(&f, names[i]));
    const struct safetensor *t = safetensors_find(&f, "conv.weight");
    assert_int_equal(t->type, SAFETENSOR_F32);
    assert_int_equal(t->rank, 3);
    assert_int_equal(t->dims[0], 2);
    assert_int_equal(t->dims[1], 3);
    assert_int_equal(t->dims[2], 2);
    for (size_t i = 0; i < 12; i++) {
        float x;
        memcpy(&x, (const char *)t->data + i * sizeof x, sizeof x);
        assert_float_equal(x, (float)i / 8 - 0.5f, 0);
    }
    t = safetensors_find(&f, "ids");
    assert_int_equal(t->type, SAFETENSOR_I64);
    assert_memory_equal(t->data, ((const int64_t[]){1, (int64_t)1 << 40, -7}), 24);
    t = safetensors_find(&f, "scalar");
    assert_int_equal(t->type, SAFETENSOR_F64);
    assert_int_equal(t->rank, 0);
    assert_memory_equal(t->data, &(double){2.5}, 8);
    assert_int_equal(safetensor_count(safetensors_find(&f, "empty")), 0);
    assert_memory_equal(safetensors_find(&f, "labels")->data, "\0\7\377", 3);
    assert_string_equal(safetensors_note(&f, "made by"), "numpy");
    assert_string_equal(safetensors_note(&f, "π"), "3.14");
    assert_null(safetensors_find(&f, "none"));
    assert_null(safetensors_note(&f, "none"));
    arena_free(&arena);
    free(bytes);
}

static void test_written_file_has_the_layout(void **state)
{
    (void)state;
    static const char header[] =
        "{\"__metadata__\":{\"who\":\"me\"},\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
        "\"c\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[16,16]}}";
    const int64_t a = 0x0102030405060708;
    const float b[] = {1, -2};
    const struct safetensor tensors[] = {
        {.name = "a", .type = SAFETENSOR_I64, .dims = {1}, .rank = 1, .data = &a},
        {.name = "b", .type = SAFETENSOR_F32, .dims = {1, 2}, .rank = 2, .data = b},
        {.name = "c", .type = SAFETENSOR_U8, .dims = {0}, .rank = 1},
    };
    const struct safetensor_note note = {"who", "me"};
    const struct safetensors f = {tensors, 3, &note, 1};
    struct err e = {0};
    void *bytes;
    size_t size, padded = (sizeof header - 1 + 7) / 8 * 8;
    assert_true(safetensors_write(&f, &bytes, &size, &e));
    const unsigned char *at = bytes;
    assert_int_equal(size, 8 + padded + 16);
    assert_int_equal(at[0] | at[1] << 8, padded);
    for (int i = 2; i < 8; i++)
        assert_int_equal(at[i], 0);
    assert_memory_equal(at + 8, header, sizeof header - 1);
    for (size_t i = sizeof header - 1; i < padded; i++)
        assert_int_equal(at[8 + i], ' ');
    assert_memory_equal(at + 8 + padded, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
    assert_memory_equal(at + 16 + padded, "\0\0\x80\x3f\0\0\0\xc0", 8);
    free(bytes);
}

/* A file of this header and as many zero bytes of data, from memory of exactly its size: the sanitizers see a
 * byte too far. */
static bool read_made(const char *header, uint64_t length, size_t data, struct err *e)
{
    struct arena arena = {0};
    struct safetensors f;
    size_t size = 8 + strlen(header) + data;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, strlen(header));
    *e = (struct err){0};
    bool fine = safetensors_read(&f, bytes, size, "made", &arena, e);
    arena_free(&arena);
    free(bytes);
    return fine;
}

static void test_hostile_files_are_refused(void **state)
{
    (void)state;
#define ONE(type, shape, offsets)                                                                            \
    "{\"t\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                                                   \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first                                         \
    "},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"
    static const struct {
        const char *header;
        size_t data;
        const char *sentence;
    } files[] = {
        {"", 0, "no JSON object"},
        {"[]", 0, "no JSON object"},
        {"{", 0, "no JSON object"},
        {"{} {}", 0, "no JSON object"},
        {"{}", 1, "1 bytes behind the last tensor"},
        {"{\"t\":1}", 0, "'t': its entry is no JSON object"},
        {"{\"t\":{}}", 0, "its type (missing)"},
        {"{\"t\":{},\"t\":{}}", 0, "no JSON object"},
        {ONE("BF16", "[2]", "[0,4]"), 4, "its type BF16"},
        {ONE("F32", "2", "[0,8]"), 8, "its shape"},
        {ONE("F32", "[-1]", "[0,4]"), 4, "its shape"},
        {ONE("F32", "[1.5]", "[0,4]"), 4, "its shape"},
        {ONE("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "its shape"},
        {ONE("F32", "[4294967296,4294967296]", "[0,0]"), 0, "its shape"},
        {ONE("F32", "[4611686018427387904]", "[0,0]"), 0, "its shape"},
        {ONE("F32", "[1]", "[0]"), 4, "its data_offsets"},
        {ONE("F32", "[1]", "[0,\"4\"]"), 4, "its data_offsets"},
        {ONE("F32", "[1]", "[-4,0]"), 4, "its data_offsets"},
        {ONE("F32", "[1]", "[4,0]"), 4, "outside the file"},
        {ONE("F32", "[2]", "[0,8]"), 4, "outside the file"},
        {ONE("F32", "[1]", "[9223372036854775803,9223372036854775807]"), 4, "outside the file"},
        {ONE("F32", "[1]", "[0,99999999999999999999]"), 4, "no JSON object"},
        {ONE("F32", "[2]", "[0,4]"), 4, "not as long as its shape"},
        {ONE("F32", "[1]", "[4,8]"), 8, "leave a hole"},
        {ONE("F32", "[1]", "[0,4]"), 8, "4 bytes behind the last tensor"},
        {TWO("[0,4]", "[0,4]"), 4, "overlap"},
        {TWO("[0,4]", "[2,6]"), 6, "overlap"},
        {TWO("[0,4]", "[5,9]"), 9, "hole"},
        {"{\"__metadata__\":[]}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"n\":1}}", 0, "more than strings"},
    };
    struct err e;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (read_made(files[i].header, strlen(files[i].header), files[i].data, &e))
            fail_msg("%s was taken", files[i].header);
        if (strstr(e.text, files[i].sentence) == NULL || strstr(e.text, "made: ") == NULL)
            fail_msg("%s: '%s' does not say '%s'", files[i].header, e.text, files[i].sentence);
    }
    assert_true(read_made(TWO("[4,8]", "[0,4]"), strlen(TWO("[4,8]", "[0,4]")), 8, &e));
    assert_true(read_made("{}  ", 4, 0, &e));
}

static void test_cut_off_files_are_refused(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {3, 100, 100000001, UINT64_MAX, UINT64_MAX - 7};
    struct arena arena = {0};
    struct safetensors f;
    struct err e;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_false(read_made("{}", lengths[i], 0, &e));
        assert_non_null(strstr(e.text, "does not fit the file"));
    }
    size_t size;
    char *golden = file_read(FERLAB_GOLDEN "/small.safetensors", 1 << 20, &size, &e);
    assert_non_null(golden);
    for (size_t cut = 0; cut < size; cut++) {
        char *bytes = malloc(cut + 1);
        memcpy(bytes, golden, cut);
        assert_false(safetensors_read(&f, bytes, cut, "cut", &arena, &e));
        free(bytes);
    }
    free(golden);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_made_by_numpy_is_read),
        cmocka_unit_test(test_written_file_has_the_layout),
        cmocka_unit_test(test_hostile_files_are_refused),
        cmocka_unit_test(test_cut_off_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
