#include "stage/export/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "nn/infer.h"
#include "stage/export/text.h"

struct check {
    const struct eo_export_check *how;
    const struct eo_model *model;
    const struct eo_export_images *images;
    struct eo_proc *proc;
    struct eo_buf folder, program, code, pixels, scores; /* names of files */
};

static size_t pixels_of(const struct eo_model *m)
{
    return eo_dims_elements(m->network.input);
}

static size_t classes_of(const struct eo_model *m)
{
    return (size_t)eo_network_classes(&m->network);
}

static int write_files(struct check *c, struct eo_err *err)
{
    static const char *const no_flags[] = {NULL};
    static const struct eo_text_part no_parts[] = {{NULL, NULL}};
    const struct eo_text text = {c->how->prefix, no_flags, no_parts};
    const char *folder = c->folder.data;
    struct eo_buf code = {0};
    int rc;

    eo_buf_printf(&c->program, "%s/check", folder);
    eo_buf_printf(&c->code, "%s/check.c", folder);
    eo_buf_printf(&c->pixels, "%s/images", folder);
    eo_buf_printf(&c->scores, "%s/scores", folder);
    eo_text_fill(&text, eo_text_check_c, &code);
    rc = eo_buf_check(&c->program, err) || eo_buf_check(&c->code, err) || eo_buf_check(&c->pixels, err) ||
                 eo_buf_check(&c->scores, err) || eo_buf_check(&code, err) ||
                 eo_io_write(c->code.data, code.data, code.len, err) ||
                 eo_io_write(c->pixels.data, c->images->pixels, c->images->count * pixels_of(c->model), err)
             ? -1
             : 0;
    eo_buf_release(&code);
    return rc;
}

/* Floating point is slow without the processor's own fused multiply-add. */
static const char *wanted_instructions(const struct eo_model *m)
{
#ifdef __x86_64__
    return !eo_precision_is_integer(m->precision) && eo_isa_best() != EO_ISA_GENERIC ? "-mfma" : NULL;
#else
    (void)m;
    return NULL;
#endif
}

static int compile(struct check *c, struct eo_err *err)
{
    /* clang-format off */
    const char *const argv[] = {c->how->compiler, "-std=c99", "-O2", "-w", "-Wfatal-errors", "-include", c->how->source,
                                "-o", c->program.data, c->code.data, wanted_instructions(c->model), NULL};
    /* clang-format on */
    struct eo_proc_said said;
    int status;

    if (eo_proc_run(c->proc, (char *const *)argv, c->how->messages, &status, &said, err))
        return -1;
    return status ? eo_err_set(err, "cannot be compiled: '%s' ended with status %d", c->how->compiler, status)
                  : 0;
}

static int run(struct check *c, struct eo_err *err)
{
    char *const argv[] = {c->program.data, c->pixels.data, c->scores.data, NULL};
    struct eo_proc_said said;
    int status;

    if (eo_proc_run(c->proc, argv, -1, &status, &said, err))
        return -1;
    return status ? eo_err_set(err, "the compiled code ended with status %d, expected 0", status) : 0;
}

static int fail_score(const struct eo_infer *infer, size_t image, size_t k, union eo_score want,
                      union eo_score found, struct eo_err *err)
{
    return eo_err_set(err, "image %zu, class %zu: expected the model's score %.9g, found %.9g", image, k,
                      eo_infer_logit(infer, want), eo_infer_logit(infer, found));
}

/* `want` has room for an image's scores. Of each image there are the scores and then the class. */
static int compare_images(const struct check *c, struct eo_infer *infer, const union eo_score *found,
                          union eo_score *want, struct eo_err *err)
{
    size_t classes = classes_of(c->model);

    for (size_t i = 0; i < c->images->count; i++, found += classes + 1) {
        eo_infer_run(infer, c->images->pixels + i * pixels_of(c->model), 1, want);
        for (size_t k = 0; k < classes; k++) {
            if (found[k].s32 != want[k].s32)
                return fail_score(infer, i, k, want[k], found[k], err);
        }
        if (found[classes].s32 != eo_infer_class(infer, want))
            return eo_err_set(err, "image %zu: expected class %d, found %" PRId32, i,
                              eo_infer_class(infer, want), found[classes].s32);
    }
    return 0;
}

static int compare_with_model(const struct check *c, const union eo_score *found, struct eo_err *err)
{
    union eo_score *want = eo_alloc(classes_of(c->model), sizeof(*want), err);
    struct eo_infer *infer = want ? eo_infer_new(c->model, eo_isa_best(), 1, err) : NULL;
    int rc = infer ? compare_images(c, infer, found, want, err) : -1;

    eo_infer_free(infer);
    free(want);
    return rc;
}

/* What the program wrote: see text/check.c. */
static int compare(const struct check *c, const union eo_score *words, size_t count, struct eo_err *err)
{
    size_t expected = c->images->count * (classes_of(c->model) + 1) + 2;

    if (count != expected)
        return eo_err_set(err, "the compiled code gave %zu numbers, expected %zu", count, expected);
    if (compare_with_model(c, words + 1, err))
        return -1;
    if (words[0].s32)
        return eo_err_set(err, "the self-test gives %" PRId32 ", expected 0", words[0].s32);
    return words[expected - 1].s32 ? eo_err_set(err, "the code writes behind its state") : 0;
}

static int check(struct check *c, struct eo_err *err)
{
    size_t size;
    char *words;
    int rc;

    if (write_files(c, err) || compile(c, err) || run(c, err) ||
        eo_io_read(c->scores.data, EO_IO_MAX, &words, &size, err))
        return -1;
    rc = compare(c, (const union eo_score *)(const void *)words, size / sizeof(union eo_score), err);
    free(words);
    return rc;
}

int eo_export_check(const struct eo_export_check *how, const struct eo_model *m,
                    const struct eo_export_images *images, struct eo_proc *proc, struct eo_err *err)
{
    struct check c = {.how = how, .model = m, .images = images, .proc = proc};
    int rc = eo_proc_scratch(&c.folder, "eo-export", err);

    if (rc == 0) {
        rc = check(&c, err);
        if (eo_proc_scratch_remove(c.folder.data, rc ? NULL : err))
            rc = -1;
    }
    eo_buf_release(&c.folder);
    eo_buf_release(&c.program);
    eo_buf_release(&c.code);
    eo_buf_release(&c.pixels);
    eo_buf_release(&c.scores);
    return rc;
}
