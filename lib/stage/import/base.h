/* The base model of an experiment, from a file: the key base_model. */
#ifndef EO_STAGE_IMPORT_BASE_H
#define EO_STAGE_IMPORT_BASE_H

#include "format/config.h"
#include "stage/import/import.h"

/*
 * Loads cfg->base_model for images of `dims` in `classes`; for a file of tensors, the keys model and width give the
 * network. The result counts as an unpruned model, whatever was done to it before: what its metadata say of pruning,
 * fine-tuning and the data set it was trained on is removed, and base_model_sha256 is set. If the file does not say
 * what the network is fed, input_mean and input_std of cfg are taken, where given. Fails if the file contradicts these
 * keys, is not fp32, or is made for other images or fewer classes. The message names file or key.
 */
int eo_import_base_model(struct eo_model *m, const struct eo_config *cfg, struct eo_dims dims, int classes,
                         struct eo_import_report *report, struct eo_err *err) EO_MUST_CHECK;

#endif
