/* eo_trace, eo_changes, eo_explain: which lines of Make mean something, what changed, and that no text does harm. */
#include "stage/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/unit/check.h"

static char scratch[] = "/tmp/eo-explain-XXXXXX";

/* "stage seed stem precision target count [newer] [needs]" of each step, a line each; '!': it would run. */
static void dump(const char *text, struct eo_buf *out)
{
    char *copy = strdup(text);
    struct eo_trace t;
    size_t i;

    out->len = 0;
    eo_buf_puts(out, "");
    if (!copy || eo_trace_read(&t, "o/x", "o/x/config", copy, NULL)) {
        eo_buf_puts(out, "error");
        free(copy);
        return;
    }
    for (i = 0; i < t.step_count; i++) {
        const struct eo_trace_step *s = &t.steps[i];

        eo_buf_printf(out, "%s%s %s%s %s %s %d [%s] [%s]\n", s->is_stale ? "!" : "", s->place.stage,
                      s->place.seed, s->place.stem, s->place.precision, s->target, s->target_count, s->newer,
                      s->needs);
    }
    eo_trace_release(&t);
    free(copy);
}

static void test_read(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"Makefile:1: update target 'o/x/models/base.safetensors' due to: o/x/config/train.yaml\n",
         "!train   models/base.safetensors 1 [o/x/config/train.yaml] []\n"},
        /* the wording of Make 4.4 */
        {"Makefile:1: target 'o/x/models/base.safetensors' does not exist",
         "!train   models/base.safetensors 1 [] []\n"},
        /* a rule; what comes after '|' is no reason */
        {"o/x/models/p0.50.safetensors: a b | c d\n", "prune p0.50  models/p0.50.safetensors 0 [] [a b ]\n"},
        /* all files of a step are one; error rows do not name it */
        {"o/x/rows/p0.50.prune.err: a\no/x/models/p0.50.safetensors: b\n"
         "M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\n"
         "M:1: update target 'o/x/models/p0.50.safetensors' due to: d\n",
         "!prune p0.50  models/p0.50.safetensors 1 [d] [b]\n"},
        {"M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\no/x/models/p0.50.safetensors: b\n",
         "!prune p0.50  rows/p0.50.prune.err 0 [c] [b]\n"},
        /* stages in their order, the first seed first */
        {"o/x/sweep_results.csv: a\no/x/models/seed10/p0.50-l2-int8.safetensors: a\n"
         "o/x/models/seed9/p0.50-l2-int8.safetensors: a\no/x/models/p0.50-l2-int8.safetensors: a\n",
         "quant p0.50-l2 int8 models/p0.50-l2-int8.safetensors 0 [] [a]\n"
         "quant seed9/p0.50-l2 int8 models/seed9/p0.50-l2-int8.safetensors 0 [] [a]\n"
         "quant seed10/p0.50-l2 int8 models/seed10/p0.50-l2-int8.safetensors 0 [] [a]\n"
         "select   sweep_results.csv 0 [] [a]\n"},
        /* one session for all candidates; machine.csv stands for it, and what makes it stale counts */
        {"o/x/rows/p0.00-fp32.timing.csv: o/x/machine.csv\no/x/rows/p0.50-int8.timing.err: o/x/machine.csv\n"
         "o/x/machine.csv: a b | c\nM:1: update target 'o/x/machine.csv' due to: b\n"
         "o/x/sweep_results.csv: o/x/machine.csv\n",
         "!bench   machine.csv 1 [b] [a b ]\nselect   sweep_results.csv 0 [] [o/x/machine.csv]\n"},
        {"o/x/dataset.csv: | o/x/config/data.yaml\n", "data   dataset.csv 0 [] []\n"},
        {"o/x/config/dataset.csv: | o/x/config/data.yaml\n", "data   dataset.csv 0 [] []\n"},
        /* only what `all` needs, through others too */
        {"o/x/models/base.safetensors: o/x/dataset.csv\no/x/models/p0.50.safetensors: "
         "o/x/models/base.safetensors\n"
         "o/x/dataset.csv: a\no/x/sensitivity.csv: o/x/models/base.safetensors\nall: b "
         "o/x/models/p0.50.safetensors\n",
         "data   dataset.csv 0 [] [a]\ntrain   models/base.safetensors 0 [] [o/x/dataset.csv]\n"
         "prune p0.50  models/p0.50.safetensors 0 [] [o/x/models/base.safetensors]\n"},
        {"o/x/models/base.safetensors: a\nall: \n", ""},
        /* a Make that started over: the rules of its last database, and all that would run */
        {"M:1: update target 'o/x/dataset.csv' due to: c\n# Make data base, printed on Sun\n"
         "o/x/sweep_results.csv: a\no/x/hardware_summary.csv: a\n# Make data base, printed on Sun\n"
         "o/x/sweep_results.csv: a o/x/dataset.csv\no/x/dataset.csv: d\nall: o/x/sweep_results.csv\n",
         "!data   dataset.csv 1 [c] [d]\nselect   sweep_results.csv 0 [] [a o/x/dataset.csv]\n"},
        /* nothing of this is a step */
        {"o/y/models/base.safetensors: a\no/xmodels/base.safetensors: a\n# o/x/models/base.safetensors: a\n"
         "\to/x/models/base.safetensors: a\no/x/thesis.txt: a\no/x/config/train.yaml: "
         "a\no/x/models/base.safetensors\n"
         "M:1: update target 'o/x/models/base.safetensors\nM:1: update target ''\n"
         "X := o/x/models/base.safetensors: a\n",
         ""},
    };
    struct eo_buf out = {0};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dump(cases[i].text, &out);
        check_text(cases[i].text, cases[i].expected, out.data);
    }
    eo_buf_release(&out);
}

