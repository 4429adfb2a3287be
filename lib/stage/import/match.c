#include "stage/import/match.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/state_dict.h"

/* ---- modules --------------------------------------------------------------------------------------------------- */

static struct eo_module *find_module(struct eo_modules *modules, const char *name, int length)
{
    for (int i = 0; i < modules->count; i++) {
        struct eo_module *m = &modules->module[i];

        if (!m->odd && m->length == length && memcmp(m->name, name, (size_t)length) == 0)
            return m;
    }
    modules->module[modules->count] = (struct eo_module){.name = name, .length = length};
    return &modules->module[modules->count++];
}

static void add_tensor(struct eo_modules *modules, const struct eo_st_tensor *t)
{
    const char *dot = strrchr(t->name, '.'), *field = dot ? dot + 1 : t->name;
    int length = dot ? (int)(dot - t->name) : 0;
    const char *const fields[] = {"weight", "bias", "running_mean", "running_var"};
    struct eo_module *m;

    for (int i = 0; i < 4; i++) {
        if (strcmp(field, fields[i]) != 0)
            continue;
        m = find_module(modules, t->name, length);
        *(i == 0 ? &m->weight : i == 1 ? &m->bias : i == 2 ? &m->mean : &m->variance) = t;
        return;
    }
    modules->module[modules->count++] =
        (struct eo_module){.name = t->name, .length = (int)strlen(t->name), .odd = t};
}

void eo_modules_make(struct eo_modules *modules, const struct eo_st *st)
{
    modules->count = 0;
    for (size_t i = 0; i < st->tensor_count; i++) {
        if (!eo_state_dict_is_counter(st->tensors[i].name))
            add_tensor(modules, &st->tensors[i]);
    }
}

