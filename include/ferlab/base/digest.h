/* Digests: SHA-256 by libmd, as lower-case hex. */
#ifndef FERLAB_BASE_DIGEST_H
#define FERLAB_BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_HEX = 65 };

struct digest;                   /* under construction */
struct digest *digest_new(void); /* NULL when memory runs out */
void digest_add(struct digest *d, const void *bytes, size_t count);
void digest_end(struct digest *d, char hex[DIGEST_HEX]); /* frees d */

void digest_of(const void *bytes, size_t count, char hex[DIGEST_HEX]);

#endif
