/* eo-pareto: joins accuracy and timing rows, scales them to the device, and finds frontiers and recommendation. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stage/select/columns.h"
#include "stage/select/fit.h"
#include "stage/select/join.h"
#include "stage/select/pareto.h"
#include "stage/select/recommend.h"
#include "tools/cli.h"

static const char *config, *x_name, *sweep_path, *errors_path, *latency_path, *energy_path, *seeds_path,
    *accuracy_path, *devices_path;
static int allow_missing, any_status, strict, list_columns;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment, or its select slice (required)"},
    {'x', "x", CLI_TEXT, &x_name, 0, 0, "COLUMN", "print the frontier of accuracy over this column"},
    {0, "sweep", CLI_TEXT, &sweep_path, 0, 0, "CSV",
     "write all complete candidates there (sweep_results.csv)"},
    {0, "errors", CLI_TEXT, &errors_path, 0, 0, "CSV",
     "write the failed candidates there (sweep_errors.csv)"},
    {0, "latency", CLI_TEXT, &latency_path, 0, 0, "CSV", "write the frontier over ranked_latency_ms there"},
    {0, "energy", CLI_TEXT, &energy_path, 0, 0, "CSV", "write the frontier over energy_proxy_j there"},
    {0, "seeds", CLI_TEXT, &seeds_path, 0, 0, "CSV",
     "write means and intervals over the seeds there (seed_summary.csv)"},
    {0, "accuracy", CLI_TEXT, &accuracy_path, 0, 0, "CSV",
     "write accuracy alone there (accuracy.csv); no timing is needed then"},
    {0, "devices", CLI_TEXT, &devices_path, 0, 0, "CSV",
     "what fits on active_device (board_fits.csv of make device)"},
    {0, "strict", CLI_FLAG, &strict, 0, 0, NULL, "leave candidates whose timing is not ok off the frontiers"},
    {0, "any-status", CLI_FLAG, &any_status, 0, 0, NULL,
     "keep them on the frontiers, whatever pareto_any_status says"},
    {0, "columns", CLI_FLAG, &list_columns, 0, 0, NULL,
     "print what the columns of sweep_results.csv are, and end"},
    {0, "allow-missing", CLI_FLAG, &allow_missing, 0, 0, NULL, "skip operands that do not exist"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-pareto",
    .synopsis = "-c FILE [options] [ROWS.csv ...]",
    .purpose = "Joins the rows of eo-eval, eo-bench and eo-attempt by seed, pruning level, criterion and "
               "precision, scales\n"
               "latencies to the device of the configuration, and finds the accepted candidates that no "
               "other beats.",
    .options = options,
    .max_operands = INT_MAX,
    .footer = "Without an output option the frontier over ranked_latency_ms goes to standard output. A "
              "candidate that\n"
              "failed, lacks a row, or has rows of different model files goes to --errors; the others go on. "
              "Rows can\n"
              "be in any order; the frontiers are about the first seed that appears. sweep_results.csv is "
              "itself a\n"
              "valid operand.\n\n"
              "Columns frontier_latency, frontier_energy and frontier_memory say how sure it is that a "
              "candidate is on\n"
              "that frontier: certain, possible or dominated; -x adds frontier_x for its column. Candidates "
              "are compared\n"
              "round by round and image by image when the files of eo-bench --rounds and eo-eval --hits are "
              "among the\n"
              "operands, else by their intervals. A candidate whose timing is not ok is never certain.\n\n"
              "Column recommendation marks the recommended candidate, chosen by the key `recommend`, and its "
              "rivals:\n"
              "the candidates that the images cannot tell from the most accurate one at 5 %.\n",
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

static int fit(struct eo_sweep *sweep, const struct eo_config *cfg)
{
    struct eo_csv csv;
    struct eo_err err;
    int rc;

    if (accuracy_path || !*cfg->active_device)
        return 0;
    if (!devices_path) {
        eo_err_set(&err, "key 'active_device': expected option '--devices' with board_fits.csv, found none");
        return cli_fail(&program, config, &err);
    }
    if (eo_csv_load(&csv, devices_path, &err))
        return cli_fail(&program, devices_path, &err);
    rc = eo_fit_apply(sweep, cfg, &csv, &err) ? cli_fail(&program, devices_path, &err) : 0;
    eo_csv_release(&csv);
    return rc;
}

/* Labels the frontiers and the recommendation; prints a line where timings are weak, and where nothing was learned. */
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
    eo_recommend_put_warning(sweep, &text);
    cli_warn_lines(&program, NULL, &text);
    eo_buf_release(&text);
    return 0;
}

/* `own_label`: add a last column with the label for this x. */
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
    const char *const inputs[] = {config, devices_path, count == 0 ? "-" : NULL};

    cli_check_inputs(&program, inputs, 3, files, count);
    cli_check_outputs(&program, outputs, sizeof(outputs) / sizeof(*outputs));
}

static int print_columns(void)
{
    struct eo_buf text = {0};

    eo_sweep_put_columns(&text);
    return cli_write(&program, "-", &text);
}

int main(int argc, char **argv)
{
    static struct eo_config cfg;
    struct eo_sweep sweep = {0};
    const struct eo_sweep_column *x = NULL;
    int count = cli_parse(&program, argc, argv), rc;
    char **files = argv + argc - count;

    if (list_columns)
        return print_columns();
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
    rc = load(&cfg, &sweep, files, count) || fit(&sweep, &cfg) || label(&sweep, &cfg) ||
         write_all(&sweep, &cfg, x);
    eo_sweep_release(&sweep);
    return rc;
}
