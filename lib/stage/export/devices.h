/*
 * Which candidates fit on which boards, and how fast they are there: board_fits.csv, from what `make device` measured
 * (core_costs.csv) and the boards of a configuration.
 *
 *     candidate, build   as in core_costs.csv; a build is "" or fast
 *     board, core        board.h
 *     code               the core of core_costs.csv whose row it is: the board's code, or m4 for m4dsp where that is
 *                        all
 *     fits               True where flash and RAM are at most the board's
 *     flash_bytes, flash_free_bytes, ram_bytes, ram_free_bytes
 *                        linked and measured, and what is left for the rest of the program, the image among it; less
 *                        than 0 where it does not fit
 *     scores_equal       1 where all test images gave the scores of the host
 *     instructions       of one inference
 *     cycles_per_instruction
 *                        of the board; empty where it is not known; latency and energy are empty then too
 *     latency_ms         instructions x cycles_per_instruction / clock
 *     energy_mj          latency_ms x milliwatts of the board; empty where these are not known
 */
#ifndef EO_STAGE_EXPORT_DEVICES_H
#define EO_STAGE_EXPORT_DEVICES_H

#include "base/buf.h"
#include "base/err.h"
#include "format/config.h"
#include "format/csv.h"

/*
 * Appends board_fits.csv: for each candidate and build in the order of core_costs.csv, a row for each board of the
 * configuration for whose code there is one. Rows of one candidate and build stand together. Fails where no candidate
 * was measured for the code of a board, and on figures that are none.
 */
int eo_devices_put(const struct eo_csv *device, const struct eo_config *cfg, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
