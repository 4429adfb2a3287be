/* eo_dataset and eo_split: where files are looked for, what is refused, and who sees which images. */
#include "format/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/check.h"

#define SYSTEM_COPY "/usr/share/datasets/fashion-mnist"

static void must(int rc)
{
    if (rc) {
        printf("test_dataset: cannot prepare a test\n");
        exit(1);
    }
}

static void test_find(void)
{
    static const struct {
        const char *dataset, *data_dir, *option, *env, *expected;
    } cases[] = {
        {"mnist", "", NULL, NULL, "data/mnist"},
        {"mnist", "", NULL, "", "data/mnist"},
        {"mnist", "", NULL, "root", "root/mnist"},
        {"mnist", "", "here", "root", "here"},
        {"mnist", "here", NULL, NULL, "data/mnist"}, /* data_dir is for idx alone */
        {"synthetic", "", NULL, "root", "data/synthetic"},
        {"idx", "here", NULL, "root", "here"},
        {"idx", "here", "root/mnist", NULL, "root/mnist"},
        {"idx", "", NULL, NULL,
         "error: dataset 'idx': expected the folder of its files in 'data_dir' or --data"},
        {"idx", "mnist", NULL, "root", "root/mnist"},
        {"idx", "mnist", NULL, NULL, "data/mnist"},
        {"idx", "mnist", NULL, "", "data/mnist"},
        {"idx", "gone", NULL, NULL,
         "error: dataset 'idx': expected a folder 'gone' (data_dir), here, in EO_DATA_DIR or in data, found "
         "none; eo-data --from PICTURES --into FOLDER makes one of your pictures"},
        {"idx", "/gone", NULL, "root",
         "error: dataset 'idx': expected a folder '/gone' (data_dir), found none; eo-data --from PICTURES "
         "--into FOLDER makes one of your pictures"},
        {"mnist", "", "gone", NULL, "error: dataset 'mnist': expected a folder 'gone' (--data), found none"},
        {"mnist", "", "file", NULL, "error: dataset 'mnist': expected a folder 'file' (--data), found none"},
        {"cifar", "", NULL, NULL, "error: dataset 'cifar': expected synthetic, mnist, fashion-mnist or idx"},
        {"fashion-mnist", "", NULL, NULL,
         "error: dataset 'fashion-mnist': expected a folder 'data/fashion-mnist', found none; run 'make "
         "data', or say "
         "where the files are with EO_DATA_DIR or --data"},
        {"fashion-mnist", "", NULL, "root",
         "error: dataset 'fashion-mnist': expected a folder 'root/fashion-mnist' or 'data/fashion-mnist', "
         "found neither; "
         "run 'make data', or say where the files are with EO_DATA_DIR or --data"},
        {"idx", "unzipped", NULL, NULL, "unzipped"},
        {"fashion-mnist", "", NULL, "torch", "torch/FashionMNIST/raw"},
        {"fashion-mnist", "", "torch", NULL, "torch/FashionMNIST/raw"},
        {"fashion-mnist", "", "torch/FashionMNIST", NULL, "torch/FashionMNIST/raw"},
        {"idx", "torch", NULL, NULL, "torch/FashionMNIST/raw"},
        {"mnist", "", NULL, "both", "both/MNIST/raw"},
        {"mnist", "", NULL, "torch", "data/mnist"}, /* that has another one */
        {"mnist", "", "both", NULL, "both/MNIST/raw"},
        {"fashion-mnist", "", "both", NULL, "both/FashionMNIST/raw"},
        {"idx", "both", NULL, NULL,
         "error: 'both': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; "
         "put the four "
         "IDX files there, or name their folder with 'data_dir' or --data"},
        {"mnist", "", "empty", NULL,
         "error: 'empty': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither; "
         "run 'make "
         "data', or say where the files are with EO_DATA_DIR or --data"},
    };
    static const char *const places[] = {
        "data/mnist/t10k-labels-idx1-ubyte.gz",
        "data/synthetic/train-images-idx3-ubyte",
        "root/mnist/train-labels.idx1-ubyte",
        "here/train-images-idx3-ubyte",
        "unzipped/train-images.idx3-ubyte/train-images-idx3-ubyte",
        "torch/FashionMNIST/raw/train-images-idx3-ubyte",
        "both/MNIST/raw/train-images-idx3-ubyte.gz",
        "both/FashionMNIST/raw/train-images-idx3-ubyte.gz",
    };
    char found[1024], what[32];
    struct eo_config cfg;
    struct eo_err err;

    must(eo_io_write("file", "x", 1, &err) || eo_io_mkdirs("empty", &err) ||
         eo_io_mkdirs("root/synthetic", &err));
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        char path[256];

        snprintf(path, sizeof(path), "%s", places[i]);
        *strrchr(path, '/') = '\0';
        must(eo_io_mkdirs(path, &err) || eo_io_write(places[i], "x", 1, &err));
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char dir[512];

        /* where a package of Debian has brought it */
        if (strstr(cases[i].expected, "dataset 'fashion-mnist'") && access(SYSTEM_COPY, F_OK) == 0)
            continue;
        memset(&cfg, 0, sizeof(cfg));
        snprintf(cfg.dataset, sizeof(cfg.dataset), "%s", cases[i].dataset);
        snprintf(cfg.data_dir, sizeof(cfg.data_dir), "%s", cases[i].data_dir);
        must(cases[i].env ? setenv("EO_DATA_DIR", cases[i].env, 1) : unsetenv("EO_DATA_DIR"));
        if (eo_dataset_find(&cfg, cases[i].option, dir, sizeof(dir), &err))
            snprintf(found, sizeof(found), "error: %s", err.msg);
        else
            snprintf(found, sizeof(found), "%s", dir);
        snprintf(what, sizeof(what), "find, case %zu", i);
        check_text(what, cases[i].expected, found);
    }
    snprintf(cfg.dataset, sizeof(cfg.dataset), "mnist");
    check_text("find, short buffer", "expected a path of at most 3 bytes",
               eo_dataset_find(&cfg, "here", found, 4, &err) ? err.msg : "found");
    must(unsetenv("EO_DATA_DIR"));
}

