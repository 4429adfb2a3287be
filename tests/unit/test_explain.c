/* eo_trace, eo_changes, eo_explain: which lines of Make mean something, what changed, and that no text does harm. */
#include "stage/pipeline/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "format/manifest.h"
#include "tests/unit/check.h"

static char scratch[] = "/tmp/eo-explain-XXXXXX";

/* "stage name target count [newer] [needs]" of each step, a line each; '!': it would run. */
static void dump(const char *text, struct eo_buf *out)
{
    static const char stages[] =
        "STAGES := data train prune quant eval bench select sensitivity hardware plots summary manifest\n";
    char *copy = malloc(sizeof(stages) + strlen(text)), name[EO_CANDIDATE_NAME];
    struct eo_trace t;

    if (copy)
        strcpy(stpcpy(copy, stages), text);
    out->len = 0;
    eo_buf_puts(out, "");
    if (!copy || eo_trace_read(&t, "o/x", "o/x/config", copy, NULL)) {
        eo_buf_puts(out, "error");
        free(copy);
        return;
    }
    for (size_t i = 0; i < t.step_count; i++) {
        const struct eo_trace_step *s = &t.steps[i];

        strcpy(name, "-");
        if (s->has_name)
            eo_candidate_name(&s->name, EO_TRACE_FIRST_SEED, name);
        eo_buf_printf(out, "%s%s %s %s %zu [%s] [%s]\n", s->is_stale ? "!" : "", s->stage, name, s->target,
                      s->target_count, s->newer, s->needs);
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
        /* a line of --trace alone is no step: the rule says which one */
        {"Makefile:1: update target 'o/x/models/base.safetensors' due to: o/x/config/train.yaml\n", ""},
        {"M:1: update target 'o/x/models/base.safetensors' due to: o/x/config/train.yaml\n"
         "o/x/models/base.safetensors: a | step/train/models/base.safetensors\n",
         "!train - models/base.safetensors 1 [o/x/config/train.yaml] [a ]\n"},
        /* the wording of Make 4.4 */
        {"M:1: target 'o/x/models/base.safetensors' does not exist\n"
         "o/x/models/base.safetensors: a | step/train/models/base.safetensors",
         "!train - models/base.safetensors 1 [] [a ]\n"},
        /* what comes after '|' is no reason */
        {"o/x/models/p0.50.safetensors: a b | c step/prune/models/p0.50.safetensors d\n",
         "prune p0.50 models/p0.50.safetensors 0 [] [a b ]\n"},
        /* all files of a step are one; error rows do not name it */
        {"o/x/rows/p0.50.prune.err: b | step/prune/models/p0.50.safetensors\n"
         "o/x/models/p0.50.safetensors: b | step/prune/models/p0.50.safetensors\n"
         "M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\n"
         "M:1: update target 'o/x/models/p0.50.safetensors' due to: d\n",
         "!prune p0.50 models/p0.50.safetensors 1 [d] [b ]\n"},
        {"M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\n"
         "o/x/rows/p0.50.prune.err: b | step/prune/models/p0.50.safetensors\n"
         "o/x/models/p0.50.safetensors: b | step/prune/models/p0.50.safetensors\n",
         "!prune p0.50 rows/p0.50.prune.err 0 [c] [b ]\n"},
        /* a file that Make names twice counts once; what is no error row names the step */
        {"M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\n"
         "M:1: update target 'o/x/rows/p0.50.prune.err' due to: c\n"
         "M:1: update target 'o/x/rows/p0.50.log' due to: d\n"
         "M:1: update target 'o/x/rows/p0.50.aux' due to: e\n"
         "o/x/rows/p0.50.aux: b | step/prune/models/p0.50.safetensors\n"
         "o/x/rows/p0.50.prune.err: b | step/prune/models/p0.50.safetensors\n"
         "o/x/rows/p0.50.log: b | step/prune/models/p0.50.safetensors\n",
         "!prune p0.50 rows/p0.50.aux 2 [e] [b ]\n"},
        {"M:1: update target 'o/x/a' due to: b\nM:1: update target 'o/x/a' due to: b\n"
         "o/x/a: b |step/train/a\n",
         "!train - a 1 [b] [b ]\n"},
        /* stages in their order, the first seed first */
        {"o/x/sweep_results.csv: a | step/select/sweep_results.csv\n"
         "o/x/models/seed10/p0.50-l2-int8.safetensors: a | "
         "step/quant/models/seed10/p0.50-l2-int8.safetensors\n"
         "o/x/models/seed9/p0.50-l2-int8.safetensors: a | step/quant/models/seed9/p0.50-l2-int8.safetensors\n"
         "o/x/models/p0.50-l2-int8.safetensors: a | step/quant/models/p0.50-l2-int8.safetensors\n",
         "quant p0.50-l2-int8 models/p0.50-l2-int8.safetensors 0 [] [a ]\n"
         "quant seed9/p0.50-l2-int8 models/seed9/p0.50-l2-int8.safetensors 0 [] [a ]\n"
         "quant seed10/p0.50-l2-int8 models/seed10/p0.50-l2-int8.safetensors 0 [] [a ]\n"
         "select - sweep_results.csv 0 [] [a ]\n"},
        /* a stage that STAGES does not have comes last */
        {"o/x/a: a | step/zoo/a\no/x/b: a | step/manifest/b\n",
         "manifest - b 0 [] [a ]\nzoo - a 0 [] [a ]\n"},
        /* files without a step of their own, as the rows of a session */
        {"o/x/rows/p0.00-fp32.timing.csv: o/x/machine.csv\n"
         "o/x/machine.csv: a b | c step/bench/machine.csv\nM:1: update target 'o/x/machine.csv' due to: b\n",
         "!bench - machine.csv 1 [b] [a b ]\n"},
        {"o/x/dataset.csv: | o/x/config/data.yaml step/data/dataset.csv\n", "data - dataset.csv 0 [] []\n"},
        {"o/x/config/dataset.csv: | o/x/config/data.yaml step/data/dataset.csv\n",
         "data - dataset.csv 0 [] []\n"},
        /* only what `all` needs, through others too */
        {"o/x/models/base.safetensors: o/x/dataset.csv | step/train/models/base.safetensors\n"
         "o/x/models/p0.50.safetensors: o/x/models/base.safetensors | step/prune/models/p0.50.safetensors\n"
         "o/x/dataset.csv: a | step/data/dataset.csv\n"
         "o/x/sensitivity.csv: o/x/models/base.safetensors | step/sensitivity/sensitivity.csv\n"
         "all: b o/x/models/p0.50.safetensors\n",
         "data - dataset.csv 0 [] [a ]\ntrain - models/base.safetensors 0 [] [o/x/dataset.csv ]\n"
         "prune p0.50 models/p0.50.safetensors 0 [] [o/x/models/base.safetensors ]\n"},
        {"o/x/models/base.safetensors: a | step/train/models/base.safetensors\nall: \n", ""},
        {"o/x/a: a | step/train/a\no/x/b: a | step/train/b\nall: o/x/a | o/x/b\nall: o/x/b\n",
         "train - b 0 [] [a ]\n"},
        /* a Make that started over: the rules of its last database, and all that would run */
        {"M:1: update target 'o/x/dataset.csv' due to: c\n# Make data base, printed on Sun\n"
         "o/x/sweep_results.csv: a | step/select/sweep_results.csv\n"
         "o/x/hardware_summary.csv: a | step/hardware/hardware_summary.csv\n# Make data base, printed on "
         "Sun\n"
         "o/x/sweep_results.csv: a o/x/dataset.csv | step/select/sweep_results.csv\n"
         "o/x/dataset.csv: d | step/data/dataset.csv\nall: o/x/sweep_results.csv\n",
         "!data - dataset.csv 1 [c] [d ]\nselect - sweep_results.csv 0 [] [a o/x/dataset.csv ]\n"},
        /* nothing of this is a step */
        {"o/y/a: a | step/train/a\no/xmodels/a: a | step/train/a\n# o/x/a: a | step/train/a\n"
         "\to/x/a: a | step/train/a\no/x/a: a\no/x/a: a | b\no/x/a: a | mystep/train/a\no/x/a: a | "
         "step/train\n"
         "o/x/a: a | step/train b/c\no/x/a\nM:1: update target 'o/x/a\nM:1: update target ''\n",
         ""},
    };
    struct eo_buf out = {0};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dump(cases[i].text, &out);
        check_text(cases[i].text, cases[i].expected, out.data);
    }
    eo_buf_release(&out);
}

