#include "tests/perf/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "format/csv.h"
#include "nn/infer.h"
#include "tests/unit/random_model.h"

/* ---- figures ------------------------------------------------------------------------------------------------- */

/* Of each round's own peak, so that a clock that changes between rounds does not count. */
static struct perf_ratio share_of(const struct perf_report *r, const struct perf_row *row)
{
    double share[PERF_ROUNDS_MAX];

    for (int i = 0; i < PERF_ROUNDS_MAX; i++) {
        double us = row ? row->round_us[i] : NAN;

        share[i] = row && row->peak >= 0 && row->macs > 0
                       ? row->macs / us / 1e3 / (r->peaks->list[row->peak].round[i] * row->threads)
                       : NAN;
    }
    return perf_spread(share, PERF_ROUNDS_MAX);
}

static const char *best_isa(void)
{
    return eo_isa_name(eo_isa_best());
}

static const struct perf_row *find(const struct perf_report *r, const char *operation, const char *who,
                                   enum eo_precision precision, int batch, int threads, double level)
{
    return perf_rows_find(r->rows, operation, who, precision, batch, threads, level);
}

/* Inference on one thread by the best instruction set. */
static const struct perf_row *infer(const struct perf_report *r, enum eo_precision precision, int batch,
                                    double level)
{
    return find(r, "infer", best_isa(), precision, batch, 1, level);
}

/* ---- ratios and claims --------------------------------------------------------------------------------------- */

#define LINES_MAX 64

/* A line of the list of ratios, or of what is asked. */
struct line {
    char what[96], required[32];
    const char *unit; /* "%", "x" or "s" */
    int at_least;
    double limit;
    struct perf_ratio is;
    const char *why; /* there is no figure */
};

struct lines {
    struct line list[LINES_MAX];
    int count;
};

static void put_value(char *text, size_t size, const char *unit, double x)
{
    if (strcmp(unit, "%") == 0)
        snprintf(text, size, "%.1f %%", 100 * x);
    else if (strcmp(unit, "s") == 0)
        snprintf(text, size, "%.3f s", x);
    else
        snprintf(text, size, "%.3f", x);
}

static void put_measured(char *text, size_t size, const struct line *l)
{
    char median[24], low[24], high[24];

    if (l->is.rounds == 0) {
        snprintf(text, size, "not measured: %s", l->why ? l->why : "left out");
        return;
    }
    put_value(median, sizeof(median), l->unit, l->is.median);
    put_value(low, sizeof(low), l->unit, l->is.low);
    put_value(high, sizeof(high), l->unit, l->is.high);
    if (l->is.rounds == 1)
        snprintf(text, size, "%s", median);
    else
        snprintf(text, size, "%s (%s .. %s)", median, low, high);
}

static const char *verdict(const struct line *l)
{
    if (l->is.rounds == 0)
        return "-";
    return (l->at_least ? l->is.median >= l->limit : l->is.median <= l->limit) ? "yes" : "no";
}

/* limit 0: nothing is required. */
EO_PRINTF(7, 8)
static void add(struct lines *lines, struct perf_ratio is, const char *unit, int at_least, double limit,
                const char *why, const char *fmt, ...)
{
    struct line *l;
    char value[24];
    va_list args;

    if (lines->count == LINES_MAX)
        return;
    l = &lines->list[lines->count++];
    *l = (struct line){.unit = unit, .at_least = at_least, .limit = limit, .is = is, .why = why};
    va_start(args, fmt);
    vsnprintf(l->what, sizeof(l->what), fmt, args);
    va_end(args);
    put_value(value, sizeof(value), unit, limit);
    snprintf(l->required, sizeof(l->required), "%s %s", at_least ? ">=" : "<=", value);
}

