#include "stage/export/cost_terms.h"

#include <string.h>

#include "stage/export/export_list.h"

#define NAME(name, meaning) #name,
const char *const eo_cost_term_names[EO_COST_TERM_COUNT] = {EO_COST_TERMS(NAME)};

static double round_up(double n, size_t to)
{
    return (double)eo_export_round_up((size_t)n, to);
}

/* How many pixels of the map are computed, in how many pairs. */
struct pixels {
    double single, pairs;
};

static struct pixels pixels_of(const struct eo_network_layer *l)
{
    double map = (double)l->map.h * l->map.w, windows = (double)l->out.h * l->out.w;
    double window = l->pooling == EO_MEAN ? map : (double)l->window.h * l->window.w;

    if (l->pooling == EO_NO_POOLING)
        return (struct pixels){map, round_up(map, 2) / 2};
    return (struct pixels){windows * window, windows * (round_up(window, 2) / 2)};
}

/* Rows and columns of patches along one side of the map, by whether they lie inside of the input. */
struct side {
    double places, whole; /* how many patches there are, and how many of them have no padding */
    double lines, inside; /* of all patches: rows or columns, and those inside */
};

static struct side side_of(int places, int stride, int pad, int kernel, int size)
{
    struct side s = {places, 0, (double)places * kernel, 0};

    for (int p = 0; p < places; p++) {
        int from = p * stride - pad, to = from + kernel;
        int first = from > 0 ? from : 0, last = to < size ? to : size;

        s.whole += from >= 0 && to <= size;
        s.inside += last > first ? last - first : 0;
    }
    return s;
}

/* Copies to patches, of the whole map: a row of a patch at once, or each pixel of it where the row leaves the input. */
static void count_copies(const struct eo_network_layer *l, double *runs, double *values)
{
    struct side rows = side_of(l->map.h, l->stride.h, l->pad.top, l->kernel.h, l->in.h);
    struct side columns = side_of(l->map.w, l->stride.w, l->pad.left, l->kernel.w, l->in.w);
    double outside = (rows.lines - rows.inside) * columns.places; /* rows of padding */
    double at_once = rows.inside * columns.whole;
    double one_by_one = rows.inside * (columns.lines - columns.whole * l->kernel.w);

    if (l->kernel.h == 1 || l->kernel.w == l->in.w)
        at_once -= rows.whole * columns.whole * l->kernel.h; /* not copied */
    *runs = outside + at_once + one_by_one;
    *values = ((outside + at_once) * l->kernel.w + one_by_one) * l->in.c;
}

static void count_convolution(const struct eo_network_layer *l, int is_float, enum eo_export_path path,
                              struct pixels p, double *terms)
{
    double count = (double)eo_network_terms(l), pairs = round_up(l->map.c, 2) / 2;

    count = is_float ? count : round_up(count, path == EO_EXPORT_HELIUM ? 16 : 8);
    if (l->operation == EO_CONV) {
        double share = p.single / ((double)l->map.h * l->map.w);

        count_copies(l, &terms[EO_COST_run], &terms[EO_COST_copied]);
        terms[EO_COST_run] *= share;
        terms[EO_COST_copied] *= share;
    }
    terms[EO_COST_pixel] = p.single;
    terms[EO_COST_term] = p.single * count;
    terms[EO_COST_channels] = p.pairs * pairs;
    terms[EO_COST_dot] = p.pairs * pairs * count;
}

static void count_depthwise(const struct eo_network_layer *l, int is_float, enum eo_export_path path,
                            struct pixels p, double *terms)
{
    double taps = (double)eo_network_terms(l), channels = l->map.c;

    if (!is_float && path != EO_EXPORT_PLAIN)
        channels = round_up(channels, path == EO_EXPORT_HELIUM ? 16 : 4);
    terms[EO_COST_depthwise_pixel] = p.single;
    terms[EO_COST_depthwise_tap] = p.single * taps;
    terms[EO_COST_depthwise_channel] = p.single * channels;
    if (!is_float && path == EO_EXPORT_SMLAD)
        taps = round_up(taps, 3);
    terms[EO_COST_depthwise_dot] = p.single * channels * taps;
    terms[EO_COST_depthwise_weight] = channels * taps;
}

void eo_cost_terms(const struct eo_network_layer *l, int is_float, enum eo_export_path path,
                   double terms[EO_COST_TERM_COUNT])
{
    struct pixels p = pixels_of(l);
    double values = p.single * l->map.c;

    memset(terms, 0, EO_COST_TERM_COUNT * sizeof(*terms));
    terms[EO_COST_layer] = 1;
    terms[EO_COST_activation] = values;
    terms[EO_COST_added] = l->add == EO_NETWORK_NONE ? 0 : values;
    if (l->pooling != EO_NO_POOLING) {
        terms[EO_COST_pooling] = values;
        terms[EO_COST_pooled] = (double)l->out.c * l->out.h * l->out.w;
    }
    if (is_float && l->operation == EO_LINEAR) {
        terms[EO_COST_linear_part] = (double)l->map.c * l->in.c;
        terms[EO_COST_linear_mac] = (double)eo_network_layer_macs(l);
    } else if (l->operation == EO_DEPTHWISE) {
        count_depthwise(l, is_float, path, p, terms);
    } else {
        count_convolution(l, is_float, path, p, terms);
    }
}
