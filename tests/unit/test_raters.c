/* Agreement of two raters, against scikit-learn's numbers. */
#include "support.h"

#include "ferlab/eval/raters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 256, LINE = 1024 };

static int read_classes(FILE *f, int out[FACES])
{
    char line[LINE];
    int count = 0;
    if (fgets(line, sizeof line, f) == NULL)
        return 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < FACES; word = strtok(NULL, " \n"))
        out[count++] = atoi(word);
    return count;
}

static void test_kappa_equals_scikit_learns(void **state)
{
    (void)state;
    FILE *f = fopen(FERLAB_ROOT "/tests/golden/raters.txt", "r");
    int one[FACES], other[FACES], count, cases = 0;
    assert_non_null(f);
    while ((count = read_classes(f, one)) > 0) {
        struct ratings r = {0};
        char line[LINE];
        double agreement, kappa;
        assert_int_equal(read_classes(f, other), count);
        assert_non_null(fgets(line, sizeof line, f));
        assert_int_equal(sscanf(line, "%lf %lf", &agreement, &kappa), 2);
        for (int i = 0; i < count; i++)
            ratings_add(&r, one[i], other[i]);
        assert_int_equal(r.faces, count);
        assert_float_equal(ratings_agreement(&r), agreement, 1e-12);
        assert_float_equal(ratings_kappa(&r), kappa, 1e-12);
        cases++;
    }
    fclose(f);
    assert_int_equal(cases, 6);
}

static void test_nothing_said_does_not_count_and_one_class_has_no_kappa(void **state)
{
    (void)state;
    struct ratings r = {0};
    assert_true(isnan(ratings_agreement(&r)));
    assert_true(isnan(ratings_kappa(&r)));
    ratings_add(&r, CLASS_NONE, 3);
    ratings_add(&r, 3, CLASS_NONE);
    assert_int_equal(r.faces, 0);
    ratings_add(&r, 3, 3);
    ratings_add(&r, 3, 3);
    assert_float_equal(ratings_agreement(&r), 1, 0);
    assert_true(isnan(ratings_kappa(&r)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kappa_equals_scikit_learns),
        cmocka_unit_test(test_nothing_said_does_not_count_and_one_class_has_no_kappa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