static void test_next(void)
{
    size_t n;
    const char *name = eo_trace_next("  ab  c ", &n);

    check_that(name && n == 2 && memcmp(name, "ab", 2) == 0, "the first name of a list");
    name = eo_trace_next(name + n, &n);
    check_that(name && n == 1 && *name == 'c', "the second");
    check_that(!eo_trace_next(name + n, &n), "no third");
}

/* Writes FOLDER/NAME below the scratch folder. */
static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    struct eo_err err;

    snprintf(path, sizeof(path), "%s/%s", scratch, folder);
    if (eo_io_mkdirs(path, &err) == 0) {
        snprintf(path, sizeof(path), "%s/%s/%s", scratch, folder, name);
        if (eo_io_write(path, text, strlen(text), &err) == 0)
            return;
    }
    printf("%s: %s\n", path, err.msg);
    exit(1);
}

static void test_changes(void)
{
    static const struct {
        const char *file, *then, *now, *expected;
    } cases[] = {
        {"train.yaml", "a: 1\nb: 2\n", "a: 1\nb: 2\n", ""},
        {"train.yaml", "a: 1\nb: 2\n", "a: 1\nb: 3\n", "b changed from 2 to 3"},
        {"train.yaml", "a: 1\nb: 2", "a: [1, 2]\nb: null",
         "a changed from 1 to [1, 2]; b changed from 2 to null"},
        {"train.yaml", "a: 1\n", "a: 1\nab: 3\n", "ab became 3"},
        {"train.yaml", "a: 1\nab: 3\n", "a: 1\n", "ab was 3 and is unset"},
        {"train.yaml", "a: 1\n", "junk\n\n: \n", " became ; a was 1 and is unset"},
        {"candidates", "EO_SEEDS := 7\nEO_LEVELS := 0.00 0.50\n",
         "EO_SEEDS := 7\nEO_LEVELS := 0.00 0.25 0.50\n", "level 0.25 was added"},
        {"candidates", "EO_SEEDS := 7 8\nEO_PRECISIONS := fp32 int8\n",
         "EO_SEEDS := 7\nEO_PRECISIONS := fp16 int8\n",
         "seed 8 was taken out; precision fp16 was added; precision fp32 was taken out"},
        {"candidates", "EO_CRITERIA := l1\n", "EO_CRITERIA := l1 taylor\n", "criterion taylor was added"},
        {"candidates", "EO_LEVELS := 0.00 0.50\n", "EO_LEVELS := 0.50 0.00\n",
         "the levels have another order"},
        {"candidates", "EO_LEVELS := 0.00\n", "", ""},
        {"dataset.csv", "dataset,part,images,sha256\nm,train,5,aa\nm,test,2,bb\n",
         "dataset,part,images,sha256\nm,train,5,ab\nm,test,2,bb\n", "the training data changed"},
        {"dataset.csv", "h\nm,train,5,aa\nm,test,2,bb\n", "h\nm,train,5,ab\nm,test,3,bb\n",
         "the training data changed; the test data changed"},
        {"dataset.csv", "h\nm,train,5,aa\nm,test,2,bb\n", "h\nm,train,5,aa\nm,test,2,bb\n", ""},
        {"dataset.csv", "", "h\nm,train,5,ab\n", "the training data changed"},
    };
    char then[64], now[64];
    struct eo_changes c = {then, now};
    size_t i;

    snprintf(then, sizeof(then), "%s/then", scratch);
    snprintf(now, sizeof(now), "%s/now", scratch);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct eo_buf out = {0};

        put("then", cases[i].file, cases[i].then);
        put("now", cases[i].file, cases[i].now);
        eo_buf_puts(&out, "");
        check_that(eo_changes_put(&c, cases[i].file, &out, NULL) == 0, "%s: fails", cases[i].now);
        check_text(cases[i].now, cases[i].expected, out.data);
        eo_buf_release(&out);
    }
}

