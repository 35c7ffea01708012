/* Winograd kernels for AVX-512: 32 registers of 16 floats. */
#ifdef __x86_64__

#define KERNELS winograd_avx512
#define KERNELS_NAME "avx512"
#define KERNEL __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512cd,avx2,fma,bmi,bmi2")))
#define VEC 16
#define ROWS 12
#define ROWS_BACK 8
#include "winograd_kernels.h"

#endif
