/* What a data set holds, as text: for people (--info) and for Make (--checksum). */
#ifndef EO_STAGE_DATA_REPORT_H
#define EO_STAGE_DATA_REPORT_H

#include "base/buf.h"
#include "format/dataset.h"

/*
 * Appends folder, numbers of images, numbers per class and checksums. With a `split` its parts are shown
 * beside the two sets; NULL leaves them out. Both parts of `ds` must be loaded.
 */
void eo_data_info(const char *name, const char *dir, const struct eo_dataset *ds,
                  const struct eo_split *split, struct eo_buf *out);

/*
 * Appends what looks wrong with a data set that can be used all the same, a line for each: classes without an image,
 * and images that are almost black as their pixels are 0 and 1 instead of 0..255. Nothing where all is well.
 */
void eo_data_doubts(const struct eo_dataset *ds, struct eo_buf *out);

/* Appends the CSV `dataset,part,images,sha256`, a row for train and one for test. */
void eo_data_checksums(const char *name, const struct eo_dataset *ds, struct eo_buf *out);

#endif
