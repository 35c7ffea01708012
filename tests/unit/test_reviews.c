/* Reviews: what may enter the log, undo and redo without limit, several reviewers, several processes, kill
 * -9. */
#include "ferlab/store/columns.h"
#include "ferlab/store/reviews.h"
#include "store_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct event *append(struct fixture *f, int64_t sample, enum event_kind kind, const char *value)
{
    struct event *events;
    struct review review = {.sample = sample, .kind = kind, .value = value};

    MUST(f, reviews_append(f->ws, &review, 1, &f->arena, &events, &f->e));
    return events;
}

static size_t undo(struct fixture *f)
{
    struct event *events;
    size_t count;

    MUST(f, reviews_undo(f->ws, &f->arena, &events, &count, &f->e));
    return count;
}

static size_t redo(struct fixture *f)
{
    struct event *events;
    size_t count;

    MUST(f, reviews_redo(f->ws, &f->arena, &events, &count, &f->e));
    return count;
}

static int label_of(struct fixture *f, int64_t sample)
{
    struct columns *c;

    MUST(f, columns_load(&c, f->ws, RULE_MAJORITY, -1, &f->e));
    int label = c->label[columns_row(c, sample)];

    columns_free(c);
    return label;
}

static void test_an_event_says_who_when_and_what(void **state)
{
    struct fixture f;
    struct event *log;
    size_t count;

    (void)state;
    fixture_open(&f, 10);
    struct event *written = append(&f, 4, EVENT_RELABEL, "fear");

    assert_int_equal(written->id, 1);
    assert_int_equal(written->batch, 1);
    MUST(&f, reviews_log(f.ws, 0, 0, 0, &f.arena, &log, &count, &f.e));
    assert_int_equal(count, 1);
    assert_int_equal(log[0].id, 1);
    assert_int_equal(log[0].sample, 4);
    assert_int_equal(log[0].kind, EVENT_RELABEL);
    assert_int_equal(log[0].undoes, 0);
    assert_string_equal(log[0].value, "fear");
    assert_string_equal(log[0].reviewer, "ana");
    assert_string_equal(log[0].time, written->time);
    assert_int_equal(strlen(log[0].time), strlen("2026-11-22T21:04:05Z"));
    assert_int_equal(log[0].time[19], 'Z');
    fixture_close(&f);
}

static void test_values_that_make_no_sense_are_refused(void **state)
{
    struct fixture f;
    struct event *events;
    char long_text[4098], long_tag[66];

    (void)state;
    memset(long_text, 'n', sizeof long_text);
    long_text[4097] = '\0';
    memset(long_tag, 't', sizeof long_tag);
    long_tag[65] = '\0';
    const struct {
        struct review review;
        const char *words;
    } cases[] = {
        {{1, EVENT_RELABEL, "joyful"}, "'joyful' is no label"},
        {{1, EVENT_RELABEL, "Fear"}, "'Fear' is no label"},
        {{1, EVENT_RELABEL, "none"}, "'none' is no label"},
        {{1, EVENT_RELABEL, NULL}, "is no label"},
        {{1, EVENT_ACCEPT, "none"}, "no label to accept"},
        {{1, EVENT_ACCEPT, ""}, "no label to accept"},
        {{1, EVENT_VOTES, "1,2,3"}, "are no votes"},
        {{1, EVENT_VOTES, "1,2,3,4,5,6,7,8,9,10,11"}, "are no votes"},
        {{1, EVENT_VOTES, "0,0,0,0,0,0,0,0,0,256"}, "are no votes"},
        {{1, EVENT_VOTES, "0,0,0,0,0,0,0,0,0,-1"}, "are no votes"},
        {{1, EVENT_VOTES, "0, 0,0,0,0,0,0,0,0,1"}, "are no votes"},
        {{1, EVENT_FLAG, "yes"}, "flag takes no value"},
        {{1, EVENT_NOTE, "\xc3"}, "not valid UTF-8"},
        {{1, EVENT_NOTE, "\xed\xa0\x80"}, "not valid UTF-8"},
        {{1, EVENT_NOTE, "\xc0\xaf"}, "not valid UTF-8"},
        {{1, EVENT_NOTE, "\xf4\x90\x80\x80"}, "not valid UTF-8"},
        {{1, EVENT_NOTE, long_text}, "at most 4096"},
        {{1, EVENT_TAG, "two words"}, "is no tag"},
        {{1, EVENT_TAG, ""}, "is no tag"},
        {{1, EVENT_TAG, long_tag}, "is no tag"},
        {{1, EVENT_UNTAG, "a,b"}, "is no tag"},
        {{0, EVENT_UNLOCK, "one\ntwo"}, "no line breaks"},
        {{1, EVENT_UNDO, NULL}, "not written by hand"},
        {{1, EVENT_REDO, NULL}, "not written by hand"},
        {{11, EVENT_FLAG, NULL}, "there is no sample 11"},
        {{0, EVENT_FLAG, NULL}, "there is no sample 0"},
        {{-1, EVENT_FLAG, NULL}, "there is no sample -1"},
    };

    fixture_open(&f, 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct review both[] = {{1, EVENT_FLAG, NULL}, cases[i].review};

        REFUSED(&f, reviews_append(f.ws, both, 2, &f.arena, &events, &f.e), cases[i].words);
    }
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM event"), 0);
    long_text[4096] = '\0';
    append(&f, 1, EVENT_NOTE, long_text);
    append(&f, 1, EVENT_NOTE, "two\nlines, ünïcode ✓ and \033[31m kept as they are");
    append(&f, 0, EVENT_UNLOCK, "the final report");
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM event"), 3);
    fixture_close(&f);
}

