/* The workbench and the terminal it runs on: resize, stop and continue, the end by signals, half blocks, no
 * graphics, terminals it refuses, hostile names, other processes on the same workspace, and workspaces that
 * may only be read. */
#include "workbench_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_make(&f, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_remove(&f);
    return 0;
}

static const struct screen_options small_screen = {
    .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};

/* The first face of the grid at 140x42; see test_grid.c. */
static int first_face_off(void)
{
    uint8_t face[FACE_PIXELS];
    fixture_pixels(&f, 1, face);
    return pixels_off(f.screen, face, (struct shown_face){.x = 10, .y = 57, .side = 96, .rows = 95});
}

static void test_resizing_keeps_images_right(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    screen_resize(s, 80, 24);
    screen_settle(s, 200);
    expect_text(s, "row 1 of 43"); /* seven across */
    uint8_t face[FACE_PIXELS];
    fixture_pixels(&f, 1, face);
    const struct shown_face at = {
        .x = 9 * 3, .y = 19 * 3 + 2, .side = 72, .rows = 72, .canvas_x = 0, .canvas_y = 2, .smooth = true};
    assert_int_equal(pixels_off(s, face, at), 0);
    screen_resize(s, 140, 42);
    screen_settle(s, 200);
    expect_text(s, "row 1 of 30");
    assert_int_equal(first_face_off(), 0);
    screen_resize(s, 40, 10);
    screen_settle(s, 200);
    expect_text(s, "too small");
    expect_text(s, "60x16 will do");
    screen_resize(s, 140, 42);
    screen_settle(s, 200);
    assert_int_equal(first_face_off(), 0);
}

static void test_redraw_mends_a_spoilt_screen(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    int images = screen_images(s);
    type_keys(s, "\f");
    assert_true(screen_images(s) > images);
    assert_int_equal(first_face_off(), 0);
}

/* A shell with job control, as small as can be: says when its job stopped, and continues it at the next line.
 */
