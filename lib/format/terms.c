#include "format/terms.h"

#include "base/names.h"

const char *const eo_precision_names[] = {EO_PRECISIONS(EO_TERM_NAME) NULL};
const char *const eo_preset_names[] = {EO_PRESETS(EO_TERM_NAME) NULL};
const char *const eo_criterion_names[] = {EO_CRITERIA(EO_TERM_NAME) NULL};
const char *const eo_scope_names[] = {EO_SCOPES(EO_TERM_NAME) NULL};
const char *const eo_backend_names[] = {EO_BACKENDS(EO_TERM_NAME) NULL};
const char *const eo_observer_names[] = {EO_OBSERVERS(EO_TERM_NAME) NULL};
const char *const eo_granularity_names[] = {EO_GRANULARITIES(EO_TERM_NAME) NULL};
const char *const eo_rounding_names[] = {EO_ROUNDINGS(EO_TERM_NAME) NULL};
const char *const eo_explore_start_names[] = {EO_EXPLORE_STARTS(EO_TERM_NAME) NULL};
const char *const eo_explore_way_names[] = {EO_EXPLORE_WAYS(EO_TERM_NAME) NULL};
const char *const eo_validation_names[] = {EO_VALIDATIONS(EO_TERM_NAME) NULL};
const char *const eo_schedule_names[] = {EO_SCHEDULES(EO_TERM_NAME) NULL};
const char *const eo_latency_statistic_names[] = {EO_LATENCY_STATISTICS(EO_TERM_NAME) NULL};
const char *const eo_recommend_names[] = {EO_RECOMMEND_RULES(EO_TERM_NAME) NULL};

/* The functions differ only in the enumeration. */
#define PARSER(term, type)                                                                                   \
    int eo_##term##_parse(const char *name, enum type *value, struct eo_err *err)                            \
    {                                                                                                        \
        int found;                                                                                           \
                                                                                                             \
        if (eo_names_parse(eo_##term##_names, name, &found, err))                                            \
            return -1;                                                                                       \
        *value = (enum type)found;                                                                           \
        return 0;                                                                                            \
    }

PARSER(precision, eo_precision)
PARSER(criterion, eo_criterion)
PARSER(backend, eo_backend)

const char *eo_precision_name(enum eo_precision p)
{
    return eo_precision_names[p];
}

const char *eo_criterion_name(enum eo_criterion criterion)
{
    return criterion == EO_CRITERION_NONE ? "none" : eo_criterion_names[criterion];
}

const char *eo_backend_name(enum eo_backend backend)
{
    return eo_backend_names[backend];
}

const char *eo_observer_name(enum eo_observer_kind kind)
{
    return eo_observer_names[kind];
}

const char *eo_latency_statistic_name(enum eo_latency_statistic statistic)
{
    return eo_latency_statistic_names[statistic];
}

const char *eo_recommend_name(enum eo_recommend_rule rule)
{
    return eo_recommend_names[rule];
}
