/* The arena: plans against exhaustive search, the network run in them, and what a wrong plan is caught by. */
#include <stdio.h>
#include <string.h>

#include "nn/arena_run.h"
#include "nn/engine.h"
#include "stage/quant/quant.h"
#include "tests/unit/check.h"
#include "tests/unit/networks.h"
#include "tests/unit/random_model.h"

/* ---- planning -------------------------------------------------------------------------------------------------- */

/* NULL, or what is wrong with a placement. */
static const char *judge(const struct eo_arena_tensor *t, int count, const size_t *offset, size_t bytes)
{
    size_t end = 0;

    for (int i = 0; i < count; i++) {
        end = offset[i] + t[i].bytes > end ? offset[i] + t[i].bytes : end;
        if (offset[i] % t[i].align != 0)
            return "a tensor is not aligned";
        for (int k = 0; k < i; k++) {
            if (t[i].first <= t[k].last && t[k].first <= t[i].last && offset[i] < offset[k] + t[k].bytes &&
                offset[k] < offset[i] + t[i].bytes)
                return "two living tensors overlap";
        }
    }
    if (end != bytes)
        return "the bytes are not those of the highest end";
    return bytes < eo_arena_lower_bound(t, count) ? "less than the lower bound" : NULL;
}

static void random_tensors(struct eo_rng *rng, struct eo_arena_tensor *t, int count, uint32_t most)
{
    for (int i = 0; i < count; i++) {
        int first = (int)eo_rng_below(rng, 8);

        t[i] = (struct eo_arena_tensor){.name = "t",
                                        .bytes = 1 + eo_rng_below(rng, most),
                                        .align = (size_t)1 << eo_rng_below(rng, 3),
                                        .first = first,
                                        .last = first + (int)eo_rng_below(rng, 4)};
    }
}

/* Whether tensors i.. fit below `bytes` at any offsets at all: no thought of orders or gaps. */
static int fits(const struct eo_arena_tensor *t, int count, int i, size_t *offset, size_t bytes)
{
    int k, free;

    if (i == count)
        return 1;
    for (size_t at = 0; at + t[i].bytes <= bytes; at += t[i].align) {
        for (free = 1, k = 0; k < i; k++)
            free &= t[i].first > t[k].last || t[k].first > t[i].last || at >= offset[k] + t[k].bytes ||
                    offset[k] >= at + t[i].bytes;
        offset[i] = at;
        if (free && fits(t, count, i + 1, offset, bytes))
            return 1;
    }
    return 0;
}

/* The search over orders misses no optimum: all offsets tried, one less than it needs is too little. */
static void test_exact(void)
{
    struct eo_arena_tensor t[5];
    size_t offset[5], any[5];
    struct eo_rng rng;
    int above = 0, wrong = 0;

    eo_rng_init(&rng, 11, EO_RNG_SYNTHETIC);
    for (int i = 0; i < 3000; i++) {
        size_t bytes;
        int count = 2 + (int)eo_rng_below(&rng, 4);

        random_tensors(&rng, t, count, 6);
        bytes = eo_arena_place_exact(t, count, offset);
        above += bytes > eo_arena_lower_bound(t, count);
        wrong += judge(t, count, offset, bytes) || !fits(t, count, 0, any, bytes) ||
                 fits(t, count, 0, any, bytes - 1);
    }
    check_that(!wrong, "search over orders: %d of 3000 results are not the optimum", wrong);
    check_that(above > 100, "search over orders: only %d of 3000 optima are above the lower bound", above);
}

