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

/* What the command line says; numbers that were not given are as nothing_said has them, since --from has
 * other defaults. */
struct words {
    const char *arch, *from, *name, *rule, *labels, *resume;
    int64_t whole[RECIPE_NUMBERS]; /* of recipe_numbers, those that are whole; -1: not said */
    double real[RECIPE_NUMBERS];   /* the others; NaN: not said */
    bool no_flip, no_calibrate, no_use;
};

static void say_nothing(struct words *w)
{
    *w = (struct words){0};
    for (int i = 0; i < RECIPE_NUMBERS; i++) {
        w->whole[i] = -1;
        w->real[i] = NAN;
    }
}

static bool is_said(const struct words *w, int number)
{
    return w->whole[number] >= 0 || !isnan(w->real[number]);
}

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

static int number_of(const char *option)
{
    for (int i = 0; i < RECIPE_NUMBERS; i++)
        if (strcmp(recipe_numbers[i].option, option) == 0)
            return i;
    return -1;
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
    if (w->from == NULL && w->real[number_of("keep")] > 0) {
        cli_usage(cli, "--keep is a part of the model that --from names; fresh weights have none");
        return false;
    }
    return true;
}

/* What such an option said, 0 where it said nothing. */
static int whole_said(const struct words *w, const char *option)
{
    int64_t said = w->whole[number_of(option)];
    return said > 0 ? (int)said : 0;
}

static bool make_recipe(const struct cli *cli, const struct words *w, struct recipe *r)
{
    *r = w->from != NULL ? recipe_fine_tune : whole_said(w, "folds") > 0 ? recipe_folds : recipe_default;
    for (int i = 0; i < RECIPE_NUMBERS; i++)
        if (is_said(w, i))
            recipe_set(r, &recipe_numbers[i], w->whole[i] >= 0 ? (double)w->whole[i] : w->real[i]);
    r->augmentation.flip = r->augmentation.flip && !w->no_flip;
    r->calibrate = r->calibrate && !w->no_calibrate;
    r->use = !w->no_use;
    return take_choices(cli, w, r) && take_word(cli, "arch", w->arch, r->arch, sizeof r->arch) &&
           take_word(cli, "from", w->from, r->from, sizeof r->from) &&
           take_word(cli, "name", w->name, r->name, sizeof r->name);
}

/* The option's help with its default behind it, and those that --from and --folds have where they are others.
 */
static const char *with_default(struct arena *a, const struct recipe_number *n)
{
    double usual = recipe_get(&recipe_default, n), tuned = recipe_get(&recipe_fine_tune, n),
           folded = recipe_get(&recipe_folds, n);
    const char *from = tuned == usual ? "" : arena_printf(a, "; with --from %.6g", tuned),
               *folds = folded == usual || strcmp(n->option, "folds") == 0
                            ? ""
                            : arena_printf(a, "; with --folds %.6g", folded);
    const char *text =
        from != NULL && folds != NULL ? arena_printf(a, "%s (%.6g%s%s)", n->help, usual, from, folds) : NULL;
    return text != NULL ? text : n->help;
}

static const char *with_word(struct arena *a, const char *help, const char *word)
{
    const char *text = arena_printf(a, "%s (%s)", help, word);
    return text != NULL ? text : help;
}

static const char *fold_note(struct arena *a)
{
    const char *text = arena_printf(a,
                                    "With --folds, where a model would take fewer than %d steps, the batch "
                                    "is halved, down to %d, and then\n"
                                    "there are more epochs, up to %d, unless --batch or --epochs are given: "
                                    "labels can be ranked by a model\n"
                                    "only once it has learnt enough.",
                                    RECIPE_FOLD_STEPS, RECIPE_FOLD_BATCH, RECIPE_FOLD_EPOCHS);
    return text != NULL ? text : "";
}

static struct option_row number_row(struct arena *a, struct words *w, int i)
{
    const struct recipe_number *n = &recipe_numbers[i];
    bool whole = recipe_number_is_whole(n);
    return (struct option_row){
        .name = n->option,
        .kind = whole ? OPTION_INTEGER : OPTION_REAL,
        .value = whole ? (void *)&w->whole[i] : (void *)&w->real[i],
        .argument = n->unit,
        .help = with_default(a, n),
        .min = n->low,
        .max = n->high,
    };
}

