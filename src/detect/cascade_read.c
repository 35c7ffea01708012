/* Reading cascades: OpenCV's XML by expat, checked as it comes. */
#include "cascade_own.h"

#include "ferlab/base/path.h"
#include "ferlab/base/str.h"

#include <expat.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACE = 192,                                      /* characters of the open elements' names */
    NODE_NUMBERS = 3 + LBP_WORDS,                     /* at most */
    MOST_NUMBERS = CASCADE_MOST_NODES * NODE_NUMBERS, /* in one element */
    MOST_TEXT = 32 * MOST_NUMBERS,
    MOST_BYTES = 32 << 20,
    MOST_LEFT = 1 << 20, /* no stage or feature has an index or a place beyond */
};

struct reader {
    XML_Parser parser;
    const char *name;
    struct cascade *cascade;
    struct {
        size_t features, nodes, leaves, trees, stages;
    } room;
    char place[PLACE]; /* names of the open elements, each with a '/' before it */
    struct str text;   /* of the innermost */
    double numbers[MOST_NUMBERS];
    bool has_kind, has_threshold;
    int rects; /* of the open feature */
    struct err *e;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void fail(struct reader *r, const char *format, ...)
{
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (!r->failed)
        err_set(r->e, ERR_INPUT, "%s:%lu: %s; take the file anew from OpenCV's data (Debian: opencv-data)",
                r->name, (unsigned long)XML_GetCurrentLineNumber(r->parser), what);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

/* Room for one more; the new item is zero. NULL: the reader has failed. */
static void *add(struct reader *r, void *array, size_t *count, size_t *room, size_t size)
{
    void **items = array;
    if (*count == *room) {
        size_t more = *room ? 2 * *room : 64;
        void *grown = realloc(*items, more * size);
        if (grown == NULL) {
            r->failed = true;
            err_memory(r->e, "reading a cascade");
            XML_StopParser(r->parser, XML_FALSE);
            return NULL;
        }
        *items = grown;
        *room = more;
    }
    return memset((char *)*items + (*count)++ * size, 0, size);
}

/* The numbers in the open element's text, in r->numbers; -1: the reader has failed. */
static int read_numbers(struct reader *r)
{
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(r->text.data ? r->text.data : (char[]){""}, " \t\r\n", &rest); word != NULL;
         word = strtok_r(NULL, " \t\r\n", &rest)) {
        if (count == MOST_NUMBERS || !str_to_double(word, -1e30, 1e30, &r->numbers[count])) {
            fail(r, count == MOST_NUMBERS ? "too many numbers here (%.40s...)" : "'%.40s' is not a number",
                 word);
            return -1;
        }
        count++;
    }
    return count;
}

static bool read_exactly(struct reader *r, int count)
{
    int found = read_numbers(r);
    if (found >= 0 && found != count)
        fail(r, "%d number%s belong%s here, not %d", count, count == 1 ? "" : "s", count == 1 ? "s" : "",
             found);
    return found == count;
}

/* A whole number from least to most. */
static bool whole(struct reader *r, double number, int least, int most, int *out)
{
    if (number != floor(number) || number < least || number > most) {
        fail(r, "%g is no whole number from %d to %d", number, least, most);
        return false;
    }
    *out = (int)number;
    return true;
}

static void read_kind(struct reader *r)
{
    const char *kind = r->text.data ? r->text.data : "";
    if (strcmp(kind, "HAAR") != 0 && strcmp(kind, "LBP") != 0)
        fail(r, "features of the kind '%.40s' are not known, only HAAR and LBP", kind);
    r->cascade->kind = strcmp(kind, "LBP") == 0 ? FEATURE_LBP : FEATURE_HAAR;
    r->has_kind = true;
}

static void read_width(struct reader *r)
{
    if (read_exactly(r, 1))
        whole(r, r->numbers[0], CASCADE_LEAST_WINDOW, CASCADE_MOST_WINDOW, &r->cascade->width);
}

static void read_height(struct reader *r)
{
    if (read_exactly(r, 1))
        whole(r, r->numbers[0], CASCADE_LEAST_WINDOW, CASCADE_MOST_WINDOW, &r->cascade->height);
}

static void begin_stage(struct reader *r)
{
    struct cascade *c = r->cascade;
    if (!r->has_kind || c->width == 0 || c->height == 0) {
        fail(r, "featureType, width and height must stand before the stages");
        return;
    }
    struct stage *stage = add(r, &c->stages, &c->stage_count, &r->room.stages, sizeof *stage);
    if (stage != NULL)
        stage->first_tree = c->tree_count;
    r->has_threshold = false;
}

/* Sums are compared with a little less: they were rounded when the file was written. OpenCV takes the same.
 */
static void read_stage_threshold(struct reader *r)
{
    if (!read_exactly(r, 1))
        return;
    r->cascade->stages[r->cascade->stage_count - 1].threshold = (float)r->numbers[0] - 1e-5F;
    r->has_threshold = true;
}

static void end_stage(struct reader *r)
{
    struct cascade *c = r->cascade;
    struct stage *stage = &c->stages[c->stage_count - 1];
    stage->trees = c->tree_count - stage->first_tree;
    if (stage->trees == 0 || !r->has_threshold)
        fail(r, "the stage has %s", stage->trees == 0 ? "no trees" : "no stageThreshold");
}

static void begin_tree(struct reader *r)
{
    struct cascade *c = r->cascade;
    struct tree *tree = add(r, &c->trees, &c->tree_count, &r->room.trees, sizeof *tree);
    if (tree != NULL) {
        tree->first_node = c->node_count;
        tree->first_leaf = c->leaf_count;
    }
}

/* left right feature, then the threshold or the subset's words. */
static bool read_node(struct reader *r, const double *numbers, int index, int nodes, struct node *node)
{
    for (int side = 0; side < 2; side++) {
        if (!whole(r, numbers[side], -nodes, nodes - 1, &node->sides[side]))
            return false;
        if (node->sides[side] > 0 && node->sides[side] <= index) {
            fail(r, "node %d of the tree leads back to node %d", index, node->sides[side]);
            return false;
        }
    }
    if (!whole(r, numbers[2], 0, MOST_LEFT, &node->feature))
        return false;
    node->threshold = (float)numbers[3];
    for (int i = 0; i < LBP_WORDS && r->cascade->kind == FEATURE_LBP; i++) {
        int word;
        if (!whole(r, numbers[3 + i], INT32_MIN, INT32_MAX, &word))
            return false;
        node->subset[i] = (uint32_t)word;
    }
    return true;
}

static void read_nodes(struct reader *r)
{
    struct cascade *c = r->cascade;
    int per_node = c->kind == FEATURE_LBP ? 3 + LBP_WORDS : 4, count = read_numbers(r);
    if (count < 0)
        return;
    int nodes = count / per_node;
    if (nodes == 0 || nodes * per_node != count || nodes > CASCADE_MOST_NODES) {
        fail(r, "a tree has 1 to %d nodes of %d numbers, not %d numbers", CASCADE_MOST_NODES, per_node,
             count);
        return;
    }
    for (int i = 0; i < nodes; i++) {
        struct node *node = add(r, &c->nodes, &c->node_count, &r->room.nodes, sizeof *node);
        if (node == NULL || !read_node(r, r->numbers + (size_t)i * (size_t)per_node, i, nodes, node))
            return;
    }
}

static void read_leaves(struct reader *r)
{
    struct cascade *c = r->cascade;
    int count = read_numbers(r);
    for (int i = 0; i < count; i++) {
        float *leaf = add(r, &c->leaves, &c->leaf_count, &r->room.leaves, sizeof *leaf);
        if (leaf == NULL)
            return;
        *leaf = (float)r->numbers[i];
    }
}

static void end_tree(struct reader *r)
{
    struct cascade *c = r->cascade;
    struct tree *tree = &c->trees[c->tree_count - 1];
    size_t nodes = c->node_count - tree->first_node, leaves = c->leaf_count - tree->first_leaf;
    if (nodes == 0 || nodes > CASCADE_MOST_NODES || leaves != nodes + 1)
        fail(r, "a tree of %zu nodes has %zu leaves, not %zu", nodes, nodes + 1, leaves);
    tree->nodes = (int)nodes;
}

static void begin_feature(struct reader *r)
{
    struct cascade *c = r->cascade;
    add(r, &c->features, &c->feature_count, &r->room.features, sizeof *c->features);
    r->rects = 0;
}

static bool read_rect(struct reader *r, struct rect *rect)
{
    return whole(r, r->numbers[0], 0, CASCADE_MOST_WINDOW, &rect->x) &&
           whole(r, r->numbers[1], 0, CASCADE_MOST_WINDOW, &rect->y) &&
           whole(r, r->numbers[2], 0, CASCADE_MOST_WINDOW, &rect->width) &&
           whole(r, r->numbers[3], 0, CASCADE_MOST_WINDOW, &rect->height);
}

static void read_haar_rect(struct reader *r)
{
    struct feature *feature = &r->cascade->features[r->cascade->feature_count - 1];
    if (!read_exactly(r, 5))
        return;
    if (r->rects == HAAR_RECTS) {
        fail(r, "a feature has more than %d rectangles", HAAR_RECTS);
        return;
    }
    feature->weights[r->rects] = (float)r->numbers[4];
    read_rect(r, &feature->rects[r->rects++]);
}

static void read_lbp_rect(struct reader *r)
{
    if (read_exactly(r, 4))
        read_rect(r, &r->cascade->features[r->cascade->feature_count - 1].rects[r->rects++]);
}

static void read_tilted(struct reader *r)
{
    int tilted;
    if (!read_exactly(r, 1) || !whole(r, r->numbers[0], 0, 1, &tilted))
        return;
    r->cascade->features[r->cascade->feature_count - 1].tilted = tilted;
    r->cascade->tilts |= tilted;
}

static bool fits(const struct cascade *c, const struct feature *f, const struct rect *rect)
{
    if (c->kind == FEATURE_LBP)
        return rect->width > 0 && rect->height > 0 && rect->x + 3 * rect->width <= c->width &&
               rect->y + 3 * rect->height <= c->height;
    if (f->tilted)
        return rect->x - rect->height >= 0 && rect->x + rect->width <= c->width &&
               rect->y + rect->width + rect->height <= c->height;
    return rect->x + rect->width <= c->width && rect->y + rect->height <= c->height;
}

static void end_feature(struct reader *r)
{
    const struct cascade *c = r->cascade;
    const struct feature *f = &c->features[c->feature_count - 1];
    if (r->rects == 0 || (c->kind == FEATURE_LBP && (r->rects != 1 || f->tilted)))
        fail(r, "a feature has %s", r->rects == 0 ? "no rectangle" : "what belongs to another kind of them");
    for (int i = 0; i < r->rects && !r->failed; i++)
        if (!fits(c, f, &f->rects[i]))
            fail(r, "a feature reaches beyond the window of %d x %d pixels", c->width, c->height);
}

#define STAGE "/opencv_storage/cascade/stages/_"
#define TREE STAGE "/weakClassifiers/_"
#define FEATURE "/opencv_storage/cascade/features/_"

static const struct element {
    const char *place;
    void (*begin)(struct reader *r), (*end)(struct reader *r);
} elements[] = {
    {"/opencv_storage/cascade/featureType", NULL, read_kind},
    {"/opencv_storage/cascade/width", NULL, read_width},
    {"/opencv_storage/cascade/height", NULL, read_height},
    {STAGE, begin_stage, end_stage},
    {STAGE "/stageThreshold", NULL, read_stage_threshold},
    {TREE, begin_tree, end_tree},
    {TREE "/internalNodes", NULL, read_nodes},
    {TREE "/leafValues", NULL, read_leaves},
    {FEATURE, begin_feature, end_feature},
    {FEATURE "/rects/_", NULL, read_haar_rect},
    {FEATURE "/rect", NULL, read_lbp_rect},
    {FEATURE "/tilted", NULL, read_tilted},
};

static const struct element *find_element(const char *place)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcmp(elements[i].place, place) == 0)
            return &elements[i];
    return NULL;
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = data;
    size_t length = strlen(r->place), more = strlen(name);
    if (r->failed)
        return;
    if (length + more + 2 > sizeof r->place) {
        fail(r, "elements lie too deep in one another for a cascade");
        return;
    }
    r->place[length] = '/';
    memcpy(r->place + length + 1, name, more + 1);
    for (; *attributes != NULL; attributes += 2)
        if (strcmp(attributes[0], "type_id") == 0 && strcmp(attributes[1], "opencv-haar-classifier") == 0) {
            fail(r, "this is the form that OpenCV 1 wrote, which is not read");
            return;
        }
    str_clear(&r->text);
    const struct element *element = find_element(r->place);
    if (element != NULL && element->begin != NULL)
        element->begin(r);
}

