#include "stage/explore/best.h"

#include <math.h>

#include "base/stats.h"
#include "format/json.h"

static const char *const limit_names[EO_BEST_LIMITS] = {"flash_bytes", "ram_bytes", "latency_ms"};

/* A point, and how it compares with the answer: p and difference are null of the answer itself and without one. */
static void put_point(struct eo_json *j, const char *key, const struct eo_explore_row *r,
                      const struct eo_explore_row *answer, const struct eo_best_question *q)
{
    double accuracy = eo_explore_accuracy(&r->chosen), low = NAN, high = NAN, p = NAN, more = NAN;

    if (r->unseen.images)
        eo_stats_wilson95(r->unseen.correct, r->unseen.images, &low, &high);
    if (answer && r != answer) {
        p = eo_explore_mcnemar(r, answer);
        more = accuracy - eo_explore_accuracy(&answer->chosen);
    }
    eo_json_open(j, key, '{');
    eo_json_text(j, "point", r->name);
    eo_json_double(j, "accuracy", accuracy);
    eo_json_int(j, "images", (long long)r->chosen.images);
    eo_json_double(j, "accuracy_difference", more);
    eo_json_double(j, "p", p);
    eo_json_double(j, "unseen_accuracy", eo_explore_accuracy(&r->unseen));
    eo_json_double(j, "unseen_accuracy_ci95_low", low);
    eo_json_double(j, "unseen_accuracy_ci95_high", high);
    eo_json_int(j, "unseen_images", (long long)r->unseen.images);
    eo_json_count(j, "tensor_bytes", r->tensor_bytes);
    eo_json_count(j, "flash_bytes", r->cost[q->core].flash_bytes);
    eo_json_count(j, "ram_bytes", r->cost[q->core].ram_bytes);
    eo_json_count(j, "instructions", r->cost[q->core].instructions);
    eo_json_double(j, "latency_ms", q->ms_per_instruction > 0 ? eo_best_cost(r, q, EO_BEST_LATENCY) : NAN);
    eo_json_close(j);
}

static void put_point_or_null(struct eo_json *j, const char *key, const struct eo_explore_row *r,
                              const struct eo_explore_row *answer, const struct eo_best_question *q)
{
    if (r)
        put_point(j, key, r, answer, q);
    else
        eo_json_null(j, key);
}

/* `answer` is NULL where nothing is within the limits; what would do is then `least`. */
static void put_limit(struct eo_json *j, const struct eo_explore_table *t, const struct eo_best_question *q,
                      const struct eo_explore_row *answer, int limit)
{
    int has_price = answer && q->accuracy == 0;

    eo_json_open(j, NULL, '{');
    eo_json_text(j, "limit", limit_names[limit]);
    eo_json_double(j, "at_most", q->limit[limit]);
    eo_json_int(j, "points_without_it", (long long)eo_best_unknown(t, q, limit));
    eo_json_double(j, "used", answer ? eo_best_cost(answer, q, limit) : NAN);
    put_point_or_null(j, "without", answer ? eo_best_without(t, q, limit) : NULL, answer, q);
    put_point_or_null(j, "next", has_price ? eo_best_next(t, q, answer, limit, 0) : NULL, answer, q);
    put_point_or_null(j, "next_certain", has_price ? eo_best_next(t, q, answer, limit, 1) : NULL, answer, q);
    put_point_or_null(j, "least", answer ? NULL : eo_best_least(t, q, limit), NULL, q);
    eo_json_close(j);
}

static void put_hypervolume(struct eo_json *j, const char *const keys[3], const struct eo_hypervolume *v)
{
    eo_json_double(j, keys[0], v->value);
    eo_json_double(j, keys[1], v->low);
    eo_json_double(j, keys[2], v->high);
}

static void put_frontier(struct eo_json *j, const struct eo_frontier *f)
{
    static const char *const costs[EO_FRONTIER_COSTS] = {"flash_bytes", "ram_bytes", "instructions"},
                             *const chosen[] = {"hypervolume", "hypervolume_ci95_low",
                                                "hypervolume_ci95_high"},
                             *const unseen[] = {"unseen_hypervolume", "unseen_hypervolume_ci95_low",
                                                "unseen_hypervolume_ci95_high"};

    if (!f) {
        eo_json_null(j, "frontier");
        return;
    }
    eo_json_open(j, "frontier", '{');
    eo_json_int(j, "points", (long long)f->count);
    eo_json_int(j, "points_with_costs", (long long)f->known);
    put_hypervolume(j, chosen, &f->chosen);
    put_hypervolume(j, unseen, &f->unseen);
    eo_json_open(j, "asked", '[');
    for (int k = 0; k < EO_FRONTIER_COSTS; k++) {
        eo_json_open(j, NULL, '{');
        eo_json_text(j, "limit", costs[k]);
        eo_json_count(j, "least", f->least[k]);
        eo_json_count(j, "most", f->most[k]);
        eo_json_close(j);
    }
    eo_json_close(j);
    eo_json_close(j);
}

void eo_best_put_json(const struct eo_best *best, const struct eo_explore_table *t,
                      const struct eo_best_question *q, const struct eo_frontier *f, struct eo_buf *out)
{
    const struct eo_explore_row *answer = best->count ? best->finalist[0] : NULL;
    struct eo_json j = {.out = out};

    eo_json_open(&j, NULL, '{');
    eo_json_text(&j, "core", eo_core_name(q->core));
    eo_json_double(&j, "wanted_accuracy", q->accuracy > 0 ? q->accuracy : NAN);
    eo_json_int(&j, "points", (long long)t->count);
    eo_json_int(&j, "within_limits", (long long)best->within);
    eo_json_int(&j, "rivals", (long long)best->rivals);
    eo_json_open(&j, "finalists", '[');
    for (int i = 0; i < best->count; i++)
        put_point(&j, NULL, best->finalist[i], answer, q);
    eo_json_close(&j);
    put_point_or_null(&j, "most_accurate", answer ? NULL : eo_best_without(t, q, -1), NULL, q);
    eo_json_open(&j, "limits", '[');
    for (int i = 0; i < EO_BEST_LIMITS; i++) {
        if (q->limit[i] > 0)
            put_limit(&j, t, q, answer, i);
    }
    eo_json_close(&j);
    put_frontier(&j, f);
    eo_json_close(&j);
}