static void test_a_reviewers_name_must_print(void **state)
{
    struct fixture f;
    struct event *events;
    struct review review = {.sample = 1, .kind = EVENT_FLAG};

    (void)state;
    fixture_open(&f, 1);
    setenv("FERLAB_REVIEWER", "a\nb", 1);
    REFUSED(&f, reviews_append(f.ws, &review, 1, &f.arena, &events, &f.e), "FERLAB_REVIEWER");
    setenv("FERLAB_REVIEWER", "\xff", 1);
    REFUSED(&f, reviews_append(f.ws, &review, 1, &f.arena, &events, &f.e), "FERLAB_REVIEWER");
    setenv("FERLAB_REVIEWER", "", 1);
    assert_true(strlen(reviews_reviewer()) > 0);
    MUST(&f, reviews_append(f.ws, &review, 1, &f.arena, &events, &f.e));
    fixture_close(&f);
}

static void test_undo_goes_back_to_the_beginning_across_restarts_and_redo_returns(void **state)
{
    static const char *const labels[] = {"fear", "anger", "disgust", "contempt"};
    struct fixture f;

    (void)state;
    fixture_open(&f, 10);
    int crowd = label_of(&f, 2);

    for (int i = 0; i < 4; i++)
        append(&f, 2, EVENT_RELABEL, labels[i]);
    fixture_reopen(&f);
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(undo(&f), 1);
        assert_string_equal(class_name(label_of(&f, 2)), labels[i]);
        fixture_reopen(&f);
    }
    assert_int_equal(undo(&f), 1);
    assert_int_equal(label_of(&f, 2), crowd);
    assert_int_equal(undo(&f), 0);
    for (int i = 0; i < 4; i++) {
        fixture_reopen(&f);
        assert_int_equal(redo(&f), 1);
        assert_string_equal(class_name(label_of(&f, 2)), labels[i]);
    }
    assert_int_equal(redo(&f), 0);
    fixture_close(&f);
}

static void test_redo_retraces_undo_in_order_over_many_samples(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 50);
    fixture_unlock(&f);
    for (int i = 1; i <= 50; i++)
        append(&f, i, EVENT_RELABEL, "fear");
    for (int i = 0; i < 30; i++)
        assert_int_equal(undo(&f), 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(redo(&f), 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(undo(&f), 1);
    for (int i = 1; i <= 50; i++)
        assert_int_equal(label_of(&f, i) == CLASS_FEAR, i <= 25 || (i - 1) % 8 == CLASS_FEAR);
    fixture_close(&f);
}

static void test_a_new_action_ends_what_could_be_redone(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 10);
    append(&f, 1, EVENT_RELABEL, "fear");
    append(&f, 1, EVENT_RELABEL, "anger");
    undo(&f);
    append(&f, 2, EVENT_FLAG, NULL);
    assert_int_equal(redo(&f), 0);
    assert_int_equal(label_of(&f, 1), CLASS_FEAR);
    assert_int_equal(undo(&f), 1); /* the flag */
    assert_int_equal(redo(&f), 1);
    assert_int_equal(undo(&f), 1);
    assert_int_equal(undo(&f), 1); /* the first relabel; the second stays undone */
    assert_int_equal(undo(&f), 0);
    assert_int_equal(label_of(&f, 1), CLASS_NEUTRAL);
    fixture_close(&f);
}

