/* What a report is about: the faces, the labels, the model, and whether it knew the faces. */
#include "parts.h"

#include "ferlab/base/path.h"

#include <stdio.h>
#include <string.h>

static const char *split_title(const char *split)
{
    return strcmp(split, "valid") == 0   ? "validation split"
           : strcmp(split, "train") == 0 ? "training split"
           : strcmp(split, "test") == 0  ? "test split"
                                         : "faces without a split";
}

static void put_faces(struct report *r)
{
    const struct report_request *q = r->request;
    struct html *h = &r->html;
    html_open(h, "div");
    html_put(h, "dt", "", "Faces");
    html_open(h, "dd");
    if (q->split != NULL)
        html_text(h, "%s: ", split_title(q->split));
    else if (q->where[0] != '\0')
        html_put(h, "code", "", "%s", q->where);
    else
        html_text(h, "the whole workspace: ");
    if (q->split == NULL && q->where[0] != '\0')
        html_text(h, " picks ");
    put_count(h, (int64_t)q->row_count);
    html_text(h, ", of which ");
    put_count(h, r->evaluation->metrics.count);
    html_text(h, " count: their label is an emotion and they have a prediction");
    html_close(h);
    html_close(h);
}

static void put_model(struct report *r)
{
    const struct model *m = &r->model;
    struct html *h = &r->html;
    char parameters[NUMBER_TEXT];
    put_fact(h, "Model", "%s%s", m->name, m->external ? " (a file outside the workspace)" : "");
    if (m->folds > 0) {
        put_fact(h, "Predictions", "of %lld models, each of the faces that it was not trained on",
                 (long long)m->folds);
    } else {
        html_open(h, "div");
        html_put(h, "dt", "", "SHA-256");
        html_begin(h, "dd", "class='digest'");
        html_put(h, "code", "", "%s", m->digest);
        html_close(h);
        html_close(h);
        put_fact(h, "Predictions", "averaged over each face and its mirror image");
    }
    put_fact(h, "Network", "%s, %s parameters, input %lld\u00d7%lld", m->arch,
             number_with_commas(parameters, m->parameters), (long long)m->input_size,
             (long long)m->input_size);
    if (r->run.id != 0)
        put_fact(h, "Trained", "run %lld, seed %lld, labels of revision %s%s%s", (long long)r->run.id,
                 (long long)r->run.seed, r->run.label_revision, r->run.parent[0] != '\0' ? ", from " : "",
                 r->run.parent);
}

static void put_sampling(struct report *r)
{
    const struct evaluation *v = r->evaluation;
    struct html *h = &r->html;
    html_begin(h, "p", v->in_sample > 0 ? "class='warning' role='note'" : "class='remark' role='note'");
    if (v->in_sample > 0) {
        html_put(h, "strong", "", "\u26a0 In sample.");
        html_text(h, " ");
        put_count(h, v->in_sample);
        html_text(h, " of the ");
        put_count(h, v->metrics.count);
        html_text(h, " faces were, or may have been, in the model\u2019s training set. What is said of them "
                     "here flatters the model, and they have no suspect score.");
    } else {
        html_put(h, "strong", "", "Out of sample.");
        html_text(h, " None of these faces was in the model\u2019s training set.");
    }
    html_close(h);
}

void section_protocol(struct report *r)
{
    const struct report_request *q = r->request;
    struct html *h = &r->html;
    put_sampling(r);
    html_begin(h, "dl", "class='facts'");
    put_fact(h, "Workspace", "%s", path_base(workspace_path(q->workspace)));
    put_faces(r);
    put_fact(h, "Labels", "%s, rule %s",
             q->labels == LABELS_CROWD ? "the crowd\u2019s" : "as reviewed, else the crowd\u2019s",
             rule_name(r->columns->rule));
    put_fact(h, "Label revision", "%s", r->revision);
    put_model(r);
    put_fact(h, "Intervals",
             "95 %%: of accuracy Wilson\u2019s; of the others by %d bootstrap draws of the faces, seed %d",
             BOOTSTRAP_DRAWS, BOOTSTRAP_SEED);
    put_fact(h, "Made", "%s by ferlab %s", q->date, FERLAB_VERSION);
    html_close(h);
}
