/* ferlab doctor: what the terminal, the processor and the libraries can do here, where things lie, and
 * whether the workspace is sound. Fails only when something is broken; a thing that is merely missing is
 * reported. */
#include "command.h"

#include "ferlab/base/json.h"
#include "ferlab/base/path.h"
#include "ferlab/base/str.h"
#include "ferlab/nn/blas.h"
#include "ferlab/store/models.h"
#include "ferlab/store/reviews.h"
#include "ferlab/store/runs.h"
#include "ferlab/term/caps.h"

#include <dirent.h>
#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line of the report: "words  text", and nothing where the text is empty. */
__attribute__((format(printf, 2, 3))) static void line(const char *words, const char *format, ...)
{
    char text[PATH_MAX + 256], shown[PATH_MAX + 512];
    va_list rest;
    va_start(rest, format);
    vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    printf("%-14s %s\n", words, str_escape(shown, sizeof shown, text));
}

/* --- terminal --- */

static json_t *terminal_document(const struct caps *c, bool is_terminal)
{
    const char *term = getenv("TERM");
    json_t *d = json_pack("{s:b, s:o}", "is_terminal", is_terminal, "term", json_text(term ? term : ""));
    if (!is_terminal)
        return d;
    json_object_set_new(d, "name", json_text(c->name));
    json_object_set_new(d, "answered", json_boolean(c->answered));
    json_object_set_new(d, "graphics", json_text(graphics_name(c->graphics)));
    json_object_set_new(d, "cell",
                        json_pack("{s:i, s:i, s:s}", "width", c->cell_width, "height", c->cell_height,
                                  "source", c->cell_source));
    json_object_set_new(d, "max_image", json_pack("[i, i]", c->max_width, c->max_height));
    json_object_set_new(d, "registers", json_integer(c->registers));
    json_object_set_new(d, "synchronized", json_boolean(c->synchronized));
    return d;
}

static void print_terminal(const struct caps *c, bool is_terminal)
{
    const char *term = getenv("TERM");
    if (!is_terminal) {
        line("terminal", "standard input or output is not a terminal");
        return;
    }
    line("terminal", "%s%s%s%s", term ? term : "TERM is not set", *c->name ? ", " : "", c->name,
         c->answered ? "" : ", did not answer within a quarter of a second");
    line("  graphics", "%s", graphics_name(c->graphics));
    line("  cell", "%d x %d pixels, from %s", c->cell_width, c->cell_height, c->cell_source);
    if (c->graphics == GRAPHICS_SIXEL)
        line("  images", "up to %d x %d pixels, %d colour registers", c->max_width, c->max_height,
             c->registers);
    line("  frames", "%s", c->synchronized ? "synchronised (mode 2026)" : "not synchronised");
}

/* --- processor and libraries --- */

static void processor_name(char out[128])
{
    strcpy(out, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char text[512];
    while (file && fgets(text, sizeof text, file)) {
        char *colon = strchr(text, ':');
        if (!strncmp(text, "model name", 10) && colon) {
            text[strcspn(text, "\n")] = '\0';
            snprintf(out, 128, "%s", colon + 1 + strspn(colon + 1, " \t"));
            break;
        }
    }
    if (file)
        fclose(file);
}

/* Vector extensions that the engine has a use for. */
static json_t *vector_extensions(void)
{
    json_t *list = json_array();
#if defined(__x86_64__)
    __builtin_cpu_init();
    const struct {
        const char *name;
        bool there;
    } known[] = {
        {"sse4.2", __builtin_cpu_supports("sse4.2")},   {"avx", __builtin_cpu_supports("avx")},
        {"avx2", __builtin_cpu_supports("avx2")},       {"fma", __builtin_cpu_supports("fma")},
        {"avx512f", __builtin_cpu_supports("avx512f")},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].there)
            json_array_append_new(list, json_string(known[i].name));
    }
#elif defined(__aarch64__)
    json_array_append_new(list, json_string("neon"));
#endif
    return list;
}

static json_t *processor_document(void)
{
    char name[128];
    processor_name(name);
    return json_pack("{s:o, s:i, s:i, s:o}", "model", json_text(name), "cores",
                     (int)sysconf(_SC_NPROCESSORS_ONLN), "threads", omp_get_max_threads(), "vector",
                     vector_extensions());
}

static void print_processor(const json_t *processor)
{
    struct str vector = {0};
    int64_t threads = json_integer_value(json_object_get(processor, "threads"));
    const json_t *extensions = json_object_get(processor, "vector");
    for (size_t i = 0; i < json_array_size(extensions); i++)
        str_appendf(&vector, " %s", json_string_value(json_array_get(extensions, i)));
    line("processor", "%s", json_string_value(json_object_get(processor, "model")));
    line("  cores", "%lld, %lld thread%s%s%s",
         (long long)json_integer_value(json_object_get(processor, "cores")), (long long)threads,
         str_plural(threads), vector.length ? "," : "", vector.length ? vector.data : "");
    line("  BLAS", "%s", blas_description());
    str_free(&vector);
}

/* --- places --- */

