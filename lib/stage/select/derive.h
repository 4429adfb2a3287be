/*
 * What follows from a candidate's measured figures by arithmetic with the configuration.
 *
 * In this order, because each step uses the ones before it:
 *     latencies           host latency / cpu_frequency_scale: the columns that are `is_scaled`
 *     ranked_latency_ms   by latency_statistic: eo_candidate_rank()
 *     formulas            the columns that have one in columns.def, from the first to the last
 *     accepted            model_memory_mb <= active_memory_budget_mb; fit.h then looks at the active device
 */
#ifndef EO_STAGE_SELECT_DERIVE_H
#define EO_STAGE_SELECT_DERIVE_H

#include "base/err.h"
#include "format/config.h"
#include "stage/select/sweep.h"

/*
 * If host_latency_ms is missing, latencies are those of the host: it is set, and they are scaled. Otherwise they are
 * scaled already, perhaps by another factor; if the factor is the configuration's they stay as they are, without a
 * rounding. Fails on a latency that is out of range after scaling.
 */
int eo_candidate_derive(struct eo_candidate *c, const struct eo_config *cfg,
                        struct eo_err *err) EO_MUST_CHECK;

#endif
