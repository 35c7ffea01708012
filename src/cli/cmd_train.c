/* ferlab train: is the trainer. The workbench starts the same command. */
#include "command.h"
#include "run_report.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/nn/network.h"
#include "ferlab/train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the command line says; numbers that were not given are NaN, since --from has other defaults. */
struct words {
    const char *arch, *from, *name, *rule, *labels, *resume;
    int64_t epochs, batch, threads, seed, limit;
    double rate, momentum, weight_decay, warmup, rotation, zoom, aspect, shift;
    bool no_flip, no_use;
};

static const struct words nothing_said = {
    .epochs = -1,
    .batch = -1,
    .threads = -1,
    .seed = -1,
    .limit = -1,
    .rate = NAN,
    .momentum = NAN,
    .weight_decay = NAN,
    .warmup = NAN,
    .rotation = NAN,
    .zoom = NAN,
    .aspect = NAN,
    .shift = NAN,
};

static bool take_word(const struct cli *cli, const char *option, const char *word, char *out, size_t size)
{
    if (word == NULL)
        return true;
    if (strlen(word) >= size) {
        cli_usage(cli, "--%s takes at most %zu characters", option, size - 1);
        return false;
    }
    strcpy(out, word);
    return true;
}

static void take_integer(int64_t said, int *out)
{
    if (said >= 0)
        *out = (int)said;
}

static void take_real(double said, double *out)
{
    if (!isnan(said))
        *out = said;
}

static void take_float(double said, float *out)
{
    if (!isnan(said))
        *out = (float)said;
}

static bool take_choices(const struct cli *cli, const struct words *w, struct recipe *r)
{
    if (w->rule != NULL && !rule_parse(w->rule, &r->rule)) {
        cli_usage(cli, "there is no rule '%s'; take majority, distribution, probability or multi-target",
                  w->rule);
        return false;
    }
    if (w->labels != NULL && strcmp(w->labels, "reviewed") != 0 && strcmp(w->labels, "crowd") != 0) {
        cli_usage(cli, "--labels takes reviewed or crowd, not '%s'", w->labels);
        return false;
    }
    if (w->labels != NULL)
        r->labels = strcmp(w->labels, "crowd") == 0 ? LABELS_CROWD : LABELS_REVIEWED;
    if (w->from != NULL && w->arch != NULL) {
        cli_usage(cli, "--from brings its own architecture; leave out --arch");
        return false;
    }
    return true;
}

static bool make_recipe(const struct cli *cli, const struct words *w, struct recipe *r)
{
    *r = w->from != NULL ? recipe_fine_tune : recipe_default;
    take_integer(w->epochs, &r->epochs);
    take_integer(w->batch, &r->batch);
    take_integer(w->threads, &r->threads);
    take_real(w->rate, &r->learning_rate);
    take_real(w->momentum, &r->momentum);
    take_real(w->weight_decay, &r->weight_decay);
    take_real(w->warmup, &r->warmup);
    take_float(w->rotation, &r->augmentation.rotation_deg);
    take_float(w->zoom, &r->augmentation.zoom);
    take_float(w->aspect, &r->augmentation.aspect);
    take_float(w->shift, &r->augmentation.shift);
    r->augmentation.flip = r->augmentation.flip && !w->no_flip;
    r->use = !w->no_use;
    if (w->seed >= 0)
        r->seed = (uint64_t)w->seed;
    if (w->limit >= 0)
        r->limit = w->limit;
    return take_choices(cli, w, r) && take_word(cli, "arch", w->arch, r->arch, sizeof r->arch) &&
           take_word(cli, "from", w->from, r->from, sizeof r->from) &&
           take_word(cli, "name", w->name, r->name, sizeof r->name);
}

/* An option's help with its default behind it, and the one that --from has where it is another. */
static const char *with_default(struct arena *a, const char *help, double usual, double tuned)
{
    const char *text = usual == tuned ? arena_printf(a, "%s (%.6g)", help, usual)
                                      : arena_printf(a, "%s (%.6g; with --from %.6g)", help, usual, tuned);
    return text != NULL ? text : help;
}

