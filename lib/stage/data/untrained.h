/* Experiments without training images. */
#ifndef EO_STAGE_DATA_UNTRAINED_H
#define EO_STAGE_DATA_UNTRAINED_H

#include "format/config.h"

/*
 * Fails where the experiment needs training images. It needs none if it begins with base_model, its validation images
 * are of the test set, and nothing is trained: no epochs, fine_tune_epochs and qat_epochs, and no pruning by a
 * criterion that looks at images. int8 is then calibrated on test images (eo_split_make()).
 */
int eo_data_check_untrained(const struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

#endif