static void test_planner(void)
{
    struct eo_arena_tensor t[EO_ARENA_MAX];
    size_t offset[EO_ARENA_MAX], greedy, best, planned;
    struct eo_rng rng;
    int optimal = 0, close = 0, bounded = 0, wrong = 0, missed = 0, many = 0;

    eo_rng_init(&rng, 12, EO_RNG_SYNTHETIC);
    for (int i = 0; i < 2000; i++) {
        int count = 3 + (int)eo_rng_below(&rng, EO_ARENA_EXACT - 2);

        random_tensors(&rng, t, count, 1000);
        greedy = eo_arena_place_greedy(t, count, offset);
        wrong += judge(t, count, offset, greedy) != NULL;
        best = eo_arena_place_exact(t, count, offset);
        wrong += judge(t, count, offset, best) != NULL;
        planned = eo_arena_place(t, count, offset);
        wrong += judge(t, count, offset, planned) != NULL;
        missed += planned != best;
        optimal += greedy == best;
        close += greedy * 100 <= best * 101;
        bounded += best == eo_arena_lower_bound(t, count);
    }
    check_that(!wrong, "%d of 6000 placements of 3 to %d tensors are no placements", wrong, EO_ARENA_EXACT);
    check_that(!missed, "%d of 2000 plans are above the optimum", missed);
    printf("2000 random graphs of 3 to %d tensors: the greedy plan is an optimum in %.1f %%, within 1 %% of "
           "it in %.1f %%; "
           "the optimum is at the lower bound in %.1f %%; the plan is an optimum in %.1f %%\n",
           EO_ARENA_EXACT, optimal / 20.0, close / 20.0, bounded / 20.0, 100 - missed / 20.0);
    for (int i = 0; i < 200; i++) {
        int count = EO_ARENA_EXACT + 1 + (int)eo_rng_below(&rng, EO_ARENA_MAX - EO_ARENA_EXACT);

        random_tensors(&rng, t, count, 1000);
        planned = eo_arena_place(t, count, offset);
        many += judge(t, count, offset, planned) != NULL;
    }
    check_that(!many, "%d of 200 placements of more tensors are no placements", many);
}

/* ---- the network's plans --------------------------------------------------------------------------------------- */

static size_t arena_bytes(const struct eo_shape *s, enum eo_precision precision, enum eo_arena_form form)
{
    struct eo_network net;

    eo_network_smallcnn(&net, s->c1, s->c2);
    return eo_arena_bytes(&net, precision, form);
}

/* Peak activations of the five pruning levels, by hand: the largest input and output of one operation. */
static void test_table(void)
{
    static const struct {
        int c1, c2;
        size_t unfused, unfused_s8, fused, fused_s8;
    } row[] = {
        {16, 32, 62720, 15680, 18816, 4704}, {12, 24, 47040, 11760, 14112, 3528},
        {11, 22, 43120, 10780, 12936, 3234}, {8, 16, 31360, 7840, 9408, 2352},
        {5, 10, 19600, 4900, 7056, 1764},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct eo_shape s = {row[i].c1, row[i].c2};
        size_t found[4] = {
            arena_bytes(&s, EO_FP32, EO_ARENA_UNFUSED), arena_bytes(&s, EO_INT8, EO_ARENA_UNFUSED),
            arena_bytes(&s, EO_FP32, EO_ARENA_FUSED), arena_bytes(&s, EO_INT8, EO_ARENA_FUSED)};

        check_that(found[0] == row[i].unfused && found[1] == row[i].unfused_s8 && found[2] == row[i].fused &&
                       found[3] == row[i].fused_s8,
                   "%d/%d: expected %zu %zu %zu %zu, found %zu %zu %zu %zu", s.c1, s.c2, row[i].unfused,
                   row[i].unfused_s8, row[i].fused, row[i].fused_s8, found[0], found[1], found[2], found[3]);
        check_that(arena_bytes(&s, EO_FP16, EO_ARENA_UNFUSED) * 2 == row[i].unfused &&
                       arena_bytes(&s, EO_FP16, EO_ARENA_FUSED) * 2 == row[i].fused,
                   "%d/%d: fp16 is not half of fp32", s.c1, s.c2);
    }
}

/* The largest input and output of a fused layer of SmallCNN, in bytes. */
static size_t peak_of(const struct eo_shape *s, enum eo_precision precision)
{
    size_t peak = 0;

    for (int l = 0; l < EO_SMALLCNN_LAYERS; l++) {
        enum eo_smallcnn_layer layer = (enum eo_smallcnn_layer)l;
        size_t element = (size_t)eo_precision_activation_bytes(precision);
        size_t input = l == 0 ? 784 : eo_shape_output_elements(s, (enum eo_smallcnn_layer)(l - 1));
        size_t bytes =
            input * element + eo_shape_output_elements(s, layer) * (layer == EO_CLASSIFIER ? 4 : element);

        peak = bytes > peak ? bytes : peak;
    }
    return peak;
}

