/*
 * Whether the files of an experiment are still those of its manifest.
 */
#ifndef EO_STAGE_VERIFY_H
#define EO_STAGE_VERIFY_H

#include "base/err.h"
#include "format/manifest.h"

/*
 * Reads a file below `folder` ("" or with a slash at the end) and compares size and checksum. The message names
 * neither file nor stage. A link differs, and what is no regular file: see eo_io_read_below().
 */
int eo_verify_file(const struct eo_manifest_file *f, const char *folder, struct eo_err *err) EO_MUST_CHECK;

/*
 * All files in the order of the manifest. The message is of the first one that differs and begins with its whole path
 * and ends with its stage, which is where to look: what follows from it comes later.
 */
int eo_verify_all(const struct eo_manifest *m, const char *folder, struct eo_err *err) EO_MUST_CHECK;

#endif