static void on_end(void *data, const XML_Char *name)
{
    struct reader *r = data;
    if (r->failed)
        return;
    const struct element *element = find_element(r->place);
    if (element != NULL && element->end != NULL)
        element->end(r);
    str_clear(&r->text);
    r->place[strlen(r->place) - strlen(name) - 1] = '\0';
}

static void on_text(void *data, const XML_Char *text, int length)
{
    struct reader *r = data;
    if (r->failed)
        return;
    str_append_bytes(&r->text, text, (size_t)length);
    if (r->text.length > MOST_TEXT)
        fail(r, "more text here than a cascade has");
}

/* Cascades have no document type, and with it go entities that grow without end. */
static void on_doctype(void *data, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                       int has_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_subset;
    fail(data, "a document type does not belong into a cascade");
}

static bool check_whole(const struct reader *r)
{
    const struct cascade *c = r->cascade;
    if (c->stage_count == 0 || c->feature_count == 0)
        return err_set(r->e, ERR_INPUT,
                       "%s: there is no cascade of %s in it; name an XML file of OpenCV's data", r->name,
                       c->stage_count == 0 ? "stages" : "features");
    for (size_t i = 0; i < c->node_count; i++)
        if ((size_t)c->nodes[i].feature >= c->feature_count)
            return err_set(r->e, ERR_INPUT,
                           "%s: node %zu asks for feature %d, and there are %zu; take the file anew from "
                           "OpenCV's data (Debian: opencv-data)",
                           r->name, i, c->nodes[i].feature, c->feature_count);
    return true;
}

