/* Half precision: binary16 of IEEE 754 as what is stored, for numbers of magnitude up to 1. */
#ifndef FERLAB_BASE_HALF_H
#define FERLAB_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* Exact. Without branches, so that compilers make vectors of it. */
static inline float half_to_float(uint16_t h)
{
    uint32_t bits = (uint32_t)(h & 0x8000u) << 16 | (uint32_t)(h & 0x7fffu) << 13;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x * 0x1p112f; /* the exponents' biases are 15 and 127 */
}

/* To the nearest, ties to even. */
static inline uint16_t half_of_float(float x)
{
    uint32_t bits;
    x *= 0x1p-112f;
    memcpy(&bits, &x, sizeof bits);
    uint32_t magnitude = bits & 0x7fffffffu;
    magnitude += 0x0fffu + (magnitude >> 13 & 1u);
    return (uint16_t)((bits >> 16 & 0x8000u) | magnitude >> 13);
}

#endif