/* Why a peer has no figure. */
static const char *why_not(const struct perf_report *r, const struct perf_row *row, const char *peer)
{
    if (row && row->skipped[0])
        return row->skipped;
    for (int i = 0; i < r->peer_count; i++) {
        if (strcmp(r->peers[i].name, peer) == 0 && r->peers[i].missing[0])
            return r->peers[i].missing;
    }
    return NULL;
}

static struct perf_ratio single_value(double x)
{
    return (struct perf_ratio){x, x, x, isnan(x) ? 0 : 1};
}

/* fp16's bytes over fp32's: of a model's tensors (batch 0), or of an inference object's buffers. */
static struct perf_ratio bytes_ratio(int batch)
{
    static const enum eo_precision precisions[2] = {EO_FP16, EO_FP32};
    double bytes[2];

    for (int i = 0; i < 2; i++) {
        struct eo_infer *inf = NULL;
        struct eo_model m;

        random_model(&m, precisions[i], 16, 32, 11);
        bytes[i] = (double)eo_model_tensor_bytes(&m);
        if (batch > 0)
            inf = eo_infer_new(&m, eo_isa_best(), batch, NULL);
        if (batch > 0)
            bytes[i] = inf ? (double)eo_infer_workspace_bytes(inf) : NAN;
        eo_infer_free(inf);
        random_model_release(&m);
    }
    return single_value(bytes[0] / bytes[1]);
}

static void claim_training(const struct perf_report *r, struct lines *lines)
{
    const struct perf_row *one = find(r, "train", best_isa(), EO_FP32, PERF_BATCH, 1, 0);
    const struct perf_row *two = find(r, "train", best_isa(), EO_FP32, PERF_BATCH, 2, 0);

    for (int t = 1; t <= 2; t++) {
        const struct perf_row *peer = find(r, "train", "torch", EO_FP32, PERF_BATCH, t, 0);

        add(lines, perf_ratio_make(peer, t == 1 ? one : two), "x", 1, 4, why_not(r, peer, "torch"),
            "training, batch 128, %d thread%s: images/s over PyTorch's", t, t == 1 ? "" : "s");
    }
    add(lines, perf_ratio_make(one, two), "x", 1, 1.8, "needs THREADS=2",
        "training, 2 threads over 1 thread");
}

static void claim_inference(const struct perf_report *r, struct lines *lines)
{
    const struct perf_row *fp32 = infer(r, EO_FP32, PERF_BATCH, 0), *one = infer(r, EO_FP32, 1, 0);
    const struct perf_row *int8 = infer(r, EO_INT8, PERF_BATCH, 0);
    const struct perf_row *ort = find(r, "infer", "onnxruntime", EO_FP32, PERF_BATCH, 1, 0);
    const struct perf_row *ort8 = find(r, "infer", "onnxruntime", EO_INT8, PERF_BATCH, 1, 0);
    const struct perf_row *ort1 = find(r, "infer", "onnxruntime", EO_FP32, 1, 1, 0);
    const char *no = "onnxruntime";

    add(lines, share_of(r, fp32), "%", 1, 0.85, NULL, "fp32, batch 128: share of the FMA peak");
    add(lines, perf_ratio_make(fp32, ort), "x", 0, 0.85, why_not(r, ort, no),
        "fp32, batch 128: time over ONNX Runtime's");
    add(lines, perf_ratio_make(fp32, int8), "x", 1, 2.5, NULL, "int8, batch 128: images/s over own fp32");
    add(lines, perf_ratio_make(ort8, int8), "x", 1, 5, why_not(r, ort8, no),
        "int8, batch 128: images/s over ONNX Runtime's int8");
    add(lines, perf_ratio_make(one, ort1), "x", 0, 0.7, why_not(r, ort1, no),
        "fp32, one image: time over ONNX Runtime's");
    add(lines, perf_ratio_make(infer(r, EO_INT8, 1, 0), one), "x", 0, 0.5, NULL,
        "int8, one image: time over own fp32");
    add(lines, perf_ratio_make(infer(r, EO_FP16, PERF_BATCH, 0), fp32), "x", 0, 1.2, NULL,
        "fp16, batch 128: time over own fp32");
    add(lines, perf_ratio_make(infer(r, EO_FP16, 1, 0), one), "x", 0, 1.2, NULL,
        "fp16, one image: time over own fp32");
    add(lines, bytes_ratio(0), "x", 0, 0.5, NULL, "fp16: bytes of a model over fp32's");
}

