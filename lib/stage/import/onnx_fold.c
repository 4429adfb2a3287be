/* Nodes that compute whole numbers from constants and sizes, as exporters write them for pads and shapes. */
#include <string.h>

#include "format/onnx.h"
#include "stage/import/onnx_internal.h"

#define WHOLE_MAX 1000000000 /* what onnx_integers() cuts numbers to, so that no product overflows */

static int is_whole(const struct onnx_value *v)
{
    int type = v->constant.type;

    return v->is_constant && !v->real && v->constant.count <= ONNX_WHOLE &&
           (v->is_folded || type == EO_ONNX_S64 || type == EO_ONNX_S32);
}

/* A constant of whole numbers: the node's output, or on its way to be that. */
struct whole {
    int dims;
    size_t shape[EO_ONNX_MAX_DIMS];
    int count;
    int64_t number[ONNX_WHOLE];
};

static int read_whole(struct onnx *x, onnx_node n, int i, struct whole *w)
{
    const struct onnx_value *v = onnx_constant(x, n, i);

    memset(w, 0, sizeof(*w));
    if (!v)
        return -1;
    w->dims = v->constant.dims;
    memcpy(w->shape, v->constant.shape, sizeof(w->shape));
    w->count = onnx_integers(x, n, v, w->number, ONNX_WHOLE);
    return w->count < 0 ? -1 : 0;
}

static int give(struct onnx *x, onnx_node n, const struct whole *w)
{
    struct onnx_value *v = onnx_add_value(x, n->outputs ? n->output[0] : (struct eo_onnx_text){"", 0});

    if (!v)
        return -1;
    v->is_constant = v->is_folded = 1;
    v->constant.type = EO_ONNX_S64;
    v->constant.dims = w->dims;
    v->constant.count = (size_t)w->count;
    memcpy(v->constant.shape, w->shape, sizeof(w->shape));
    memcpy(v->whole, w->number, sizeof(w->number));
    return 0;
}

static void make_list(struct whole *w, int count)
{
    w->count = count;
    w->dims = 1;
    w->shape[0] = (size_t)count;
}

static int refuse(struct onnx *x, onnx_node n, const char *expected)
{
    return onnx_refuse(x, n, "of whole numbers: expected %s", expected);
}

/* An open batch is 1: Reshape alone may use it, and takes it for the batch. */
static int take_shape(struct onnx *x, onnx_node n)
{
    const struct onnx_value *v = onnx_input(x, n, 0);
    struct whole w = {0};
    struct eo_dims d;

    if (!v)
        return -1;
    if (eo_onnx_int(n, "start", 0) || eo_onnx_int(n, "end", EO_ONNX_MAX_DIMS) != EO_ONNX_MAX_DIMS)
        return refuse(x, n, "no start and end");
    make_list(&w, v->is_constant ? v->constant.dims : v->rank);
    if (v->is_constant) {
        for (int i = 0; i < w.count; i++)
            w.number[i] = (int64_t)v->constant.shape[i];
        return give(x, n, &w);
    }
    d = onnx_dims(x, v);
    w.number[0] = onnx_batch(x);
    w.number[1] = w.count == 2 ? (int64_t)eo_dims_elements(d) : d.c;
    w.number[2] = d.h;
    w.number[3] = d.w;
    return give(x, n, &w);
}

static int fold_constant_of_shape(struct onnx *x, onnx_node n)
{
    struct onnx_value of = {.is_constant = 1};
    int64_t value = 0, total = 1;
    struct whole shape, w = {0};

    if (read_whole(x, n, 0, &shape))
        return -1;
    if (eo_onnx_tensor_of(n, "value", &of.constant)) {
        if (of.constant.count != 1 || (of.constant.type != EO_ONNX_S64 && of.constant.type != EO_ONNX_S32))
            return refuse(x, n, "a value of one whole number");
        if (onnx_integers(x, n, &of, &value, 1) != 1)
            return -1;
    }
    for (int i = 0; i < shape.count; i++)
        total = shape.number[i] < 0 || shape.number[i] > ONNX_WHOLE || total > ONNX_WHOLE
                    ? ONNX_WHOLE + 1
                    : total * shape.number[i];
    if (shape.count != 1 || total > ONNX_WHOLE)
        return refuse(x, n, "a list of few numbers");
    make_list(&w, (int)total);
    for (int i = 0; i < w.count; i++)
        w.number[i] = value;
    return give(x, n, &w);
}

