/* The estimate of the time left: what is expected of a step, by what was seen. */
#include "stage/pipeline/progress.h"

#include <math.h>
#include <string.h>

#include "tests/unit/check.h"

static struct eo_config cfg;

static void check_left(double found, double expected)
{
    check_that(fabs(found - expected) < 1e-9, "seconds left: expected %g, found %g", expected, found);
}

static struct eo_progress plan(char *text)
{
    struct eo_progress p = {0};
    struct eo_err err;

    eo_config_init(&cfg);
    cfg.epochs = 10;
    cfg.fine_tune_epochs = 5;
    check_that(eo_progress_plan(&p, text, &cfg, &err) == 0, "a plan is refused");
    return p;
}

static void ends(struct eo_progress *p, const char *id, double began, double took)
{
    struct eo_progress_step *s = eo_progress_find(p, id);

    if (check_that(s != NULL, "no step %s", id)) {
        s->began = began;
        s->took = took;
    }
}

/* Level 0 has half of the epochs of the base; half of the channels cost 0.1 + 0.9 / 4 as much. */
static void test_training(void)
{
    char text[] = "run train models/base.safetensors\nrun prune models/p0.00.safetensors\n"
                  "run prune models/p0.50.safetensors\nkeep eval rows/p0.00-fp32.accuracy.csv\n";
    struct eo_progress p = plan(text);
    struct eo_progress_counts n = eo_progress_count(&p);

    check_that(p.count == 4 && n.steps == 3 && n.done == 0, "%zu steps, %zu run, %zu done", p.count, n.steps, n.done);
    check_that(n.candidates == 1 && n.candidates_done == 1, "%zu of %zu candidates", n.candidates_done, n.candidates);
    ends(&p, "models/base.safetensors", 0, -1);
    /* a quarter is done after 10 of 40 seconds */
    check_left(eo_progress_left(&p, 10, 0.25), 30 + 20 + 20 * 0.325);
    ends(&p, "models/base.safetensors", 0, 40);
    check_left(eo_progress_left(&p, 40, -1), 20 + 20 * 0.325);
    /* the own stage is the better measure */
    ends(&p, "models/p0.00.safetensors", 40, 10);
    check_left(eo_progress_left(&p, 50, -1), 10 * 0.325);
    ends(&p, "models/p0.50.safetensors", 50, 3);
    check_left(eo_progress_left(&p, 53, -1), 0);
    eo_progress_release(&p);
}

static void test_log(void)
{
    char text[] = "run eval rows/p0.00-fp32.accuracy.csv\nrun eval rows/p0.00-int8.accuracy.csv\n"
                  "run bench machine.csv\n";
    char log[] = "3 eval rows/p0.00-fp32.accuracy.csv\nnonsense\nx eval rows/p0.00-int8.accuracy.csv\n"
                 "7.5 bench machine.csv\n4 eval rows/gone.csv\n";
    struct eo_progress p = plan(text);
    struct eo_buf out = {0};

    eo_progress_read_log(&p, log);
    ends(&p, "rows/p0.00-int8.accuracy.csv", 0, 2);
    check_left(eo_progress_left(&p, 2, -1), 3 + 7.5);
    /* two at once take half of the time, but not less than the longer one */
    ends(&p, "rows/p0.00-fp32.accuracy.csv", 2, -1);
    ends(&p, "machine.csv", 2, -1);
    check_left(eo_progress_left(&p, 3, -1), 6.5);
    eo_progress_put_log(&p, &out);
    check_text("log", "3.000 eval rows/p0.00-fp32.accuracy.csv\n2.000 eval rows/p0.00-int8.accuracy.csv\n"
                      "7.500 bench machine.csv\n", out.data);
    eo_buf_release(&out);
    eo_progress_release(&p);
}

static void test_nothing(void)
{
    char text[] = "\nrun\nrun eval\n";
    struct eo_progress p = plan(text);

    check_that(p.count == 0 && eo_progress_find(&p, "x") == NULL, "%zu steps of no plan", p.count);
    check_left(eo_progress_left(&p, 5, -1), 0);
    eo_progress_release(&p);
}

int main(void)
{
    test_training();
    test_log();
    test_nothing();
    return check_report("test_progress");
}
