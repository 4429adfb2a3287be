#include "stage/data/synthetic.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stage/data/idx_files.h"

#define POINTS_MAX 14 /* of a skeleton's stroke */
#define STROKES_MAX 2
#define VARIANTS 3
#define CUTS 3                         /* rounds of corner cutting */
#define CURVE_MAX (POINTS_MAX << CUTS) /* each round at most doubles the points */

struct point {
    float x, y;
};

/* Points in a box of 100 x 100, y downwards. `smooth` strokes are rounded, except at a point that is given twice. */
struct stroke {
    int count, smooth;
    int8_t at[POINTS_MAX][2];
};

struct skeleton {
    int strokes;
    struct stroke stroke[STROKES_MAX];
};

/* clang-format off */
#define CURVE(n, ...) {n, 1, {__VA_ARGS__}}
#define LINES(n, ...) {n, 0, {__VA_ARGS__}}
/* clang-format on */

static const struct skeleton skeletons[EO_CLASSES][VARIANTS] = {
    {
        /* 0: oval; slanted and narrow; ends that cross */
        {1,
         {CURVE(10, {50, 0}, {24, 4}, {12, 30}, {12, 70}, {26, 97}, {52, 102}, {78, 94}, {88, 66}, {86, 26},
                {50, 0})}},
        {1,
         {CURVE(9, {60, 0}, {34, 6}, {22, 52}, {28, 94}, {50, 104}, {70, 90}, {78, 48}, {74, 6}, {52, 0})}},
        {1,
         {CURVE(10, {66, 8}, {40, -6}, {14, 24}, {10, 74}, {34, 104}, {68, 100}, {90, 70}, {88, 24}, {64, 0},
                {42, 14})}},
    },
    {
        /* 1: a bar; with a flag; with a flag and a foot */
        {1, {LINES(3, {52, 0}, {50, 50}, {48, 100})}},
        {1, {LINES(4, {28, 26}, {56, 0}, {55, 50}, {54, 100})}},
        {2, {LINES(4, {32, 22}, {54, 0}, {54, 50}, {54, 100}), LINES(2, {28, 100}, {80, 100})}},
    },
    {
        /* 2: with a flat foot; with a loop at the foot; angular */
        {1,
         {CURVE(10, {16, 26}, {26, -2}, {68, -8}, {88, 24}, {70, 50}, {44, 72}, {14, 98}, {14, 98}, {50, 98},
                {88, 97})}},
        {1,
         {CURVE(11, {20, 20}, {44, -6}, {82, 2}, {82, 36}, {52, 70}, {26, 100}, {4, 92}, {18, 72}, {44, 84},
                {66, 102}, {92, 90})}},
        {1, {LINES(6, {18, 16}, {40, 0}, {72, 4}, {76, 32}, {18, 100}, {84, 100})}},
    },
    {
        /* 3: two bows; flat top; bows without a notch */
        {1,
         {CURVE(11, {16, 14}, {34, -6}, {80, -4}, {86, 34}, {44, 46}, {44, 46}, {90, 50}, {94, 92}, {54, 108},
                {26, 102}, {12, 84})}},
        {1,
         {CURVE(11, {18, 2}, {18, 2}, {78, 2}, {78, 2}, {44, 42}, {44, 42}, {84, 42}, {92, 82}, {60, 106},
                {30, 104}, {12, 86})}},
        {1,
         {CURVE(9, {20, 8}, {56, -8}, {88, 14}, {64, 44}, {52, 50}, {88, 56}, {90, 94}, {52, 108},
                {12, 90})}},
    },
    {
        /* 4: open; closed; round and open */
        {2, {LINES(3, {30, 0}, {16, 60}, {88, 58}), LINES(3, {70, 14}, {67, 58}, {64, 100})}},
        {1, {LINES(5, {64, 100}, {66, 50}, {66, 0}, {10, 68}, {92, 68})}},
        {2,
         {CURVE(6, {24, 4}, {14, 44}, {26, 62}, {54, 62}, {76, 44}, {78, 4}),
          LINES(3, {78, 4}, {74, 50}, {68, 100})}},
    },
    {
        /* 5: with a roof apart; in one line; round as an S */
        {2,
         {LINES(2, {82, 2}, {30, 2}), CURVE(9, {30, 2}, {24, 46}, {24, 46}, {46, 34}, {84, 42}, {90, 84},
                                            {58, 106}, {32, 102}, {12, 88})}},
        {1,
         {CURVE(11, {84, 0}, {28, 0}, {28, 0}, {22, 44}, {22, 44}, {60, 34}, {92, 54}, {84, 96}, {48, 106},
                {26, 100}, {14, 90})}},
        {1,
         {CURVE(9, {84, 4}, {48, -4}, {22, 14}, {26, 42}, {66, 46}, {92, 66}, {78, 102}, {40, 106},
                {12, 90})}},
    },
    {
        /* 6: round; straight back; small loop */
        {1,
         {CURVE(10, {74, 0}, {44, 6}, {18, 40}, {10, 80}, {34, 106}, {74, 102}, {88, 72}, {64, 46}, {34, 54},
                {18, 76})}},
        {1,
         {CURVE(9, {62, 0}, {34, 36}, {14, 74}, {28, 104}, {62, 106}, {86, 84}, {72, 56}, {42, 56},
                {20, 80})}},
        {1,
         {CURVE(9, {80, 8}, {50, -6}, {22, 26}, {16, 78}, {38, 106}, {74, 98}, {76, 66}, {44, 60},
                {22, 84})}},
    },
    {
        /* 7: plain; with a bar; with a hook and a bent stem */
        {1, {LINES(4, {14, 4}, {84, 4}, {62, 52}, {42, 100})}},
        {2, {LINES(4, {14, 4}, {84, 4}, {64, 52}, {46, 100}), LINES(2, {34, 52}, {82, 50})}},
        {1, {CURVE(8, {14, 22}, {16, 2}, {16, 2}, {86, 2}, {86, 2}, {62, 36}, {50, 70}, {48, 100})}},
    },
    {
        /* 8: in one line; two rings; in one line, slim */
        {1,
         {CURVE(13, {76, 14}, {54, -6}, {24, 0}, {24, 32}, {54, 50}, {88, 70}, {80, 106}, {28, 108}, {14, 74},
                {44, 50}, {76, 32}, {78, 4}, {58, -4})}},
        {2,
         {CURVE(8, {50, 0}, {24, 4}, {20, 36}, {44, 50}, {74, 44}, {80, 12}, {58, -2}, {48, 0}),
          CURVE(9, {50, 48}, {20, 56}, {12, 88}, {36, 106}, {66, 106}, {90, 86}, {80, 54}, {54, 46},
                {46, 50})}},
        {1,
         {CURVE(11, {70, 8}, {46, -6}, {28, 14}, {44, 44}, {72, 76}, {64, 106}, {36, 106}, {30, 78}, {54, 46},
                {76, 14}, {66, 2})}},
    },
    {
        /* 9: straight stem; curled tail; slanted stem */
        {2,
         {CURVE(9, {76, 20}, {60, -4}, {26, 0}, {14, 30}, {30, 54}, {62, 52}, {78, 24}, {76, 14}, {70, 6}),
          LINES(3, {77, 14}, {74, 56}, {70, 100})}},
        {1,
         {CURVE(12, {80, 22}, {64, -4}, {26, -4}, {12, 30}, {32, 56}, {66, 48}, {80, 18}, {82, 18}, {86, 70},
                {64, 106}, {34, 104}, {18, 90})}},
        {1,
         {CURVE(10, {82, 14}, {58, -8}, {26, 6}, {14, 36}, {34, 54}, {64, 38}, {84, 8}, {78, 36}, {60, 70},
                {44, 102})}},
    },
};

