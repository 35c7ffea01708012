/* Workspaces: creation that is all or nothing, what is refused and how, reading what may not be written,
 * locks. */
#include "ferlab/store/columns.h"
#include "ferlab/store/reviews.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void test_a_published_workspace_opens_and_is_whole(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 100);
    assert_string_equal(workspace_path(f.ws), f.path);
    MUST(&f, workspace_check(f.ws, &f.e));
    fixture_reopen(&f);
    MUST(&f, workspace_check(f.ws, &f.e));
    assert_int_equal(plain_number(f.path, "PRAGMA application_id"), 0x4645524C);
    assert_int_equal(plain_number(f.path, "PRAGMA user_version"), 9);
    assert_int_equal(
        plain_number(f.path, "SELECT count(*) FROM sample JOIN pixels ON sample.id = pixels.sample"), 100);
    fixture_close(&f);
}

static int entries_in(const char *dir)
{
    char command[PATH_MAX + 32];
    int count = -1;

    snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
    FILE *in = popen(command, "r");

    if (!in || fscanf(in, "%d", &count) != 1)
        fail_msg("cannot list %s", dir);
    pclose(in);
    return count;
}

static void test_closing_without_publishing_leaves_nothing(void **state)
{
    struct fixture f = {0};

    (void)state;
    temp_dir_make(f.dir);
    snprintf(f.path, sizeof f.path, "%.4000s/faces.ferlab", f.dir);
    MUST(&f, workspace_create(&f.ws, f.path, &f.e));
    fixture_add(&f, f.ws, 0, 10);
    assert_int_equal(access(f.path, F_OK), -1);
    workspace_close(f.ws);
    assert_int_equal(entries_in(f.dir), 0);
    temp_dir_remove(f.dir);
}

