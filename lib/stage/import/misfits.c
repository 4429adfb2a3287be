#include "stage/import/misfits.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 34
#define SHAPE_WIDTH 20

struct table {
    struct eo_buf *out;
    int rows;
};

static void put_row(struct table *t, const char *name, const char *expected, const char *found)
{
    char shown[120];

    snprintf(shown, sizeof(shown), "%s", name);
    eo_err_make_printable(shown);
    if (t->rows++ == 0)
        eo_buf_printf(t->out, "%-*s  %-*s  found\n", NAME_WIDTH, "tensor", SHAPE_WIDTH, "expected");
    eo_buf_printf(t->out, "%-*s  %-*s  %s\n", NAME_WIDTH, shown, SHAPE_WIDTH, expected, found);
}

/* A tensor that is there, against the shape that it should have. */
static void check_shape(struct table *t, const struct eo_st_tensor *tensor, int dims, const size_t *shape)
{
    char expected[EO_ST_SHAPE_TEXT], found[EO_ST_SHAPE_TEXT];

    if (!tensor || eo_match_fits(tensor, dims, shape))
        return;
    eo_st_shape_text(expected, dims, shape);
    eo_st_shape_text(found, tensor->dims, tensor->shape);
    put_row(t, tensor->name, expected, found);
}

/* The layer found no module. Where several have its shape, they are named. */
static void put_missing(struct table *t, const struct eo_match *match, const struct eo_modules *modules,
                        const struct eo_network *net, int layer)
{
    char name[EO_NETWORK_NAME + 8], expected[EO_ST_SHAPE_TEXT], found[160] = "nothing";
    size_t shape[EO_ST_MAX_DIMS], used = 0;
    int dims = eo_match_shape(&net->layer[layer], shape);

    for (int k = 0; k < modules->count && used < sizeof(found) - 1; k++) {
        const struct eo_module *m = &modules->module[k];

        if (m->weight && !m->mean && eo_match_fits(m->weight, dims, shape) && !eo_match_takes(match, net, k))
            used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%.*s", used ? ", " : "any of ",
                                     m->length, m->name);
    }
    eo_err_make_printable(found);
    snprintf(name, sizeof(name), "%s.weight", net->layer[layer].name);
    eo_st_shape_text(expected, dims, shape);
    put_row(t, name, expected, found);
}

static void check_norm(struct table *t, const struct eo_module *norm, const struct eo_network_layer *l)
{
    const size_t channels = (size_t)l->map.c;
    char name[100];

    check_shape(t, norm->weight, 1, &channels);
    check_shape(t, norm->bias, 1, &channels);
    check_shape(t, norm->mean, 1, &channels);
    check_shape(t, norm->variance, 1, &channels);
    if (norm->mean && norm->variance)
        return;
    snprintf(name, sizeof(name), "%.*s.%s", norm->length < 80 ? norm->length : 80, norm->name,
             norm->mean ? "running_var" : "running_mean");
    put_row(t, name, "statistics", "nothing");
}

static void check_layer(struct table *t, const struct eo_module *m, const struct eo_network_layer *l)
{
    size_t shape[EO_ST_MAX_DIMS], outputs = (size_t)l->map.c;
    int dims = eo_match_shape(l, shape);
    char name[100];

    check_shape(t, m->weight, dims, shape);
    check_shape(t, m->bias, 1, &outputs);
    if (m->weight)
        return;
    snprintf(name, sizeof(name), "%.*s.weight", m->length < 80 ? m->length : 80, m->name);
    put_row(t, name, "weights", "nothing");
}

/* A module that no layer has taken. */
static void put_left(struct table *t, const struct eo_module *m)
{
    const struct eo_st_tensor *const tensors[] = {m->weight, m->bias, m->mean, m->variance, m->odd};

    for (int i = 0; i < 5; i++) {
        char found[EO_ST_SHAPE_TEXT];

        if (!tensors[i])
            continue;
        eo_st_shape_text(found, tensors[i]->dims, tensors[i]->shape);
        put_row(t, tensors[i]->name, "nothing", found);
    }
}

int eo_misfits_put(const struct eo_match *match, const struct eo_modules *modules,
                   const struct eo_network *net, struct eo_buf *out)
{
    struct table t = {out, 0};

    for (int i = 0; i < net->count; i++) {
        if (match->layer[i] < 0)
            put_missing(&t, match, modules, net, i);
        else
            check_layer(&t, &modules->module[match->layer[i]], &net->layer[i]);
        if (match->norm[i] >= 0)
            check_norm(&t, &modules->module[match->norm[i]], &net->layer[i]);
    }
    for (int k = 0; k < modules->count; k++) {
        if (!eo_match_takes(match, net, k))
            put_left(&t, &modules->module[k]);
    }
    return t.rows;
}
