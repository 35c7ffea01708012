/* Synthetic sets: exact shares, wrong labels where planted and only there, repeatability; the command's
 * folder. */
#include "ferlab/base/path.h"
#include "ferlab/face/synth.h"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 500 };

static struct synth_face faces[COUNT];

static int make_faces(void **state)
{
    (void)state;
    struct synth_set *set = synth_set_new(11, COUNT, 0.1);
    if (!set)
        return -1;
    for (uint32_t i = 0; i < COUNT; i++)
        synth_set_face(set, i, &faces[i]);
    synth_set_free(set);
    return 0;
}

static void test_splits_have_their_shares_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(faces[i].split, i < 400 ? SPLIT_TRAIN : i < 450 ? SPLIT_VALID : SPLIT_TEST);
}

static void test_planted_share_is_exact_in_every_split(void **state)
{
    (void)state;
    int planted[SPLIT_COUNT] = {0};
    for (int i = 0; i < COUNT; i++) {
        planted[faces[i].split] += faces[i].planted;
        assert_int_equal(faces[i].planted, faces[i].voted != faces[i].truth);
    }
    assert_int_equal(planted[SPLIT_TRAIN], 40);
    assert_int_equal(planted[SPLIT_VALID], 5);
    assert_int_equal(planted[SPLIT_TEST], 5);
}

static void test_only_planted_labels_are_wrong(void **state)
{
    (void)state;
    int none = 0;
    for (int i = 0; i < COUNT; i++) {
        int label = votes_label(&faces[i].votes, RULE_MAJORITY);
        assert_int_equal(votes_total(&faces[i].votes), 10);
        none += label == CLASS_NONE;
        if (faces[i].planted)
            assert_int_equal(label, faces[i].voted);
        else if (label != CLASS_NONE)
            assert_int_equal(label, faces[i].truth);
    }
    /* some crowds disagree, most do not */
    assert_in_range(none, COUNT / 50, COUNT / 6);
}

static void test_every_class_is_there_and_no_emotion_is_rare(void **state)
{
    (void)state;
    int drawn[CLASS_COUNT] = {0};
    for (int i = 0; i < COUNT; i++)
        drawn[faces[i].truth]++;
    for (int c = 0; c < EMOTION_COUNT; c++)
        assert_true(drawn[c] >= COUNT * 4 / 100);
    assert_true(drawn[CLASS_NEUTRAL] > 3 * drawn[CLASS_CONTEMPT]);
    assert_in_range(drawn[CLASS_UNKNOWN], 1, COUNT / 30);
    assert_in_range(drawn[CLASS_NF], 1, COUNT / 30);
}

static void test_voters_confuse_what_people_confuse(void **state)
{
    (void)state;
    int votes[EMOTION_COUNT][CLASS_COUNT] = {{0}};
    for (int i = 0; i < COUNT; i++) {
        for (int c = 0; faces[i].truth < EMOTION_COUNT && !faces[i].planted && c < CLASS_COUNT; c++)
            votes[faces[i].truth][c] += faces[i].votes.count[c];
    }
    assert_true(votes[CLASS_FEAR][CLASS_SURPRISE] > 3 * votes[CLASS_FEAR][CLASS_HAPPINESS]);
    assert_true(votes[CLASS_DISGUST][CLASS_ANGER] > 2 * votes[CLASS_DISGUST][CLASS_SURPRISE]);
    assert_true(votes[CLASS_CONTEMPT][CLASS_NEUTRAL] > votes[CLASS_CONTEMPT][CLASS_SADNESS]);
}

static void test_the_same_seed_draws_the_same_face(void **state)
{
    (void)state;
    struct synth_face face;
    struct synth_set *again = synth_set_new(11, COUNT, 0.1), *other = synth_set_new(12, COUNT, 0.1);
    assert_true(again && other);
    for (uint32_t i = 0; i < COUNT; i += 50) {
        synth_set_face(again, i, &face);
        assert_memory_equal(face.pixels, faces[i].pixels, FACE_PIXELS);
        assert_memory_equal(&face.votes, &faces[i].votes, sizeof face.votes);
        synth_set_face(other, i, &face);
        assert_memory_not_equal(face.pixels, faces[i].pixels, FACE_PIXELS);
    }
    synth_set_free(again);
    synth_set_free(other);
}