/* What is wrong with the plan of one shape, or NULL. */
static const char *judge_shape(const struct eo_shape *s, enum eo_precision precision, enum eo_arena_form form)
{
    struct eo_arena_graph g;
    struct eo_arena_plan plan;
    size_t offset[EO_ARENA_MAX];
    struct eo_network net;
    const char *wrong;

    eo_network_smallcnn(&net, s->c1, s->c2);
    eo_arena_graph_make(&g, &net, precision, form);
    eo_arena_plan_make(&plan, &g);
    wrong = judge(g.tensor, g.tensor_count, plan.offset, plan.bytes);
    if (wrong)
        return wrong;
    if (form == EO_ARENA_FUSED && plan.bytes != peak_of(s, precision))
        return "not the shape's peak of activations";
    if (plan.bytes != eo_arena_place_exact(g.tensor, g.tensor_count, offset))
        return "not what exhaustive search finds";
    return plan.bytes > eo_arena_lower_bound(g.tensor, g.tensor_count) ? "above the lower bound" : NULL;
}

static void test_shapes(void)
{
    struct eo_shape s;
    int f, shapes = 0, wrong = 0;

    for (s.c1 = 1; s.c1 <= EO_MAX_C1; s.c1++) {
        for (s.c2 = 1; s.c2 <= EO_MAX_C2; s.c2 += s.c2 < 34 ? 1 : 13, shapes++) {
            for (int p = 0; p < EO_PRECISION_COUNT * EO_ARENA_FORMS; p++) {
                const char *why;

                f = p / EO_PRECISION_COUNT;
                why = judge_shape(&s, (enum eo_precision)(p % EO_PRECISION_COUNT), (enum eo_arena_form)f);
                if (why && wrong++ < 5)
                    printf("%d/%d, precision %d, form %d: %s\n", s.c1, s.c2, p % EO_PRECISION_COUNT, f, why);
            }
        }
    }
    check_that(!wrong, "%d of %d plans are wrong", wrong, shapes * EO_PRECISION_COUNT * EO_ARENA_FORMS);
    printf("%d shapes, %d precisions, 2 forms: each plan at the lower bound and at the exhaustive optimum\n",
           shapes, EO_PRECISION_COUNT);
}

/*
 * Values that must be kept at once. Those of MLPerf Tiny have no pooling but the mean, so both forms need the same.
 * ResNet-8: what block1.conv2 reads, adds and writes, 16 channels of 32 x 32 each. DS-CNN: 64 channels of 25 x 5 at
 * both ends of a layer. MobileNet: a pointwise layer from 8 to 16 channels of 48 x 48. LeNet-5: 6 channels of 14 x 14
 * beside the input or, with a whole map, beside 6 of 28 x 28.
 */
static void test_networks(void)
{
    static const struct {
        const char *name;
        size_t fused, unfused;
    } rows[] = {
        {"resnet8", 49152, 49152},
        {"ds-cnn", 16000, 16000},
        {"mobilenet-v1-0.25", 55296, 55296}, /* by size alone it would be 64,512 */
        {"lenet5", 1960, 5880},
        {"input 40x30x1; a: depthwise 3x1; b: conv 128 1x1 relu; c: depthwise 5x1; d: conv 128 1x1 relu; "
         "e: depthwise 10x1; f: conv 128 1x1 relu; g: depthwise 15x1; h: conv 32 1x1 relu; z: linear 3",
         6656, 6656}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct eo_network net;
        struct eo_err err = {""};
        int rc = eo_network_preset(&net, rows[i].name, NULL) && eo_network_parse(&net, rows[i].name, &err);

        check_that(rc == 0, "%s: %s", rows[i].name, err.msg);
        for (int p = 0; p < EO_PRECISION_COUNT; p++) {
            size_t size = (size_t)eo_precision_activation_bytes((enum eo_precision)p);
            size_t fused = eo_arena_bytes(&net, (enum eo_precision)p, EO_ARENA_FUSED);
            size_t unfused = eo_arena_bytes(&net, (enum eo_precision)p, EO_ARENA_UNFUSED);

            check_that(fused == rows[i].fused * size && unfused == rows[i].unfused * size,
                       "%s, %d bytes each: expected %zu and %zu values, found %zu and %zu bytes",
                       rows[i].name, (int)size, rows[i].fused, rows[i].unfused, fused, unfused);
        }
    }
}

