/* Whether the network of a configuration can be made for its images, before anything is trained. */
#ifndef EO_STAGE_LEARN_CHECK_NETWORK_H
#define EO_STAGE_LEARN_CHECK_NETWORK_H

#include "base/err.h"
#include "format/config.h"

/*
 * Sizes are checked if the data are found (eo_dataset_find()), or have the size of published ones; else all that does
 * not depend on the size of the images. With the data, class_names are checked and completed
 * (eo_config_name_classes()). If explore_widths is set, it is checked as by eo_explore_grid_check(). The message names
 * the layer, key or file that is wrong.
 */
int eo_check_network(struct eo_config *cfg, struct eo_err *err) EO_MUST_CHECK;

#endif