/* An IDX file of `dims` dimensions; element i is i % modulus. */
static void put_idx(const char *path, int dims, const uint32_t *dim, int modulus)
{
    static uint8_t file[65536];
    size_t n = 4, count = 1;
    struct eo_err err;

    file[2] = 8;
    file[3] = (uint8_t)dims;
    for (int k = 0; k < dims; k++) {
        file[n++] = 0;
        file[n++] = 0;
        file[n++] = (uint8_t)(dim[k] >> 8);
        file[n++] = (uint8_t)dim[k];
        count *= dim[k];
    }
    for (size_t i = 0; i < count; i++)
        file[n + i] = (uint8_t)(i % (size_t)modulus);
    must(eo_io_write(path, file, n + count, &err));
}

/* Changes byte 2 alone: the type of the elements. */
static void set_type(const char *path, int type)
{
    FILE *f = fopen(path, "r+b");

    must(!f || fseek(f, 2, SEEK_SET) || fputc(type, f) != type || fclose(f));
}

static void put_images(const char *path, uint32_t count, uint32_t height, uint32_t width)
{
    const uint32_t dim[3] = {count, height, width};

    put_idx(path, 3, dim, 251);
}

static void put_labels(const char *path, uint32_t count, int modulus)
{
    put_idx(path, 1, &count, modulus);
}

static const char *load(const char *dir, int parts)
{
    static char text[1024];
    struct eo_dataset ds;
    struct eo_err err;

    if (eo_dataset_load(&ds, dir, parts, &err)) {
        snprintf(text, sizeof(text), "%s", err.msg);
        return text;
    }
    snprintf(text, sizeof(text), "train %zu %.8s test %zu %.8s", ds.train.count, ds.train_sha256,
             ds.test.count, ds.test_sha256);
    eo_dataset_release(&ds);
    return text;
}

static void put_good(void)
{
    put_images("here/train-images-idx3-ubyte", 30, 28, 28);
    put_labels("here/train-labels-idx1-ubyte", 30, 10);
    put_images("here/t10k-images-idx3-ubyte", 12, 28, 28);
    put_labels("here/t10k-labels-idx1-ubyte", 12, 10);
}

