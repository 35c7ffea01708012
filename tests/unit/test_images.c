/* Pictures on the screen: a small curses program on a pty, driven by keys. After each key the pixels of the
 * screen must be what the program's state says, however curses changed the text around them. */
#include "support.h"

#include "screen.h"

#include "ferlab/term/images.h"

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the program: its state follows from the keys alone, so the test can follow it --- */

enum { FACES = 5, FACE_CELLS = 8, GRID_ROW = 3, GRID_COLUMN = 12, GRID_ROWS = 8 };

struct model {
    int page, selected, moved, scrolled;
    bool popup, removed, short_text, second, sparse;
};

static void apply(struct model *m, char key)
{
    switch (key) {
    case 'p':
        m->page++;
        break;
    case 's':
        m->selected = (m->selected + 1) % FACES;
        break;
    case 'm':
        m->moved ^= 1;
        break;
    case 'o':
        m->popup = !m->popup;
        break;
    case 'x':
        m->removed = !m->removed;
        break;
    case 't':
        m->short_text = !m->short_text;
        break;
    case '2':
        m->second = !m->second;
        break;
    case 'l':
        m->scrolled++;
        break;
    case 'e':
        m->sparse = !m->sparse;
        break;
    default:
        break;
    }
}

static int grid_row(const struct model *m)
{
    return GRID_ROW + 2 * m->moved;
}

static int grid_columns(void)
{
    return FACES * (FACE_CELLS + 2);
}

/* Faces side by side with room for a frame of text left and right of each, and a last row without pixels for
 * labels. */
static void compose(const struct model *m, int cell_width, int cell_height, struct canvas *c)
{
    canvas_resize(c, grid_columns() * cell_width, GRID_ROWS * cell_height);
    canvas_fill(c, 0, 0, c->width, c->height, PALETTE_BACKGROUND);
    uint8_t gray[64];
    for (int face = 0; face < FACES; face++) {
        for (int i = 0; i < 64; i++)
            gray[i] = (uint8_t)((i * (face + 3) * 5 + m->page * 31) % 256);
        if (!m->sparse || face % 2 == 0)
            canvas_gray(c, (face * (FACE_CELLS + 2) + 1) * cell_width + 3, 2, FACE_CELLS * cell_width - 6,
                        (GRID_ROWS - 1) * cell_height - 4, gray, 8, 8, false);
    }
}

static void draw_text_of(const struct model *m)
{
    erase();
    mvprintw(0, 0, "page %d selected %d", m->page, m->selected);
    for (int row = 0; row < GRID_ROWS - 1; row++) {
        mvaddstr(grid_row(m) + row, 0, m->short_text ? "ab" : "abcdefghij");
        for (int face = 0; face < FACES && !m->short_text; face++) {
            int column = GRID_COLUMN + face * (FACE_CELLS + 2);
            mvaddch(grid_row(m) + row, column, face == m->selected ? '#' : '|');
            mvaddch(grid_row(m) + row, column + FACE_CELLS + 1, face == m->selected ? '#' : '|');
        }
    }
    for (int face = 0; face < FACES; face++)
        mvprintw(grid_row(m) + GRID_ROWS - 1, GRID_COLUMN + face * (FACE_CELLS + 2) + 1, "%.*s",
                 (m->page + face) % 7, "labels");
    mvprintw(grid_row(m), GRID_COLUMN + grid_columns() + 2, "%.*s", m->short_text ? 3 : 9, "righthand");
    for (int row = 1; row < LINES - 1; row++) /* a list that scrolls: tempts curses to scroll the screen */
        mvprintw(row, GRID_COLUMN + grid_columns() + 12, "%d", 1000 * (row + m->scrolled));
    if (m->popup) {
        attr_set(A_REVERSE, 0, NULL);
        for (int row = 4; row < 8; row++)
            mvprintw(row, 20, "%-20s", " a popup");
        attr_set(A_NORMAL, 0, NULL);
    }
    mvprintw(LINES - 1, 0, "bottom %dx%d", COLS, LINES);
}