/* An image before it becomes bytes. */
struct canvas {
    float ink[EO_IMAGE_PIXELS]; /* 0..1 */
};

/* x' = a x + b y + tx, y' = c x + d y + ty: from the skeleton's box to pixels. */
struct affine {
    float a, b, c, d, tx, ty;
};

/* One draw per full expression in this file: C does not fix the order of two, and the order decides the image. */
static float uniform(struct eo_rng *rng, float low, float high)
{
    return low + (high - low) * eo_rng_f32(rng);
}

/* The sum of two uniform numbers: in -spread..spread, more often near 0. */
static float triangular(struct eo_rng *rng, float spread)
{
    float first = eo_rng_f32(rng);
    float second = eo_rng_f32(rng);

    return (first + second - 1.0f) * spread;
}

static int happens(struct eo_rng *rng, float probability)
{
    return eo_rng_f32(rng) < probability;
}

/* Rotation by the rational parametrisation of the circle, t = tan(angle / 2): no sine, no cosine. */
static struct affine random_affine(struct eo_rng *rng)
{
    float t = triangular(rng, 0.21f);
    float cosine = (1.0f - t * t) / (1.0f + t * t);
    float sine = 2.0f * t / (1.0f + t * t);
    float height = 0.185f * (1.0f + triangular(rng, 0.26f)); /* pixels per unit of the box */
    float width = height * (0.86f + triangular(rng, 0.28f));
    float shear = triangular(rng, 0.35f);
    struct affine m;

    m.a = cosine * width;
    m.b = (cosine * shear - sine) * height;
    m.c = sine * width;
    m.d = (sine * shear + cosine) * height;
    m.tx = 0.5f * EO_IMAGE_SIDE + triangular(rng, 3.2f);
    m.ty = 0.5f * EO_IMAGE_SIDE + triangular(rng, 3.2f);
    return m;
}

