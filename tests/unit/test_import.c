/* stage/import: which tensors of a state_dict a layer takes, what becomes of their numbers, and what is refused. */
#include "stage/import/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/safetensors.h"
#include "nn/network_fold.h"
#include "tests/unit/check.h"

/* A file whose F32 numbers count up from 1, tensor by tensor in the order of the list. */
struct tensor {
    const char *name;
    enum eo_st_dtype dtype;
    int dims;
    size_t shape[4];
};

#define W(name, ...)                                                                                         \
    {                                                                                                        \
        name, EO_ST_F32, sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t),                                   \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define NORM(name, channels)                                                                                 \
    W(name ".weight", channels), W(name ".bias", channels), W(name ".running_mean", channels),               \
        W(name ".running_var", channels),                                                                    \
    {                                                                                                        \
        name ".num_batches_tracked", EO_ST_I64, 0,                                                           \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }

static int make_file(const struct tensor *list, size_t count, struct eo_buf *file, struct eo_err *err)
{
    static float numbers[4096];
    static int64_t counter;
    static struct eo_st st;
    size_t used = 0;

    memset(&st, 0, sizeof(st));
    for (size_t i = 0; i < count; i++) {
        struct eo_st_tensor *t = &st.tensors[st.tensor_count++];
        size_t n = 1;

        *t = (struct eo_st_tensor){.name = list[i].name, .dtype = list[i].dtype, .dims = list[i].dims};
        for (int d = 0; d < list[i].dims; d++)
            n *= t->shape[d] = list[i].shape[d];
        t->bytes = n * eo_st_dtype_bytes(t->dtype);
        t->data = t->dtype == EO_ST_F32 ? (const void *)&numbers[used] : &counter;
        for (size_t k = 0; t->dtype == EO_ST_F32 && k < n; k++, used++)
            eo_copy_little_endian(&numbers[used], &(float){(float)used + 1}, 1, sizeof(float));
    }
    return eo_st_serialize(&st, file, err);
}

static char said[4096];

/* Imports; `said` is the notes, or the message and the table. */
static int import(const struct tensor *list, size_t count, const char *network, struct eo_import_options *how,
                  struct eo_model *m)
{
    struct eo_import_report report = {{0}, {0}};
    struct eo_buf file = {0};
    struct eo_network net;
    struct eo_err err = {""};
    int rc = make_file(list, count, &file, &err) || (network && eo_network_parse(&net, network, &err));

    check_that(!rc, "cannot begin: %s", err.msg);
    how->network = network ? &net : NULL;
    rc = eo_import_state_dict(m, file.data, file.len, how, &report, &err);
    snprintf(said, sizeof(said), "%s%s%s", rc ? err.msg : "", rc && report.misfits.data ? "\n" : "",
             rc                  ? report.misfits.data ? report.misfits.data : ""
             : report.notes.data ? report.notes.data
                                 : "");
    eo_import_report_release(&report);
    eo_buf_release(&file);
    return rc;
}

#define LIST(list) list, sizeof(list) / sizeof(*(list))

static void expect(const char *what, const struct tensor *list, size_t count, const char *network,
                   const char *expected)
{
    struct eo_import_options how = {0};
    struct eo_model m;

    (void)import(list, count, network, &how, &m);
    check_text(what, expected, said);
    eo_model_release(&m);
}

