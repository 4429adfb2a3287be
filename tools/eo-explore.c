/* eo-explore: accuracy and cost of all widths and precisions of a network. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "machine/clock.h"
#include "stage/explore/explore.h"
#include "stage/quant/quant.h"
#include "tools/cli.h"

static const char *config, *data, *base_path, *into, *point, *output, *shard;
static int64_t threads, rung, shards;
static int shard_number; /* from 1; 0: no shard */
static enum eo_isa isa;
static int quiet, check;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment, or its explore slice (required)"},
    {0, "base", CLI_TEXT, &base_path, 0, 0, "MODEL", "the trained fp32 model (explore_from: slice)"},
    {0, "into", CLI_TEXT, &into, 0, 0, "DIR",
     "folder for explore.csv and explore_hits.csv, made where it is missing"},
    {0, "shard", CLI_TEXT, &shard, 0, 0, "K/N",
     "compute the K-th of N shares of the points and write no tables; with --into"},
    {0, "shards", CLI_INT, &shards, 1, EO_EXPLORE_SHARDS, "N",
     "take over what N shards have computed, compute the rest, and write the tables; with --into"},
    {0, "point", CLI_TEXT, &point, 0, 0, "NAME",
     "make one point again, such as 8x16-int8, and write its model (with -o)"},
    {0, "rung", CLI_INT, &rung, 1, EO_CONFIG_RUNGS_MAX, "N",
     "trained as in rung N of explore_way: halving (with --point; default: the last)"},
    {0, "check", CLI_FLAG, &check, 0, 0, NULL,
     "only check that explore_widths fits the network, and fail with a message where it does not"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE",
     "the model to write (with --point; default: standard output)"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set"},
    {0, "threads", CLI_INT, &threads, 1, EO_POOL_MAX, "N",
     "threads (default: those of the configuration, else all processors); the result does not depend on "
     "them"},
    {0, "isa", CLI_ISA, &isa, 0, 0, "NAME", "instruction set (default: $EO_ISA, else the best)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-explore",
    .synopsis = "-c FILE [--base MODEL] --into DIR | --point NAME -o FILE | --check [options]",
    .purpose =
        "Trains a network at all combinations of widths, and measures accuracy and cost at each precision.\n"
        "A run that was interrupted goes on where it was.",
    .options = options,
    .footer = "The keys explore_* say which points there are; eo-best answers questions about the table.\n"
              "Progress is shown on standard error when that is a terminal.\n",
    .quiet = &quiet,
};

/* Make waits for the table, so that comes last: new hits without a table are removed. */
enum { HITS, TABLE, OUTPUTS };
static const char *const names[OUTPUTS] = {"explore_hits.csv", "explore.csv"};
static char path[OUTPUTS][4096];
static const char *const paths[OUTPUTS] = {path[HITS], path[TABLE]};

struct inputs {
    struct eo_config cfg;
    struct eo_model base;
    struct eo_teacher_model teacher;
    char base_sha256[EO_SHA256_TEXT];
    struct eo_dataset dataset;
    struct eo_explore explore;
    struct eo_explore_origin origin;
};

static void check_shard(void)
{
    int length = 0;

    if ((shard || shards) && !into)
        cli_usage(&program, "options '--shard' and '--shards' are for '--into'");
    if (shard && shards)
        cli_usage(&program, "expected one of '--shard' and '--shards'");
    if (!shard)
        return;
    if (strspn(shard, "0123456789/") != strlen(shard) || strlen(shard) > 9 ||
        sscanf(shard, "%d/%" SCNd64 "%n", &shard_number, &shards, &length) != 2 || shard[length] ||
        shards < 1 || shards > EO_EXPLORE_SHARDS || shard_number < 1 || shard_number > shards)
        cli_usage(&program, "option '--shard': expected K/N with K in 1..N and N in 1..1000, such as 2/8");
}

static void check_options(void)
{
    if (!config)
        cli_usage(&program, "option '--config' is required");
    if ((into != NULL) + (point != NULL) + check != 1)
        cli_usage(&program, "expected one of '--into', '--point' and '--check'");
    check_shard();
    if (!point && (output || rung))
        cli_usage(&program, "option '%s' is for '--point'", output ? "-o" : "--rung");
    if (point && cli_check_binary_output(&program, output))
        exit(1);
    if (point)
        cli_check_outputs(&program, (const char *const[]){cli_path(output)}, 1);
    for (int i = 0; into && i < OUTPUTS; i++) {
        if ((size_t)snprintf(path[i], sizeof(path[i]), "%s/%s", into, names[i]) >= sizeof(path[i]))
            cli_usage(&program, "option '--into': expected a shorter name of a folder");
    }
}

/* Once all that is read is known to be right, so that a folder that is new has tables. */
static int check_folder(struct eo_err *err)
{
    if (into && eo_io_mkdirs(into, err))
        return eo_err_prefix(err, "option '--into': %s", into);
    if (into)
        cli_check_outputs(&program, paths, OUTPUTS);
    return 0;
}

static int load_base(struct inputs *in, struct eo_err *err)
{
    int is_slice = in->cfg.explore_from == EO_EXPLORE_SLICE;

    if (!is_slice)
        return base_path
                   ? eo_err_set(err,
                                "option '--base': explore_from is scratch, so nothing begins with a model")
                   : 0;
    if (!base_path)
        return eo_err_set(err, "explore_from is slice: expected a trained model, --base MODEL");
    if (eo_model_load_network(&in->base, base_path, NULL, in->base_sha256, err))
        return eo_err_prefix(err, "%s", base_path);
    if (in->base.precision != EO_FP32)
        return eo_err_set(err, "%s: expected an fp32 model, found %s", base_path,
                          eo_precision_name(in->base.precision));
    eo_explore_origin_set_base(&in->origin, &in->base);
    return 0;
}

/* The slice has no threads, which change no result. */
static int load_config(struct inputs *in, struct eo_err *err)
{
    struct eo_config given;

    if (eo_config_load(&given, config, err) || eo_config_seal_teacher(&given, err) ||
        eo_explore_config(&given, &in->cfg, err) || eo_explore_origin_make(&in->origin, &given, err) ||
        (check && eo_explore_grid_check(&given, err)))
        return eo_err_prefix(err, "%s", config);
    in->cfg.threads = given.threads;
    memcpy(in->cfg.data_dir, given.data_dir, sizeof(given.data_dir)); /* no slice has these two */
    return 0;
}

/* The base model can teach, too; it is then the one of --base. Without one there is no training that it teaches. */
static int load_teacher(struct inputs *in, struct eo_err *err)
{
    int is_slice = in->cfg.explore_from == EO_EXPLORE_SLICE;
    enum eo_config_stage stage = is_slice ? EO_STAGE_FINETUNE : EO_STAGE_TRAIN;

    if (!*in->cfg.teacher)
        return 0;
    if (eo_config_teacher_is_base(&in->cfg) && !is_slice)
        return eo_err_set(
            err,
            "%s: key 'teacher': expected a file, as explore_from is scratch and there is no base "
            "model, found 'base'",
            config);
    if (eo_teacher_load(&in->teacher, eo_config_teacher_is_base(&in->cfg) ? base_path : NULL, &in->cfg,
                        &in->explore.network, err))
        return -1;
    in->explore.teacher = eo_teacher_is_wanted(&in->cfg, stage) ? &in->teacher : NULL;
    in->explore.int8_teacher = &in->teacher;
    return 0;
}

/* If the data are right for some network, the base model is the one that does not fit. Replaces the message then. */
static void blame_base(const struct inputs *in, struct eo_dataset_request wanted, struct eo_err *err)
{
    struct eo_dims net = in->base.network.input, found;
    int classes = eo_network_classes(&in->base.network);
    struct eo_dataset ds;
    struct eo_err other;

    wanted.is_any = 1;
    if (eo_dataset_open(&ds, &in->cfg, &wanted, &other))
        return;
    found = ds.dims;
    if (eo_dims_elements(net) != eo_dims_elements(found) || classes < ds.classes)
        eo_err_set(
            err,
            "%s: expected a model for the images in %s, of %d x %d x %d values in %d classes, found one of "
            "%d x %d x %d in %d",
            base_path, ds.folder, found.c, found.h, found.w, ds.classes, net.c, net.h, net.w, classes);
    eo_dataset_release(&ds);
}

static int load(struct inputs *in, struct eo_pool *pool, struct eo_err *err)
{
    struct eo_dataset_request wanted = {
        .folder = data, .parts = EO_DATASET_TRAIN | EO_DATASET_TEST, .is_whole = 1};

    if (load_base(in, err))
        return -1;
    wanted.is_any = !base_path;
    if (base_path) {
        wanted.dims = in->base.network.input;
        wanted.classes = eo_network_classes(&in->base.network);
    }
    if (eo_dataset_open(&in->dataset, &in->cfg, &wanted, err)) {
        if (base_path)
            blame_base(in, wanted, err);
        return -1;
    }
    if (base_path && eo_quant_check_dataset(&in->base, in->dataset.train_sha256, err))
        return eo_err_prefix(err, "%s", in->dataset.folder);
    if (eo_explore_init(&in->explore, &in->cfg, &in->dataset, base_path ? &in->base : NULL, isa, pool, err))
        return eo_err_prefix(err, "%s", config);
    return load_teacher(in, err);
}

/* ---- one point ------------------------------------------------------------------------------------------------- */

static int parse_point(const struct inputs *in, int *widths, enum eo_precision *precision, struct eo_err *err)
{
    const char *dash = strrchr(point, '-');
    char text[EO_GRID_TEXT] = "";
    int spaces = in->explore.grid.spaces.count, found;

    if (!dash || dash - point >= (long)sizeof(text))
        return eo_err_set(
            err, "option '--point': expected widths and a precision, such as 8x16-int8, found '%.60s'",
            point);
    memcpy(text, point, (size_t)(dash - point));
    found = eo_explore_widths_parse(text, widths);
    if (found != spaces)
        return eo_err_set(err, "option '--point': expected %d widths with an 'x' between, found '%.60s'",
                          spaces, text);
    for (int i = 0; i < spaces; i++) {
        if (widths[i] > in->explore.grid.spaces.channels[i])
            return eo_err_set(err, "option '--point': expected at most %d channels, found %d",
                              in->explore.grid.spaces.channels[i], widths[i]);
    }
    return eo_precision_parse(dash + 1, precision, err) ? eo_err_prefix(err, "option '--point'") : 0;
}

static int init_rung(const struct inputs *in, struct eo_explore *e, struct eo_pool *pool, struct eo_err *err)
{
    int rungs = eo_explore_rungs(&in->explore);

    if (rung > rungs)
        return eo_err_set(err, "option '--rung': expected at most the %d of %s, found %" PRId64, rungs,
                          config, rung);
    return eo_explore_init_rung(e, &in->explore, rung ? (int)rung - 1 : rungs - 1, pool, err);
}

static int write_point(const struct inputs *in, struct eo_pool *pool, struct eo_err *err)
{
    struct eo_model trained = {0}, m = {0};
    struct eo_explore *e = eo_alloc(1, sizeof(*e), err);
    int widths[EO_NETWORK_LAYERS], rc = -1;
    enum eo_precision precision;

    if (e && !parse_point(in, widths, &precision, err) && !init_rung(in, e, pool, err) &&
        !eo_explore_train(e, widths, &trained, err) && !eo_explore_convert(e, &trained, precision, &m, err))
        rc = eo_model_save(&m, cli_path(output), err) ? eo_err_prefix(err, "%s", cli_path(output)) : 0;
    eo_model_release(&trained);
    eo_model_release(&m);
    free(e);
    return rc;
}

/* ---- all points ------------------------------------------------------------------------------------------------ */

/* A few times a second. */
static void show(void *ctx, const struct eo_explore_progress *p)
{
    double *last = ctx, left = p->share > 0 ? p->seconds * (1 - p->share) / p->share : 0;

    if (eo_clock_now() - *last < 0.2)
        return;
    *last = eo_clock_now();
    fprintf(stderr, "\r\033[K%zu of %zu points, %.0f s, about %.0f s left", p->done, p->points, p->seconds,
            left);
}

static void say(const char *line)
{
    cli_warn(&program, NULL, "%s", line);
}

static const char *journal_of(int k, char name[32])
{
    if (k)
        snprintf(name, 32, EO_EXPLORE_JOURNAL_OF_SHARD, k);
    else
        snprintf(name, 32, "%s", EO_EXPLORE_JOURNAL);
    return name;
}

/* The journals that are read besides our own: those of the shards, or for a shard that of the runs before. */
static int open_others(struct eo_explore_how *how, struct eo_err *err)
{
    char name[32];

    how->other_count = shard ? 1 : (int)shards;
    how->others = eo_alloc((size_t)how->other_count, sizeof(*how->others), err);
    for (int i = 0; how->others && i < how->other_count; i++)
        eo_journal_open_to_read(&how->others[i], into, journal_of(shard ? 0 : i + 1, name));
    return how->others ? 0 : -1;
}

/* What the shards kept is in our journal by now. */
static void close_others(struct eo_explore_how *how, int is_taken)
{
    for (int i = 0; how->others && i < how->other_count; i++) {
        if (is_taken && !shard)
            unlink(how->others[i].path);
        eo_journal_close(&how->others[i]);
    }
    free(how->others);
}

static int explore(const struct inputs *in, struct eo_pool *pool, struct eo_err *err)
{
    double last = 0;
    struct eo_journal journal;
    struct eo_explore_how how = {.base_sha256 = in->base_sha256,
                                 .origin = in->origin,
                                 .journal = &journal,
                                 .pool = pool,
                                 .progress_ctx = &last};
    struct eo_buf text[OUTPUTS] = {{0}};
    char name[32];
    int rc;

    how.shard = shard_number - 1;
    how.shards = shard ? (int)shards : 0;
    how.progress = !quiet && isatty(STDERR_FILENO) ? show : NULL;
    eo_journal_open(&journal, into, journal_of(shard_number, name), say);
    rc =
        open_others(&how, err) || eo_explore_run(&in->explore, &how, &text[TABLE], &text[HITS], err) ? -1 : 0;
    if (last > 0)
        fputs("\r\033[K", stderr);
    if (!rc && !shard)
        rc = eo_io_write_all(paths, text, OUTPUTS, err);
    close_others(&how, !rc && !*journal.note);
    eo_journal_close(&journal);
    for (int i = 0; i < OUTPUTS; i++)
        eo_buf_release(&text[i]);
    return rc;
}

static int work(struct inputs *in, struct eo_err *err)
{
    struct eo_pool *pool;
    int rc;

    if (load_config(in, err))
        return -1;
    if (check)
        return 0;
    pool = eo_pool_new(cli_threads(threads, &in->cfg), err);
    rc = !pool || load(in, pool, err) || check_folder(err) ||
                 (point ? write_point(in, pool, err) : explore(in, pool, err))
             ? -1
             : 0;
    eo_pool_free(pool);
    return rc;
}

int main(int argc, char **argv)
{
    struct eo_err err;
    struct inputs *in;
    int rc;

    cli_parse(&program, argc, argv);
    check_options();
    in = eo_alloc(1, sizeof(*in), &err);
    if (!in)
        return cli_fail(&program, NULL, &err);
    rc = work(in, &err);
    eo_dataset_release(&in->dataset);
    eo_model_release(&in->base);
    eo_model_release(&in->teacher.model);
    free(in);
    return rc ? cli_fail(&program, NULL, &err) : 0;
}
