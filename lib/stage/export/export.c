#include "stage/export/export.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/version.h"
#include "format/dataset.h"
#include "nn/infer.h"
#include "stage/candidate.h"
#include "stage/export/table.h"
#include "stage/export/text.h"
#include "stage/export/writer.h"

int eo_export_check_prefix(const char *name, struct eo_err *err)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    if (isdigit((unsigned char)*name) || *name == '_' || name[n] || n == 0 || n > EO_EXPORT_PREFIX_MAX)
        return eo_err_set(err,
                          "expected a letter, then letters, digits and underscores, %d at most, found '%s'",
                          EO_EXPORT_PREFIX_MAX, name);
    return 0;
}

/* ---- parts of the text ----------------------------------------------------------------------------------------- */

static const char *const part_names[EO_EXPORT_PARTS] = {"about",  "sizes", "state", "input", "limits",
                                                        "tables", "c1",    "c2",    "file"};

void eo_export_flag(struct eo_export_writer *w, const char *flag, int is_set)
{
    assert(w->flag_count < EO_EXPORT_FLAGS);
    if (is_set)
        w->flags[w->flag_count++] = flag;
}

/* A comment may hold what a metadata value says, but not end there. */
static void put_meta(struct eo_buf *out, const struct eo_model *m, const char *key, const char *label)
{
    const char *value = eo_model_meta_get(m, key);

    if (!value)
        return;
    eo_buf_printf(out, " * %-12s", label);
    for (; *value; value++)
        eo_buf_printf(out, "%c", isalnum((unsigned char)*value) || strchr(" ._,+-", *value) ? *value : '?');
    eo_buf_puts(out, "\n");
}

static void put_about(struct eo_export_writer *w)
{
    static const char *const stages[] = {"train_sha256", "prune_sha256", "quant_sha256"};
    struct eo_candidate_key key = eo_candidate_key_of_model(w->model);
    char label[EO_CANDIDATE_LABEL];
    struct eo_buf *out = &w->part[EO_EXPORT_ABOUT];

    eo_candidate_label(&key, label);
    eo_buf_printf(out,
                  "/*\n * %zu classes of %d x %d x %d inputs. Written by eo-export " EO_VERSION
                  " of edge-opt; changes belong into the model.\n *\n",
                  w->classes, w->model->network.input.c, w->model->network.input.h,
                  w->model->network.input.w);
    eo_buf_printf(out, " * model       p%s-%s, seed %" PRIu64 "\n", label, eo_precision_name(key.precision),
                  key.seed);
    eo_buf_printf(out, " * sha256      %s\n", w->how->model_sha256);
    if (w->how->accuracy)
        eo_buf_printf(out, " * accuracy    %s\n", w->how->accuracy);
    put_meta(out, w->model, "dataset", "trained on");
    put_meta(out, w->model, "dataset_sha256", "data");
    for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++) {
        char label_of[16] = {0};

        memcpy(label_of, stages[i], strcspn(stages[i], "_"));
        put_meta(out, w->model, stages[i], label_of);
    }
    put_meta(out, w->model, "eo_version", "version");
    eo_buf_puts(out, " *\n * Copyright (c) 2026 the edge-opt authors. SPDX-License-Identifier: MIT\n */\n");
}

/* What NET_STEP counts by: a list for each macro, a layer on a line. */
static void put_layers(struct eo_export_writer *w)
{
    const struct eo_network *net = &w->model->network;
    struct eo_buf *out = &w->part[EO_EXPORT_SIZES];

    eo_buf_printf(out, "#define NET_LAYERS %d\n#define NET_LAYER_NAMES", net->count);
    for (int i = 0; i < net->count; i++)
        eo_buf_printf(out, "%s \\\n    \"%s\"", i ? "," : "", net->layer[i].name);
    eo_buf_puts(out, "\n#define NET_LAYER_MACS");
    for (int i = 0; i < net->count; i++)
        eo_buf_printf(out, "%s \\\n    %zu", i ? "," : "", eo_network_layer_macs(&net->layer[i]));
    eo_buf_puts(out, "\n");
}

