/*
 * Whether candidates fit on the active device: the last part of acceptance.
 */
#ifndef EO_STAGE_SELECT_FIT_H
#define EO_STAGE_SELECT_FIT_H

#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"
#include "stage/select/sweep.h"

/*
 * Sets the columns device to device_energy_mj from the rows of board_fits.csv (stage/export/devices.h) about
 * active_device. Of several builds of a candidate it takes the one with the fewest instructions among those that fit,
 * or the smallest if none fits. A candidate stays accepted if it fits, all its scores are equal to the host's, and its
 * latency and energy are within max_latency_ms and max_energy_mj. One without a row is not accepted. Does nothing
 * without an active device. The message gives row and column.
 */
int eo_fit_apply(struct eo_sweep *sweep, const struct eo_config *cfg, const struct eo_csv *devices,
                 struct eo_err *err) EO_MUST_CHECK;

#endif
