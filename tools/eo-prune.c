/* eo-prune: removes whole channels of both convolutions. */
#include <stddef.h>

#include "nn/model.h"
#include "stage/prune.h"
#include "tools/cli.h"

int main(int argc, char **argv)
{
    const char *output = NULL, *input;
    double level = -1;
    const struct cli_option options[] = {
        {'l', "level", CLI_NUMBER, &level, 0, 1, "LEVEL",
         "share of the channels to remove, in [0, 1); required"},
        {'o', "output", CLI_TEXT, &output, 0, 0, "FILE",
         "where the pruned model goes; default: standard output"},
        {0, NULL, CLI_FLAG, NULL, 0, 0, NULL, NULL},
    };
    const struct cli_program program = {
        .name = "eo-prune",
        .synopsis = "-l LEVEL [-o FILE] [MODEL]",
        .purpose = "Removes the channels of smallest L1 norm from both convolutions of an fp32 model, and\n"
            "the weights that they fed.",
        .options = options,
        .max_operands = 1,
        .footer = "MODEL is a safetensors file, or standard input when missing or '-'. A convolution with C channels\n"
            "keeps max(1, round(C * (1 - LEVEL))), ties to even.\n",
    };
    struct eo_model base = {0}, pruned = {0};
    struct eo_err err;
    int status = 0;

    input = cli_path(cli_parse(&program, argc, argv) ? argv[argc - 1] : NULL);
    if (level < 0)
        cli_usage(&program, "option '--level' is required");
    if (level >= 1)
        cli_usage(&program, "option '--level': expected a number of at least 0 and below 1");
    if (cli_check_binary_output(&program, output))
        return 1;
    if (eo_model_load(&base, input, NULL, &err) || eo_prune(&base, level, &pruned, &err))
        status = cli_fail(&program, input, &err);
    else if (eo_model_save(&pruned, cli_path(output), &err))
        status = cli_fail(&program, cli_path(output), &err);
    eo_model_release(&base);
    eo_model_release(&pruned);
    return status;
}
