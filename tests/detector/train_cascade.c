/* train_cascade OUT.xml FACES.bin SCENES [STAGES]: a cascade over local binary patterns of blocks, in
 * OpenCV's XML. FACES.bin is of samples.py, SCENES a folder of tests/bench/scenes.py, whose windows off the
 * faces are what is to be rejected.
 *
 * Each stage is boosted (Gentle AdaBoost, Friedman, Hastie & Tibshirani 2000) with stumps: a feature and the
 * subset of its 256 patterns that speaks more against a face, each side with its mean answer. A stage ends
 * when it rejects enough of what the stages before accepted, and its threshold leaves nearly all faces in. */
#include "scene_files.h"

#include "ferlab/base/path.h"
#include "ferlab/base/rng.h"
#include "ferlab/base/str.h"
#include "ferlab/detect/cascade.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 24,
    AREA = WINDOW * WINDOW,
    FEATURES = 92 * 92, /* places of 1 to 8 pixels wide blocks, in both directions */
    MOST_FACES = 5000,
    NEGATIVES = 4000,
    ASKED = 3, /* a stump is the best of every so manieth feature, beginning with each in turn */
    MOST_STUMPS = 60,
    FIRST_STAGES = 2,
    PATTERNS = 256,
};

/* The first stages see nearly every window, so they must be cheap. */
static const int first_stumps[FIRST_STAGES] = {9, 20};
static const double faces_kept = 0.9975, most_accepted = 0.45;

struct feature {
    int x, y, width, height;
};

struct stump {
    int feature;
    uint32_t subset[8];
    float leaves[2];
};

struct stage {
    struct stump stumps[MOST_STUMPS];
    int count;
    float threshold;
};

struct set { /* windows, and their patterns by feature */
    uint8_t (*windows)[AREA];
    float *weights, *sums;
    int faces, count;  /* faces first */
    uint8_t *patterns; /* [FEATURES][capacity] */
    int capacity;
};

static struct feature features[FEATURES];

static void list_features(void)
{
    int n = 0;
    for (int w = 1; 3 * w <= WINDOW; w++)
        for (int h = 1; 3 * h <= WINDOW; h++)
            for (int y = 0; y + 3 * h <= WINDOW; y++)
                for (int x = 0; x + 3 * w <= WINDOW; x++)
                    features[n++] = (struct feature){x, y, w, h};
}

