/* The engine of scalar code: a network's layers in their order, one input at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/ref.h"

struct engine {
    struct eo_ref *ref;
    struct eo_network network;
    size_t bytes;
    void *input, *out[EO_NETWORK_LAYERS];
    struct eo_marker marker;
};

static void engine_release(void *state)
{
    struct engine *e = state;

    eo_ref_free(e->ref);
    free(e->input);
    for (int l = 0; l < e->network.count; l++)
        free(e->out[l]);
    free(e);
}

static void *allocate(struct engine *e, struct eo_dims d, size_t size, struct eo_err *err)
{
    e->bytes += eo_dims_elements(d) * size;
    return eo_alloc(eo_dims_elements(d), size, err);
}

/* The last layer's output is the caller's. */
static int allocate_all(struct engine *e, size_t size, struct eo_err *err)
{
    e->input = allocate(e, e->network.input, size, err);
    if (!e->input)
        return -1;
    for (int l = 0; l + 1 < e->network.count; l++) {
        e->out[l] = allocate(e, e->network.layer[l].out, size, err);
        if (!e->out[l])
            return -1;
    }
    return 0;
}

static void *engine_prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    struct engine *e = eo_alloc(1, sizeof(*e), err);

    (void)max_batch;
    if (!e)
        return NULL;
    e->network = m->network;
    e->ref = eo_ref_new(m, err);
    if (!e->ref || allocate_all(e, (size_t)eo_precision_activation_bytes(m->precision), err)) {
        engine_release(e);
        return NULL;
    }
    return e;
}

static size_t engine_workspace(const void *state)
{
    return ((const struct engine *)state)->bytes;
}

static const void *source(const struct engine *e, int layer)
{
    return layer == EO_NETWORK_NONE ? NULL : layer == EO_NETWORK_INPUT ? e->input : e->out[layer];
}

static void run_one(struct engine *e, const uint8_t *pixels, union eo_score *scores)
{
    for (int l = 0; l < e->network.count; l++) {
        const struct eo_network_layer *layer = &e->network.layer[l];

        eo_mark(&e->marker, l);
        if (l == 0)
            eo_ref_input(e->ref, pixels, e->input);
        eo_ref_run_layer(e->ref, l, source(e, layer->from), source(e, layer->add),
                         e->out[l] ? e->out[l] : scores);
    }
}

/* SmallCNN at fp32 alone, whose activations are floats. */
static void engine_activations(void *state, const uint8_t *pixels, float *pool1, float *pool2,
                               union eo_score *scores)
{
    struct engine *e = state;

    run_one(e, pixels, scores);
    memcpy(pool1, e->out[EO_CONV1], eo_dims_elements(e->network.layer[EO_CONV1].out) * sizeof(float));
    memcpy(pool2, e->out[EO_CONV2], eo_dims_elements(e->network.layer[EO_CONV2].out) * sizeof(float));
}

static void engine_run(void *state, const uint8_t *pixels, int n, union eo_score *scores)
{
    struct engine *e = state;
    size_t elements = eo_dims_elements(e->network.input), classes = (size_t)eo_network_classes(&e->network);

    for (int i = 0; i < n; i++)
        run_one(e, pixels + (size_t)i * elements, scores + (size_t)i * classes);
}

static void engine_set_marker(void *state, struct eo_marker marker)
{
    ((struct engine *)state)->marker = marker;
}

const struct eo_engine_ops *eo_ops_ref(enum eo_precision precision)
{
    static const struct eo_engine_ops ops[EO_PRECISION_COUNT] = {
        [EO_FP32] = {EO_FP32_NAME "-ref", engine_prepare, engine_release, engine_run, engine_activations,
                     engine_workspace, engine_set_marker, NULL},
        [EO_FP16] = {EO_FP16_NAME "-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace,
                     engine_set_marker, NULL},
        [EO_INT8] = {EO_INT8_NAME "-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace,
                     engine_set_marker, NULL},
        [EO_INT4] = {EO_INT8_NAME "-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace,
                     engine_set_marker, NULL},
        [EO_MIXED] = {EO_INT8_NAME "-ref", engine_prepare, engine_release, engine_run, NULL, engine_workspace,
                      engine_set_marker, NULL},
    };

    return &ops[precision];
}
