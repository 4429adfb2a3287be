#include "stage/import/import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "format/foreign.h"
#include "nn/network_fold.h"
#include "nn/state_dict.h"
#include "stage/import/match.h"
#include "stage/import/misfits.h"
#include "stage/import/onnx.h"
#include "stage/import/values.h"

/* An import on its way. */
struct import {
    const struct eo_import_options *options;
    struct eo_import_report *report;
    struct eo_network net;
    struct eo_modules modules;
    struct eo_match match;
    struct eo_import_loss loss;
    struct eo_st st;
};

void eo_import_report_release(struct eo_import_report *report)
{
    eo_buf_release(&report->notes);
    eo_buf_release(&report->misfits);
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

/* SmallCNN, if there are two convolutions whose channels follow from each other, and one linear layer. */
static int find_smallcnn(struct import *in, struct eo_err *err)
{
    const struct eo_st_tensor *conv[2] = {NULL, NULL};
    int convs = 0, linears = 0;

    for (int i = 0; i < in->modules.count; i++) {
        const struct eo_st_tensor *w = in->modules.module[i].weight;

        if (w && w->dims == 4 && convs++ < 2)
            conv[convs - 1] = w;
        linears += w && w->dims == 2;
    }
    if (convs == 2 && conv[0]->shape[1] != 1) {
        const struct eo_st_tensor *second = conv[0];

        conv[0] = conv[1];
        conv[1] = second;
    }
    if (convs != 2 || linears != 1 || conv[0]->shape[1] != 1 || conv[1]->shape[1] != conv[0]->shape[0])
        return eo_err_set(
            err,
            "expected the tensors of SmallCNN, two convolutions of which the second follows the first "
            "and a linear layer, found %d and %d: a network must be given",
            convs, linears);
    if (conv[0]->shape[0] < 1 || conv[0]->shape[0] > EO_MAX_C1 || conv[1]->shape[0] < 1 ||
        conv[1]->shape[0] > EO_MAX_C2)
        return eo_err_set(err, "expected at most %d and %d channels, found %zu and %zu", EO_MAX_C1, EO_MAX_C2,
                          conv[0]->shape[0], conv[1]->shape[0]);
    eo_network_smallcnn(&in->net, (int)conv[0]->shape[0], (int)conv[1]->shape[0]);
    return 0;
}

static int match_tensors(struct import *in, struct eo_err *err)
{
    int rows;

    eo_state_dict_strip(&in->st);
    eo_modules_make(&in->modules, &in->st);
    if (in->options->network)
        in->net = *in->options->network;
    else if (find_smallcnn(in, err))
        return -1;
    if (eo_match_make(&in->match, &in->modules, &in->net, in->options->maps, in->options->map_count, err))
        return eo_err_prefix(err, "map");
    rows = eo_misfits_put(&in->match, &in->modules, &in->net, &in->report->misfits);
    if (rows)
        return eo_err_set(err, "expected the tensors of the network, found %d that %s:", rows,
                          rows == 1 ? "does not fit" : "do not fit");
    for (int i = 0; i < in->net.count; i++)
        in->net.layer[i].batch_norm = in->match.norm[i] >= 0;
    return 0;
}

/* ---- what is told ---------------------------------------------------------------------------------------------- */

static void note_match(struct import *in, const char *layer, const char *what, int module,
                       enum eo_match_how how)
{
    static const char *const by[] = {"", "", "", "by its name", "by its shape", "by shape and order"};
    const struct eo_module *m;

    if (module < 0 || !*by[how])
        return;
    m = &in->modules.module[module];
    eo_buf_printf(&in->report->notes, "took '%.*s' for %slayer '%s', %s\n", m->length, m->name, what, layer,
                  by[how]);
}

static void put_notes(struct import *in)
{
    struct eo_buf *notes = &in->report->notes;

    for (int i = 0; i < in->net.count; i++) {
        note_match(in, in->net.layer[i].name, "", in->match.layer[i], in->match.layer_how[i]);
        note_match(in, in->net.layer[i].name, "batch normalisation of ", in->match.norm[i],
                   in->match.norm_how[i]);
        if (!in->modules.module[in->match.layer[i]].bias && in->match.norm[i] < 0)
            eo_buf_printf(notes, "layer '%s' has no bias; it gets 0\n", in->net.layer[i].name);
    }
    if (in->loss.changed)
        eo_buf_printf(notes, "F64 became F32: %zu of %zu values changed, by at most %.2g of their size\n",
                      in->loss.changed, in->loss.values, in->loss.relative);
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

/* The tensor's values, or `otherwise` where it is missing. */
static int fill(struct import *in, const struct eo_st_tensor *t, float otherwise, float *out, int count,
                struct eo_err *err)
{
    if (t)
        return eo_import_values(t, out, &in->loss, err);
    for (int i = 0; i < count; i++)
        out[i] = otherwise;
    return 0;
}

/* `l->bias` holds the bias in front of the batch normalisation. */
static int fill_norm(struct import *in, const struct eo_module *norm, struct eo_model_layer *l, int outputs,
                     struct eo_err *err)
{
    double eps = in->options->norm_eps > 0 ? in->options->norm_eps : EO_NORM_EPS;

    if (fill(in, norm->weight, 1, l->norm_scale, outputs, err) ||
        fill(in, norm->mean, 0, l->norm_mean, outputs, err) ||
        fill(in, norm->variance, 1, l->norm_variance, outputs, err))
        return -1;
    for (int o = 0; o < outputs; o++) {
        l->norm_mean[o] = (float)((double)l->norm_mean[o] - (double)l->bias.f32[o]);
        l->norm_variance[o] = (float)((double)l->norm_variance[o] + (eps - EO_NORM_EPS));
    }
    return fill(in, norm->bias, 0, l->bias.f32, outputs, err);
}

static int fill_layers(struct import *in, struct eo_model *m, struct eo_err *err)
{
    for (int i = 0; i < in->net.count; i++) {
        const struct eo_module *module = &in->modules.module[in->match.layer[i]];
        int outputs = in->net.layer[i].map.c, norm = in->match.norm[i];

        if (eo_import_values(module->weight, m->layer[i].weight.f32, &in->loss, err) ||
            fill(in, module->bias, 0, m->layer[i].bias.f32, outputs, err) ||
            (norm >= 0 && fill_norm(in, &in->modules.module[norm], &m->layer[i], outputs, err)))
            return -1;
    }
    return 0;
}

static void fold(struct eo_model *m, const struct eo_import_options *options, struct eo_import_report *report)
{
    if (!options->fold || !eo_network_is_normalised(&m->network))
        return;
    eo_model_fold(m);
    eo_buf_puts(&report->notes, "batch normalisation became part of the weights\n");
    if (eo_network_is_smallcnn(&m->network))
        m->shape = (struct eo_shape){m->network.layer[0].map.c, m->network.layer[1].map.c};
}

static int make_model(struct import *in, struct eo_model *m, struct eo_err *err)
{
    if (match_tensors(in, err) || eo_model_init_network(m, EO_FP32, &in->net, err) ||
        fill_layers(in, m, err) || eo_model_meta_set(m, "pruning_level", "0.00", err))
        return -1;
    put_notes(in);
    fold(m, in->options, in->report);
    return eo_buf_check(&in->report->notes, err);
}

int eo_import_state_dict(struct eo_model *m, const void *bytes, size_t size,
                         const struct eo_import_options *options, struct eo_import_report *report,
                         struct eo_err *err)
{
    struct import *in = eo_alloc(1, sizeof(*in), err);
    int rc;

    memset(m, 0, sizeof(*m));
    if (!in)
        return -1;
    in->options = options;
    in->report = report;
    if (eo_st_parse(&in->st, bytes, size, err)) {
        free(in);
        return -1;
    }
    rc = make_model(in, m, err);
    if (rc)
        eo_model_release(m);
    eo_st_release(&in->st);
    free(in);
    return rc;
}

/* *is_own: whether the bytes are a model that this project has written, as their metadata say. */
static int find_writer(const void *bytes, size_t size, int *is_own, struct eo_err *err)
{
    struct eo_st st;

    *is_own = 0;
    if (eo_st_parse(&st, bytes, size, err))
        return -1;
    for (size_t i = 0; i < st.meta_count; i++)
        *is_own |= strcmp(st.meta[i].key, "eo_version") == 0;
    eo_st_release(&st);
    return 0;
}

/* From a file of tensors. */
static int import_tensors(struct eo_model *m, const void *bytes, size_t size,
                          const struct eo_import_options *options, struct eo_import_report *report,
                          struct eo_err *err)
{
    int is_own;

    if (find_writer(bytes, size, &is_own, err))
        return -1;
    if (!is_own || (options->network && !options->is_fallback))
        return eo_import_state_dict(m, bytes, size, options, report, err);
    if (!options->is_fallback && (options->map_count || options->norm_eps > 0))
        return eo_err_set(err,
                          "a model of this project says what its tensors are: expected no map and no eps");
    return eo_model_parse_network(m, bytes, size, NULL, err);
}

static int import_graph(struct eo_model *m, const void *bytes, size_t size,
                        const struct eo_import_options *options, struct eo_import_report *report,
                        struct eo_err *err)
{
    if (!options->is_fallback && (options->network || options->map_count || options->norm_eps > 0))
        return eo_err_set(err, "an ONNX file says its network, layers and eps: expected no other network, no "
                               "map and no eps");
    if (eo_import_onnx(m, bytes, size, &report->notes, err))
        return -1;
    fold(m, options, report);
    if (eo_buf_check(&report->notes, err) == 0)
        return 0;
    eo_model_release(m);
    return -1;
}

int eo_import_load(struct eo_model *m, const char *path, const struct eo_import_options *options,
                   struct eo_import_report *report, char sha256[EO_SHA256_TEXT], struct eo_err *err)
{
    char *bytes = NULL;
    size_t size = 0;
    int rc;

    memset(m, 0, sizeof(*m));
    if (eo_io_read(path, EO_ST_MAX_FILE, &bytes, &size, err))
        return -1;
    rc = eo_foreign_is_onnx(bytes, size) ? import_graph(m, bytes, size, options, report, err)
                                         : import_tensors(m, bytes, size, options, report, err);
    eo_hash_sha256(bytes, size, sha256);
    free(bytes);
    return rc;
}
