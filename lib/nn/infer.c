#include "nn/infer.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/infer_internal.h"
#include "nn/ref.h"

struct eo_infer {
    const struct eo_engine_ops *ops;
    void *state;
    enum eo_precision precision;
    double score_scale;
    struct eo_marker marker;
};

static const struct eo_engine_ops *ops_f32(enum eo_isa isa, enum eo_precision precision)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return eo_f32_ops_avx512(precision);
    case EO_ISA_AVX2:
        return eo_f32_ops_avx2(precision);
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return eo_f32_ops_neon(precision);
#endif
    default:
        return eo_f32_ops_generic(precision);
    }
}

static const struct eo_engine_ops *ops_s8(enum eo_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return eo_s8_ops_avx512();
    case EO_ISA_AVX2:
        return eo_s8_ops_avx2();
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return eo_s8_ops_neon();
#endif
    default:
        return eo_s8_ops_generic();
    }
}

static const struct eo_engine_ops *ops_find(enum eo_isa isa, enum eo_precision precision)
{
    const struct eo_engine_ops *ops = precision == EO_INT8 ? ops_s8(isa) : ops_f32(isa, precision);

    return ops ? ops : eo_ops_ref(precision);
}

static int check_arguments(const struct eo_model *m, enum eo_isa isa, int max_batch, struct eo_err *err)
{
    if (max_batch < 1 || max_batch > 65536)
        return eo_err_set(err, "batch size: expected 1 to 65536, found %d", max_batch);
    if (!eo_isa_available(isa))
        return eo_err_set(err, "instruction set '%s' is not available on this machine", eo_isa_name(isa));
    if (m->shape.c1 < 1 || m->shape.c1 > EO_MAX_C1 || m->shape.c2 < 1 || m->shape.c2 > EO_MAX_C2)
        return eo_err_set(err, "model shape: expected at most %d and %d channels, found %d and %d", EO_MAX_C1,
                          EO_MAX_C2, m->shape.c1, m->shape.c2);
    return 0;
}

struct eo_infer *eo_infer_new(const struct eo_model *m, enum eo_isa isa, int max_batch, struct eo_err *err)
{
    struct eo_infer *inf;

    if (check_arguments(m, isa, max_batch, err))
        return NULL;
    inf = eo_alloc(1, sizeof(*inf), err);
    if (!inf)
        return NULL;
    inf->precision = m->precision;
    inf->score_scale = 1;
    if (m->precision == EO_INT8) {
        struct eo_s8_params params;

        if (eo_s8_params_init(&params, m, err))
            goto fail;
        inf->score_scale = params.score_scale;
    }
    inf->ops = ops_find(isa, m->precision);
    inf->state = inf->ops->prepare(m, max_batch, err);
    if (!inf->state)
        goto fail;
    return inf;
fail:
    free(inf);
    return NULL;
}

void eo_infer_free(struct eo_infer *inf)
{
    if (!inf)
        return;
    inf->ops->release(inf->state);
    free(inf);
}

void eo_infer_set_mark(struct eo_infer *inf, eo_infer_mark *mark, void *ctx)
{
    inf->marker = (struct eo_marker){mark, ctx};
    inf->ops->set_marker(inf->state, inf->marker);
}

/* Which NaN comes out of an operation differs between processors; one stands for all. */
static void settle_nans(union eo_score *scores, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)scores[i].s32;

        scores[i].s32 = (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000 : scores[i].s32;
    }
}

void eo_infer_run(struct eo_infer *inf, const uint8_t *pixels, int n, union eo_score *scores)
{
    inf->ops->run(inf->state, pixels, n, scores);
    if (inf->precision != EO_INT8)
        settle_nans(scores, (size_t)n * EO_CLASSES);
    eo_mark(&inf->marker, EO_LAYERS);
}

void eo_infer_activations(struct eo_infer *inf, const uint8_t *pixels, float *pool1, float *pool2,
                          union eo_score scores[10])
{
    assert(inf->ops->activations);
    inf->ops->activations(inf->state, pixels, pool1, pool2, scores);
    settle_nans(scores, EO_CLASSES);
}

double eo_infer_score_scale(const struct eo_infer *inf)
{
    return inf->score_scale;
}

double eo_infer_logit(const struct eo_infer *inf, union eo_score score)
{
    return inf->precision == EO_INT8 ? score.s32 * inf->score_scale : (double)score.f32;
}

int eo_infer_class(const struct eo_infer *inf, const union eo_score scores[10])
{
    int k, best = 0;

    for (k = 1; k < EO_CLASSES; k++) {
        int greater = inf->precision == EO_INT8 ? scores[k].s32 > scores[best].s32 : scores[k].f32 > scores[best].f32;

        best = greater ? k : best;
    }
    return best;
}

size_t eo_infer_workspace_bytes(const struct eo_infer *inf)
{
    return inf->ops->workspace(inf->state);
}

const char *eo_infer_kernel_name(const struct eo_infer *inf)
{
    return inf->ops->name;
}
