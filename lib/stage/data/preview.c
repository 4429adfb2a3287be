#include "stage/data/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/png.h"

#define SCALE 2
#define GLYPH_WIDTH 6 /* with the gap to the next one */
#define GLYPH_HEIGHT 8
#define MARGIN 10
#define GAP 4
#define TILE 56      /* the side of an image, about */
#define TILE_MAX 128 /* the longest side that is drawn whole */
#define TEXT_MAX 128

/* Five by eight pixels: one byte per line, bit 4 on the left; the last line is below the base line. */
struct glyph {
    char c;
    uint8_t rows[GLYPH_HEIGHT];
};

static const struct glyph glyphs[] = {
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e, 0x00}},
    {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e, 0x00}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f, 0x00}},
    {'3', {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e, 0x00}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02, 0x00}},
    {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e, 0x00}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e, 0x00}},
    {'7', {0x1f, 0x01, 0x02, 0x02, 0x04, 0x04, 0x04, 0x00}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e, 0x00}},
    {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c, 0x00}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11, 0x00}},
    {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e, 0x00}},
    {'C', {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e, 0x00}},
    {'D', {0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e, 0x00}},
    {'E', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f, 0x00}},
    {'F', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10, 0x00}},
    {'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f, 0x00}},
    {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11, 0x00}},
    {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e, 0x00}},
    {'J', {0x03, 0x01, 0x01, 0x01, 0x01, 0x11, 0x0e, 0x00}},
    {'K', {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11, 0x00}},
    {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f, 0x00}},
    {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11, 0x00}},
    {'N', {0x11, 0x19, 0x19, 0x15, 0x13, 0x13, 0x11, 0x00}},
    {'O', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e, 0x00}},
    {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10, 0x00}},
    {'Q', {0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d, 0x00}},
    {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11, 0x00}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e, 0x00}},
    {'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x00}},
    {'U', {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e, 0x00}},
    {'V', {0x11, 0x11, 0x11, 0x11, 0x0a, 0x0a, 0x04, 0x00}},
    {'W', {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11, 0x00}},
    {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11, 0x00}},
    {'Y', {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04, 0x00}},
    {'Z', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f, 0x00}},
    {'a', {0x00, 0x00, 0x0e, 0x01, 0x0f, 0x11, 0x0f, 0x00}},
    {'b', {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x1e, 0x00}},
    {'c', {0x00, 0x00, 0x0f, 0x10, 0x10, 0x10, 0x0f, 0x00}},
    {'d', {0x01, 0x01, 0x0f, 0x11, 0x11, 0x11, 0x0f, 0x00}},
    {'e', {0x00, 0x00, 0x0e, 0x11, 0x1f, 0x10, 0x0e, 0x00}},
    {'f', {0x06, 0x08, 0x08, 0x1c, 0x08, 0x08, 0x08, 0x00}},
    {'g', {0x00, 0x00, 0x0f, 0x11, 0x11, 0x0f, 0x01, 0x0e}},
    {'h', {0x10, 0x10, 0x1e, 0x11, 0x11, 0x11, 0x11, 0x00}},
    {'i', {0x04, 0x00, 0x0c, 0x04, 0x04, 0x04, 0x0e, 0x00}},
    {'j', {0x02, 0x00, 0x06, 0x02, 0x02, 0x02, 0x12, 0x0c}},
    {'k', {0x10, 0x10, 0x12, 0x14, 0x18, 0x14, 0x12, 0x00}},
    {'l', {0x0c, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e, 0x00}},
    {'m', {0x00, 0x00, 0x1a, 0x15, 0x15, 0x15, 0x15, 0x00}},
    {'n', {0x00, 0x00, 0x1e, 0x11, 0x11, 0x11, 0x11, 0x00}},
    {'o', {0x00, 0x00, 0x0e, 0x11, 0x11, 0x11, 0x0e, 0x00}},
    {'p', {0x00, 0x00, 0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10}},
    {'q', {0x00, 0x00, 0x0f, 0x11, 0x11, 0x0f, 0x01, 0x01}},
    {'r', {0x00, 0x00, 0x16, 0x18, 0x10, 0x10, 0x10, 0x00}},
    {'s', {0x00, 0x00, 0x0f, 0x10, 0x0e, 0x01, 0x1e, 0x00}},
    {'t', {0x08, 0x08, 0x1c, 0x08, 0x08, 0x08, 0x06, 0x00}},
    {'u', {0x00, 0x00, 0x11, 0x11, 0x11, 0x11, 0x0f, 0x00}},
    {'v', {0x00, 0x00, 0x11, 0x11, 0x0a, 0x0a, 0x04, 0x00}},
    {'w', {0x00, 0x00, 0x11, 0x15, 0x15, 0x15, 0x0a, 0x00}},
    {'x', {0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x00}},
    {'y', {0x00, 0x00, 0x11, 0x11, 0x11, 0x0f, 0x01, 0x0e}},
    {'z', {0x00, 0x00, 0x1f, 0x02, 0x04, 0x08, 0x1f, 0x00}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c, 0x00}},
    {',', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x04, 0x08}},
    {':', {0x00, 0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00}},
    {'-', {0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x00}},
    {'/', {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10, 0x00}},
    {'(', {0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02, 0x00}},
    {')', {0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08, 0x00}},
    {'_', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1f}},
};

