/* What the tables that programs print have in common. */
#ifndef EO_STAGE_SELECT_TABLE_H
#define EO_STAGE_SELECT_TABLE_H

#include <stddef.h>

#include "base/buf.h"
#include "stage/select/sweep.h"

/* Appends a number of `width` characters, right-aligned; "-" where the figure is missing. */
void eo_table_put_figure(struct eo_buf *out, int width, int decimals, double value);

/* Characters of the longest label of the first `rows` rows, and at least `least`. */
int eo_table_label_width(const struct eo_sweep *sweep, size_t rows, size_t least);

#endif
