/* Runs the cases of one JSON file, as onnx_nodes.py writes it: a line for each that fails, then the count. */
#include "../unit/graph_case.h"

int main(int argc, char **argv)
{
    json_t *cases = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL, *c;
    if (!cases) {
        fputs("usage: onnx_nodes CASES.json\n", stderr);
        return 2;
    }
    size_t i, passed = 0, failed = 0, skipped = 0;
    json_array_foreach(cases, i, c)
    {
        char why[1200];
        bool refused;
        const char *name = json_string_value(json_object_get(c, "name")),
                   *skip = json_string_value(json_object_get(c, "skip"));
        if (skip) {
            printf("skipped %s: %s\n", name, skip);
            skipped++;
        } else if (case_passes(c, why, sizeof why, &refused)) {
            passed++;
        } else {
            printf("failed  %s: %s\n", name, why);
            failed++;
        }
    }
    printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    json_decref(cases);
    return failed > 0;
}
