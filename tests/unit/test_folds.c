/* Folds: how faces are dealt. */
#include "support.h"

#include "../../src/train/folds.h"

#include "ferlab/base/rng.h"
#include "ferlab/face/emotion.h"

#include <string.h>

enum { FACES = 1003, FOLDS = 5 };

struct faces {
    int8_t label[FACES];
    uint32_t group[FACES];
    uint8_t fold[FACES];
};

/* Labels as uneven as in life, some missing; no two faces alike. */
static void make_faces(struct faces *f)
{
    struct rng r;
    rng_seed(&r, 11, 0);
    for (uint32_t i = 0; i < FACES; i++) {
        uint32_t drawn = rng_below(&r, 100);
        f->label[i] = (int8_t)(drawn < 40   ? CLASS_NEUTRAL
                               : drawn < 70 ? CLASS_HAPPINESS
                               : drawn < 90 ? CLASS_NONE
                                            : (int)(drawn % EMOTION_COUNT));
        f->group[i] = i;
    }
}

/* Every hundredth face has three others with it, whatever their labels. */
static void make_groups(struct faces *f)
{
    for (uint32_t i = 0; i + 60 < FACES; i += 100)
        f->group[i + 7] = f->group[i + 31] = f->group[i + 60] = i;
}

static void deal(struct faces *f, uint64_t seed)
{
    struct err e = {0};
    memset(f->fold, 200, sizeof f->fold);
    if (!folds_deal(f->label, f->group, FACES, FOLDS, seed, f->fold, &e))
        fail_msg("%s", e.text);
}

static void expect_even(const struct faces *f)
{
    for (int label = CLASS_NONE; label < CLASS_COUNT; label++) {
        int count[FOLDS] = {0}, least = FACES, most = 0;
        for (int i = 0; i < FACES; i++)
            count[f->fold[i]] += f->label[i] == label;
        for (int k = 0; k < FOLDS; k++) {
            least = count[k] < least ? count[k] : least;
            most = count[k] > most ? count[k] : most;
        }
        assert_true(most - least <= 1);
    }
}

static void test_every_face_is_in_one_fold(void **state)
{
    (void)state;
    struct faces f;
    int count[FOLDS] = {0};
    make_faces(&f);
    deal(&f, 1);
    for (int i = 0; i < FACES; i++) {
        assert_in_range(f.fold[i], 0, FOLDS - 1);
        count[f.fold[i]]++;
    }
    for (int k = 0; k < FOLDS; k++)
        assert_in_range(count[k], FACES / FOLDS - 3, FACES / FOLDS + 3);
}

static void test_labels_are_dealt_to_within_one_face(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f);
    for (uint64_t seed = 0; seed < 5; seed++) {
        deal(&f, seed);
        expect_even(&f);
    }
}

static void test_groups_stay_together_and_labels_even(void **state)
{
    (void)state;
    struct faces f;
    make_faces(&f);
    make_groups(&f);
    for (uint64_t seed = 0; seed < 5; seed++) {
        deal(&f, seed);
        for (int i = 0; i < FACES; i++)
            assert_int_equal(f.fold[i], f.fold[f.group[i]]);
        expect_even(&f);
    }
}

static void test_the_seed_decides(void **state)
{
    (void)state;
    struct faces f;
    uint8_t first[FACES];
    make_faces(&f);
    make_groups(&f);
    deal(&f, 4);
    memcpy(first, f.fold, sizeof first);
    deal(&f, 4);
    assert_memory_equal(first, f.fold, sizeof first);
    deal(&f, 5);
    assert_memory_not_equal(first, f.fold, sizeof first);
}

/* More than a fold's share: it goes to one fold all the same. */
static void test_a_large_group_is_not_cut(void **state)
{
    (void)state;
    struct faces f;
    int others[FOLDS] = {0};
    make_faces(&f);
    for (int i = 0; i < FACES / 2; i++)
        f.group[i] = 0;
    deal(&f, 1);
    for (int i = 0; i < FACES; i++) {
        assert_true(f.group[i] != 0 || f.fold[i] == f.fold[0]);
        others[f.fold[i]] += f.group[i] != 0;
    }
    for (int k = 0; k < FOLDS; k++)
        assert_true(k == f.fold[0] || others[k] > FACES / 2 / FOLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_face_is_in_one_fold),
        cmocka_unit_test(test_labels_are_dealt_to_within_one_face),
        cmocka_unit_test(test_groups_stay_together_and_labels_even),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_a_large_group_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
