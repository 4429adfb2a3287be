/*
 * Prints the terms of cost_terms.h of each layer of a model, for tests/device/fit_costs.py, and what eo_core_costs()
 * gives:
 *
 *     cost_terms MODEL
 *
 * CSV: path,layer and the terms by name, for each path of exported code and each layer; then lines
 * cost,CORE,FLASH,RAM,INSTRUCTIONS and helium,0 or helium,1. Exit 0, or 1 with a message.
 */
#include <stdio.h>

#include "nn/model.h"
#include "stage/export/cost_terms.h"
#include "stage/export/costs.h"

static void put_layers(const struct eo_model *m, enum eo_export_path path)
{
    int is_float = !eo_precision_is_integer(m->precision);

    for (int i = 0; i < m->network.count; i++) {
        double terms[EO_COST_TERM_COUNT];

        eo_cost_terms(&m->network.layer[i], is_float, path, terms);
        printf("%d,%s", (int)path, m->network.layer[i].name);
        for (int t = 0; t < EO_COST_TERM_COUNT; t++)
            printf(",%.0f", terms[t]);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    struct eo_core_cost cost[EO_CORE_COUNT];
    struct eo_export_needs needs;
    struct eo_model m = {0};
    struct eo_err err;

    if (argc != 2 || eo_model_load_network(&m, argv[1], NULL, NULL, &err) || eo_core_costs(&m, cost, &err) ||
        eo_export_measure(&m, &needs, &err)) {
        fprintf(stderr, "cost_terms: %s\n", argc == 2 ? err.msg : "expected MODEL");
        return 1;
    }
    printf("path,layer");
    for (int t = 0; t < EO_COST_TERM_COUNT; t++)
        printf(",%s", eo_cost_term_names[t]);
    printf("\n");
    for (int path = 0; path < EO_EXPORT_PATHS; path++)
        put_layers(&m, (enum eo_export_path)path);
    for (int c = 0; c < EO_CORE_COUNT; c++)
        printf("cost,%s,%.0f,%.0f,%.0f\n", eo_core_name((enum eo_core)c), cost[c].flash_bytes,
               cost[c].ram_bytes, cost[c].instructions);
    printf("helium,%d\n", needs.has_helium);
    eo_model_release(&m);
    return 0;
}
