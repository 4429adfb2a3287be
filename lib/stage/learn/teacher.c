#include "stage/learn/teacher.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nn/infer.h"
#include "nn/network_fold.h"

#define CHUNK 16 /* images of a task */

int eo_teacher_is_wanted(const struct eo_config *cfg, enum eo_config_stage stage)
{
    return *cfg->teacher && (stage != EO_STAGE_TRAIN || !eo_config_teacher_is_base(cfg));
}

static int check(const struct eo_teacher_model *t, const struct eo_config *cfg,
                 const struct eo_network *taught, struct eo_err *err)
{
    struct eo_dims in = t->model.network.input, wanted = taught->input;
    int classes = eo_network_classes(taught), found = eo_network_classes(&t->model.network);

    if (in.c != wanted.c || in.h != wanted.h || in.w != wanted.w || found != classes)
        return eo_err_set(err, "expected a teacher for %dx%dx%d in %d class%s, found one for %dx%dx%d in %d",
                          wanted.c, wanted.h, wanted.w, classes, classes == 1 ? "" : "es", in.c, in.h, in.w, found);
    if (*cfg->teacher_sha256 && strcmp(cfg->teacher_sha256, t->sha256) != 0)
        return eo_err_set(err, "key 'teacher_sha256': expected %s, found %s", cfg->teacher_sha256, t->sha256);
    return 0;
}

int eo_teacher_load(struct eo_teacher_model *t, const char *path, const struct eo_config *cfg,
                    const struct eo_network *taught, struct eo_err *err)
{
    if (!path && eo_config_teacher_is_base(cfg))
        return eo_err_set(
            err, "key 'teacher': expected the file of the base model by option '--teacher', found none");
    path = path ? path : cfg->teacher;
    if (eo_model_load_network(&t->model, path, NULL, t->sha256, err))
        return eo_err_prefix(err, "%s", path);
    if (check(t, cfg, taught, err)) {
        eo_model_release(&t->model);
        return eo_err_prefix(err, "%s", path);
    }
    eo_model_fold(&t->model);
    return 0;
}

struct eo_teacher {
    struct eo_infer **workers; /* one for each thread */
    struct eo_pool *pool;
    int threads, classes;
    struct eo_dims input;
    size_t elements;              /* of an image */
    float *logits;                /* [max_batch, classes] */
    uint8_t *pixels;              /* for each thread CHUNK images */
    union eo_score *scores;       /* for each thread those of CHUNK images */
    const struct eo_batch *batch; /* in progress */
};

struct eo_teacher *eo_teacher_new(const struct eo_model *m, int max_batch, enum eo_isa isa,
                                  struct eo_pool *pool, struct eo_err *err)
{
    struct eo_teacher *t = eo_alloc(1, sizeof(*t), err);
    size_t threads = (size_t)eo_pool_threads(pool);

    if (!t)
        return NULL;
    t->pool = pool;
    t->threads = (int)threads;
    t->classes = eo_network_classes(&m->network);
    t->input = m->network.input;
    t->elements = eo_dims_elements(t->input);
    t->logits = eo_alloc((size_t)max_batch, (size_t)t->classes * sizeof(*t->logits), err);
    t->pixels = t->logits ? eo_alloc(threads * CHUNK, t->elements, err) : NULL;
    t->scores = t->pixels ? eo_alloc(threads * CHUNK, (size_t)t->classes * sizeof(*t->scores), err) : NULL;
    t->workers = t->scores ? eo_infer_team_new(m, isa, CHUNK, t->threads, err) : NULL;
    if (!t->workers) {
        eo_teacher_free(t);
        return NULL;
    }
    return t;
}

void eo_teacher_free(struct eo_teacher *t)
{
    if (!t)
        return;
    eo_infer_team_free(t->workers, t->threads);
    free(t->scores);
    free(t->pixels);
    free(t->logits);
    free(t);
}

static void ask_chunk(void *ctx, int task, int worker)
{
    const struct eo_teacher *t = ctx;
    const struct eo_batch *b = t->batch;
    int first = task * CHUNK, n = b->n - first < CHUNK ? b->n - first : CHUNK;
    uint8_t *pixels = t->pixels + (size_t)worker * CHUNK * t->elements;
    union eo_score *scores = t->scores + (size_t)worker * CHUNK * (size_t)t->classes;
    float *logits = t->logits + (size_t)first * (size_t)t->classes;

    for (int i = 0; i < n; i++) {
        const uint8_t *image = b->pixels + (size_t)b->index[first + i] * t->elements;
        uint8_t *to = pixels + (size_t)i * t->elements;

        if (b->views)
            eo_view_apply(image, t->input, b->views[first + i], to);
        else
            memcpy(to, image, t->elements);
    }
    eo_infer_run(t->workers[worker], pixels, n, scores);
    for (int i = 0; i < n * t->classes; i++)
        logits[i] = (float)eo_infer_logit(t->workers[worker], scores[i]);
}

const float *eo_teacher_ask(struct eo_teacher *t, const struct eo_batch *batch)
{
    t->batch = batch;
    eo_pool_run(t->pool, ask_chunk, t, (batch->n + CHUNK - 1) / CHUNK);
    return t->logits;
}
