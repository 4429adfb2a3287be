/*
 * Where the files of a data set are.
 *
 * Each of the four, say train-images-idx3-ubyte, may be there as
 *
 *     train-images-idx3-ubyte             as published, unpacked
 *     train-images.idx3-ubyte             as some archives call it
 *     train-images-idx4-ubyte             pictures of several channels
 *     train-images-idx2-ubyte             rows of values
 *     test-images-idx3-ubyte              for t10k-images-idx3-ubyte
 *     each with ".gz"
 *     train-images-idx3-ubyte/<any of these>   in a folder of its name, as unzip leaves it
 *
 * A folder that has none of the four itself may have them in raw, MNIST/raw or FashionMNIST/raw, where torchvision
 * keeps them.
 */
#ifndef EO_FORMAT_DATASET_FIND_H
#define EO_FORMAT_DATASET_FIND_H

#include <stddef.h>

#include "base/err.h"
#include "format/config.h"

enum eo_dataset_file {
    EO_DATASET_TRAIN_IMAGES,
    EO_DATASET_TRAIN_LABELS,
    EO_DATASET_TEST_IMAGES,
    EO_DATASET_TEST_LABELS,
    EO_DATASET_FILES
};

#define EO_DATASET_NAME_MAX 64

/* The published name of a file, unpacked: of images with `dims` dimensions, 2 to 4. */
void eo_dataset_file_name(enum eo_dataset_file file, int dims, char name[EO_DATASET_NAME_MAX]);

/* The path of one file in `dir`. Fails if it is not there; the message names the published name and its .gz. */
int eo_dataset_file_find(const char *dir, enum eo_dataset_file file, char *path, size_t path_size,
                         struct eo_err *err) EO_MUST_CHECK;

/* Whether `dir` has a file of the training set. */
int eo_dataset_has_training(const char *dir);

/*
 * Puts the folder with cfg->dataset's files into `dir`. This is `option` (--data) if not NULL. Else, for `idx`, it is
 * cfg->data_dir, or if there is no such folder the one of that name in $EO_DATA_DIR or in data. Else it is the first of
 * these that has any of the files:
 *
 *     $EO_DATA_DIR/<dataset>, data/<dataset>, and for MNIST and Fashion-MNIST torchvision's folders beside each,
 *     /usr/share/datasets/<dataset>, where Debian's packages put them
 *
 * Fails if there is no such folder or it has none of the files; the message says what can be done.
 */
int eo_dataset_find(const struct eo_config *cfg, const char *option, char *dir, size_t dir_size,
                    struct eo_err *err) EO_MUST_CHECK;

#endif