static void test_names(void)
{
    static const char two[] = "input 1x4x4; a: conv 2 3x3 relu; classifier: linear 3";
    static const char chain[] =
        "input 2x4x4; a: conv 2 3x3 pad 1 relu; b: conv 2 3x3 pad 1 relu; classifier: linear 3";
    static const struct tensor own[] = {W("a.weight", 2, 1, 3, 3), W("a.bias", 2),
                                        W("classifier.weight", 3, 8), W("classifier.bias", 3)};
    static const struct tensor wrapped[] = {
        W("_orig_mod.module.a.weight", 2, 1, 3, 3), W("_orig_mod.module.a.bias", 2),
        W("_orig_mod.module.classifier.weight", 3, 8), W("_orig_mod.module.classifier.bias", 3)};
    static const struct tensor shapes[] = {W("conv.weight", 2, 1, 3, 3), W("conv.bias", 2),
                                           W("fc.weight", 3, 8)};
    static const struct tensor order[] = {W("net.10.weight", 2, 2, 3, 3), W("net.10.bias", 2),
                                          W("net.9.weight", 2, 2, 3, 3),  W("net.9.bias", 2),
                                          W("fc.weight", 3, 32),          W("fc.bias", 3)};
    static const struct tensor unclear[] = {W("x.weight", 2, 2, 3, 3), W("x.bias", 2),
                                            W("y.weight", 2, 2, 3, 3), W("y.bias", 2),
                                            W("fc.weight", 3, 32),     W("fc.bias", 3)};

    static const char normalised[] = "input 1x4x4; a: conv 2 3x3 batch_norm relu; classifier: linear 3";
    static const struct tensor large[] = {W("9223372036854775807.weight", 2, 1, 3, 3),
                                          NORM("9223372036854775808", 2), W("classifier.weight", 3, 8),
                                          W("classifier.bias", 3)};

    static const struct tensor equal[] = {W("net.01.weight", 2, 2, 3, 3), W("net.01.bias", 2),
                                          W("net.1.weight", 2, 2, 3, 3),  W("net.1.bias", 2),
                                          W("fc.weight", 3, 32),          W("fc.bias", 3)};

    expect("own names", LIST(own), two, "");
    expect("wrappers", LIST(wrapped), two, "");
    expect("by shape", LIST(shapes), two,
           "took 'conv' for layer 'a', by its shape\ntook 'fc' for layer 'classifier', by its shape\n"
           "layer 'classifier' has no bias; it gets 0\n");
    expect("by order, one number in two names", LIST(equal), chain,
           "took 'net.1' for layer 'a', by shape and order\ntook 'net.01' for layer 'b', by shape and order\n"
           "took 'fc' for layer 'classifier', by its shape\n");
    expect("a number beyond 63 bits", LIST(large), normalised,
           "took '9223372036854775807' for layer 'a', by its shape\n"
           "took '9223372036854775808' for batch normalisation of layer 'a', by its name\n");
    expect("by order, numbers as numbers", LIST(order), chain,
           "took 'net.9' for layer 'a', by shape and order\ntook 'net.10' for layer 'b', by shape and order\n"
           "took 'fc' for layer 'classifier', by its shape\n");
    expect("unclear", LIST(unclear), chain,
           "expected the tensors of the network, found 6 that do not fit:\n"
           "tensor                              expected              found\n"
           "a.weight                            [2, 2, 3, 3]          any of x, y\n"
           "b.weight                            [2, 2, 3, 3]          any of x, y\n"
           "x.weight                            nothing               [2, 2, 3, 3]\n"
           "x.bias                              nothing               [2]\n"
           "y.weight                            nothing               [2, 2, 3, 3]\n"
           "y.bias                              nothing               [2]\n");
}