static void test_load(void)
{
    const uint32_t plane[2] = {30, 784}, odd[2] = {30, 783}, one_channel[4] = {30, 1, 28, 28};
    const uint32_t two_channels[4] = {30, 2, 28, 28}, narrow[4] = {30, 1, 28, 27}, low[4] = {30, 1, 27, 28};
    char long_name[4090];
    struct eo_idx idx;
    struct eo_err err;

    put_good();
    check_text("load, missing file",
               "'here/none': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found "
               "neither",
               load("here/none", EO_DATASET_TRAIN));
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    check_text("load, a long path", "expected a path of at most 4095 bytes",
               load(long_name, EO_DATASET_TRAIN));
    /* The sums come from Python's hashlib over the same bytes. */
    check_text("load, both", "train 30 1935aaf7 test 12 e5852533",
               load("here", EO_DATASET_TRAIN | EO_DATASET_TEST));
    check_text("load, train", "train 30 1935aaf7 test 0 ", load("here", EO_DATASET_TRAIN));
    check_text("load, test", "train 0  test 12 e5852533", load("here", EO_DATASET_TEST));
    must(eo_idx_load(&idx, "here/t10k-images-idx3-ubyte", &err) || unlink("here/t10k-images-idx3-ubyte") ||
         eo_idx_save_gz("here/t10k-images-idx3-ubyte.gz", 3, idx.dim, idx.data, &err));
    eo_idx_release(&idx);
    check_text("load, gzip", "train 0  test 12 e5852533", load("here", EO_DATASET_TEST));

    put_labels("here/train-labels-idx1-ubyte", 30, 11);
    check_text("load, label 10",
               "'here/train-labels-idx1-ubyte': byte 18: expected a label in 0..9, found 10",
               load("here", EO_DATASET_TRAIN));
    put_labels("here/train-labels-idx1-ubyte", 29, 10);
    check_text(
        "load, counts",
        "'here/train-labels-idx1-ubyte': byte 4: expected 30 labels, as many as there are images, found 29",
        load("here", EO_DATASET_TRAIN));
    put_labels("here/train-labels-idx1-ubyte", 30, 10);
    set_type("here/train-labels-idx1-ubyte", 9);
    check_text(
        "load, signed labels",
        "'here/train-labels-idx1-ubyte': byte 2: expected labels of unsigned bytes (0x08), found signed "
        "bytes",
        load("here", EO_DATASET_TRAIN));
    put_images("here/train-labels-idx1-ubyte", 30, 28, 28);
    check_text("load, images for labels",
               "'here/train-labels-idx1-ubyte': byte 3: expected labels (1 dimension), found 3 dimensions: "
               "this is an "
               "images file",
               load("here", EO_DATASET_TRAIN));
    put_idx("here/train-labels-idx1-ubyte", 2, plane, 10);
    check_text("load, two dimensions of labels",
               "'here/train-labels-idx1-ubyte': byte 3: expected labels (1 dimension), found 2 dimensions",
               load("here", EO_DATASET_TRAIN));
    put_idx("here/train-images-idx3-ubyte", 2, odd, 10);
    check_text("load, two dimensions of images",
               "'here/train-images-idx3-ubyte': byte 8: expected images of 784 values, found 783",
               load("here", EO_DATASET_TRAIN));
    put_idx("here/train-images-idx3-ubyte", 4, two_channels, 10);
    check_text("load, two channels",
               "'here/train-images-idx3-ubyte': byte 8: expected images of 1 x 28 x 28, found 2 x 28 x 28",
               load("here", EO_DATASET_TRAIN));
    put_idx("here/train-images-idx3-ubyte", 4, low, 10);
    check_text("load, another height",
               "'here/train-images-idx3-ubyte': byte 8: expected images of 1 x 28 x 28, found 1 x 27 x 28",
               load("here", EO_DATASET_TRAIN));
    put_idx("here/train-images-idx3-ubyte", 4, narrow, 10);
    check_text("load, another width",
               "'here/train-images-idx3-ubyte': byte 8: expected images of 1 x 28 x 28, found 1 x 28 x 27",
               load("here", EO_DATASET_TRAIN));
    put_labels("here/train-labels-idx1-ubyte", 30, 10);
    put_idx("here/train-images-idx3-ubyte", 2, plane, 10);
    check_that(strncmp(load("here", EO_DATASET_TRAIN), "train 30 ", 9) == 0, "load, images as 784 values");
    put_idx("here/train-images-idx3-ubyte", 4, one_channel, 10);
    check_that(strncmp(load("here", EO_DATASET_TRAIN), "train 30 ", 9) == 0, "load, images of one channel");
    put_labels("here/train-images-idx3-ubyte", 30, 10);
    check_text("load, labels for images",
               "'here/train-images-idx3-ubyte': byte 3: expected images (3 dimensions), found 1 dimension: "
               "this is a "
               "labels file",
               load("here", EO_DATASET_TRAIN));
    put_images("here/train-images-idx3-ubyte", 30, 28, 27);
    check_text("load, other size",
               "'here/train-images-idx3-ubyte': byte 8: expected images of 28 x 28 pixels, found 28 x 27",
               load("here", EO_DATASET_TRAIN));
    must(eo_io_write("here/train-images-idx3-ubyte", "\0\0", 2, &err));
    check_text("load, short",
               "'here/train-images-idx3-ubyte': expected an IDX header of at least 8 bytes, found 2 bytes",
               load("here", EO_DATASET_TRAIN | EO_DATASET_TEST));
    must(unlink("here/t10k-images-idx3-ubyte.gz"));
}

