/* The report as a whole: its facts are gathered, then its sections are written one below the other. */
#include "ferlab/report/report.h"
#include "ferlab/base/path.h"
#include "parts.h"
#include "style.h"

#include <stdio.h>

static const struct {
    const char *id, *title;
    void (*write)(struct report *r);
    bool (*has)(const struct report *r); /* whether there is something to say; NULL: always */
} sections[] = {
    {"protocol", "Protocol", section_protocol, NULL},
    {"scores", "Scores", section_scores, NULL},
    {"emotions", "Emotion by emotion", section_classes, NULL},
    {"calibration", "Calibration and agreement", section_calibration, NULL},
    {"errors", "Worst errors", section_worst, has_errors},
    {"suspects", "Suspects", section_suspects, has_suspects},
    {"reviews", "Reviews", section_reviews, has_reviews},
    {"effect", "What changed", section_effect, has_effect},
    {"training", "Training", section_training, has_training},
    {"reproduction", "To have it again", section_reproduction, NULL},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static bool is_shown(const struct report *r, int section)
{
    return sections[section].has == NULL || sections[section].has(r);
}

static bool find_run(struct report *r, struct err *e)
{
    char id[24];
    if (r->model.run == 0)
        return true;
    snprintf(id, sizeof id, "%lld", (long long)r->model.run);
    return run_find(r->request->workspace, id, &r->arena, &r->run, e) &&
           run_epochs(r->request->workspace, r->run.id, &r->arena, &r->epochs, &r->epoch_count, e);
}

static bool read_reviews(struct report *r, struct err *e)
{
    if (!reviews_log(r->request->workspace, 0, 0, 0, &r->arena, &r->events, &r->event_count, e))
        return false;
    r->standing = arena_alloc(&r->arena, r->event_count + 1);
    if (r->standing == NULL)
        return err_memory(e, "reading reviews");
    return reviews_standing(r->events, r->event_count, r->standing, e);
}

static bool gather(struct report *r, struct err *e)
{
    const struct report_request *q = r->request;
    columns_label_revision(r->columns, q->labels, r->revision);
    return model_by_name(q->workspace, r->columns->model_name, &r->arena, &r->model, e) && find_run(r, e) &&
           find_previous(r, e) && read_reviews(r, e);
}

static void put_title(struct report *r)
{
    const struct report_request *q = r->request;
    if (q->title != NULL)
        html_text(&r->html, "%s", q->title);
    else
        html_text(&r->html, "%s on %s", r->columns->model_name, path_base(workspace_path(q->workspace)));
}

static void put_header(struct report *r)
{
    struct html *h = &r->html;
    html_open(h, "head");
    html_void(h, "meta", "charset='utf-8'");
    html_void(h, "meta", "name='viewport' content='width=device-width, initial-scale=1'");
    html_void(h, "meta", "name='generator' content='ferlab %s'", FERLAB_VERSION);
    html_open(h, "title");
    put_title(r);
    html_close(h);
    html_open(h, "style");
    str_append(h->page, report_style);
    html_close(h);
    html_close(h);
}

/* "split valid · labels reviewed, majority · 3,191 faces · 2026-11-26" */
static void put_protocol_line(struct report *r)
{
    const struct report_request *q = r->request;
    struct html *h = &r->html;
    const char *kind = q->split != NULL ? "split " : "";
    html_begin(h, "p", "class='under'");
    html_text(h, "%s%s \u00b7 labels %s, %s \u00b7 ", kind,
              q->split != NULL      ? q->split
              : q->where[0] != '\0' ? q->where
                                    : "all samples",
              q->labels == LABELS_CROWD ? "of the crowd" : "as reviewed", rule_name(r->columns->rule));
    put_count(h, r->evaluation->metrics.count);
    html_text(h, " faces \u00b7 %.10s", q->date);
    html_close(h);
}

static void put_body(struct report *r)
{
    struct html *h = &r->html;
    html_open(h, "header");
    html_open(h, "h1");
    put_title(r);
    html_close(h);
    put_protocol_line(r);
    html_begin(h, "nav", "aria-label='Sections'");
    for (int i = 0; i < SECTIONS; i++) {
        if (!is_shown(r, i))
            continue;
        html_begin(h, "a", "href='#%s'", sections[i].id);
        html_text(h, "%s", sections[i].title);
        html_close(h);
        html_text(h, " ");
    }
    html_close(h);
    html_close(h);
    html_open(h, "main");
    for (int i = 0; i < SECTIONS; i++) {
        if (!is_shown(r, i))
            continue;
        html_begin(h, "section", "id='%s'", sections[i].id);
        html_put(h, "h2", "", "%s", sections[i].title);
        sections[i].write(r);
        html_close(h);
    }
    html_close(h);
}

bool report_page(const struct report_request *request, struct str *page, struct err *e)
{
    struct report r = {
        .request = request,
        .columns = request->columns,
        .evaluation = request->evaluation,
        .label = request->labels == LABELS_CROWD ? request->columns->crowd : request->columns->label,
        .html = {.page = page},
    };
    bool fine = gather(&r, e);
    if (fine) {
        str_append(page, "<!DOCTYPE html>");
        html_begin(&r.html, "html", "lang='en' xmlns='http://www.w3.org/1999/xhtml'");
        put_header(&r);
        html_open(&r.html, "body");
        put_body(&r);
        while (r.html.depth > 0)
            html_close(&r.html);
        str_append(page, "\n");
    }
    arena_free(&r.arena);
    if (fine && r.failed)
        *e = r.error;
    return fine && !r.failed && (!page->failed || err_memory(e, "writing the report"));
}