static void claim_pruning(const struct perf_report *r, struct lines *lines)
{
    static const struct {
        enum eo_precision precision;
        double level, limit;
    } asked[] = {{EO_FP32, 0.5, 0.40}, {EO_INT8, 0.5, 0.40}, {EO_FP32, 0.7, 0.22}, {EO_INT8, 0.7, 0.35}};

    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
        add(lines,
            perf_ratio_make(infer(r, asked[i].precision, PERF_BATCH, asked[i].level),
                            infer(r, asked[i].precision, PERF_BATCH, 0)),
            "x", 0, asked[i].limit, NULL, "%s, batch 128: time at level %.1f over level 0",
            eo_precision_name(asked[i].precision), asked[i].level);
    for (int k = 0; k < r->scan_count; k++) {
        const struct perf_scan *s = &r->scans[k];

        add(lines, single_value(s->rise), "%", 0, 0.05, NULL,
            "%s: largest rise on removing a channel (%d/%d to %d/%d)", eo_precision_name(s->precision), s->c1,
            s->c2, s->c1 - s->less1, s->c2 - !s->less1);
    }
    if (r->scan_count == 0)
        add(lines, single_value(NAN), "%", 0, 0.05, "needs SCAN=1",
            "largest rise of time on removing a channel");
}

static void claim_rest(const struct perf_report *r, struct lines *lines)
{
    const struct perf_row *evaluate = NULL;
    double seconds[PERF_ROUNDS_MAX];

    for (int i = 0; i < r->rows->count; i++) {
        if (strcmp(r->rows->list[i].operation, "evaluate") == 0)
            evaluate = &r->rows->list[i];
    }
    for (int i = 0; i < PERF_ROUNDS_MAX; i++)
        seconds[i] = evaluate ? evaluate->round_us[i] * evaluate->batch / 1e6 : NAN;
    add(lines, perf_spread(seconds, PERF_ROUNDS_MAX), "s", 0, 0.25, evaluate ? evaluate->skipped : NULL,
        "evaluation of %d images, int8, 2 threads, whole process", evaluate ? evaluate->batch : 10000);
    add(lines, share_of(r, find(r, "infer", "avx2", EO_FP32, PERF_BATCH, 1, 0)), "%", 1, 0.80,
        eo_isa_available(EO_ISA_AVX2) ? NULL : "no AVX2 here",
        "fp32 on avx2, batch 128: share of the AVX2 FMA peak");
}

static void list_claims(const struct perf_report *r, struct lines *lines)
{
    lines->count = 0;
    claim_training(r, lines);
    claim_inference(r, lines);
    claim_pruning(r, lines);
    claim_rest(r, lines);
}