static void draw(const struct model *m, const struct caps *caps, struct images *im)
{
    struct canvas c = {0};
    compose(m, caps->cell_width, caps->cell_height, &c);
    draw_text_of(m);
    images_begin(im);
    if (!m->removed)
        images_place(im, 7, grid_row(m), GRID_COLUMN, GRID_ROWS, grid_columns(), &c);
    if (m->second) {
        canvas_resize(&c, 3 * caps->cell_width, 2 * caps->cell_height);
        canvas_fill(&c, 0, 0, c.width, c.height, PALETTE_EMOTION + m->page % 8);
        images_place(im, 8, LINES - 3, 4, 9, 3, &c); /* more rows than there are */
        mvprintw(LINES - 3, 0, "%.*s", m->page % 2 ? 1 : 3, "left");
        mvprintw(LINES - 3, 8, "%.*s", m->page % 2 ? 5 : 3, "right");
    }
    wnoutrefresh(stdscr);
    images_show(im);
    canvas_free(&c);
}

static int program(void *argument)
{
    (void)argument;
    setlocale(LC_ALL, "");
    struct caps caps;
    caps_query(STDIN_FILENO, &caps);
    initscr();
    raw();
    noecho();
    curs_set(0);
    leaveok(stdscr, TRUE);
    start_color();
    use_default_colors();
    struct images *im = images_new(&caps, STDOUT_FILENO);
    WINDOW *keys = newpad(1, 1);
    keypad(keys, TRUE);
    struct model m = {0};
    for (int key = 0; key != 'q'; key = wgetch(keys)) {
        apply(&m, (char)key);
        if (key == 'i')
            images_invalidate(im);
        if (key == 'k')
            clearok(curscr, TRUE);
        if (key == 'z') { /* as after Ctrl-Z and fg */
            endwin();
            clearok(curscr, TRUE);
            images_invalidate(im);
        }
        draw(&m, &caps, im);
    }
    endwin();
    images_free(im);
    return 0;
}

/* --- what the screen must show --- */

static bool near(const uint8_t *pixel, const uint8_t *color)
{
    for (int i = 0; i < 3; i++) {
        if (abs(pixel[i] - color[i]) > 2) /* colours are sent in percent */
            return false;
    }
    return true;
}

static const uint8_t black[3] = {0};

static void lay(struct canvas *screen, const struct canvas *c, int x, int y)
{
    for (int row = 0; row < c->height && y + row < screen->height; row++)
        memcpy(screen->pixels + (y + row) * screen->width + x, c->pixels + row * c->width, (size_t)c->width);
}

/* Text hides pixels: letters everywhere, the popup's blanks too. NULL, or the first pixel that is another. */
enum { DIFFERENCE = 128 };
static const char *difference(struct screen *s, const struct screen_options *o, const struct model *m,
                              char out[DIFFERENCE])
{
    const char *found = NULL;
    int width, height;
    const uint8_t *pixels = screen_pixels(s, &width, &height);
    struct canvas whole = {0}, part = {0};
    assert_true(canvas_resize(&whole, width, height));
    canvas_fill(&whole, 0, 0, width, height, PALETTE_BACKGROUND);
    compose(m, o->cell_width, o->cell_height, &part);
    if (!m->removed)
        lay(&whole, &part, GRID_COLUMN * o->cell_width, grid_row(m) * o->cell_height);
    canvas_fill(&whole, 0, height - o->cell_height, width, o->cell_height,
                PALETTE_BACKGROUND); /* the last row gets none */
    if (m->second)
        canvas_fill(&whole, 4 * o->cell_width, (o->rows - 3) * o->cell_height, 3 * o->cell_width,
                    2 * o->cell_height, (uint8_t)(PALETTE_EMOTION + m->page % 8));
    for (int row = 0; row < o->rows && found == NULL; row++) {
        char text[512];
        snprintf(text, sizeof text, "%s", screen_row(s, row));
        for (int column = 0; column < o->columns && found == NULL; column++) {
            bool popup = m->popup && row >= 4 && row < 8 && column >= 20 && column < 40;
            bool covered = popup || (column < (int)strlen(text) && text[column] != ' ');
            for (int i = 0; i < o->cell_width * o->cell_height && found == NULL; i++) {
                int at = (row * o->cell_height + i / o->cell_width) * width + column * o->cell_width +
                         i % o->cell_width;
                uint8_t wish = whole.pixels[at];
                const uint8_t *color = covered || wish == PALETTE_BACKGROUND ? black : palette_rgb[wish];
                if (!near(pixels + 3 * at, color)) {
                    found = out;
                    snprintf(out, DIFFERENCE, "row %d column %d: pixel %d,%d,%d instead of %d,%d,%d", row,
                             column, pixels[3 * at], pixels[3 * at + 1], pixels[3 * at + 2], color[0],
                             color[1], color[2]);
                }
            }
        }
    }
    canvas_free(&whole);
    canvas_free(&part);
    return found;
}