static void test_lifetimes(void)
{
    static const struct {
        const char *name;
        int first, last;
    } fused[] = {{"input", 0, 1}, {"conv1", 1, 2}, {"conv2", 2, 3}, {"logits", 3, 3}},
      unfused[] = {{"input", 0, 1},     {"conv1 map", 1, 2}, {"conv1", 2, 3},
                   {"conv2 map", 3, 4}, {"conv2", 4, 5},     {"logits", 5, 5}};
    struct eo_network net;
    struct eo_arena_graph g[2];

    eo_network_smallcnn(&net, 16, 32);
    eo_arena_graph_make(&g[0], &net, EO_INT8, EO_ARENA_FUSED);
    eo_arena_graph_make(&g[1], &net, EO_INT8, EO_ARENA_UNFUSED);
    check_that(g[0].tensor_count == 4 && g[0].op_count == 4, "fused: %d tensors", g[0].tensor_count);
    check_that(g[1].tensor_count == 6 && g[1].op_count == 6, "unfused: %d tensors", g[1].tensor_count);
    for (int i = 0; i < 10; i++) {
        const struct eo_arena_tensor *t = i < 4 ? &g[0].tensor[i] : &g[1].tensor[i - 4];
        int first = i < 4 ? fused[i].first : unfused[i - 4].first,
            last = i < 4 ? fused[i].last : unfused[i - 4].last;

        check_text("tensor", i < 4 ? fused[i].name : unfused[i - 4].name, t->name);
        check_that(t->first == first && t->last == last, "%s: lives from %d to %d, expected %d to %d",
                   t->name, t->first, t->last, first, last);
        check_that(t->align == (strcmp(t->name, "logits") == 0 ? 4 : 1), "%s: alignment %zu", t->name,
                   t->align);
    }
}

/* ---- the network in its arena ---------------------------------------------------------------------------------- */

struct setting {
    struct eo_model m;
    struct eo_arena_graph g;
    struct eo_arena_plan plan;
    uint8_t pixels[EO_IMAGE_PIXELS];
    union eo_score scores[EO_CLASSES];
    struct eo_arena_check check;
    struct eo_err err;
    char what[64];
};

static void set_up(struct setting *s, enum eo_precision precision, int c1, int c2, enum eo_arena_form form)
{
    memset(s, 0, sizeof(*s));
    random_model(&s->m, precision, c1, c2, (uint64_t)(c1 * 7 + c2));
    /* The output of a convolution that is not yet above zero has somewhere to go. */
    if (eo_precision_is_integer(precision)) {
        s->m.layer[EO_CONV2].input_zero_point = 37;
        s->m.layer[EO_CLASSIFIER].input_zero_point = 5;
        s->m.layer[EO_CONV2].input_scale = 4.0f / 127;
        s->m.layer[EO_CLASSIFIER].input_scale = 4.0f / 127;
    }
    random_pixels(s->pixels, EO_IMAGE_PIXELS, (uint64_t)c1);
    eo_arena_graph_make(&s->g, &s->m.network, precision, form);
    eo_arena_plan_make(&s->plan, &s->g);
    snprintf(s->what, sizeof(s->what), "%s %d/%d %s", eo_precision_name(precision), c1, c2,
             eo_arena_form_name(form));
}

static int run(struct setting *s)
{
    return eo_arena_run(&s->m, &s->g, &s->plan, s->pixels, s->scores, &s->check, &s->err);
}

static void expect_engine(const struct setting *s, union eo_score *scores)
{
    struct eo_err err;
    struct eo_infer *inf = eo_infer_new(&s->m, EO_ISA_GENERIC, 1, &err);

    if (!inf) {
        printf("%s: %s\n", s->what, err.msg);
        exit(1);
    }
    eo_infer_run(inf, s->pixels, 1, scores);
    eo_infer_free(inf);
}