static const uint8_t unknown_glyph[GLYPH_HEIGHT] = {0x1f, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1f, 0x00};
static const uint8_t space_glyph[GLYPH_HEIGHT] = {0};

/* The names of the classes by the authors of Fashion-MNIST. */
static const char *const fashion_names[EO_CLASSES] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};

static const uint8_t paper[3] = {255, 255, 255}, ink[3] = {0, 0, 0};

struct sheet {
    uint32_t width, height;
    uint32_t channels; /* 1 grey, 3 red, green, blue */
    uint8_t *pixels;   /* [height, width, channels] */
};

/* How an image is drawn: of every `step`-th pixel of a picture of w x h a rectangle. */
struct tile {
    struct eo_dims dims;
    uint32_t w, h, step, zoom_x, zoom_y;
};

static const uint8_t *find_glyph(char c)
{
    if (c == ' ')
        return space_glyph;
    for (size_t i = 0; i < sizeof(glyphs) / sizeof(*glyphs); i++) {
        if (glyphs[i].c == c)
            return glyphs[i].rows;
    }
    return unknown_glyph;
}

static void fill(struct sheet *s, uint32_t x0, uint32_t y0, uint32_t width, uint32_t height,
                 const uint8_t *colour)
{
    for (uint32_t y = y0; y < y0 + height; y++) {
        uint8_t *at = s->pixels + ((size_t)y * s->width + x0) * s->channels;

        for (uint32_t x = 0; x < width; x++, at += s->channels)
            memcpy(at, colour, s->channels);
    }
}

static void draw_text(struct sheet *s, uint32_t x, uint32_t y, const char *text)
{
    for (; *text; text++, x += GLYPH_WIDTH * SCALE) {
        const uint8_t *rows = find_glyph(*text);

        for (uint32_t row = 0; row < GLYPH_HEIGHT; row++) {
            for (uint32_t column = 0; column < 5; column++) {
                if (rows[row] >> (4 - column) & 1)
                    fill(s, x + column * SCALE, y + row * SCALE, SCALE, SCALE, ink);
            }
        }
    }
}

static struct tile make_tile(struct eo_dims d)
{
    int is_signal = d.w == 1 && d.h > 1;
    struct tile t = {.dims = d};
    uint32_t side;

    t.w = (uint32_t)(is_signal ? d.h : d.w);
    t.h = (uint32_t)(is_signal ? d.c : d.h);
    side = t.w > t.h ? t.w : t.h;
    t.step = (side + TILE_MAX - 1) / TILE_MAX;
    t.zoom_x = side < TILE ? (TILE + side / 2) / side : 1;
    t.zoom_y = is_signal && t.h * t.zoom_x < TILE / 2 ? TILE / 2 / t.h : t.zoom_x;
    t.w = (t.w + t.step - 1) / t.step;
    t.h = (t.h + t.step - 1) / t.step;
    return t;
}

/* The colour or grey value of pixel x, y of what is drawn. */
static void take_pixel(const struct tile *t, const uint8_t *image, uint32_t x, uint32_t y, uint8_t colour[3])
{
    int is_signal = t->dims.w == 1 && t->dims.h > 1, channels = is_signal ? 1 : t->dims.c, sum = 0;
    size_t plane = (size_t)t->dims.h * (size_t)t->dims.w;
    const uint8_t *at =
        image + (size_t)y * t->step * (size_t)(is_signal ? t->dims.h : t->dims.w) + (size_t)x * t->step;

    for (int c = 0; c < channels; c++) {
        sum += at[(size_t)c * plane];
        colour[c < 3 ? c : 2] = at[(size_t)c * plane];
    }
    if (channels != 3)
        colour[0] = (uint8_t)(sum / channels);
}

static void draw_tile(struct sheet *s, uint32_t x, uint32_t y, const struct tile *t, const uint8_t *image)
{
    uint8_t colour[3];

    for (uint32_t i = 0; i < t->h; i++) {
        for (uint32_t j = 0; j < t->w; j++) {
            take_pixel(t, image, j, i, colour);
            fill(s, x + j * t->zoom_x, y + i * t->zoom_y, t->zoom_x, t->zoom_y, colour);
        }
    }
}

void eo_preview_picture_make(struct eo_preview_picture *picture, struct eo_dims dims)
{
    struct tile t = make_tile(dims);

    *picture = (struct eo_preview_picture){t.w, t.h, dims.c == 3 && dims.w > 1 ? 3 : 1, t.zoom_x, t.zoom_y};
}