static int job_shell(void *argument)
{
    signal(SIGTTOU, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        execl(FERLAB_PROGRAM, "ferlab", "-w", (const char *)argument, "--filter", "", (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    for (;;) {
        int status;
        waitpid(pid, &status, WUNTRACED);
        if (!WIFSTOPPED(status))
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        tcsetpgrp(STDIN_FILENO, getpgrp());
        if (write(STDOUT_FILENO, "job stopped\r\n", 13) != 13)
            return 1;
        char line[16];
        if (read(STDIN_FILENO, line, sizeof line) <= 0)
            return 1;
        tcsetpgrp(STDIN_FILENO, pid);
        kill(-pid, SIGCONT);
    }
}

static void test_suspending_gives_the_terminal_back_and_returns(void **state)
{
    (void)state;
    if (f.screen != NULL)
        screen_end(f.screen);
    struct screen *s = f.screen = screen_start_child(&full_screen, job_shell, f.workspace);
    expect_text(s, "row 1 of 30");
    screen_settle(s, 100);
    screen_keys(s, "\032");
    expect_text(s, "job stopped");
    assert_true(screen_sent(s, "\033[?1049l"));
    expect_no_text(s, "row 1 of 30");
    screen_keys(s, "fg\n");
    expect_text(s, "row 1 of 30");
    screen_settle(s, 200);
    assert_int_equal(first_face_off(), 0);
    type_keys(s, "l");
    screen_keys(s, ":quit\r");
    assert_int_equal(screen_wait_exit(s, WAIT_MS), 0);
}

static void test_signals_restore_the_terminal(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP, SIGSEGV, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct screen *s = fixture_start(&f, &small_screen, "");
        assert_false(screen_sent(s, "\033[?1049l"));
        screen_signal(s, signals[i]);
        assert_true(screen_wait_exit(s, WAIT_MS) != 0);
        assert_true(screen_sent(s, "\033[?1049l"));
        assert_true(screen_sent(s, "\033[?1000l"));
    }
}

static void test_leaving_restores_the_terminal(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &small_screen, "");
    screen_keys(s, "q");
    assert_int_equal(screen_wait_exit(s, WAIT_MS), 0);
    assert_true(screen_sent(s, "\033[?1049l"));
}

static void test_half_blocks_where_there_is_no_sixel(void **state)
{
    (void)state;
    const struct screen_options o = {.columns = 140, .rows = 42, .cell_width = 9, .cell_height = 19};
    struct screen *s = fixture_start(&f, &o, "");
    assert_int_equal(screen_images(s), 0);
    expect_text(s, "\u2580\u2580");
    type_keys(s, "jj"); /* scrolls */
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    expect_text(s, "\u2580\u2580");
}

static void test_lines_of_text_where_there_are_no_graphics(void **state)
{
    (void)state;
    const struct screen_options o = {
        .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .mute = true, .term = "vt100"};
    struct screen *s = fixture_start(&f, &o, "split:valid");
    expect_no_text(s, "\u2580");
    expect_text(s, "valid ");
    type_keys(s, "j");
    expect_text(s, "row 2 of");
}

static void test_dumb_terminals_are_refused(void **state)
{
    (void)state;
    struct screen_options o = small_screen;
    o.term = "dumb";
    struct screen *s = screen_start(&o, (const char *[]){"-w", f.workspace, NULL});
    assert_int_equal(screen_wait_exit(s, WAIT_MS), 2);
    assert_true(screen_has(s, "move its cursor"));
    assert_false(screen_sent(s, "\033"));
    screen_end(s);
    struct output out;
    run_ferlab(&out, "-w", f.workspace, NULL);
    assert_int_equal(out.status, 2);
    assert_non_null(strstr(out.err, "needs a terminal"));
    output_free(&out);
}

static void test_hostile_names_are_shown_escaped(void **state)
{
    (void)state;
    struct workspace *ws;
    struct err e;
    assert_true(workspace_open(&ws, f.workspace, WORKSPACE_WRITE, &e));
    uint8_t pixels[FACE_PIXELS] = {0};
    const struct sample hostile = {
        .split = SPLIT_NONE, .name = "\033]0;gotcha\007\033[31m.png", .votes.count = {10}, .pixels = pixels};
    assert_true(workspace_begin(ws, &e));
    struct sample_writer *w = sample_writer_new(ws, &e);
    assert_non_null(w);
    assert_int_equal(sample_add(w, &hostile, &e), SAMPLE_NEW);
    sample_writer_free(w);
    assert_true(workspace_commit(ws, &e));
    workspace_close(ws);
    struct screen *s = fixture_start(&f, &full_screen, "split:none");
    expect_text(s, "\\x1b]0;gotcha\\x07\\x1b[31m.png");
    type_keys(s, "\r");
    expect_text(s, "\\x1b]0;gotcha");
    type_keys(s, "5");
    expect_text(s, "\\x07\\x1b[31m.png: neutral");
    assert_false(screen_sent(s, "\033]0;gotcha"));
    type_keys(s, "u");
}

static void test_a_relabel_by_another_process_shows(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "id:3");
    expect_no_text(s, "\u270e.");
    json_decref(run_ferlab_json("label", "-w", f.workspace, "3", "contempt", "--json", NULL));
    if (!screen_wait_text(s, "con\u2192", 1000))
        fail_msg("the label of another process does not show within a second");
}

static void test_a_model_chosen_by_another_process_shows(void **state)
{
    (void)state;
    struct fixture bare;
    fixture_make(&bare, false);
    struct screen *s = fixture_start(&bare, &full_screen, "");
    expect_text(s, "model none");
    fixture_add_model(bare.workspace);
    if (!screen_wait_text(s, "model fixture", 1000))
        fail_msg("a new current model does not show within a second");
    fixture_remove(&bare);
}

