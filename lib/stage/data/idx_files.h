/* Writes the images and labels of one part of a data set under their published names (format/dataset.h), compressed. */
#ifndef EO_STAGE_DATA_IDX_FILES_H
#define EO_STAGE_DATA_IDX_FILES_H

#include <stdint.h>

#include "base/err.h"
#include "format/dataset.h"

/*
 * dim[dims]: the shape of `pixels`, number of images first; 3 dimensions, or 4 for pictures of several channels. One
 * label for each image. `folder` must exist. Fails where one of the four files is there under a name that would be
 * found before. The message names the file.
 */
int eo_idx_files_write(const char *folder, enum eo_dataset_part part, int dims, const uint32_t *dim,
                       const uint8_t *pixels, const uint8_t *labels, struct eo_err *err) EO_MUST_CHECK;

#endif
