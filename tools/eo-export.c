/* eo-export: a model as C source for a device, or as ONNX. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "stage/export/check.h"
#include "stage/export/export.h"
#include "stage/export/files.h"
#include "tools/cli.h"

#define DEFAULT_TESTS 10

static const char *config, *data, *format, *output, *prefix, *check, *compiler, *from, *into, *sweep_path;
static int64_t tests = -1;
static int fast, single, optional;

static const struct cli_option options[] = {
    {'o', "output", CLI_TEXT, &output, 0, 0, "NAME", "write NAME.h and NAME.c, or NAME.onnx"},
    {'f', "format", CLI_TEXT, &format, 0, 0, "F", "c (default) or onnx, which goes with -o and -c alone"},
    {0, "prefix", CLI_TEXT, &prefix, 0, 0, "P",
     "begin every symbol with P_ (default: the last part of NAME or FILE)"},
    {0, "single", CLI_FLAG, &single, 0, 0, NULL, "write NAME.c alone, with the header's content in it"},
    {0, "fast", CLI_FLAG, &fast, 0, 0, NULL, "use more tables: faster and larger (int8)"},
    {0, "optional", CLI_FLAG, &optional, 0, 0, NULL,
     "with --fast: write empty files of a model that has no such tables"},
    {0, "check", CLI_TEXT, &check, 0, 0, "FILE.c",
     "compile FILE.c here, run all test images, and compare every score with MODEL"},
    {0, "cc", CLI_TEXT, &compiler, 0, 0, "PROGRAM", "the compiler for --check (default: cc)"},
    {0, "into", CLI_TEXT, &into, 0, 0, "DIR",
     "write a folder for each candidate of the FRONTIER tables and the recommended one"},
    {0, "from", CLI_TEXT, &from, 0, 0, "DIR", "folder of the candidates' models (with --into)"},
    {0, "sweep", CLI_TEXT, &sweep_path, 0, 0, "CSV", "sweep_results.csv, which recommends (with --into)"},
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE",
     "the experiment whose test set gives the images, and its class_names"},
    {0, "data", CLI_TEXT, &data, 0, 0, "DIR", "folder of the four IDX files of the data set (with -c)"},
    {0, "tests", CLI_INT, &tests, 0, EO_EXPORT_TESTS_MAX, "N", "images in the self-test (default: 10)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-export",
    .synopsis = "-o NAME | --check FILE.c [options] [MODEL]\n"
                "       eo-export --into DIR --from DIR --sweep CSV [options] FRONTIER.csv ...",
    .purpose = "Writes a model as C99 that needs no library: NAME.h says how it is used, NAME.c holds the\n"
               "constants, the code and a self-test. Scores are exactly those of eo-eval. With\n"
               "-f onnx it writes the model as an ONNX file instead.",
    .options = options,
    .max_operands = INT_MAX,
    .footer = "Without -c the images are digits drawn by program. MODEL is a safetensors file;\n"
              "without it, or with -, standard input is read.\n",
};

static size_t test_count(void)
{
    return tests < 0 ? DEFAULT_TESTS : (size_t)tests;
}

static int export_onnx(const char *input)
{
    struct eo_err err;

    return eo_export_onnx_file(output, input, config, &err) ? cli_fail(&program, NULL, &err) : 0;
}

static int export_model(const char *input)
{
    const struct eo_export_files files = {output, prefix, config, data, test_count(), fast, single, optional};
    struct eo_err err;

    return eo_export_files(&files, input, NULL, &err) ? cli_fail(&program, NULL, &err) : 0;
}

/* Prints one line when all is equal. */
static int compare(const char *input, struct eo_proc *proc, struct eo_err *err)
{
    struct eo_export_check how = {check, prefix, compiler ? compiler : "cc", STDERR_FILENO};
    struct eo_export_images images = {0};
    struct eo_model model = {0};
    struct eo_buf text = {0};
    int rc = 1;

    if (eo_model_load_network(&model, input, NULL, NULL, err)) {
        cli_fail(&program, input, err);
    } else if (eo_export_images_load_all(&images, &model, config, data, err)) {
        cli_fail(&program, NULL, err);
    } else if (eo_export_check(&how, &model, &images, proc, err)) {
        cli_fail(&program, check, err);
    } else {
        eo_buf_printf(&text, "%s: equal scores for %zu %s\n", check, images.count, images.from);
        rc = cli_write(&program, "-", &text);
    }
    eo_export_images_release(&images);
    eo_model_release(&model);
    return rc;
}

