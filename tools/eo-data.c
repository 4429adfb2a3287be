/* eo-data: looks at, checks and generates data sets. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "format/dataset.h"
#include "stage/data_report.h"
#include "stage/preview.h"
#include "stage/synthetic.h"
#include "tools/cli.h"

static struct options {
    const char *config, *dataset, *dir, *preview, *part, *generate, *output;
    int info, checksum, folder;
    int64_t train, test; /* 0: not given */
    uint64_t seed;
} opt = {.seed = EO_SYNTHETIC_SEED};

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &opt.config, 0, 0, "FILE", "experiment or slice that names the data set"},
    {0, "dataset", CLI_TEXT, &opt.dataset, 0, 0, "NAME", "synthetic, mnist, fashion-mnist or idx"},
    {0, "data", CLI_TEXT, &opt.dir, 0, 0, "DIR", "folder of the four IDX files"},
    {0, "info", CLI_FLAG, &opt.info, 0, 0, NULL, "print what the data set holds (default)"},
    {0, "checksum", CLI_FLAG, &opt.checksum, 0, 0, NULL, "print dataset,part,images,sha256 as CSV"},
    {0, "folder", CLI_FLAG, &opt.folder, 0, 0, NULL, "print the folder that the files are in"},
    {0, "preview", CLI_TEXT, &opt.preview, 0, 0, "PNG", "draw examples of each class"},
    {0, "part", CLI_TEXT, &opt.part, 0, 0, "PART", "preview of train (default), validation or test"},
    {0, "generate", CLI_TEXT, &opt.generate, 0, 0, "DIR", "write the synthetic data set into DIR"},
    {0, "train", CLI_INT, &opt.train, 1, EO_SYNTHETIC_MAX, "N", "training images to generate (15000)"},
    {0, "test", CLI_INT, &opt.test, 1, EO_SYNTHETIC_MAX, "N", "test images to generate (3000)"},
    {0, "seed", CLI_SEED, &opt.seed, 0, 0, "S", "of the generated images (1)"},
    {'o', "output", CLI_TEXT, &opt.output, 0, 0, "FILE",
     "of --info and --checksum; left alone if it is the same"},
    {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
};

static const struct cli_program program = {
    .name = "eo-data",
    .synopsis = "[options]",
    .purpose = "Checks a data set of 28 x 28 images in 10 classes and says what it holds, draws a contact "
               "sheet of it,\n"
               "or generates the synthetic one. At most one of --info, --checksum, --folder,\n"
               "--preview and --generate.",
    .options = options,
    .footer = "The files are looked for in --data, else in $EO_DATA_DIR/NAME, else in data/NAME:\n"
              "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and\n"
              "t10k-labels-idx1-ubyte, as they are or with .gz.\n",
};

static void check_usage(void)
{
    if (opt.info + opt.checksum + opt.folder + (opt.preview != NULL) + (opt.generate != NULL) > 1)
        cli_usage(&program, "expected one of --info, --checksum, --folder, --preview and --generate, found several");
    if (opt.part && !opt.preview)
        cli_usage(&program, "option '--part' needs --preview");
    if (opt.part && strcmp(opt.part, "train") != 0 && strcmp(opt.part, "validation") != 0 &&
        strcmp(opt.part, "test") != 0)
        cli_usage(&program, "option '--part': expected train, validation or test, found '%s'", opt.part);
    if (opt.output && (opt.preview || opt.generate))
        cli_usage(&program, "option '-o' goes with --info and --checksum");
    if ((opt.train || opt.test || opt.seed != EO_SYNTHETIC_SEED) && !opt.generate)
        cli_usage(&program, "options '--train', '--test' and '--seed' need --generate");
    if (!opt.part)
        opt.part = "train";
}

static int generate(void)
{
    uint32_t train = opt.train ? (uint32_t)opt.train : EO_SYNTHETIC_TRAIN;
    uint32_t test = opt.test ? (uint32_t)opt.test : EO_SYNTHETIC_TEST;
    struct eo_err err;

    if (eo_synthetic_write(opt.generate, opt.seed, train, test, &err))
        return cli_fail(&program, NULL, &err);
    return 0;
}

