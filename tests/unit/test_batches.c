/* Batches and epochs: which faces take part, what their targets weigh. */
#include "../../src/train/dataset.h"
#include "support.h"

#include "ferlab/face/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 40, REVIEWED = 5 };

/* Faces of one gray each, a horizontal step so that standardising them is defined; emotion 0 is three times
 * as frequent as emotion 1; every eighth face is reviewed. */
static int64_t ids[COUNT];
static float targets[COUNT * EMOTION_COUNT], images[COUNT * FACE_PIXELS], wanted[COUNT * EMOTION_COUNT];
static uint8_t pixels[COUNT * FACE_PIXELS];
static bool reviewed[COUNT];

static struct training_set make_set(void)
{
    memset(targets, 0, sizeof targets);
    for (int i = 0; i < COUNT; i++) {
        ids[i] = 100 + i;
        targets[i * EMOTION_COUNT + (i % 4 == 3)] = 1;
        reviewed[i] = i % 8 == 0;
        for (int k = 0; k < FACE_PIXELS; k++)
            pixels[i * FACE_PIXELS + k] = (uint8_t)(k % FACE_SIZE < FACE_SIZE / 2 ? 5 * i : 255);
    }
    return (struct training_set){
        .count = COUNT, .ids = ids, .targets = targets, .pixels = pixels, .reviewed = reviewed};
}

static struct recipe plain(void)
{
    struct recipe r = recipe_default;
    r.augmentation = augmentation_none;
    r.mixup = r.balance = 0;
    return r;
}

static struct batch fill(const struct training_set *t, const struct recipe *r, const uint32_t *order)
{
    struct batch b = {.images = images, .targets = wanted, .size = FACE_SIZE, .threads = 2};
    training_set_balance(t, r, b.class_weights);
    batch_fill(&b, t, order, COUNT, r, 1);
    return b;
}

static void test_epochs_take_all_reviewed_faces_and_a_share_of_the_others(void **state)
{
    (void)state;
    struct training_set t = make_set();
    struct recipe r = plain();
    uint32_t order[COUNT], other[COUNT];
    r.share = 0.4;
    size_t count = training_set_epoch_faces(&t, &r);
    assert_int_equal(count, REVIEWED + 14);
    training_set_order(&t, &r, 1, order);
    training_set_order(&t, &r, 2, other);
    int seen[COUNT] = {0}, both = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(order[i] < COUNT);
        assert_int_equal(seen[order[i]]++, 0);
    }
    for (int i = 0; i < COUNT; i++)
        assert_true(!reviewed[i] || seen[i]);
    for (size_t i = 0; i < count; i++)
        both += seen[other[i]] && !reviewed[other[i]];
    assert_true(both < 14); /* drawn anew */
    r.share = 1;
    assert_int_equal(training_set_epoch_faces(&t, &r), COUNT);
}

static void test_nothing_reviewed_and_no_share_still_leaves_a_face(void **state)
{
    (void)state;
    struct training_set t = make_set();
    struct recipe r = plain();
    uint32_t order[COUNT];
    memset(reviewed, 0, sizeof reviewed);
    r.share = 0;
    assert_int_equal(training_set_epoch_faces(&t, &r), 1);
    training_set_order(&t, &r, 1, order);
    assert_true(order[0] < COUNT);
}

/* Weights of share^-B, 1 on the mean: with B = 1 each emotion comes to as much in all. */
static void test_balance_weighs_rare_emotions_more(void **state)
{
    (void)state;
    struct training_set t = make_set();
    struct recipe r = plain();
    float weights[EMOTION_COUNT];
    training_set_balance(&t, &r, weights);
    assert_float_equal(weights[0], 1, 1e-6);
    assert_float_equal(weights[1], 1, 1e-6);
    r.balance = 1;
    training_set_balance(&t, &r, weights);
    assert_float_equal(weights[0], 0.5 / 0.75, 1e-6);
    assert_float_equal(weights[1], 0.5 / 0.25, 1e-6);
    assert_float_equal(weights[2], 0, 0); /* no face has it */
    r.balance = 0.5;
    training_set_balance(&t, &r, weights);
    assert_float_equal(weights[1] / weights[0], sqrt(3), 1e-5);
    assert_float_equal(0.75 * (double)weights[0] + 0.25 * (double)weights[1], 1, 1e-6);
}

static void test_reviewed_faces_weigh_as_asked(void **state)
{
    (void)state;
    struct training_set t = make_set();
    struct recipe r = plain();
    uint32_t order[COUNT];
    training_set_order(&t, &r, 1, order);
    r.review_weight = 2.5;
    fill(&t, &r, order);
    for (int i = 0; i < COUNT; i++) {
        float sum = 0;
        for (int k = 0; k < EMOTION_COUNT; k++)
            sum += wanted[i * EMOTION_COUNT + k];
        assert_float_equal(sum, reviewed[order[i]] ? 2.5 : 1, 1e-6);
    }
}

/* Pairs from both ends, a share of each in both ways: sums over a pair stay what they were. */
static void test_mixup_mixes_images_and_targets_alike(void **state)
{
    (void)state;
    struct training_set t = make_set();
    struct recipe r = plain();
    uint32_t order[COUNT];
    training_set_order(&t, &r, 1, order);
    fill(&t, &r, order);
    float *apart = malloc(sizeof images), before[COUNT * EMOTION_COUNT];
    assert_non_null(apart);
    memcpy(apart, images, sizeof images);
    memcpy(before, wanted, sizeof before);
    r.mixup = 0.4;
    fill(&t, &r, order);
    double mean = 0;
    for (int i = 0; i < COUNT / 2; i++) {
        int j = COUNT - 1 - i;
        const float *x = apart + (size_t)i * FACE_PIXELS, *y = apart + (size_t)j * FACE_PIXELS;
        float share = (images[(size_t)i * FACE_PIXELS] - y[0]) / (x[0] - y[0]);
        assert_true(share >= -1e-3f && share <= 1.001f);
        mean += fabs((double)share - 0.5) / (COUNT / 2.0);
        for (int k = 0; k < FACE_PIXELS; k++)
            assert_float_equal(images[(size_t)i * FACE_PIXELS + (size_t)k], share * x[k] + (1 - share) * y[k],
                               2e-3);
        for (int k = 0; k < EMOTION_COUNT; k++) {
            float a = before[i * EMOTION_COUNT + k], b = before[j * EMOTION_COUNT + k];
            assert_float_equal(wanted[i * EMOTION_COUNT + k], share * a + (1 - share) * b, 2e-3);
            assert_float_equal(wanted[i * EMOTION_COUNT + k] + wanted[j * EMOTION_COUNT + k], a + b, 1e-5);
        }
    }
    assert_in_range((int)(100 * mean), 15, 49); /* Beta(0.4, 0.4) leans to the ends: 0.33 on the mean */
    free(apart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs_take_all_reviewed_faces_and_a_share_of_the_others),
        cmocka_unit_test(test_nothing_reviewed_and_no_share_still_leaves_a_face),
        cmocka_unit_test(test_balance_weighs_rare_emotions_more),
        cmocka_unit_test(test_reviewed_faces_weigh_as_asked),
        cmocka_unit_test(test_mixup_mixes_images_and_targets_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
