/*
 * `dataset: synthetic`: digits drawn by program, so that the default experiment needs no download.
 *
 * Each digit has three skeletons, polygons that corner cutting (Chaikin 1974) turns into curves. An image
 * moves every point of one skeleton a little, applies a random rotation, scale, shear and shift, draws the
 * lines with a random width, softness and brightness, white on black, and may add a stray stroke, an erased
 * stroke and noise. Only + - * / and square root are used, so the images are the same on every machine.
 *
 * Image i of a part depends on (seed, part, i) alone, and its label on the number of classes: a smaller set is the
 * beginning of a larger one. Of n classes, the digits 0 to n - 1, every n images from a multiple of n on hold each
 * digit once, in random order. Results depend on the images, so a change of them raises the version.
 *
 * How hard they are: SmallCNN 16/32 (Adam 1e-3, batch 128, 2 epochs on 12,000 images) gets 94 to 96 % of
 * 3,000 other images right.
 */
#ifndef EO_STAGE_DATA_SYNTHETIC_H
#define EO_STAGE_DATA_SYNTHETIC_H

#include <stdint.h>

#include "base/err.h"
#include "format/dataset.h"

#define EO_SYNTHETIC_SEED 1
#define EO_SYNTHETIC_TRAIN 15000
#define EO_SYNTHETIC_TEST 3000
#define EO_SYNTHETIC_MAX 1000000 /* images of one part */

/* Draws image `i` (784 grey values) of 1..EO_CLASSES classes and returns its label. Cannot fail. */
uint8_t eo_synthetic_image(uint64_t seed, enum eo_dataset_part part, uint32_t i, int classes,
                           uint8_t pixels[EO_IMAGE_PIXELS]);

/*
 * Writes the four gzip-compressed IDX files into `dir`, which is created; `train` and `test` are numbers of
 * images, 1..EO_SYNTHETIC_MAX. The message names the file.
 */
int eo_synthetic_write(const char *dir, uint64_t seed, uint32_t train, uint32_t test, int classes,
                       struct eo_err *err) EO_MUST_CHECK;

#endif