static void test_what_a_killed_import_left_is_swept_by_the_next(void **state)
{
    struct fixture f = {0};
    struct workspace *living;

    (void)state;
    temp_dir_make(f.dir);
    snprintf(f.path, sizeof f.path, "%.4000s/faces.ferlab", f.dir);
    pid_t child = fork();

    if (child == 0) {
        if (workspace_create(&f.ws, f.path, &f.e))
            raise(SIGKILL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(entries_in(f.dir), 1);
    write_file(f.dir, ".faces.ferlab.x1.tmp", "other", 5);
    write_file(f.dir, ".faces.ferlab2.1.tmp", "other", 5);
    write_file(f.dir, ".faces.ferlab.1.tmp", "left", 4);
    MUST(&f, workspace_create(&living, f.path, &f.e));
    assert_int_equal(entries_in(f.dir), 3);

    /* One that is being built right now is left alone. */
    child = fork();
    if (child == 0) {
        bool good = workspace_create(&f.ws, f.path, &f.e);

        workspace_close(f.ws);
        _exit(good ? 0 : 1);
    }
    int status = -1;

    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(entries_in(f.dir), 3);
    MUST(&f, workspace_publish(living, &f.e));
    workspace_close(living);
    temp_dir_remove(f.dir);
}

static void test_a_folder_that_takes_no_files_is_said_by_the_workspace_s_name(void **state)
{
    struct workspace *ws;
    struct err e = {0};

    (void)state;
    assert_false(workspace_create(&ws, "/proc/faces.ferlab", &e));
    assert_non_null(strstr(e.text, "/proc/faces.ferlab: cannot "));
    assert_null(strstr(e.text, ".tmp"));
}

static void test_creating_never_replaces(void **state)
{
    struct fixture f;
    struct workspace *other = NULL;
    char path[PATH_MAX + 8];

    (void)state;
    fixture_open(&f, 1);
    REFUSED(&f, workspace_create(&other, f.path, &f.e), "is there already");

    snprintf(path, sizeof path, "%s.2", f.path);
    MUST(&f, workspace_create(&other, path, &f.e));
    write_file(f.dir, "faces.ferlab.2", "precious", 8);
    REFUSED(&f, workspace_publish(other, &f.e), "appeared while it was being made");
    workspace_close(other);
    assert_int_equal(access(path, F_OK), 0);
    fixture_close(&f);
}

/* Byte 18 of an SQLite file: 1 for a rollback journal, 2 for a write-ahead log. */
static int journal_byte(const char *path)
{
    unsigned char header[20] = {0};
    FILE *in = fopen(path, "rb");

    if (!in || fread(header, 1, sizeof header, in) != sizeof header)
        fail_msg("cannot read %s", path);
    fclose(in);
    return header[18];
}

static void test_what_is_no_workspace_is_refused_with_its_own_sentence(void **state)
{
    struct fixture f;
    char path[PATH_MAX + 16];
    struct workspace *ws = NULL;

    (void)state;
    fixture_open(&f, 1);
    for (int mode = WORKSPACE_READ; mode <= WORKSPACE_WRITE; mode++) {
        snprintf(path, sizeof path, "%s/nowhere", f.dir);
        REFUSED(&f, workspace_open(&ws, path, (enum workspace_mode)mode, &f.e), "there is no such workspace");
        REFUSED(&f, workspace_open(&ws, f.dir, (enum workspace_mode)mode, &f.e), "is a folder");

        write_file(f.dir, "text", "not a database at all, but long enough to look like a file\n", 59);
        snprintf(path, sizeof path, "%s/text", f.dir);
        REFUSED(&f, workspace_open(&ws, path, (enum workspace_mode)mode, &f.e), "is not a workspace");
        assert_non_null(strstr(f.e.text, path));

        write_file(f.dir, "empty", "", 0);
        snprintf(path, sizeof path, "%s/empty", f.dir);
        REFUSED(&f, workspace_open(&ws, path, (enum workspace_mode)mode, &f.e), "is empty");

        snprintf(path, sizeof path, "%s/other.db", f.dir);
        plain_sql_works(path, "CREATE TABLE IF NOT EXISTS t (a)");
        REFUSED(&f, workspace_open(&ws, path, (enum workspace_mode)mode, &f.e), "not a ferlab workspace");
        assert_int_equal(journal_byte(path), 1); /* somebody else's file stays as it is */
        assert_null(ws);
    }
    REFUSED(&f, workspace_open(&ws, "/dev/null", WORKSPACE_READ, &f.e), "not a regular file");
    fixture_close(&f);
}

static void test_a_newer_version_is_refused_and_an_older_one_migrated(void **state)
{
    struct fixture f;
    struct workspace *ws = NULL;
    char path[PATH_MAX + 16];

    (void)state;
    fixture_open(&f, 1);
    plain_sql_works(f.path, "PRAGMA user_version = 10");
    REFUSED(&f, workspace_open(&ws, f.path, WORKSPACE_READ, &f.e),
            "was made by a newer ferlab (schema 10; this one knows 9); update ferlab");

    snprintf(path, sizeof path, "%s/old.ferlab", f.dir);
    plain_sql_works(path, "PRAGMA application_id = 0x4645524C; CREATE TABLE scratch (a)");
    MUST(&f, workspace_open(&ws, path, WORKSPACE_WRITE, &f.e));
    workspace_close(ws);
    assert_int_equal(plain_number(path, "PRAGMA user_version"), 9);
    assert_int_equal(plain_number(path, "SELECT count(*) FROM sample"), 0);
    fixture_close(&f);
}

static void test_a_truncated_file_is_refused_at_opening(void **state)
{
    struct fixture f;
    struct workspace *ws = NULL;
    struct stat s;

    (void)state;
    fixture_open(&f, 300);
    workspace_close(f.ws);
    f.ws = NULL;
    assert_int_equal(stat(f.path, &s), 0);
    for (off_t cut = s.st_size - 1; cut > 100; cut = cut / 2) {
        assert_int_equal(truncate(f.path, cut), 0);
        REFUSED(&f, workspace_open(&ws, f.path, WORKSPACE_READ, &f.e), "is truncated");
    }
    assert_int_equal(truncate(f.path, 60), 0);
    REFUSED(&f, workspace_open(&ws, f.path, WORKSPACE_READ, &f.e), "is not a workspace");
    fixture_close(&f);
}

/* Bytes overwritten anywhere: a sentence or a good load, never a crash, and the full check notices lost
 * pages. */
static void test_damage_is_a_sentence(void **state)
{
    struct fixture f;
    struct rng rng;
    struct stat s;

    (void)state;
    fixture_open(&f, 300);
    workspace_close(f.ws);
    f.ws = NULL;
    assert_int_equal(stat(f.path, &s), 0);
    rng_seed(&rng, 5, 0);
    for (int round = 0; round < 40; round++) {
        unsigned char garbage[4000];
        bool at_page = round < 8;
        off_t place = (off_t)rng_below(&rng, (uint32_t)s.st_size - sizeof garbage);

        if (at_page)
            place = (1 + place / 16384 % (s.st_size / 16384 - 1)) * 16384;
        unsigned char saved[sizeof garbage];
        int fd = open(f.path, O_RDWR);
        struct columns *c = NULL;

        for (size_t i = 0; i < sizeof garbage; i++)
            garbage[i] = (unsigned char)rng_next(&rng);
        assert_int_equal(pread(fd, saved, sizeof saved, place), sizeof saved);
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, place), sizeof garbage);
        f.e = (struct err){0};
        bool opened = workspace_open(&f.ws, f.path, WORKSPACE_READ, &f.e);
        bool loaded = opened && columns_load(&c, f.ws, RULE_MAJORITY, 0, &f.e);

        if (!loaded)
            assert_non_null(strstr(f.e.text, f.path));
        columns_free(c);
        if (opened && at_page && workspace_check(f.ws, &f.e))
            fail_msg("damage at %lld went unnoticed", (long long)place);
        workspace_close(f.ws);
        f.ws = NULL;
        assert_int_equal(pwrite(fd, saved, sizeof saved, place), sizeof saved);
        close(fd);
    }
    fixture_reopen(&f);
    MUST(&f, workspace_check(f.ws, &f.e));
    fixture_close(&f);
}