/* "train first+count validation first+count test count"; validation of the test set is marked with a t. */
static void describe_split(const struct eo_split *s, const struct eo_dataset *ds, char *text, size_t size)
{
    const struct eo_images *v = &s->validation;
    int of_test =
        v->count && v->pixels >= ds->test.pixels && v->pixels < ds->test.pixels + ds->test.count * 784;
    const struct eo_images *base = of_test ? &ds->test : &ds->train;
    long train_first = s->train.count ? (long)(s->train.labels - ds->train.labels) : 0;
    long first = v->count ? (long)(v->labels - base->labels) : 0;

    snprintf(text, size, "train %ld+%zu validation %s%ld+%zu test %zu", train_first, s->train.count,
             of_test ? "t" : "", first, v->count, s->test.count);
    if (v->count && v->pixels != base->pixels + (size_t)first * 784)
        snprintf(text, size, "labels and pixels differ");
}

static void test_split(void)
{
    static const struct {
        enum eo_validation validation;
        int64_t train, val;
        int parts;
        const char *expected;
    } cases[] = {
        {EO_VALIDATION_HOLDOUT, 20, 7, 3, "train 0+20 validation 23+7 test 12"},
        {EO_VALIDATION_HOLDOUT, EO_CONFIG_ALL, EO_CONFIG_ALL, 3, "train 0+25 validation 25+5 test 12"},
        {EO_VALIDATION_HOLDOUT, EO_CONFIG_ALL, 29, 3, "train 0+1 validation 1+29 test 12"},
        {EO_VALIDATION_HOLDOUT, 23, 7, 3, "train 0+23 validation 23+7 test 12"},
        {EO_VALIDATION_HOLDOUT, 24, 7, 3,
         "error: 'train_subset' + 'val_subset': expected at most the 30 training images, found 24 + 7"},
        {EO_VALIDATION_HOLDOUT, 1, 31, 3,
         "error: 'val_subset': expected at most the 30 training images, found 31"},
        {EO_VALIDATION_HOLDOUT, EO_CONFIG_ALL, 30, 3,
         "error: 'val_subset': expected fewer than the 30 training images, found 30: none is left to train "
         "on"},
        {EO_VALIDATION_HOLDOUT, 99, 99, EO_DATASET_TEST, "train 0+0 validation 0+0 test 12"},
        {EO_VALIDATION_HOLDOUT, 20, 7, EO_DATASET_TRAIN, "train 0+20 validation 23+7 test 0"},
        {EO_VALIDATION_TEST, 20, 7, 3, "train 0+20 validation t0+7 test 12"},
        {EO_VALIDATION_TEST, EO_CONFIG_ALL, EO_CONFIG_ALL, 3, "train 0+30 validation t0+12 test 12"},
        {EO_VALIDATION_TEST, 31, 12, 3, "train 0+30 validation t0+12 test 12"},
        {EO_VALIDATION_TEST, 20, 13, 3, "error: 'val_subset': expected at most the 12 test images, found 13"},
        {EO_VALIDATION_TEST, 20, 13, EO_DATASET_TRAIN, "train 0+20 validation 0+0 test 0"},
        {EO_VALIDATION_TEST, 20, 7, EO_DATASET_TEST, "train 0+0 validation t0+7 test 12"},
    };
    char found[1024], what[32];
    struct eo_config cfg;
    struct eo_split split;
    struct eo_dataset ds;
    struct eo_err err;

    put_good();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        memset(&cfg, 0, sizeof(cfg));
        cfg.validation = cases[i].validation;
        cfg.train_subset = cases[i].train;
        cfg.val_subset = cases[i].val;
        must(eo_dataset_load(&ds, "here", cases[i].parts, &err));
        if (eo_split_make(&split, &ds, &cfg, &err))
            snprintf(found, sizeof(found), "error: %s", err.msg);
        else
            describe_split(&split, &ds, found, sizeof(found));
        snprintf(what, sizeof(what), "split, case %zu", i);
        check_text(what, cases[i].expected, found);
        eo_dataset_release(&ds);
    }
    cfg.validation = EO_VALIDATION_HOLDOUT;
    check_text("part, holdout", "train",
               eo_split_validation_part(&cfg) == EO_DATASET_TRAIN ? "train" : "other");
    cfg.validation = EO_VALIDATION_TEST;
    check_text("part, test", "test", eo_split_validation_part(&cfg) == EO_DATASET_TEST ? "test" : "other");
}

