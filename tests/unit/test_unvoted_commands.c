/* Faces that no crowd has seen, among others, through the commands: what each says of votes that are not
 * there, and that they come through every export. */
#include "support.h"

#include "../../src/train/fold_faces.h"

#include "ferlab/face/image.h"
#include "ferlab/face/synth.h"
#include "ferlab/train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { VOTED = 60, FOUND = 6 };

static char dir[PATH_MAX], workspace[PATH_MAX];

static void write_face(int index)
{
    struct synth_set *set = synth_set_new(9, FOUND, 0);
    struct synth_face face;
    uint8_t *png;
    size_t size;
    char name[64];
    assert_non_null(set);
    synth_set_face(set, (uint32_t)index, &face);
    assert_true(image_png_bytes(face.pixels, FACE_SIZE, FACE_SIZE, &png, &size, NULL));
    snprintf(name, sizeof name, "photos/%d.png", index);
    write_file(dir, name, png, size);
    free(png);
    synth_set_free(set);
}

static void run_fine(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    struct output o;
    run_ferlab(&o, "-w", workspace, a, b, c, d, e, NULL);
    if (o.status != 0)
        fail_msg("%s: %s", a, o.err);
    output_free(&o);
}

/* Voted faces, found ones with ids above them, and predictions of all by a network of a moment. */
static int make_all(void **state)
{
    (void)state;
    char photos[PATH_MAX + 16];
    temp_dir_make(dir);
    make_workspace(dir, VOTED, workspace);
    for (int i = 0; i < FOUND; i++)
        write_face(i);
    snprintf(photos, sizeof photos, "%s/photos", dir);
    run_fine("import", "--no-detect", photos, "--quiet", NULL);
    run_fine("train", "--arch=4,P,8", "--epochs=1", "--name=little", "--quiet");
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static char *run_text(const char *a, const char *b, const char *c, const char *d)
{
    struct output o;
    run_ferlab(&o, "-w", workspace, a, b, c, d, NULL);
    if (o.status != 0)
        fail_msg("%s: %s", a, o.err);
    char *text = strdup(o.out);
    output_free(&o);
    return text;
}

static json_t *run_json(const char *a, const char *b, const char *c)
{
    return run_ferlab_json("-w", workspace, "--json", a, b, c, NULL);
}

static int count_of(const json_t *d, const char *key)
{
    return (int)json_integer_value(json_object_get(d, key));
}

static void label_found(void)
{
    run_fine("label", "--where=source:*", "fear", "--yes", "--quiet");
}

static void undo_all(void)
{
    run_fine("undo", "--quiet", NULL, NULL, NULL);
}

/* ---- what is measured ---- */

static void test_eval_counts_whom_a_crowd_has_seen(void **state)
{
    (void)state;
    json_t *before = run_json("eval", "--where=", NULL);
    label_found();
    json_t *d = run_json("eval", "--where=", NULL);
    assert_int_equal(count_of(d, "count"), count_of(before, "count") + FOUND);
    static const char *const crowd[] = {"votes_count", "human_ceiling_count", "crowd_share_count",
                                        "agreement_count", "agreement_emotions_count"};
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        assert_int_equal(count_of(d, crowd[i]), count_of(before, crowd[i]));
    static const char *const same[] = {"kl_votes",    "js_votes",           "human_ceiling",
                                       "crowd_share", "krippendorff_alpha", "fleiss_kappa"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_true(json_equal(json_object_get(d, same[i]), json_object_get(before, same[i])));
    json_decref(before);
    json_decref(d);

    d = run_json("eval", "--where=source:*", NULL);
    assert_int_equal(count_of(d, "count"), FOUND);
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        assert_int_equal(count_of(d, crowd[i]), 0);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_true(json_is_null(json_object_get(d, same[i])));
    assert_true(json_is_real(json_object_get(d, "accuracy")));
    json_decref(d);
    char *text = run_text("eval", "--where=source:*", NULL, NULL);
    assert_non_null(strstr(text, "of the 0 faces with votes"));
    assert_non_null(strstr(text, "no crowd has voted on these faces"));
    assert_null(strstr(text, "human ceiling"));
    assert_null(strstr(text, "nan"));
    free(text);
    struct output o; /* and by the crowd's labels there is nothing to count */
    run_ferlab(&o, "-w", workspace, "eval", "--where=source:*", "--labels", "crowd", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "no sample that 'source:*' picks has an emotion for a label"));
    output_free(&o);
    undo_all();
}

static void test_stats_do_not_call_it_a_change_where_no_crowd_has_spoken(void **state)
{
    (void)state;
    label_found();
    json_t *all = run_json("stats", NULL, NULL), *d = json_array_get(all, 0);
    assert_int_equal(count_of(d, "faces"), FOUND);
    assert_int_equal(count_of(d, "changed"), 0);
    assert_int_equal(count_of(d, "unvoted"), FOUND);
    assert_true(json_is_null(json_object_get(json_object_get(d, "crowd"), "agreement")));
    json_decref(all);
    char *text = run_text("stats", NULL, NULL, NULL);
    assert_non_null(strstr(text, "0 of them other than the crowd's, 6 of faces that no crowd has seen"));
    free(text);
    all = run_json("list", "label!=crowd", NULL);
    assert_int_equal(json_array_size(all), 0);
    json_decref(all);
    undo_all();
}

static void test_a_found_face_is_shown_without_counts(void **state)
{
    (void)state;
    char id[16], found[PATH_MAX + 32];
    snprintf(id, sizeof id, "%d", VOTED + 1);
    snprintf(found, sizeof found, "/photos/0.png at 0,0 48x48");
    char *text = run_text("show", id, NULL, NULL);
    assert_non_null(strstr(text, found));
    assert_non_null(strstr(text, "no votes"));
    const char *neutral = strstr(text, "neutral    ");
    assert_non_null(neutral);
    assert_null(memmem(neutral, 45, "0 ", 2));
    free(text);
}

static void test_the_report_tells_new_labels_from_moved_ones(void **state)
{
    (void)state;
    char out[PATH_MAX + 16];
    snprintf(out, sizeof out, "%s/report.html", dir);
    label_found();
    run_fine("report", "--where=source:*", out, "--quiet", NULL);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    static char text[4 << 20];
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    const char *reviews = strstr(text, "keep the crowd");
    assert_non_null(reviews);
    assert_non_null(memmem(reviews, 120, ">6</data> were seen by no crowd.", 32));
    const char *crowd = strstr(text, "id='labels-crowd'");
    assert_non_null(crowd);
    assert_null(memmem(crowd, 300, "100.0", 5)); /* of no face there is no interval */
    undo_all();
}

/* ---- training in folds ---- */

/* Each that a reviewer labelled is kept out once, and learnt from by the others. */
static void test_a_labelled_one_is_dealt_into_a_fold(void **state)
{
    (void)state;
    struct workspace *ws;
    struct columns *c = NULL;
    struct fold_faces faces;
    struct recipe recipe = recipe_folds;
    struct err e = {0};
    recipe.folds = 3;
    run_fine("label", "61", "fear", "--quiet", NULL);
    run_fine("label", "62", "nf", "--quiet", NULL);
    if (!workspace_open(&ws, workspace, WORKSPACE_WRITE, &e) ||
        !columns_load(&c, ws, RULE_MAJORITY, -1, &e) || !fold_faces_load(&faces, ws, c, &recipe, &e))
        fail_msg("%s", e.text);
    assert_true(faces.learnt[60]);
    assert_in_range(faces.fold[60], 0, 2);
    assert_false(faces.learnt[61] || faces.learnt[62]);
    assert_int_equal(faces.fold[61], NO_FOLD);
    assert_int_equal(faces.fold[62], NO_FOLD);
    assert_int_equal(fold_faces_learnt(&faces),
                     train_faces_with_target(c, RULE_DISTRIBUTION, LABELS_REVIEWED));
    fold_faces_free(&faces);
    columns_free(c);
    workspace_close(ws);
    undo_all();
    undo_all();
}

/* ---- votes ---- */

static void test_votes_can_be_given_and_taken_back(void **state)
{
    (void)state;
    char id[16];
    snprintf(id, sizeof id, "%d", VOTED + 2);
    run_fine("votes", id, "0,8,2,0,0,0,0,0,0,0", "--quiet", NULL);
    json_t *d = run_json("show", id, NULL);
    assert_string_equal(json_string_value(json_object_get(d, "label")), "happiness");
    assert_string_equal(json_string_value(json_object_get(d, "crowd")), "none");
    assert_true(json_is_null(json_object_get(d, "entropy")));
    assert_int_equal(json_array_size(json_object_get(d, "edited_votes")), 10);
    json_decref(d);
    undo_all();
    struct output o;
    run_ferlab(&o, "-w", workspace, "accept", id, NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "no label to accept"));
    output_free(&o);
}

