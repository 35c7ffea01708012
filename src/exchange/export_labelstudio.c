/* Export for Label Studio: tasks.json, which is imported, and config.xml, the labelling interface that its
 * annotations and predictions speak of.
 *
 * A task has its face in itself, as a data URI (RFC 2397). Label Studio takes a relative path nowhere: a file
 * would have to be served by another machine, or by Label Studio from a folder that its environment and the
 * project name as local storage. At 3 kB a face, all of FER+ stays under the 250 MB that one import may
 * have. */
#include "ferlab/exchange/documents.h"
#include "ferlab/store/samples.h"

#include "folder.h"
#include "formats.h"
#include "history.h"

#include <stdio.h>
#include <stdlib.h>

static const char control[] = "emotion", object[] = "image"; /* of the labelling interface */

struct tasks {
    const struct export_request *request;
    struct history history;
    struct folder folder;
    struct output output;
    bool any;
};

/* The face */

static json_t *face_uri(const struct tasks *t, size_t row, struct err *e)
{
    uint8_t pixels[FACE_PIXELS], *png;
    size_t size;
    struct str uri = {0};
    if (!sample_pixels(t->request->workspace, t->request->columns->id[row], pixels, e) ||
        !image_png_bytes(pixels, FACE_SIZE, FACE_SIZE, &png, &size, e))
        return NULL;
    str_append(&uri, "data:image/png;base64,");
    str_append_base64(&uri, png, size);
    json_t *text = uri.failed ? NULL : json_string(uri.data);
    if (!text)
        err_memory(e, "exporting faces");
    free(png);
    str_free(&uri);
    return text;
}

/* What somebody says of it */

/* [{…}]: the choice of one class; `who` and the sample make its id. */
static json_t *choice(char who, int64_t sample, int class)
{
    char id[32];
    snprintf(id, sizeof id, "%c%lld", who, (long long)sample);
    json_t *choices = json_array(), *value = json_object(), *result = json_object(), *results = json_array();
    json_array_append_new(choices, json_text(class_name(class)));
    json_object_set_new(value, "choices", choices);
    json_object_set_new(result, "id", json_string(id));
    json_object_set_new(result, "type", json_string("choices"));
    json_object_set_new(result, "from_name", json_string(control));
    json_object_set_new(result, "to_name", json_string(object));
    json_object_set_new(result, "value", value);
    json_array_append_new(results, result);
    return results;
}

/* The decision in force. Its author is in data.reviews: Label Studio refuses annotators it does not know. */
static json_t *annotations_of(const struct columns *c, size_t row)
{
    json_t *array = json_array();
    if (!c->reviewed[row] || c->label[row] == CLASS_NONE)
        return array;
    json_t *d = json_object();
    json_object_set_new(d, "result", choice('a', c->id[row], c->label[row]));
    json_object_set_new(d, "was_cancelled", json_false());
    json_array_append_new(array, d);
    return array;
}

static json_t *predictions_of(const struct columns *c, size_t row)
{
    json_t *array = json_array();
    if (c->prediction[row] == CLASS_NONE)
        return array;
    json_t *d = json_object();
    json_object_set_new(d, "model_version", json_text(c->model_name));
    json_object_set_new(d, "score", json_number((double)c->confidence[row]));
    json_object_set_new(d, "result", choice('p', c->id[row], c->prediction[row]));
    json_array_append_new(array, d);
    return array;
}

/* By name, as Label Studio shows the columns of its list. */
static json_t *named_votes(const struct votes *v)
{
    json_t *d = json_object();
    for (int k = 0; k < CLASS_COUNT; k++)
        json_object_set_new(d, class_name(k), json_integer(v->count[k]));
    return d;
}

/* What the interface shows, and all that annotations and predictions have no place for. */
static json_t *data_of(const struct tasks *t, size_t row, json_t *image)
{
    const struct columns *c = t->request->columns;
    json_t *d = json_object();
    json_object_set_new(d, "image", image);
    json_object_set_new(d, "ferlab_id", json_integer(c->id[row]));
    json_object_set_new(d, "name", json_text(c->name[row]));
    json_object_set_new(d, "split", json_text(split_name((enum split)c->split[row])));
    json_object_set_new(d, "source", json_text(c->source[row] ? c->source[row] : ""));
    json_object_set_new(d, "box", box_document(c, row));
    json_object_set_new(d, "votes", named_votes(&c->votes[row]));
    json_object_set_new(d, "edited_votes", c->edited[row] ? named_votes(c->edited[row]) : json_null());
    json_object_set_new(d, "crowd", json_text(class_name(c->crowd[row])));
    json_object_set_new(d, "label", json_text(class_name(c->label[row])));
    json_object_set_new(d, "reviewed", json_boolean(c->reviewed[row]));
    json_object_set_new(d, "flagged", json_boolean(c->flagged[row]));
    json_object_set_new(d, "note", json_text(c->note[row] ? c->note[row] : ""));
    json_object_set_new(d, "tags", tags_document(c->tags[row]));
    json_object_set_new(d, "probabilities", probabilities_document(c, row));
    json_object_set_new(d, "scores", scores_document(c, row));
    json_object_set_new(d, "reviews", history_document(&t->history, c->id[row]));
    return d;
}

static bool put_task(void *context, size_t row, struct err *e)
{
    struct tasks *t = context;
    const struct columns *c = t->request->columns;
    json_t *image = face_uri(t, row, e);
    if (!image)
        return false;
    json_t *d = json_object();
    json_object_set_new(d, "data", data_of(t, row, image));
    json_object_set_new(d, "annotations", annotations_of(c, row));
    json_object_set_new(d, "predictions", predictions_of(c, row));
    output_write(&t->output, ",\n", t->any ? 2 : 0);
    t->any = true;
    return output_json(&t->output, d, e);
}

/* The files */

static bool write_tasks(struct tasks *t, struct err *e)
{
    if (!output_entry(&t->output, t->folder.root, "tasks.json", e))
        return false;
    output_write(&t->output, "[\n", 2);
    bool fine = folder_rows(&t->folder, put_task, t, e);
    output_write(&t->output, "\n]\n", 3);
    return output_close(&t->output, fine ? e : NULL) && fine;
}

/* Keys 1 to 9 and 0, as in the workbench. */
static bool write_config(const struct tasks *t, struct err *e)
{
    struct str xml = {0};
    str_appendf(&xml,
                "<View>\n"
                "  <Image name=\"%s\" value=\"$image\" width=\"288px\"/>\n"
                "  <Choices name=\"%s\" toName=\"%s\" choice=\"single\" showInline=\"true\">\n",
                object, control, object);
    for (int k = 0; k < CLASS_COUNT; k++)
        str_appendf(&xml, "    <Choice value=\"%s\" hotkey=\"%d\"/>\n", class_name(k), (k + 1) % 10);
    str_append(&xml, "  </Choices>\n</View>\n");
    bool fine = xml.failed ? err_memory(e, "exporting")
                           : output_entry_bytes(t->folder.root, "config.xml", xml.data, xml.length, e);
    str_free(&xml);
    return fine;
}

bool export_labelstudio(const struct export_request *request, int64_t *written, struct err *e)
{
    struct tasks t = {.request = request};
    *written = 0;
    if (!history_load(&t.history, request->workspace, e))
        return false;
    bool fine = folder_begin(&t.folder, request, NULL, e) &&
                folder_end(&t.folder, write_config(&t, e) && write_tasks(&t, e), e);
    history_free(&t.history);
    *written = fine ? (int64_t)request->row_count : 0;
    return fine;
}
