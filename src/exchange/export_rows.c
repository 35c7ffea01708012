/* Export as csv and jsonl: one line a sample, to a file or standard output. */
#include "ferlab/base/interrupt.h"
#include "ferlab/base/progress.h"
#include "ferlab/exchange/documents.h"
#include "ferlab/face/flaws.h"

#include "formats.h"
#include "history.h"
#include "output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECK_EVERY = 256,
    SCORES_IN_PLACE = SAMPLE_SUSPECT + 1 /* csv has scores up to this one beside the prediction */
};

struct rows {
    const struct export_request *request;
    struct history history;
    struct str line;
};

/* Puts the line of one sample, without the newline, into r->line. */
typedef bool (*row_fn)(struct rows *r, size_t row);

static void csv_number(struct str *line, double x)
{
    if (isfinite(x))
        str_appendf(line, ",%.6g", x);
    else
        str_append(line, ",");
}

static void csv_word(struct str *line, const char *word)
{
    str_append(line, ",");
    output_csv_field(line, word ? word : "");
}

/* ",a,b," as "a b": tags have no spaces. */
static void csv_tags(struct str *line, const char *tags)
{
    struct str words = {0};
    for (const char *p = tags ? tags + 1 : ""; *p; p++)
        if (p[1] || *p != ',')
            str_append_bytes(&words, *p == ',' ? " " : p, 1);
    csv_word(line, words.data);
    line->failed |= words.failed;
    str_free(&words);
}

static void csv_flaws(struct str *line, unsigned flaws)
{
    const char *before = ",";
    for (int i = 0; face_flaw_name(i) != NULL; i++)
        if (flaws & 1U << i) {
            str_appendf(line, "%s%s", before, face_flaw_name(i));
            before = " ";
        }
    str_append(line, flaws == 0 ? "," : "");
}

static void csv_header(struct str *line)
{
    str_append(line, "id,name,split");
    for (int k = 0; k < CLASS_COUNT; k++)
        str_appendf(line, ",votes_%s", class_name(k));
    str_append(line, ",crowd,label,reviewed,flagged,prediction,confidence,divergence,in_sample,suspect");
    for (int k = 0; k < EMOTION_COUNT; k++)
        str_appendf(line, ",p_%s", class_name(k));
    str_append(line, ",note,tags");
    for (int s = SCORES_IN_PLACE; s < SAMPLE_SCORES; s++)
        str_appendf(line, ",%s", sample_score_name(s));
    str_append(line, ",issue,edited_votes,reviews,near_duplicate_group,source,box,flaws,contested");
}

/* A document as one field; nothing for NULL. */
static void csv_json(struct str *line, json_t *document)
{
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    csv_word(line, text);
    line->failed |= document && !text;
    free(text);
    json_decref(document);
}

static bool csv_row(struct rows *r, size_t row)
{
    const struct columns *c = r->request->columns;
    bool predicted = c->prediction[row] != CLASS_NONE;
    struct str *line = &r->line;
    str_appendf(line, "%lld", (long long)c->id[row]);
    csv_word(line, c->name[row]);
    csv_word(line, split_name((enum split)c->split[row]));
    for (int k = 0; k < CLASS_COUNT; k++)
        str_appendf(line, ",%d", c->votes[row].count[k]);
    csv_word(line, class_name(c->crowd[row]));
    csv_word(line, class_name(c->label[row]));
    csv_word(line, c->reviewed[row] ? "yes" : "no");
    csv_word(line, c->flagged[row] ? "yes" : "no");
    csv_word(line, predicted ? class_name(c->prediction[row]) : "");
    csv_number(line, (double)c->confidence[row]);
    csv_number(line, (double)c->divergence[row]);
    csv_word(line, predicted ? c->in_sample[row] ? "yes" : "no" : "");
    csv_number(line, (double)c->suspect[row]);
    for (int k = 0; k < EMOTION_COUNT; k++)
        csv_number(line, predicted ? (double)c->probabilities[row][k] : NAN);
    csv_word(line, c->note[row]);
    csv_tags(line, c->tags[row]);
    for (int s = SCORES_IN_PLACE; s < SAMPLE_SCORES; s++)
        csv_number(line, (double)sample_score(c, row, s));
    csv_word(line, c->issue[row] == CLASS_NONE ? "" : class_name(c->issue[row]));
    csv_json(line, c->edited[row] ? votes_document(c->edited[row]) : NULL);
    csv_json(line, history_document(&r->history, c->id[row]));
    str_append(line, ",");
    if (copies_group(c, row) != 0)
        str_appendf(line, "%lld", (long long)copies_group(c, row));
    csv_word(line, c->source[row]);
    csv_json(line, c->source[row] ? box_document(c, row) : NULL);
    csv_flaws(line, c->flaws[row]);
    csv_word(line, c->contested[row] ? "yes" : "no");
    return !line->failed;
}

