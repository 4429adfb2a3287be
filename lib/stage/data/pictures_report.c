#include "stage/data/pictures_report.h"

#include <math.h>
#include <string.h>

#include "base/index.h"
#include "format/json.h"

#define NAMED 3 /* pairs of equal pictures that are named */

struct counts {
    size_t of[EO_PICTURES_CLASSES][2], least, most; /* pictures of each class: train, test; of all classes */
};

static void count_classes(const struct eo_pictures *p, struct counts *c)
{
    *c = (struct counts){.least = p->count};
    for (size_t i = 0; i < p->count; i++)
        c->of[p->labels[i]][p->parts[i] == EO_DATASET_TEST]++;
    for (unsigned k = 0; k < p->classes; k++) {
        size_t all = c->of[k][0] + c->of[k][1];

        c->least = all < c->least ? all : c->least;
        c->most = all > c->most ? all : c->most;
    }
}

static double imbalance_of(const struct counts *c)
{
    return c->least ? (double)c->most / (double)c->least : NAN;
}

static void put_classes(const struct eo_pictures *p, struct eo_buf *out)
{
    struct counts c;

    count_classes(p, &c);
    eo_buf_printf(out, "%-24s %10s %10s\n", "class", "train", "test");
    for (unsigned k = 0; k < p->classes; k++) {
        if (p->names[k])
            eo_buf_printf(out, "%-3u %-20s %10zu %10zu\n", k, p->names[k], c.of[k][0], c.of[k][1]);
        else
            eo_buf_printf(out, "%-24u %10zu %10zu\n", k, c.of[k][0], c.of[k][1]);
    }
    if (c.least == 0)
        eo_buf_puts(out, "imbalance: a class has no picture\n");
    else
        eo_buf_printf(out, "imbalance: the largest class has %.2f times the pictures of the smallest\n",
                      imbalance_of(&c));
}

struct channel {
    double mean, deviation; /* over the training set */
};

static struct channel measure_channel(const struct eo_pictures *p, uint32_t c)
{
    size_t plane = (size_t)p->shape.height * p->shape.width, values = plane * p->shape.channels;
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
    return (struct channel){mean, sqrt(fmax(squares / n - mean * mean, 0))};
}

static void put_channels(const struct eo_pictures *p, struct eo_buf *out)
{
    for (uint32_t c = 0; c < p->shape.channels; c++) {
        struct channel m = measure_channel(p, c);

        eo_buf_printf(out, "channel %u: mean %.2f, standard deviation %.2f of 0..255 (training set)\n", c, m.mean,
                      m.deviation);
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

/* ---- as JSON ----------------------------------------------------------------------------------------------------- */

static void put_json_classes(struct eo_json *j, const struct eo_pictures *p)
{
    struct counts c;

    count_classes(p, &c);
    eo_json_open(j, "classes", '[');
    for (unsigned k = 0; k < p->classes; k++) {
        eo_json_open(j, NULL, '{');
        eo_json_int(j, "label", k);
        eo_json_text(j, "name", p->names[k]);
        eo_json_int(j, "train", (long long)c.of[k][0]);
        eo_json_int(j, "test", (long long)c.of[k][1]);
        eo_json_close(j);
    }
    eo_json_close(j);
    eo_json_double(j, "imbalance", imbalance_of(&c));
    eo_json_open(j, "channels", '[');
    for (uint32_t i = 0; i < p->shape.channels; i++) {
        struct channel m = measure_channel(p, i);

        eo_json_open(j, NULL, '{');
        eo_json_double(j, "mean", m.mean);
        eo_json_double(j, "standard_deviation", m.deviation);
        eo_json_close(j);
    }
    eo_json_close(j);
}

static void put_json_twins(struct eo_json *j, const struct eo_pictures *p, const struct twins *t)
{
    eo_json_int(j, "repeated_within_train", (long long)t->within[0]);
    eo_json_int(j, "repeated_within_test", (long long)t->within[1]);
    eo_json_int(j, "repeated_in_both", (long long)t->across);
    eo_json_open(j, "first_in_both", '[');
    for (size_t i = 0; i < NAMED && i < t->across; i++) {
        eo_json_open(j, NULL, '[');
        eo_json_text(j, NULL, p->origins[t->pair[i][0]]);
        eo_json_text(j, NULL, p->origins[t->pair[i][1]]);
        eo_json_close(j);
    }
    eo_json_close(j);
    eo_json_int(j, "equal_with_different_labels", (long long)t->relabelled);
}

int eo_pictures_report_json(const struct eo_pictures *p, struct eo_buf *out, struct eo_err *err)
{
    struct twins t = {{0}, 0, {{0}}, 0};
    struct eo_json j = {.out = out};

    if (find_twins(p, &t, err))
        return -1;
    eo_json_open(&j, NULL, '{');
    eo_json_int(&j, "pictures", (long long)p->count);
    eo_json_open(&j, "shape", '[');
    eo_json_int(&j, NULL, p->shape.channels);
    eo_json_int(&j, NULL, p->shape.height);
    eo_json_int(&j, NULL, p->shape.width);
    eo_json_close(&j);
    eo_json_double(&j, "scale_low", p->low < p->high ? p->low : NAN);
    eo_json_double(&j, "scale_high", p->low < p->high ? p->high : NAN);
    put_json_classes(&j, p);
    put_json_twins(&j, p, &t);
    eo_json_close(&j);
    return 0;
}