/* Runs `body` in a child that is not root, for whom permissions count. Fails the test unless it returns 0. */
static void as_nobody(struct fixture *f, int (*body)(struct fixture *f))
{
    pid_t child = fork();

    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        int status = body(f);

        if (status)
            fprintf(stderr, "child failed with %d: %s\n", status, f->e.text);
        _exit(status);
    }
    int status = -1;

    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int reads_but_may_not_write(struct fixture *f)
{
    struct workspace *ws;
    struct columns *c;

    if (!workspace_open(&ws, f->path, WORKSPACE_READ, &f->e))
        return 1;
    if (!columns_load(&c, ws, RULE_MAJORITY, 0, &f->e) || c->count != 20)
        return 2;
    columns_free(c);
    if (workspace_set_setting(ws, "a", "b", &f->e))
        return 3;
    workspace_close(ws);
    if (workspace_open(&ws, f->path, WORKSPACE_WRITE, &f->e))
        return 4;
    return strstr(f->e.text, "may not be written") ? 0 : 5;
}

static void test_a_read_only_folder_can_be_read(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 20);
    workspace_close(f.ws);
    f.ws = NULL;
    assert_int_equal(chmod(f.path, 0444), 0);
    assert_int_equal(chmod(f.dir, 0555), 0);
    as_nobody(&f, reads_but_may_not_write);
    assert_int_equal(chmod(f.path, 0666), 0);
    as_nobody(&f, reads_but_may_not_write);
    assert_int_equal(chmod(f.dir, 0755), 0);
    assert_int_equal(entries_in(f.dir), 1);
    fixture_close(&f);
}

static int sees_one_event(struct fixture *f)
{
    struct workspace *ws;
    struct event *events;
    size_t count;

    if (!workspace_open(&ws, f->path, WORKSPACE_READ, &f->e) ||
        !reviews_log(ws, 0, 0, 0, &f->arena, &events, &count, &f->e))
        return 1;
    workspace_close(ws);
    return count == 1 ? 0 : 2;
}

static void test_a_reader_of_a_read_only_folder_sees_the_live_log(void **state)
{
    struct fixture f;
    struct event *events;

    (void)state;
    fixture_open(&f, 20);
    MUST(&f,
         reviews_append(f.ws, &(struct review){.sample = 3, .kind = EVENT_FLAG}, 1, &f.arena, &events, &f.e));
    assert_int_equal(chmod(f.dir, 0555), 0);
    as_nobody(&f, sees_one_event);
    assert_int_equal(chmod(f.dir, 0755), 0);
    fixture_close(&f);
}

static int refuses_a_log_it_cannot_read(struct fixture *f)
{
    struct workspace *ws;

    if (workspace_open(&ws, f->path, WORKSPACE_READ, &f->e))
        return 1;
    return strstr(f->e.text, f->path) ? 0 : 2;
}

static void test_an_unreadable_live_log_is_not_silently_ignored(void **state)
{
    struct fixture f;
    struct event *events;
    char wal[PATH_MAX + 8];

    (void)state;
    fixture_open(&f, 20);
    MUST(&f,
         reviews_append(f.ws, &(struct review){.sample = 3, .kind = EVENT_FLAG}, 1, &f.arena, &events, &f.e));
    snprintf(wal, sizeof wal, "%s-wal", f.path);
    assert_int_equal(chmod(wal, 0), 0);
    assert_int_equal(chmod(f.dir, 0555), 0);
    as_nobody(&f, refuses_a_log_it_cannot_read);
    assert_int_equal(chmod(f.dir, 0755), 0);
    fixture_close(&f);
}

