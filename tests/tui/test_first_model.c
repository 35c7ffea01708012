/* The workbench where there is no model: it offers the one that ships, and one key has it predict. */
#include "workbench_fixture.h"

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_make(&f, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unsetenv("FERLAB_DATA");
    fixture_remove(&f);
    return 0;
}

static const struct screen_options small_screen = {
    .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};

static const char offer[] = "no model yet: p predicts with ferplus, which ships (";

static void test_p_brings_in_the_model_that_ships_and_predicts(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    expect_text(s, offer);
    expect_text(s, "p predict  1-0 label");
    screen_keys(s, "p");
    expect_text(s, "model ferplus");
    expect_text(s, "ferplus has seen all samples; r goes through them, the most suspicious first");
    expect_no_text(s, "p predict  1-0 label");
    json_t *models = run_ferlab_json("models", "-w", f.workspace, "--json", NULL),
           *m = json_array_get(models, 0);
    assert_int_equal(json_array_size(models), 1);
    assert_true(json_is_true(json_object_get(m, "current")));
    assert_int_equal(json_integer_value(json_object_get(m, "predictions")), FIXTURE_FACES);
    json_decref(models);
    type_keys(s, "p");
    expect_text(s, "ferplus has seen all samples");
}

static void test_offer_fits_a_small_screen(void **state)
{
    (void)state;
    f.screen = screen_start(&small_screen, (const char *[]){"-w", f.workspace, NULL});
    expect_text(f.screen, offer);
    expect_text(f.screen, "% of FER+ valid)");
}

static void test_every_view_that_misses_a_model_offers_it(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    type_keys(s, "m");
    expect_text(s, "No model yet. p predicts with the one that ships; t trains one");
    type_keys(s, "qc");
    expect_text(s, "p  predicts with the one that ships;  t  trains one;");
    type_keys(s, ":report page.html\r");
    expect_text(s, "report: there is no model whose predictions it could be of");
    screen_keys(s, "p");
    expect_text(s, "ferplus has seen all samples");
    expect_text(s, "accuracy");
}

static void test_samples_that_come_in_later_bring_the_offer(void **state)
{
    (void)state;
    char empty[PATH_MAX + 16], faces[PATH_MAX + 16];
    snprintf(empty, sizeof empty, "%s/empty.ferlab", f.dir);
    snprintf(faces, sizeof faces, "%s/synth", f.dir);
    struct workspace *ws;
    struct err e;
    assert_true(workspace_create(&ws, empty, &e) && workspace_publish(ws, &e));
    workspace_close(ws);
    f.screen = screen_start(&full_screen, (const char *[]){"-w", empty, NULL});
    expect_text(f.screen, "no samples yet");
    assert_false(screen_has(f.screen, offer));
    json_decref(run_ferlab_json("import", faces, "-w", empty, "--json", NULL));
    expect_text(f.screen, offer);
}

static void test_nothing_is_offered_where_no_model_ships(void **state)
{
    (void)state;
    setenv("FERLAB_DATA", f.dir, 1);
    struct screen *s = fixture_start(&f, &full_screen, "");
    assert_false(screen_has(s, "which ships"));
    type_keys(s, "p");
    expect_text(s, "no model yet; t trains one, 'ferlab model import FILE' brings one in");
}

static void test_a_damaged_file_is_complained_of(void **state)
{
    (void)state;
    setenv("FERLAB_DATA", f.dir, 1);
    write_file(f.dir, "models/ferplus.onnx", "no model", 8);
    struct screen *s = fixture_start(&f, &full_screen, "");
    expect_text(s, "no model yet: p predicts with ferplus, which ships");
    type_keys(s, "p");
    expect_text(s, "models/ferplus.onnx: ");
    expect_text(s, "model none");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_p_brings_in_the_model_that_ships_and_predicts),
        TEST(test_offer_fits_a_small_screen),
        TEST(test_every_view_that_misses_a_model_offers_it),
        TEST(test_samples_that_come_in_later_bring_the_offer),
        TEST(test_nothing_is_offered_where_no_model_ships),
        TEST(test_a_damaged_file_is_complained_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
