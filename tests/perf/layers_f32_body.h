/* layers.h for fp32 and fp16. The file that includes this has chosen the instruction set and PERF_LAYERS. */
#include "tests/perf/layers.h"

#include "nn/kernels/f32_body.h"

static struct group_work group_of(struct engine *e)
{
    struct group_work w;

    group_layout(e, e->work, &w);
    return w;
}

static struct one_work one_of(struct engine *e)
{
    struct one_work w;

    one_layout(e, e->work, &w);
    return w;
}

static void part_group_input(void *state, const uint8_t *pixels)
{
    struct group_work w = group_of(state);
    const uint8_t *rows[EO_VL];

    for (int i = 0; i < EO_VL; i++)
        rows[i] = pixels + (size_t)i * EO_IMAGE_PIXELS;
    group_input(state, rows, w.input);
}

static void part_group_conv1(void *state, const uint8_t *pixels)
{
    struct engine *e = state;
    struct group_work w = group_of(e);

    (void)pixels;
    if (e->half)
        group_conv1_half(e, &w);
    else
        group_conv1(e, &w);
}

static void part_group_conv2(void *state, const uint8_t *pixels)
{
    struct engine *e = state;
    struct group_work w = group_of(e);

    (void)pixels;
    if (e->half)
        group_conv2_half(e, &w);
    else
        group_conv2(e, &w);
}

static void part_group_classifier(void *state, const uint8_t *pixels)
{
    struct group_work w = group_of(state);

    (void)pixels;
    group_classifier(state, &w);
}

static void part_one_input(void *state, const uint8_t *pixels)
{
    struct one_work w = one_of(state);

    one_input(state, pixels, &w);
}

static void part_one_conv1(void *state, const uint8_t *pixels)
{
    struct one_work w = one_of(state);

    (void)pixels;
    one_conv1(state, &w);
}

static void part_one_conv2(void *state, const uint8_t *pixels)
{
    struct engine *e = state;
    struct one_work w = one_of(e);

    (void)pixels;
    if (e->half)
        one_conv2_half(e, &w);
    else
        one_conv2(e, &w);
}

static void part_one_classifier(void *state, const uint8_t *pixels)
{
    struct one_work w = one_of(state);
    union eo_score scores[EO_CLASSES];

    (void)pixels;
    one_classifier(state, &w, scores);
    __asm__ volatile("" : : "m"(scores));
}

const struct perf_layers *PERF_LAYERS(void)
{
    static const struct perf_layers layers = {
        EO_VL,
        engine_prepare,
        engine_release,
        engine_run,
        {part_group_input, part_group_conv1, part_group_conv2, part_group_classifier},
        {part_one_input, part_one_conv1, part_one_conv2, part_one_classifier},
    };

    return &layers;
}