/* Ratios among our own rows that nothing is asked about. */
static void list_ratios(const struct perf_report *r, struct lines *lines)
{
    int all = r->choice->threads;

    lines->count = 0;
    add(lines, bytes_ratio(PERF_BATCH), "x", 0, 0, NULL,
        "fp16, batch %d: bytes of working buffers over fp32's", PERF_BATCH);
    add(lines, bytes_ratio(1), "x", 0, 0, NULL, "fp16, one image: bytes of working buffers over fp32's");
    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        enum eo_precision precision = (enum eo_precision)p;

        for (int b = PERF_BATCH; b >= 1; b -= PERF_BATCH - 1) {
            for (int l = 1; l < r->choice->levels; l++)
                add(lines,
                    perf_ratio_make(infer(r, precision, b, r->choice->level[l]), infer(r, precision, b, 0)),
                    "x", 0, 0, NULL, "infer %s, batch %d: time at level %.2f over level 0",
                    eo_precision_name(precision), b, r->choice->level[l]);
        }
        if (all > 1)
            add(lines,
                perf_ratio_make(infer(r, precision, PERF_BATCH, 0),
                                find(r, "infer", best_isa(), precision, PERF_BATCH, all, 0)),
                "x", 1, 0, NULL, "infer %s, batch %d: images/s on %d threads over 1",
                eo_precision_name(precision), PERF_BATCH, all);
        for (int isa = 0; isa < EO_ISA_COUNT; isa++) {
            const struct perf_row *other =
                find(r, "infer", eo_isa_name((enum eo_isa)isa), precision, PERF_BATCH, 1, 0);

            if (other && other != infer(r, precision, PERF_BATCH, 0))
                add(lines, perf_ratio_make(other, infer(r, precision, PERF_BATCH, 0)), "x", 0, 0, NULL,
                    "infer %s, batch %d: time of %s over %s", eo_precision_name(precision), PERF_BATCH,
                    other->who, best_isa());
        }
    }
}

static int is_peer(const struct perf_report *r, const struct perf_row *row)
{
    for (int i = 0; i < r->peer_count; i++) {
        if (strcmp(row->who, r->peers[i].name) == 0)
            return 1;
    }
    return 0;
}

