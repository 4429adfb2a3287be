/* eo-pareto: joins accuracy and timing rows, derives what follows from the config, and selects. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stage/join.h"
#include "stage/pareto.h"
#include "stage/recommend.h"
#include "tools/cli.h"

static const char *config, *x_name, *sweep_path, *errors_path, *latency_path, *energy_path, *seeds_path,
    *accuracy_path;
static int allow_missing, any_status, strict;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "experiment or select slice (required)"},
    {'x', "x", CLI_TEXT, &x_name, 0, 0, "COLUMN", "print the frontier of accuracy over this column"},
    {0, "sweep", CLI_TEXT, &sweep_path, 0, 0, "CSV", "write all good candidates there (sweep_results.csv)"},
    {0, "errors", CLI_TEXT, &errors_path, 0, 0, "CSV", "write the failed ones there (sweep_errors.csv)"},
    {0, "latency", CLI_TEXT, &latency_path, 0, 0, "CSV", "write the frontier over ranked_latency_ms there"},
    {0, "energy", CLI_TEXT, &energy_path, 0, 0, "CSV", "write the frontier over energy_proxy_j there"},
    {0, "seeds", CLI_TEXT, &seeds_path, 0, 0, "CSV", "write the spread over seeds there (seed_summary.csv)"},
    {0, "accuracy", CLI_TEXT, &accuracy_path, 0, 0, "CSV",
     "write accuracy rows alone there (accuracy.csv); timing is then not needed"},
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL, "leave off candidates whose timing is not ok"},
    {0, "any-status", CLI_FLAG, &any_status, 0, 0, NULL, "keep them whatever pareto_any_status says"},
    {0, "allow-missing", CLI_FLAG, &allow_missing, 0, 0, NULL, "skip operands that do not exist"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-pareto",
    .synopsis = "-c FILE [options] [ROWS.csv ...]",
    .purpose =
        "Joins the rows of eo-eval, eo-bench and eo-attempt by seed, pruning level and precision,\n"
        "scales them to the device of the config, and finds the candidates that no other accepted one\n"
        "beats.",
    .options = options,
    .max_operands = INT_MAX,
    .footer =
        "Without an output option the frontier over ranked_latency_ms goes to standard output. A candidate that\n"
        "failed, lacks a row, or whose rows are of different model files goes to --errors and stops\n"
        "nothing. Rows come in any order; the first seed that appears is the one that the frontiers are\n"
        "about. sweep_results.csv is itself a valid operand.\n\n"
        "frontier_latency, frontier_energy and frontier_memory say of each candidate how sure it is that it\n"
        "belongs on that frontier: certain, possible or dominated; -x adds frontier_x for its column. With\n"
        "the files of eo-bench --rounds and eo-eval --hits among the operands candidates are compared round\n"
        "by round and image by image, else by their intervals. A candidate whose timing is not ok is never\n"
        "called certain.\n\n"
        "`recommendation` marks the recommended candidate, by the key `recommend`, and its rivals: those that the\n"
        "images (--hits of eo-eval) cannot tell from the most accurate at 5 %.\n",
};

static int add_file(struct eo_join *join, const char *path)
{
    struct eo_csv csv;
    struct eo_err err;
    int rc = 0;

    if (allow_missing && strcmp(path, "-") != 0 && access(path, F_OK) != 0)
        return 0;
    if (eo_csv_load(&csv, path, &err))
        return cli_fail(&program, path, &err);
    if (eo_join_add(join, &csv, &err))
        rc = cli_fail(&program, path, &err);
    eo_csv_release(&csv);
    return rc;
}

static int load(struct eo_config *cfg, struct eo_sweep *sweep, char **files, int count)
{
    struct eo_err err;
    struct eo_join *join;
    int i, rc = 1;

    if (eo_config_load(cfg, config, &err))
        return cli_fail(&program, config, &err);
    join = eo_join_new(&err);
    if (!join)
        return cli_fail(&program, NULL, &err);
    if (count == 0 && add_file(join, "-"))
        goto out;
    for (i = 0; i < count; i++) {
        if (add_file(join, files[i]))
            goto out;
    }
    rc = eo_join_finish(join, cfg, !accuracy_path, sweep, &err) ? cli_fail(&program, NULL, &err) : 0;
out:
    eo_join_free(join);
    return rc;
}

/* How sure the frontiers are, which timings are weak, what is recommended. */
static int label(struct eo_sweep *sweep, struct eo_config *cfg)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (any_status || strict)
        cfg->pareto_any_status = any_status;
    if (accuracy_path)
        return 0;
    if (eo_pareto_label_all(sweep, cfg, &err))
        return cli_fail(&program, NULL, &err);
    eo_recommend(sweep, cfg->recommend);
    eo_pareto_put_weak(sweep, cfg, &text);
    if (text.len > 0)
        fprintf(stderr, "%s: %s", program.name, text.data);
    eo_buf_release(&text);
    return 0;
}

