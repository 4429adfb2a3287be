/*
 * The images of an exported self-test, and how accurate the model is on the test set that they are from; or all images
 * of the test set.
 *
 * With a configuration they are the first of its test set, one of each class in turns. Without one they are generated
 * digits, or random values if the model takes images of another size.
 */
#ifndef EO_STAGE_EXPORT_IMAGES_H
#define EO_STAGE_EXPORT_IMAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/model.h"
#include "stage/export/class_names.h"

#define EO_EXPORT_GENERATED 1000

struct eo_export_images {
    uint8_t *pixels; /* [count, C, H, W] of the model's input */
    size_t count;
    char from[64];     /* "test images of mnist" or "generated digits" */
    char accuracy[64]; /* "99.29 % of 10000 test images"; "" without a test set */
    struct eo_class_names *class_names; /* or NULL */
};

/* `config` and `data` as the options -c and --data; NULL: not given. The message names the file. */
int eo_export_images_load(struct eo_export_images *images, const struct eo_model *m, const char *config,
                          const char *data, size_t count, struct eo_err *err) EO_MUST_CHECK;

/* All test images, in their order, or EO_EXPORT_GENERATED generated ones. `accuracy` stays empty. */
int eo_export_images_load_all(struct eo_export_images *images, const struct eo_model *m, const char *config,
                              const char *data, struct eo_err *err) EO_MUST_CHECK;
void eo_export_images_release(struct eo_export_images *images); /* harmless on a zeroed struct */

#endif
