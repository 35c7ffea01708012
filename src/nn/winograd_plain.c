/* Winograd kernels for any processor, in vectors of four floats as SSE2 and NEON have them. */
#define KERNELS winograd_plain
#define KERNELS_NAME "plain"
#define KERNEL
#define VEC 4
#define ROWS 6
#define ROWS_BACK 4
#include "winograd_kernels.h"
