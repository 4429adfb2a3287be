#include "nn/state_dict.h"

#include <string.h>

static int ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);

    return n >= k && strcmp(name + n - k, end) == 0;
}

static int all_begin_with(const struct eo_st *st, const char *prefix, size_t n)
{
    for (size_t i = 0; i < st->tensor_count; i++) {
        if (strncmp(st->tensors[i].name, prefix, n) != 0)
            return 0;
    }
    return st->tensor_count > 0;
}

static void cut(struct eo_st *st, size_t n)
{
    for (size_t i = 0; i < st->tensor_count; i++)
        st->tensors[i].name += n;
}

void eo_state_dict_strip(struct eo_st *st)
{
    static const char *const wrappers[] = {"module.", "_orig_mod.", "model."};
    size_t found;

    do {
        found = 0;
        for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers) && !found; i++)
            found = all_begin_with(st, wrappers[i], strlen(wrappers[i])) ? strlen(wrappers[i]) : 0;
        cut(st, found);
    } while (found);
}

/* Bytes of the prefix before "conv1.weight" that all names have; 0 if there is none. */
static size_t common_prefix(const struct eo_st *st)
{
    const char *first = NULL;
    size_t n;

    for (size_t i = 0; i < st->tensor_count && !first; i++)
        first = ends_with(st->tensors[i].name, ".conv1.weight") ? st->tensors[i].name : NULL;
    n = first ? strlen(first) - strlen("conv1.weight") : 0;
    return first && all_begin_with(st, first, n) ? n : 0;
}

void eo_state_dict_rename(struct eo_st *st)
{
    int has_classifier = 0;

    cut(st, common_prefix(st));
    for (size_t i = 0; i < st->tensor_count; i++)
        has_classifier |= strncmp(st->tensors[i].name, "classifier.", 11) == 0;
    for (size_t i = 0; !has_classifier && i < st->tensor_count; i++) {
        if (strcmp(st->tensors[i].name, "fc.weight") == 0)
            st->tensors[i].name = "classifier.weight";
        else if (strcmp(st->tensors[i].name, "fc.bias") == 0)
            st->tensors[i].name = "classifier.bias";
    }
}

int eo_state_dict_is_counter(const char *name)
{
    return ends_with(name, ".num_batches_tracked");
}

int eo_state_dict_is_batch_norm(const char *name)
{
    return ends_with(name, ".running_mean") || ends_with(name, ".running_var") ||
           eo_state_dict_is_counter(name);
}
