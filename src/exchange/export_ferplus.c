/* Export in Microsoft's layout: FER2013Train/label.csv and its PNGs, and so on for each split that has
 * samples. Votes come back byte for byte; with reviewed labels, a sample whose label differs carries all its
 * votes on it, and reviews.csv tells; sources.csv tells in which pictures faces were found. */
#include "ferlab/face/image.h"

#include "folder.h"
#include "formats.h"
#include "history.h"

static const char *const folder_names[SPLIT_COUNT] = {
    [SPLIT_TRAIN] = "FER2013Train",
    [SPLIT_VALID] = "FER2013Valid",
    [SPLIT_TEST] = "FER2013Test",
    [SPLIT_NONE] = "FER2013None",
};

struct layout {
    const struct export_request *request;
    struct history history; /* with LABELS_REVIEWED */
    struct folder folder;
};

/* Labels */

/* Ten, as of FER+, where no crowd has seen the face. */
static struct votes all_votes_on(int class, const struct votes *given)
{
    enum { TAGGERS = 10 };
    struct votes v = {0};
    int total = votes_total(given);
    v.count[class] = (uint8_t)(total > 0 ? total : TAGGERS);
    return v;
}

/* What a reviewer decided about a sample, as votes: edited counts as they are, another class with all votes
 * on it. */
static struct votes votes_of(const struct layout *l, size_t row)
{
    const struct columns *c = l->request->columns;
    if (l->request->labels == LABELS_CROWD || !c->reviewed[row])
        return c->votes[row];
    if (c->edited[row])
        return *c->edited[row];
    const struct event *decision = history_decision(&l->history, c->id[row]);
    bool accepted = decision && decision->kind == EVENT_ACCEPT && c->label[row] == c->crowd[row];
    return accepted ? c->votes[row] : all_votes_on(c->label[row], &c->votes[row]);
}

/* The box as its source gave it, or the whole image where the source was another or larger than what is
 * stored. */
static const int32_t *box_of(const struct columns *c, size_t row)
{
    static const int32_t whole[4] = {0, 0, FACE_SIZE, FACE_SIZE};
    const int32_t *box = c->box[row];
    bool inside = box[0] >= 0 && box[1] >= 0 && box[2] <= FACE_SIZE && box[3] <= FACE_SIZE;
    return inside && c->source[row] == NULL ? box : whole;
}

static bool label_line(const struct layout *l, size_t row, struct str *line, struct err *e)
{
    char name[SAMPLE_FILE];
    const int32_t *box = box_of(l->request->columns, row);
    if (!sample_png_name(l->request->columns->name[row], name, e))
        return false;
    struct votes votes = votes_of(l, row);
    output_csv_field(line, name);
    str_appendf(line, ",\"(%d, %d, %d, %d)\"", box[0], box[1], box[2], box[3]);
    for (int k = 0; k < CLASS_COUNT; k++)
        str_appendf(line, ",%d", votes.count[k]);
    str_append(line, "\n");
    return true;
}

static bool write_text(int folder, const char *name, const struct str *text, struct err *e)
{
    return text->failed ? err_memory(e, "exporting labels")
                        : output_entry_bytes(folder, name, text->data, text->length, e);
}

static bool write_labels(const struct layout *l, enum split split, struct err *e)
{
    const struct export_request *q = l->request;
    struct str text = {0};
    bool fine = true;
    for (size_t i = 0; fine && i < q->row_count; i++)
        if (q->columns->split[q->rows[i]] == split)
            fine = label_line(l, q->rows[i], &text, e);
    fine = fine && write_text(l->folder.split[split], "label.csv", &text, e);
    str_free(&text);
    return fine;
}

static void review_line(const struct layout *l, size_t row, struct str *text)
{
    const struct columns *c = l->request->columns;
    const struct event *decision = history_decision(&l->history, c->id[row]);
    char name[SAMPLE_FILE];
    if (!decision || !sample_png_name(c->name[row], name, NULL))
        return;
    const char *const fields[] = {
        name,
        split_name((enum split)c->split[row]),
        class_name(c->crowd[row]),
        class_name(c->label[row]),
        decision->reviewer,
        decision->time,
        event_kind_name(decision->kind),
        c->note[row] ? c->note[row] : "",
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        str_append(text, i ? "," : "");
        output_csv_field(text, fields[i]);
    }
    str_append(text, "\n");
}

static bool write_reviews(const struct layout *l, struct err *e)
{
    struct str text = {0};
    str_append(&text, "name,split,old label,new label,reviewer,time,kind,note\n");
    for (size_t i = 0; i < l->request->row_count; i++)
        review_line(l, l->request->rows[i], &text);
    bool fine = write_text(l->folder.root, "reviews.csv", &text, e);
    str_free(&text);
    return fine;
}

/* Where faces that were found in pictures come from, which label.csv has no place for: there a box is within
 * the face's own image. */
static bool write_sources(const struct layout *l, struct err *e)
{
    const struct columns *c = l->request->columns;
    struct str text = {0};
    for (size_t i = 0; i < l->request->row_count; i++) {
        size_t row = l->request->rows[i];
        const int32_t *box = c->box[row];
        char name[SAMPLE_FILE];
        if (c->source[row] == NULL || !sample_png_name(c->name[row], name, NULL))
            continue;
        if (text.length == 0)
            str_append(&text, "name,split,source,x0,y0,x1,y1\n");
        output_csv_field(&text, name);
        str_appendf(&text, ",%s,", split_name((enum split)c->split[row]));
        output_csv_field(&text, c->source[row]);
        str_appendf(&text, ",%d,%d,%d,%d\n", box[0], box[1], box[2], box[3]);
    }
    bool fine = (text.length == 0 && !text.failed) || write_text(l->folder.root, "sources.csv", &text, e);
    str_free(&text);
    return fine;
}

/* The whole */

static bool fill(struct layout *l, struct err *e)
{
    for (int split = 0; split < SPLIT_COUNT; split++)
        if (l->folder.split[split] >= 0 && !write_labels(l, (enum split)split, e))
            return false;
    if (l->request->labels == LABELS_REVIEWED && !write_reviews(l, e))
        return false;
    if (!write_sources(l, e))
        return false;
    return folder_faces(&l->folder, e);
}

bool export_ferplus(const struct export_request *request, int64_t *written, struct err *e)
{
    struct layout l = {.request = request};
    *written = 0;
    if (request->labels == LABELS_REVIEWED && !history_load(&l.history, request->workspace, e))
        return false;
    bool fine = folder_begin(&l.folder, request, folder_names, e) && folder_end(&l.folder, fill(&l, e), e);
    history_free(&l.history);
    *written = fine ? (int64_t)request->row_count : 0;
    return fine;
}
