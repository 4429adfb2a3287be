/* The tensors of a model in memory and in its file, in the order of the table in model.h. For modules of the model. */
#ifndef EO_NN_MODEL_TENSORS_H
#define EO_NN_MODEL_TENSORS_H

#include <stddef.h>

#include "format/safetensors.h"
#include "nn/model.h"

#define EO_LAYER_TENSORS 9
#define EO_MODEL_TENSORS (EO_LAYER_TENSORS * EO_NETWORK_LAYERS)

struct eo_model_tensor {
    char name[48];
    enum eo_st_dtype dtype;
    int dims;
    size_t shape[EO_ST_MAX_DIMS];
    size_t count; /* elements */
    void *data;   /* the model's memory */
    /* The file has two elements in a byte (nibbles.h), and the rows of shape[0] each from a byte of their own. */
    int is_packed;
};

/* Fills t[EO_MODEL_TENSORS], and returns how many there are at this precision. */
size_t eo_model_tensors(const struct eo_model *m, struct eo_model_tensor *t);

/* As the file has it: name, dtype, shape and bytes. `data` is NULL. */
void eo_model_tensor_stored(const struct eo_model_tensor *t, struct eo_st_tensor *stored);

size_t eo_model_tensor_size(const struct eo_model_tensor *t); /* in bytes, of the file */
enum eo_st_dtype eo_model_weight_dtype(enum eo_precision precision);

void eo_model_meta_clear(struct eo_model *m);

/* All that eo_model_load() demands of a filled model beyond the types and shapes of its tensors. */
int eo_model_check(const struct eo_model *m, struct eo_err *err) EO_MUST_CHECK;

#endif
