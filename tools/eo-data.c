/* eo-data: checks, describes, generates and converts data sets. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "format/config_classes.h"
#include "format/dataset.h"
#include "stage/data/collect.h"
#include "stage/data/pictures_report.h"
#include "stage/data/preview.h"
#include "stage/data/report.h"
#include "stage/data/synthetic.h"
#include "stage/data/untrained.h"
#include "tools/cli.h"

static struct options {
    const char *config, *dataset, *dir, *preview, *part, *generate, *output;
    const char *from, *into, *layout, *shape, *range, *resize;
    int info, checksum, folder, report, json;
    int64_t train, test, classes; /* 0: not given */
    uint64_t seed;
    double share;
    struct eo_collect_options collect;
} opt = {.seed = EO_SYNTHETIC_SEED, .share = 0.2};

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &opt.config, 0, 0, "FILE",
     "the experiment, or a slice that names the data set"},
    {0, "dataset", CLI_TEXT, &opt.dataset, 0, 0, "NAME", "synthetic, mnist, fashion-mnist or idx"},
    {0, "data", CLI_TEXT, &opt.dir, 0, 0, "DIR", "folder of the four IDX files of the data set"},
    {0, "info", CLI_FLAG, &opt.info, 0, 0, NULL, "print a description of the data set (default)"},
    {0, "checksum", CLI_FLAG, &opt.checksum, 0, 0, NULL, "print dataset,part,images,sha256 as CSV"},
    {0, "folder", CLI_FLAG, &opt.folder, 0, 0, NULL, "print the folder where the files were found"},
    {0, "preview", CLI_TEXT, &opt.preview, 0, 0, "PNG", "draw images of each class there"},
    {0, "part", CLI_TEXT, &opt.part, 0, 0, "PART", "part to preview: train (default), validation or test"},
    {0, "generate", CLI_TEXT, &opt.generate, 0, 0, "DIR", "write the synthetic data set into DIR"},
    {0, "train", CLI_INT, &opt.train, 1, EO_SYNTHETIC_MAX, "N",
     "training images to generate (default: 15000)"},
    {0, "test", CLI_INT, &opt.test, 1, EO_SYNTHETIC_MAX, "N", "test images to generate (default: 3000)"},
    {0, "classes", CLI_INT, &opt.classes, 2, EO_CLASSES, "N",
     "generate the digits 0 to N - 1 alone (default: 10)"},
    {0, "seed", CLI_SEED, &opt.seed, 0, 0, "S",
     "seed of the generated images, or of division and order (default: 1)"},
    {0, "report", CLI_FLAG, &opt.report, 0, 0, NULL,
     "print sizes, classes, imbalance, mean and repeated pictures"},
    {0, "from", CLI_TEXT, &opt.from, 0, 0, "SOURCE",
     "convert PNG files in class folders, CIFAR-10, .npz, .npy, .csv or IDX files"},
    {0, "into", CLI_TEXT, &opt.into, 0, 0, "DIR",
     "write the converted IDX files into DIR, and report (with --from)"},
    {0, "labels", CLI_TEXT, &opt.collect.labels, 0, 0, "NPY",
     "read the labels from this .npy file (with --from)"},
    {0, "share", CLI_NUMBER, &opt.share, 0.001, 0.999, "S",
     "share of each class for the test set when there is none (default: 0.2)"},
    {0, "resize", CLI_TEXT, &opt.resize, 0, 0, "SIZE", "scale PNG files to HxW, or to H for both"},
    {0, "grey", CLI_FLAG, &opt.collect.grey, 0, 0, NULL, "turn the colours of PNG files into grey"},
    {0, "shape", CLI_TEXT, &opt.shape, 0, 0, "CxHxW", "shape of rows of numbers, one plane after the other"},
    {0, "layout", CLI_TEXT, &opt.layout, 0, 0, "L", "order of the axes of an array: nchw or nhwc"},
    {0, "range", CLI_TEXT, &opt.range, 0, 0, "LOW:HIGH", "numbers that become 0 and 255"},
    {'j', "json", CLI_FLAG, &opt.json, 0, 0, NULL,
     "print one JSON object instead of text (--info, --report, --from)"},
    {'o', "output", CLI_TEXT, &opt.output, 0, 0, "FILE",
     "text of --info, --checksum, --report or --from; an equal file keeps its time"},
    {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
};

