/* The theme's colours: one palette for pixels and text, brought down to what the terminal has. */
#include "theme.h"

#include "ferlab/term/heat.h"

#include <langinfo.h>
#include <limits.h>
#include <string.h>

enum { COLOR_DEFAULT = -1 };

struct rgb {
    uint8_t r, g, b;
};

static struct look looks[STYLE_COUNT];
static bool utf8;

/* The blues of cividis' dark end have no counterpart among 256 colours: the nearest are garish or gray by
 * turns. There the ramp goes from dark gray, through the same olive, to the same yellow, its lightness rising
 * at every step. */
static const uint8_t cividis_256[CIVIDIS_STEPS] = {235, 236, 237, 238, 239, 240, 241, 242,
                                                   101, 137, 143, 144, 179, 185, 221, 227};

static const struct rgb white = {255, 255, 255}, black = {0, 0, 0};

/* What differs between dark and light terminals. The letters of dark ones are the palette's colours, but for
 * the darker of its two blues, which is legible as an area and not as thin letters on black. Those of light
 * ones are of the same hues, as dark as can be told apart. */
struct tones {
    struct rgb bar, bar_text, bar_strong, dim, accent, good, bad, emotion[8];
};
static const struct tones dark_tones = {
    .bar = {48, 48, 48},
    .bar_text = {188, 188, 188},
    .bar_strong = {255, 255, 255},
    .dim = {138, 138, 138},
    .accent = {64, 200, 208},
    .good = {92, 190, 120},
    .bad = {236, 96, 80},
    .emotion = {{176, 176, 176},
                {240, 228, 66},
                {230, 159, 0},
                {86, 180, 233},
                {213, 94, 0},
                {0, 158, 115},
                {204, 121, 167},
                {0, 135, 215}},
};
static const struct tones light_tones = {
    .bar = {208, 208, 208},
    .bar_text = {68, 68, 68},
    .bar_strong = {0, 0, 0},
    .dim = {108, 108, 108},
    .accent = {0, 135, 135},
    .good = {0, 135, 0},
    .bad = {215, 0, 0},
    .emotion = {{108, 108, 108},
                {135, 135, 0},
                {175, 135, 0},
                {0, 135, 215},
                {175, 95, 0},
                {0, 135, 95},
                {175, 95, 135},
                {0, 95, 175}},
};

static int distance(struct rgb a, struct rgb b)
{
    int r = a.r - b.r, g = a.g - b.g, c = a.b - b.b;
    return 2 * r * r + 4 * g * g + 3 * c * c;
}

/* Of the 256 fixed colours the 240 that no user redefines: a 6x6x6 cube and 24 grays. */
static struct rgb xterm_color(int index)
{
    if (index >= 232) {
        uint8_t gray = (uint8_t)(8 + 10 * (index - 232));
        return (struct rgb){gray, gray, gray};
    }
    static const uint8_t level[6] = {0, 95, 135, 175, 215, 255};
    int i = index - 16;
    return (struct rgb){level[i / 36], level[i / 6 % 6], level[i % 6]};
}

static int nearest_256(struct rgb wish)
{
    int best = 16;
    for (int i = 17; i < 256; i++)
        if (distance(wish, xterm_color(i)) < distance(wish, xterm_color(best)))
            best = i;
    return best;
}

static int color_of(struct rgb wish)
{
    if (COLORS > 256)
        return wish.r << 16 | wish.g << 8 | wish.b;
    return nearest_256(wish);
}

static void set(enum style style, attr_t attributes, int foreground, int background)
{
    int pair = (int)style + 1;
    if (has_colors() && init_extended_pair(pair, foreground, background) == OK)
        looks[style] = (struct look){attributes, pair};
    else
        looks[style] = (struct look){attributes, 0};
}

static void start_monochrome(void)
{
    for (int style = 0; style < STYLE_COUNT; style++)
        looks[style] = (struct look){A_NORMAL, 0};
    static const enum style reversed[] = {STYLE_BAR, STYLE_SELECTED};
    static const enum style bold[] = {STYLE_BOLD, STYLE_ACCENT, STYLE_BAD};
    for (size_t i = 0; i < sizeof reversed / sizeof *reversed; i++)
        looks[reversed[i]].attributes = A_REVERSE;
    for (size_t i = 0; i < sizeof bold / sizeof *bold; i++)
        looks[bold[i]].attributes = A_BOLD;
    looks[STYLE_BAR_STRONG].attributes = A_REVERSE | A_BOLD;
    for (int i = 8; i < 16; i++)
        looks[STYLE_HEAT + i].attributes = A_REVERSE;
}

/* Eight colours, of which the terminal decides how they look; its own foreground for what must be read on any
 * background. */
