/*
 * Which candidates fit on which boards, and how fast they are there: board_fits.csv, from what `make device` measured
 * (core_costs.csv) and the boards of a configuration.
 *
 *     candidate, build   as in core_costs.csv; a build is "" or fast
 *     board, core        board.h
 *     code               the core whose row of core_costs.csv was taken: the board's code, or m4 for m4dsp if there is
 *                        only that one
 *     fits               True where flash and RAM are at most the board's
 *     flash_bytes, flash_free_bytes, ram_bytes, ram_free_bytes
 *                        flash as linked, RAM as measured, and what is left for the rest of the program, including the
 *                        image; negative where it does not fit
 *     scores_equal       1 where all test images gave the scores of the host
 *     instructions       of one inference
 *     cycles_per_instruction
 *                        of the board; where it is not known, it is empty, and so are latency and energy
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
 * configuration whose code was measured. Rows of one candidate and build stand together. Fails if no candidate was
 * measured for the code of a board, and on cells that are no numbers.
 */
int eo_devices_put(const struct eo_csv *device, const struct eo_config *cfg, struct eo_buf *out,
                   struct eo_err *err) EO_MUST_CHECK;

#endif
