#include "stage/learn/check_network.h"

#include <string.h>

#include "format/config_classes.h"
#include "format/dataset.h"
#include "stage/explore/grid.h"
#include "stage/import/base.h"
#include "stage/learn/teacher.h"
#include "stage/learn/train.h"
#include "stage/prune/prune.h"

/* What is known of the images; dims of zeros and classes 0: nothing. */
struct images {
    struct eo_dims dims;
    int classes;
    int is_found, is_untrained; /* the files are there; test images stand in for training images */
};

/* The images that eo-train reads, how they are divided, and the names of their classes. */
static int measure(struct eo_config *cfg, const char *folder, struct images *images, struct eo_err *err)
{
    const struct eo_dataset_request wanted = {.folder = folder,
                                              .parts = EO_DATASET_TRAIN,
                                              .is_any = 1,
                                              .may_be_untrained = *cfg->base_model && !cfg->epochs};
    struct eo_dataset ds;
    int rc;

    if (eo_dataset_open(&ds, cfg, &wanted, err))
        return -1;
    *images = (struct images){ds.dims, ds.classes, 1, ds.is_untrained};
    rc = eo_config_name_classes(cfg, ds.folder, ds.labels, ds.classes, err);
    eo_dataset_release(&ds);
    return rc;
}

/* Sizes, labels and number of the test images, as eo-eval reads them. */
static int check_test_set(const struct eo_config *cfg, const char *folder, const struct images *images,
                          const struct eo_network *net, struct eo_err *err)
{
    const struct eo_dataset_request wanted = {
        .folder = folder, .parts = EO_DATASET_TEST, .dims = images->dims, .classes = eo_network_classes(net)};
    struct eo_dataset ds;

    if (!images->is_found || images->is_untrained)
        return 0;
    if (eo_dataset_open(&ds, cfg, &wanted, err))
        return -1;
    eo_dataset_release(&ds);
    return 0;
}

/* The network that is trained first: with base_model, that of the file. */
static int make_network(const struct eo_config *cfg, const struct images *images, struct eo_network *net,
                        struct eo_err *err)
{
    struct eo_import_report report = {{0}, {0}};
    struct eo_model m = {0};
    struct eo_input input;
    int rc;

    if (!*cfg->base_model || !images->dims.c)
        return eo_train_network(cfg, images->dims, images->classes, net, err) ||
                       (images->dims.c && eo_train_input(cfg, images->dims.c, &input, err))
                   ? -1
                   : 0;
    rc = eo_import_base_model(&m, cfg, images->dims, images->classes, &report, err);
    if (!rc)
        *net = m.network;
    eo_model_release(&m);
    eo_import_report_release(&report);
    return rc;
}

static int check_levels(const struct eo_config *cfg, const struct eo_network *net, struct eo_err *err)
{
    for (int i = 0; i < cfg->pruning_level_count; i++) {
        if (eo_prune_check_level(cfg->pruning_levels[i], net, err))
            return eo_err_prefix(err, "key 'pruning_levels'");
    }
    return 0;
}

static int check_teacher(const struct eo_config *cfg, const struct eo_network *net, struct eo_err *err)
{
    struct eo_teacher_model teacher = {{0}, ""};

    if (!*cfg->teacher || eo_config_teacher_is_base(cfg))
        return 0;
    if (eo_teacher_load(&teacher, NULL, cfg, net, err))
        return eo_err_prefix(err, "key 'teacher'");
    eo_model_release(&teacher.model);
    return 0;
}

int eo_check_network(struct eo_config *cfg, const char *folder, struct eo_err *err)
{
    struct images images = {{0, 0, 0}, 0, 0, 0};
    char found[EO_DATASET_FOLDER_MAX];
    struct eo_network net;

    if (eo_config_seal(cfg, err))
        return -1;
    if (strcmp(cfg->dataset, "idx") != 0)
        images = (struct images){{1, EO_IMAGE_SIDE, EO_IMAGE_SIDE}, EO_CLASSES, 0, 0};
    if ((folder || eo_dataset_find(cfg, NULL, found, sizeof(found), NULL) == 0) &&
        measure(cfg, folder, &images, err))
        return -1;
    if (make_network(cfg, &images, &net, err))
        return -1;
    if ((images.dims.c || !*cfg->base_model) && check_levels(cfg, &net, err))
        return -1;
    if (check_test_set(cfg, folder, &images, &net, err) || (images.dims.c && check_teacher(cfg, &net, err)))
        return -1;
    /* Make, which gives the folder, checks the widths only where it explores. */
    return cfg->explore_width_count && !folder ? eo_explore_grid_check(cfg, err) : 0;
}
