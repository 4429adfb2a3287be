#include "stage/bench/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "format/safetensors.h"

int eo_bench_candidate_load(struct eo_bench_candidate *c, const char *path, struct eo_err *err)
{
    memset(c, 0, sizeof(*c));
    c->name = path;
    if (eo_io_read(path, EO_ST_MAX_FILE, &c->bytes, &c->size, err))
        return -1;
    if (eo_model_parse_network(&c->model, c->bytes, c->size, NULL, err)) {
        free(c->bytes);
        c->bytes = NULL;
        return -1;
    }
    eo_hash_sha256(c->bytes, c->size, c->sha256);
    return 0;
}

int eo_bench_candidate_check_input(const struct eo_bench_candidate *c, struct eo_dims images,
                                   struct eo_err *err)
{
    const struct eo_dims d = c->model.network.input;
    int is_flat = images.c == 1 && images.w == 1 && eo_dims_elements(d) == (size_t)images.h;

    if (is_flat || (d.c == images.c && d.h == images.h && d.w == images.w))
        return 0;
    return eo_err_set(
        err,
        "expected a network for images of %d x %d x %d, which all models of a session are timed "
        "on, found one for %d x %d x %d",
        images.c, images.h, images.w, d.c, d.h, d.w);
}

void eo_bench_candidate_release(struct eo_bench_candidate *c)
{
    eo_rounds_release(&c->rounds);
    eo_model_release(&c->model);
    free(c->bytes);
    c->bytes = NULL;
    c->size = 0;
}
