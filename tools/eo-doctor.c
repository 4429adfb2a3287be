/* eo-doctor: says whether this machine is fit for timing. */
#include "format/csv_json.h"
#include "stage/bench/doctor.h"
#include "tools/cli.h"

int main(int argc, char **argv)
{
    const char *output = NULL;
    int64_t cpu = -1;
    int strict = 0, json = 0;
    const struct cli_option options[] = {
        {0, "cpu", CLI_INT, &cpu, 0, 4095, "N", "processor to look at (default: the highest)"},
        {0, "strict", CLI_FLAG, &strict, 0, 0, NULL, "exit with 1 when the verdict on the machine is bad"},
        {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of CSV"},
        {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the report to write (default: standard output)"},
        {0},
    };
    const struct cli_program program = {
        .name = "eo-doctor",
        .synopsis = "[options]",
        .purpose = "Says whether this machine is fit for timing, and what to do about it.",
        .options = options,
        .footer =
            "Watches for half a second what disturbs timings and prints check,found,verdict,advice: one\n"
            "row for each check, and a last row for the machine. It times nothing and takes no lock.\n"
            "Files of the kernel are read below $EO_HOST_ROOT, if that is set.\n",
    };
    struct eo_host host = eo_host_of_environment();
    enum eo_fitness machine;
    struct eo_buf text = {0};
    struct eo_err err;

    cli_parse(&program, argc, argv);
    cli_check_outputs(&program, (const char *[]){cli_path(output)}, 1);
    if (eo_doctor_report(&host, (int)cpu, &text, &machine, &err) ||
        (json && eo_json_of_csv(&text, "checks", 0, &err))) {
        eo_buf_release(&text);
        return cli_fail(&program, NULL, &err);
    }
    if (cli_write(&program, output, &text))
        return 1;
    if (!strict || machine != EO_FITNESS_BAD)
        return 0;
    eo_err_set(&err, "this machine is not fit for timing: the report says why");
    return cli_fail(&program, NULL, &err);
}
