/* ferlab bench: how fast the engine trains and infers on this machine, and which layers take the time. */
#include "command.h"

#include "ferlab/base/interrupt.h"
#include "ferlab/base/json.h"
#include "ferlab/base/str.h"
#include "ferlab/nn/bench.h"
#include "ferlab/nn/network.h"
#include "ferlab/train/recipe.h"

#include <stdio.h>
#include <string.h>

enum { FER_TRAIN_FACES = 27947 }; /* usable under the distribution rule */

static double gflops(double flops, double ms)
{
    return flops > 0.0 && ms > 0.0 ? flops / ms * 1e-6 : 0.0;
}

static double total_ms(const struct bench *b)
{
    double total = 0.0;
    for (size_t i = 0; i < b->layer_count; i++)
        total += b->layers[i].forward_ms + b->layers[i].backward_ms;
    return total;
}

static json_t *layer_json(const struct bench_layer *l, double total)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f}", "kind", l->kind, "size", l->size,
                     "in", l->in, "out", l->out, "kernel", l->kernel, "forward_ms", l->forward_ms,
                     "backward_ms", l->backward_ms, "forward_gflops", gflops(l->forward_flops, l->forward_ms),
                     "backward_gflops", gflops(l->backward_flops, l->backward_ms), "share",
                     (l->forward_ms + l->backward_ms) / total);
}

/* Minutes of a training of FER+ with the default recipe, without its validations. */
static double fer_minutes(const struct bench *b)
{
    return b->train_img_s > 0.0 ? FER_TRAIN_FACES * recipe_default.epochs / b->train_img_s / 60.0 : 0.0;
}

static json_t *bench_json(const char *arch, const struct bench *b)
{
    json_t *layers = json_array();
    double total = total_ms(b);
    for (size_t i = 0; i < b->layer_count; i++)
        json_array_append_new(layers, layer_json(&b->layers[i], total));
    return json_pack("{s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:I, s:f, s:o}", "arch", arch, "threads",
                     b->threads, "train_batch", b->train_batch, "infer_batch", b->infer_batch, "train_img_s",
                     b->train_img_s, "infer_img_s", b->infer_img_s, "one_image_ms", b->one_ms, "sgemm_gflops",
                     b->sgemm_gflops, "train_bytes", (json_int_t)b->train_bytes, "ferplus_minutes",
                     fer_minutes(b), "layers", layers);
}

static void print_speed(double flops, double ms)
{
    if (flops > 0.0)
        printf("  %9.2f %8.1f", ms, gflops(flops, ms));
    else
        printf("  %9.2f %8s", ms, "");
}

static void print_layer(const struct bench_layer *l, double total)
{
    char shape[64], kind[32];
    snprintf(shape, sizeof shape, "%dx%d  %d > %d", l->size, l->size, l->in, l->out);
    if (l->kernel)
        snprintf(kind, sizeof kind, "%s %dx%d", l->kind, l->kernel, l->kernel);
    else
        snprintf(kind, sizeof kind, "%s", l->kind);
    printf("  %-10s %-20s", kind, shape);
    print_speed(l->forward_flops, l->forward_ms);
    print_speed(l->backward_flops, l->backward_ms);
    printf("  %5.1f %%\n", 100.0 * (l->forward_ms + l->backward_ms) / total);
}

static void print_bench(const char *arch, const struct bench *b)
{
    double total = total_ms(b);
    printf("%s, %d thread%s\n", arch, b->threads, str_plural(b->threads));
    printf("  training   %7.1f images/s  (batch %d)\n", b->train_img_s, b->train_batch);
    printf("  inference  %7.1f images/s  (batch %d)\n", b->infer_img_s, b->infer_batch);
    printf("  one image  %7.2f ms\n", b->one_ms);
    printf("  memory     %7.1f MB         (training, planned)\n", (double)b->train_bytes / 1e6);
    printf("  FER+       %7.1f min        (%d epochs of its train split, the default recipe)\n",
           fer_minutes(b), recipe_default.epochs);
    printf("  products   %7.1f GFLOP/s   (OpenBLAS sgemm, 768x768)\n\n", b->sgemm_gflops);
    printf("  %-31s  %18s  %18s  %7s\n", "one training batch", "forward", "backward", "share");
    printf("  %-10s %-20s  %9s %8s  %9s %8s\n", "layer", "size  channels", "ms", "GFLOP/s", "ms", "GFLOP/s");
    for (size_t i = 0; i < b->layer_count; i++)
        print_layer(&b->layers[i], total);
}

int cmd_bench(struct cli *cli, int argc, char **argv)
{
    const char *arch = "default";
    int64_t threads = 0, batch = BENCH_TRAIN_BATCH, infer_batch = BENCH_INFER_BATCH;
    double seconds = 6.0;
    const struct option_row options[] = {
        {"arch", OPTION_TEXT, &arch, "ARCH",
         "the network: a preset or items such as 32,P,64 (default: default)", 0, 0},
        {"threads", OPTION_INTEGER, &threads, "N", "threads; 0 takes all (default: 0)", 0, 256},
        {"batch", OPTION_INTEGER, &batch, "B", "images of a training step (default: 128)", 1, 4096},
        {"infer-batch", OPTION_INTEGER, &infer_batch, "B", "images predicted at a time (default: 256)", 1,
         4096},
        {"seconds", OPTION_REAL, &seconds, "S", "seconds for training; the rest takes as long (default: 6)",
         0.1, 600},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0},
    };
    enum parsed parsed = cli_parse(cli, options, &argc, argv);
    if (parsed != PARSED_GO)
        return cli_parse_status(parsed);
    if (argc > 1)
        return cli_usage(cli, "'%s' is not wanted here", argv[1]);
    struct err e;
    if (!recipe_check_arch(arch, &e))
        return cli_fail(&e);
    interrupt_install();
    if (!cli->json && !cli->quiet)
        fprintf(stderr, "measuring for about %.0f seconds\n", 2.0 * seconds);
    struct bench b;
    struct bench_plan plan = {arch, (int)threads, (int)batch, (int)infer_batch, seconds};
    if (!bench_run(&plan, &b, &e))
        return cli_fail(&e);
    if (cli->json)
        json_print(stdout, bench_json(arch, &b));
    else
        print_bench(arch, &b);
    bench_free(&b);
    return EXIT_FINE;
}