/* The program may be late where much else runs. */
static void expect_picture(struct screen *s, const struct screen_options *o, const struct model *m)
{
    char why[DIFFERENCE];
    for (int wait = 0; difference(s, o, m, why) != NULL; wait++) {
        if (wait == 50) {
            screen_dump(s);
            fail_msg("%s", why);
        }
        screen_settle(s, 60);
    }
}

static const struct screen_options sixel_screen = {
    .columns = 80, .rows = 24, .cell_width = 9, .cell_height = 19, .sixel = true};

static void press(struct screen *s, struct model *m, char key)
{
    char typed[2] = {key, 0};
    screen_keys(s, typed);
    screen_settle(s, 60);
    apply(m, key);
}

/* Each key of the script in turn, with the picture checked after it. */
static void play(const struct screen_options *o, const char *script)
{
    struct screen *s = screen_start_child(o, program, NULL);
    assert_true(screen_wait_text(s, "bottom", 3000));
    screen_settle(s, 60);
    struct model m = {0};
    expect_picture(s, o, &m);
    for (; *script; script++) {
        press(s, &m, *script);
        expect_picture(s, o, &m);
    }
    screen_keys(s, "q");
    assert_int_equal(screen_wait_exit(s, 2000), 0);
    screen_end(s);
}

static void test_pages_and_selections(void **state)
{
    (void)state;
    play(&sixel_screen, "psspsxpxs");
}

static void test_text_that_shrinks_beside_pictures(void **state)
{
    (void)state;
    play(&sixel_screen, "ttsptt");
}

static void test_lists_that_scroll_beside_pictures(void **state)
{
    (void)state;
    play(&sixel_screen, "llptlllxlxl");
}

static void test_popups_over_pictures(void **state)
{
    (void)state;
    play(&sixel_screen, "ospooo");
}

static void test_pictures_that_move_shrink_and_go(void **state)
{
    (void)state;
    play(&sixel_screen, "mmemepexxm");
}

static void test_a_narrow_picture_between_texts_at_the_bottom(void **state)
{
    (void)state;
    play(&sixel_screen, "2pppx2p2");
}

static void test_clearing_resuming_and_redrawing(void **state)
{
    (void)state;
    play(&sixel_screen, "kizsokp");
}

static void test_a_picture_wider_than_the_largest_image_comes_in_pieces(void **state)
{
    (void)state;
    struct screen_options o = {
        .columns = 100, .rows = 30, .cell_width = 24, .cell_height = 40, .sixel = true};
    play(&o, "psot"); /* 50 cells of 24 pixels: more than 1000 */
}

static void test_unchanged_frames_send_no_pictures(void **state)
{
    (void)state;
    struct screen *s = screen_start_child(&sixel_screen, program, NULL);
    assert_true(screen_wait_text(s, "bottom", 3000));
    screen_settle(s, 60);
    struct model m = {0};
    int images = screen_images(s);
    assert_in_range(images, 1, 6); /* bands of one picture */
    size_t bytes = screen_bytes(s);
    press(s, &m, 'n');
    assert_true(screen_bytes(s) - bytes < 32);
    press(s, &m, 's'); /* a selection is text */
    assert_int_equal(screen_images(s), images);
    assert_true(screen_bytes(s) - bytes < 400);
    press(s, &m, 'i');
    assert_int_equal(screen_images(s), 2 * images);
    screen_end(s);
}

static void test_resizing_draws_again(void **state)
{
    (void)state;
    struct screen *s = screen_start_child(&sixel_screen, program, NULL);
    assert_true(screen_wait_text(s, "bottom 80x24", 3000));
    screen_settle(s, 60);
    static const int sizes[][2] = {{100, 40}, {70, 9}, {80, 24}};
    for (size_t i = 0; i < 3; i++) {
        struct screen_options o = sixel_screen;
        o.columns = sizes[i][0];
        o.rows = sizes[i][1];
        char bottom[32];
        snprintf(bottom, sizeof bottom, "bottom %dx%d", o.columns, o.rows);
        screen_resize(s, o.columns, o.rows);
        assert_true(screen_wait_text(s, bottom, 2000));
        screen_settle(s, 60);
        struct model m = {0};
        expect_picture(s, &o, &m);
    }
    screen_end(s);
}