static struct point transform(const struct affine *m, struct point p)
{
    float x = p.x - 50.0f, y = p.y - 50.0f;
    struct point q = {m->a * x + m->b * y + m->tx, m->c * x + m->d * y + m->ty};

    return q;
}

static struct point between(struct point p, struct point q, float t)
{
    struct point r = {p.x + (q.x - p.x) * t, p.y + (q.y - p.y) * t};

    return r;
}

/* One round of corner cutting, which keeps both ends. Returns the new number of points, 2 n - 2. */
static int cut_corners(const struct point *p, int n, struct point *out)
{
    int k = 0;

    out[k++] = p[0];
    for (int i = 0; i + 1 < n; i++) {
        if (i > 0)
            out[k++] = between(p[i], p[i + 1], 0.25f);
        if (i + 2 < n)
            out[k++] = between(p[i], p[i + 1], 0.75f);
    }
    out[k++] = p[n - 1];
    return k;
}

/* The stroke's points, jittered, rounded and moved to pixels; returns their number. */
static int make_curve(struct eo_rng *rng, const struct stroke *s, const struct affine *m, float jitter,
                      struct point curve[CURVE_MAX])
{
    struct point other[CURVE_MAX];
    int n = s->count;

    for (int i = 0; i < n; i++) {
        struct point p = {s->at[i][0], s->at[i][1]};
        int twin = i > 0 && s->at[i][0] == s->at[i - 1][0] && s->at[i][1] == s->at[i - 1][1];

        p.x += triangular(rng, jitter);
        p.y += triangular(rng, jitter);
        curve[i] = twin ? curve[i - 1] : transform(m, p);
    }
    for (int i = 0; s->smooth && n > 2 && i < CUTS; i++) {
        n = cut_corners(curve, n, other);
        memcpy(curve, other, (size_t)n * sizeof(*curve));
    }
    return n;
}

static float distance_squared(struct point p, struct point q, float x, float y)
{
    float dx = q.x - p.x, dy = q.y - p.y;
    float length = dx * dx + dy * dy;
    float t = length > 0.0f ? ((x - p.x) * dx + (y - p.y) * dy) / length : 0.0f;
    float ex, ey;

    t = t < 0.0f ? 0.0f : t > 1.0f ? 1.0f : t;
    ex = x - (p.x + t * dx);
    ey = y - (p.y + t * dy);
    return ex * ex + ey * ey;
}

static int clamp_pixel(float v)
{
    return v <= 0.0f ? 0 : v >= EO_IMAGE_SIDE - 1 ? EO_IMAGE_SIDE - 1 : (int)v;
}

/* How lines are drawn: full within radius - edge of the middle line, nothing beyond radius + edge. */
struct pen {
    float radius, edge;
    float ink; /* 0..1; negative erases */
};

static void dab(float *ink, const struct pen *pen, float coverage)
{
    if (pen->ink < 0.0f) {
        *ink *= 1.0f + coverage * pen->ink;
        return;
    }
    coverage *= pen->ink;
    if (coverage > *ink)
        *ink = coverage;
}

static void draw_segment(struct canvas *c, struct point p, struct point q, const struct pen *pen)
{
    float reach = pen->radius + pen->edge;
    int x0 = clamp_pixel((p.x < q.x ? p.x : q.x) - reach), x1 = clamp_pixel((p.x > q.x ? p.x : q.x) + reach);
    int y0 = clamp_pixel((p.y < q.y ? p.y : q.y) - reach), y1 = clamp_pixel((p.y > q.y ? p.y : q.y) + reach);

    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            float d2 = distance_squared(p, q, (float)x + 0.5f, (float)y + 0.5f);
            float coverage;

            if (d2 >= reach * reach)
                continue;
            coverage = (reach - sqrtf(d2)) / (2.0f * pen->edge);
            dab(&c->ink[y * EO_IMAGE_SIDE + x], pen, coverage < 1.0f ? coverage : 1.0f);
        }
    }
}

static void draw_digit(struct eo_rng *rng, struct canvas *c, int digit)
{
    const struct skeleton *s = &skeletons[digit][eo_rng_below(rng, VARIANTS)];
    struct affine m = random_affine(rng);
    float jitter = uniform(rng, 4.0f, 13.0f);
    struct point curve[CURVE_MAX];
    struct pen pen;
    int n;

    pen.radius = uniform(rng, 0.65f, 1.75f);
    pen.edge = uniform(rng, 0.45f, 0.8f);
    pen.ink = 1.0f;
    for (int i = 0; i < s->strokes; i++) {
        n = make_curve(rng, &s->stroke[i], &m, jitter, curve);
        for (int k = 0; k + 1 < n; k++)
            draw_segment(c, curve[k], curve[k + 1], &pen);
    }
}

