#include "stage/explore/rows.h"

#include <inttypes.h>
#include <string.h>

#include "format/csv.h"

void eo_explore_put_headers(struct eo_buf *table, struct eo_buf *hits)
{
    eo_buf_puts(table, "widths,precision,seed,base_widths,training_images,epochs,parameters,macs,"
                       "tensor_bytes,images,correct,accuracy,accuracy_ci95_low,accuracy_ci95_high,"
                       "test_images,test_correct,test_accuracy,test_accuracy_ci95_low,"
                       "test_accuracy_ci95_high,");
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        const char *name = eo_core_name((enum eo_core)c);

        eo_buf_printf(table, "%s_flash_bytes,%s_ram_bytes,%s_instructions,", name, name, name);
    }
    eo_buf_puts(table, "model_sha256,error,rung,spent_images,experiment,base_experiment\n");
    eo_buf_puts(hits, "widths,precision,seed,images_sha256,hits,test_images_sha256,test_hits\n");
}

static void put_key(const struct eo_explore *e, const char *widths, enum eo_precision precision,
                    struct eo_buf *out)
{
    eo_buf_printf(out, "%s,%s,%" PRIu64 ",", widths, eo_precision_name(precision), e->cfg.seeds[0]);
}

static void put_base_widths(const struct eo_explore *e, struct eo_buf *out)
{
    char text[EO_GRID_TEXT];

    eo_explore_widths_text(e->grid.spaces.channels, e->grid.spaces.count, text);
    eo_buf_printf(out, "%s,", text);
}

static void put_accuracy(const struct eo_eval *eval, struct eo_buf *out)
{
    struct eo_accuracy a;

    if (!eval->images.count) {
        eo_buf_puts(out, ",,,,,");
        return;
    }
    eo_accuracy_make(&a, eval->images.count, eval->correct);
    eo_csv_put_int(out, (long long)a.images, ',');
    eo_csv_put_int(out, (long long)a.correct, ',');
    eo_csv_put_double(out, a.value, ',');
    eo_csv_put_double(out, a.ci_low, ',');
    eo_csv_put_double(out, a.ci_high, ',');
}

static void put_hits(const struct eo_eval *eval, struct eo_buf *out)
{
    for (size_t i = 0; i < eval->images.count; i += 4) {
        unsigned digit = 0;

        for (size_t k = i; k < i + 4 && k < eval->images.count; k++)
            digit |= (unsigned)(eval->predicted[k] == eval->images.labels[k]) << (k - i);
        eo_buf_printf(out, "%x", digit);
    }
}

void eo_explore_put_point(const struct eo_explore *e, const char *widths, enum eo_precision precision,
                          const struct eo_explore_result *x, struct eo_buf *out)
{
    put_key(e, widths, precision, out);
    put_base_widths(e, out);
    eo_buf_printf(out, "%zu,%d,%zu,%zu,%zu,", e->split.train.count, e->cfg.explore_epochs, x->parameters,
                  x->macs, x->tensor_bytes);
    put_accuracy(&x->validation, out);
    put_accuracy(&x->unseen, out);
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        eo_csv_put_count(out, x->cost[c].flash_bytes, ',');
        eo_csv_put_count(out, x->cost[c].ram_bytes, ',');
        eo_csv_put_count(out, x->cost[c].instructions, ',');
    }
    eo_buf_printf(out, "%s,\n", x->sha256);
    put_key(e, widths, precision, out);
    eo_buf_printf(out, "%s,", e->images_sha256);
    put_hits(&x->validation, out);
    eo_buf_printf(out, ",%s,", e->unseen_sha256);
    put_hits(&x->unseen, out);
    eo_buf_puts(out, "\n");
}

void eo_explore_put_error(const struct eo_explore *e, const char *widths, enum eo_precision precision,
                          const struct eo_err *why, struct eo_buf *out)
{
    put_key(e, widths, precision, out);
    put_base_widths(e, out);
    eo_buf_printf(out, "%zu,%d,,,,,,,,,,,,,,", e->split.train.count, e->cfg.explore_epochs);
    for (int c = 0; c < EO_CORE_COUNT; c++)
        eo_buf_puts(out, ",,,");
    eo_buf_puts(out, ",");
    eo_csv_put_text(out, why->msg, '\n');
    put_key(e, widths, precision, out);
    eo_buf_puts(out, ",,,\n");
}

void eo_explore_put_found(const char *lines, const struct eo_explore_found *found, struct eo_buf *table,
                          struct eo_buf *hits)
{
    const char *end = strchr(lines, '\n');

    eo_buf_append(table, lines, (size_t)(end - lines));
    eo_buf_printf(table, ",%d,%zu,%s,%s\n", found->rung, found->images, found->origin.experiment,
                  found->origin.base_experiment);
    eo_buf_puts(hits, end + 1);
}
