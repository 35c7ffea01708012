/* How far a training has come, what it has reached, and what its folds said. */
#include "training_progress.h"

#include "number.h"

#include "ferlab/base/clock.h"

#include <inttypes.h>
#include <math.h>

/* Of a name before so much else. */
static int name_columns(int rest)
{
    int free = draw_columns() - rest;
    return free < 24 ? 24 : free;
}

/* Of the bar that begins there. */
static int bar_columns(int at)
{
    int free = draw_columns() - at - 30;
    return free < 6 ? 6 : free > 48 ? 48 : free;
}

static void draw_running(const struct run *run, int row)
{
    int64_t epoch = run->epoch > 0 ? run->epoch : 1;
    double within = run->steps > 0 ? (double)run->step / (double)run->steps : 0;
    double share = run->epochs_planned > 0 ? ((double)epoch - 1 + within) / (double)run->epochs_planned : 0;
    char left[16];
    int at = 1;
    at += draw_text(row, at, 0, STYLE_ACCENT, "run %" PRId64 "  ", run->id);
    at += draw_text(row, at, name_columns(72), STYLE_BOLD, "%s", run->name);
    if (run->folds > 0)
        at += draw_text(row, at, 0, STYLE_NORMAL, "  fold %" PRId64 "/%" PRId64, run_fold(run, epoch),
                        run->folds);
    at += draw_text(row, at, 0, STYLE_NORMAL, "  epoch %" PRId64 "/%" PRId64 " ", run_fold_epoch(run, epoch),
                    run_epochs_of_fold(run));
    int bar = bar_columns(at);
    for (int i = 0; i < bar; i++)
        draw_text(row, at + i, 1, STYLE_DIM, "─");
    draw_bar(row, at, bar, share, STYLE_ACCENT);
    at += bar;
    at += draw_text(row, at, 0, STYLE_NORMAL, " %3.0f %%", 100 * share);
    if (run->images_per_second > 0)
        draw_text(row, at, 0, STYLE_NORMAL, "   %.0f img/s   %s left", run->images_per_second,
                  clock_span(left, run->seconds_left));
    else
        draw_text(row, at, 0, STYLE_DIM, "   preparing");
}

static int64_t folds_done(const struct run *run)
{
    return run->epochs_done / run_epochs_of_fold(run);
}

static void draw_ended(const struct run *run, int row)
{
    int at = 1;
    at += draw_text(row, at, 0, STYLE_NORMAL, "run %" PRId64 "  ", run->id);
    at += draw_text(row, at, name_columns(48), STYLE_BOLD, "%s", run->name);
    at += draw_text(row, at, 0, run->state == RUN_FAILED ? STYLE_BAD : STYLE_NORMAL, "  %s ",
                    run->state == RUN_FAILED ? "✗ failed"
                    : run->state == RUN_DONE ? "✓ done"
                                             : "stopped");
    if (run->folds > 0) {
        draw_text(row, at, 0, STYLE_DIM, " %" PRId64 " of %" PRId64 " folds%s", folds_done(run), run->folds,
                  run->state == RUN_STOPPED ? "; R goes on" : "");
        return;
    }
    draw_text(row, at, 0, STYLE_DIM, " epoch %" PRId64 " of %" PRId64 "%s", run->epochs_done,
              run->epochs_planned,
              run->state == RUN_STOPPED && run->model != 0 ? ", its best model kept" : "");
}

static void draw_numbers(const struct run *run, const struct run_epoch *latest, int row)
{
    char train[NUMBER_TEXT], valid[NUMBER_TEXT], best[NUMBER_TEXT];
    double loss = run->state == RUN_RUNNING && run->step > 0 ? run->loss
                  : latest != NULL                           ? latest->loss
                                                             : NAN;
    int at = 1;
    if (run->state == RUN_FAILED) {
        draw_clauses(row, at, STYLE_BAD, run->failure != NULL ? run->failure : "");
        return;
    }
    at += isnan(loss) ? 0 : draw_text(row, at, 0, STYLE_NORMAL, "loss %.3f   ", loss);
    if (latest == NULL) {
        draw_text(row, at, 0, STYLE_DIM,
                  run->state == RUN_RUNNING ? "accuracies come with the first epoch's end"
                                            : "it ended before its first epoch did, so there is no model");
        return;
    }
    at += draw_text(row, at, 0, STYLE_NORMAL, "train %s   ", number_percent(train, latest->train_accuracy));
    if (run->folds > 0) {
        draw_text(row, at, 0, STYLE_ACCENT, "valid, out of sample %s",
                  number_percent(valid, run->best_valid_accuracy));
        return;
    }
    at += draw_text(row, at, 0, STYLE_ACCENT, "valid %s   ", number_percent(valid, latest->valid_accuracy));
    draw_text(row, at, 0, STYLE_GOOD, "best %s, epoch %" PRId64,
              number_percent(best, run->best_valid_accuracy), run->best_epoch);
}

void training_progress_draw(const struct run *run, const struct run_epoch *latest, int row)
{
    if (run->state == RUN_RUNNING)
        draw_running(run, row);
    else
        draw_ended(run, row);
    draw_numbers(run, latest, row + 1);
}

void training_folds_draw(const struct run *run, const struct run_epoch *epochs, size_t count, int row)
{
    char share[NUMBER_TEXT];
    int at = 1;
    for (size_t i = 0; i < count; i++) {
        if (isnan(epochs[i].valid_accuracy))
            continue;
        if (at == 1)
            at += draw_text(row, at, 0, STYLE_NORMAL, "right of the faces kept out: ");
        at += draw_text(row, at, 0, STYLE_DIM, " fold %" PRId64 " ", run_fold(run, epochs[i].epoch));
        at += draw_text(row, at, 0, STYLE_ACCENT, "%s ", number_percent(share, epochs[i].valid_accuracy));
    }
    if (run->state == RUN_DONE)
        draw_text(
            row + 1, 1, 0, STYLE_NORMAL,
            "no face was seen by the model that predicts it; r goes through them, the most suspicious first");
}
