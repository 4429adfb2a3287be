#include "stage/bench_candidate.h"

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
    if (eo_model_parse(&c->model, c->bytes, c->size, err)) {
        free(c->bytes);
        c->bytes = NULL;
        return -1;
    }
    eo_hash_sha256(c->bytes, c->size, c->sha256);
    return 0;
}

void eo_bench_candidate_release(struct eo_bench_candidate *c)
{
    eo_rounds_release(&c->rounds);
    eo_model_release(&c->model);
    free(c->bytes);
    c->bytes = NULL;
}
