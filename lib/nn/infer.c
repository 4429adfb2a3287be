#include "nn/infer.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "nn/engine.h"
#include "nn/network_fold.h"
#include "nn/quantised.h"
#include "nn/ref.h"

struct eo_infer {
    const struct eo_engine_ops *ops;
    void *state;
    enum eo_precision precision;
    double score_scale;
    int classes, layers;
    struct eo_shape shape; /* SmallCNN's */
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

static const struct eo_engine_ops *ops_general(enum eo_isa isa, enum eo_precision precision)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return eo_general_ops_avx512(precision);
    case EO_ISA_AVX2:
        return eo_general_ops_avx2(precision);
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return eo_general_ops_neon(precision);
#endif
    default:
        return eo_general_ops_generic(precision);
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

static const struct eo_engine_ops *ops_general_s8(enum eo_isa isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case EO_ISA_AVX512:
        return eo_general_s8_ops_avx512();
    case EO_ISA_AVX2:
        return eo_general_s8_ops_avx2();
#elif defined(__aarch64__)
    case EO_ISA_NEON:
        return eo_general_s8_ops_neon();
#endif
    default:
        return eo_general_s8_ops_generic();
    }
}

/* The fastest that fits the network: kernels for SmallCNN alone, or those for any. */
static const struct eo_engine_ops *ops_find(const struct eo_model *m, enum eo_isa isa)
{
    int is_smallcnn = eo_network_is_smallcnn(&m->network);
    const struct eo_engine_ops *ops =
        !eo_precision_is_integer(m->precision)
            ? is_smallcnn ? ops_f32(isa, m->precision) : ops_general(isa, m->precision)
        : is_smallcnn ? ops_s8(isa)
                      : ops_general_s8(isa);

    return ops ? ops : eo_ops_ref(m->precision);
}

static int check_arguments(const struct eo_model *m, enum eo_isa isa, int max_batch, struct eo_err *err)
{
    if (max_batch < 1 || max_batch > 65536)
        return eo_err_set(err, "batch size: expected 1 to 65536, found %d", max_batch);
    if (!eo_isa_available(isa))
        return eo_err_set(err, "instruction set '%s' is not available on this machine", eo_isa_name(isa));
    if (eo_network_is_smallcnn(&m->network) &&
        (m->shape.c1 < 1 || m->shape.c1 > EO_MAX_C1 || m->shape.c2 < 1 || m->shape.c2 > EO_MAX_C2))
        return eo_err_set(err, "model shape: expected at most %d and %d channels, found %d and %d", EO_MAX_C1,
                          EO_MAX_C2, m->shape.c1, m->shape.c2);
    return 0;
}

static struct eo_infer *prepare_folded(const struct eo_model *m, enum eo_isa isa, int max_batch,
                                       struct eo_err *err)
{
    struct eo_model folded = {0};
    struct eo_infer *inf =
        eo_model_folded(m, &folded, err) ? NULL : eo_infer_new(&folded, isa, max_batch, err);

    eo_model_release(&folded);
    return inf;
}

struct eo_infer *eo_infer_new(const struct eo_model *m, enum eo_isa isa, int max_batch, struct eo_err *err)
{
    struct eo_infer *inf;

    if (check_arguments(m, isa, max_batch, err))
        return NULL;
    if (eo_network_is_normalised(&m->network))
        return prepare_folded(m, isa, max_batch, err);
    inf = eo_alloc(1, sizeof(*inf), err);
    if (!inf)
        return NULL;
    inf->precision = m->precision;
    inf->score_scale = 1;
    if (eo_precision_is_integer(m->precision))
        inf->score_scale = eo_s8_score_scale(m);
    inf->ops = ops_find(m, isa);
    inf->classes = eo_network_classes(&m->network);
    inf->layers = m->network.count;
    inf->shape = m->shape;
    inf->state = inf->ops->prepare(m, max_batch, err);
    if (!inf->state) {
        free(inf);
        return NULL;
    }
    return inf;
}

void eo_infer_free(struct eo_infer *inf)
{
    if (!inf)
        return;
    inf->ops->release(inf->state);
    free(inf);
}

struct eo_infer **eo_infer_team_new(const struct eo_model *m, enum eo_isa isa, int max_batch, int threads,
                                    struct eo_err *err)
{
    struct eo_infer **team = eo_alloc((size_t)threads, sizeof(struct eo_infer *), err);

    for (int i = 0; team && i < threads; i++) {
        team[i] = eo_infer_new(m, isa, max_batch, err);
        if (team[i])
            continue;
        eo_infer_team_free(team, i);
        team = NULL;
    }
    return team;
}

void eo_infer_team_free(struct eo_infer **team, int threads)
{
    for (int i = 0; team && i < threads; i++)
        eo_infer_free(team[i]);
    free(team);
}

void eo_infer_set_mark(struct eo_infer *inf, eo_infer_mark *mark, void *ctx)
{
    inf->marker = (struct eo_marker){mark, ctx};
    inf->ops->set_marker(inf->state, inf->marker);
}

/* Which NaN comes out of an operation differs between processors; one stands for all. */
static void settle_nans(union eo_score *scores, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)scores[i].s32;

        scores[i].s32 = (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000 : scores[i].s32;
    }
}

void eo_infer_run(struct eo_infer *inf, const uint8_t *pixels, int n, union eo_score *scores)
{
    inf->ops->run(inf->state, pixels, n, scores);
    if (!eo_precision_is_integer(inf->precision))
        settle_nans(scores, (size_t)n * (size_t)inf->classes);
    eo_mark(&inf->marker, inf->layers);
}

void eo_infer_activations(struct eo_infer *inf, const uint8_t *pixels, float *pool1, float *pool2,
                          union eo_score scores[10])
{
    assert(inf->ops->activations);
    inf->ops->activations(inf->state, pixels, pool1, pool2, scores);
    settle_nans(scores, EO_CLASSES);
}

/* By the tables of SmallCNN, one image after the other. */
static void observe_smallcnn(struct eo_infer *inf, const uint8_t *pixels, int n,
                             const struct eo_infer_tensors *to, union eo_score *scores)
{
    size_t size1 = eo_shape_output_elements(&inf->shape, EO_CONV1);
    size_t size2 = eo_shape_output_elements(&inf->shape, EO_CONV2);

    for (size_t i = 0; i < (size_t)n; i++)
        eo_infer_activations(inf, pixels + i * EO_IMAGE_PIXELS, to->tensor[1] + i * size1,
                             to->tensor[2] + i * size2, scores + i * EO_CLASSES);
}

void eo_infer_observe(struct eo_infer *inf, const uint8_t *pixels, int n, const struct eo_infer_tensors *to,
                      union eo_score *scores)
{
    if (!inf->ops->observe) {
        observe_smallcnn(inf, pixels, n, to, scores);
        return;
    }
    inf->ops->observe(inf->state, pixels, n, to, scores);
    settle_nans(scores, (size_t)n * (size_t)inf->classes);
}

double eo_infer_score_scale(const struct eo_infer *inf)
{
    return inf->score_scale;
}

double eo_infer_logit(const struct eo_infer *inf, union eo_score score)
{
    return eo_precision_is_integer(inf->precision) ? score.s32 * inf->score_scale : (double)score.f32;
}

int eo_infer_class(const struct eo_infer *inf, const union eo_score *scores)
{
    int best = 0;

    for (int k = 1; k < inf->classes; k++) {
        int greater = eo_precision_is_integer(inf->precision) ? scores[k].s32 > scores[best].s32
                                                              : scores[k].f32 > scores[best].f32;

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