/* `own_label`: with the label for this x in a last column. */
static int write_frontier(const char *path, const struct eo_sweep *sweep, const struct eo_config *cfg,
                          const struct eo_sweep_column *x, int own_label)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (!path)
        return 0;
    if (eo_pareto_put_frontier(sweep, cfg, x, own_label, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, path, &err);
    }
    return cli_write(&program, path, &text);
}

static int write_seeds(const char *path, const struct eo_sweep *sweep)
{
    struct eo_buf text = {0};
    struct eo_err err;

    if (!path)
        return 0;
    if (eo_pareto_put_seeds(sweep, &text, &err)) {
        eo_buf_release(&text);
        return cli_fail(&program, path, &err);
    }
    return cli_write(&program, path, &text);
}

static int write_table(const char *path, const struct eo_sweep *sweep, const struct eo_config *cfg,
                       void (*put)(const struct eo_sweep *, const struct eo_config *, struct eo_buf *))
{
    struct eo_buf text = {0};

    if (!path)
        return 0;
    put(sweep, cfg, &text);
    return cli_write(&program, path, &text);
}

static int write_all(const struct eo_sweep *sweep, const struct eo_config *cfg,
                     const struct eo_sweep_column *x)
{
    return write_table(sweep_path, sweep, cfg, eo_pareto_put_sweep) ||
           write_table(accuracy_path, sweep, cfg, eo_pareto_put_accuracy) ||
           write_table(errors_path, sweep, cfg, eo_pareto_put_errors) ||
           write_frontier(latency_path, sweep, cfg, eo_sweep_numeric_column(EO_PARETO_LATENCY), 0) ||
           write_frontier(energy_path, sweep, cfg, eo_sweep_numeric_column("energy_proxy_j"), 0) ||
           write_seeds(seeds_path, sweep) || (x && write_frontier("-", sweep, cfg, x, x_name != NULL));
}

static void check_streams(char **files, int count)
{
    const char *const outputs[] = {sweep_path, errors_path,   latency_path,       energy_path,
                                   seeds_path, accuracy_path, x_name ? "-" : NULL};
    const char *const inputs[] = {config, count == 0 ? "-" : NULL};

    cli_check_inputs(&program, inputs, 2, files, count);
    cli_check_outputs(&program, outputs, sizeof(outputs) / sizeof(*outputs));
}

int main(int argc, char **argv)
{
    static struct eo_config cfg;
    struct eo_sweep sweep = {0};
    const struct eo_sweep_column *x = NULL;
    int count = cli_parse(&program, argc, argv), rc;
    char **files = argv + argc - count;

    if (!config)
        cli_usage(&program, "option '-c' is required");
    if (!x_name && !sweep_path && !errors_path && !latency_path && !energy_path && !seeds_path &&
        !accuracy_path)
        latency_path = "-";
    if (x_name && !(x = eo_sweep_numeric_column(x_name)))
        cli_usage(&program, "option '--x': expected a column of numbers such as latency_ms, found '%s'",
                  x_name);
    if (any_status && strict)
        cli_usage(&program, "options '--strict' and '--any-status' exclude each other");
    if (accuracy_path && (x_name || sweep_path || latency_path || energy_path))
        cli_usage(&program,
                  "option '--accuracy' goes with '--errors' and '--seeds' alone: all else needs timing");
    check_streams(files, count);
    rc = load(&cfg, &sweep, files, count) || label(&sweep, &cfg) || write_all(&sweep, &cfg, x);
    eo_sweep_release(&sweep);
    return rc;
}
