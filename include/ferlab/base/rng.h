/* Random numbers: xoshiro256++ (Blackman & Vigna) seeded by splitmix64.
 * A (seed, stream) pair names an independent sequence, so work split over threads stays reproducible. */
#ifndef FERLAB_BASE_RNG_H
#define FERLAB_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
float rng_uniform(struct rng *r); /* [0, 1) */
float rng_range(struct rng *r, float low, float high);
float rng_normal(struct rng *r);                                /* mean 0, deviation 1 */
uint32_t rng_below(struct rng *r, uint32_t n);                  /* unbiased in [0, n); n > 0 */
void rng_shuffle(struct rng *r, uint32_t *items, size_t count); /* Fisher-Yates */

#endif
