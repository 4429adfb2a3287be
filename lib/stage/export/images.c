#include "stage/export/images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "format/config_classes.h"
#include "format/dataset.h"
#include "stage/data/synthetic.h"
#include "stage/learn/eval.h"

static size_t pixels_of(const struct eo_model *m)
{
    return eo_dims_elements(m->network.input);
}

/* Room for `count` images. */
static int allocate(struct eo_export_images *images, const struct eo_model *m, size_t count,
                    struct eo_err *err)
{
    images->pixels = eo_alloc(count, pixels_of(m), err);
    return images->pixels ? 0 : -1;
}

/* Image i is the next one of class i mod classes; a class that has no more is passed over. */
static void choose(struct eo_export_images *images, const struct eo_model *m, const struct eo_images *from,
                   size_t count)
{
    size_t next[EO_NETWORK_CLASSES] = {0}, size = pixels_of(m);
    int classes = eo_network_classes(&m->network), left = classes;

    for (size_t i = 0; images->count < count && left; i++) {
        size_t *at = &next[i % (size_t)classes];

        if (*at > from->count)
            continue;
        while (*at < from->count && from->labels[*at] != i % (size_t)classes)
            ++*at;
        if (*at < from->count)
            memcpy(images->pixels + images->count++ * size, from->pixels + *at * size, size);
        else
            left--;
        ++*at;
    }
}

static int measure(struct eo_export_images *images, const struct eo_model *m, const struct eo_images *test,
                   struct eo_err *err)
{
    struct eo_eval eval = {0};

    if (eo_eval_run(&eval, m, test, eo_isa_best(), 1, err))
        return -1;
    snprintf(images->accuracy, sizeof(images->accuracy), "%.2f %% of %zu test images",
             100.0 * (double)eval.correct / (double)test->count, test->count);
    eo_eval_release(&eval);
    return 0;
}

/* Chosen images and the model's accuracy on all, or all images. */
static int take(struct eo_export_images *images, const struct eo_model *m, const struct eo_images *test,
                size_t count, int is_all, struct eo_err *err)
{
    if (allocate(images, m, is_all ? test->count : count, err))
        return -1;
    if (!is_all) {
        choose(images, m, test, count);
        return measure(images, m, test, err);
    }
    memcpy(images->pixels, test->pixels, test->count * pixels_of(m));
    images->count = test->count;
    return 0;
}

static int load_test_set(struct eo_export_images *images, const struct eo_model *m, const char *config,
                         const char *data, size_t count, int is_all, struct eo_err *err)
{
    struct eo_config *cfg = eo_alloc(1, sizeof(*cfg), err);
    const struct eo_dataset_request wanted = {.folder = data,
                                              .parts = EO_DATASET_TEST,
                                              .dims = m->network.input,
                                              .classes = eo_network_classes(&m->network)};
    struct eo_dataset dataset = {0};
    int rc = -1;

    if (!cfg)
        return -1;
    if (eo_config_load(cfg, config, err)) {
        eo_err_prefix(err, "%s", config);
    } else if (eo_dataset_open(&dataset, cfg, &wanted, err) == 0 &&
               eo_config_name_classes(cfg, dataset.folder, dataset.labels, dataset.classes, err) == 0) {
        snprintf(images->from, sizeof(images->from), "test images of %s", dataset.name);
        rc = take(images, m, &dataset.test, count, is_all, err) ||
                     eo_class_names_copy(&images->class_names, cfg, err)
                 ? -1
                 : 0;
    }
    eo_dataset_release(&dataset);
    free(cfg);
    return rc;
}

/* Digits where the network takes images of their size, else random values. */
static int generate(struct eo_export_images *images, const struct eo_model *m, size_t count,
                    struct eo_err *err)
{
    struct eo_dims d = m->network.input;
    int is_digit = d.c == 1 && d.h == EO_IMAGE_SIDE && d.w == EO_IMAGE_SIDE;
    struct eo_rng rng;

    if (allocate(images, m, count, err))
        return -1;
    images->count = count;
    eo_rng_init(&rng, EO_SYNTHETIC_SEED, EO_RNG_SYNTHETIC);
    for (size_t i = 0; i < count; i++) {
        if (is_digit)
            eo_synthetic_image(EO_SYNTHETIC_SEED, EO_DATASET_TEST, (uint32_t)i, EO_CLASSES,
                               images->pixels + i * EO_IMAGE_PIXELS);
        for (size_t p = 0; !is_digit && p < pixels_of(m); p++)
            images->pixels[i * pixels_of(m) + p] = (uint8_t)eo_rng_below(&rng, 256);
    }
    snprintf(images->from, sizeof(images->from), is_digit ? "generated digits" : "random inputs");
    return 0;
}

int eo_export_images_load(struct eo_export_images *images, const struct eo_model *m, const char *config,
                          const char *data, size_t count, struct eo_err *err)
{
    return config ? load_test_set(images, m, config, data, count, 0, err) : generate(images, m, count, err);
}

int eo_export_images_load_all(struct eo_export_images *images, const struct eo_model *m, const char *config,
                              const char *data, struct eo_err *err)
{
    return config ? load_test_set(images, m, config, data, 0, 1, err)
                  : generate(images, m, EO_EXPORT_GENERATED, err);
}

void eo_export_images_release(struct eo_export_images *images)
{
    free(images->pixels);
    free(images->class_names);
    memset(images, 0, sizeof(*images));
}