/* All of it in one call; the message begins with the folder or the file that is wrong. */
static void test_open(void)
{
    static const struct {
        const char *what;
        struct eo_dataset_request request;
        int64_t train, val;
        const char *expected;
    } cases[] = {
        {"divided", {.folder = "here", .parts = 3}, 20, 7, "train 0+20 validation 23+7 test 12, here, idx"},
        {"of data_dir", {.parts = 3}, 20, 7, "train 0+20 validation 23+7 test 12, here, idx"},
        {"whole",
         {.folder = "here", .parts = 3, .is_whole = 1},
         99,
         99,
         "train 0+0 validation 0+0 test 0, here, idx"},
        {"of other sizes",
         {.folder = "here", .parts = 3, .dims = {1, 28, 28}, .classes = 9},
         20,
         7,
         "error: 'here/train-labels-idx1-ubyte': byte 17: expected a label in 0..8, found 9"},
        {"of another height",
         {.folder = "here", .parts = 3, .dims = {1, 27, 28}, .classes = 10},
         20,
         7,
         "error: 'here/train-images-idx3-ubyte': byte 8: expected images of 27 x 28 pixels, found 28 x 28"},
        {"of three channels",
         {.folder = "here", .parts = 3, .dims = {3, 28, 28}, .classes = 10},
         20,
         7,
         "error: 'here/train-images-idx3-ubyte': byte 8: expected images of 3 x 28 x 28, found 28 x 28"},
        {"of any size",
         {.folder = "here", .parts = 3, .is_any = 1, .dims = {0, 0, 0}},
         20,
         7,
         "train 0+20 validation 23+7 test 12, here, idx"},
        {"too few",
         {.folder = "here", .parts = 3},
         24,
         7,
         "error: here: 'train_subset' + 'val_subset': expected at most the 30 training images, found 24 + 7"},
        {"not there",
         {.folder = "none", .parts = 3},
         20,
         7,
         "error: dataset 'idx': expected a folder 'none' (--data), found none"},
    };
    struct eo_config cfg = {.dataset = "idx", .data_dir = "here"};
    struct eo_dataset ds;
    struct eo_err err;
    char found[1024];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        cfg.train_subset = cases[i].train;
        cfg.val_subset = cases[i].val;
        if (eo_dataset_open(&ds, &cfg, &cases[i].request, &err)) {
            snprintf(found, sizeof(found), "error: %s", err.msg);
        } else {
            describe_split(&ds.split, &ds, found, sizeof(found));
            snprintf(found + strlen(found), sizeof(found) - strlen(found), ", %.64s, %s", ds.folder, ds.name);
            eo_dataset_release(&ds);
        }
        check_text(cases[i].what, cases[i].expected, found);
    }
}

