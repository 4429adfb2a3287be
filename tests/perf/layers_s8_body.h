/* layers.h for int8. The file that includes this has chosen the instruction set and PERF_LAYERS. */
#include "tests/perf/layers.h"

#include "nn/kernels/s8_body.h"

static void *prepare(const struct eo_model *m, int max_batch, struct eo_err *err)
{
    (void)max_batch;
    return eo_s8_prepare(m, EO_OF_SET(eo_s8_kernels)(), err);
}

static void part_batch_input(void *state, const uint8_t *pixels)
{
    batch_input(state, pixels, S8_VL);
}

static void part_batch_conv1(void *state, const uint8_t *pixels)
{
    (void)pixels;
    batch_conv1(state);
}

static void part_batch_conv2(void *state, const uint8_t *pixels)
{
    (void)pixels;
    batch_conv2(state);
}

static void part_batch_classifier(void *state, const uint8_t *pixels)
{
    int32_t acc[EO_CLASSES * S8_VL];
    union eo_score scores[EO_CLASSES * S8_VL];

    (void)pixels;
    batch_linear(state, acc);
    for (int i = 0; i < S8_VL; i++)
        write_scores(state, acc + i, S8_VL, scores + i * EO_CLASSES);
    __asm__ volatile("" : : "m"(scores));
}

static void part_single_input(void *state, const uint8_t *pixels)
{
    single_input(state, pixels);
}

static void part_single_conv1(void *state, const uint8_t *pixels)
{
    (void)pixels;
    single_conv1(state);
}

static void part_single_conv2(void *state, const uint8_t *pixels)
{
    (void)pixels;
    single_conv2(state);
}

static void part_single_classifier(void *state, const uint8_t *pixels)
{
    int32_t acc[CLASS_VECTORS * S8_VL];
    union eo_score scores[EO_CLASSES];

    (void)pixels;
    single_linear(state, acc);
    write_scores(state, acc, 1, scores);
    __asm__ volatile("" : : "m"(scores));
}

const struct perf_layers *PERF_LAYERS(void)
{
    static const struct perf_layers layers = {
        S8_VL,
        prepare,
        eo_s8_release,
        eo_s8_run,
        {part_batch_input, part_batch_conv1, part_batch_conv2, part_batch_classifier},
        {part_single_input, part_single_conv1, part_single_conv2, part_single_classifier},
    };

    return &layers;
}