static enum parsed parse(struct cli *cli, struct words *w, int *argc, char **argv)
{
    const struct recipe *d = &recipe_default;
    struct arena a = {0};
    const struct option_row before[] = {
        {"arch", OPTION_TEXT, &w->arch, "A",
         with_word(&a, "default, deep, wide, vgg13, or layers such as 8,P,8,P,16", d->arch), 0, 0},
        {"from", OPTION_TEXT, &w->from, "M",
         "train this model further (a name or an ONNX file, whoever made it)", 0, 0},
        {"name", OPTION_TEXT, &w->name, "NAME", "of the run and its model (the architecture's and a number)",
         0, 0},
    };
    const struct option_row after[] = {
        {"no-flip", OPTION_FLAG, &w->no_flip, NULL, "augmentation: no mirror images", 0, 0},
        {"rule", OPTION_TEXT, &w->rule, "R",
         with_word(&a, "targets: majority, distribution, probability, multi-target", rule_name(d->rule)), 0,
         0},
        {"labels", OPTION_TEXT, &w->labels, "L",
         with_word(&a, "reviewed (with the reviews) or crowd",
                   d->labels == LABELS_CROWD ? "crowd" : "reviewed"),
         0, 0},
        {"no-calibrate", OPTION_FLAG, &w->no_calibrate, NULL, "leave the model's confidence as it was learnt",
         0, 0},
        {"resume", OPTION_TEXT, &w->resume, "RUN",
         "go on with a stopped or failed run, by its id or name; takes only --threads", 0, 0},
        {"no-use", OPTION_FLAG, &w->no_use, NULL, "leave the current model as it is, where there is one", 0,
         0},
        {"", OPTION_NOTE, NULL, NULL, fold_note(&a), 0, 0},
        {"", OPTION_NOTE, NULL, NULL, network_arch_help, 0, 0},
        {0},
    };
    enum { BEFORE = sizeof before / sizeof *before, AFTER = sizeof after / sizeof *after };
    struct option_row options[BEFORE + RECIPE_NUMBERS + AFTER];
    memcpy(options, before, sizeof before);
    for (int i = 0; i < RECIPE_NUMBERS; i++)
        options[BEFORE + i] = number_row(&a, w, i);
    memcpy(options + BEFORE + RECIPE_NUMBERS, after, sizeof after);
    enum parsed parsed = cli_parse(cli, options, argc, argv);
    arena_free(&a);
    return parsed;
}

/* The option that was said beside --resume, NULL where none was; --threads may be. */
static const char *said_beside(const struct words *w)
{
    const struct {
        const char *option;
        bool said;
    } others[] = {
        {"arch", w->arch != NULL},         {"from", w->from != NULL},     {"name", w->name != NULL},
        {"rule", w->rule != NULL},         {"labels", w->labels != NULL}, {"no-flip", w->no_flip},
        {"no-calibrate", w->no_calibrate}, {"no-use", w->no_use},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].said)
            return others[i].option;
    for (int i = 0; i < RECIPE_NUMBERS; i++)
        if (is_said(w, i) && strcmp(recipe_numbers[i].option, "threads") != 0)
            return recipe_numbers[i].option;
    return NULL;
}

/* A run goes on with the recipe it began with. */
static bool check_resume(const struct cli *cli, const struct words *w)
{
    const char *other = said_beside(w);
    if (other != NULL)
        cli_usage(cli, "--resume goes on with the run's own recipe; leave out --%s", other);
    return other == NULL;
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
        fprintf(stderr, "run %d %s is done%s\n", (int)found.id, found.name,
                found.folds > 0 ? "" : "; 'ferlab train --from' trains its model further");
    arena_free(&arena);
    return there && (done || train_resume(ws, w->resume, whole_said(w, "threads"), cli->quiet, run, e));
}

/* What folds of few faces have instead of the defaults. */
static bool fit_folds(const struct cli *cli, struct workspace *ws, const struct words *w,
                      struct recipe *recipe, struct err *e)
{
    struct columns *c;
    if (recipe->folds == 0)
        return true;
    if (!columns_load(&c, ws, RULE_MAJORITY, -1, e))
        return false;
    int64_t faces = train_faces_with_target(c, recipe->rule, recipe->labels);
    struct recipe usual = *recipe;
    columns_free(c);
    recipe_fit_folds(recipe, faces, is_said(w, number_of("batch")), is_said(w, number_of("epochs")));
    if (!cli->quiet && (recipe->batch != usual.batch || recipe->epochs != usual.epochs))
        fprintf(stderr,
                "few faces: batch %d (else %d) and %d epochs (else %d), so that each model takes %lld steps "
                "(--batch, --epochs)\n",
                recipe->batch, usual.batch, recipe->epochs, usual.epochs,
                (long long)recipe_fold_steps(recipe, faces));
    return true;
}

static bool train(const struct cli *cli, struct workspace *ws, const struct words *w, struct recipe *recipe,
                  int64_t *run, struct err *e)
{
    if (w->resume != NULL)
        return resume(cli, ws, w, run, e);
    return fit_folds(cli, ws, w, recipe, e) && train_run(ws, recipe, cli->quiet, run, e);
}

int cmd_train(struct cli *cli, int argc, char **argv)
{
    struct words words;
    struct recipe recipe;
    say_nothing(&words);
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
    int64_t run = 0;
    int status = train(cli, ws, &words, &recipe, &run, &e) ? EXIT_FINE : cli_fail(&e);
    if (cli->json && run != 0 && !print_run(ws, run, &unprinted))
        status = cli_fail(&unprinted);
    workspace_close(ws);
    return status;
}