/* There may be more outputs than names, but not more labels. */
static void test_names(void)
{
    static const struct {
        int names, outputs;
        const char *expected;
    } cases[] = {{10, 10, ""},
                 {10, 11, ""},
                 {9, 11, "key 'class_names': expected 10 names, one for each class, found 9"},
                 {11, 10, "key 'class_names': expected 10 names, one for each class, found 11"}};
    struct eo_config cfg = {.dataset = "idx", .data_dir = "here", .train_subset = 20, .val_subset = 7};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct eo_dataset_request request = {.folder = "here", .parts = 3, .classes = cases[i].outputs};
        struct eo_dataset ds;
        struct eo_err err = {""};

        cfg.class_name_count = cases[i].names;
        if (eo_dataset_open(&ds, &cfg, &request, &err) == 0)
            eo_dataset_release(&ds);
        check_text("names of classes", cases[i].expected, err.msg);
    }
}

/* Of any size: rows of F values are signals, and labels are no images. */
static void test_signals(void)
{
    const struct eo_dataset_request request = {.folder = "here", .parts = EO_DATASET_TRAIN, .is_any = 1};
    const uint32_t rows[2] = {30, 784};
    struct eo_config cfg = {.dataset = "idx", .data_dir = "here", .train_subset = 20, .val_subset = 7};
    struct eo_dataset ds;
    struct eo_err err = {""};

    put_good();
    put_idx("here/train-images-idx3-ubyte", 2, rows, 251);
    if (eo_dataset_open(&ds, &cfg, &request, &err)) {
        check_text("signals", "", err.msg);
    } else {
        check_that(ds.dims.c == 1 && ds.dims.h == 784 && ds.dims.w == 1, "signals of %d x %d x %d", ds.dims.c,
                   ds.dims.h, ds.dims.w);
        eo_dataset_release(&ds);
    }
    put_labels("here/train-images-idx3-ubyte", 30, 10);
    check_that(eo_dataset_open(&ds, &cfg, &request, &err) == -1 && strstr(err.msg, "this is a labels file"),
               "labels for images: %s", err.msg);
}

/* Without training images, those who ask for it get the test images in their place. */
static void test_untrained(void)
{
    struct eo_dataset_request request = {.folder = "here", .parts = 3, .may_be_untrained = 1};
    struct eo_config cfg = {.dataset = "idx",
                            .data_dir = "here",
                            .validation = EO_VALIDATION_TEST,
                            .val_subset = EO_CONFIG_ALL,
                            .calibration_batches = 1,
                            .batch_size = 5};
    struct eo_dataset ds;
    struct eo_err err = {""};

    put_good();
    must(unlink("here/train-images-idx3-ubyte"));
    check_that(eo_dataset_open(&ds, &cfg, &request, &err) == -1, "labels without images: taken");
    check_text("labels without images",
               "'here': expected 'train-images-idx3-ubyte' or 'train-images-idx3-ubyte.gz', found neither",
               err.msg);
    must(unlink("here/train-labels-idx1-ubyte"));
    for (int parts = EO_DATASET_TEST; parts <= 3; parts++) {
        request.parts = parts;
        if (eo_dataset_open(&ds, &cfg, &request, &err)) {
            check_text("no training images", "", err.msg);
            continue;
        }
        check_that(ds.is_untrained == (parts == 3), "parts %d: untrained is %d", parts, ds.is_untrained);
        eo_dataset_release(&ds);
    }
}

int main(void)
{
    char dir[] = "/tmp/test_dataset.XXXXXX", command[64];

    must(!mkdtemp(dir) || chdir(dir));
    test_find();
    test_load();
    test_split();
    test_open();
    test_names();
    test_signals();
    test_untrained();
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    must(system(command));
    return check_report("test_dataset");
}
