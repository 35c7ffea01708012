/* scan CASCADE.xml LEAST_NEIGHBOURS THREADS REPEATS PICTURE...: what the cascade finds in each, as lines
 * "PICTURE x y width height members"; then "seconds S", the least of the repeats for all pictures. */
#include "ferlab/detect/cascade.h"

#include "ferlab/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static bool find(const struct cascade *c, const struct gray *image, int neighbours, int threads,
                 struct boxes *found, struct err *e)
{
    found->count = 0;
    return cascade_scan(c, image, &(struct cascade_search){.step = 1.1, .threads = threads}, found, e) &&
           (neighbours == 0 || boxes_group(found, neighbours) || err_memory(e, "grouping"));
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc < 6)
        return fputs("usage: scan CASCADE.xml LEAST_NEIGHBOURS THREADS REPEATS PICTURE...\n", stderr), 2;
    struct cascade *c = cascade_load(argv[1], &e);
    int neighbours = atoi(argv[2]), threads = atoi(argv[3]), repeats = atoi(argv[4]), count = argc - 5;
    struct gray *images = calloc((size_t)count, sizeof *images);
    bool fine = c != NULL && images != NULL;
    for (int i = 0; i < count && fine; i++)
        fine = image_load(argv[5 + i], &images[i], &e);
    struct boxes found = {0};
    double least = 1e9;
    for (int r = 0; r < repeats && fine; r++) {
        double start = clock_seconds();
        for (int i = 0; i < count && fine; i++) {
            fine = find(c, &images[i], neighbours, threads, &found, &e);
            for (size_t b = 0; b < found.count && r == 0; b++)
                printf("%s %d %d %d %d %d\n", argv[5 + i], found.items[b].x, found.items[b].y,
                       found.items[b].width, found.items[b].height, found.items[b].members);
        }
        double took = clock_seconds() - start;
        least = took < least ? took : least;
    }
    if (fine)
        printf("seconds %.6f\n", least);
    else
        fprintf(stderr, "scan: %s\n", e.text);
    for (int i = 0; i < count && images != NULL; i++)
        image_free(&images[i]);
    free(images);
    boxes_free(&found);
    cascade_free(c);
    return fine ? 0 : 1;
}
