/* stage/import: files of tensors and maps that fit no network, base models that fit no images, and YAML of networks. */
#include "stage/import/import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/onnx.h"
#include "format/safetensors.h"
#include "nn/input.h"
#include "stage/import/base.h"
#include "stage/import/onnx.h"
#include "tests/unit/check.h"

struct tensor {
    const char *name;
    int dims;
    size_t shape[4];
};

/* A file of ones; its last number is `last` where that is not 0. */
struct file {
    const char *what, *network; /* NULL: SmallCNN */
    struct tensor tensors[8];
    const char *maps[3];
    float last;
    const char *expected; /* the network; or the message and its table */
};

#define W(name, ...)                                                                                         \
    {                                                                                                        \
        name, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t),                                              \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static int make_file(const struct file *f, struct eo_buf *file, struct eo_err *err)
{
    static unsigned char ones[16384 * sizeof(float)];
    static struct eo_st st;
    unsigned char last[4096 * sizeof(float)];

    memset(&st, 0, sizeof(st));
    for (size_t i = 0; i < sizeof(ones) / sizeof(float); i++)
        eo_copy_little_endian(&ones[i * sizeof(float)], &(float){1}, 1, sizeof(float));
    for (int i = 0; i < 8 && f->tensors[i].name; i++) {
        struct eo_st_tensor *t = &st.tensors[st.tensor_count++];

        *t =
            (struct eo_st_tensor){.name = f->tensors[i].name, .dtype = EO_ST_F32, .dims = f->tensors[i].dims};
        t->bytes = sizeof(float);
        for (int d = 0; d < t->dims; d++)
            t->bytes *= t->shape[d] = f->tensors[i].shape[d];
        t->data = ones;
        if (f->last != 0 && (i == 7 || !f->tensors[i + 1].name)) {
            memcpy(last, ones, t->bytes);
            eo_copy_little_endian(&last[t->bytes - sizeof(float)], &f->last, 1, sizeof(float));
            t->data = last;
        }
    }
    return eo_st_serialize(&st, file, err);
}

static void check_file(const struct file *f)
{
    struct eo_import_report report = {{0}, {0}};
    struct eo_buf file = {0}, found = {0};
    struct eo_network net;
    struct eo_import_options how = {.network = f->network ? &net : NULL, .maps = f->maps};
    struct eo_err err = {""};
    struct eo_model m = {0};

    while (how.map_count < 3 && f->maps[how.map_count])
        how.map_count++;
    if (make_file(f, &file, &err) || (f->network && eo_network_parse(&net, f->network, &err)) ||
        eo_import_state_dict(&m, file.data, file.len, &how, &report, &err))
        eo_buf_printf(&found, "%s%s%s", err.msg, report.misfits.data ? "\n" : "",
                      report.misfits.data ? report.misfits.data : "");
    else
        eo_network_print(&m.network, "; ", &found);
    check_text(f->what, f->expected, found.data);
    eo_model_release(&m);
    eo_import_report_release(&report);
    eo_buf_release(&file);
    eo_buf_release(&found);
}