static const struct cli_program program = {
    .name = "eo-data",
    .synopsis = "[options]",
    .purpose =
        "Checks and describes a data set, draws a contact sheet of it, generates the synthetic one, or\n"
        "converts pictures into IDX files. At most one of --info, --checksum, --folder, --report,\n"
        "--preview, --generate and --from.",
    .options = options,
    .footer =
        "The files are train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and\n"
        "t10k-labels-idx1-ubyte (idx4 for images of several channels, idx2 for rows of values), with or\n"
        "without .gz. They are read from the folder of --data, for idx else from data_dir, else from the\n"
        "first of $EO_DATA_DIR/NAME, data/NAME (or the folders of torchvision beside these) and\n"
        "/usr/share/datasets/NAME that has any of them.\n",
};

static void check_usage(void)
{
    int modes =
        opt.info + opt.checksum + opt.folder + opt.report + !!opt.preview + !!opt.generate + !!opt.from;

    if (modes > 1)
        cli_usage(&program,
                  "expected one of --info, --checksum, --folder, --report, --preview, --generate and --from, "
                  "found several");
    if (opt.part && !opt.preview)
        cli_usage(&program, "option '--part' needs --preview");
    if (opt.part && strcmp(opt.part, "train") != 0 && strcmp(opt.part, "validation") != 0 &&
        strcmp(opt.part, "test") != 0)
        cli_usage(&program, "option '--part': expected train, validation or test, found '%s'", opt.part);
    if (opt.output && (opt.preview || opt.generate))
        cli_usage(&program, "option '-o' goes with --info, --checksum, --report and --from");
    if (opt.json && (opt.checksum || opt.folder || opt.preview || opt.generate))
        cli_usage(&program, "option '--json' goes with --info, --report and --from");
    if ((opt.train || opt.test || opt.classes) && !opt.generate)
        cli_usage(&program, "options '--train', '--test' and '--classes' need --generate");
    if (opt.seed != EO_SYNTHETIC_SEED && !opt.generate && !opt.from)
        cli_usage(&program, "option '--seed' needs --generate or --from");
    if (!opt.part)
        opt.part = "train";
}

/* Options of --from that are words. */
static void check_conversion(void)
{
    static const struct cli_option *last = options + sizeof(options) / sizeof(*options) - 1;
    struct eo_err err;

    if (!opt.from) {
        const char *const words[] = {opt.into,  opt.collect.labels, opt.resize,
                                     opt.shape, opt.layout,         opt.range};

        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
            for (const struct cli_option *o = options; words[i] && o < last; o++)
                if (o->type == CLI_TEXT && *(const char **)o->target == words[i])
                    cli_usage(&program, "option '--%s' needs --from", o->name);
        if (opt.collect.grey || opt.share != 0.2)
            cli_usage(&program, "option '--%s' needs --from", opt.collect.grey ? "grey" : "share");
        return;
    }
    opt.collect.from = opt.from;
    if (opt.shape && eo_collect_parse_shape(opt.shape, &opt.collect.shape, &err))
        cli_usage(&program, "option '--shape': %s", err.msg);
    if (opt.resize && eo_collect_parse_size(opt.resize, &opt.collect.resize, &err))
        cli_usage(&program, "option '--resize': %s", err.msg);
    if (opt.range && eo_collect_parse_range(opt.range, &opt.collect.low, &opt.collect.high, &err))
        cli_usage(&program, "option '--range': %s", err.msg);
    if (opt.layout && strcmp(opt.layout, "nchw") != 0 && strcmp(opt.layout, "nhwc") != 0)
        cli_usage(&program, "option '--layout': expected nchw or nhwc, found '%s'", opt.layout);
    if (opt.layout)
        opt.collect.layout = opt.layout[1] == 'c' ? EO_COLLECT_NCHW : EO_COLLECT_NHWC;
}

/* Converts where there is a folder to write into, and reports in any case. */
static int convert(const char *from)
{
    struct eo_buf text = {0};
    struct eo_pictures p;
    struct eo_err err;
    int rc = 0;

    opt.collect.from = from;
    if (eo_collect(&p, &opt.collect, &err))
        rc = cli_fail(&program, NULL, &err);
    else if ((opt.into && eo_pictures_check_classes(&p, &err)) ||
             eo_pictures_divide(&p, opt.share, opt.seed, &err) ||
             (opt.json ? eo_pictures_report_json : eo_pictures_report)(&p, &text, &err))
        rc = cli_fail(&program, from, &err);
    else if (opt.into && eo_pictures_write(&p, opt.seed, opt.into, &err))
        rc = cli_fail(&program, NULL, &err);
    else
        rc = cli_write(&program, opt.output, &text);
    eo_buf_release(&text);
    eo_pictures_release(&p);
    return rc;
}