static void test_a_batch_is_undone_and_redone_together(void **state)
{
    struct fixture f;
    struct review reviews[20];
    struct event *events;
    size_t count;

    (void)state;
    fixture_open(&f, 20);
    fixture_unlock(&f);
    append(&f, 5, EVENT_RELABEL, "anger");
    for (int i = 0; i < 20; i++)
        reviews[i] = (struct review){.sample = i + 1, .kind = EVENT_RELABEL, .value = "contempt"};
    MUST(&f, reviews_append(f.ws, reviews, 20, &f.arena, &events, &f.e));
    for (int i = 0; i < 20; i++) {
        assert_int_equal(events[i].batch, events[0].id);
        assert_int_equal(events[i].sample, i + 1);
    }
    int64_t first = events[0].id;
    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(events[i].kind, EVENT_UNDO);
        assert_int_equal(events[i].undoes, first + i);
        assert_int_equal(events[i].sample, i + 1);
        assert_int_equal(events[i].batch, events[0].id);
    }
    assert_int_equal(label_of(&f, 5), CLASS_ANGER);
    assert_int_equal(label_of(&f, 1), CLASS_NEUTRAL);
    MUST(&f, reviews_redo(f.ws, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, 20);
    assert_int_equal(events[19].kind, EVENT_REDO);
    assert_int_equal(events[19].undoes, first + 39);
    assert_int_equal(label_of(&f, 5), CLASS_CONTEMPT);
    fixture_close(&f);
}

static void test_undo_concerns_ones_own_actions_only(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 10);
    append(&f, 1, EVENT_RELABEL, "fear");
    setenv("FERLAB_REVIEWER", "bob", 1);
    assert_int_equal(undo(&f), 0);
    append(&f, 1, EVENT_RELABEL, "anger");
    setenv("FERLAB_REVIEWER", "ana", 1);
    assert_int_equal(undo(&f), 1);
    assert_int_equal(label_of(&f, 1), CLASS_ANGER);
    setenv("FERLAB_REVIEWER", "bob", 1);
    assert_int_equal(redo(&f), 0);
    assert_int_equal(undo(&f), 1);
    assert_int_equal(label_of(&f, 1), CLASS_NEUTRAL);
    setenv("FERLAB_REVIEWER", "ana", 1);
    assert_int_equal(redo(&f), 1);
    assert_int_equal(label_of(&f, 1), CLASS_FEAR);
    fixture_close(&f);
}

