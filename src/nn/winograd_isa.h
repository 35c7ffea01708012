/* The sets of kernels there are, each compiled from winograd_kernels.h. */
#ifndef FERLAB_NN_WINOGRAD_ISA_H
#define FERLAB_NN_WINOGRAD_ISA_H

#include "winograd.h"

enum { WINOGRAD_ISAS = 3 };

extern const struct winograd_kernels winograd_avx512, winograd_avx2, winograd_plain;

#endif