static json_t *shipped_models(void)
{
    json_t *list = json_array();
    char folder[PATH_MAX], path[PATH_MAX];
    DIR *dir = path_of_data(folder, "models") ? opendir(folder) : NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && !strcmp(dot, ".onnx") && path_join(path, folder, entry->d_name, NULL))
            json_array_append_new(list, json_text(path));
    }
    if (dir)
        closedir(dir);
    return list;
}

static json_t *places_document(const struct cli *cli)
{
    char program[PATH_MAX] = "", data[PATH_MAX], workspace[PATH_MAX];
    path_of_program(program, NULL);
    bool has_data = path_of_data(data, "data");
    const char *resolved = realpath(cli->workspace, workspace);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "program", json_text(program), "data",
                     has_data ? json_text(data) : json_null(), "models", shipped_models(), "workspace",
                     json_text(resolved ? resolved : cli->workspace), "reviewer",
                     json_text(reviews_reviewer()));
}

static void print_places(const json_t *places)
{
    const char *data = json_string_value(json_object_get(places, "data"));
    line("program", "%s", json_string_value(json_object_get(places, "program")));
    line("  data", "%s", data ? data : "not found; set FERLAB_DATA to where it is");
    const json_t *models = json_object_get(places, "models");
    for (size_t i = 0; i < json_array_size(models); i++)
        line("  model", "%s", json_string_value(json_array_get(models, i)));
    if (json_array_size(models) == 0)
        line("  model", "none shipped");
    line("reviewer", "%s", json_string_value(json_object_get(places, "reviewer")));
}

/* --- workspace --- */

struct counts {
    size_t samples, reviews, models, runs;
};

static bool count_workspace(struct workspace *ws, struct counts *n, struct err *e)
{
    struct arena arena = {0};
    struct event *events;
    struct model *models;
    struct run *runs;
    struct columns *columns;
    bool fine = reviews_log(ws, 0, 0, 0, &arena, &events, &n->reviews, e) &&
                models_list(ws, &arena, &models, &n->models, e) && runs_list(ws, &arena, &runs, &n->runs, e);
    arena_free(&arena);
    if (!fine || !columns_load(&columns, ws, RULE_MAJORITY, 0, e))
        return false;
    n->samples = columns->count;
    columns_free(columns);
    return true;
}

/* Sound or not there yet; else false with the complaint. */
static bool check_workspace(const struct cli *cli, bool *exists, struct counts *n, struct err *e)
{
    *exists = access(cli->workspace, F_OK) == 0 || errno != ENOENT;
    if (!*exists)
        return true;
    struct workspace *ws;
    if (!workspace_open(&ws, cli->workspace, WORKSPACE_READ, e))
        return false;
    bool sound = workspace_check(ws, e) && count_workspace(ws, n, e);
    workspace_close(ws);
    return sound;
}

static json_t *workspace_document(bool exists, bool sound, const struct counts *n, const struct err *e)
{
    json_t *d = json_pack("{s:b, s:b}", "exists", exists, "sound", sound);
    if (!sound)
        json_object_set_new(d, "complaint", json_text(e->text));
    if (!exists || !sound)
        return d;
    json_object_set_new(d, "samples", json_integer((json_int_t)n->samples));
    json_object_set_new(d, "reviews", json_integer((json_int_t)n->reviews));
    json_object_set_new(d, "models", json_integer((json_int_t)n->models));
    json_object_set_new(d, "runs", json_integer((json_int_t)n->runs));
    return d;
}

static void print_workspace(const json_t *places, bool exists, bool sound, const struct counts *n)
{
    line("workspace", "%s", json_string_value(json_object_get(places, "workspace")));
    if (!exists)
        line("", "not there yet; 'ferlab import' makes it");
    else if (sound)
        line("", "sound: %zu sample%s, %zu review%s, %zu model%s, %zu run%s", n->samples,
             str_plural((int64_t)n->samples), n->reviews, str_plural((int64_t)n->reviews), n->models,
             str_plural((int64_t)n->models), n->runs, str_plural((int64_t)n->runs));
    else
        line("", "BROKEN, see below");
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
    const struct option_row options[] = {{0}};
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "takes no argument such as '%s'", argv[1]);

    bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO), exists = false;
    struct caps caps = {0};
    if (is_terminal)
        caps_query(STDIN_FILENO, &caps);
    struct counts counts = {0};
    struct err e = {0};
    bool sound = check_workspace(cli, &exists, &counts, &e);
    json_t *processor = processor_document(), *places = places_document(cli);
    if (cli->json) {
        json_print(stdout, json_pack("{s:s, s:o, s:O, s:s, s:O, s:o}", "version", FERLAB_VERSION, "terminal",
                                     terminal_document(&caps, is_terminal), "processor", processor, "blas",
                                     blas_description(), "places", places, "workspace",
                                     workspace_document(exists, sound, &counts, &e)));
    } else {
        print_terminal(&caps, is_terminal);
        print_processor(processor);
        print_places(places);
        print_workspace(places, exists, sound, &counts);
    }
    json_decref(processor);
    json_decref(places);
    return sound ? EXIT_FINE : cli_fail(&e);
}