static const char *with_word(struct arena *a, const char *help, const char *word)
{
    const char *text = arena_printf(a, "%s (%s)", help, word);
    return text != NULL ? text : help;
}

static enum parsed parse(struct cli *cli, struct words *w, int *argc, char **argv)
{
    const struct recipe *d = &recipe_default, *f = &recipe_fine_tune;
    const struct augmentation *da = &d->augmentation, *fa = &f->augmentation;
    struct arena a = {0};
    const struct option_row options[] = {
        {"arch", OPTION_TEXT, &w->arch, "A",
         with_word(&a, "default, vgg13, or layers such as 8,P,8,P,16", d->arch), 0, 0},
        {"from", OPTION_TEXT, &w->from, "M",
         "train this model further (a name or an ONNX file, whoever made it)", 0, 0},
        {"name", OPTION_TEXT, &w->name, "NAME", "of the run and its model (the architecture's and a number)",
         0, 0},
        {"epochs", OPTION_INTEGER, &w->epochs, "N",
         with_default(&a, "times through the training faces", d->epochs, f->epochs), 1, RECIPE_EPOCHS_MAX},
        {"batch", OPTION_INTEGER, &w->batch, "B", with_default(&a, "faces per step", d->batch, f->batch), 1,
         RECIPE_BATCH_MAX},
        {"lr", OPTION_REAL, &w->rate, "L",
         with_default(&a, "largest learning rate", d->learning_rate, f->learning_rate), 0, RECIPE_RATE_MAX},
        {"warmup", OPTION_REAL, &w->warmup, "S",
         with_default(&a, "share of all steps in which the rate rises", d->warmup, f->warmup), 0, 1},
        {"momentum", OPTION_REAL, &w->momentum, "M",
         with_default(&a, "Nesterov momentum", d->momentum, f->momentum), 0, RECIPE_MOMENTUM_MAX},
        {"weight-decay", OPTION_REAL, &w->weight_decay, "D",
         with_default(&a, "of weights, not of biases and norms", d->weight_decay, f->weight_decay), 0, 1},
        {"rule", OPTION_TEXT, &w->rule, "R",
         with_word(&a, "targets: majority, distribution, probability, multi-target", rule_name(d->rule)), 0,
         0},
        {"labels", OPTION_TEXT, &w->labels, "L",
         with_word(&a, "reviewed (with the reviews) or crowd",
                   d->labels == LABELS_CROWD ? "crowd" : "reviewed"),
         0, 0},
        {"limit", OPTION_INTEGER, &w->limit, "N", "at most N training faces, drawn by the seed (all)", 0,
         RECIPE_LIMIT_MAX},
        {"seed", OPTION_INTEGER, &w->seed, "S",
         with_default(&a, "of all that is random", (double)d->seed, (double)f->seed), 0, RECIPE_SEED_MAX},
        {"threads", OPTION_INTEGER, &w->threads, "T",
         with_default(&a, "0: all the machine has", d->threads, f->threads), 0, RECIPE_THREADS_MAX},
        {"rotation", OPTION_REAL, &w->rotation, "DEG",
         with_default(&a, "augmentation: rotation in +-DEG degrees", (double)da->rotation_deg,
                      (double)fa->rotation_deg),
         0, RECIPE_ROTATION_MAX},
        {"zoom", OPTION_REAL, &w->zoom, "Z",
         with_default(&a, "augmentation: zoom by exp(+-Z)", (double)da->zoom, (double)fa->zoom), 0,
         RECIPE_ZOOM_MAX},
        {"aspect", OPTION_REAL, &w->aspect, "A",
         with_default(&a, "augmentation: height by exp(+-A)", (double)da->aspect, (double)fa->aspect), 0,
         RECIPE_ZOOM_MAX},
        {"shift", OPTION_REAL, &w->shift, "S",
         with_default(&a, "augmentation: shift by +-S of the side", (double)da->shift, (double)fa->shift), 0,
         RECIPE_SHIFT_MAX},
        {"no-flip", OPTION_FLAG, &w->no_flip, NULL, "augmentation: no mirror images", 0, 0},
        {"resume", OPTION_TEXT, &w->resume, "RUN",
         "go on with a stopped or failed run, by its id or name; takes only --threads", 0, 0},
        {"no-use", OPTION_FLAG, &w->no_use, NULL, "leave the current model as it is", 0, 0},
        {"", OPTION_NOTE, NULL, NULL, network_arch_help, 0, 0},
        {0},
    };
    enum parsed parsed = cli_parse(cli, options, argc, argv);
    arena_free(&a);
    return parsed;
}

