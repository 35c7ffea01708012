/* How the vectorised kernels are compiled: several versions of a function, of which the loader picks the one
 * that the processor can run. Sanitizers instrument before the loader has relocated, so they get the plain
 * version. */
#ifndef FERLAB_BASE_SIMD_H
#define FERLAB_BASE_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define SIMD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SIMD_CLONES
#endif

/* Inlined into each version, else it would be compiled for the plainest processor only. */
#define INLINE __attribute__((always_inline)) static inline

#endif
