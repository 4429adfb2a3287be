/* eo-inspect: prints what is in a model file. */
#include <stddef.h>

#include "format/csv.h"
#include "nn/network.h"
#include "stage/export/costs.h"
#include "stage/inspect.h"
#include "tools/cli.h"

static int print_network(const struct cli_program *program, const char *network, const char *output)
{
    static struct eo_network net;
    struct eo_buf out = {0};
    struct eo_err err;

    if (eo_network_load(&net, network, &err))
        return cli_fail(program, network, &err);
    eo_network_put_table(&net, &out);
    return cli_write(program, output, &out);
}

static int put_cores(const struct eo_model *m, struct eo_buf *out, struct eo_err *err)
{
    struct eo_core_cost cost[EO_CORE_COUNT];

    if (eo_core_costs(m, cost, err))
        return -1;
    eo_buf_puts(out, "core,flash_bytes,ram_bytes,instructions\n");
    for (int c = 0; c < EO_CORE_COUNT; c++) {
        eo_buf_printf(out, "%s,", eo_core_name((enum eo_core)c));
        eo_csv_put_count(out, cost[c].flash_bytes, ',');
        eo_csv_put_count(out, cost[c].ram_bytes, ',');
        eo_csv_put_count(out, cost[c].instructions, '\n');
    }
    return 0;
}

/* What is printed is one thing. */
static void check_one(const struct cli_program *program, int cores, int arena, int json, int dump)
{
    static const char *const names[] = {"cores", "arena", "json", "dump"};
    const int chosen[] = {cores, arena, json, dump};
    const char *first = NULL;

    for (int i = 0; i < 4; i++) {
        if (chosen[i] && first)
            cli_usage(program, "options '--%s' and '--%s' exclude each other", first, names[i]);
        first = chosen[i] ? names[i] : first;
    }
}

int main(int argc, char **argv)
{
    const char *dump = NULL, *output = NULL, *network = NULL, *input;
    int json = 0, arena = 0, cores = 0;
    const struct cli_option options[] = {
        {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of text"},
        {'d', "dump", CLI_TEXT, &dump, 0, 0, "TENSOR", "print the values of this tensor alone, one per line"},
        {'a', "arena", CLI_FLAG, &arena, 0, 0, NULL,
         "print as CSV where activations lie in one block of memory"},
        {0, "cores", CLI_FLAG, &cores, 0, 0, NULL,
         "print as CSV what the model takes on the cores of devices, by estimate"},
        {'n', "network", CLI_TEXT, &network, 0, 0, "NAME",
         "print as CSV the layers of this network instead: a known one, or a file"},
        {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the report to write (default: standard output)"},
        {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
    };
    const struct cli_program program = {
        .name = "eo-inspect",
        .synopsis = "[options] [MODEL]",
        .purpose = "Prints the contents of a model file: precision, sizes, costs, tensors and metadata.",
        .options = options,
        .max_operands = 1,
        .footer =
            "--arena prints graph,tensor,bytes,first_op,last_op,offset for one image in one block,\n"
            "with a layer and its pooling as one operation (fused) and as two (unfused). An offset is a\n"
            "multiple of the size of the elements.\n"
            "\n"
            "--cores prints core,flash_bytes,ram_bytes,instructions of what eo-export writes without "
            "--fast.\n"
            "\n"
            "--network prints layer,operation,input,output,parameters,macs,fp32_bytes,int8_bytes. NAME is "
            "one of\n" EO_PRESETS(EO_TERM_LISTED) "or a file (-: standard input) of lines like\n"
                                                  "conv1: conv 16 3x3 pad 1 relu max 2x2; the manual page "
                                                  "eo-model(5) describes them.\n"
                                                  "\n"
                                                  "MODEL is a safetensors file; without it, or with -, "
                                                  "standard input is read.\n",
    };
    struct eo_inspect in = {0};
    struct eo_buf out = {0};
    struct eo_err err;
    int operands, rc, status;

    operands = cli_parse(&program, argc, argv);
    input = cli_path(operands ? argv[argc - 1] : NULL);
    if (network && (cores || arena || json || dump || operands))
        cli_usage(
            &program,
            "option '--network' takes no MODEL and none of '--cores', '--arena', '--json' and '--dump'");
    check_one(&program, cores, arena, json, dump != NULL);
    if (network)
        return print_network(&program, network, output);
    rc = eo_inspect_load(&in, input, &err);
    if (!rc && dump)
        rc = eo_inspect_dump(&in, dump, &out, &err);
    else if (!rc && json)
        rc = eo_inspect_json(&in, &out, &err);
    else if (!rc && arena)
        rc = eo_inspect_arena(&in, &out, &err);
    else if (!rc && cores)
        rc = put_cores(&in.model, &out, &err);
    else if (!rc)
        eo_inspect_text(&in, &out);
    if (rc)
        status = cli_fail(&program, input, &err);
    else
        status = cli_write(&program, output, &out);
    eo_inspect_release(&in);
    eo_buf_release(&out);
    return status;
}