static void test_names_that_sqlite_would_take_for_something_else_are_files(void **state)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "100%#?.ferlab"};
    char back[PATH_MAX], dir[PATH_MAX];
    struct fixture f = {0};

    (void)state;
    assert_non_null(getcwd(back, sizeof back));
    temp_dir_make(dir);
    assert_int_equal(chdir(dir), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        MUST(&f, workspace_create(&f.ws, names[i], &f.e));
        MUST(&f, workspace_publish(f.ws, &f.e));
        workspace_close(f.ws);
        assert_int_equal(access(names[i], F_OK), 0);
        MUST(&f, workspace_open(&f.ws, names[i], WORKSPACE_READ, &f.e));
        workspace_close(f.ws);
    }
    assert_int_equal(entries_in(dir), 3);
    assert_int_equal(chdir(back), 0);
    temp_dir_remove(dir);
}

static void test_settings_are_kept_and_others_commits_noticed(void **state)
{
    struct fixture f;
    struct workspace *other;

    (void)state;
    fixture_open(&f, 1);
    assert_null(workspace_setting(f.ws, "theme"));
    MUST(&f, workspace_open(&other, f.path, WORKSPACE_WRITE, &f.e));
    int64_t before = workspace_version(f.ws), mine = workspace_version(other);

    MUST(&f, workspace_set_setting(other, "theme", "dark", &f.e));
    MUST(&f, workspace_set_setting(other, "theme", "light", &f.e));
    assert_int_not_equal(workspace_version(f.ws), before);
    assert_int_equal(workspace_version(other), mine);
    char *value = workspace_setting(f.ws, "theme");

    assert_string_equal(value, "light");
    free(value);
    workspace_close(other);
    fixture_close(&f);
}

static void test_a_rolled_back_transaction_leaves_no_trace(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 1);
    workspace_rollback(f.ws);
    MUST(&f, workspace_begin(f.ws, &f.e));
    MUST(&f, workspace_set_setting(f.ws, "a", "b", &f.e));
    workspace_rollback(f.ws);
    assert_null(workspace_setting(f.ws, "a"));
    MUST(&f, workspace_begin(f.ws, &f.e));
    MUST(&f, workspace_set_setting(f.ws, "a", "b", &f.e));
    fixture_reopen(&f);
    assert_null(workspace_setting(f.ws, "a"));
    fixture_close(&f);
}

