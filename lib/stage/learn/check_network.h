/* Whether an experiment can run with its network, images and files, before anything is trained. */
#ifndef EO_STAGE_LEARN_CHECK_NETWORK_H
#define EO_STAGE_LEARN_CHECK_NETWORK_H

#include "base/err.h"
#include "format/config.h"

/*
 * `folder` is that of --data, or NULL: where eo_dataset_find() finds the data, if it does.
 *
 * Checked are the files of base_model and teacher; the levels, which need a share for each space of the network or one
 * for all; with the data, how they are divided, and class_names, which are completed (eo_config_name_classes()). If the
 * data are found, or have the size of published ones, then also whether network, base_model, teacher, input_mean and
 * input_std fit the images; else all of the network that does not depend on the size of the images.
 *
 * If explore_widths is set and `folder` is NULL, it is checked as by eo_explore_grid_check(). Levels are not looked at
 * where base_model brings a network and the images are not known. The message names the key, layer, space, folder or
 * file that is wrong.
 */
int eo_check_network(struct eo_config *cfg, const char *folder, struct eo_err *err) EO_MUST_CHECK;

#endif