static void test_faces_have_contrast_and_differ(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        float z[FACE_PIXELS];
        double sum = 0, squares = 0;
        image_standardise(faces[i].pixels, z, FACE_PIXELS);
        for (int k = 0; k < FACE_PIXELS; k++) {
            sum += faces[i].pixels[k];
            squares += (double)faces[i].pixels[k] * faces[i].pixels[k];
        }
        double mean = sum / FACE_PIXELS;
        assert_true(sqrt(squares / FACE_PIXELS - mean * mean) > 8);
        assert_true(i == 0 || memcmp(faces[i].pixels, faces[i - 1].pixels, FACE_PIXELS) != 0);
    }
}

static void test_a_tiny_set_is_possible(void **state)
{
    (void)state;
    struct synth_face face;
    struct synth_set *set = synth_set_new(1, 10, 0.1);
    assert_non_null(set);
    for (uint32_t i = 0; i < 10; i++) {
        synth_set_face(set, i, &face);
        assert_int_equal(votes_total(&face.votes), 10);
    }
    synth_set_free(set);
}

/* ---- the command ---- */

static int lines_in(const char *dir, const char *name)
{
    char path[PATH_MAX];
    size_t size;
    struct err e = {0};
    assert_true(path_join(path, dir, name, &e));
    char *text = file_read(path, 1 << 20, &size, &e);
    if (!text)
        fail_msg("%s", e.text);
    int lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    free(text);
    return lines;
}

static void test_command_writes_the_layout_and_names_the_planted(void **state)
{
    (void)state;
    char dir[PATH_MAX], out[PATH_MAX];
    struct err e;
    struct gray image;
    temp_dir_make(dir);
    assert_true(path_join(out, dir, "set", &e));
    json_t *d =
        run_ferlab_json("synth", out, "--count", "100", "--seed", "3", "--planted", "0.1", "--json", NULL);
    assert_int_equal(json_integer_value(json_object_get(d, "written")), 100);
    json_t *planted = json_object_get(d, "planted");
    assert_int_equal(json_array_size(planted), 10);
    assert_int_equal(strlen(json_string_value(json_array_get(planted, 0))), strlen("syn0000000.png"));
    assert_int_equal(lines_in(out, "data/FER2013Train/label.csv"), 80);
    assert_int_equal(lines_in(out, "data/FER2013Valid/label.csv"), 10);
    assert_int_equal(lines_in(out, "data/FER2013Test/label.csv"), 10);
    assert_int_equal(lines_in(out, "truth.csv"), 101);
    char path[PATH_MAX];
    assert_true(path_join(path, out, "data/FER2013Test/syn0000099.png", &e));
    assert_true(image_load(path, &image, &e));
    assert_int_equal(image.width, FACE_SIZE);
    image_free(&image);
    json_decref(d);
    temp_dir_remove(dir);
}

static void test_command_refuses_a_folder_with_something_in_it(void **state)
{
    (void)state;
    char dir[PATH_MAX];
    struct output o;
    temp_dir_make(dir);
    write_file(dir, "mine.txt", "keep", 4);
    run_ferlab(&o, "synth", dir, "--count", "20", NULL);
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.err, "not empty"));
    output_free(&o);
    assert_int_equal(lines_in(dir, "mine.txt"), 0);
    run_ferlab(&o, "synth", NULL);
    assert_int_equal(o.status, 2);
    output_free(&o);
    temp_dir_remove(dir);
}

static void test_interrupted_command_leaves_nothing(void **state)
{
    (void)state;
    char dir[PATH_MAX], out[PATH_MAX], first[PATH_MAX];
    struct err e;
    temp_dir_make(dir);
    assert_true(path_join(out, dir, "set", &e));
    assert_true(path_join(first, out, "data/FER2013Train/syn0000000.png", &e));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl(FERLAB_PROGRAM, "ferlab", "synth", out, "--count", "1000000", "--quiet", (char *)NULL);
        _exit(99);
    }
    for (int i = 0; i < 2000 && !path_is_file(first); i++)
        usleep(5000);
    assert_true(path_is_file(first));
    kill(child, SIGINT);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_false(path_is_dir(out));
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splits_have_their_shares_in_order),
        cmocka_unit_test(test_planted_share_is_exact_in_every_split),
        cmocka_unit_test(test_only_planted_labels_are_wrong),
        cmocka_unit_test(test_every_class_is_there_and_no_emotion_is_rare),
        cmocka_unit_test(test_voters_confuse_what_people_confuse),
        cmocka_unit_test(test_the_same_seed_draws_the_same_face),
        cmocka_unit_test(test_faces_have_contrast_and_differ),
        cmocka_unit_test(test_a_tiny_set_is_possible),
        cmocka_unit_test(test_command_writes_the_layout_and_names_the_planted),
        cmocka_unit_test(test_command_refuses_a_folder_with_something_in_it),
        cmocka_unit_test(test_interrupted_command_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_faces, NULL);
}