static int fold_concat(struct onnx *x, onnx_node n)
{
    struct whole w = {0}, part;

    for (int i = 0; i < n->inputs; i++) {
        if (read_whole(x, n, i, &part))
            return -1;
        if (part.dims != 1 || w.count + part.count > ONNX_WHOLE || eo_onnx_int(n, "axis", 0) != 0)
            return refuse(x, n, "short lists, one behind the other");
        memcpy(w.number + w.count, part.number, (size_t)part.count * sizeof(*w.number));
        w.count += part.count;
    }
    make_list(&w, w.count);
    return give(x, n, &w);
}

static int fold_reshape(struct onnx *x, onnx_node n)
{
    int64_t to[EO_ONNX_MAX_DIMS], known = 1;
    int dims = onnx_list(x, n, "shape", 1, to, EO_ONNX_MAX_DIMS), open = -1;
    struct whole w;

    if (dims < -1 || read_whole(x, n, 0, &w))
        return -1;
    for (int i = 0; i < dims; i++) {
        if (to[i] == -1 && open < 0)
            open = i;
        else
            known *= to[i] >= 1 && to[i] <= ONNX_WHOLE && known <= ONNX_WHOLE ? to[i] : 0;
    }
    if (dims < 0 || known < 1 || w.count % known || (open < 0 && known != w.count))
        return refuse(x, n, "a shape of as many numbers");
    w.dims = dims;
    for (int i = 0; i < dims; i++)
        w.shape[i] = (size_t)(i == open ? w.count / known : to[i]);
    return give(x, n, &w);
}

static int fold_transpose(struct onnx *x, onnx_node n)
{
    int64_t perm[2] = {1, 0};
    int count = eo_onnx_ints(n, "perm", perm, 2);
    struct whole w, t;

    if (read_whole(x, n, 0, &w))
        return -1;
    if (w.dims != 2 || (count >= 0 && count != 2) || perm[0] != 1 || perm[1] != 0)
        return refuse(x, n, "a matrix, whose two sizes change places");
    t = w;
    t.shape[0] = w.shape[1];
    t.shape[1] = w.shape[0];
    for (size_t i = 0; i < w.shape[0]; i++) {
        for (size_t k = 0; k < w.shape[1]; k++)
            t.number[k * t.shape[1] + i] = w.number[i * w.shape[1] + k];
    }
    return give(x, n, &t);
}

/* A place of Slice in -1..size, from behind where it is negative. */
static int64_t place(int64_t at, int64_t size, int is_backwards)
{
    at += at < 0 ? size : 0;
    if (is_backwards)
        return at < -1 ? -1 : at >= size ? size - 1 : at;
    return at < 0 ? 0 : at > size ? size : at;
}

/* Along the first size. */
static int fold_slice(struct onnx *x, onnx_node n)
{
    int64_t start = 0, end = 0, axis = 0, step = 1, size;
    int starts = onnx_list(x, n, "starts", 1, &start, 1), ends = onnx_list(x, n, "ends", 2, &end, 1);
    int axes = onnx_list(x, n, "axes", 3, &axis, 1), steps = onnx_list(x, n, "steps", 4, &step, 1);
    struct whole w, s;
    int inner;

    if (starts < -1 || ends < -1 || axes < -1 || steps < -1 || read_whole(x, n, 0, &w))
        return -1;
    if (w.dims < 1 || w.count == 0 || starts != 1 || ends != 1 || axis != 0 || step == 0)
        return refuse(x, n, "one start, end and step, along the first size");
    s = w;
    s.count = 0;
    size = (int64_t)w.shape[0];
    inner = w.count / (int)size;
    end = place(end, size, step < 0);
    for (int64_t i = place(start, size, step < 0); i >= 0 && (step > 0 ? i < end : i > end); i += step) {
        memcpy(s.number + s.count, w.number + i * inner, (size_t)inner * sizeof(*s.number));
        s.count += inner;
    }
    s.shape[0] = (size_t)(s.count / inner);
    return give(x, n, &s);
}

