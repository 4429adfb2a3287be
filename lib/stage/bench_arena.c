#include "stage/bench_arena.h"

#include <string.h>

#include "nn/arena_run.h"
#include "nn/infer.h"

int eo_bench_arena_check(const struct eo_model *m, const struct eo_images *images, enum eo_isa isa,
                         size_t bytes[EO_ARENA_FORMS], struct eo_err *err)
{
    struct eo_infer *engine = eo_infer_new(m, isa, 1, err);
    union eo_score scores[EO_CLASSES];
    uint8_t pixels[EO_IMAGE_PIXELS];
    int rc, i;

    if (!engine)
        return -1;
    for (i = 0; i < EO_IMAGE_PIXELS; i++)
        pixels[i] = (uint8_t)i;
    if (images && images->count > 0)
        memcpy(pixels, images->pixels, sizeof(pixels));
    eo_infer_run(engine, pixels, 1, scores);
    eo_infer_free(engine);
    rc = eo_arena_verify(m, pixels, scores, bytes, err);
    return rc ? eo_err_prefix(err, "activations in one block") : 0;
}