void eo_preview_picture_take(struct eo_dims dims, const uint8_t *image, uint8_t *pixels, size_t stride)
{
    struct tile t = make_tile(dims);
    size_t channels = dims.c == 3 && dims.w > 1 ? 3 : 1;
    uint8_t colour[3];

    for (uint32_t i = 0; i < t.h; i++) {
        for (uint32_t j = 0; j < t.w; j++) {
            take_pixel(&t, image, j, i, colour);
            memcpy(pixels + i * stride + j * channels, colour, channels);
        }
    }
}

void eo_preview_class_label(const struct eo_config *cfg, int label, char *text, size_t size)
{
    if (cfg->class_name_count)
        snprintf(text, size, "%d %s", label, cfg->class_names[label]);
    else if (strcmp(cfg->dataset, "fashion-mnist") == 0 && label < EO_CLASSES)
        snprintf(text, size, "%d %s", label, fashion_names[label]);
    else
        snprintf(text, size, "%d", label);
}

static uint32_t text_width(const char *text)
{
    return (uint32_t)strlen(text) * GLYPH_WIDTH * SCALE;
}

static uint32_t widest_label(const struct eo_config *cfg, int classes)
{
    uint32_t widest = 0;
    char text[TEXT_MAX];

    for (int k = 0; k < classes; k++) {
        eo_preview_class_label(cfg, k, text, sizeof(text));
        if (text_width(text) > widest)
            widest = text_width(text);
    }
    return widest;
}

/* The height of a row and the width of an image in it, with the gap to the next one. */
static uint32_t row_pitch(const struct tile *t)
{
    uint32_t h = t->h * t->zoom_y, text = GLYPH_HEIGHT * SCALE;

    return (h > text ? h : text) + GAP;
}

static uint32_t column_pitch(const struct tile *t)
{
    return t->w * t->zoom_x + GAP;
}

/* One row: the label, then the class's first images in the order of the data set. */
static void draw_class(struct sheet *s, uint32_t left, uint32_t y, const struct eo_preview *p,
                       const struct tile *t, int label)
{
    size_t size = eo_dims_elements(p->dims);
    char text[TEXT_MAX];
    uint32_t drawn = 0;

    eo_preview_class_label(p->cfg, label, text, sizeof(text));
    draw_text(s, MARGIN, y + (row_pitch(t) - GAP - GLYPH_HEIGHT * SCALE) / 2, text);
    for (size_t i = 0; i < p->images->count && drawn < EO_PREVIEW_COLUMNS; i++) {
        if (p->images->labels[i] == label)
            draw_tile(s, left + drawn++ * column_pitch(t), y, t, p->images->pixels + i * size);
    }
}

static void draw(struct sheet *s, const char *title, uint32_t left, uint32_t top, const struct eo_preview *p,
                 const struct tile *t)
{
    fill(s, 0, 0, s->width, s->height, paper);
    draw_text(s, MARGIN, MARGIN, title);
    for (int k = 0; k < p->classes; k++)
        draw_class(s, left, top + (uint32_t)k * row_pitch(t), p, t, k);
}

int eo_preview_write(const char *path, const struct eo_preview *p, struct eo_err *err)
{
    uint32_t left = MARGIN + widest_label(p->cfg, p->classes) + GAP * SCALE;
    uint32_t top = MARGIN + GLYPH_HEIGHT * SCALE + MARGIN;
    struct tile t = make_tile(p->dims);
    char title[TEXT_MAX];
    struct sheet s;
    int rc;

    snprintf(title, sizeof(title), "%.24s (%.12s): %zu training images, %zu test images", p->cfg->dataset,
             p->part, p->train_count, p->test_count);
    s.width = left + EO_PREVIEW_COLUMNS * column_pitch(&t) - GAP + MARGIN;
    if (s.width < text_width(title) + 2 * MARGIN)
        s.width = text_width(title) + 2 * MARGIN;
    s.height = top + (uint32_t)p->classes * row_pitch(&t) - GAP + MARGIN;
    s.channels = p->dims.c == 3 && p->dims.w > 1 ? 3 : 1;
    if (s.height > EO_PNG_SIDE_MAX)
        return eo_err_set(err, "expected a sheet of at most %d rows of pixels, found %u for %d classes",
                          EO_PNG_SIDE_MAX, s.height, p->classes);
    s.pixels = eo_alloc(s.height, (size_t)s.width * s.channels, err);
    if (!s.pixels)
        return -1;
    draw(&s, title, left, top, p, &t);
    rc = s.channels == 3 ? eo_png_write_rgb8(path, s.width, s.height, s.pixels, err)
                         : eo_png_write_gray8(path, s.width, s.height, s.pixels, err);
    free(s.pixels);
    return rc;
}
