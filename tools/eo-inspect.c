/* eo-inspect: prints what is in a model file. */
#include <stddef.h>

#include "stage/inspect.h"
#include "tools/cli.h"

int main(int argc, char **argv)
{
    const char *dump = NULL, *output = NULL, *input;
    int json = 0, arena = 0;
    const struct cli_option options[] = {
        {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "one JSON object instead of text"},
        {'d', "dump", CLI_TEXT, &dump, 0, 0, "TENSOR", "print this tensor's values alone, one a line"},
        {'a', "arena", CLI_FLAG, &arena, 0, 0, NULL,
         "print where activations lie in one block of memory, as CSV"},
        {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "where the report goes; default: standard output"},
        {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
    };
    const struct cli_program program = {
        .name = "eo-inspect",
        .synopsis = "[options] [MODEL]",
        .purpose = "Prints what is in a model file: precision, sizes, costs, tensors and metadata.",
        .options = options,
        .max_operands = 1,
        .footer =
            "--arena: graph,tensor,bytes,first_op,last_op,offset, one image, in the smallest block there "
            "is,\n"
            "with convolution, max-pool and ReLU in one operation (fused) and each by itself (unfused).\n"
            "An offset is a multiple of the size of the tensor's elements.\n"
            "\n"
            "MODEL is a safetensors file, or standard input when missing or '-'.\n",
    };
    struct eo_inspect in = {0};
    struct eo_buf out = {0};
    struct eo_err err;
    int rc, status;

    input = cli_path(cli_parse(&program, argc, argv) ? argv[argc - 1] : NULL);
    if (json && dump)
        cli_usage(&program, "options '--json' and '--dump' exclude each other");
    if (arena && (json || dump))
        cli_usage(&program, "options '--arena' and '--%s' exclude each other", json ? "json" : "dump");
    rc = eo_inspect_load(&in, input, &err);
    if (!rc && dump)
        rc = eo_inspect_dump(&in, dump, &out, &err);
    else if (!rc && json)
        rc = eo_inspect_json(&in, &out, &err);
    else if (!rc && arena)
        eo_inspect_arena(&in, &out);
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
