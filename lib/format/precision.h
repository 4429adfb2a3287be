/* The size of the numbers of each precision. */
#ifndef EO_FORMAT_PRECISION_H
#define EO_FORMAT_PRECISION_H

#include "format/terms.h"

/* Bytes of one activation, and of one weight: 4, 2 or 1. */
int eo_precision_activation_bytes(enum eo_precision p);

#endif
