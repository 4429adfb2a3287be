/*
 * What follows from a candidate's measured figures by arithmetic with the configuration.
 *
 * In this order, because each step uses the ones before it:
 *     latencies           host latency / cpu_frequency_scale: the columns that are `is_scaled`
 *     ranked_latency_ms   by latency_statistic: eo_candidate_rank()
 *     formulas            the columns that have one in columns.def, from the first to the last
 *     accepted            model_memory_mb <= active_memory_budget_mb
 */
#ifndef EO_STAGE_SELECT_DERIVE_H
#define EO_STAGE_SELECT_DERIVE_H

#include "base/err.h"
#include "format/config.h"
#include "stage/select/sweep.h"

/*
 * Latencies are those of the host where host_latency_ms is missing, which is then set; else they are scaled already,
 * perhaps by another factor, and stay as they are, without a rounding, where the factor is the configuration's. Fails
 * on a latency that is out of range after scaling.
 */
int eo_candidate_derive(struct eo_candidate *c, const struct eo_config *cfg,
                        struct eo_err *err) EO_MUST_CHECK;

#endif
