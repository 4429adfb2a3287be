/*
 * Which stage makes which artefact, and from which others: one table of file names in graph.c.
 *
 * It is what the manifest says about a file beyond its bytes. The parents of an artefact are those files of the
 * experiment that the command that makes it is given. Whether the command looked at all of them depends on the
 * options: a pruned model names config/finetune.yaml, also where nothing was fine-tuned.
 */
#ifndef EO_STAGE_GRAPH_H
#define EO_STAGE_GRAPH_H

#include <stddef.h>

#include "base/err.h"
#include "format/manifest.h"

/*
 * What an artefact's path inside the experiment's folder says: the stage that makes it, and of which candidate. Texts are
 * "" where they do not apply.
 */
struct eo_graph_place {
    const char *stage;
    int rank;           /* of the stage among all, in the order in which they run */
    int order;          /* of the kind of file among all, in that order; the first of a stage names it best */
    const char *
        together; /* what a command is called that makes the files of all candidates; NULL where each has one */
    char seed[32];      /* "seed8/"; "" also for the first seed */
    char stem[96];      /* of what was pruned: "p0.50", "p0.50-taylor" */
    char precision[16]; /* "int8" */
};

/* What says all this of the others; it is no artefact of a stage, but has a place: after them. */
#define EO_GRAPH_MANIFEST "manifest.json"

/* Returns 0, or -1 for a file that no stage makes. */
int eo_graph_place(const char *path, struct eo_graph_place *place);

/*
 * Fills files, parents, seeds and data set of a manifest from the files themselves. Each of `paths` lies below
 * `folder` ("" or with a slash at the end) and stays the caller's; none may stand there twice. The files come in the
 * order of the stages, those of one kind by name. What a failed step left behind, by its file of error rows, is left
 * out. A parent that is not among the files is none.
 *
 * Fails on a file that no stage makes or that cannot be read. The caller sets version and host, and releases *m.
 */
int eo_graph_collect(struct eo_manifest *m, const char *folder, char *const paths[], size_t count,
                     struct eo_err *err) EO_MUST_CHECK;

#endif
