/* The base model of an experiment, from a file: the key base_model. */
#ifndef EO_STAGE_IMPORT_BASE_H
#define EO_STAGE_IMPORT_BASE_H

#include "format/config.h"
#include "stage/import/import.h"

/*
 * Loads cfg->base_model for images of `dims` in `classes`; a file of tensors has the network of the keys model and
 * width. The model is then an unpruned one, whatever was done to it before: what its metadata say of pruning,
 * fine-tuning and the data set it was trained on is taken out, and base_model_sha256 is set. Fails where it is not
 * fp32, or made for other images or fewer classes. Where the file does not say what it is fed, input_mean and input_std
 * of cfg, if there, say it; where it says something else than these, it fails. The message names file or key.
 */
int eo_import_base_model(struct eo_model *m, const struct eo_config *cfg, struct eo_dims dims, int classes,
                         struct eo_import_report *report, struct eo_err *err) EO_MUST_CHECK;

#endif
