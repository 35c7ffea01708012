/* SHA-256 through libmd. */
#include "ferlab/base/digest.h"

#include <sha256.h>
#include <stdint.h>
#include <stdlib.h>

struct digest {
    SHA256_CTX context;
};

struct digest *digest_new(void)
{
    struct digest *d = malloc(sizeof *d);
    if (d != NULL)
        SHA256Init(&d->context);
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t count)
{
    SHA256Update(&d->context, bytes, count);
}

void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
    SHA256End(&d->context, hex);
    free(d);
}

void digest_of(const void *bytes, size_t count, char hex[DIGEST_HEX])
{
    SHA256_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, count);
    SHA256End(&context, hex);
}
