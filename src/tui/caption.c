/* Captions are cut to their width by leaving out what matters least: first the gap, then what is said twice,
 * then the confidence, then the prediction. */
#include "caption.h"

#include "ferlab/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PARTS = 8 };

struct part {
    char text[16];
    enum style style;
};

char *caption_share(char out[8], double p)
{
    if (isnan(p))
        snprintf(out, 8, "–");
    else if (p >= 0.995)
        snprintf(out, 8, "1.0");
    else
        snprintf(out, 8, ".%02d", (int)(p * 100 + 0.5));
    return out;
}

static enum style class_style(int class_index)
{
    return class_index >= 0 ? STYLE_EMOTION + (enum style)class_index : STYLE_DIM;
}

static void add(struct part *parts, int *count, enum style style, const char *text)
{
    snprintf(parts[*count].text, sizeof parts->text, "%s", text);
    parts[(*count)++].style = style;
}

/* How much a caption says: "neu→hap ✗.87", "neu→hap✗.87", "neu→hap.87" and "hap✓.87" where both are the same,
 * "neu→hap✗", "neu". */
enum level { LEVEL_ALL, LEVEL_NO_GAP, LEVEL_ONCE, LEVEL_NO_CONFIDENCE, LEVEL_LABEL };

static void add_verdict(struct part *parts, int *count, int label, bool right, bool gap)
{
    char mark[16];
    bool judged = class_is_emotion(label);
    snprintf(mark, sizeof mark, "%s%s", gap ? " " : "", !judged ? "·" : right ? "✓" : "✗");
    add(parts, count, !judged ? STYLE_DIM : right ? STYLE_GOOD : STYLE_BAD, mark);
}

static int compose(const struct columns *c, size_t row, enum level level, struct part parts[PARTS])
{
    int label = c->label[row], prediction = c->prediction[row], count = 0;
    bool right = label == prediction, once = level == LEVEL_ONCE;
    char share[8];
    add(parts, &count, class_style(label), class_short(label));
    if (prediction != CLASS_NONE && level < LEVEL_LABEL) {
        if (!right || !once) {
            add(parts, &count, STYLE_DIM, "→");
            add(parts, &count, class_style(prediction), class_short(prediction));
        }
        if (right || !once)
            add_verdict(parts, &count, label, right, level == LEVEL_ALL);
        if (level < LEVEL_NO_CONFIDENCE)
            add(parts, &count, STYLE_NORMAL, caption_share(share, c->confidence[row]));
    }
    if (c->flagged[row])
        add(parts, &count, STYLE_ACCENT, "⚑");
    if (c->next_copy[row] != row)
        add(parts, &count, c->disagreement[row] > 0 ? STYLE_BAD : STYLE_DIM, "≈");
    if (c->reviewed[row])
        add(parts, &count, c->contested[row] ? STYLE_BAD : STYLE_ACCENT, c->contested[row] ? "✎?" : "✎");
    return count;
}

static int parts_width(const struct part *parts, int count)
{
    int width = 0;
    for (int i = 0; i < count; i++)
        width += str_columns(parts[i].text);
    return width;
}

void caption_draw(const struct app *app, size_t row, int line, int column, int width, enum style style)
{
    struct part parts[PARTS];
    int count = 0, used = width; /* a column is left free, for the next caption begins where this one ends */
    for (int level = LEVEL_ALL; level <= LEVEL_LABEL && used >= width; level++) {
        count = compose(app->columns, row, (enum level)level, parts);
        used = parts_width(parts, count);
    }
    int end = column + width;
    column += used < width ? (width - 1 - used) / 2 : 0;
    for (int i = 0; i < count && column < end; i++)
        column += draw_text(line, column, end - column, style != STYLE_NORMAL ? style : parts[i].style, "%s",
                            parts[i].text);
}

char *caption_votes(char *out, size_t size, const struct votes *votes, bool brief)
{
    size_t used = 0;
    out[0] = '\0';
    for (int n = UINT8_MAX; n > 0; n--)
        for (int k = 0; k < CLASS_COUNT && used < size; k++)
            if (votes->count[k] == n)
                used += (size_t)snprintf(out + used, size - used, "%s%s %d", used > 0 ? " " : "",
                                         brief ? class_short(k) : class_title(k), n);
    if (used == 0)
        snprintf(out, size, "no votes");
    return out;
}

char *caption_model(char *out, size_t size, const float *probabilities, int most, bool brief)
{
    size_t used = 0;
    int order[EMOTION_COUNT];
    out[0] = '\0';
    if (isnan(probabilities[0]))
        return out;
    emotion_rank(probabilities, order);
    for (int i = 0; i < most && i < EMOTION_COUNT && used < size; i++) {
        float p = probabilities[order[i]];
        char share[8];
        if (i > 0 && p < 0.005f)
            break;
        used += (size_t)snprintf(out + used, size - used, "%s%s %s", used > 0 ? " " : "",
                                 brief ? class_short(order[i]) : class_title(order[i]),
                                 caption_share(share, (double)p));
    }
    return out;
}