/* The engine's scores, and every byte of the arena is put to use. */
static void test_run(enum eo_precision precision, int c1, int c2, enum eo_arena_form form)
{
    union eo_score expected[EO_CLASSES];
    struct setting s;
    int rc;

    set_up(&s, precision, c1, c2, form);
    expect_engine(&s, expected);
    rc = run(&s);
    check_that(rc == 0 && s.check.fault == EO_ARENA_SOUND, "%s: %s", s.what, s.err.msg);
    check_that(memcmp(s.scores, expected, sizeof(expected)) == 0, "%s: not the engine's scores", s.what);
    check_that(s.check.high_water == s.plan.bytes && s.check.written == s.plan.bytes,
               "%s: %zu of %zu bytes written, the highest at %zu", s.what, s.check.written, s.plan.bytes,
               s.check.high_water);
    random_model_release(&s.m);
}

/* The plan of one byte less, by moving down what reaches highest. */
static void test_squeezed(enum eo_precision precision, int c1, int c2, enum eo_arena_form form)
{
    struct setting s;
    int rc;

    set_up(&s, precision, c1, c2, form);
    s.plan.bytes--;
    for (int i = 0; i < s.g.tensor_count; i++)
        s.plan.offset[i] -= s.plan.offset[i] + s.g.tensor[i].bytes > s.plan.bytes;
    rc = run(&s);
    check_that(rc && s.check.fault == EO_ARENA_OVERLAP && s.check.operation && s.check.tensor,
               "%s: one byte less, an overlap: fault %d", s.what, (int)s.check.fault);
    random_model_release(&s.m);
}

/* The arena of one byte less, with the plan as it was: the last byte lies in the red zone. */
static void test_truncated(enum eo_precision precision, int c1, int c2, enum eo_arena_form form)
{
    struct setting s;
    int rc;

    set_up(&s, precision, c1, c2, form);
    s.plan.bytes--;
    rc = run(&s);
    check_that(rc && s.check.fault == EO_ARENA_STRAY && !s.check.tensor &&
                   s.check.byte == (ptrdiff_t)s.plan.bytes,
               "%s: one byte less: fault %d at byte %td of the arena, expected byte %zu", s.what,
               (int)s.check.fault, s.check.byte, s.plan.bytes);
    random_model_release(&s.m);
}

static void test_network(void)
{
    static const struct eo_shape shape[] = {{16, 32}, {5, 10}, {1, 1}, {3, 7}, {9, 2}};

    for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
        for (int p = 0; p < EO_PRECISION_COUNT; p++) {
            for (int f = 0; f < EO_ARENA_FORMS; f++) {
                test_run((enum eo_precision)p, shape[i].c1, shape[i].c2, (enum eo_arena_form)f);
                test_squeezed((enum eo_precision)p, shape[i].c1, shape[i].c2, (enum eo_arena_form)f);
                test_truncated((enum eo_precision)p, shape[i].c1, shape[i].c2, (enum eo_arena_form)f);
            }
        }
    }
}

/* Infinities and NaN on the way: the two steps and the one end in the same bits. */
static void test_overflow(void)
{
    union eo_score expected[EO_CLASSES];
    struct setting s;
    int rc;

    for (int p = EO_FP32; p <= EO_FP16; p++) {
        for (int f = 0; f < EO_ARENA_FORMS; f++) {
            set_up(&s, (enum eo_precision)p, 4, 5, (enum eo_arena_form)f);
            for (int i = 0; i < 36; i++) {
                if (p == EO_FP32)
                    s.m.layer[EO_CONV1].weight.f32[i] *= 3e38f;
                else
                    s.m.layer[EO_CONV1].weight.f16[i] |= 0x7800;
            }
            expect_engine(&s, expected);
            rc = run(&s);
            check_that(rc == 0 && memcmp(s.scores, expected, sizeof(expected)) == 0,
                       "%s, overflow: not the engine's: %s", s.what, s.err.msg);
            random_model_release(&s.m);
        }
    }
}

