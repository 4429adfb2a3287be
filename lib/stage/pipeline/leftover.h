/* Which artefacts in an experiment's folder are of candidates that its configuration does not have (any more). */
#ifndef EO_STAGE_PIPELINE_LEFTOVER_H
#define EO_STAGE_PIPELINE_LEFTOVER_H

#include "format/config.h"

/*
 * Whether `path`, below the experiment's folder, names an artefact of a seed, level, criterion or precision that `cfg`
 * does not have: below models/, rows/ or device/, as a stage would write the name, or the record that Make keeps of
 * such a step ("config/steps/models+p0.50.safetensors"). 0 for every other name, also for one that only resembles
 * these.
 */
int eo_leftover(const char *path, const struct eo_config *cfg);

#endif