/* All patterns of one window. */
static void compute_patterns(struct set *s, int index)
{
    int sum[WINDOW + 1][WINDOW + 1] = {{0}};
    for (int y = 0; y < WINDOW; y++)
        for (int x = 0, row = 0; x < WINDOW; x++) {
            row += s->windows[index][y * WINDOW + x];
            sum[y + 1][x + 1] = sum[y][x + 1] + row;
        }
    static const int around[8][2] = {{0, 0}, {1, 0}, {2, 0}, {2, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
    for (int n = 0; n < FEATURES; n++) {
        const struct feature *f = &features[n];
        int block[3][3];
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 3; i++) {
                int x = f->x + i * f->width, y = f->y + j * f->height;
                block[j][i] = sum[y + f->height][x + f->width] - sum[y][x + f->width] -
                              sum[y + f->height][x] + sum[y][x];
            }
        int pattern = 0;
        for (int b = 0; b < 8; b++)
            pattern |= (block[around[b][1]][around[b][0]] >= block[1][1]) << (7 - b);
        s->patterns[(size_t)n * (size_t)s->capacity + (size_t)index] = (uint8_t)pattern;
    }
}

/* The best stump of one feature: its weighted squared error. */
static double fit_feature(const struct set *s, int feature, struct stump *out)
{
    double for_face[PATTERNS] = {0}, against[PATTERNS] = {0}, sums[2][2] = {{0}};
    const uint8_t *patterns = s->patterns + (size_t)feature * (size_t)s->capacity;
    for (int i = 0; i < s->faces; i++)
        for_face[patterns[i]] += (double)s->weights[i];
    for (int i = s->faces; i < s->count; i++)
        against[patterns[i]] += (double)s->weights[i];
    *out = (struct stump){.feature = feature};
    for (int p = 0; p < PATTERNS; p++) {
        bool left = against[p] > for_face[p];
        out->subset[p >> 5] |= (uint32_t)left << (p & 31);
        sums[!left][0] += for_face[p];
        sums[!left][1] += against[p];
    }
    double error = 0;
    for (int side = 0; side < 2; side++) {
        double all = sums[side][0] + sums[side][1],
               mean = all > 0 ? (sums[side][0] - sums[side][1]) / all : 0;
        out->leaves[side] = (float)mean;
        error += all * (1 - mean * mean);
    }
    return error;
}

static struct stump best_stump(const struct set *s, int first)
{
    struct stump best = {0};
    double least = INFINITY;
#pragma omp parallel for schedule(dynamic, 64)
    for (int n = first; n < FEATURES; n += ASKED) {
        struct stump stump;
        double error = fit_feature(s, n, &stump);
#pragma omp critical
        if (error < least || (error == least && n < best.feature)) {
            least = error;
            best = stump;
        }
    }
    return best;
}

static float answer(const struct set *s, const struct stump *stump, int i)
{
    int p = s->patterns[(size_t)stump->feature * (size_t)s->capacity + (size_t)i];
    return stump->leaves[!(stump->subset[p >> 5] >> (p & 31) & 1)];
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The threshold that leaves faces_kept of the faces in, and the share of the others that it accepts. */
static double set_threshold(const struct set *s, struct stage *stage)
{
    float *sums = malloc((size_t)s->faces * sizeof *sums);
    memcpy(sums, s->sums, (size_t)s->faces * sizeof *sums);
    qsort(sums, (size_t)s->faces, sizeof *sums, ascending);
    stage->threshold = sums[(int)((1 - faces_kept) * s->faces)];
    free(sums);
    int accepted = 0;
    for (int i = s->faces; i < s->count; i++)
        accepted += s->sums[i] >= stage->threshold;
    return (double)accepted / (s->count - s->faces);
}

static void boost(struct set *s, struct stage *stage, int most_stumps)
{
    for (int i = 0; i < s->count; i++) {
        s->weights[i] = 0.5F / (float)(i < s->faces ? s->faces : s->count - s->faces);
        s->sums[i] = 0;
    }
    double accepted = 1;
    for (stage->count = 0; stage->count < most_stumps && accepted > most_accepted;) {
        struct stump stump = best_stump(s, stage->count % ASKED);
        stage->stumps[stage->count++] = stump;
        for (int i = 0; i < s->count; i++) {
            float says = answer(s, &stump, i);
            s->sums[i] += says;
            s->weights[i] *= expf(i < s->faces ? -says : says);
        }
        accepted = set_threshold(s, stage);
    }
    printf("  %d stumps, %.1f %% of the rest accepted\n", stage->count, 100 * accepted);
}

static void write_stage(struct str *xml, const struct stage *stage, int *features_used, int *used)
{
    str_appendf(xml,
                "<_><maxWeakCount>%d</maxWeakCount><stageThreshold>%.9g</stageThreshold><weakClassifiers>\n",
                stage->count, (double)stage->threshold);
    for (int i = 0; i < stage->count; i++) {
        const struct stump *p = &stage->stumps[i];
        features_used[*used] = p->feature;
        str_appendf(xml, "<_><internalNodes>0 -1 %d", (*used)++);
        for (int w = 0; w < 8; w++)
            str_appendf(xml, " %d", (int32_t)p->subset[w]);
        str_appendf(xml, "</internalNodes><leafValues>%.7g %.7g</leafValues></_>\n", (double)p->leaves[0],
                    (double)p->leaves[1]);
    }
    str_append(xml, "</weakClassifiers></_>\n");
}

static void write_cascade(struct str *xml, const struct stage *stages, int count)
{
    int used = 0, *features_used = malloc((size_t)count * MOST_STUMPS * sizeof *features_used);
    str_clear(xml);
    str_appendf(
        xml,
        "<?xml version=\"1.0\"?>\n<opencv_storage><cascade type_id=\"opencv-cascade-classifier\">"
        "<stageType>BOOST</stageType><featureType>LBP</featureType><height>%d</height><width>%d</width>\n"
        "<stageParams><maxWeakCount>%d</maxWeakCount></stageParams><featureParams><maxCatCount>256"
        "</maxCatCount><featSize>1</featSize></featureParams><stageNum>%d</stageNum>\n<stages>\n",
        WINDOW, WINDOW, MOST_STUMPS, count);
    for (int i = 0; i < count; i++)
        write_stage(xml, &stages[i], features_used, &used);
    str_append(xml, "</stages>\n<features>\n");
    for (int i = 0; i < used; i++) {
        const struct feature *f = &features[features_used[i]];
        str_appendf(xml, "<_><rect>%d %d %d %d</rect></_>\n", f->x, f->y, f->width, f->height);
    }
    str_append(xml, "</features></cascade></opencv_storage>\n");
    free(features_used);
}

static bool off_faces(const struct scene *s, const struct box *box)
{
    for (int i = 0; i < s->face_count; i++)
        if (box_overlap(&s->faces[i], box) > 0.35)
            return false;
    return true;
}

/* As the search samples it: bilinear. */
static void take_window(const struct gray *g, const struct box *b, uint8_t *out)
{
    double scale = (double)b->width / WINDOW;
    for (int y = 0; y < WINDOW; y++)
        for (int x = 0; x < WINDOW; x++) {
            double px = fmin(fmax(b->x + (x + 0.5) * scale - 0.5, 0), g->width - 1.001),
                   py = fmin(fmax(b->y + (y + 0.5) * scale - 0.5, 0), g->height - 1.001);
            int x0 = (int)px, y0 = (int)py;
            double fx = px - x0, fy = py - y0;
            const uint8_t *p = g->pixels + (size_t)y0 * (size_t)g->width + x0;
            out[y * WINDOW + x] = (uint8_t)((p[0] * (1 - fx) + p[1] * fx) * (1 - fy) +
                                            (p[g->width] * (1 - fx) + p[g->width + 1] * fx) * fy + 0.5);
        }
}

static struct box random_box(struct rng *r, const struct gray *g)
{
    int most = g->width < g->height ? g->width : g->height;
    int side = (int)(WINDOW * exp((double)rng_uniform(r) * log((double)most / WINDOW)));
    return (struct box){.x = (int)rng_below(r, (uint32_t)(g->width - side + 1)),
                        .y = (int)rng_below(r, (uint32_t)(g->height - side + 1)),
                        .width = side,
                        .height = side};
}

/* Windows off the faces that the cascade so far accepts, up to NEGATIVES, from scenes in random order; a
 * scene gives at most a few of each, so that none rules. Returns the share of scenes that were needed. */
static double collect_negatives(struct set *s, const struct cascade *c, const struct scene *scenes,
                                size_t count, struct rng *r)
{
    struct boxes found = {0};
    struct err e = {0};
    size_t looked = 0;
    s->count = s->faces;
    uint32_t *order = malloc(count * sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(r, order, count);
    for (; looked < count && s->count < s->faces + NEGATIVES; looked++) {
        const struct scene *scene = &scenes[order[looked]];
        found.count = 0;
        if (c == NULL)
            for (int i = 0; i < 100; i++)
                boxes_append(&found, random_box(r, &scene->image));
        else
            cascade_scan(c, &scene->image, &(struct cascade_search){.step = 1.15, .threads = 2}, &found, &e);
        int room = 40;
        for (size_t k = found.count; k > 0 && room > 0 && s->count < s->faces + NEGATIVES; k--) {
            size_t pick = rng_below(r, (uint32_t)k);
            struct box b = found.items[pick];
            found.items[pick] = found.items[k - 1];
            if (!off_faces(scene, &b))
                continue;
            take_window(&scene->image, &b, s->windows[s->count++]);
            room--;
        }
    }
    free(order);
    boxes_free(&found);
    return (double)looked / (double)count;
}

/* Faces that the new stage rejects are no longer trained on. */
static void drop_faces(struct set *s, float threshold)
{
    int kept = 0;
    for (int i = 0; i < s->faces; i++)
        if (s->sums[i] >= threshold)
            memmove(s->windows[kept++], s->windows[i], AREA);
    s->faces = kept;
    for (int i = 0; i < s->faces; i++)
        compute_patterns(s, i);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    size_t size, scene_count;
    if (argc < 4)
        return fputs("usage: train_cascade OUT.xml FACES.bin SCENES [STAGES]\n", stderr), 2;
    int stage_count = argc > 4 ? atoi(argv[4]) : 16;
    char *faces = file_read(argv[2], (size_t)1 << 30, &size, &e);
    struct scene *scenes = scenes_load(argv[3], &scene_count);
    struct stage *stages = calloc((size_t)stage_count, sizeof *stages);
    struct set s = {.capacity = MOST_FACES + NEGATIVES};
    s.faces = size / AREA < MOST_FACES ? (int)(size / AREA) : MOST_FACES;
    s.windows = malloc((size_t)s.capacity * AREA);
    s.weights = malloc((size_t)s.capacity * sizeof *s.weights);
    s.sums = malloc((size_t)s.capacity * sizeof *s.sums);
    s.patterns = malloc((size_t)FEATURES * (size_t)s.capacity);
    if (faces == NULL || stages == NULL || s.windows == NULL || s.weights == NULL || s.sums == NULL ||
        s.patterns == NULL)
        return fprintf(stderr, "%s\n", e.text), 1;
    memcpy(s.windows, faces, (size_t)s.faces * AREA);
    free(faces);
    list_features();
    for (int i = 0; i < s.faces; i++)
        compute_patterns(&s, i);
    struct rng r;
    rng_seed(&r, 1, 0);
    struct str xml = {0};
    struct cascade *c = NULL;
    for (int i = 0; i < stage_count; i++) {
        double looked = collect_negatives(&s, c, scenes, scene_count, &r);
        printf("stage %d: %d faces, %d others from %.0f %% of the scenes\n", i, s.faces, s.count - s.faces,
               100 * looked);
        fflush(stdout);
        if (s.count - s.faces < NEGATIVES / 8)
            break;
#pragma omp parallel for
        for (int n = s.faces; n < s.count; n++)
            compute_patterns(&s, n);
        boost(&s, &stages[i], i < FIRST_STAGES ? first_stumps[i] : MOST_STUMPS);
        drop_faces(&s, stages[i].threshold);
        write_cascade(&xml, stages, i + 1);
        cascade_free(c);
        c = cascade_read(xml.data, xml.length, argv[1], &e);
        if (c == NULL || !file_write(argv[1], xml.data, xml.length, &e))
            return fprintf(stderr, "%s\n", e.text), 1;
    }
    return 0;
}
