/* Pictures: the data, the mistakes with most confidence, and the filters of the first layer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmath.h"
#include "base/mem.h"
#include "nn/half.h"
#include "stage/data/preview.h"
#include "stage/learn/eval.h"
#include "stage/report/page.h"

#define SHEET_BYTES 300000 /* of all pictures of the sheet, before compression */
#define SHEET_CLASSES 32
#define SHEET_COLUMNS 12
#define WORST 12
#define FILTERS 64
#define FILTERS_IN_ROW 16
#define GAP 1
#define GREY 128

static struct eo_html_picture shown(const struct eo_preview_picture *p, const uint8_t *pixels)
{
    return (struct eo_html_picture){p->width, p->height, p->channels, pixels, p->zoom_x, p->zoom_y};
}

/* The first images of a class, side by side. Returns how many there are. */
static uint32_t draw_strip(const struct eo_page *page, const struct eo_preview_picture *p, int label,
                           uint32_t columns, uint8_t *pixels)
{
    const struct eo_images *images = &page->dataset.split.validation;
    size_t elements = eo_dims_elements(page->dataset.dims);
    size_t pitch = (p->width + GAP) * (size_t)p->channels, stride = columns * pitch;
    uint32_t n = 0;

    memset(pixels, GREY, stride * p->height);
    for (size_t i = 0; i < images->count && n < columns; i++) {
        if (images->labels[i] == label)
            eo_preview_picture_take(page->dataset.dims, images->pixels + i * elements, pixels + n++ * pitch,
                                    stride);
    }
    return n;
}

static int put_sheet(struct eo_page *page, struct eo_err *err)
{
    int classes = page->dataset.classes < SHEET_CLASSES ? page->dataset.classes : SHEET_CLASSES, rc = 0;
    struct eo_preview_picture p;
    struct eo_html_picture strip;
    char label[EO_PAGE_LABEL], alt[EO_PAGE_LABEL + 64];
    uint32_t columns;
    uint8_t *pixels;
    size_t bytes;

    eo_preview_picture_make(&p, page->dataset.dims);
    bytes = (size_t)p.width * p.height * (size_t)p.channels * (size_t)classes;
    columns = bytes * SHEET_COLUMNS > SHEET_BYTES ? (uint32_t)(SHEET_BYTES / bytes) : SHEET_COLUMNS;
    columns = columns < 2 ? 2 : columns;
    pixels = eo_alloc((size_t)(p.width + GAP) * columns * p.height, (size_t)p.channels, err);
    if (!pixels)
        return -1;
    eo_html_put(page->out, "<h3>The data: the first validation images of each class</h3>\n");
    if (classes < page->dataset.classes)
        eo_html_put(page->out, "<p>The first %d of %d classes.</p>\n", classes, page->dataset.classes);
    eo_buf_puts(page->out, "<div class=\"sheet\">\n");
    for (int k = 0; rc == 0 && k < classes; k++) {
        uint32_t n = draw_strip(page, &p, k, columns, pixels);

        strip = shown(&p, pixels);
        strip.width = columns * (p.width + GAP);
        strip.zoom_x = strip.zoom_y = strip.width <= 380 ? 2 : 1;
        eo_page_class(page, k, label);
        snprintf(alt, sizeof(alt), "%u validation images of class %s", n, label);
        eo_html_put(page->out, "<div><b>%s</b> ", label);
        if (n)
            rc = eo_html_image(page->out, &strip, alt, err);
        else
            eo_buf_puts(page->out, "none among these images");
        eo_buf_puts(page->out, "</div>\n");
    }
    eo_buf_puts(page->out, "</div>\n");
    free(pixels);
    return rc;
}

/* The probabilities that the logits of an image stand for, of two classes. */
static void softmax_of(const double *logits, int classes, int a, int b, double share[2])
{
    double sum = 0, most = logits[0];

    for (int k = 1; k < classes; k++)
        most = fmax(most, logits[k]);
    for (int k = 0; k < classes; k++)
        sum += eo_exp(logits[k] - most);
    share[0] = eo_exp(logits[a] - most) / sum;
    share[1] = eo_exp(logits[b] - most) / sum;
}