static int append_json(const char *bytes, size_t count, void *line)
{
    str_append_bytes(line, bytes, count);
    return 0;
}

static bool jsonl_row(struct rows *r, size_t row)
{
    const struct columns *c = r->request->columns;
    json_t *document = sample_document(c, row);
    json_object_set_new(document, "probabilities", probabilities_document(c, row));
    json_object_set_new(document, "scores", scores_document(c, row));
    json_object_set_new(document, "reviews", history_document(&r->history, c->id[row]));
    bool fine =
        json_dump_callback(document, append_json, &r->line, JSON_COMPACT | JSON_REAL_PRECISION(7)) == 0;
    json_decref(document);
    return fine && !r->line.failed;
}

/* False when memory ran out; a write that failed is told by output_finish. */
static bool put_line(struct rows *r, struct output *o)
{
    str_append(&r->line, "\n");
    if (r->line.failed)
        return false;
    output_write(o, r->line.data, r->line.length);
    str_clear(&r->line);
    return true;
}

/* False only for what output_finish would not tell: no memory, or a person who stops it. */
static bool put_rows(struct rows *r, row_fn fn, struct output *o, int64_t *written, struct err *e)
{
    const struct export_request *q = r->request;
    struct progress progress;
    progress_start(&progress, "export", "samples", q->row_count, q->quiet || o->standard);
    bool fine = true;
    for (size_t i = 0; fine && !o->failure && i < q->row_count; i++) {
        fine = (fn(r, q->rows[i]) && put_line(r, o)) || err_memory(e, "exporting");
        *written += fine && !o->failure;
        if (fine && i % CHECK_EVERY == 0) {
            progress_update(&progress, i);
            if (interrupt_requested())
                fine = err_set(e, ERR_INTERRUPTED, "export stopped; nothing was written");
        }
    }
    progress_end(&progress);
    return fine;
}

static bool write_rows(const struct export_request *request, row_fn fn, void (*header)(struct str *),
                       int64_t *written, struct err *e)
{
    struct rows r = {.request = request};
    struct output o;
    *written = 0;
    if (!history_load(&r.history, request->workspace, e))
        return false;
    bool fine = output_file(&o, request->out, e);
    if (fine) {
        if (header) {
            header(&r.line);
            fine = put_line(&r, &o) || err_memory(e, "exporting");
        }
        fine = fine && put_rows(&r, fn, &o, written, e);
        if (fine)
            fine = output_finish(&o, e);
        else
            output_abandon(&o);
    }
    if (!fine)
        *written = 0;
    str_free(&r.line);
    history_free(&r.history);
    return fine;
}

bool export_csv(const struct export_request *request, int64_t *written, struct err *e)
{
    return write_rows(request, csv_row, csv_header, written, e);
}

bool export_jsonl(const struct export_request *request, int64_t *written, struct err *e)
{
    return write_rows(request, jsonl_row, NULL, written, e);
}