static void test_the_log_can_be_read_in_parts(void **state)
{
    struct fixture f;
    struct event *events;
    size_t count;

    (void)state;
    fixture_open(&f, 10);
    for (int i = 0; i < 30; i++)
        append(&f, 1 + i % 3, EVENT_FLAG, NULL);
    MUST(&f, reviews_log(f.ws, 0, 0, 5, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, 5);
    assert_int_equal(events[0].id, 26);
    assert_int_equal(events[4].id, 30);
    MUST(&f, reviews_log(f.ws, 20, 2, 0, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, 3);
    assert_int_equal(events[0].id, 23);
    MUST(&f, reviews_log(f.ws, 30, 0, 0, &f.arena, &events, &count, &f.e));
    assert_int_equal(count, 0);
    fixture_close(&f);
}

static void test_standing_follows_undo_and_redo(void **state)
{
    struct event events[] = {{.id = 3, .kind = EVENT_RELABEL},
                             {.id = 4, .kind = EVENT_FLAG},
                             {.id = 7, .kind = EVENT_UNDO, .undoes = 4},
                             {.id = 8, .kind = EVENT_UNDO, .undoes = 3},
                             {.id = 9, .kind = EVENT_REDO, .undoes = 8},
                             {.id = 10, .kind = EVENT_UNDO, .undoes = 3},
                             {.id = 11, .kind = EVENT_REDO, .undoes = 10}};
    bool standing[7];
    struct fixture f = {0};

    (void)state;
    MUST(&f, reviews_standing(events, 7, standing, &f.e));
    assert_true(standing[0]);
    for (int i = 1; i < 7; i++)
        assert_false(standing[i]);
    MUST(&f, reviews_standing(events, 6, standing, &f.e));
    assert_false(standing[0]);
    events[6].undoes = 4;
    REFUSED(&f, reviews_standing(events, 7, standing, &f.e), "event 11");
    events[6].undoes = 99;
    REFUSED(&f, reviews_standing(events, 7, standing, &f.e), "undoes 99");
}

static size_t lock(struct fixture *f)
{
    struct event *events;
    size_t count;

    MUST(f, reviews_lock(f->ws, &f->arena, &events, &count, &f->e));
    return count;
}

static bool relabel(struct fixture *f, int64_t sample)
{
    struct event *events;
    struct review review = {.sample = sample, .kind = EVENT_RELABEL, .value = "fear"};

    return reviews_append(f->ws, &review, 1, &f->arena, &events, &f->e);
}

static void test_the_test_split_is_frozen_until_unlocked(void **state)
{
    struct fixture f;
    struct event *events;
    size_t frozen, count;
    bool unlocked = true;

    (void)state;
    fixture_open(&f, 20); /* samples 10 and 20 are of the test split */
    struct review both[] = {{.sample = 9, .kind = EVENT_ACCEPT, .value = "fear"},
                            {.sample = 10, .kind = EVENT_VOTES, .value = "1,0,0,0,0,0,0,0,0,0"},
                            {.sample = 10, .kind = EVENT_FLAG}};
    REFUSED(&f, relabel(&f, 10), "of the test split, which is frozen; 'ferlab unlock'");
    REFUSED(&f, reviews_append(f.ws, both, 3, &f.arena, &events, &f.e), "1 of these 3 samples");
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM event"), 0);
    MUST(&f, reviews_append(f.ws, both + 2, 1, &f.arena, &events, &f.e)); /* a flag changes no label */
    MUST(&f, reviews_frozen(f.ws, both, 3, &frozen, &f.e));
    assert_int_equal(frozen, 1);

    struct review unlock = {.kind = EVENT_UNLOCK, .value = "second opinion"};
    MUST(&f, reviews_append(f.ws, &unlock, 1, &f.arena, &events, &f.e));
    MUST(&f, reviews_unlocked(f.ws, &unlocked, &f.e));
    assert_true(unlocked);
    MUST(&f, relabel(&f, 10));
    setenv("FERLAB_REVIEWER", "ben", 1); /* it holds for everybody, and anybody may freeze it again */
    MUST(&f, relabel(&f, 20));
    assert_int_equal(lock(&f), 1);
    assert_int_equal(lock(&f), 0);
    MUST(&f, reviews_unlocked(f.ws, &unlocked, &f.e));
    assert_false(unlocked);
    REFUSED(&f, relabel(&f, 20), "frozen");
    setenv("FERLAB_REVIEWER", "ana", 1);
    REFUSED(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e), "frozen"); /* of sample 10 */
    fixture_close(&f);
}

static void test_undoing_the_unlock_freezes_and_undo_and_redo_keep_to_it(void **state)
{
    struct fixture f;
    struct event *events;
    size_t count;
    struct review unlock = {.kind = EVENT_UNLOCK};

    (void)state;
    fixture_open(&f, 20);
    MUST(&f, reviews_append(f.ws, &unlock, 1, &f.arena, &events, &f.e));
    MUST(&f, relabel(&f, 10));
    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e)); /* the label */
    MUST(&f, reviews_undo(f.ws, &f.arena, &events, &count, &f.e)); /* the unlock */
    assert_int_equal(count, 1);
    REFUSED(&f, relabel(&f, 10), "frozen");
    MUST(&f, reviews_redo(f.ws, &f.arena, &events, &count, &f.e)); /* the unlock */
    MUST(&f, reviews_redo(f.ws, &f.arena, &events, &count, &f.e)); /* the label */
    assert_int_equal(count, 1);
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM standing"), 2);
    fixture_close(&f);
}

/* A child that relabels samples as fast as it can and tells each event's id through the pipe once it is
 * acknowledged. */
