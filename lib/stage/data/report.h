/* Reports on a data set: text for people (--info) and checksums for Make (--checksum). */
#ifndef EO_STAGE_DATA_REPORT_H
#define EO_STAGE_DATA_REPORT_H

#include "base/buf.h"
#include "format/dataset.h"

/*
 * Appends folder, checksums, numbers of images and numbers per class, with `split` (may be NULL) also of its parts.
 * `ds` is a data set with both parts, opened for `cfg`.
 */
void eo_data_info(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split,
                  struct eo_buf *out);

/* The same as JSON (eo-formats(5)). */
void eo_data_info_json(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split,
                       struct eo_buf *out);

/*
 * Appends a line for each thing that looks wrong in a usable data set: classes without an image, and images that are
 * almost black because their pixels are 0 and 1 instead of 0..255.
 */
void eo_data_doubts(const struct eo_dataset *ds, struct eo_buf *out);

/* Appends the CSV `dataset,part,images,sha256`, a row for train, if there is one, and one for test. */
void eo_data_checksums(const char *name, const struct eo_dataset *ds, struct eo_buf *out);

#endif