static void test_new(void)
{
    static const struct {
        const char *path, *expected;
    } cases[] = {
        {"models/p0.50-int8.safetensors", ""},
        {"models/p0.25-int8.safetensors", "level 0.25 was added"},
        {"models/p0.250-int8.safetensors", ""},
        {"rows/seed8/p0.25-taylor-fp16.timing.csv",
         "seed 8 was added; level 0.25 was added; criterion taylor was added; precision fp16 was added"},
        {"models/seed7/p0.50.safetensors", ""},
        {"sweep_results.csv", ""},
    };
    char then[64], now[64], none[64];
    struct eo_changes c = {then, now};
    struct eo_graph_place place;
    size_t i;

    snprintf(then, sizeof(then), "%s/then", scratch);
    snprintf(now, sizeof(now), "%s/now", scratch);
    snprintf(none, sizeof(none), "%s/none", scratch);
    put("then", "candidates",
        "EO_SEEDS := 7\nEO_LEVELS := 0.00 0.50\nEO_CRITERIA := l1\nEO_PRECISIONS := fp32 int8\n");
    put("now", "candidates",
        "EO_SEEDS := 7 8\nEO_LEVELS := 0.00 0.25 0.50\nEO_CRITERIA := l1 taylor\nEO_PRECISIONS := fp32 fp16 "
        "int8\n");
    for (i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
        int is_last = i == sizeof(cases) / sizeof(cases[0]);
        struct eo_buf out = {0};

        if (is_last)
            c.then = none;
        eo_buf_puts(&out, "");
        check_that(eo_graph_place(cases[is_last ? 0 : i].path, &place) == 0 &&
                       eo_changes_put_new(&c, &place, &out, NULL) == 0,
                   "%s: fails", cases[is_last ? 0 : i].path);
        check_text(is_last ? "no earlier run" : cases[i].path, is_last ? "was never made" : cases[i].expected,
                   out.data);
        eo_buf_release(&out);
    }
}

/* Cut anywhere and with any byte changed, a text is read and explained without harm; the sanitizers look on. */
static void test_damage(void)
{
    static const char text[] =
        "M:1: update target 'o/x/models/base.safetensors' due to: o/x/config/train.yaml o/x/dataset.csv\n"
        "M:1: update target 'o/x/models/p0.50.safetensors' due to: o/x/models/base.safetensors "
        "out/bin/eo-prune\n"
        "M:1: target 'o/x/models/p0.50-int8.safetensors' does not exist\n"
        "o/x/models/p0.50.safetensors: o/x/models/base.safetensors | o/x/config\n"
        "o/x/models/p0.50-int8.safetensors: o/x/models/p0.50.safetensors o/x/dataset.csv\n"
        "o/x/sweep_results.csv: o/x/rows/p0.50-int8.accuracy.csv o/x/config/candidates\n";
    struct eo_changes c = {"/nonexistent/then", "o/x/config"};
    size_t i, k, wrong = 0;

    for (i = 0; i + 1 < sizeof(text); i++) {
        for (k = 0; k < 3; k++) {
            char *copy = strdup(text);
            struct eo_buf words = {0}, dot = {0};
            struct eo_trace t;

            copy[i] = "\0' "[k];
            if (eo_trace_read(&t, "o/x", "o/x/config", copy, NULL) ||
                eo_explain_words(&t, &c, &words, NULL) || eo_explain_dot(&t, &c, &dot, NULL))
                wrong++;
            eo_trace_release(&t);
            eo_buf_release(&words);
            eo_buf_release(&dot);
            free(copy);
        }
    }
    check_that(wrong == 0, "%zu damaged texts were refused", wrong);
}

int main(void)
{
    char command[64];

    if (!mkdtemp(scratch))
        return 1;
    test_read();
    test_next();
    test_changes();
    test_new();
    test_damage();
    snprintf(command, sizeof(command), "rm -r %s", scratch);
    if (system(command) != 0)
        failed++;
    return check_report("test_explain");
}