#define NET "input 1x4x4; a: conv 2 3x3; classifier: linear 3"
#define TWO "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"
#define FC W("classifier.weight", 3, 8)
#define FC2 W("classifier.weight", 3, 32)
#define A W("a.weight", 2, 1, 3, 3)
#define LONG                                                                                                 \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct file files[] = {
    {"convolutions the other way round",
     NULL,
     {W("b.weight", 4, 3, 3, 3), W("a.weight", 3, 1, 3, 3), W("fc.weight", 10, 196)},
     {0},
     0,
     "input 1x28x28; conv1: conv 3 3x3 pad 1 relu max 2x2; conv2: conv 4 3x3 pad 1 relu max 2x2; classifier: "
     "linear 10"},
    {"three convolutions",
     NULL,
     {W("a.weight", 3, 1, 3, 3), W("b.weight", 4, 3, 3, 3), W("c.weight", 4, 4, 3, 3),
      W("fc.weight", 10, 196)},
     {0},
     0,
     "expected the tensors of SmallCNN, two convolutions of which the second follows the first and a linear "
     "layer, found 3 and 1: a network must be given"},
    {"two linear layers",
     NULL,
     {W("a.weight", 3, 1, 3, 3), W("b.weight", 4, 3, 3, 3), W("fc.weight", 10, 196), W("fd.weight", 10, 196)},
     {0},
     0,
     "expected the tensors of SmallCNN, two convolutions of which the second follows the first and a linear "
     "layer, found 2 and 2: a network must be given"},
    {"convolutions that do not follow",
     NULL,
     {W("a.weight", 3, 1, 3, 3), W("b.weight", 4, 2, 3, 3), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected the tensors of SmallCNN, two convolutions of which the second follows the first and a linear "
     "layer, found 2 and 1: a network must be given"},
    {"no convolution of grey values",
     NULL,
     {W("a.weight", 3, 2, 3, 3), W("b.weight", 4, 3, 3, 3), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected the tensors of SmallCNN, two convolutions of which the second follows the first and a linear "
     "layer, found 2 and 1: a network must be given"},
    {"many first channels",
     NULL,
     {W("a.weight", 65, 1, 1, 1), W("b.weight", 4, 65, 1, 1), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected at most 64 and 128 channels, found 65 and 4"},
    {"many second channels",
     NULL,
     {W("a.weight", 1, 1, 1, 1), W("b.weight", 129, 1, 1, 1), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected at most 64 and 128 channels, found 1 and 129"},
    {"no first channels",
     NULL,
     {W("a.weight", 0, 1, 1, 1), W("b.weight", 4, 0, 1, 1), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected at most 64 and 128 channels, found 0 and 4"},
    {"no second channels",
     NULL,
     {W("a.weight", 2, 1, 1, 1), W("b.weight", 0, 2, 1, 1), W("fc.weight", 10, 196)},
     {0},
     0,
     "expected at most 64 and 128 channels, found 2 and 0"},
    {"a bias beside SmallCNN",
     NULL,
     {W("b.bias", 3), W("b.weight", 4, 3, 3, 3), W("a.weight", 3, 1, 3, 3), W("fc.weight", 10, 196),
      W("c.bias", 3)},
     {0},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "b.bias                              [4]                   [3]\n"
     "c.bias                              nothing               [3]\n"
     ""},
    {"one number and length in two names",
     TWO,
     {W("x01.1.weight", 2, 2, 3, 3), W("x1.01.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"a shorter second name",
     TWO,
     {W("x1y.weight", 2, 2, 3, 3), W("x1.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "expected the tensors of the network, found 4 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 2, 3, 3]          any of x1, x1y\n"
     "b.weight                            [2, 2, 3, 3]          any of x1, x1y\n"
     "x1.weight                           nothing               [2, 2, 3, 3]\n"
     "x1y.weight                          nothing               [2, 2, 3, 3]\n"
     ""},
    {"an earlier second name",
     TWO,
     {W("y1.weight", 2, 2, 3, 3), W("x1.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "expected the tensors of the network, found 4 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 2, 3, 3]          any of x1, y1\n"
     "b.weight                            [2, 2, 3, 3]          any of x1, y1\n"
     "x1.weight                           nothing               [2, 2, 3, 3]\n"
     "y1.weight                           nothing               [2, 2, 3, 3]\n"
     ""},
    {"a tensor of no module first",
     NET,
     {W("b.scales", 1), W("b.weight", 2, 1, 3, 3), FC, W("b.scale", 2)},
     {0},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "b.scale                             nothing               [2]\n"
     "b.scales                            nothing               [1]\n"
     ""},
    {"a variance under the name of a layer",
     NET,
     {W("a.running_var", 2), W("a.weight", 2), W("b.weight", 2, 1, 3, 3), FC},
     {0},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            nothing               [2]\n"
     "a.running_var                       nothing               [2]\n"
     ""},
    {"a normalisation of another size by its kind",
     NET,
     {W("conv1.weight", 2, 1, 3, 3), FC, W("bn1.running_mean", 3), W("bn1.running_var", 3)},
     {0},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "bn1.running_mean                    nothing               [3]\n"
     "bn1.running_var                     nothing               [3]\n"
     ""},
    {"a normalisation by its kind that is taken",
     TWO,
     {W("conv1.weight", 2, 2, 3, 3), W("conv2.weight", 2, 2, 3, 3), FC2, W("bn1.running_mean", 2),
      W("bn1.running_var", 2)},
     {"bn1=b.batch_norm"},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1 batch_norm; classifier: linear 3"},
    {"a normalisation by its name that is taken",
     TWO,
     {W("a.weight", 2, 2, 3, 3), W("b.weight", 2, 2, 3, 3), FC2, W("a.batch_norm.running_mean", 2),
      W("a.batch_norm.running_var", 2)},
     {"a.batch_norm=b.batch_norm"},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1 batch_norm; classifier: linear 3"},
    {"a map to a longer name",
     NET,
     {A, FC},
     {"a=classifier.weights"},
     0,
     "map: expected a layer of the network behind '=', found 'classifier.weights'"},
    {"weights with a mean alone",
     NET,
     {W("b.weight", 2, 1, 3, 3), W("b.running_mean", 2), W("c.bias", 2), FC},
     {0},
     0,
     "expected the tensors of the network, found 4 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 1, 3, 3]          nothing\n"
     "b.weight                            [2]                   [2, 1, 3, 3]\n"
     "b.running_var                       statistics            nothing\n"
     "c.bias                              nothing               [2]\n"
     ""},
    {"weights that a map has taken twice",
     TWO,
     {W("a.weight", 2, 2, 3, 3), W("c.bias", 2), FC2},
     {"a=a"},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "b.weight                            [2, 2, 3, 3]          nothing\n"
     "c.bias                              nothing               [2]\n"
     ""},
    {"statistics without a mean",
     NET,
     {A, FC, W("bn.weight", 2), W("bn.running_var", 2)},
     {"bn=a.batch_norm"},
     0,
     "expected the tensors of the network, found 1 that does not fit:\n"
     "tensor                              expected              found\n"
     "bn.running_mean                     statistics            nothing\n"
     ""},
    {"statistics without a variance",
     NET,
     {A, FC, W("bn.running_mean", 2)},
     {"bn=a.batch_norm"},
     0,
     "expected the tensors of the network, found 1 that does not fit:\n"
     "tensor                              expected              found\n"
     "bn.running_var                      statistics            nothing\n"
     ""},
    {"a normalisation of the last layer",
     NET,
     {A, FC, W("bn.running_mean", 3), W("bn.running_var", 3)},
     {"bn=classifier.batch_norm"},
     0,
     "input 1x4x4; a: conv 2 3x3; classifier: linear 3 batch_norm"},
    {"a normalisation as a layer",
     NET,
     {A, FC, W("bn.weight", 2), W("bn.running_mean", 2), W("bn.running_var", 2)},
     {"bn=a"},
     0,
     "expected the tensors of the network, found 2 that do not fit:\n"
     "tensor                              expected              found\n"
     "bn.weight                           [2, 1, 3, 3]          [2]\n"
     "a.weight                            nothing               [2, 1, 3, 3]\n"
     ""},
    {"a bias without weights",
     NET,
     {W("a.bias", 2), FC},
     {0},
     0,
     "expected the tensors of the network, found 1 that does not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            weights               nothing\n"
     ""},
    {"a name of two kinds",
     NET,
     {W("a.running_mean", 2), W("a.running_var", 2), W("b.weight", 2, 1, 3, 3), FC},
     {0},
     0,
     "input 1x4x4; a: conv 2 3x3 batch_norm; classifier: linear 3"},
    {"a normalisation of another shape",
     NET,
     {A, FC, W("bn.weight", 2), W("bn.running_mean", 3), W("bn.running_var", 3)},
     {0},
     0,
     "expected the tensors of the network, found 3 that do not fit:\n"
     "tensor                              expected              found\n"
     "bn.weight                           nothing               [2]\n"
     "bn.running_mean                     nothing               [3]\n"
     "bn.running_var                      nothing               [3]\n"
     ""},
    {"a name of the normalisation of another layer",
     NET,
     {A, FC, W("a.batch_norm.running_mean", 2), W("a.batch_norm.running_var", 2)},
     {"a.batch_norm=a.batch_norm"},
     0,
     "input 1x4x4; a: conv 2 3x3 batch_norm; classifier: linear 3"},
    {"one module for two layers",
     TWO,
     {W("x.weight", 2, 2, 3, 3), FC2},
     {"x=a", "x=b"},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"a map of a long name",
     NET,
     {A, FC},
     {LONG LONG "=a"},
     0,
     "map: expected THEIRS=OURS, as fc=classifier, found "
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"},
    {"a map to nothing", NET, {A, FC}, {"a="}, 0, "map: expected THEIRS=OURS, as fc=classifier, found 'a='"},
    {"a map to a normalisation of nothing",
     NET,
     {A, FC},
     {"a=.batch_norm"},
     0,
     "map: expected a layer of the network behind '=', found '.batch_norm'"},
    {"a map of a tensor without a module",
     NET,
     {A, FC, W("scale", 1)},
     {"scale=a"},
     0,
     "map: expected the name of tensors of the file before '=', found 'scale'"},
    {"a name that a map has taken",
     TWO,
     {W("a.weight", 2, 2, 3, 3), W("b.weight", 2, 2, 3, 3), FC2},
     {"a=b"},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"names with and without numbers",
     TWO,
     {W("x1.weight", 2, 2, 3, 3), W("xa.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "expected the tensors of the network, found 4 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 2, 3, 3]          any of x1, xa\n"
     "b.weight                            [2, 2, 3, 3]          any of x1, xa\n"
     "x1.weight                           nothing               [2, 2, 3, 3]\n"
     "xa.weight                           nothing               [2, 2, 3, 3]\n"
     ""},
    {"names of two lengths",
     TWO,
     {W("x1.weight", 2, 2, 3, 3), W("x1y.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "expected the tensors of the network, found 4 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 2, 3, 3]          any of x1, x1y\n"
     "b.weight                            [2, 2, 3, 3]          any of x1, x1y\n"
     "x1.weight                           nothing               [2, 2, 3, 3]\n"
     "x1y.weight                          nothing               [2, 2, 3, 3]\n"
     ""},
    {"numbers of two lengths",
     TWO,
     {W("x001.weight", 2, 2, 3, 3), W("x01.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"two numbers in a name",
     TWO,
     {W("x1.2.weight", 2, 2, 3, 3), W("x1.1.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"kernels of two sizes",
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x1 pad 1,0,1,0; c: conv 2 1x3 pad 0,1,0,1; "
     "classifier: linear 3",
     {W("x.weight", 2, 2, 3, 3), W("y.weight", 2, 2, 3, 1), W("z.weight", 2, 2, 1, 3), FC2},
     {0},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x1 pad 1,0,1,0; c: conv 2 1x3 pad 0,1,0,1; classifier: "
     "linear 3"},
    {"channels of two numbers",
     "input 1x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; c: conv 1 3x3 pad 1; classifier: linear 3",
     {W("x.weight", 2, 1, 3, 3), W("y.weight", 2, 2, 3, 3), W("z.weight", 1, 2, 3, 3),
      W("classifier.weight", 3, 16)},
     {0},
     0,
     "input 1x4x4; a: conv 2 3x3 pad 1; b: conv 2 3x3 pad 1; c: conv 1 3x3 pad 1; classifier: linear 3"},
    {"weights that are missing of several",
     TWO,
     {W(LONG "1.weight", 2, 2, 3, 3), W(LONG "b.weight", 2, 2, 3, 3), W(LONG "c.weight", 2, 2, 3, 3), FC2},
     {0},
     0,
     "expected the tensors of the network, found 5 that do not fit:\n"
     "tensor                              expected              found\n"
     "a.weight                            [2, 2, 3, 3]          any of "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1, "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
     "b.weight                            [2, 2, 3, 3]          any of "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1, "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1."
     "weight  nothing               [2, 2, 3, 3]\n"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab."
     "weight  nothing               [2, 2, 3, 3]\n"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac."
     "weight  nothing               [2, 2, 3, 3]\n"
     ""},
    {"flagged layers alone",
     "input 2x4x4; a: conv 2 3x3 pad 1 batch_norm; b: conv 2 3x3 pad 1; classifier: linear 3",
     {W("a.weight", 2, 2, 3, 3), W("b.weight", 2, 2, 3, 3), FC2, W("x.running_mean", 2),
      W("x.running_var", 2)},
     {0},
     0,
     "input 2x4x4; a: conv 2 3x3 pad 1 batch_norm; b: conv 2 3x3 pad 1; classifier: linear 3"},
    {"a long name of a Sequential",
     NET,
     {W(LONG LONG LONG "0.weight", 2, 1, 3, 3), FC},
     {0},
     0,
     "input 1x4x4; a: conv 2 3x3; classifier: linear 3"},
    {"a name that ends with a dot",
     NET,
     {W("x..weight", 2, 1, 3, 3), FC},
     {0},
     0,
     "input 1x4x4; a: conv 2 3x3; classifier: linear 3"},
    {"not a number",
     NET,
     {A, W("classifier.weight", 3, 8)},
     {0},
     NAN,
     "tensor 'classifier.weight': element 23: expected a finite number of fp32, found nan"},
    {"infinity",
     NET,
     {A, W("classifier.weight", 3, 8)},
     {0},
     INFINITY,
     "tensor 'classifier.weight': element 23: expected a finite number of fp32, found inf"},
    {"minus infinity",
     NET,
     {A, W("classifier.weight", 3, 8)},
     {0},
     -INFINITY,
     "tensor 'classifier.weight': element 23: expected a finite number of fp32, found -inf"},
    {"a bias that is no number",
     NET,
     {A, FC, W("classifier.bias", 3)},
     {0},
     NAN,
     "tensor 'classifier.bias': element 2: expected a finite number of fp32, found nan"},
    {"a scale that is no number",
     NET,
     {A, FC, W("bn.running_mean", 2), W("bn.running_var", 2), W("bn.weight", 2)},
     {0},
     NAN,
     "tensor 'bn.weight': element 1: expected a finite number of fp32, found nan"},
    {"a mean that is no number",
     NET,
     {A, FC, W("bn.running_var", 2), W("bn.running_mean", 2)},
     {0},
     NAN,
     "tensor 'bn.running_mean': element 1: expected a finite number of fp32, found nan"},
    {"a variance that is no number",
     NET,
     {A, FC, W("bn.running_mean", 2), W("bn.running_var", 2)},
     {0},
     NAN,
     "tensor 'bn.running_var': element 1: expected a finite number of fp32, found nan"},
    {"a shift that is no number",
     NET,
     {A, FC, W("bn.running_mean", 2), W("bn.running_var", 2), W("bn.bias", 2)},
     {0},
     NAN,
     "tensor 'bn.bias': element 1: expected a finite number of fp32, found nan"},
};

/* ---- the key base_model ----------------------------------------------------------------------------------------- */

static void check_base(const char *what, const char *path, const char *keys, struct eo_dims dims, int classes,
                       const char *expected)
{
    struct eo_import_report report = {{0}, {0}};
    static struct eo_config cfg;
    struct eo_buf text = {0};
    struct eo_err err = {""};
    struct eo_model m;

    eo_buf_printf(&text, "base_model: %s\nmodel: 'a: conv 2 3x3; classifier: linear classes'\n%s", path,
                  keys);
    if (eo_config_parse(&cfg, text.data, text.len, &err) == 0 &&
        eo_import_base_model(&m, &cfg, dims, classes, &report, &err) == 0)
        eo_model_release(&m);
    check_text(what, expected, err.msg);
    eo_import_report_release(&report);
    eo_buf_release(&text);
}

static void save(const char *path, enum eo_precision precision, const struct eo_input *input)
{
    struct eo_network net;
    struct eo_buf file = {0};
    struct eo_model m;
    struct eo_err err;

    if (eo_network_parse(&net, NET, &err) || eo_model_init_network(&m, precision, &net, &err) ||
        eo_model_meta_set(&m, "pruning_level", "0.00", &err) || (input && eo_input_set(&m, input, &err)) ||
        eo_model_serialize(&m, &file, &err) || eo_io_write(path, file.data, file.len, &err))
        check_that(0, "%s: %s", path, err.msg);
    eo_model_release(&m);
    eo_buf_release(&file);
}

static void test_base(void)
{
    static const char *const names[] = {"mean", "std"};
    const struct eo_dims dims = {1, 4, 4};
    struct eo_input input;
    struct eo_err err;

    if (eo_input_make(&input, (double[]){0.25}, 1, (double[]){0.5}, 1, 1, names, &err))
        check_that(0, "%s", err.msg);
    save("silent", EO_FP32, NULL);
    save("fed", EO_FP32, &input);
    save("half", EO_FP16, &input);
    check_base("a base model", "silent", "", dims, 3, "");
    check_base("what it is fed, of the keys", "silent", "input_mean: 0.5\ninput_std: 0.5\n", dims, 3, "");
    check_base("what it is fed, of both", "fed", "input_mean: 0.25\ninput_std: 0.5\n", dims, 3, "");
    check_base("another mean", "fed", "input_mean: 0.5\n", dims, 3,
               "keys 'input_mean' and 'input_std': expected what base_model says, or neither of them");
    check_base("another std", "fed", "input_std: 0.25\n", dims, 3,
               "keys 'input_mean' and 'input_std': expected what base_model says, or neither of them");
    check_base("three means", "fed", "input_mean: [1, 2, 3]\n", dims, 3,
               "key 'input_mean': expected 1 number, or 1 for each channel of the input (1), found 3");
    check_base("fewer classes than images", "fed", "", dims, 4,
               "fed: expected a model of 1x4x4 in 4 classes, as the images are, found 1x4x4 in 3");
    check_base("more classes than images", "fed", "", dims, 2, "");
    check_base("more channels", "fed", "", (struct eo_dims){2, 4, 4}, 3,
               "fed: expected a model of 2x4x4 in 3 classes, as the images are, found 1x4x4 in 3");
    check_base("higher images", "fed", "", (struct eo_dims){1, 5, 4}, 3,
               "fed: expected a model of 1x5x4 in 3 classes, as the images are, found 1x4x4 in 3");
    check_base("wider images", "fed", "", (struct eo_dims){1, 4, 5}, 3,
               "fed: expected a model of 1x4x5 in 3 classes, as the images are, found 1x4x4 in 3");
    check_base(
        "images of nothing", "fed", "", (struct eo_dims){1, 1, 1}, 3,
        "key 'model': layer 'a': expected a kernel of at most 1x1, the size of its padded input, found 3x3");
    check_base("half", "half", "", dims, 3, "half: expected an fp32 model, found fp16");
    check_base("nothing", "missing", "", dims, 3, "missing: cannot open: No such file or directory");
}

/* ---- files of all kinds ----------------------------------------------------------------------------------------- */

static void check_load(const char *what, const char *path, struct eo_import_options how, const char *expected)
{
    struct eo_import_report report = {{0}, {0}};
    char sha256[EO_SHA256_TEXT];
    struct eo_err err = {""};
    struct eo_model m;
    int rc = eo_import_load(&m, path, &how, &report, sha256, &err);

    check_text(what, expected, rc ? err.msg : report.notes.data ? report.notes.data : "");
    if (!rc)
        eo_model_release(&m);
    eo_import_report_release(&report);
}

/* `onnx` is a file with batch normalisation. */
static void test_load(const char *onnx)
{
    const char *const map = "a=a";
    struct eo_network net;
    struct eo_err err;

    if (eo_network_parse(&net, NET, &err))
        check_that(0, "%s", err.msg);
    save("own", EO_FP32, NULL);
    check_load("own", "own", (struct eo_import_options){0}, "");
    check_load("own, with a network", "own", (struct eo_import_options){.network = &net}, "");
    check_load("own, with a network that is not needed", "own",
               (struct eo_import_options){.network = &net, .is_fallback = 1}, "");
    check_load("own, to be folded", "own", (struct eo_import_options){.network = &net, .fold = 1}, "");
    check_load("own, with a map", "own", (struct eo_import_options){.maps = &map, .map_count = 1},
               "a model of this project says what its tensors are: expected no map and no eps");
    check_load("own, with an eps", "own", (struct eo_import_options){.norm_eps = 0.1},
               "a model of this project says what its tensors are: expected no map and no eps");
    check_load("ONNX", onnx, (struct eo_import_options){0}, "");
    check_load("ONNX, folded", onnx, (struct eo_import_options){.fold = 1},
               "batch normalisation became part of the weights\n"
               "");
    check_load("ONNX, with a network", onnx, (struct eo_import_options){.network = &net},
               "an ONNX file says its network, layers and eps: expected no other network, no map and no eps");
    check_load("ONNX, with a network that is not needed", onnx,
               (struct eo_import_options){.network = &net, .is_fallback = 1}, "");
    check_load("ONNX, with a map", onnx, (struct eo_import_options){.maps = &map, .map_count = 1},
               "an ONNX file says its network, layers and eps: expected no other network, no map and no eps");
    check_load("ONNX, with an eps", onnx, (struct eo_import_options){.norm_eps = 0.1},
               "an ONNX file says its network, layers and eps: expected no other network, no map and no eps");
    check_load("nothing", "missing", (struct eo_import_options){0}, "cannot open: No such file or directory");
    if (eo_io_write("own", "x", 1, &err))
        check_that(0, "%s", err.msg);
    check_load("another file", "own", (struct eo_import_options){0},
               "expected a safetensors file of at least 8 bytes, found 1");
    check_that(unlink("own") == 0, "cannot unlink");
}

static int load_graph(struct eo_model *m, const char *corpus, const char *name, struct eo_err *err)
{
    struct eo_buf notes = {0};
    char path[512], *bytes = NULL;
    size_t size;
    int rc;

    memset(m, 0, sizeof(*m));
    snprintf(path, sizeof(path), "%s/%s", corpus, name);
    rc = eo_io_read(path, EO_IO_MAX, &bytes, &size, err) || eo_import_onnx(m, bytes, size, &notes, err);
    eo_buf_release(&notes);
    free(bytes);
    return rc;
}

/* Graphs of the fuzzer's corpus, each with its message: empty where it is taken. */
static void check_graphs(const char *corpus, const char *const cases[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct eo_err err = {""};
        struct eo_model m;

        (void)load_graph(&m, corpus, cases[i][0], &err);
        check_text(cases[i][0], cases[i][1], err.msg);
        eo_model_release(&m);
    }
}

/* Graphs of the fuzzer's corpus that would become another network if they were taken. */
static void test_graphs(const char *corpus)
{
    static const char *const cases[][2] = {
        {"cast-to-whole", "operator 'Cast', node 'd': to: expected a type of real numbers, found type 7"},
        {"cast-to-boolean", "operator 'Cast', node 'd': to: expected a type of real numbers, found type 9"},
        {"cast-without-type", "operator 'Cast', node 'd': to: expected a type of real numbers, found type 0"},
        {"cast-of-shape", ""},
        {"cast-of-shape-to-bytes",
         "operator 'Cast', node 't': to: expected a type of real numbers, found type 2"},
        {"cast-of-real-constant",
         "operator 'Cast', node 't': to: expected a type of real numbers, found type 7"},
        {"cast-of-shape-to-32-bits", ""},
        {"cast-of-dequantised",
         "operator 'Cast', node 't': to: expected a type of real numbers, found type 7"},
        {"cast-to-half", ""},
        {"cast-to-double", ""},
        {"cast-to-bfloat", ""},
        {"cast-of-nothing", "operator 'Cast', node 'd': expected an input 1 that is an input of the graph, a "
                            "constant or made by an earlier node"},
        {"dropout", ""},
        {"dropout-off", ""},
        {"dropout-in-training",
         "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
        {"dropout-negative",
         "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
        {"dropout-nan", "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
        {"dropout-of-two", "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
        {"dropout-by-activation",
         "operator 'Dropout', node 'd': training_mode: expected a constant that is false"},
        {"softmax-over-batch",
         "operator 'Softmax', node 'y': axis: expected that of the classes, 1, found 0"},
        {"softmax-from-behind", ""},
        {"conv-auto-pad-unknown", "operator 'Conv', node 'c': auto_pad: expected NOTSET, VALID, SAME_UPPER "
                                  "or SAME_LOWER, found 'SAME'"},
        {"pool-auto-pad-unknown", "operator 'MaxPool', node 'd': auto_pad: expected NOTSET, VALID, "
                                  "SAME_UPPER or SAME_LOWER, found 'SAME'"},
        {"pool-auto-pad-valid", ""},
        {"conv-dilated-too-high",
         "operator 'Conv', node 'c': dilations: expected a kernel of at most 1024 with them, found 1201 x 3"},
        {"conv-dilated-too-many",
         "operator 'Conv', node 'c': dilations: expected at most 15728640 weights with them"},
        {"conv-dilated-too-wide",
         "operator 'Conv', node 'c': dilations: expected a kernel of at most 1024 with them, found 3 x 1201"},
        {"conv-dilations-zero-height",
         "operator 'Conv', node 'c': strides and dilations: expected numbers from 1"},
        {"conv-dilations-zero-width",
         "operator 'Conv', node 'c': strides and dilations: expected numbers from 1"},
        {"conv-strides-zero-width",
         "operator 'Conv', node 'c': strides and dilations: expected numbers from 1"},
        {"dilated-twice", ""},
        {"linear-weights-cube",
         "operator 'MatMul', node 'y': expected a constant matrix of 8 x outputs as input 2"},
        {"linear-weights-line",
         "operator 'MatMul', node 'y': expected a constant matrix of 8 x outputs as input 2"},
        {"reshape-of-real-constant", "operator 'Reshape', node 't': expected an activation as input"},
        {"squeeze-last", ""},
        {"squeeze-length",
         "operator 'Squeeze', node 'q': expected C x 1 x 1, C features, or a size of 1 behind C x length"},
        {"squeeze-wide",
         "operator 'Squeeze', node 'q': expected C x 1 x 1, C features, or a size of 1 behind C x length"},
        {"squeeze-width", ""},
    };

    check_graphs(corpus, cases, sizeof(cases) / sizeof(*cases));
}

/* Nodes that compute whole numbers. Where these are the shape of a Reshape, other numbers would be refused. */
static void test_whole_numbers(const char *corpus)
{
    static const char *const cases[][2] = {
        {"fold-add-lengths",
         "operator 'Add', node 't': of whole numbers: expected two lists of one length, or one number"},
        {"fold-add-list-and-number", ""},
        {"fold-add-lists", ""},
        {"fold-add-number-and-list", ""},
        {"fold-add-one-and-number", ""},
        {"fold-add-short",
         "operator 'Add', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found 8 "
         "bytes"},
        {"fold-add-short-second",
         "operator 'Add', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found 8 "
         "bytes"},
        {"fold-cast-short",
         "operator 'Cast', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found 8 "
         "bytes"},
        {"fold-concat-axis",
         "operator 'Concat', node 't': of whole numbers: expected short lists, one behind the other"},
        {"fold-concat-long",
         "operator 'Concat', node 't': of whole numbers: expected short lists, one behind the other"},
        {"fold-concat-of-nothing", "operator 'Concat', node 't': not supported; the nearest that is: Add"},
        {"fold-concat-of-number",
         "operator 'Concat', node 't': of whole numbers: expected short lists, one behind the other"},
        {"fold-concat-short",
         "operator 'Concat', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found "
         "8 bytes"},
        {"fold-constant-long",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a list of few numbers"},
        {"fold-constant-negative",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a list of few numbers"},
        {"fold-constant-no-sizes",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a list of few numbers"},
        {"fold-constant-short",
         "operator 'ConstantOfShape', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape "
         "says, found 8 bytes"},
        {"fold-constant-three-sizes",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a list of few numbers"},
        {"fold-constant-two-sizes",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a list of few numbers"},
        {"fold-constant-of-empty",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a value of one whole number"},
        {"fold-constant-two-values",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a value of one whole number"},
        {"fold-constant-value-short",
         "operator 'ConstantOfShape', node 't': constant '': expected 1 numbers of 8 bytes, as its shape says, found "
         "4 bytes"},
        {"fold-real-constant",
         "operator 'ConstantOfShape', node 't': of whole numbers: expected a value of one whole number"},
        {"fold-constant-zeros", "operator 'Reshape', node 'f': expected the shape of the input, or N x 8"},
        {"fold-constant-zeros-32-bits",
         "operator 'Reshape', node 'f': expected the shape of the input, or N x 8"},
        {"fold-div", ""},
        {"fold-div-by-zero", "operator 'Div', node 't': of whole numbers: expected another divisor than 0"},
        {"fold-gather-axis", "operator 'Gather', node 't': of whole numbers: expected a list"},
        {"fold-gather-before",
         "operator 'Gather', node 't': of whole numbers: expected places within the list"},
        {"fold-gather-beyond",
         "operator 'Gather', node 't': of whole numbers: expected places within the list"},
        {"fold-gather-from-behind", ""},
        {"fold-gather-of-matrix", "operator 'Gather', node 't': of whole numbers: expected a list"},
        {"fold-gather-short",
         "operator 'Gather', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found "
         "8 bytes"},
        {"fold-gather-short-places",
         "operator 'Gather', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found "
         "8 bytes"},
        {"fold-gather-unknown-places",
         "operator 'Gather', node 't': not supported; the nearest that is: fixed sizes: export without "
         "dynamic axes"},
        {"fold-gather-without-places",
         "operator 'Gather', node 't': expected an input 2 that is an input of the graph, a constant or made "
         "by an earlier node"},
        {"fold-long", ""},
        {"fold-long-32-bits", ""},
        {"fold-mul", ""},
        {"fold-mul-large", "operator 'Mul', node 't': of whole numbers: expected a result within 10^9"},
        {"fold-mul-negative", "operator 'Mul', node 't': of whole numbers: expected a result within 10^9"},
        {"fold-no-output", "value '': expected a name of its own"},
        {"fold-reshape-exact", ""},
        {"fold-reshape-fewer",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-large",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-nine-sizes", "operator 'Reshape', node 't': expected at most 8 integers in 'r'"},
        {"fold-reshape-product",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-rest",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-short",
         "operator 'Reshape', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, "
         "found 8 bytes"},
        {"fold-reshape-two-open",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-without-shape",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-reshape-zero",
         "operator 'Reshape', node 't': of whole numbers: expected a shape of as many numbers"},
        {"fold-shape-end", "operator 'Shape', node 't': of whole numbers: expected no start and end"},
        {"fold-shape-of-features", ""},
        {"fold-shape-start", "operator 'Shape', node 't': of whole numbers: expected no start and end"},
        {"fold-slice-axis",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-slice-backwards", ""},
        {"fold-slice-backwards-whole", ""},
        {"fold-slice-before-and-beyond", ""},
        {"fold-slice-no-step",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-slice-of-empty",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-slice-of-number",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-slice-short",
         "operator 'Slice', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, found "
         "8 bytes"},
        {"fold-slice-two-axes", "operator 'Slice', node 't': expected at most 1 integers in 'x1'"},
        {"fold-slice-two-ends", "operator 'Slice', node 't': expected at most 1 integers in 'e'"},
        {"fold-slice-two-starts", "operator 'Slice', node 't': expected at most 1 integers in 'a'"},
        {"fold-slice-two-steps", "operator 'Slice', node 't': expected at most 1 integers in 'p'"},
        {"fold-slice-without-ends",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-slice-without-starts",
         "operator 'Slice', node 't': of whole numbers: expected one start, end and step, along the first "
         "size"},
        {"fold-squeeze-of-matrix", "operator 'Squeeze', node 't': of whole numbers: expected one number"},
        {"fold-squeeze-of-two", "operator 'Squeeze', node 't': of whole numbers: expected one number"},
        {"fold-squeeze-short",
         "operator 'Squeeze', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, "
         "found 8 bytes"},
        {"fold-sub", ""},
        {"fold-to-bias", ""},
        {"fold-transpose-list",
         "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change "
         "places"},
        {"fold-transpose-one",
         "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change "
         "places"},
        {"fold-transpose-same",
         "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change "
         "places"},
        {"fold-transpose-short",
         "operator 'Transpose', node 't': constant 'b': expected 2 numbers of 8 bytes, as its shape says, "
         "found 8 bytes"},
        {"fold-transpose-three",
         "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change "
         "places"},
        {"fold-transpose-twice",
         "operator 'Transpose', node 't': of whole numbers: expected a matrix, whose two sizes change "
         "places"},
        {"fold-transpose-usual", ""},
    };
    struct eo_err err = {""};
    struct eo_model m;

    check_graphs(corpus, cases, sizeof(cases) / sizeof(*cases));
    if (load_graph(&m, corpus, "fold-to-bias", &err) == 0) {
        const float *bias = m.layer[1].bias.f32;

        check_that(bias[0] >= 4 && bias[0] <= 4 && bias[1] >= 5 && bias[1] <= 5,
                   "bias: expected 4 5, found %g %g", (double)bias[0], (double)bias[1]);
    }
    eo_model_release(&m);
}

/* One constant that many nodes make real. */
static void test_dequantised(void)
{
    static const char small[EO_NETWORK_PARAMETERS / 15];
    const size_t shape[] = {sizeof(small)};
    struct eo_onnx x = {0};
    struct eo_buf file = {0}, notes = {0};
    struct eo_err err = {""};
    struct eo_model m;
    char name[16];

    eo_onnx_port(&x, EO_ONNX_INPUT, "x", EO_ONNX_F32, 1, (const size_t[]){1});
    eo_onnx_tensor(&x, "q", EO_ONNX_S8, 1, shape, small);
    eo_onnx_tensor(&x, "s", EO_ONNX_F32, 0, NULL, &(float){0});
    for (int i = 0; i < 31; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        eo_onnx_node(&x, "DequantizeLinear", name, (const char *[]){"q", "s", NULL}, NULL);
    }
    eo_onnx_port(&x, EO_ONNX_OUTPUT, "d0", EO_ONNX_F32, 1, (const size_t[]){1});
    check_that(!eo_onnx_finish(&x, "graph", &file, &err) &&
                   eo_import_onnx(&m, file.data, file.len, &notes, &err) == -1,
               "one constant became real 31 times");
    check_text(
        "dequantised",
        "operator 'DequantizeLinear', node 'd30': expected at most 31457280 dequantised numbers in all",
        err.msg);
    eo_onnx_release(&x);
    eo_buf_release(&file);
    eo_buf_release(&notes);
}

/* SmallCNN with batch normalisation, which folding makes SmallCNN. */
static void test_folded(void)
{
    static const struct file file = {NULL,
                                     NULL,
                                     {W("a.weight", 3, 1, 3, 3), W("b.weight", 4, 3, 3, 3),
                                      W("fc.weight", 10, 196), W("n.running_mean", 3), W("n.running_var", 3)},
                                     {0},
                                     0,
                                     NULL};
    static const struct eo_import_options how = {.fold = 1};
    struct eo_import_report report = {{0}, {0}};
    struct eo_buf bytes = {0};
    struct eo_err err = {""};
    struct eo_model m;

    check_that(!make_file(&file, &bytes, &err) &&
                   !eo_import_state_dict(&m, bytes.data, bytes.len, &how, &report, &err) && m.shape.c1 == 3 &&
                   m.shape.c2 == 4,
               "folded: %s", err.msg);
    eo_model_release(&m);
    check_that(eo_import_state_dict(&m, "x", 1, &how, &report, &err) == -1, "one byte is a file");
    check_text("one byte", "expected a safetensors file of at least 8 bytes, found 1", err.msg);
    eo_import_report_release(&report);
    eo_buf_release(&bytes);
}

/* ---- YAML ------------------------------------------------------------------------------------------------------- */

static void check_yaml(const char *network, const char *expected)
{
    struct eo_buf out = {0};
    struct eo_network net;
    struct eo_err err;

    if (eo_network_parse(&net, network, &err))
        eo_buf_puts(&out, err.msg);
    else
        eo_import_put_yaml(&net, "m", &out);
    check_text(network, expected, out.data);
    eo_buf_release(&out);
}

static void check_path(const char *path, const char *expected)
{
    struct eo_err err = {""};

    check_that(eo_import_check_base_model(path, &err) == (*expected ? -1 : 0), "%s: another answer", path);
    check_text(path, expected, err.msg);
}

static void test_yaml(void)
{
    check_yaml("input 1x9x9; a: conv 2 3x3 stride 1x2 pad 0,0,1,0; b: conv 2 3x3 pad 0,2,1,0; c: conv 2 2x2 "
               "pad 0,0,0,1 "
               "relu6 average 1x2; d: linear 2; e: linear 2 from d add d; classifier: linear 3",
               "# Input 1 x 9 x 9 in 3 classes: dataset and data_dir have to name images like that.\n"
               "# Without base_model the layers are trained from the start.\n"
               "base_model: m\n"
               "model:\n"
               "  - {conv: 2, kernel: 3x3, stride: 1x2, padding: [0, 0, 1, 0], name: a}\n"
               "  - {conv: 2, kernel: 3x3, padding: [0, 2, 1, 0], name: b}\n"
               "  - {conv: 2, kernel: 2x2, padding: [0, 0, 0, 1], name: c, relu6: true, average: 1x2/1x2}\n"
               "  - {linear: 2, name: d}\n"
               "  - {linear: 2, name: e, add: d}\n"
               "  - {linear: classes, name: classifier}\n"
               "");
    check_yaml("input 2x4x4; a: conv 2 3x3 pad 1 batch_norm add input; b: conv 2 3x3 pad 1 from input add a; "
               "c: depthwise 2x2 stride 2x1 pad 1,0,0,0 max 2x2; classifier: linear 3",
               "# Input 2 x 4 x 4 in 3 classes: dataset and data_dir have to name images like that.\n"
               "# Without base_model the layers are trained from the start.\n"
               "base_model: m\n"
               "model:\n"
               "  - {conv: 2, kernel: 3x3, padding: [1, 1, 1, 1], name: a, batch_norm: true, add: input}\n"
               "  - {conv: 2, kernel: 3x3, padding: [1, 1, 1, 1], name: b, from: input, add: a}\n"
               "  - {depthwise: 2x2, stride: 2x1, padding: [1, 0, 0, 0], name: c, max: 2x2/2x2}\n"
               "  - {linear: classes, name: classifier}\n"
               "pruning_levels: [0.0] # there are no channels that can be removed\n");
    check_path("a/b.onnx", "");
    check_path("a b", "key 'base_model': expected a path of at most 255 bytes: letters of any script, digits "
                      "and any of ._+-/, found 'a b'");
    check_path("5", "");
    check_path("", "key 'base_model': expected a path of at most 255 bytes: letters of any script, digits "
                   "and any of ._+-/, found nothing; leave the key out");
    check_path("null", "key 'base_model': expected a path of at most 255 bytes: letters of any script, "
                       "digits and any of ._+-/, found 'null'; leave the key out");
    check_path("a: b", "expected a path that YAML reads as plain text");
    check_path("# a", "key 'base_model': expected a path of at most 255 bytes: letters of any script, digits "
                      "and any of ._+-/, found nothing; leave the key out");
    check_path("\"a\"", "expected a path that YAML reads as plain text");
    check_path("[a", "key 'base_model': expected a path of at most 255 bytes: letters of any script, digits "
                     "and any of ._+-/, found a list");
}

int main(void)
{
    char dir[] = "/tmp/test_import.XXXXXX", onnx[512], here[256];

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        check_file(&files[i]);
    if (!getcwd(here, sizeof(here)) || !mkdtemp(dir) || chdir(dir))
        return 1;
    snprintf(onnx, sizeof(onnx), "%s/tests/fuzz/corpus/onnx/conv-bn-relu", here);
    test_load(onnx);
    snprintf(onnx, sizeof(onnx), "%s/tests/fuzz/corpus/onnx", here);
    test_graphs(onnx);
    test_whole_numbers(onnx);
    test_dequantised();
    test_folded();
    test_base();
    if (unlink("silent") || unlink("fed") || unlink("half") || chdir("/") || rmdir(dir))
        check_that(0, "the scratch folder is not empty");
    test_yaml();
    return check_report("test_import_refused");
}