static int generate(void)
{
    uint32_t train = opt.train ? (uint32_t)opt.train : EO_SYNTHETIC_TRAIN;
    uint32_t test = opt.test ? (uint32_t)opt.test : EO_SYNTHETIC_TEST;
    int classes = opt.classes ? (int)opt.classes : EO_CLASSES;
    struct eo_err err;

    if (eo_synthetic_write(opt.generate, opt.seed, train, test, classes, &err))
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

static int preview(const struct eo_config *cfg, const struct eo_dataset *ds)
{
    struct eo_preview p = {cfg, ds->dims, ds->classes, opt.part, &ds->train, ds->train.count, ds->test.count};
    struct eo_err err;

    if (strcmp(opt.part, "validation") == 0)
        p.images = &ds->split.validation;
    if (strcmp(opt.part, "test") == 0)
        p.images = &ds->test;
    if (cli_check_binary_output(&program, opt.preview))
        return 1;
    return eo_preview_write(opt.preview, &p, &err) ? cli_fail(&program, opt.preview, &err) : 0;
}

static int warn(const struct eo_dataset *ds)
{
    struct eo_buf text = {0};
    struct eo_err err;
    int rc = 0;

    eo_data_doubts(ds, &text);
    if (eo_buf_check(&text, &err))
        rc = cli_fail(&program, ds->folder, &err);
    for (char *line = text.data, *end; !rc && line && (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        cli_warn(&program, ds->folder, "%s", line);
    }
    eo_buf_release(&text);
    return rc;
}

static int report(const struct eo_config *cfg, const struct eo_dataset *ds, const struct eo_split *split)
{
    struct eo_buf text = {0};
    struct eo_err err;
    int rc = 0;

    if (opt.checksum)
        eo_data_checksums(cfg->dataset, ds, &text);
    else
        (opt.json ? eo_data_info_json : eo_data_info)(cfg, ds, split, &text);
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

/* --folder and --report, which need the files but not the images of one size. */
static int look_for_files(const struct eo_config *cfg)
{
    char dir[EO_DATASET_FOLDER_MAX];
    struct eo_err err;

    if (eo_dataset_find(cfg, opt.dir, dir, sizeof(dir), &err))
        return cli_fail(&program, NULL, &err);
    return opt.folder ? print_folder(dir) : convert(dir);
}

/* A configuration that trains nothing can do without training images: 1, or 0; -1 after saying why it cannot. */
static int may_be_untrained(const struct eo_config *cfg)
{
    char dir[EO_DATASET_FOLDER_MAX];
    struct eo_err err;

    if (!opt.config || eo_dataset_find(cfg, opt.dir, dir, sizeof(dir), NULL) || eo_dataset_has_training(dir))
        return 0;
    if (eo_data_check_untrained(cfg, &err) == 0)
        return 1;
    eo_err_prefix(&err, "no training images ('train-images-idx3-ubyte'); without them");
    cli_fail(&program, dir, &err);
    return -1;
}

/* Without a configuration nothing is divided, because the default sizes may not fit the data set. */
static int describe(struct eo_config *cfg)
{
    int is_divided = strcmp(opt.part, "validation") == 0 || (opt.config && !opt.checksum);
    int untrained = may_be_untrained(cfg), rc;
    const struct eo_dataset_request wanted = {.folder = opt.dir,
                                              .parts = EO_DATASET_TRAIN | EO_DATASET_TEST,
                                              .is_any = strcmp(cfg->dataset, "idx") == 0,
                                              .may_be_untrained = untrained > 0,
                                              .is_whole = !is_divided};
    struct eo_dataset ds;
    struct eo_err err;

    if (untrained < 0)
        return 1;
    if (eo_dataset_open(&ds, cfg, &wanted, &err))
        return cli_fail(&program, NULL, &err);
    rc = eo_config_name_classes(cfg, ds.folder, ds.labels, ds.classes, &err) ? cli_fail(&program, NULL, &err) : 0;
    rc = rc || warn(&ds) || (opt.preview ? preview(cfg, &ds) : report(cfg, &ds, is_divided ? &ds.split : NULL));
    eo_dataset_release(&ds);
    return rc;
}

int main(int argc, char **argv)
{
    struct eo_config cfg;

    cli_parse(&program, argc, argv);
    check_usage();
    check_conversion();
    if (opt.generate)
        return generate();
    if (opt.from)
        return convert(opt.from);
    if (load_config(&cfg))
        return 1;
    return opt.folder || opt.report ? look_for_files(&cfg) : describe(&cfg);
}