/* ---- exports ---- */

static void out_path(char out[PATH_MAX + 64], const char *format, const char *below)
{
    snprintf(out, PATH_MAX + 64, "%s/%s%s%s", dir, format, *below ? "/" : "", below);
}

static json_t *load_json(const char *format, const char *below)
{
    char path[PATH_MAX + 64];
    json_error_t why;
    out_path(path, format, below);
    json_t *d = json_load_file(path, JSON_DISABLE_EOF_CHECK, &why); /* the first line of several */
    if (d == NULL)
        fail_msg("%s: %s", path, why.text);
    return d;
}

static void export_found(const char *format)
{
    char out[PATH_MAX + 64];
    out_path(out, format, "");
    run_fine("export", "--where=source:*", "--format", format, out);
}

static void expect_source(const json_t *d)
{
    const char *source = json_string_value(json_object_get(d, "source"));
    assert_non_null(source);
    assert_non_null(strstr(source, "/photos/0.png"));
    assert_int_equal(json_array_size(json_object_get(d, "box")), 4);
}

static void test_each_export_carries_them(void **state)
{
    (void)state;
    export_found("jsonl");
    json_t *d = load_json("jsonl", "");
    expect_source(d);
    assert_true(json_is_null(json_object_get(d, "entropy")));
    json_decref(d);

    export_found("imagefolder");
    d = load_json("imagefolder", "none/metadata.jsonl");
    expect_source(d);
    const char *key;
    json_t *value;
    json_object_foreach(d, key, value) if (json_is_null(value))
        fail_msg("%s is null, which datasets does not take", key);
    assert_true(json_is_real(json_object_get(d, "entropy")));
    json_decref(d);

    export_found("labelstudio");
    d = load_json("labelstudio", "tasks.json");
    expect_source(json_object_get(json_array_get(d, 0), "data"));
    assert_int_equal(json_array_size(json_object_get(json_array_get(d, 0), "annotations")), 0);
    json_decref(d);

    export_found("fiftyone");
    d = load_json("fiftyone", "samples.json");
    json_t *sample = json_array_get(json_object_get(d, "samples"), 0);
    expect_source(sample);
    assert_true(json_is_null(json_object_get(sample, "ground_truth")));
    assert_true(json_is_null(json_object_get(sample, "crowd")));
    json_decref(d);

    char *text = run_text("export", "--where=source:*", "--format=csv", "-");
    assert_non_null(strstr(text, "61,0.png,none,0,0,0,0,0,0,0,0,0,0,none,none,no,no,"));
    assert_non_null(strstr(text, "/photos/0.png,\"[0,0,48,48]\","));
    assert_null(strstr(text, "nan"));
    free(text);
}