static void test_a_writer_waits_for_another(void **state)
{
    struct fixture f;
    int ready[2];
    char byte;

    (void)state;
    fixture_open(&f, 1);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();

    if (child == 0) {
        struct workspace *ws;
        bool good = workspace_open(&ws, f.path, WORKSPACE_WRITE, &f.e) && workspace_begin(ws, &f.e) &&
                    workspace_set_setting(ws, "who", "child", &f.e) && write(ready[1], "x", 1) == 1;

        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        _exit(good && workspace_commit(ws, &f.e) ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    MUST(&f, workspace_begin(f.ws, &f.e));
    char *who = workspace_setting(f.ws, "who");

    assert_string_equal(who, "child");
    free(who);
    MUST(&f, workspace_commit(f.ws, &f.e));
    int status = -1;

    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
    fixture_close(&f);
}

static void test_votes_pixels_and_reviews_cannot_be_altered_from_outside(void **state)
{
    struct fixture f;
    struct event *events;

    (void)state;
    fixture_open(&f, 5);
    MUST(&f,
         reviews_append(f.ws, &(struct review){.sample = 1, .kind = EVENT_FLAG}, 1, &f.arena, &events, &f.e));
    static const struct {
        const char *text, *words;
    } attempts[] = {
        {"UPDATE sample SET fear = 10 WHERE id = 1", "never changed"},
        {"UPDATE sample SET name = 'x' WHERE id = 1", "never changed"},
        {"DELETE FROM sample WHERE id = 1", "never deleted"},
        {"REPLACE INTO sample SELECT 1, split, name, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, '', 0 FROM "
         "sample "
         "WHERE id = 1",
         "never replaced"},
        {"REPLACE INTO sample SELECT 99, split, name, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, '', 0 FROM "
         "sample "
         "WHERE id = 1",
         "never replaced"},
        {"UPDATE pixels SET gray = zeroblob(2304)", "never changed"},
        {"DELETE FROM pixels", "never deleted"},
        {"REPLACE INTO pixels VALUES (1, zeroblob(2304))", "never replaced"},
        {"UPDATE event SET value = 'x'", "append-only"},
        {"DELETE FROM event", "append-only"},
        {"REPLACE INTO event SELECT id, batch, time, 'eve', sample, kind, value, undoes FROM event",
         "append-only"},
        {"INSERT INTO event VALUES (9, 9, '', '', 1, 'dance', '', NULL)", "CHECK"},
        {"INSERT INTO event VALUES (9, 9, '', '', 1, 'undo', '', NULL)", "CHECK"},
        {"INSERT INTO event VALUES (9, 9, '', '', NULL, 'flag', '', NULL)", "CHECK"},
        {"INSERT INTO sample VALUES (9, 'train', 'n', 0, 0, 0, 0, 256, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', 0)",
         "CHECK"},
        {"INSERT INTO sample VALUES (9, 'elsewhere', 'n', 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', 0)",
         "CHECK"},
        {"INSERT INTO pixels VALUES (9, zeroblob(10))", "CHECK"},
    };

    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        plain_sql_is_refused(f.path, attempts[i].text, attempts[i].words);
    assert_int_equal(plain_number(f.path, "SELECT neutral FROM sample WHERE id = 1"), 9);
    fixture_close(&f);
}

static bool fill_disk(struct fixture *f, struct workspace *ws)
{
    static char text[200001];

    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 200; i++) {
        char key[16];

        snprintf(key, sizeof key, "%d", i);
        if (!workspace_set_setting(ws, key, text, &f->e))
            return true;
    }
    return false;
}

/* In a file system of four megabytes of its own. 77: such a thing cannot be had here. */
static int meets_a_full_disk(struct fixture *f)
{
    struct workspace *ws;
    uint8_t pixels[FACE_PIXELS];

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", f->dir, "tmpfs", 0, "size=4m") != 0)
        return 77;
    if (!workspace_create(&ws, f->path, &f->e))
        return 1;
    fixture_add(f, ws, 0, 20);
    if (!workspace_publish(ws, &f->e))
        return 2;
    if (!fill_disk(f, ws) || f->e.code != ERR_SPACE || !strstr(f->e.text, "disk is full"))
        return 3;
    workspace_close(ws);
    if (!workspace_open(&ws, f->path, WORKSPACE_READ, &f->e) || !sample_pixels(ws, 20, pixels, &f->e))
        return 4;
    return workspace_check(ws, &f->e) ? 0 : 5;
}

static void test_a_full_disk_is_said_and_loses_nothing(void **state)
{
    struct fixture f = {0};
    int status = -1;

    (void)state;
    temp_dir_make(f.dir);
    snprintf(f.path, sizeof f.path, "%.4000s/faces.ferlab", f.dir);
    pid_t child = fork();

    if (child == 0) {
        status = meets_a_full_disk(&f);
        if (status && status != 77)
            fprintf(stderr, "child failed with %d: %s\n", status, f.e.text);
        _exit(status);
    }
    waitpid(child, &status, 0);
    temp_dir_remove(f.dir);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("no file system of its own to fill here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_published_workspace_opens_and_is_whole),
        cmocka_unit_test(test_closing_without_publishing_leaves_nothing),
        cmocka_unit_test(test_what_a_killed_import_left_is_swept_by_the_next),
        cmocka_unit_test(test_a_folder_that_takes_no_files_is_said_by_the_workspace_s_name),
        cmocka_unit_test(test_creating_never_replaces),
        cmocka_unit_test(test_what_is_no_workspace_is_refused_with_its_own_sentence),
        cmocka_unit_test(test_a_newer_version_is_refused_and_an_older_one_migrated),
        cmocka_unit_test(test_a_truncated_file_is_refused_at_opening),
        cmocka_unit_test(test_damage_is_a_sentence),
        cmocka_unit_test(test_a_read_only_folder_can_be_read),
        cmocka_unit_test(test_a_reader_of_a_read_only_folder_sees_the_live_log),
        cmocka_unit_test(test_an_unreadable_live_log_is_not_silently_ignored),
        cmocka_unit_test(test_names_that_sqlite_would_take_for_something_else_are_files),
        cmocka_unit_test(test_settings_are_kept_and_others_commits_noticed),
        cmocka_unit_test(test_a_rolled_back_transaction_leaves_no_trace),
        cmocka_unit_test(test_a_writer_waits_for_another),
        cmocka_unit_test(test_votes_pixels_and_reviews_cannot_be_altered_from_outside),
        cmocka_unit_test(test_a_full_disk_is_said_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
