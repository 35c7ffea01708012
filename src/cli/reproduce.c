/* The commands that lead to an evaluation again. */
#include "reproduce.h"

#include "ferlab/base/path.h"
#include "ferlab/store/models.h"
#include "ferlab/train/job.h"

#include <stdio.h>

enum { GENERATIONS = 16 }; /* of models that began with another one's weights */

bool reproduce_training(struct workspace *ws, const struct run *run, struct str *out, char parent[PATH_MAX],
                        struct err *e)
{
    struct recipe recipe;
    parent[0] = '\0';
    if (!recipe_parse(run->recipe, &recipe, NULL)) {
        str_appendf(out, "# run %d: its recipe is of another version of ferlab", (int)run->id);
        return true;
    }
    recipe.threads = (int)run->threads;
    snprintf(parent, PATH_MAX, "%s", recipe.from);
    str_appendf(out, "# run %d, on labels of revision %s\n", (int)run->id, run->label_revision);
    return job_training_command(workspace_path(ws), &recipe, out, e);
}

/* Where a model comes from: its training, of which *parent is the model it started from ("" for none). */
static bool put_origin(struct workspace *ws, const struct model *m, struct arena *arena, struct str *line,
                       char parent[PATH_MAX], struct err *e)
{
    char id[24];
    struct run run;
    parent[0] = '\0';
    if (m->run == 0) {
        str_appendf(line, "# %s was not trained in this workspace; SHA-256 %s", m->name, m->digest);
        return true;
    }
    snprintf(id, sizeof id, "%lld", (long long)m->run);
    return run_find(ws, id, arena, &run, e) && reproduce_training(ws, &run, line, parent, e);
}

static bool put_trainings(const struct judged *j, struct str *out, struct err *e)
{
    struct workspace *ws = j->data.workspace;
    struct arena arena = {0};
    struct str lines[GENERATIONS] = {0};
    char name[PATH_MAX], parent[PATH_MAX];
    int count = 0;
    bool fine = true;
    snprintf(name, sizeof name, "%s", j->data.columns->model_name);
    for (; fine && name[0] != '\0' && count < GENERATIONS; count++) {
        struct model m;
        parent[0] = '\0';
        if (model_by_name(ws, name, &arena, &m, NULL))
            fine = put_origin(ws, &m, &arena, &lines[count], parent, e);
        else
            str_appendf(&lines[count], "# %s is in this workspace no more", name);
        snprintf(name, sizeof name, "%s", parent);
    }
    while (count-- > 0) {
        out->failed |= lines[count].failed;
        str_appendf(out, "%s\n", lines[count].data != NULL ? lines[count].data : "");
        str_free(&lines[count]);
    }
    arena_free(&arena);
    return fine;
}

static void put_option(struct str *out, const char *option, const char *value)
{
    if (value == NULL)
        return;
    str_appendf(out, " --%s ", option);
    str_append_shell(out, value);
}

static void put_judgement(const struct judged *j, const struct protocol *p, const char *command,
                          const char *rest, struct str *out)
{
    const char *name = workspace_path(j->data.workspace);
    str_append(out, "ferlab -w ");
    str_append_shell(out, path_base(name));
    str_appendf(out, " %s", command);
    put_option(out, "model", j->data.columns->model_name);
    put_option(out, "beside", p->beside);
    put_option(out, "split", p->split);
    put_option(out, "where", p->where);
    put_option(out, "rule", rule_name(j->data.columns->rule));
    put_option(out, "labels", p->labels);
    str_appendf(out, "%s\n", rest);
}

bool reproduce_commands(const struct judged *j, const struct protocol *p, struct str *out, struct err *e)
{
    if (!put_trainings(j, out, e))
        return false;
    put_judgement(j, p, "eval", " --json", out);
    put_judgement(j, p, "report", " report.html", out);
    return !out->failed || err_memory(e, "writing the report");
}