static int check_model(const char *input)
{
    struct eo_proc proc;
    struct eo_err err;
    int rc, sig;

    if (eo_proc_begin(&proc, &err))
        return cli_fail(&program, NULL, &err);
    rc = compare(input, &proc, &err);
    sig = eo_proc_end(&proc);
    if (sig)
        raise(sig);
    return rc;
}

static int load_table(struct eo_sweep *table, const char *path)
{
    struct eo_err err;

    return eo_sweep_load(table, path, &err) ? cli_fail(&program, path, &err) : 0;
}

/* tables[0] is the sweep, then come the frontiers. */
static int export_tables(struct eo_sweep *tables, size_t frontiers, char **paths)
{
    const struct eo_export_family family = {from, into, config, data, test_count()};
    struct eo_buf names = {0};
    struct eo_err err;
    int rc = load_table(&tables[0], sweep_path);

    for (size_t i = 0; rc == 0 && i < frontiers; i++)
        rc = load_table(&tables[1 + i], paths[i]);
    if (rc == 0 && eo_export_family(&family, &tables[0], tables + 1, frontiers, &names, &err))
        rc = cli_fail(&program, NULL, &err);
    if (rc == 0)
        return cli_write(&program, "-", &names);
    eo_buf_release(&names);
    return rc;
}

static int export_family(char **paths, size_t frontiers)
{
    struct eo_err err;
    struct eo_sweep *tables = eo_alloc(1 + frontiers, sizeof(*tables), &err);
    int rc;

    if (!tables)
        return cli_fail(&program, NULL, &err);
    rc = export_tables(tables, frontiers, paths);
    for (size_t i = 0; i <= frontiers; i++)
        eo_sweep_release(&tables[i]);
    free(tables);
    return rc;
}

/* The last part of the file's name, without the ending ".c". */
static const char *default_prefix(const char *file)
{
    static char name[PATH_MAX];
    const char *last = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    size_t n = strlen(last);

    snprintf(name, sizeof(name), "%s", last);
    if (check && n > 2 && n < sizeof(name) && strcmp(last + n - 2, ".c") == 0)
        name[n - 2] = '\0';
    return name;
}

static void check_task(void)
{
    if ((output != NULL) + (check != NULL) + (into != NULL) > 1)
        cli_usage(&program, "options '-o', '--check' and '--into' are different tasks: expected one of them");
    if (!check && !into && (!output || !*output || output[strlen(output) - 1] == '/'))
        cli_usage(&program, "option '-o' is required: the files' name, without .c, .h or .onnx");
    if (!output && (single || fast || optional))
        cli_usage(&program, "options '--single', '--fast' and '--optional' need '-o'");
    if (check && tests >= 0)
        cli_usage(&program, "option '--tests' is for writing: '--check' runs all test images");
    if (!check && compiler)
        cli_usage(&program, "option '--cc' needs '--check'");
    if (into && (!from || !sweep_path))
        cli_usage(&program, "option '--into' needs '--from' and '--sweep'");
    if (into ? prefix != NULL : from || sweep_path)
        cli_usage(&program, into ? "option '--prefix' is for one model: '--into' takes the candidates' names"
                                 : "options '--from' and '--sweep' need '--into'");
}

static int is_onnx(void)
{
    return format && strcmp(format, "onnx") == 0;
}

static void check_options(void)
{
    struct eo_err err;

    if (format && !is_onnx() && strcmp(format, "c") != 0)
        cli_usage(&program, "option '-f': expected c or onnx, found '%s'", format);
    if (is_onnx() && (prefix || single || fast || optional || data || tests >= 0 || check || into))
        cli_usage(&program, "option '-f onnx' takes none of --prefix, --single, --fast, --optional, --data, "
                            "--tests, --check, --into");
    check_task();
    if (is_onnx())
        return;
    if (data && !config)
        cli_usage(&program, "option '--data' needs '-c'");
    if (!into && !prefix)
        prefix = default_prefix(check ? check : output);
    if (!into && eo_export_check_prefix(prefix, &err))
        cli_usage(&program, "option '--prefix': %s", err.msg);
}

int main(int argc, char **argv)
{
    int count = cli_parse(&program, argc, argv);
    char **operands = argv + argc - count;
    const char *input;

    check_options();
    if (into)
        return export_family(operands, (size_t)count);
    if (count > 1)
        cli_usage(&program, "unexpected operand '%s'", operands[1]);
    input = cli_path(count ? operands[0] : NULL);
    return check ? check_model(input) : is_onnx() ? export_onnx(input) : export_model(input);
}
