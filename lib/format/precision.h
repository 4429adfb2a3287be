/* How wide the numbers of each precision are. */
#ifndef EO_FORMAT_PRECISION_H
#define EO_FORMAT_PRECISION_H

#include "format/terms.h"

/* Bytes of one activation, which are those of one weight too: 4, 2, 1. */
int eo_precision_activation_bytes(enum eo_precision p);

#endif