/* A run goes on with the recipe it began with. */
static bool check_resume(const struct cli *cli, const struct words *w)
{
    const struct {
        const char *option;
        bool said;
    } others[] = {
        {"arch", w->arch != NULL},
        {"from", w->from != NULL},
        {"name", w->name != NULL},
        {"rule", w->rule != NULL},
        {"labels", w->labels != NULL},
        {"epochs", w->epochs >= 0},
        {"batch", w->batch >= 0},
        {"seed", w->seed >= 0},
        {"limit", w->limit >= 0},
        {"lr", !isnan(w->rate)},
        {"momentum", !isnan(w->momentum)},
        {"weight-decay", !isnan(w->weight_decay)},
        {"warmup", !isnan(w->warmup)},
        {"rotation", !isnan(w->rotation)},
        {"zoom", !isnan(w->zoom)},
        {"aspect", !isnan(w->aspect)},
        {"shift", !isnan(w->shift)},
        {"no-flip", w->no_flip},
        {"no-use", w->no_use},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].said) {
            cli_usage(cli, "--resume goes on with the run's own recipe; leave out --%s", others[i].option);
            return false;
        }
    }
    return true;
}

static bool print_run(struct workspace *ws, int64_t id, struct err *e)
{
    struct arena arena = {0};
    struct run run;
    struct run_epoch *epochs;
    size_t count;
    char word[24];
    snprintf(word, sizeof word, "%lld", (long long)id);
    bool fine = run_find(ws, word, &arena, &run, e) && run_epochs(ws, id, &arena, &epochs, &count, e);
    if (fine)
        json_print(stdout, run_json(ws, &run, epochs, count));
    arena_free(&arena);
    return fine;
}

/* A run that is done needs nothing, so that resuming may be repeated until it is. */
static bool resume(const struct cli *cli, struct workspace *ws, const struct words *w, int64_t *run,
                   struct err *e)
{
    struct arena arena = {0};
    struct run found;
    bool there = run_find(ws, w->resume, &arena, &found, e), done = there && found.state == RUN_DONE;
    *run = done ? found.id : 0;
    if (done && !cli->quiet)
        fprintf(stderr, "run %d %s is done; 'ferlab train --from' trains its model further\n", (int)found.id,
                found.name);
    arena_free(&arena);
    return there &&
           (done || train_resume(ws, w->resume, w->threads > 0 ? (int)w->threads : 0, cli->quiet, run, e));
}

static bool train(const struct cli *cli, struct workspace *ws, const struct words *w,
                  const struct recipe *recipe, int64_t *run, struct err *e)
{
    return w->resume != NULL ? resume(cli, ws, w, run, e) : train_run(ws, recipe, cli->quiet, run, e);
}

int cmd_train(struct cli *cli, int argc, char **argv)
{
    struct words words = nothing_said;
    struct recipe recipe;
    enum parsed parsed = parse(cli, &words, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "'%s' is one word too many", argv[1]);
    if (words.resume != NULL ? !check_resume(cli, &words) : !make_recipe(cli, &words, &recipe))
        return EXIT_USAGE;
    interrupt_install();
    struct err e = {0}, unprinted = {0};
    struct workspace *ws;
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_WRITE, &e))
        return cli_fail(&e);
    int64_t run;
    int status = train(cli, ws, &words, &recipe, &run, &e) ? EXIT_FINE : cli_fail(&e);
    if (cli->json && run != 0 && !print_run(ws, run, &unprinted))
        status = cli_fail(&unprinted);
    workspace_close(ws);
    return status;
}