static bool parse(struct reader *r, const char *bytes, size_t size)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, bytes, (int)size, true) != XML_STATUS_OK) {
        if (!r->failed)
            fail(r, "%s", XML_ErrorString(XML_GetErrorCode(r->parser)));
        return false;
    }
    return check_whole(r);
}

struct cascade *cascade_read(const char *bytes, size_t size, const char *name, struct err *e)
{
    struct reader *r = calloc(1, sizeof *r);
    struct cascade *c = calloc(1, sizeof *c);
    XML_Parser parser = XML_ParserCreate(NULL);
    bool fine = false;
    if (r == NULL || c == NULL || parser == NULL) {
        err_memory(e, "reading a cascade");
    } else if (size > MOST_BYTES) {
        err_set(e, ERR_INPUT, "%s: more than %d MiB are no cascade; name an XML file of OpenCV's data", name,
                MOST_BYTES >> 20);
    } else {
        *r = (struct reader){.parser = parser, .name = name, .cascade = c, .e = e};
        fine = parse(r, bytes, size);
        str_free(&r->text);
    }
    if (parser != NULL)
        XML_ParserFree(parser);
    free(r);
    if (fine)
        return c;
    cascade_free(c);
    return NULL;
}

struct cascade *cascade_load(const char *path, struct err *e)
{
    size_t size;
    char *bytes = file_read(path, MOST_BYTES, &size, e);
    struct cascade *c = bytes == NULL ? NULL : cascade_read(bytes, size, path, e);
    free(bytes);
    return c;
}

void cascade_free(struct cascade *c)
{
    if (c == NULL)
        return;
    free(c->features);
    free(c->nodes);
    free(c->leaves);
    free(c->trees);
    free(c->stages);
    free(c);
}
