/* Winograd kernels for AVX2 with FMA: 16 registers of 8 floats. */
#ifdef __x86_64__

#define KERNELS winograd_avx2
#define KERNELS_NAME "avx2"
#define KERNEL __attribute__((target("avx2,fma,bmi,bmi2")))
#define VEC 8
#define ROWS 6
#define ROWS_BACK 4
#include "winograd_kernels.h"

#endif
