/* eo-inspect: prints what is in a model file. */
#include <stddef.h>

#include "nn/network.h"
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

int main(int argc, char **argv)
{
    const char *dump = NULL, *output = NULL, *network = NULL, *input;
    int json = 0, arena = 0;
    const struct cli_option options[] = {
        {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of text"},
        {'d', "dump", CLI_TEXT, &dump, 0, 0, "TENSOR", "print the values of this tensor alone, one per line"},
        {'a', "arena", CLI_FLAG, &arena, 0, 0, NULL,
         "print as CSV where activations lie in one block of memory"},
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
            "--network prints layer,operation,input,output,parameters,macs,fp32_bytes,int8_bytes. NAME is one of\n"
            EO_PRESETS(EO_TERM_LISTED)
            "or a file (-: standard input) of lines like\n"
            "conv1: conv 16 3x3 pad 1 relu max 2x2; the manual page eo-model(5) describes them.\n"
            "\n"
            "MODEL is a safetensors file; without it, or with -, standard input is read.\n",
    };
    struct eo_inspect in = {0};
    struct eo_buf out = {0};
    struct eo_err err;
    int operands, rc, status;

    operands = cli_parse(&program, argc, argv);
    input = cli_path(operands ? argv[argc - 1] : NULL);
    if (network && (json || dump || arena || operands))
        cli_usage(&program, "option '--network' takes no MODEL and none of '--json', '--dump' and '--arena'");
    if (json && dump)
        cli_usage(&program, "options '--json' and '--dump' exclude each other");
    if (arena && (json || dump))
        cli_usage(&program, "options '--arena' and '--%s' exclude each other", json ? "json" : "dump");
    if (network)
        return print_network(&program, network, output);
    rc = eo_inspect_load(&in, input, &err);
    if (!rc && dump)
        rc = eo_inspect_dump(&in, dump, &out, &err);
    else if (!rc && json)
        rc = eo_inspect_json(&in, &out, &err);
    else if (!rc && arena)
        rc = eo_inspect_arena(&in, &out, &err);
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