/* Plans and graphs that are wrong otherwise: what each is caught by. */
static void check_fault(struct setting *s, enum eo_arena_fault fault, const char *operation,
                        const char *tensor, ptrdiff_t byte, const char *message)
{
    int rc = run(s);

    check_that(rc && s->check.fault == fault && s->check.byte == byte,
               "expected fault %d at byte %td, found %d at %td", (int)fault, byte, (int)s->check.fault,
               s->check.byte);
    check_text("operation", operation, s->check.operation);
    check_text("tensor", tensor, s->check.tensor); /* NULL is "(null)" */
    check_text("message", message, s->err.msg);
    random_model_release(&s->m);
}

static void test_faults(void)
{
    struct setting s;

    set_up(&s, EO_INT8, 16, 32, EO_ARENA_FUSED); /* all at the same place */
    memset(s.plan.offset, 0, sizeof(s.plan.offset));
    check_fault(&s, EO_ARENA_OVERLAP, "conv1", "input", 0,
                "operation 'conv1' writes where a tensor lives: byte 0 of 'input'");

    set_up(&s, EO_FP32, 16, 32, EO_ARENA_FUSED); /* the first byte of conv2 is the last of conv1 */
    s.plan.offset[1] = 0;
    s.plan.offset[2] = s.g.tensor[1].bytes - 1;
    s.plan.offset[0] = s.g.tensor[1].bytes;
    check_fault(&s, EO_ARENA_OVERLAP, "conv2", "conv1", (ptrdiff_t)s.g.tensor[1].bytes - 1,
                "operation 'conv2' writes where a tensor lives: byte 12543 of 'conv1'");

    set_up(&s, EO_INT8, 5, 10, EO_ARENA_UNFUSED); /* a tensor that is larger than planned for */
    s.g.tensor[1].bytes -= 3;
    s.plan.offset[1] = 0;
    s.plan.offset[0] = s.g.tensor[1].bytes;
    check_fault(&s, EO_ARENA_STRAY, "conv1", "input", 0,
                "operation 'conv1' writes beyond its output: byte 0 of 'input'");

    set_up(&s, EO_INT8, 5, 10, EO_ARENA_FUSED); /* nothing that lives behind it */
    s.g.tensor[3].bytes = 39;
    s.plan.offset[3] = 0;
    s.plan.offset[2] = 100;
    s.plan.offset[1] = 784;
    s.plan.offset[0] = 0;
    check_fault(&s, EO_ARENA_STRAY, "classifier", "(null)", 39,
                "operation 'classifier' writes beyond its output: byte 39 of the arena");

    set_up(&s, EO_FP16, 4, 3, EO_ARENA_FUSED); /* a byte more than is written */
    s.g.tensor[2].bytes++;
    eo_arena_plan_make(&s.plan, &s.g);
    check_fault(&s, EO_ARENA_UNDEFINED, "conv2", "conv2", 294,
                "operation 'conv2' leaves undefined: byte 294 of 'conv2'");

    set_up(&s, EO_FP32, 4, 3,
           EO_ARENA_UNFUSED); /* the input forgotten too early: scores of what lies there now */
    s.g.tensor[0].last = 0;
    eo_arena_plan_make(&s.plan, &s.g);
    check_fault(&s, EO_ARENA_UNDEFINED, "conv1", "conv1 map", 0,
                "operation 'conv1' leaves undefined: byte 0 of 'conv1 map'");
}

static void test_plans_refused(void)
{
    struct setting s;
    int rc;

    set_up(&s, EO_INT8, 2, 2, EO_ARENA_FUSED);
    s.plan.offset[0] = s.plan.bytes;
    rc = run(&s);
    check_that(rc == -1, "a tensor beyond the arena: accepted");
    check_text("a tensor beyond the arena",
               "tensor 'input': expected a place within 1176 bytes, found 784 bytes at 1176", s.err.msg);
    s.plan.offset[0] = (size_t)-1;
    check_that(run(&s) == -1 && s.check.fault == EO_ARENA_SOUND, "an offset that overflows: accepted");
    random_model_release(&s.m);
}

static void must(int rc, const struct eo_err *err)
{
    if (rc) {
        printf("stopped: %s\n", err->msg);
        exit(1);
    }
}

