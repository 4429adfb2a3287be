#include "nn/state_dict.h"

#include <string.h>

static int ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);

    return n >= k && strcmp(name + n - k, end) == 0;
}

/* Bytes before "conv1.weight" in the name that ends so, 0 where there is none or some name begins otherwise. */
static size_t common_prefix(const struct eo_st *st)
{
    const char *first = NULL;
    size_t n;

    for (size_t i = 0; i < st->tensor_count && !first; i++)
        first = ends_with(st->tensors[i].name, ".conv1.weight") ? st->tensors[i].name : NULL;
    n = first ? strlen(first) - strlen("conv1.weight") : 0;
    for (size_t i = 0; i < st->tensor_count; i++) {
        if (strncmp(st->tensors[i].name, first ? first : "", n) != 0)
            return 0;
    }
    return n;
}

void eo_state_dict_rename(struct eo_st *st)
{
    size_t prefix = common_prefix(st);
    int has_classifier = 0;

    for (size_t i = 0; i < st->tensor_count; i++) {
        st->tensors[i].name += prefix;
        has_classifier |= strncmp(st->tensors[i].name, "classifier.", 11) == 0;
    }
    for (size_t i = 0; !has_classifier && i < st->tensor_count; i++) {
        if (strcmp(st->tensors[i].name, "fc.weight") == 0)
            st->tensors[i].name = "classifier.weight";
        else if (strcmp(st->tensors[i].name, "fc.bias") == 0)
            st->tensors[i].name = "classifier.bias";
    }
}

int eo_state_dict_is_batch_norm(const char *name)
{
    return ends_with(name, ".running_mean") || ends_with(name, ".running_var") ||
           ends_with(name, ".num_batches_tracked");
}
