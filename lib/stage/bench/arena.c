#include "stage/bench/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/arena_run.h"
#include "nn/infer.h"
#include "nn/network_fold.h"

/* Of a model without batch normalisation. */
static int check_folded(const struct eo_model *m, const uint8_t *pixels, enum eo_isa isa,
                        size_t bytes[EO_ARENA_FORMS], struct eo_err *err)
{
    union eo_score scores[EO_NETWORK_CLASSES];
    struct eo_infer *engine = eo_infer_new(m, isa, 1, err);

    if (!engine)
        return -1;
    eo_infer_run(engine, pixels, 1, scores);
    eo_infer_free(engine);
    return eo_arena_verify(m, pixels, scores, bytes, err) ? eo_err_prefix(err, "activations in one block")
                                                          : 0;
}

int eo_bench_arena_check(const struct eo_model *m, const struct eo_images *images, enum eo_isa isa,
                         size_t bytes[EO_ARENA_FORMS], struct eo_err *err)
{
    size_t elements = eo_dims_elements(m->network.input);
    uint8_t *pixels = eo_alloc(elements, 1, err);
    struct eo_model folded = {0};
    int rc = -1;

    if (!pixels)
        return -1;
    for (size_t i = 0; i < elements; i++)
        pixels[i] = (uint8_t)i;
    if (images && images->count > 0)
        memcpy(pixels, images->pixels, elements);
    if (!eo_network_is_normalised(&m->network))
        rc = check_folded(m, pixels, isa, bytes, err);
    else if (eo_model_folded(m, &folded, err) == 0)
        rc = check_folded(&folded, pixels, isa, bytes, err);
    eo_model_release(&folded);
    free(pixels);
    return rc;
}