/* A network of random weights; of integers, what the conversion makes of it. */
static void make_network(struct eo_model *m, const char *text, enum eo_precision precision, uint8_t *pixels)
{
    struct eo_quant_options opt = {
        .precision = precision, .batch_size = 1, .batches = 1, .isa = EO_ISA_GENERIC};
    static struct eo_calibration cal;
    static struct eo_network net;
    struct eo_images images = {.pixels = pixels, .count = 1};
    struct eo_model floats = {0};
    struct eo_err err = {""};
    struct eo_rng rng;

    for (int l = 0; l < EO_NETWORK_LAYERS; l++) /* read for EO_MIXED alone */
        opt.weight_bits[l] = l % 2 ? 4 : 8;
    must(eo_network_parse(&net, text, &err), &err);
    must(eo_model_init_network(&floats, precision == EO_FP16 ? EO_FP16 : EO_FP32, &net, &err), &err);
    eo_rng_init(&rng, 3, EO_RNG_INIT);
    fill(&floats, &rng);
    random_pixels(pixels, eo_dims_elements(net.input), 4);
    *m = floats;
    if (!eo_precision_is_integer(precision))
        return;
    must(eo_calibration_run(&cal, &floats, &images, &opt, &err) ||
             eo_quant_integers(&floats, &cal, &opt, m, &err),
         &err);
    eo_model_release(&floats);
}

/* The engine's scores in the arenas of both forms, for networks of every operation, tail and edge. */
static void test_verify_network(const char *text, enum eo_precision precision)
{
    static uint8_t pixels[4096];
    union eo_score expected[16];
    size_t bytes[EO_ARENA_FORMS] = {0};
    struct eo_err err = {""};
    struct eo_infer *inf;
    struct eo_model m;

    make_network(&m, text, precision, pixels);
    inf = eo_infer_new(&m, EO_ISA_GENERIC, 1, &err);
    must(inf == NULL, &err);
    eo_infer_run(inf, pixels, 1, expected);
    check_that(eo_arena_verify(&m, pixels, expected, bytes, &err) == 0, "%s of %s: %s",
               eo_precision_name(precision), text, err.msg);
    check_that(bytes[0] == eo_arena_bytes(&m.network, precision, EO_ARENA_FUSED) && bytes[1] >= bytes[0],
               "%s of %s: %zu and %zu bytes", eo_precision_name(precision), text, bytes[0], bytes[1]);
    eo_infer_free(inf);
    eo_model_release(&m);
}

static void test_verify(void)
{
    union eo_score expected[EO_CLASSES];
    size_t bytes[EO_ARENA_FORMS] = {0};
    struct setting s;

    for (int p = 0; p < EO_PRECISION_COUNT; p++) {
        size_t size = (size_t)eo_precision_activation_bytes((enum eo_precision)p);

        set_up(&s, (enum eo_precision)p, 16, 32, EO_ARENA_FUSED);
        expect_engine(&s, expected);
        check_that(eo_arena_verify(&s.m, s.pixels, expected, bytes, &s.err) == 0, "%s: %s", s.what,
                   s.err.msg);
        check_that(bytes[0] == 4704 * size && bytes[1] == 15680 * size, "%s: %zu and %zu bytes", s.what,
                   bytes[0], bytes[1]);
        expected[9].s32 ^= 1;
        check_that(eo_arena_verify(&s.m, s.pixels, expected, bytes, &s.err) == -1,
                   "%s: other scores accepted", s.what);
        random_model_release(&s.m);
    }
    check_text("other scores",
               "fused graph: expected the engine's scores in an arena of 4704 bytes, found others",
               s.err.msg);
}

int main(void)
{
    test_exact();
    test_planner();
    test_table();
    test_shapes();
    test_networks();
    test_lifetimes();
    test_network();
    test_overflow();
    test_faults();
    test_plans_refused();
    test_verify();
    for (size_t i = 0; i < NETWORKS; i++) {
        for (int p = 0; p < EO_PRECISION_COUNT; p++)
            test_verify_network(networks[i], (enum eo_precision)p);
    }
    return check_report("test_arena");
}
