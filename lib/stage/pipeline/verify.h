/*
 * Whether the files of an experiment are still those of its manifest.
 */
#ifndef EO_STAGE_PIPELINE_VERIFY_H
#define EO_STAGE_PIPELINE_VERIFY_H

#include "base/err.h"
#include "format/manifest.h"

/*
 * Reads the files below `folder` ("" or with a slash at the end) in the order of the manifest, and compares sizes and
 * checksums. Links and all that is no regular file count as different (eo_io_read_below()). The message is about the
 * first file that differs: it begins with its whole path and ends with its stage. Files that follow from others come
 * later in a manifest, so this is the first one that went wrong.
 */
int eo_verify_all(const struct eo_manifest *m, const char *folder, struct eo_err *err) EO_MUST_CHECK;

#endif
