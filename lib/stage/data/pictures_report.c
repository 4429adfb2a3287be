#include "stage/data/pictures_report.h"

#include <math.h>
#include <string.h>

#include "base/index.h"

#define NAMED 3 /* pairs of equal pictures that are named */

static void put_classes(const struct eo_pictures *p, struct eo_buf *out)
{
    size_t count[EO_PICTURES_CLASSES][2] = {{0}}, least = p->count, most = 0;

    for (size_t i = 0; i < p->count; i++)
        count[p->labels[i]][p->parts[i] == EO_DATASET_TEST]++;
    eo_buf_printf(out, "%-24s %10s %10s\n", "class", "train", "test");
    for (unsigned k = 0; k < p->classes; k++) {
        size_t all = count[k][0] + count[k][1];

        least = all < least ? all : least;
        most = all > most ? all : most;
        if (p->names[k])
            eo_buf_printf(out, "%-3u %-20s %10zu %10zu\n", k, p->names[k], count[k][0], count[k][1]);
        else
            eo_buf_printf(out, "%-24u %10zu %10zu\n", k, count[k][0], count[k][1]);
    }
    if (least == 0)
        eo_buf_puts(out, "imbalance: a class has no picture\n");
    else
        eo_buf_printf(out, "imbalance: the largest class has %.2f times the pictures of the smallest\n",
                      (double)most / (double)least);
}

static void put_channels(const struct eo_pictures *p, struct eo_buf *out)
{
    size_t plane = (size_t)p->shape.height * p->shape.width, values = plane * p->shape.channels;

    for (uint32_t c = 0; c < p->shape.channels; c++) {
        double sum = 0, squares = 0, n = 0, mean;

        for (size_t i = 0; i < p->count; i++) {
            const uint8_t *v = p->pixels + i * values + c * plane;

            if (p->parts[i] != EO_DATASET_TRAIN)
                continue;
            for (size_t k = 0; k < plane; k++) {
                sum += v[k];
                squares += (double)v[k] * v[k];
            }
            n += (double)plane;
        }
        mean = sum / n;
        eo_buf_printf(out, "channel %u: mean %.2f, standard deviation %.2f of 0..255 (training set)\n", c,
                      mean, sqrt(fmax(squares / n - mean * mean, 0)));
    }
}

struct twins {
    size_t within[2], across; /* train, test; in both */
    size_t pair[NAMED][2];    /* the first of those in both */
    size_t relabelled;        /* equal pictures with different labels */
};

static void note_twin(const struct eo_pictures *p, struct twins *t, size_t first, size_t i)
{
    t->relabelled += p->labels[first] != p->labels[i];
    if (p->parts[first] == p->parts[i]) {
        t->within[p->parts[i] == EO_DATASET_TEST]++;
        return;
    }
    if (t->across < NAMED) {
        t->pair[t->across][0] = first;
        t->pair[t->across][1] = i;
    }
    t->across++;
}

/* Compares each picture with the first one that is equal to it. */
static int find_twins(const struct eo_pictures *p, struct twins *t, struct eo_err *err)
{
    size_t values = (size_t)p->shape.channels * p->shape.height * p->shape.width, first;
    struct eo_index index = {0};
    int rc = 0;

    for (size_t i = 0; !rc && i < p->count; i++) {
        const uint8_t *v = p->pixels + i * values;
        uint64_t hash = eo_index_hash(v, values, 0);
        struct eo_index_walk walk = eo_index_find(&index, hash);
        int is_known = 0;

        while (!is_known && eo_index_next(&index, &walk, &first))
            is_known = memcmp(p->pixels + first * values, v, values) == 0;
        if (is_known)
            note_twin(p, t, first, i);
        else
            rc = eo_index_add(&index, hash, i, err);
    }
    eo_index_release(&index);
    return rc;
}

int eo_pictures_report(const struct eo_pictures *p, struct eo_buf *out, struct eo_err *err)
{
    struct twins t = {{0}, 0, {{0}}, 0};
    char shape[48];

    if (find_twins(p, &t, err))
        return -1;
    eo_picture_shape_format(&p->shape, shape);
    eo_buf_printf(out, "%zu pictures of %s (channels x height x width) in %u classes\n", p->count, shape,
                  p->classes);
    if (p->low < p->high && !(p->low == 0 && p->high == 255))
        eo_buf_printf(out, "scale: numbers of %g to %g became 0 to 255\n", p->low, p->high);
    put_classes(p, out);
    put_channels(p, out);
    eo_buf_printf(out, "repeated: %zu within the training set, %zu within the test set, %zu in both\n",
                  t.within[0], t.within[1], t.across);
    for (size_t i = 0; i < NAMED && i < t.across; i++)
        eo_buf_printf(out, "    %s = %s\n", p->origins[t.pair[i][0]], p->origins[t.pair[i][1]]);
    if (t.relabelled)
        eo_buf_printf(out, "equal pictures with different labels: %zu\n", t.relabelled);
    return 0;
}