static int load_config(struct eo_config *cfg)
{
    struct eo_err err;

    eo_config_init(cfg);
    if (opt.config && eo_config_load(cfg, opt.config, &err))
        return cli_fail(&program, opt.config, &err);
    if (opt.dataset)
        snprintf(cfg->dataset, sizeof(cfg->dataset), "%s", opt.dataset);
    return 0;
}

static int preview(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split)
{
    struct eo_preview p = {cfg->dataset, opt.part, &ds->train, ds->train.count, ds->test.count};
    struct eo_err err;

    if (strcmp(opt.part, "validation") == 0)
        p.images = &split->validation;
    if (strcmp(opt.part, "test") == 0)
        p.images = &ds->test;
    if (cli_check_binary_output(&program, opt.preview))
        return 1;
    return eo_preview_write(opt.preview, &p, &err) ? cli_fail(&program, opt.preview, &err) : 0;
}

static int warn(const char *dir, const struct eo_dataset *ds)
{
    struct eo_buf text = {0};
    struct eo_err err;
    int rc = 0;

    eo_data_doubts(ds, &text);
    if (eo_buf_check(&text, &err))
        rc = cli_fail(&program, dir, &err);
    for (char *line = text.data, *end; !rc && line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        cli_warn(&program, dir, "%s", line);
    }
    eo_buf_release(&text);
    return rc;
}

static int report(const struct eo_config *cfg, const char *dir, const struct eo_dataset *ds,
                  const struct eo_split *split)
{
    struct eo_buf text = {0};
    struct eo_err err;
    int rc = 0;

    if (opt.checksum)
        eo_data_checksums(cfg->dataset, ds, &text);
    else
        eo_data_info(cfg->dataset, dir, ds, split, &text);
    if (eo_buf_check(&text, &err) || eo_io_write(cli_path(opt.output), text.data, text.len, &err))
        rc = cli_fail(&program, opt.output, &err);
    eo_buf_release(&text);
    return rc;
}

static int print_folder(const char *dir)
{
    struct eo_buf text = {0};
    int rc;

    eo_buf_printf(&text, "%s\n", dir);
    rc = cli_write(&program, NULL, &text);
    eo_buf_release(&text);
    return rc;
}

int main(int argc, char **argv)
{
    struct eo_config cfg;
    struct eo_dataset ds;
    struct eo_split split;
    struct eo_err err;
    char dir[4096];
    int needs_split, rc;

    cli_parse(&program, argc, argv);
    check_usage();
    if (opt.generate)
        return generate();
    if (load_config(&cfg))
        return 1;
    if (eo_dataset_find(&cfg, opt.dir, dir, sizeof(dir), &err))
        return cli_fail(&program, NULL, &err);
    if (opt.folder)
        return print_folder(dir);
    if (eo_dataset_load(&ds, dir, EO_DATASET_TRAIN | EO_DATASET_TEST, &err))
        return cli_fail(&program, NULL, &err);
    if (eo_dataset_check_name(cfg.dataset, &ds, &err)) {
        eo_dataset_release(&ds);
        return cli_fail(&program, NULL, &err);
    }
    if (warn(dir, &ds)) {
        eo_dataset_release(&ds);
        return 1;
    }
    /* Only a configuration says how to split; the defaults need not fit every data set. */
    needs_split = strcmp(opt.part, "validation") == 0 || (opt.config && !opt.checksum);
    if (needs_split && eo_split_make(&split, &ds, &cfg, &err))
        rc = cli_fail(&program, opt.config, &err);
    else if (opt.preview)
        rc = preview(&cfg, &ds, &split);
    else
        rc = report(&cfg, dir, &ds, needs_split ? &split : NULL);
    eo_dataset_release(&ds);
    return rc;
}
