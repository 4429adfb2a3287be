/*
 * Whether the files of an experiment are still those of its manifest.
 */
#ifndef EO_STAGE_PIPELINE_VERIFY_H
#define EO_STAGE_PIPELINE_VERIFY_H

#include "base/err.h"
#include "format/manifest.h"

/*
 * Reads the files below `folder` ("" or with a slash at the end) in the order of the manifest, and compares sizes and
 * checksums. A link, or what is no regular file, differs (eo_io_read_below()). The message is about the first file that
 * differs: it begins with its whole path and ends with its stage. What follows from it comes later.
 */
int eo_verify_all(const struct eo_manifest *m, const char *folder, struct eo_err *err) EO_MUST_CHECK;

#endif