static void test_maps(void)
{
    static const char chain[] =
        "input 2x4x4; a: conv 2 3x3 pad 1 relu; b: conv 2 3x3 pad 1 relu; classifier: linear 3";
    static const struct tensor unclear[] = {W("x.weight", 2, 2, 3, 3), W("x.bias", 2),
                                            W("y.weight", 2, 2, 3, 3), W("y.bias", 2),
                                            W("fc.weight", 3, 32),     W("fc.bias", 3)};
    static const struct {
        const char *map, *expected;
    } cases[] = {
        {"y=a", "took 'x' for layer 'b', by its shape\ntook 'fc' for layer 'classifier', by its shape\n"},
        {"y", "map: expected THEIRS=OURS, as fc=classifier, found 'y'"},
        {"y=c", "map: expected a layer of the network behind '=', found 'c'"},
        {"z=a", "map: expected the name of tensors of the file before '=', found 'z'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_import_options how = {.maps = &cases[i].map, .map_count = 1};
        struct eo_model m;
        int rc = import(LIST(unclear), chain, &how, &m);

        check_text(cases[i].map, cases[i].expected, said);
        if (!rc)
            check_that(m.layer[0].weight.f32[0] > 38 && m.layer[0].weight.f32[0] < 40,
                       "a has the weights of y");
        eo_model_release(&m);
    }
}

static void test_misfits(void)
{
    static const struct tensor wrong[] = {W("a.weight", 2, 3, 3, 3), W("a.bias", 3),
                                          W("classifier.weight", 3, 8), W("head.weight", 5, 7),
                                          W("scale", 1)};

    expect("a table", LIST(wrong), "input 1x4x4; a: conv 2 3x3 relu; classifier: linear 3",
           "expected the tensors of the network, found 4 that do not fit:\n"
           "tensor                              expected              found\n"
           "a.weight                            [2, 1, 3, 3]          [2, 3, 3, 3]\n"
           "a.bias                              [2]                   [3]\n"
           "head.weight                         nothing               [5, 7]\n"
           "scale                               nothing               [1]\n");
}

static void test_smallcnn(void)
{
    static const struct tensor theirs[] = {W("features.0.weight", 3, 1, 3, 3),
                                           W("features.0.bias", 3),
                                           W("features.3.weight", 4, 3, 3, 3),
                                           W("features.3.bias", 4),
                                           W("fc.weight", 10, 196),
                                           W("fc.bias", 10)};
    static const struct tensor other[] = {W("a.weight", 3, 1, 3, 3), W("fc.weight", 10, 196)};
    struct eo_import_options how = {0};
    struct eo_model m;

    check_that(import(LIST(theirs), NULL, &how, &m) == 0, "SmallCNN by its shapes: %s", said);
    check_that(m.shape.c1 == 3 && m.shape.c2 == 4 && eo_network_is_smallcnn(&m.network), "3 and 4 channels");
    eo_model_release(&m);
    expect("no SmallCNN", LIST(other), NULL,
           "expected the tensors of SmallCNN, two convolutions of which the second follows the first and a "
           "linear "
           "layer, found 1 and 1: a network must be given");
}

/* The names of batch normalisation that are found for the module `conv`. */
static void test_norm_names(void)
{
    static const char *const names[][2] = {{"conv1", "bn1"},
                                           {"conv1", "norm1"},
                                           {"layer1.0.conv2", "layer1.0.bn2"},
                                           {"features.0", "features.1"},
                                           {"dw1", "dw1_bn"},
                                           {"dw1", "dw1.bn"},
                                           {"block.conv", "block.bn"},
                                           {"dw1", "dw_bn1"},
                                           {"pw", "bn_pw"},
                                           {"a", "a.batch_norm"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char text[7][60];
        struct tensor list[] = {W(text[0], 2, 1, 3, 3), W(text[1], 2), W(text[2], 2),
                                W(text[3], 2),          W(text[4], 2), W("fc.weight", 3, 8),
                                W("fc.bias", 3),        W(text[5], 2), W(text[6], 2)};
        static const char *const fields[] = {"weight", "bias", "running_mean", "running_var"};
        struct eo_import_options how = {0};
        struct eo_model m;

        snprintf(text[0], sizeof(text[0]), "%s.weight", names[i][0]);
        for (int k = 0; k < 4; k++)
            snprintf(text[k + 1], sizeof(text[0]), "%s.%s", names[i][1], fields[k]);
        check_that(import(list, 7, "input 1x4x4; a: conv 2 3x3 relu; classifier: linear 3", &how, &m) == 0 &&
                       m.network.layer[0].batch_norm,
                   "%s and %s: %s", names[i][0], names[i][1], said);
        eo_model_release(&m);
    }
}

/* Two convolutions of two channels each: only names tell which batch normalisation is whose. */
static void test_norms_by_name(void)
{
    static const struct tensor list[] = {W("b.conv1.weight", 2, 2, 3, 3), W("conv1.weight", 2, 1, 3, 3),
                                         NORM("b.bn1", 2), NORM("bn1", 2), W("fc.weight", 3, 8)};
    struct eo_import_options how = {0};
    struct eo_model m;

    check_that(import(LIST(list),
                      "input 1x6x6; conv1: conv 2 3x3 relu; b: conv 2 3x3 relu; classifier: linear 3", &how,
                      &m) == 0,
               "two batch normalisations: %s", said);
    check_that(m.layer[0].norm_scale[0] > m.layer[1].norm_scale[0], "each with its own");
    eo_model_release(&m);
}

/* norm(conv + bias) is the same after the bias has gone into the mean, and after folding. */
static void test_norm_numbers(void)
{
    static const struct tensor list[] = {W("a.weight", 1, 1, 1, 1), W("a.bias", 1), NORM("bn", 1),
                                         W("fc.weight", 2, 4), W("fc.bias", 2)};
    static const char net[] = "input 1x2x2; a: conv 1 1x1 relu; classifier: linear 2";
    /* weight 1, bias 2, scale 3, shift 4, mean 5, variance 6 */
    double s = 3 / sqrt(6 + 1e-3), weight = s, bias = 4 + (2 - 5) * s;
    struct eo_import_options how = {.fold = 1, .norm_eps = 1e-3}, keep = {0};
    struct eo_model m;

    check_that(import(LIST(list), net, &how, &m) == 0, "fold: %s", said);
    check_that(fabs((double)m.layer[0].weight.f32[0] - weight) < 1e-6 &&
                   fabs((double)m.layer[0].bias.f32[0] - bias) < 1e-6,
               "folded: expected %g and %g, found %g and %g", weight, bias, (double)m.layer[0].weight.f32[0],
               (double)m.layer[0].bias.f32[0]);
    check_that(!m.network.layer[0].batch_norm, "the network has no batch normalisation");
    eo_model_release(&m);
    check_that(import(LIST(list), net, &keep, &m) == 0 && m.network.layer[0].batch_norm, "kept: %s", said);
    check_that(m.layer[0].norm_mean[0] > 2.9f && m.layer[0].norm_mean[0] < 3.1f &&
                   m.layer[0].bias.f32[0] > 3.9f,
               "mean 5 - 2 and shift 4, found %g and %g", (double)m.layer[0].norm_mean[0],
               (double)m.layer[0].bias.f32[0]);
    eo_model_release(&m);
}

/* One tensor of each dtype: what 1/3 becomes. */
static void test_dtypes(void)
{
    static const struct {
        enum eo_st_dtype dtype;
        unsigned char bytes[8];
        double expected;
        const char *said;
    } cases[] = {
        {EO_ST_F64,
         {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5, 0x3f},
         0.3333333432674407958984375,
         "F64 became F32: 2 of 2 values changed, by at most 3e-08 of their size\n"},
        {EO_ST_F64, {0, 0, 0, 0, 0, 0, 0xe0, 0x3f}, 0.5, ""},
        {EO_ST_BF16, {0xab, 0x3e}, 0.333984375, ""},
        {EO_ST_F16, {0x55, 0x35}, 0.333251953125, ""},
        {EO_ST_I8, {1}, 0, "tensor 'classifier.weight': expected dtype F32, F64, F16 or BF16, found I8"},
        {EO_ST_F64,
         {0, 0, 0, 0, 0, 0, 0, 0x7f},
         0,
         "tensor 'classifier.weight': element 0: expected a finite number of fp32, found inf"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        unsigned char numbers[16];
        float bias[2] = {0, 0};
        size_t size = eo_st_dtype_bytes(cases[i].dtype);
        struct eo_st st = {.tensor_count = 2,
                           .tensors = {{"classifier.weight", cases[i].dtype, 2, {2, 1}, 2 * size, numbers},
                                       {"classifier.bias", EO_ST_F32, 1, {2}, 8, bias}}};
        struct eo_import_report report = {{0}, {0}};
        struct eo_buf file = {0};
        struct eo_network net;
        struct eo_import_options how = {.network = &net};
        struct eo_err err = {""};
        struct eo_model m;
        int rc;

        memcpy(numbers, cases[i].bytes, size);
        memcpy(numbers + size, cases[i].bytes, size);
        rc = eo_st_serialize(&st, &file, &err) ||
             eo_network_parse(&net, "input 1x1x1; classifier: linear 2", &err);
        check_that(!rc, "cannot begin: %s", err.msg);
        rc = eo_import_state_dict(&m, file.data, file.len, &how, &report, &err);
        check_text("dtype", cases[i].said, rc ? err.msg : report.notes.data ? report.notes.data : "");
        if (!rc)
            check_that(fabs((double)m.layer[0].weight.f32[1] - cases[i].expected) < 1e-12,
                       "case %zu: found %.17g", i, (double)m.layer[0].weight.f32[1]);
        eo_model_release(&m);
        eo_import_report_release(&report);
        eo_buf_release(&file);
    }
}

int main(void)
{
    test_names();
    test_maps();
    test_misfits();
    test_smallcnn();
    test_norm_names();
    test_norms_by_name();
    test_norm_numbers();
    test_dtypes();
    return check_report("test_import");
}
