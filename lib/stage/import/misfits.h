/* What does not fit when a state_dict is matched with a network, as a table for people. */
#ifndef EO_STAGE_IMPORT_MISFITS_H
#define EO_STAGE_IMPORT_MISFITS_H

#include "base/buf.h"
#include "stage/import/match.h"

/*
 * Appends the table, "tensor expected found" in columns and one row for each tensor that is missing, has another shape
 * or belongs to no layer. Returns the number of rows; with 0 nothing is appended.
 */
int eo_misfits_put(const struct eo_match *match, const struct eo_modules *modules,
                   const struct eo_network *net, struct eo_buf *out);

#endif