static int put_mistake(struct eo_page *page, const struct eo_eval *eval, size_t i, struct eo_err *err)
{
    const double *logits = eval->logits + i * (size_t)eval->classes;
    int label = eval->images.labels[i], taken = eval->predicted[i];
    char a[EO_PAGE_LABEL], b[EO_PAGE_LABEL], alt[2 * EO_PAGE_LABEL + 64];
    struct eo_preview_picture p;
    struct eo_html_picture picture;
    uint8_t *pixels;
    double share[2];
    int rc;

    eo_preview_picture_make(&p, page->dataset.dims);
    pixels = eo_alloc((size_t)p.width * p.height, (size_t)p.channels, err);
    if (!pixels)
        return -1;
    eo_preview_picture_take(page->dataset.dims,
                            eval->images.pixels + i * eo_dims_elements(page->dataset.dims), pixels,
                            p.width * (size_t)p.channels);
    picture = shown(&p, pixels);
    snprintf(alt, sizeof(alt), "image %zu, %s, taken for %s", i, eo_page_class(page, label, a),
             eo_page_class(page, taken, b));
    softmax_of(logits, eval->classes, taken, label, share);
    eo_buf_puts(page->out, "<figure class=\"small\">");
    rc = eo_html_image(page->out, &picture, alt, err);
    eo_html_put(page->out,
                "<figcaption>is <b>%s</b>, taken for <b>%s</b><br>%.1f %% against %.1f %%, image %zu"
                "</figcaption></figure>\n",
                a, b, 100 * share[0], 100 * share[1], i);
    free(pixels);
    return rc;
}

/* How far the class that was taken lies above the true one; 0 for an image that is right. */
static double margin(const struct eo_eval *eval, size_t i)
{
    const double *logits = eval->logits + i * (size_t)eval->classes;

    return logits[eval->predicted[i]] - logits[eval->images.labels[i]];
}

static int put_mistakes(struct eo_page *page, const struct eo_eval *eval, const char *name,
                        struct eo_err *err)
{
    size_t worst[WORST], n = 0, errors = eval->images.count - eval->correct;

    for (size_t i = 0; i < eval->images.count; i++) {
        size_t at = n;

        if (eval->predicted[i] == eval->images.labels[i])
            continue;
        while (at > 0 && margin(eval, i) > margin(eval, worst[at - 1]))
            at--;
        if (at >= WORST)
            continue;
        n += n < WORST;
        memmove(worst + at + 1, worst + at, (n - 1 - at) * sizeof(*worst));
        worst[at] = i;
    }
    eo_html_put(page->out,
                "<h3>Taken for something else with most confidence, by %s</h3>\n<p>The worst %zu of %zu "
                "errors on %zu validation images.</p>\n<div class=\"gallery\">\n",
                name, n, errors, eval->images.count);
    for (size_t i = 0; i < n; i++) {
        if (put_mistake(page, eval, worst[i], err))
            return -1;
    }
    eo_buf_puts(page->out, "</div>\n");
    return 0;
}

static double weight(const struct eo_model *m, size_t i, size_t terms)
{
    const struct eo_model_layer *l = &m->layer[0];

    if (m->precision == EO_FP32)
        return (double)l->weight.f32[i];
    if (m->precision == EO_FP16)
        return (double)eo_half_to_float(l->weight.f16[i]);
    return (double)l->weight.s8[i] * (double)l->weight_scale[i / terms];
}

/* White for 0, blue below and orange above it. */
static void set_colour(uint8_t colour[3], double value)
{
    static const double ends[2][3] = {{0, 90, 181}, {213, 94, 0}};
    double share = fmin(fabs(value), 1);

    for (int k = 0; k < 3; k++)
        colour[k] = (uint8_t)(255 + share * (ends[value > 0][k] - 255) + 0.5);
}

struct filters {
    uint32_t h, w, count, planes; /* of a plane; filters, planes of each */
    size_t terms;
    double largest;
};

/* A plane of a filter; planes of one filter stand side by side. */
static void draw_plane(const struct eo_model *m, const struct filters *f, uint32_t filter, uint32_t plane,
                       uint8_t *pixels, size_t stride)
{
    uint32_t row = filter / FILTERS_IN_ROW, column = filter % FILTERS_IN_ROW * f->planes + plane;

    for (uint32_t y = 0; y < f->h; y++) {
        for (uint32_t x = 0; x < f->w; x++) {
            size_t i = filter * f->terms + ((size_t)plane * f->h + y) * f->w + x;
            uint8_t *at =
                pixels + (row * (f->h + GAP) + y + GAP) * stride + 3 * (column * (f->w + GAP) + x + GAP);

            set_colour(at, f->largest > 0 ? weight(m, i, f->terms) / f->largest : 0);
        }
    }
}

