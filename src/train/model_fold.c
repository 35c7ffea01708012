/* Model files without batch normalisation, for programs that run convolutions with biases faster or know
 * nothing else. */
#include "classifier.h"

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
    struct classifier *c = classifier_read(bytes, size, name, NULL, e);
    if (c == NULL)
        return false;
    struct network *folded = NULL;
    if (c->net != NULL)
        folded = network_fold(c->net, e);
    else
        err_set(e, ERR_INPUT,
                "%s: normalisation is folded in networks of ferlab's own kind only, and this model is a "
                "graph of other operators; export it without --fold-bn",
                name);
    bool fine = folded != NULL && write_noted(folded, bytes, size, out, out_size, e);
    classifier_free(c);
    network_free(folded);
    return fine;
}
