#include "stage/select/summary.h"

#include "format/json.h"
#include "stage/select/columns.h"

/* A key, the type of its value, and what it is. */
struct member {
    const char *name;
    char type; /* of types[], by its sign */
    const char *text;
};

static const struct type {
    char sign;
    const char *names[3]; /* NULL ends them */
} types[] = {
    {'n', {"number"}},          {'N', {"number", "null"}}, {'i', {"integer"}}, {'I', {"integer", "null"}},
    {'s', {"string"}},          {'S', {"string", "null"}}, {'b', {"boolean"}}, {'z', {"null"}},
    {'v', {"number", "string", "null"}}, /* a cell of a table */
};

static const struct member recommended[] = {
    {"model", 's', "the path of its file, below the folder of the summary"},
    {"rule", 's', "recommend of the configuration"},
    {"why", 's', "the reason in a sentence"},
    {"rivals", 'r', "candidates that the images cannot tell from the most accurate one"},
    {"pruning_level", 'l', "share of the channels that was removed, or a list with one for each space"},
    {"pruning_criterion", 's', "what was removed first; none at level 0"},
    {"precision", 's', "the number format"},
    {"seed", 'i', "the seed"},
    {"accuracy", 'n', "share of the images that decide"},
    {"recommendation_p", 'N', "two-sided p of McNemar's test against the most accurate one"},
    {"test_accuracy", 'N', "share of the test images"},
    {"accuracy_note", 's', "how independent of the choice the accuracies are"},
    {"chance_accuracy", 'N', "share of the most frequent class"},
    {"is_chance", 'b', "it is no better than always naming that class"},
    {"latency_statistic", 's', "mean or median: what ranked_latency_ms is"},
    {"ranked_latency_ms", 'N', "of one image in a batch, scaled to the device"},
    {"latency_ms", 'N', "the mean of the same"},
    {"single_latency_ms", 'N', "the mean of one image alone"},
    {"energy_proxy_j", 'N', "ranked_latency_ms / 1000 x power_watts"},
    {"model_bytes", 'I', "of its tensors"},
    {"peak_activation_bytes", 'I', "of one image"},
    {"model_sha256", 'S', "of its file"},
    {"timing_status", 'S', "ok, or why the timing cannot be trusted"},
    {"timing_reason", 'S', "the same with figures"},
    {"frontier_latency", 'c', "how sure it is that it lies on this frontier"},
    {"frontier_energy", 'c', "likewise"},
    {0},
};

static const struct member rival[] = {
    {"model", 's', "the path of its file"},
    {"accuracy", 'n', "share of the images that decide"},
    {"recommendation_p", 'N', "two-sided p of McNemar's test against the most accurate one"},
    {"test_accuracy", 'N', "share of the test images"},
    {"ranked_latency_ms", 'N', "of one image in a batch, scaled to the device"},
    {"model_bytes", 'I', "of its tensors"},
    {0},
};

static const struct member outermost[] = {
    {"schema_version", 'k', "raised when a key is taken out or changes its meaning; later versions add keys"},
    {"recommended", 'R', "the candidate to use; null when none is accepted"},
    {"baseline", 'B', "its row of sweep_results.csv; null without rows"},
    {"memory_budgets_mb", 'a', "of the configuration, in MiB"},
    {"active_memory_budget_mb", 'n', "the one that decides"},
    {"cpu_frequency_scale", 'n', "of the configuration"},
    {"latency_multiplier", 'n', "1 / cpu_frequency_scale"},
    {"power_watts", 'n', "of the configuration"},
    {"study_rows", 'i', "rows of sweep_results.csv"},
    {"accepted_rows", 'i', "of them within the budget, and on the active device where there is one"},
    {"rejected_rows", 'i', "the others"},
    {"error_rows", 'i', "rows of sweep_errors.csv"},
    {"best_accuracy_accepted", 'N', "among the accepted candidates of the first seed"},
    {"lowest_latency_ms_accepted", 'N', "ranked_latency_ms among the same"},
    {"deployment", 'D', "times and roofline of the baseline, and of the recommended one"},
    {0},
};

