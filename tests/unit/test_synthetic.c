/* eo_synthetic: the same images everywhere, balanced labels, parts and seeds that differ, a drawing in each
 * image. */
#include "stage/data/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#define COUNT 400

static void draw(uint64_t seed, enum eo_dataset_part part, uint8_t *pixels, uint8_t *labels)
{
    for (uint32_t i = 0; i < COUNT; i++)
        labels[i] = eo_synthetic_image(seed, part, i, EO_CLASSES, pixels + i * EO_IMAGE_PIXELS);
}

/*
 * SHA-256 of 400 images and their labels. Found with gcc 12 and clang 14, -O0 and -O3, with and without FMA,
 * and on aarch64; a change of it is a change of results.
 */
static void test_golden(uint8_t *pixels, uint8_t *labels)
{
    static const struct {
        uint64_t seed;
        enum eo_dataset_part part;
        const char *expected;
    } cases[] = {
        {1, EO_DATASET_TRAIN, "fbc0032a1540ec41bd69ff90fbf40702f7fcf6c6c0adf0d4dc4ae17fcfdc68e9"},
        {1, EO_DATASET_TEST, "ce8ad7b323204ce3902939ea1bf2d03115389beae51b0a16ca5f66c80e5f7960"},
        {2, EO_DATASET_TRAIN, "e796eeb882a1dfe4bccee797562e7f2bcce911bcd4f1ac69d0c0bee72adba58e"},
    };
    char found[EO_SHA256_TEXT], what[64];

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct eo_hash_piece pieces[2] = {{pixels, COUNT * EO_IMAGE_PIXELS}, {labels, COUNT}};

        draw(cases[i].seed, cases[i].part, pixels, labels);
        eo_hash_sha256_pieces(pieces, 2, found);
        snprintf(what, sizeof(what), "seed %d, part %d", (int)cases[i].seed, (int)cases[i].part);
        check_text(what, cases[i].expected, found);
    }
}

static void test_labels(const uint8_t *labels)
{
    int seen = 0, wrong = 0, same_order = 0;
    char found[64];

    for (int i = 0; i < COUNT; i++) {
        if (i % EO_CLASSES == 0)
            seen = 0;
        seen |= 1 << labels[i];
        wrong += i % EO_CLASSES == EO_CLASSES - 1 && seen != (1 << EO_CLASSES) - 1;
        same_order += i % EO_CLASSES == 0 && i > 0 && memcmp(labels, labels + i, EO_CLASSES) == 0;
    }
    snprintf(found, sizeof(found), "%d unbalanced, %d repeated", wrong, same_order);
    check_text("labels by tens", "0 unbalanced, 0 repeated", found);
}

/* Each image has ink and background, and no two images are equal. */
static void test_images(const uint8_t *pixels)
{
    int dark = 0, full = 0, equal = 0;
    char found[64];

    for (int i = 0; i < COUNT; i++) {
        const uint8_t *p = pixels + i * EO_IMAGE_PIXELS;
        int bright = 0;

        for (int k = 0; k < EO_IMAGE_PIXELS; k++)
            bright += p[k] >= 100;
        dark += bright < 15;
        full += bright > EO_IMAGE_PIXELS / 2;
        for (int k = 0; k < i; k++)
            equal += memcmp(p, pixels + k * EO_IMAGE_PIXELS, EO_IMAGE_PIXELS) == 0;
    }
    snprintf(found, sizeof(found), "%d without ink, %d full of it, %d equal", dark, full, equal);
    check_text("images", "0 without ink, 0 full of it, 0 equal", found);
}

int main(void)
{
    uint8_t *pixels = malloc(COUNT * EO_IMAGE_PIXELS);
    uint8_t labels[COUNT];
    struct eo_err err;

    if (!pixels)
        return 1;
    test_golden(pixels, labels);
    test_labels(labels);
    test_images(pixels);
    check_text("unwritable folder", "'/dev/null/x': cannot create the directory: Not a directory",
               eo_synthetic_write("/dev/null/x", 1, 1, 1, EO_CLASSES, &err) ? err.msg : "written");
    free(pixels);
    return check_report("test_synthetic");
}