static void start_basic(bool light)
{
    static const short emotion[8] = {COLOR_DEFAULT, COLOR_YELLOW, COLOR_YELLOW,  COLOR_CYAN,
                                     COLOR_RED,     COLOR_GREEN,  COLOR_MAGENTA, COLOR_BLUE};
    set(STYLE_NORMAL, A_NORMAL, COLOR_DEFAULT, COLOR_DEFAULT);
    set(STYLE_DIM, A_NORMAL, COLOR_DEFAULT, COLOR_DEFAULT);
    set(STYLE_BOLD, A_BOLD, COLOR_DEFAULT, COLOR_DEFAULT);
    set(STYLE_BAR, A_NORMAL, COLOR_WHITE, COLOR_BLUE);
    set(STYLE_BAR_STRONG, A_BOLD, COLOR_WHITE, COLOR_BLUE);
    set(STYLE_ACCENT, A_BOLD, light ? COLOR_BLUE : COLOR_CYAN, COLOR_DEFAULT);
    set(STYLE_GOOD, A_NORMAL, COLOR_GREEN, COLOR_DEFAULT);
    set(STYLE_BAD, A_NORMAL, COLOR_RED, COLOR_DEFAULT);
    set(STYLE_SELECTED, A_NORMAL, COLOR_BLACK, COLOR_CYAN);
    for (int i = 0; i < 10; i++) {
        bool pale = light && i < 8 && (emotion[i] == COLOR_YELLOW || emotion[i] == COLOR_CYAN);
        set(STYLE_EMOTION + i, i == 2 ? A_BOLD : A_NORMAL, i < 8 && !pale ? emotion[i] : COLOR_DEFAULT,
            COLOR_DEFAULT);
    }
    static const short heat[4] = {COLOR_BLUE, COLOR_BLUE, COLOR_CYAN, COLOR_YELLOW};
    for (int i = 0; i < 16; i++)
        set(STYLE_HEAT + i, A_NORMAL, i < 8 ? COLOR_WHITE : COLOR_BLACK, heat[i / 4]);
}

static void start_rich(const struct tones *t)
{
    int accent = color_of(t->accent), bar = color_of(t->bar);
    set(STYLE_NORMAL, A_NORMAL, COLOR_DEFAULT, COLOR_DEFAULT);
    set(STYLE_DIM, A_NORMAL, color_of(t->dim), COLOR_DEFAULT);
    set(STYLE_BOLD, A_BOLD, COLOR_DEFAULT, COLOR_DEFAULT);
    set(STYLE_BAR, A_NORMAL, color_of(t->bar_text), bar);
    set(STYLE_BAR_STRONG, A_BOLD, color_of(t->bar_strong), bar);
    set(STYLE_ACCENT, A_BOLD, accent, COLOR_DEFAULT);
    set(STYLE_GOOD, A_NORMAL, color_of(t->good), COLOR_DEFAULT);
    set(STYLE_BAD, A_NORMAL, color_of(t->bad), COLOR_DEFAULT);
    set(STYLE_SELECTED, A_NORMAL, color_of(t == &light_tones ? white : black), accent);
    for (int i = 0; i < 8; i++)
        set(STYLE_EMOTION + i, A_NORMAL, color_of(t->emotion[i]), COLOR_DEFAULT);
    for (int i = 8; i < 10; i++)
        set(STYLE_EMOTION + i, A_NORMAL, color_of(t->dim), COLOR_DEFAULT);
    for (int i = 0; i < 16; i++)
        /* black and white text meet at a relative luminance of 0.18, about here in this ramp */
        set(STYLE_HEAT + i, A_NORMAL, color_of(i < 8 ? white : black),
            COLORS == 256 ? cividis_256[i]
                          : color_of((struct rgb){cividis[i][0], cividis[i][1], cividis[i][2]}));
}

void theme_start(bool light)
{
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!has_colors() || start_color() == ERR || COLORS < 8) {
        start_monochrome();
        return;
    }
    use_default_colors();
    if (COLORS < 256)
        start_basic(light);
    else
        start_rich(light ? &light_tones : &dark_tones);
}

struct look theme_look(enum style style)
{
    return looks[style];
}

bool theme_is_utf8(void)
{
    return utf8;
}

wchar_t theme_ascii(wchar_t c)
{
    static const struct {
        wchar_t from, to;
    } table[] = {
        {L'–', L'-'},  {L'—', L'-'}, {L'→', L'>'}, {L'←', L'<'}, {L'↑', L'^'},  {L'↓', L'v'}, {L'✓', L'+'},
        {L'✗', L'x'},  {L'⚑', L'!'}, {L'✎', L'*'}, {L'⏎', L'^'}, {L'·', L'.'},  {L'…', L'.'}, {L'×', L'x'},
        {L'≥', L'>'},  {L'≤', L'<'}, {L'≠', L'#'}, {L'±', L'~'}, {L'≈', L'~'},  {L'─', L'-'}, {L'━', L'='},
        {L'│', L'|'},  {L'┃', L'|'}, {L'╸', L'-'}, {L'┌', L'+'}, {L'┐', L'+'},  {L'└', L'+'}, {L'┘', L'+'},
        {L'┏', L'#'},  {L'┓', L'#'}, {L'┗', L'#'}, {L'┛', L'#'}, {L'├', L'+'},  {L'┤', L'+'}, {L'┬', L'+'},
        {L'┴', L'+'},  {L'┼', L'+'}, {L'█', L'#'}, {L'▉', L'#'}, {L'▊', L'#'},  {L'▋', L'#'}, {L'▌', L'='},
        {L'▍', L'-'},  {L'▎', L'-'}, {L'▏', L' '}, {L'▸', L'>'}, {L'▶', L'>'},  {L'●', L'o'}, {L'○', L'o'},
        {L'■', L'#'},  {L'□', L'.'}, {L'▪', L'#'}, {L'▫', L'.'}, {L'▁', L'_'},  {L'“', L'"'}, {L'”', L'"'},
        {L'’', L'\''}, {0xa0, L' '}, {L'▾', L'v'}, {L'−', L'-'}, {L'°', L'\''}, {L'▕', L'|'}, {L'▀', L'^'},
        {L'▄', L'_'},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].from == c)
            return table[i].to;
    return L'?';
}