static const struct member deployment[] = {
    {"cpu_frequency_scale", 'n', "of the configuration"},
    {"latency_multiplier", 'n', "1 / cpu_frequency_scale"},
    {"model", 'S', "the baseline's file; null without rows, and then the keys below are missing"},
    {"recommended", 'U', "the same keys for the recommended one"},
    {0},
};

static const struct member use[] = {
    {"model", 's', "the path of its file"},
    {"latency_statistic", 's', "mean or median"},
    {"batch_latency_ms", 'N', "of batch_size images"},
    {"batch_throughput_sps", 'N', "images in a second, in batches"},
    {"stream_avg_latency_ms", 'N', "the mean of one image alone"},
    {"stream_latency_ms", 'N', "of one image alone, by latency_statistic"},
    {"stream_throughput_sps", 'N', "images in a second, one by one"},
    {"estimated_total_bytes", 'v', "of parameters and activations in one batch"},
    {"estimated_total_macs", 'v', "multiply-accumulates of one batch"},
    {"achieved_bandwidth_gbps", 'v', "these bytes in a second"},
    {"configured_memory_bandwidth_gbps", 'v', "memory_bandwidth_gbps of the configuration"},
    {"bandwidth_utilization", 'v', "the share of it"},
    {"achieved_gmacs", 'v', "these multiply-accumulates in a second"},
    {"arithmetic_intensity_macs_per_byte", 'v', "multiply-accumulates for each byte"},
    {"configured_peak_compute_gmacs", 'v', "peak_compute_gmacs of the configuration"},
    {"roofline_knee_macs_per_byte", 'v', "from where on computing is the limit"},
    {"bound_regime", 'v', "memory-bound or compute-bound"},
    {0},
};

static void put_types(struct eo_json *j, char sign)
{
    const struct type *t = types;

    while (t->sign != sign)
        t++;
    if (!t->names[1]) {
        eo_json_text(j, "type", t->names[0]);
        return;
    }
    eo_json_open(j, "type", '[');
    for (int i = 0; i < 3 && t->names[i]; i++)
        eo_json_text(j, NULL, t->names[i]);
    eo_json_close(j);
}

static void put_list(struct eo_json *j, const char *items, const char *ref)
{
    eo_json_text(j, "type", "array");
    eo_json_open(j, "items", '{');
    eo_json_text(j, ref ? "$ref" : "type", ref ? ref : items);
    eo_json_close(j);
}

static void put_value(struct eo_json *j, char type)
{
    switch (type) {
    case 'l':
        eo_json_open(j, "type", '[');
        eo_json_text(j, NULL, "number");
        eo_json_text(j, NULL, "array");
        eo_json_close(j);
        eo_json_open(j, "items", '{');
        eo_json_text(j, "type", "number");
        eo_json_close(j);
        break;
    case 'c':
        eo_json_open(j, "enum", '[');
        eo_json_text(j, NULL, NULL);
        for (int i = EO_CERTAINTY_NONE + 1; i <= EO_CERTAINTY_CERTAIN; i++)
            eo_json_text(j, NULL, eo_certainty_name((enum eo_certainty)i));
        eo_json_close(j);
        break;
    case 'k':
        eo_json_int(j, "const", EO_SUMMARY_SCHEMA);
        break;
    case 'r':
        put_list(j, NULL, "#/$defs/rival");
        break;
    case 'a':
        put_list(j, "number", NULL);
        break;
    case 'R':
        eo_json_text(j, "$ref", "#/$defs/recommended");
        break;
    case 'B':
        eo_json_text(j, "$ref", "#/$defs/candidate");
        break;
    case 'D':
        eo_json_text(j, "$ref", "#/$defs/deployment");
        break;
    case 'U':
        eo_json_text(j, "$ref", "#/$defs/use");
        break;
    default:
        put_types(j, type);
    }
}