/* A name that is longer than any of ours is of no step. */
static void test_long(void)
{
    char name[EO_MANIFEST_PATH_MAX + 8], text[3 * sizeof(name)], expected[3 * sizeof(name)];
    struct eo_buf out = {0};

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(text, sizeof(text), "o/x/b: o/x/%s | step/train/b\nall: o/x/b\n", name);
    snprintf(expected, sizeof(expected), "train - b 0 [] [o/x/%s ]\n", name);
    dump(text, &out);
    check_text("a long name", expected, out.data);
    eo_buf_release(&out);
}

static void test_steps(void)
{
    char text[] =
        "STAGES := train prune\n"
        "o/x/rows/p0.50.prune.err: b | step/prune/models/p0.50.safetensors\n"
        "o/x/models/p0.50.safetensors: o/x/models/base.safetensors o/x/config/prune.yaml o/x/dataset.csv | "
        "step/prune/models/p0.50.safetensors\n"
        "o/x/models/base.safetensors: a | step/train/models/base.safetensors\n";
    struct eo_buf out = {0};
    struct eo_trace t;

    check_that(eo_trace_read(&t, "o/x", "o/x/config", text, NULL) == 0 &&
                   eo_explain_steps(&t, &out, NULL) == 0,
               "steps: fails");
    check_text("steps",
               "train: models/base.safetensors <- a\n"
               "prune: models/p0.50.safetensors rows/p0.50.prune.err <- models/base.safetensors "
               "config/prune.yaml dataset.csv\n",
               out.data);
    eo_trace_release(&t);
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

    snprintf(then, sizeof(then), "%s/then", scratch);
    snprintf(now, sizeof(now), "%s/now", scratch);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
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
        const char *name, *expected;
    } cases[] = {
        {"p0.50-int8", ""},
        {"p0.25-int8", "level 0.25 was added"},
        {"p0.25", "level 0.25 was added"},
        {"seed8/p0.25-taylor-fp16",
         "seed 8 was added; level 0.25 was added; criterion taylor was added; precision fp16 was added"},
        {"seed7/p0.50", ""},
        {NULL, ""},
    };
    char then[64], now[64], none[64];
    struct eo_changes c = {then, now};

    snprintf(then, sizeof(then), "%s/then", scratch);
    snprintf(now, sizeof(now), "%s/now", scratch);
    snprintf(none, sizeof(none), "%s/none", scratch);
    put("then", "candidates",
        "EO_SEEDS := 7\nEO_LEVELS := 0.00 0.50\nEO_CRITERIA := l1\nEO_PRECISIONS := fp32 int8\n");
    put("now", "candidates",
        "EO_SEEDS := 7 8\nEO_LEVELS := 0.00 0.25 0.50\nEO_CRITERIA := l1 taylor\nEO_PRECISIONS := fp32 fp16 "
        "int8\n");
    for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
        int is_last = i == sizeof(cases) / sizeof(cases[0]);
        const char *text = cases[is_last ? 0 : i].name;
        struct eo_candidate_name name;
        struct eo_buf out = {0};

        if (is_last)
            c.then = none;
        eo_buf_puts(&out, "");
        check_that((!text || eo_candidate_parse_name(text, EO_TRACE_FIRST_SEED, &name, NULL) == 0) &&
                       eo_changes_put_new(&c, text ? &name : NULL, EO_TRACE_FIRST_SEED, &out, NULL) == 0,
                   "%s: fails", text);
        check_text(is_last ? "no earlier run"
                   : text  ? text
                           : "of all",
                   is_last ? "was never made" : cases[i].expected, out.data);
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
        "STAGES := prune quant select\n"
        "o/x/models/p0.50.safetensors: o/x/models/base.safetensors | step/prune/models/p0.50.safetensors\n"
        "o/x/models/p0.50-int8.safetensors: o/x/models/p0.50.safetensors o/x/dataset.csv | "
        "step/quant/models/p0.50-int8.safetensors\n"
        "o/x/sweep_results.csv: o/x/rows/p0.50-int8.accuracy.csv o/x/config/candidates | "
        "step/select/sweep_results.csv\n";
    struct eo_changes c = {"/nonexistent/then", "o/x/config"};
    size_t wrong = 0;

    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        for (size_t k = 0; k < 3; k++) {
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
    test_long();
    test_steps();
    test_next();
    test_changes();
    test_new();
    test_damage();
    snprintf(command, sizeof(command), "rm -r %s", scratch);
    if (system(command) != 0)
        failed++;
    return check_report("test_explain");
}
