#include "stage/select/table.h"

#include <math.h>
#include <string.h>

void eo_table_put_figure(struct eo_buf *out, int width, int decimals, double value)
{
    if (isfinite(value))
        eo_buf_printf(out, "%*.*f", width, decimals, value);
    else
        eo_buf_printf(out, "%*s", width, "-");
}

int eo_table_label_width(const struct eo_sweep *sweep, size_t rows, size_t least)
{
    char label[EO_CANDIDATE_LABEL];
    size_t width = least;

    for (size_t i = 0; i < rows; i++) {
        eo_candidate_label(&sweep->rows[i].key, label);
        if (strlen(label) > width)
            width = strlen(label);
    }
    return (int)width;
}