static void put_member(struct eo_json *j, const char *name, char type, const char *text)
{
    eo_json_open(j, name, '{');
    eo_json_text(j, "description", text);
    put_value(j, type);
    eo_json_close(j);
}

static void put_object_type(struct eo_json *j, int may_be_null)
{
    if (!may_be_null) {
        eo_json_text(j, "type", "object");
        return;
    }
    eo_json_open(j, "type", '[');
    eo_json_text(j, NULL, "object");
    eo_json_text(j, NULL, "null");
    eo_json_close(j);
}

/* What an object has, and that each of `list` must be there. `more` are members that may be missing, or NULL. */
static void put_members(struct eo_json *j, const struct member *list, const struct member *more)
{
    eo_json_open(j, "properties", '{');
    for (const struct member *m = list; m->name; m++)
        put_member(j, m->name, m->type, m->text);
    for (const struct member *m = more; m && m->name; m++)
        put_member(j, m->name, m->type, m->text);
    eo_json_close(j);
    eo_json_open(j, "required", '[');
    for (const struct member *m = list; m->name; m++)
        eo_json_text(j, NULL, m->name);
    eo_json_close(j);
}

static char type_of(const struct eo_sweep_column *column)
{
    switch (column->kind) {
    case EO_SWEEP_LEVEL:
        return 'l';
    case EO_SWEEP_PRECISION:
    case EO_SWEEP_CRITERION:
    case EO_SWEEP_NOTE:
        return 's';
    case EO_SWEEP_SEED:
        return 'i';
    case EO_SWEEP_BOOL:
        return 'b';
    case EO_SWEEP_NUMBER:
        return 'N';
    case EO_SWEEP_COUNT:
        return 'I';
    case EO_SWEEP_CERTAINTY:
        return 'c';
    case EO_SWEEP_EMPTY:
        return 'z';
    default:
        return 'S';
    }
}

/* A row of the sweep: its columns, one for each budget among them. */
static void put_candidate(struct eo_json *j)
{
    size_t count;
    const struct eo_sweep_column *columns = eo_sweep_columns(&count);

    eo_json_open(j, "candidate", '{');
    put_object_type(j, 1);
    eo_json_open(j, "properties", '{');
    for (size_t i = 0; i < count; i++) {
        if (columns[i].kind != EO_SWEEP_VIOLATES)
            put_member(j, columns[i].name, type_of(&columns[i]), columns[i].help);
    }
    put_member(j, "accepted_under_active_budget", 'b', "its memory is within the active budget");
    eo_json_close(j);
    eo_json_open(j, "patternProperties", '{');
    put_member(j, "^violates_.*mb$", 'b', "its memory is above this budget of the configuration");
    eo_json_close(j);
    eo_json_open(j, "required", '[');
    for (size_t i = 0; i < count; i++) {
        if (columns[i].kind != EO_SWEEP_VIOLATES)
            eo_json_text(j, NULL, columns[i].name);
    }
    eo_json_text(j, NULL, "accepted_under_active_budget");
    eo_json_close(j);
    eo_json_close(j);
}

static void put_definition(struct eo_json *j, const char *name, int may_be_null, const struct member *list,
                           const struct member *more)
{
    eo_json_open(j, name, '{');
    put_object_type(j, may_be_null);
    put_members(j, list, more);
    eo_json_close(j);
}

void eo_summary_put_schema(struct eo_buf *out)
{
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    eo_json_text(&j, "title", "summary.json of edge-opt");
    put_object_type(&j, 0);
    put_members(&j, outermost, NULL);
    eo_json_open(&j, "$defs", '{');
    put_definition(&j, "recommended", 1, recommended, NULL);
    put_definition(&j, "rival", 0, rival, NULL);
    put_candidate(&j);
    /* The first key of `use`, model, is there in any case. */
    put_definition(&j, "deployment", 0, deployment, use + 1);
    put_definition(&j, "use", 1, use, NULL);
    eo_json_close(&j);
    eo_json_close(&j);
}