static int fold_gather(struct onnx *x, onnx_node n)
{
    struct whole w, at;

    if (read_whole(x, n, 0, &w) || read_whole(x, n, 1, &at))
        return -1;
    if (w.dims != 1 || eo_onnx_int(n, "axis", 0) != 0)
        return refuse(x, n, "a list");
    for (int i = 0; i < at.count; i++) {
        int64_t k = at.number[i] + (at.number[i] < 0 ? w.count : 0);

        if (k < 0 || k >= w.count)
            return refuse(x, n, "places within the list");
        at.number[i] = w.number[k];
    }
    return give(x, n, &at);
}

/* Squeeze and Unsqueeze of one number. */
static int fold_rank(struct onnx *x, onnx_node n)
{
    struct whole w;

    if (read_whole(x, n, 0, &w))
        return -1;
    if (w.count != 1 || w.dims > 1)
        return refuse(x, n, "one number");
    w.dims = eo_onnx_is(n->type, "Unsqueeze");
    w.shape[0] = 1;
    return give(x, n, &w);
}

static int fold_cast(struct onnx *x, onnx_node n)
{
    int64_t to = eo_onnx_int(n, "to", 0);
    struct whole w;

    if (to != EO_ONNX_S32 && to != EO_ONNX_S64)
        return onnx_take_cast(x, n);
    return read_whole(x, n, 0, &w) ? -1 : give(x, n, &w);
}

/* Of two lists of one length, or of a list and one number. */
static int fold_arithmetic(struct onnx *x, onnx_node n)
{
    struct whole a, b, to;

    if (read_whole(x, n, 0, &a) || read_whole(x, n, 1, &b))
        return -1;
    if (a.count != b.count && a.count != 1 && b.count != 1)
        return refuse(x, n, "two lists of one length, or one number");
    to = a.count > b.count || (a.count == b.count && a.dims > b.dims) ? a : b;
    for (int i = 0; i < to.count; i++) {
        int64_t p = a.number[a.count == 1 ? 0 : i], q = b.number[b.count == 1 ? 0 : i];

        if (eo_onnx_is(n->type, "Div") && q == 0)
            return refuse(x, n, "another divisor than 0");
        p = eo_onnx_is(n->type, "Add")   ? p + q
            : eo_onnx_is(n->type, "Sub") ? p - q
            : eo_onnx_is(n->type, "Mul") ? p * q
                                         : p / q;
        if (p < -WHOLE_MAX || p > WHOLE_MAX)
            return refuse(x, n, "a result within 10^9");
        to.number[i] = p;
    }
    return give(x, n, &to);
}

static const struct {
    const char *type;
    int (*fold)(struct onnx *x, onnx_node n);
} folds[] = {
    {"Shape", take_shape},    {"ConstantOfShape", fold_constant_of_shape},
    {"Concat", fold_concat},  {"Reshape", fold_reshape},
    {"Slice", fold_slice},    {"Transpose", fold_transpose},
    {"Gather", fold_gather},  {"Squeeze", fold_rank},
    {"Unsqueeze", fold_rank}, {"Cast", fold_cast},
    {"Add", fold_arithmetic}, {"Sub", fold_arithmetic},
    {"Mul", fold_arithmetic}, {"Div", fold_arithmetic},
};

int onnx_fold(struct onnx *x, onnx_node n, int *is_folded)
{
    size_t k = 0;

    *is_folded = 0;
    while (k < sizeof(folds) / sizeof(*folds) && !eo_onnx_is(n->type, folds[k].type))
        k++;
    if (k == sizeof(folds) / sizeof(*folds) || n->inputs < 1)
        return 0;
    for (int i = 0; i < n->inputs; i++) {
        const struct onnx_value *v = onnx_has_input(n, i) ? onnx_find(x, n->input[i]) : NULL;

        if (v && !is_whole(v) && folds[k].fold != take_shape)
            return 0;
        if (!v && (i == 0 || onnx_has_input(n, i)))
            return 0; /* the operator itself says so */
    }
    *is_folded = 1;
    return folds[k].fold(x, n);
}