static void test_a_model_without_predictions_sees_the_samples_first(void **state)
{
    (void)state;
    struct fixture own;
    char onnx[PATH_MAX + 16];
    struct output o;
    fixture_make(&own, true);
    json_decref(run_ferlab_json("train", "-w", own.workspace, "--arch", "4", "--epochs", "1", "--limit", "32",
                                "--name", "tiny", "--no-use", "--json", "--quiet", NULL));
    snprintf(onnx, sizeof onnx, "%s/other.onnx", own.dir);
    run_ferlab(&o, "model", "export", "tiny", onnx, "-w", own.workspace, NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    run_ferlab(&o, "model", "remove", "tiny", "--yes", "-w", own.workspace, NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    run_ferlab(&o, "model", "import", onnx, "-w", own.workspace, NULL);
    assert_int_equal(o.status, 0);
    output_free(&o);
    struct screen *s = fixture_start(&own, &full_screen, "");
    expect_text(s, "model fixture");
    type_keys(s, ":model other\r");
    expect_text(s, "other looks at 300 samples, validation first");
    expect_text(s, "model other  valid");
    fixture_remove(&own);
}

/* The program as a user whom the file does not belong to: the superuser may write anywhere. */
static int as_somebody_else(void *argument)
{
    enum { NOBODY = 65534 };
    int program = open(FERLAB_PROGRAM, O_PATH); /* that user need not be able to reach its folder */
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 126;
    char *arguments[] = {"ferlab", "-w", argument, "--filter", "", NULL};
    fexecve(program, arguments, environ);
    return 127;
}

static void test_read_only_workspaces_can_be_browsed(void **state)
{
    (void)state;
    assert_int_equal(chmod(f.dir, 0555), 0);
    assert_int_equal(chmod(f.workspace, 0444), 0);
    if (f.screen != NULL)
        screen_end(f.screen);
    struct screen *s = f.screen = screen_start_child(&full_screen, as_somebody_else, f.workspace);
    expect_text(s, "looking works, reviewing does not");
    expect_text(s, "read-only");
    type_keys(s, "4");
    expect_text(s, "may only be read");
    type_keys(s, "\r");
    expect_text(s, "votes of ten");
    assert_int_equal(chmod(f.dir, 0755), 0);
    assert_int_equal(chmod(f.workspace, 0644), 0);
}

static void test_pasted_text_and_unknown_sequences_review_nothing(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    json_t *before = fixture_log(&f);
    type_keys(s, "\033[200~hello 123 world 456 q :quit\r\033[201~");
    expect_text(s, "nothing was done with the pasted text");
    type_keys(s, "\033[4;798;1260t");
    type_keys(s, "\033[57361;5u");
    json_t *after = fixture_log(&f);
    assert_int_equal(json_array_size(after), json_array_size(before));
    json_decref(before);
    json_decref(after);
    type_keys(s, "/\033[200~split:valid\033[201~\r");
    expect_text(s, "split:valid");
}

static void test_an_idle_workbench_uses_no_processor(void **state)
{
    (void)state;
    struct screen *s = fixture_start(&f, &full_screen, "");
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", screen_pid(s));
    unsigned long used[2] = {0};
    for (int i = 0; i < 2; i++) {
        unsigned long user = 0, system = 0;
        FILE *stat = fopen(path, "r");
        assert_non_null(stat);
        assert_int_equal(
            fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
            2);
        fclose(stat);
        used[i] = user + system;
        if (i == 0)
            usleep(1500000);
    }
    assert_in_range(used[1] - used[0], 0, 2); /* ticks of a hundredth of a second */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resizing_keeps_images_right),
        cmocka_unit_test(test_redraw_mends_a_spoilt_screen),
        cmocka_unit_test(test_suspending_gives_the_terminal_back_and_returns),
        cmocka_unit_test(test_signals_restore_the_terminal),
        cmocka_unit_test(test_leaving_restores_the_terminal),
        cmocka_unit_test(test_half_blocks_where_there_is_no_sixel),
        cmocka_unit_test(test_lines_of_text_where_there_are_no_graphics),
        cmocka_unit_test(test_dumb_terminals_are_refused),
        cmocka_unit_test(test_hostile_names_are_shown_escaped),
        cmocka_unit_test(test_a_relabel_by_another_process_shows),
        cmocka_unit_test(test_a_model_chosen_by_another_process_shows),
        cmocka_unit_test(test_a_model_without_predictions_sees_the_samples_first),
        cmocka_unit_test(test_read_only_workspaces_can_be_browsed),
        cmocka_unit_test(test_pasted_text_and_unknown_sequences_review_nothing),
        cmocka_unit_test(test_an_idle_workbench_uses_no_processor),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