static const struct perf_row *counterpart(const struct perf_report *r, const struct perf_row *peer)
{
    return find(r, peer->operation, best_isa(), peer->precision, peer->batch, peer->threads, peer->level);
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void put_heading(const struct perf_report *r, struct eo_buf *out)
{
    char cpu[96];

    eo_cpu_model(cpu, sizeof(cpu));
    eo_buf_printf(out,
                  "edge-opt %s, compiled by %s; %s, %d processor%s; %d rounds; one thread on processor %d\n",
                  EO_VERSION,
#if defined(__clang__)
                  "clang " __clang_version__,
#else
                  "gcc " __VERSION__,
#endif
                  cpu, eo_cpu_count(), eo_cpu_count() == 1 ? "" : "s", r->choice->rounds, perf_pinned_cpu());
    eo_buf_printf(out, "%s: %s", r->busy ? "BUSY MACHINE, figures are not to be trusted" : "quiet machine",
                  r->quiet);
    eo_buf_printf(out, "images from %s\n", r->data);
}

static void put_peaks(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(out, "\npeak of one core       median of rounds (smallest .. largest)\n");
    for (int i = 0; i < r->peaks->count; i++) {
        const struct perf_peak *p = &r->peaks->list[i];
        struct perf_ratio f = perf_peak_figure(p);

        eo_buf_printf(out, "  %-16s %10.1f %s (%.1f .. %.1f)\n", p->name, f.median, p->unit, f.low, f.high);
    }
}

static void put_share(char *text, size_t size, const struct perf_report *r, const struct perf_row *row)
{
    struct perf_ratio share = share_of(r, row);

    snprintf(text, size, "-");
    if (share.rounds)
        snprintf(text, size, "%.1f %%", 100 * share.median);
}

static const char *precision_text(const struct perf_row *row)
{
    return strcmp(row->operation, "train") == 0 ? "fp32" : eo_precision_name(row->precision);
}

static void put_row(const struct perf_report *r, const struct perf_row *row, struct eo_buf *out)
{
    struct perf_figures f;
    char share[24], gmac[24] = "-";

    perf_row_figures(row, &f);
    put_share(share, sizeof(share), r, row);
    if (row->macs > 0)
        snprintf(gmac, sizeof(gmac), "%.2f", f.gmac_s);
    eo_buf_printf(out, "%-11s %-11s %-5s %6d %8d  %-5.2f %2d/%-2d", row->who, row->operation,
                  precision_text(row), row->batch, row->threads, row->level, row->shape.c1, row->shape.c2);
    if (row->count)
        eo_buf_printf(out, " %10.3f %8.3f %10.3f %9s %9s %11.0f\n", f.median_us, f.iqr_us, f.min_us, gmac,
                      share, f.images_s);
    else
        eo_buf_printf(out, "  skipped: %s\n", row->skipped);
}

static void put_rows(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(out,
                "\n                                                            time per image, us\n"
                "isa         operation   prec.  batch  threads  level c1/c2     median      IQR   smallest"
                "    GMAC/s  of peak   images/s\n");
    for (int i = 0; i < r->rows->count; i++)
        put_row(r, &r->rows->list[i], out);
    eo_buf_puts(
        out,
        "\nMACs are those of lib/nn/shape.h, over the padded input. The fp32 and fp16 kernels skip the taps "
        "that\n"
        "lie in the padding (8.7 % of all), so more than 100 % of the peak is possible. train: forward, and "
        "of\n"
        "the gradients what max-pooling leaves to do (tests/perf/ours.h). Peaks: fp32 and fp16 by fused\n"
        "multiply-add, int8 by the integer dot product of the same instruction set, times the threads.\n"
        "conv1, conv2 include pooling and ReLU; the parts are timed alone, on data that the caches hold.\n");
}

static void put_peers(const struct perf_report *r, struct eo_buf *out)
{
    int any = 0;

    eo_buf_puts(out, "\npeers, interleaved with the rows above: their time per image over ours\n");
    for (int i = 0; i < r->peer_count; i++) {
        if (r->peers[i].missing[0])
            eo_buf_printf(out, "  %s, %d thread%s: skipped: %s\n", r->peers[i].name, r->peers[i].threads,
                          r->peers[i].threads == 1 ? "" : "s", r->peers[i].missing);
        any = 1;
    }
    for (int i = 0; i < r->rows->count; i++) {
        const struct perf_row *peer = &r->rows->list[i];
        struct perf_ratio ratio = perf_ratio_make(peer, counterpart(r, peer));

        if (is_peer(r, peer) && ratio.rounds)
            eo_buf_printf(out, "  %-20s %-6s %-5s batch %3d, %d thread%s  %7.2f (%.2f .. %.2f)\n",
                          peer->kernel, peer->operation, precision_text(peer), peer->batch, peer->threads,
                          peer->threads == 1 ? ": " : "s:", ratio.median, ratio.low, ratio.high);
    }
    if (!any)
        eo_buf_puts(out, "  none were asked for\n");
}

static void put_ratios(const struct perf_report *r, struct eo_buf *out)
{
    struct lines lines;
    char measured[96];

    list_ratios(r, &lines);
    eo_buf_puts(out, "\nratios within this run: median of rounds (smallest .. largest)\n");
    for (int i = 0; i < lines.count; i++) {
        put_measured(measured, sizeof(measured), &lines.list[i]);
        if (lines.list[i].is.rounds)
            eo_buf_printf(out, "  %-66s %s\n", lines.list[i].what, measured);
    }
}

static void put_claims(const struct perf_report *r, struct eo_buf *out)
{
    struct lines lines;
    char measured[224];

    list_claims(r, &lines);
    eo_buf_printf(out, "\naccepted when (%s)%-40s required    reached?  measured\n", best_isa(), "");
    for (int i = 0; i < lines.count; i++) {
        put_measured(measured, sizeof(measured), &lines.list[i]);
        eo_buf_printf(out, "  %-66s %-10s %-8s %s\n", lines.list[i].what, lines.list[i].required,
                      verdict(&lines.list[i]), measured);
    }
}

void perf_report_text(const struct perf_report *r, struct eo_buf *out)
{
    put_heading(r, out);
    put_peaks(r, out);
    put_rows(r, out);
    put_peers(r, out);
    put_ratios(r, out);
    put_claims(r, out);
}

/* ---- CSV ----------------------------------------------------------------------------------------------------- */

/* An empty field where there is no figure. */
static void put_number(struct eo_buf *out, double x, int places, char end)
{
    if (isfinite(x) && x != 0)
        eo_buf_printf(out, "%.*f", places, x);
    eo_buf_append(out, &end, 1);
}

void perf_report_csv(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(
        out, "isa,kernel,operation,precision,batch,threads,level,c1,c2,runs,median_us,iqr_us,min_us,gmac_s,"
             "peak_share,images_s,gb_s\n");
    for (int i = 0; i < r->peaks->count; i++) {
        const struct perf_peak *p = &r->peaks->list[i];
        struct perf_ratio f = perf_peak_figure(p);

        eo_buf_printf(out, ",,peak %s,,,1,,,,%d,,,,", p->name, f.rounds);
        put_number(out, p->once ? f.median : NAN, 3, ',');
        eo_buf_puts(out, ",,");
        put_number(out, p->once ? NAN : f.median, 3, '\n');
    }
    for (int i = 0; i < r->rows->count; i++) {
        const struct perf_row *row = &r->rows->list[i];
        struct perf_figures f;

        perf_row_figures(row, &f);
        eo_csv_put_text(out, is_peer(r, row) ? "" : row->who, ',');
        eo_csv_put_text(out, row->kernel, ',');
        eo_buf_printf(out, "%s,%s,%d,%d,%.2f,%d,%d,%zu,", row->operation, precision_text(row), row->batch,
                      row->threads, row->level, row->shape.c1, row->shape.c2, row->count);
        put_number(out, f.median_us, 4, ',');
        put_number(out, f.iqr_us, 4, ',');
        put_number(out, f.min_us, 4, ',');
        put_number(out, f.gmac_s, 3, ',');
        put_number(out, share_of(r, row).median, 4, ',');
        put_number(out, f.images_s, 1, ',');
        eo_buf_puts(out, "\n");
    }
}

void perf_report_scan_csv(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(out, "isa,precision,batch,c1,c2,min_us\n");
    for (int k = 0; k < r->scan_count; k++) {
        for (int c1 = 1; c1 <= PERF_SCAN_C1; c1++) {
            for (int c2 = 1; c2 <= PERF_SCAN_C2; c2++)
                eo_buf_printf(out, "%s,%s,%d,%d,%d,%.4f\n", eo_isa_name(r->scans[k].isa),
                              eo_precision_name(r->scans[k].precision), PERF_BATCH, c1, c2,
                              r->scans[k].us[c1][c2]);
        }
    }
}

/* ---- Markdown ------------------------------------------------------------------------------------------------ */

static void put_cell(const struct perf_report *r, const struct perf_row *row, struct eo_buf *out)
{
    struct perf_figures f;
    char share[24];

    if (!row || !row->count) {
        eo_buf_puts(out, " |");
        return;
    }
    perf_row_figures(row, &f);
    put_share(share, sizeof(share), r, row);
    eo_buf_printf(out, " %.*f", f.median_us < 100 ? 2 : 0, f.median_us);
    if (share_of(r, row).rounds)
        eo_buf_printf(out, " (%s)", share);
    eo_buf_puts(out, " |");
}

/* One line for all levels of what this row, at level 0, is about. */
static void put_levels(const struct perf_report *r, const struct perf_row *row, struct eo_buf *out)
{
    struct perf_figures f;

    perf_row_figures(row, &f);
    eo_buf_printf(out, "| %s | %s %s | %d | %d |", row->who, row->operation, precision_text(row), row->batch,
                  row->threads);
    for (int l = 0; l < r->choice->levels; l++)
        put_cell(
            r,
            find(r, row->operation, row->who, row->precision, row->batch, row->threads, r->choice->level[l]),
            out);
    eo_buf_printf(out, " %.1f | %.0f |\n", f.gmac_s, f.images_s);
}

static void put_markdown_rows(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(out, "| isa | operation | batch | threads |");
    for (int l = 0; l < r->choice->levels; l++)
        eo_buf_printf(out, " %d/%d |", r->choice->shape[l].c1, r->choice->shape[l].c2);
    eo_buf_puts(out, " GMAC/s | images/s |\n| --- | --- | --- | --- |");
    for (int l = 0; l < r->choice->levels; l++)
        eo_buf_puts(out, " --- |");
    eo_buf_puts(out, " --- | --- |\n");
    for (int i = 0; i < r->rows->count; i++) {
        const struct perf_row *row = &r->rows->list[i];
        int whole = strcmp(row->operation, "infer") == 0 || strcmp(row->operation, "train") == 0 ||
                    strcmp(row->operation, "evaluate") == 0;

        if (whole && !is_peer(r, row) && row->count && row->level == r->choice->level[0])
            put_levels(r, row, out);
    }
}

static void put_markdown_peers(const struct perf_report *r, struct eo_buf *out)
{
    eo_buf_puts(out, "\n| peer | operation | batch | threads | µs per image | over ours |\n"
                     "| --- | --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < r->rows->count; i++) {
        const struct perf_row *peer = &r->rows->list[i];
        struct perf_ratio ratio = perf_ratio_make(peer, counterpart(r, peer));
        struct perf_figures f;

        perf_row_figures(peer, &f);
        if (is_peer(r, peer) && ratio.rounds)
            eo_buf_printf(out, "| %s | %s %s | %d | %d | %.1f | %.2f |\n", peer->kernel, peer->operation,
                          precision_text(peer), peer->batch, peer->threads, f.median_us, ratio.median);
    }
    for (int i = 0; i < r->peer_count; i++) {
        if (r->peers[i].missing[0])
            eo_buf_printf(out, "| %s | skipped: %s | | %d | | |\n", r->peers[i].name, r->peers[i].missing,
                          r->peers[i].threads);
    }
}

static void put_markdown_claims(const struct perf_report *r, struct eo_buf *out)
{
    struct lines lines;
    char measured[224];

    list_claims(r, &lines);
    eo_buf_puts(out, "\n| what | required | measured | reached |\n| --- | --- | --- | --- |\n");
    for (int i = 0; i < lines.count; i++) {
        put_measured(measured, sizeof(measured), &lines.list[i]);
        eo_buf_printf(out, "| %s | %s | %s | %s |\n", lines.list[i].what, lines.list[i].required, measured,
                      verdict(&lines.list[i]));
    }
}

void perf_report_markdown(const struct perf_report *r, struct eo_buf *out)
{
    char cpu[96];

    eo_cpu_model(cpu, sizeof(cpu));
    if (r->busy)
        eo_buf_puts(out, "**Measured on a busy machine: not to be trusted.**\n\n");
    eo_buf_printf(
        out,
        "Median time per image in µs, and the share of one core's measured peak times the threads (fp32, "
        "fp16:\n"
        "fused multiply-add; int8: integer dot product; both of the row's instruction set). %s, %d "
        "processors,\n"
        "%d rounds. Taps in the padding count, though the fp32 kernels skip them, so more than 100 %% is\n"
        "possible. GMAC/s and images/s are those of the first shape.\n\nPeaks of one core:",
        cpu, eo_cpu_count(), r->choice->rounds);
    for (int i = 0; i < r->peaks->count; i++)
        eo_buf_printf(out, "%s %s %.0f %s", i ? "," : "", r->peaks->list[i].name,
                      perf_peak_figure(&r->peaks->list[i]).median, r->peaks->list[i].unit);
    eo_buf_puts(out, ".\n\n");
    put_markdown_rows(r, out);
    if (r->peer_count)
        put_markdown_peers(r, out);
    put_markdown_claims(r, out);
}