static void write_reviews(struct fixture *f, int seed, int tell, int count)
{
    struct workspace *ws;
    struct event *events;

    if (!workspace_open(&ws, f->path, WORKSPACE_WRITE, &f->e))
        _exit(1);
    for (int i = 0; i < count; i++) {
        struct review reviews[2] = {{.sample = 1 + (seed + i) % 9, .kind = EVENT_RELABEL, .value = "fear"},
                                    {.sample = 1 + (seed + i) % 9, .kind = EVENT_TAG, .value = "seen"}};

        if (!reviews_append(ws, reviews, 2, &f->arena, &events, &f->e))
            _exit(2);
        if (write(tell, &events[1].id, sizeof events[1].id) != sizeof events[1].id)
            _exit(3);
    }
    workspace_close(ws);
    _exit(0);
}

static void test_two_processes_write_at_once(void **state)
{
    enum { WRITERS = 3, ACTIONS = 60 };
    struct fixture f;
    int tell[2];
    pid_t children[WRITERS];
    bool seen[2 * WRITERS * ACTIONS + 1] = {false};

    (void)state;
    fixture_open(&f, 10);
    assert_int_equal(pipe(tell), 0);
    for (int i = 0; i < WRITERS; i++) {
        if ((children[i] = fork()) == 0)
            write_reviews(&f, i * 3, tell[1], ACTIONS);
    }
    for (int i = 0; i < WRITERS * ACTIONS; i++) {
        int64_t id;

        assert_int_equal(read(tell[0], &id, sizeof id), sizeof id);
        assert_in_range(id, 1, 2 * WRITERS * ACTIONS);
        assert_false(seen[id]);
        seen[id] = true;
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;

        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(plain_number(f.path, "SELECT count(*) FROM event"), 2 * WRITERS * ACTIONS);
    assert_int_equal(plain_number(f.path, "SELECT count(DISTINCT batch) FROM event"), WRITERS * ACTIONS);
    close(tell[0]);
    close(tell[1]);
    fixture_close(&f);
}

static void test_acknowledged_reviews_survive_kill(void **state)
{
    struct fixture f;
    struct rng rng;
    int64_t acknowledged = 0, newest = 0;

    (void)state;
    fixture_open(&f, 10);
    rng_seed(&rng, (uint64_t)getpid(), 0);
    for (int round = 0; round < 25; round++) {
        int tell[2];
        int64_t id;

        assert_int_equal(pipe(tell), 0);
        pid_t child = fork();

        if (child == 0)
            write_reviews(&f, round, tell[1], 1000000);
        close(tell[1]);
        poll(&(struct pollfd){.fd = tell[0], .events = POLLIN}, 1, 5000);
        usleep(rng_below(&rng, 20000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(tell[0], &id, sizeof id) == sizeof id) {
            acknowledged++;
            newest = id;
        }
        close(tell[0]);
        char text[200];

        snprintf(text, sizeof text, "SELECT count(*) FROM event WHERE id = %lld AND kind = 'tag'",
                 (long long)newest);
        assert_int_equal(plain_number(f.path, text), 1);
        /* An action is there as a whole or not at all. */
        assert_int_equal(plain_number(f.path, "SELECT count(*) % 2 FROM event"), 0);
    }
    assert_true(acknowledged > 25);
    assert_true(plain_number(f.path, "SELECT count(*) FROM event") >= 2 * acknowledged);
    fixture_reopen(&f);
    MUST(&f, workspace_check(f.ws, &f.e));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_test_split_is_frozen_until_unlocked),
        cmocka_unit_test(test_undoing_the_unlock_freezes_and_undo_and_redo_keep_to_it),
        cmocka_unit_test(test_an_event_says_who_when_and_what),
        cmocka_unit_test(test_values_that_make_no_sense_are_refused),
        cmocka_unit_test(test_a_reviewers_name_must_print),
        cmocka_unit_test(test_undo_goes_back_to_the_beginning_across_restarts_and_redo_returns),
        cmocka_unit_test(test_redo_retraces_undo_in_order_over_many_samples),
        cmocka_unit_test(test_a_new_action_ends_what_could_be_redone),
        cmocka_unit_test(test_a_batch_is_undone_and_redone_together),
        cmocka_unit_test(test_undo_concerns_ones_own_actions_only),
        cmocka_unit_test(test_the_log_can_be_read_in_parts),
        cmocka_unit_test(test_standing_follows_undo_and_redo),
        cmocka_unit_test(test_two_processes_write_at_once),
        cmocka_unit_test(test_acknowledged_reviews_survive_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
