/* Model files without batch normalisation, for programs that run convolutions with biases faster or know
 * nothing else. */
#include "predictor.h"

#include "ferlab/nn/onnx.h"

#include <stdlib.h>

/* `net` as a file with the notes of `bytes`, of which one tells the architecture. */
static bool write_noted(const struct network *net, const void *bytes, size_t size, void **out,
                        size_t *out_size, struct err *e)
{
    const struct onnx_note arch = {.key = "arch", .value = network_arch(net)};
    void *plain = NULL, *noted = NULL;
    size_t plain_size, noted_size;
    bool fine = onnx_write(net, NULL, NULL, 0, &plain, &plain_size, e) &&
                onnx_notes_copy(plain, plain_size, bytes, size, &noted, &noted_size, e) &&
                onnx_notes_set(noted, noted_size, &arch, 1, out, out_size, e);
    free(plain);
    free(noted);
    return fine;
}

bool model_fold(const void *bytes, size_t size, const char *name, void **out, size_t *out_size, struct err *e)
{
    struct predictor *p = predictor_from_onnx(bytes, size, name, 1, e);
    if (p == NULL)
        return false;
    struct network *net = predictor_take_network(p), *folded = NULL;
    predictor_free(p);
    if (net == NULL)
        return err_set(
            e, ERR_INPUT,
            "%s: normalisation is folded in networks of ferlab's own kind only, and this model is a "
            "graph of other operators; export it without --fold-bn",
            name);
    folded = network_fold(net, e);
    bool fine = folded != NULL && write_noted(folded, bytes, size, out, out_size, e);
    network_free(net);
    network_free(folded);
    return fine;
}
