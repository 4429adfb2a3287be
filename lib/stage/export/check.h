/*
 * Checks exported code against its model: compiled with this machine's compiler, it must give the model's scores, to
 * the bit, for every image.
 *
 * A program that does so is written to a new folder below $TMPDIR, which is removed in the end. The compiler is started
 * directly, without a shell.
 */
#ifndef EO_STAGE_EXPORT_CHECK_H
#define EO_STAGE_EXPORT_CHECK_H

#include "base/err.h"
#include "base/proc.h"
#include "nn/model.h"
#include "stage/export/images.h"

struct eo_export_check {
    const char *source;   /* FILE.c; a header that it includes lies beside it */
    const char *prefix;   /* of its symbols */
    const char *compiler; /* "cc": takes the options of gcc */
    int messages;         /* descriptor that the compiler's messages go to; -1: nowhere */
};

/*
 * Call it between eo_proc_begin() and eo_proc_end() of `proc`. Fails when the code cannot be compiled, ends with
 * another status than it should, writes behind its state, or when its self-test, a score or a class is wrong. The
 * message says the first of these, and does not name the file.
 */
int eo_export_check(const struct eo_export_check *how, const struct eo_model *m,
                    const struct eo_export_images *images, struct eo_proc *proc,
                    struct eo_err *err) EO_MUST_CHECK;

#endif