/* A straight stroke between two random points, at most `length` apart along each axis. */
static void draw_stray(struct eo_rng *rng, struct canvas *c, float length, const struct pen *pen)
{
    struct point p, q;

    p.x = uniform(rng, 1.0f, EO_IMAGE_SIDE - 1.0f);
    p.y = uniform(rng, 1.0f, EO_IMAGE_SIDE - 1.0f);
    q.x = p.x + uniform(rng, -length, length);
    q.y = p.y + uniform(rng, -length, length);
    draw_segment(c, p, q, pen);
}

static void draw_disturbances(struct eo_rng *rng, struct canvas *c)
{
    struct pen pen = {.edge = 0.5f};

    if (happens(rng, 0.10f)) {
        pen.radius = uniform(rng, 0.6f, 1.3f);
        pen.ink = -1.0f;
        draw_stray(rng, c, 14.0f, &pen);
    }
    if (happens(rng, 0.22f)) {
        pen.radius = uniform(rng, 0.4f, 0.9f);
        pen.ink = uniform(rng, 0.4f, 0.9f);
        draw_stray(rng, c, 9.0f, &pen);
    }
}

/* Brightness, noise, bytes. One random number serves eight pixels, a byte each. */
static void develop(struct eo_rng *rng, const struct canvas *c, uint8_t pixels[EO_IMAGE_PIXELS])
{
    float peak = uniform(rng, 150.0f, 255.0f);
    float noise = uniform(rng, 0.0f, 36.0f) / 128.0f;
    uint64_t bits = 0;

    for (int i = 0; i < EO_IMAGE_PIXELS; i++) {
        float v;

        if (i % 8 == 0)
            bits = eo_rng_u64(rng);
        v = peak * c->ink[i] + noise * ((float)(bits & 255) - 127.5f);
        bits >>= 8;
        pixels[i] = v <= 0.0f ? 0 : v >= 255.0f ? 255 : (uint8_t)(v + 0.5f);
    }
}

/* One stream for each image and one for the labels of all classes, from the seed and the part. */
static struct eo_rng stream(uint64_t seed, enum eo_dataset_part part, int purpose, uint32_t number)
{
    struct eo_rng rng;
    uint64_t base = 0;

    eo_rng_init(&rng, seed, EO_RNG_SYNTHETIC);
    for (int i = 0; i < 2 * (int)part + purpose; i++)
        base = eo_rng_u64(&rng);
    eo_rng_init(&rng, base + number, EO_RNG_SYNTHETIC);
    return rng;
}

uint8_t eo_synthetic_image(uint64_t seed, enum eo_dataset_part part, uint32_t i, int classes,
                           uint8_t pixels[EO_IMAGE_PIXELS])
{
    uint32_t order[EO_CLASSES], n = (uint32_t)classes;
    struct canvas c = {{0}};
    struct eo_rng rng;
    uint8_t label;

    for (uint32_t k = 0; k < n; k++)
        order[k] = k;
    rng = stream(seed, part, 0, i / n);
    eo_rng_shuffle(&rng, order, n);
    label = (uint8_t)order[i % n];
    rng = stream(seed, part, 1, i);
    draw_digit(&rng, &c, label);
    draw_disturbances(&rng, &c);
    develop(&rng, &c, pixels);
    return label;
}

static int write_part(const char *dir, uint64_t seed, enum eo_dataset_part part, uint32_t count, int classes,
                      struct eo_err *err)
{
    const uint32_t dim[3] = {count, EO_IMAGE_SIDE, EO_IMAGE_SIDE};
    uint8_t *pixels, *labels;
    int rc = -1;

    assert(count >= 1 && count <= EO_SYNTHETIC_MAX);
    pixels = eo_alloc(count, EO_IMAGE_PIXELS, err);
    labels = pixels ? eo_alloc(count, 1, err) : NULL;
    if (!labels)
        goto out;
    for (uint32_t i = 0; i < count; i++)
        labels[i] = eo_synthetic_image(seed, part, i, classes, pixels + (size_t)i * EO_IMAGE_PIXELS);
    rc = eo_idx_files_write(dir, part, 3, dim, pixels, labels, err);
out:
    free(labels);
    free(pixels);
    return rc;
}

int eo_synthetic_write(const char *dir, uint64_t seed, uint32_t train, uint32_t test, int classes,
                       struct eo_err *err)
{
    if (eo_io_mkdirs(dir, err))
        return eo_err_prefix(err, "'%s'", dir);
    if (write_part(dir, seed, EO_DATASET_TEST, test, classes, err))
        return -1;
    return write_part(dir, seed, EO_DATASET_TRAIN, train, classes, err);
}
