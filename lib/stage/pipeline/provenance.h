/*
 * Where the files of an experiment came from, for its manifest: what the records of its steps say (record.h), and the
 * bytes themselves. Which stages there are, and what each reads and makes, is known to Make alone
 * (tools/experiment.mk).
 *
 *     stage      that of the record
 *     tool       the first of config/programs/ that the step read
 *     parents    the first file of a step has all files that the step read and that are in the manifest as parents; if
 *                its bytes do not depend on the machine, only files of that kind. The other files of the step have
 *                the first file as parent.
 *     slice      config/<stage>.yaml, where the step read it; it is a parent of all files of the step
 */
#ifndef EO_STAGE_PIPELINE_PROVENANCE_H
#define EO_STAGE_PIPELINE_PROVENANCE_H

#include <stddef.h>

#include "base/err.h"
#include "format/manifest.h"

/* The file of the manifest, which is not in the manifest itself. */
#define EO_PROVENANCE_MANIFEST "manifest.json"

/*
 * Fills files, parents, seeds and data set of a manifest from the files below `folder` ("" or with a slash at the end)
 * that the `records` name; these are paths as the caller would open them. The files keep the order of the records, but
 * those whose bytes depend on the machine come after the others.
 *
 * Fails on a record that cannot be read, on a file that is missing or that has other bytes than its record says, and
 * as eo_manifest_check(). The caller sets version and host, and releases *m.
 */
int eo_provenance_collect(struct eo_manifest *m, const char *folder, char *const records[], size_t count,
                          struct eo_err *err) EO_MUST_CHECK;

#endif