static int is_norm(const struct eo_module *m)
{
    return m->mean || m->variance;
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

int eo_match_shape(const struct eo_network_layer *l, size_t shape[EO_ST_MAX_DIMS])
{
    size_t taps = (size_t)l->kernel.h * (size_t)l->kernel.w;

    shape[0] = (size_t)l->map.c;
    shape[1] = l->operation == EO_LINEAR ? eo_network_terms(l) : eo_network_terms(l) / taps;
    shape[2] = (size_t)l->kernel.h;
    shape[3] = (size_t)l->kernel.w;
    return l->operation == EO_LINEAR ? 2 : 4;
}

int eo_match_fits(const struct eo_st_tensor *t, int dims, const size_t *shape)
{
    for (int i = 0; i < EO_ST_MAX_DIMS; i++) {
        if ((i < t->dims ? t->shape[i] : 1) != (i < dims ? shape[i] : 1))
            return 0;
    }
    return t->dims > 0;
}

static int fits_layer(const struct eo_module *m, const struct eo_network_layer *l)
{
    size_t shape[EO_ST_MAX_DIMS];
    int dims = eo_match_shape(l, shape);

    return m->weight && !is_norm(m) && eo_match_fits(m->weight, dims, shape);
}

static int fits_norm(const struct eo_module *m, const struct eo_network_layer *l)
{
    const size_t channels = (size_t)l->map.c;

    return m->mean && eo_match_fits(m->mean, 1, &channels);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static int has_name(const struct eo_module *m, const char *name)
{
    return !m->odd && (int)strlen(name) == m->length && memcmp(m->name, name, (size_t)m->length) == 0;
}

static int module_of(const struct eo_modules *modules, const char *name)
{
    for (int i = 0; i < modules->count; i++) {
        if (has_name(&modules->module[i], name))
            return i;
    }
    return -1;
}

/*
 * The order of two names, in which digits compare as the number that they are. With `is_numbers_ignored` all numbers
 * are equal, so that 0 means that the names differ in their numbers alone.
 */
static int compare_names(const struct eo_module *a, const struct eo_module *b, int is_numbers_ignored)
{
    const char *p = a->name, *q = b->name, *p_end = p + a->length, *q_end = q + b->length;

    while (p < p_end && q < q_end) {
        unsigned long x = 0, y = 0;

        if (!isdigit((unsigned char)*p) || !isdigit((unsigned char)*q)) {
            if (*p != *q)
                return *p < *q ? -1 : 1;
            p++;
            q++;
            continue;
        }
        for (; p < p_end && isdigit((unsigned char)*p); p++)
            x = x * 10 + (unsigned long)(*p - '0');
        for (; q < q_end && isdigit((unsigned char)*q); q++)
            y = y * 10 + (unsigned long)(*q - '0');
        if (x != y && !is_numbers_ignored)
            return x < y ? -1 : 1;
    }
    return (p < p_end) - (q < q_end);
}

/* A total order, so that every qsort() gives the same: 1 and 01 are one number, but two names. */
static int compare_for_sort(const void *first, const void *second)
{
    const struct eo_module *a = *(const struct eo_module *const *)first,
                           *b = *(const struct eo_module *const *)second;
    int order = compare_names(a, b, 0);

    if (order == 0)
        order = (a->length > b->length) - (a->length < b->length);
    return order ? order : memcmp(a->name, b->name, (size_t)a->length);
}

/* ---- by map and by name ------------------------------------------------------------------------------------------ */

static int layer_of(const struct eo_network *net, const char *name, size_t length)
{
    for (int i = 0; i < net->count; i++) {
        if (strlen(net->layer[i].name) == length && memcmp(net->layer[i].name, name, length) == 0)
            return i;
    }
    return -1;
}

static int take_map(struct eo_match *match, const struct eo_modules *modules, const struct eo_network *net,
                    const char *map, struct eo_err *err)
{
    static const char norm[] = ".batch_norm";
    const char *equals = strchr(map, '=');
    size_t ours = equals ? strlen(equals + 1) : 0, n = sizeof(norm) - 1;
    char theirs[200];
    int is_of_norm, module, layer;

    if (!equals || !ours || (size_t)(equals - map) >= sizeof(theirs))
        return eo_err_set(err, "expected THEIRS=OURS, as fc=classifier, found '%.60s'", map);
    snprintf(theirs, sizeof(theirs), "%.*s", (int)(equals - map), map);
    is_of_norm = ours > n && strcmp(equals + 1 + ours - n, norm) == 0;
    layer = layer_of(net, equals + 1, is_of_norm ? ours - n : ours);
    module = module_of(modules, theirs);
    if (layer < 0)
        return eo_err_set(err, "expected a layer of the network behind '=', found '%.60s'", equals + 1);
    if (module < 0)
        return eo_err_set(err, "expected the name of tensors of the file before '=', found '%.60s'", theirs);
    *(is_of_norm ? &match->norm[layer] : &match->layer[layer]) = module;
    *(is_of_norm ? &match->norm_how[layer] : &match->layer_how[layer]) = EO_MATCH_MAP;
    return 0;
}

static void take(int *slot, enum eo_match_how *how_slot, int module, enum eo_match_how how)
{
    *slot = module;
    *how_slot = how;
}

static void take_names(struct eo_match *match, const struct eo_modules *modules, const struct eo_network *net)
{
    char name[EO_NETWORK_NAME + 16];

    for (int i = 0; i < net->count; i++) {
        int module = module_of(modules, net->layer[i].name), norm;

        if (match->layer[i] < 0 && module >= 0 && !is_norm(&modules->module[module]) &&
            !eo_match_takes(match, net, module))
            take(&match->layer[i], &match->layer_how[i], module, EO_MATCH_NAME);
        snprintf(name, sizeof(name), "%s.batch_norm", net->layer[i].name);
        norm = module_of(modules, name);
        if (match->norm[i] < 0 && norm >= 0 && !eo_match_takes(match, net, norm))
            take(&match->norm[i], &match->norm_how[i], norm, EO_MATCH_NAME);
    }
}

/* ---- batch normalisation by the name of the layer's module ------------------------------------------------------- */

/* Name number `k` that a batch normalisation behind the module may have; 0 where there are no more. */
static int norm_name(const struct eo_module *m, int k, char *name, size_t size)
{
    static const char *const for_conv[] = {"bn", "norm", "batch_norm", "batchnorm"};
    static const char *const behind[] = {".bn", ".norm", "_bn", "_norm", "bn"};
    int last = m->length, digits;

    while (last > 0 && m->name[last - 1] != '.')
        last--;
    digits = last + (int)strcspn(m->name + last, "0123456789.");
    *name = '\0';
    if (k == 0) { /* the next one of a Sequential */
        if (digits == last && m->length > last)
            snprintf(name, size, "%.*s%lu", last, m->name, strtoul(m->name + last, NULL, 10) + 1);
        return 1;
    }
    if (k <= 4) {
        if (m->length - last >= 4 && memcmp(m->name + last, "conv", 4) == 0)
            snprintf(name, size, "%.*s%s%.*s", last, m->name, for_conv[k - 1], m->length - last - 4,
                     m->name + last + 4);
        return 1;
    }
    if (k <= 9)
        snprintf(name, size, "%.*s%s", m->length, m->name, behind[k - 5]);
    else if (k == 10)
        snprintf(name, size, "%.*sbn_%.*s", last, m->name, m->length - last, m->name + last);
    else
        snprintf(name, size, "%.*s_bn%.*s", digits, m->name, m->length - digits, m->name + digits);
    return k <= 11;
}

static void take_kinds(struct eo_match *match, const struct eo_modules *modules, const struct eo_network *net)
{
    char name[256];

    for (int i = 0; i < net->count; i++) {
        for (int k = 0; match->layer[i] >= 0 && match->norm[i] < 0 &&
                        norm_name(&modules->module[match->layer[i]], k, name, sizeof(name));
             k++) {
            int norm = *name ? module_of(modules, name) : -1;

            if (norm >= 0 && fits_norm(&modules->module[norm], &net->layer[i]) &&
                !eo_match_takes(match, net, norm))
                take(&match->norm[i], &match->norm_how[i], norm, EO_MATCH_KIND);
        }
    }
}

/* ---- by shape and order ------------------------------------------------------------------------------------------ */

/* Layers and modules that are still without each other and have one shape. */
struct group {
    int layers, modules;
    int layer[EO_NETWORK_LAYERS];
    const struct eo_module *module[EO_ST_MAX_TENSORS];
};

static int is_open(const struct eo_match *match, const struct eo_network *net, int layer, int is_of_norm)
{
    int flagged = 0;

    if (!is_of_norm)
        return match->layer[layer] < 0;
    for (int i = 0; i < net->count; i++)
        flagged |= net->layer[i].batch_norm;
    return match->norm[layer] < 0 && (flagged ? net->layer[layer].batch_norm : layer + 1 < net->count);
}

static int fits(const struct eo_module *m, const struct eo_network_layer *l, int is_of_norm)
{
    return is_of_norm ? fits_norm(m, l) : fits_layer(m, l);
}

static int same_shape(const struct eo_network_layer *a, const struct eo_network_layer *b, int is_of_norm)
{
    size_t x[EO_ST_MAX_DIMS], y[EO_ST_MAX_DIMS];

    if (is_of_norm)
        return a->map.c == b->map.c;
    return eo_match_shape(a, x) == eo_match_shape(b, y) && x[0] == y[0] && x[1] == y[1] &&
           (a->operation == EO_LINEAR || (x[2] == y[2] && x[3] == y[3]));
}

static void find_group(const struct eo_match *match, const struct eo_modules *modules,
                       const struct eo_network *net, int layer, int is_of_norm, struct group *g)
{
    g->layers = g->modules = 0;
    for (int i = 0; i < net->count; i++) {
        if (is_open(match, net, i, is_of_norm) && same_shape(&net->layer[layer], &net->layer[i], is_of_norm))
            g->layer[g->layers++] = i;
    }
    for (int k = 0; k < modules->count; k++) {
        if (fits(&modules->module[k], &net->layer[layer], is_of_norm) && !eo_match_takes(match, net, k))
            g->module[g->modules++] = &modules->module[k];
    }
}

/* Whether it is known which is which; sorts the modules. */
static int is_clear(struct group *g)
{
    if (g->layers != g->modules)
        return 0;
    for (int k = 1; k < g->modules; k++) {
        if (compare_names(g->module[0], g->module[k], 1) != 0)
            return 0;
    }
    qsort(g->module, (size_t)g->modules, sizeof(g->module[0]), compare_for_sort);
    return g->modules > 0;
}

static void take_shapes(struct eo_match *match, const struct eo_modules *modules,
                        const struct eo_network *net, int is_of_norm)
{
    struct group g;

    for (int i = 0; i < net->count; i++) {
        if (!is_open(match, net, i, is_of_norm))
            continue;
        find_group(match, modules, net, i, is_of_norm, &g);
        if (!is_clear(&g))
            continue;
        for (int k = 0; k < g.layers; k++) {
            int layer = g.layer[k];

            take(is_of_norm ? &match->norm[layer] : &match->layer[layer],
                 is_of_norm ? &match->norm_how[layer] : &match->layer_how[layer],
                 (int)(g.module[k] - modules->module), g.layers > 1 ? EO_MATCH_ORDER : EO_MATCH_SHAPE);
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

int eo_match_takes(const struct eo_match *match, const struct eo_network *net, int module)
{
    for (int i = 0; i < net->count; i++) {
        if (match->layer[i] == module || match->norm[i] == module)
            return 1;
    }
    return 0;
}

int eo_match_make(struct eo_match *match, const struct eo_modules *modules, const struct eo_network *net,
                  const char *const *maps, int map_count, struct eo_err *err)
{
    memset(match, 0, sizeof(*match));
    for (int i = 0; i < EO_NETWORK_LAYERS; i++)
        match->layer[i] = match->norm[i] = -1;
    for (int i = 0; i < map_count; i++) {
        if (take_map(match, modules, net, maps[i], err))
            return -1;
    }
    take_names(match, modules, net);
    take_shapes(match, modules, net, 0);
    take_kinds(match, modules, net);
    take_shapes(match, modules, net, 1);
    return 0;
}