static int put_filters(struct eo_page *page, const struct eo_model *m, const char *name, struct eo_err *err)
{
    const struct eo_network_layer *l = &m->network.layer[0];
    struct filters f = {.terms = eo_network_terms(l)};
    int is_linear = l->operation == EO_LINEAR, rc = 0;
    struct eo_html_picture picture = {.channels = 3};
    uint32_t columns;
    uint8_t *pixels;

    f.h = (uint32_t)(is_linear ? l->in.h : l->kernel.h);
    f.w = (uint32_t)(is_linear ? l->in.w : l->kernel.w);
    f.planes = (uint32_t)(f.terms / ((size_t)f.h * f.w));
    f.count = (uint32_t)(l->map.c < FILTERS ? l->map.c : FILTERS);
    f.planes = f.planes > 4 ? 4 : f.planes;
    for (size_t i = 0; i < f.count * f.terms; i++)
        f.largest = fmax(f.largest, fabs(weight(m, i, f.terms)));
    columns = f.count < FILTERS_IN_ROW ? f.count : FILTERS_IN_ROW;
    picture.width = columns * f.planes * (f.w + GAP) + GAP;
    picture.height = (f.count + FILTERS_IN_ROW - 1) / FILTERS_IN_ROW * (f.h + GAP) + GAP;
    picture.zoom_x = picture.zoom_y = picture.width < 120   ? 8
                                      : picture.width < 240 ? 4
                                      : picture.width < 480 ? 2
                                                            : 1;
    pixels = eo_alloc((size_t)picture.width * picture.height, 3, err);
    if (!pixels)
        return -1;
    memset(pixels, GREY, (size_t)picture.width * picture.height * 3);
    picture.pixels = pixels;
    for (uint32_t k = 0; k < f.count; k++) {
        for (uint32_t c = 0; c < f.planes; c++)
            draw_plane(m, &f, k, c, pixels, 3 * (size_t)picture.width);
    }
    eo_html_put(
        page->out,
        "<h3>Filters of the first layer, %s of %s</h3>\n<p>%u of %d filters of %u x %u, with %u of %zu "
        "planes each; orange: weights above 0, blue: below, white: 0; the strongest colour is %.3g."
        "</p>\n<p class=\"filters\">",
        l->name, name, f.count, l->map.c, f.h, f.w, f.planes, f.terms / ((size_t)f.h * f.w), f.largest);
    rc = eo_html_image(page->out, &picture, "Filters of the first layer as tiles", err);
    eo_buf_puts(page->out, "</p>\n");
    free(pixels);
    return rc;
}

static int put_of_model(struct eo_page *page, const struct eo_model *m, const char *name, struct eo_err *err)
{
    const struct eo_images *images = &page->dataset.split.validation;
    struct eo_eval eval = {0};
    int rc = 0;

    if (images->count) {
        rc = eo_eval_run(&eval, m, images, page->request->isa, page->request->threads, err);
        if (rc == 0)
            rc = put_mistakes(page, &eval, name, err);
        eo_eval_release(&eval);
    }
    return rc ? -1 : put_filters(page, m, name, err);
}

int eo_section_pictures(struct eo_page *page, struct eo_err *err)
{
    const struct eo_candidate *c = page->recommended ? page->recommended : page->baseline;
    char name[EO_CANDIDATE_NAME];
    struct eo_model m = {0};
    int there;

    eo_page_section(page, "pictures", "Pictures: the data, the worst mistakes, the first layer");
    if (page->dataset.split.validation.count == 0)
        eo_buf_puts(page->out,
                    "<p class=\"absent\">No pictures of the data: eo-report was not given the data set "
                    "(<code>--data DIR</code>).</p>\n");
    else if (put_sheet(page, err))
        return -1;
    there = c ? eo_page_model(page, eo_page_name(c, name), &m, err) : 0;
    if (there == 0)
        eo_page_absent(page, "Mistakes and filters", "models/NAME.safetensors", "make all makes it.");
    else if (there > 0 && put_of_model(page, &m, name, err))
        there = -1;
    eo_model_release(&m);
    eo_page_source(page, "sweep_results.csv",
                   "eo-data --preview PNG; eo-eval --logits CSV MODEL; eo-inspect --dump LAYER.weight MODEL");
    eo_buf_puts(page->out, "</section>\n");
    return there < 0 ? -1 : 0;
}
