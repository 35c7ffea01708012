/* A perceptual hash of details, and an index by which those with nearly the same hash are found.
 *
 * The hash is 128 signs of low frequencies of the detail's discrete cosine transform, against their medians
 * over the faces (after Zauner 2010). It is indexed in eight bands, whose width grows with the number of
 * faces, and looked up for moves of the detail too, each band as it is and with its least certain sign turned
 * (Lv et al. 2007). */
#ifndef FERLAB_FACE_HASH_INDEX_H
#define FERLAB_FACE_HASH_INDEX_H

#include "detail.h"

#include "ferlab/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HASH_MOVES = 2,                             /* hashes are looked up for moves by up to this */
    HASH_WINDOW = DETAIL_SIDE - 2 * HASH_MOVES, /* of the detail, that the hash is made of */
    HASH_FREQUENCIES = 14,                      /* of each direction, that 128 signs take */
    HASH_BANDS = 8,
    HASH_BAND_BITS = 16,
    HASH_BITS = HASH_BANDS * HASH_BAND_BITS,
};

struct hash {
    uint16_t band[HASH_BANDS];
};

struct hash_index {
    size_t count;
    struct hash *hash; /* [count] */
    float cosine[HASH_FREQUENCIES][HASH_WINDOW], median[HASH_BITS];
    int frequency[HASH_BITS][2], key_bits;
    uint32_t *first, *item; /* per band: where each key's faces begin, and the faces by key */
};

/* Of `count` details. The caller frees it, also where this fails. */
bool hash_index_make(struct hash_index *index, const int8_t *detail, size_t count, int threads,
                     struct err *e);
void hash_index_free(struct hash_index *index);

/* What is done with a face that has nearly the hash of the detail moved by (dx, dy): false ends the looking
 * up. The same face may come several times. */
typedef bool (*hash_found_fn)(void *context, uint32_t face, int dx, int dy);

/* Calls `found` for faces before `end` until one call gives false, and gives what the last call gave; true
 * where there was none. */
bool hash_index_look_up(const struct hash_index *index, const int8_t *detail, uint32_t end,
                        hash_found_fn found, void *context);

#endif