static void put_sizes(struct eo_export_writer *w)
{
    struct eo_buf *out = &w->part[EO_EXPORT_SIZES];

    eo_buf_printf(
        out,
        "#define NET_INPUT_BYTES %zu /* uint8_t, %d x %d x %d: channels, rows, columns; 0..255, nothing to "
        "scale */\n#define NET_CLASSES %zu\n#define NET_MACS %zu\n",
        w->pixels, w->model->network.input.c, w->model->network.input.h, w->model->network.input.w,
        w->classes, eo_network_macs(&w->model->network));
    eo_class_names_put_macro(w->how->class_names, out);
    put_layers(w);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

static int run_tests(struct eo_export_writer *w, struct eo_err *err)
{
    struct eo_infer *infer = eo_infer_new(w->model, EO_ISA_GENERIC, 1, err);

    if (!infer)
        return -1;
    w->scores = eo_alloc(w->how->image_count * w->classes, sizeof(*w->scores), err);
    for (size_t i = 0; w->scores && i < w->how->image_count; i++)
        eo_infer_run(infer, w->how->images + i * w->pixels, 1, w->scores + i * w->classes);
    eo_infer_free(infer);
    return w->scores ? 0 : -1;
}

/* Scores of floating point as their bits. */
static void put_tests(struct eo_export_writer *w)
{
    struct eo_buf *out = &w->part[EO_EXPORT_TABLES];
    size_t count = w->how->image_count;

    if (count) {
        eo_buf_puts(out, "\n#ifndef NET_NO_SELFTEST\n");
        eo_table_u8(out, "net_test_image", w->how->images, count * w->pixels);
        if (eo_precision_is_integer(w->model->precision))
            eo_table_s32(out, "net_test_scores", &w->scores->s32, count * w->classes);
        else
            eo_table_u32(out, "net_test_scores", (const uint32_t *)&w->scores->s32, count * w->classes);
        eo_buf_puts(out, "#endif\n");
    }
    eo_buf_puts(out, "\n");
}

/* SmallCNN has code of its own. */
static const struct way {
    const char *text;
    int (*put)(struct eo_export_writer *w, struct eo_err *err);
} ways[] = {{eo_text_int8_c, eo_export_int8},
            {eo_text_float_c, eo_export_float},
            {eo_text_network_c, eo_export_network},
            {eo_text_network_float_c, eo_export_network_float}};

static const struct way *way_of(const struct eo_model *m)
{
    return &ways[(eo_network_is_smallcnn(&m->network) ? 0 : 2) +
                 (eo_precision_is_integer(m->precision) ? 0 : 1)];
}

static int fill(struct eo_export_writer *w, struct eo_buf *header, struct eo_buf *source, struct eo_err *err)
{
    struct eo_text_part parts[EO_EXPORT_PARTS + 1] = {{NULL, NULL}};
    struct eo_text text = {w->how->prefix, w->flags, parts};

    for (int i = 0; i < EO_EXPORT_PARTS; i++) {
        if (eo_buf_check(&w->part[i], err))
            return -1;
        parts[i] = (struct eo_text_part){part_names[i], w->part[i].data};
    }
    eo_text_fill(&text, eo_text_net_h, w->how->is_single ? source : header);
    eo_text_fill(&text, way_of(w->model)->text, source);
    return eo_buf_check(header, err) || eo_buf_check(source, err) ? -1 : 0;
}

static int make(struct eo_export_writer *w, struct eo_buf *header, struct eo_buf *source, struct eo_err *err)
{
    put_about(w);
    put_sizes(w);
    if (run_tests(w, err) || way_of(w->model)->put(w, err))
        return -1;
    put_tests(w);
    eo_buf_printf(&w->part[EO_EXPORT_SIZES], "#define NET_TESTS %zu\n\n", w->how->image_count);
    eo_buf_printf(&w->part[EO_EXPORT_C1], "%d", w->model->shape.c1);
    eo_buf_printf(&w->part[EO_EXPORT_C2], "%d", w->model->shape.c2);
    eo_buf_printf(&w->part[EO_EXPORT_FILE], "\"%s.h\"", w->how->file);
    eo_export_flag(w, "pair", !w->how->is_single);
    eo_export_flag(w, "smallcnn", eo_network_is_smallcnn(&w->model->network));
    eo_export_flag(w, "selftest", w->how->image_count > 0);
    return fill(w, header, source, err);
}

int eo_export_can_be_fast(const struct eo_model *m)
{
    return eo_network_is_smallcnn(&m->network) && m->precision == EO_INT8;
}

static int check(const struct eo_export *how, const struct eo_model *m, struct eo_err *err)
{
    if (!how->is_fast || eo_export_can_be_fast(m))
        return 0;
    return eo_err_set(err, "expected an int8 model of SmallCNN for --fast, found %s%s",
                      eo_precision_name(m->precision),
                      eo_network_is_smallcnn(&m->network) ? "" : " of another network");
}

static void release(struct eo_export_writer *w)
{
    for (int i = 0; i < EO_EXPORT_PARTS; i++)
        eo_buf_release(&w->part[i]);
    free(w->scores);
}

int eo_export_make(const struct eo_export *how, const struct eo_model *m, struct eo_buf *header,
                   struct eo_buf *source, struct eo_err *err)
{
    struct eo_export_writer w = {.how = how,
                                 .model = m,
                                 .pixels = eo_dims_elements(m->network.input),
                                 .classes = (size_t)eo_network_classes(&m->network)};
    int rc;

    if (check(how, m, err))
        return -1;
    rc = make(&w, header, source, err);
    release(&w);
    return rc;
}

int eo_export_measure(const struct eo_model *m, struct eo_export_needs *needs, struct eo_err *err)
{
    const struct eo_export how = {.prefix = "net"};
    struct eo_export_writer w = {.how = &how, .model = m};
    int rc = way_of(m)->put(&w, err);

    memcpy(needs->memory, w.memory, sizeof(w.memory));
    for (int c = 0; c < EO_CORE_COUNT; c++)
        needs->stack_bytes[c] = eo_stack_bytes((enum eo_core)c, w.stack);
    needs->has_helium = 0;
    for (size_t i = 0; i < w.flag_count; i++)
        needs->has_helium |= strcmp(w.flags[i], "narrow") == 0;
    release(&w);
    return rc;
}