static void test_frames_with_pictures_are_synchronised_where_possible(void **state)
{
    (void)state;
    struct screen_options o = sixel_screen;
    for (int with = 0; with < 2; with++) {
        o.synchronized = with;
        struct screen *s = screen_start_child(&o, program, NULL);
        assert_true(screen_wait_text(s, "bottom", 3000));
        screen_settle(s, 60);
        assert_int_equal(screen_sent(s, "\033[?2026h"), with);
        assert_int_equal(screen_sent(s, "\033[?2026l"), with);
        screen_end(s);
    }
}

/* --- half blocks --- */

static int count_blocks(struct screen *s)
{
    int count = 0;
    for (int row = 0; row < sixel_screen.rows; row++) {
        for (const char *p = screen_row(s, row); (p = strstr(p, "▀")); p++)
            count++;
    }
    return count;
}

static void check_blocks(const char *colorterm, const char *color_sequence)
{
    struct screen_options o = sixel_screen;
    o.sixel = false;
    o.colorterm = colorterm;
    struct screen *s = screen_start_child(&o, program, NULL);
    assert_true(screen_wait_text(s, "bottom", 3000));
    screen_settle(s, 60);
    struct model m = {0};
    assert_int_equal(screen_images(s), 0);
    assert_true(screen_sent(s, color_sequence));
    assert_true(screen_has(s, "|")); /* frames stand between the faces */
    int blocks = count_blocks(s);
    assert_true(blocks > 80);
    size_t bytes = screen_bytes(s);
    press(s, &m, 'n');
    assert_true(screen_bytes(s) - bytes < 32);
    press(s, &m, 'o');
    assert_true(screen_has(s, "a popup"));
    assert_true(count_blocks(s) < blocks);
    press(s, &m, 'o');
    assert_int_equal(count_blocks(s), blocks);
    press(s, &m, 't');
    press(s, &m, 't');
    assert_int_equal(count_blocks(s), blocks);
    press(s, &m, 'x');
    assert_int_equal(count_blocks(s), 0);
    press(s, &m, 'x');
    press(s, &m, 'k');
    assert_int_equal(count_blocks(s), blocks);
    screen_end(s);
}

static void test_half_blocks_in_256_colours(void **state)
{
    (void)state;
    check_blocks(NULL, "\033[38;5;");
}

static void test_half_blocks_in_true_colour(void **state)
{
    (void)state;
    check_blocks("truecolor", "\033[38;2;");
}

/* --- plain output --- */

static void test_printing_ends_with_a_newline(void **state)
{
    (void)state;
    struct caps caps = {.cell_width = 10, .cell_height = 20, .max_width = 1000, .max_height = 100};
    struct canvas c = {0};
    assert_true(canvas_resize(&c, 60, 120));
    canvas_fill(&c, 0, 0, 60, 120, 9);
    static const struct {
        enum graphics graphics;
        int lines;
    } cases[] = {
        {GRAPHICS_SIXEL, 2}, {GRAPHICS_BLOCKS_256, 6}, {GRAPHICS_BLOCKS_TRUE, 6}, {GRAPHICS_NONE, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        caps.graphics = cases[i].graphics;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        assert_true(images_print(ends[1], &caps, &c));
        close(ends[1]);
        char text[8192];
        ssize_t got = read(ends[0], text, sizeof text - 1);
        close(ends[0]);
        int lines = 0;
        for (ssize_t k = 0; k < got; k++)
            lines += text[k] == '\n';
        assert_int_equal(lines, cases[i].lines);
        assert_true(got == 0 || text[got - 1] == '\n');
    }
    canvas_free(&c);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_and_selections),
        cmocka_unit_test(test_text_that_shrinks_beside_pictures),
        cmocka_unit_test(test_lists_that_scroll_beside_pictures),
        cmocka_unit_test(test_popups_over_pictures),
        cmocka_unit_test(test_pictures_that_move_shrink_and_go),
        cmocka_unit_test(test_a_narrow_picture_between_texts_at_the_bottom),
        cmocka_unit_test(test_clearing_resuming_and_redrawing),
        cmocka_unit_test(test_a_picture_wider_than_the_largest_image_comes_in_pieces),
        cmocka_unit_test(test_unchanged_frames_send_no_pictures),
        cmocka_unit_test(test_resizing_draws_again),
        cmocka_unit_test(test_frames_with_pictures_are_synchronised_where_possible),
        cmocka_unit_test(test_half_blocks_in_256_colours),
        cmocka_unit_test(test_half_blocks_in_true_colour),
        cmocka_unit_test(test_printing_ends_with_a_newline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