/* Into another workspace: those without votes stay so, and the reviewed one has ten for its label. */
static void test_an_export_of_fer_plus_s_layout_comes_back(void **state)
{
    (void)state;
    char out[PATH_MAX + 64], other[PATH_MAX + 64], id[16];
    snprintf(id, sizeof id, "%d", VOTED + 3);
    out_path(out, "ferplus", "");
    out_path(other, "other.ferlab", "");
    run_fine("label", id, "anger", "--quiet", NULL);
    run_fine("export", "--format=ferplus", "--labels=reviewed", out, NULL);
    json_t *d = run_ferlab_json("-w", other, "import", out, "--json", NULL);
    assert_int_equal(count_of(d, "imported"), VOTED + FOUND);
    assert_int_equal(count_of(d, "rejected"), 0);
    json_decref(d);
    d = run_ferlab_json("-w", other, "list", "voted:no", "--json", NULL);
    assert_int_equal(json_array_size(d), FOUND - 1);
    json_decref(d);
    d = run_ferlab_json("-w", other, "list", "split:none crowd:anger votes.anger=10", "--json", NULL);
    assert_int_equal(json_array_size(d), 1);
    json_decref(d);
    undo_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval_counts_whom_a_crowd_has_seen),
        cmocka_unit_test(test_stats_do_not_call_it_a_change_where_no_crowd_has_spoken),
        cmocka_unit_test(test_a_found_face_is_shown_without_counts),
        cmocka_unit_test(test_the_report_tells_new_labels_from_moved_ones),
        cmocka_unit_test(test_a_labelled_one_is_dealt_into_a_fold),
        cmocka_unit_test(test_votes_can_be_given_and_taken_back),
        cmocka_unit_test(test_each_export_carries_them),
        cmocka_unit_test(test_an_export_of_fer_plus_s_layout_comes_back),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
