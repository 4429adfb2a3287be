#include "stage/learn/check_network.h"

#include <string.h>

#include "format/config_classes.h"
#include "format/dataset.h"
#include "stage/explore/grid.h"
#include "stage/learn/train.h"

/* The images that eo-train reads, and the names of their classes. */
static int measure(struct eo_config *cfg, struct eo_dims *dims, int *classes, struct eo_err *err)
{
    const struct eo_dataset_request wanted = {.parts = EO_DATASET_TRAIN,
                                              .is_any = 1,
                                              .may_be_untrained = *cfg->base_model && !cfg->epochs,
                                              .is_whole = 1};
    struct eo_dataset ds;
    int rc;

    if (eo_dataset_open(&ds, cfg, &wanted, err))
        return -1;
    *dims = ds.dims;
    *classes = ds.classes;
    rc = eo_config_name_classes(cfg, ds.folder, ds.labels, ds.classes, err);
    eo_dataset_release(&ds);
    return rc;
}

int eo_check_network(struct eo_config *cfg, struct eo_err *err)
{
    struct eo_dims dims = {0, 0, 0};
    char folder[EO_DATASET_FOLDER_MAX];
    struct eo_network net;
    int classes = 0;

    if (strcmp(cfg->dataset, "idx") != 0) {
        dims = (struct eo_dims){1, EO_IMAGE_SIDE, EO_IMAGE_SIDE};
        classes = EO_CLASSES;
    }
    if (eo_dataset_find(cfg, NULL, folder, sizeof(folder), NULL) == 0 && measure(cfg, &dims, &classes, err))
        return -1;
    if (eo_train_network(cfg, dims, classes, &net, err))
        return -1;
    return cfg->explore_width_count ? eo_explore_grid_check(cfg, err) : 0;
}
