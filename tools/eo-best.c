/* eo-best: the best of the explored models within a device's limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "format/csv.h"
#include "stage/explore/best.h"
#include "stage/explore/frontier.h"
#include "stage/learn/train.h"
#include "tools/cli.h"

static const char *config, *from, *flash, *ram, *latency, *device, *core, *write_path, *output,
    *frontier_path, *accuracy;
static double clock_mhz, cycles;
static int json;
static struct cli_list also;

static const struct cli_option options[] = {
    {'c', "config", CLI_TEXT, &config, 0, 0, "FILE", "the experiment (required)"},
    {0, "from", CLI_TEXT, &from, 0, 0, "DIR",
     "folder of explore.csv and explore_hits.csv (default: the experiment's)"},
    {0, "also", CLI_LIST, &also, 0, 0, "FILE",
     "take in the table of this experiment, of another network on the same images; once for each"},
    {0, "flash", CLI_TEXT, &flash, 0, 0, "N",
     "at most so much flash: 16384, 16k or 1M (default: the device's)"},
    {0, "ram", CLI_TEXT, &ram, 0, 0, "N", "at most so much RAM (default: the device's)"},
    {0, "latency", CLI_TEXT, &latency, 0, 0, "T", "at most so much time on the device: 10ms or 0.5s"},
    {0, "device", CLI_TEXT, &device, 0, 0, "NAME", "a board of the configuration or of eo-device --boards"},
    {0, "core", CLI_TEXT, &core, 0, 0, "NAME", "one of " EO_CORE_LIST " (default: the device's, else m4dsp)"},
    {0, "clock", CLI_NUMBER, &clock_mhz, 0.001, 100000, "MHZ",
     "with --latency: the clock (default: the device's)"},
    {0, "cycles", CLI_NUMBER, &cycles, 0.001, 1000, "N",
     "with --latency: cycles that an instruction takes, at most (default: the device's)"},
    {0, "accuracy", CLI_TEXT, &accuracy, 0, 0, "X", "the smallest model that reaches this, such as 0.985"},
    {0, "write", CLI_TEXT, &write_path, 0, 0, "FILE",
     "write the experiment that trains the finalists in full"},
    {0, "frontier", CLI_TEXT, &frontier_path, 0, 0, "FILE",
     "write the points that no other beats in accuracy and costs, CSV"},
    {'j', "json", CLI_FLAG, &json, 0, 0, NULL, "print one JSON object instead of text"},
    {'o', "output", CLI_TEXT, &output, 0, 0, "FILE", "the answer (default: standard output)"},
    {0},
};

static const struct cli_program program = {
    .name = "eo-best",
    .synopsis =
        "-c FILE [--flash 16k] [--ram 4k] [--latency 10ms] [--device NAME] [--accuracy X] [--write FILE]",
    .purpose =
        "Answers from what eo-explore has found: the most accurate model within the limits, which others\n"
        "could be as good, what each limit costs, and what a little more would buy.",
    .options = options,
    .footer = "Flash is code and constants, RAM is state and stack, both without --fast of eo-export.\n",
};

/* An experiment, and the folder of its tables. */
struct source {
    const char *config;
    struct eo_config cfg;
    struct eo_explore_origin origin;
    char name[EO_CONFIG_EXPERIMENT_MAX], folder[EO_CONFIG_OUT_MAX];
};

/* A number with one of the endings, each of which has a factor. */
static double parse_amount(const char *name, const char *text, const char *const *endings,
                           const double *factors, const char *examples)
{
    char number[32] = "";
    size_t n = strspn(text, "0123456789.");
    double value;

    for (int i = 0; n < sizeof(number) && endings[i]; i++) {
        memcpy(number, text, n);
        number[n] = '\0';
        if (strcmp(text + n, endings[i]) == 0 && !eo_num_parse_double(number, 1e-6, 1e12, &value, NULL))
            return value * factors[i];
    }
    cli_usage(&program, "option '--%s': expected a number above 0 and at most 1e12, such as %s, found '%s'",
              name, examples, text);
}

static double parse_bytes(const char *name, const char *text)
{
    static const char *const endings[] = {"", "k", "M", NULL};
    static const double factors[] = {1, 1024, 1048576};

    return text ? parse_amount(name, text, endings, factors, "16384, 16k or 1M") : 0;
}

static double parse_ms(const char *text)
{
    static const char *const endings[] = {"ms", "s", "us", NULL};
    static const double factors[] = {1, 1000, 0.001};

    return text ? parse_amount("latency", text, endings, factors, "10ms, 0.5s or 800us") : 0;
}

static double parse_accuracy(const char *text)
{
    double share = 0, percent;

    if (!text || !eo_num_parse_double(text, 0, 1, &share, NULL))
        return share;
    if (!eo_num_parse_double(text, 1, 100, &percent, NULL))
        cli_usage(&program, "option '--accuracy': expected a share in 0..1, found '%s'; %s %% is %.10g", text,
                  text, percent / 100);
    cli_usage(&program, "option '--accuracy': expected a share in 0..1, such as 0.985, found '%s'", text);
}

/* The name as the configuration or the table of boards writes it. */
static int find_board(const struct eo_config *cfg, struct eo_board *b, struct eo_err *err)
{
    struct eo_board given = {.name = ""};
    struct eo_csv csv;

    snprintf(given.name, sizeof(given.name), "%.*s", EO_BOARD_NAME - 1, device);
    if (eo_csv_parse(&csv, eo_boards_csv, strlen(eo_boards_csv), err))
        return -1;
    for (size_t i = 0; i < csv.rows; i++) {
        if (strcasecmp(eo_csv_value(&csv, i, "board"), device) == 0)
            snprintf(given.name, sizeof(given.name), "%.*s", EO_BOARD_NAME - 1,
                     eo_csv_value(&csv, i, "board"));
    }
    eo_csv_release(&csv);
    for (int i = 0; i < cfg->device_count; i++) {
        if (strcasecmp(cfg->devices[i].name, device) == 0)
            given = cfg->devices[i];
    }
    return eo_board_complete(&given, b, err) ? eo_err_prefix(err, "option '--device'") : 0;
}

static int set_core(struct eo_best_question *q, const char *name, struct eo_err *err)
{
    return eo_core_parse(name, &q->core, err) ? eo_err_prefix(err, "option '--core'") : 0;
}

/* 0 or the amount that is given, else the device's. */
static double limit_of(double given, double kib)
{
    return given > 0 ? given : kib * 1024;
}

static int ask(const struct eo_config *cfg, struct eo_best_question *q, struct eo_err *err)
{
    struct eo_board b = {.name = ""};

    if (device && find_board(cfg, &b, err))
        return -1;
    if (set_core(q, core ? core : device ? b.code : "m4dsp", err))
        return -1;
    q->limit[EO_BEST_FLASH] = limit_of(parse_bytes("flash", flash), b.flash_kib);
    q->limit[EO_BEST_RAM] = limit_of(parse_bytes("ram", ram), b.ram_kib);
    q->limit[EO_BEST_LATENCY] = parse_ms(latency);
    q->accuracy = parse_accuracy(accuracy);
    b.cycles_per_instruction = cycles > 0 ? cycles : b.cycles_per_instruction;
    b.clock_mhz = clock_mhz > 0 ? clock_mhz : b.clock_mhz;
    if (b.cycles_per_instruction > 0 && b.clock_mhz > 0)
        q->ms_per_instruction = b.cycles_per_instruction / (b.clock_mhz * 1000);
    if (latency && !q->ms_per_instruction)
        return eo_err_set(
            err,
            "option '--latency': how many cycles an instruction takes on %s is not known; measure it and "
            "give it in the key devices: {name: %s, cycles_per_instruction: ...}, or a bound in --cycles%s",
            device ? b.name : "a board that is not named", device ? b.name : "NAME",
            device ? "" : " and --clock");
    return 0;
}

static int check_limits(const struct eo_explore_table *t, const struct eo_best_question *q,
                        const char *folder, struct eo_err *err)
{
    static const char *const names[EO_BEST_LIMITS] = {"flash", "RAM", "instructions"};

    for (int i = 0; i < EO_BEST_LIMITS; i++) {
        if (q->limit[i] > 0 && eo_best_unknown(t, q, i) == t->count)
            return eo_err_set(
                err, "%s/explore.csv: expected %s of some point on %s, to keep the limit, found none", folder,
                names[i], eo_core_name(q->core));
    }
    return 0;
}

/*
 * Shares of other channels would be other widths. Of tables that do not say what they were made of, SmallCNN's channels
 * alone are checked. The network of base_model is that of its file, which the table names itself.
 */
static int check_widths(const struct eo_explore_row *r, const struct source *of, struct eo_err *err)
{
    char text[EO_GRID_TEXT];
    struct eo_spaces spaces;
    struct eo_network net;

    if (*of->cfg.base_model || (!*of->origin.experiment && strcmp(of->cfg.model, "smallcnn") != 0))
        return 0;
    if (eo_train_network(&of->cfg, (struct eo_dims){0, 0, 0}, 0, &net, err))
        return eo_err_prefix(err, "%s", of->config);
    eo_spaces_make(&spaces, &net);
    if (r->spaces == spaces.count &&
        memcmp(r->base_widths, spaces.channels, (size_t)r->spaces * sizeof(int)) == 0)
        return 0;
    eo_explore_widths_text(spaces.channels, spaces.count, text);
    return eo_err_set(err,
                      "option '--write': expected a table of the network in %s, with %s channels, found %s "
                      "of another one",
                      of->config, text, r->name);
}

/* With the keys of the experiment that the answer is of. */
static int put_config(const struct eo_best *best, struct source *sources, struct eo_buf *out,
                      struct eo_err *err)
{
    struct source *of;

    if (!best->count)
        return eo_err_set(err,
                          "option '--write': no point is within the limits, so there is nothing to train");
    of = &sources[best->finalist[0]->table];
    if (check_widths(best->finalist[0], of, err))
        return -1;
    if (eo_best_config(best, &of->cfg, err))
        return eo_err_prefix(err, "option '--write'");
    eo_buf_printf(out, "# The finalists of eo-best%s%s, trained in full. The answer is %s.\n",
                  also.count ? " of " : "", also.count ? of->name : "", best->finalist[0]->name);
    eo_config_print(&of->cfg, out);
    if (eo_buf_check(out, err))
        return -1;
    /* A table can say what no key takes, such as tensors larger than any budget. */
    return eo_config_parse(&of->cfg, out->data, out->len, err)
               ? eo_err_prefix(err, "option '--write': %s would be wrong", write_path)
               : 0;
}

#define OUTPUTS 3

/* The answer comes last, because it may go to standard output. 0, 1 after printing, or -1 and err. */
static int write_outputs(const struct eo_best *best, const struct eo_explore_table *t,
                         const struct eo_best_question *q, struct source *sources, struct eo_err *err)
{
    const char *paths[OUTPUTS] = {0};
    struct eo_buf text[OUTPUTS] = {{0}};
    struct eo_frontier f = {0};
    size_t count = 0;
    int rc = frontier_path && eo_frontier_make(&f, t, q->core, err)
                 ? eo_err_prefix(err, "option '--frontier'")
                 : 0;

    if (!rc && write_path) {
        paths[count] = write_path;
        rc = put_config(best, sources, &text[count++], err);
    }
    if (!rc && frontier_path) {
        paths[count] = frontier_path;
        eo_frontier_put_csv(&f, &text[count++]);
    }
    if (!rc && json)
        eo_best_put_json(best, t, q, frontier_path ? &f : NULL, &text[count]);
    else if (!rc)
        eo_best_put(best, t, q, &text[count]);
    if (!rc && frontier_path && !json)
        eo_frontier_put(&f, &text[count]);
    paths[count++] = output;
    if (!rc)
        rc = cli_write_all(&program, paths, text, count);
    eo_frontier_release(&f);
    for (size_t i = 0; i < OUTPUTS; i++)
        eo_buf_release(&text[i]);
    return rc;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

/* No output in the place of an input. */
static int check_outputs(const struct source *of, struct eo_err *err)
{
    static const char *const names[] = {"output", "write", "frontier"};
    const char *const outputs[] = {output, write_path, frontier_path};
    struct eo_buf inputs[3] = {{0}};
    int rc = 0;

    eo_buf_puts(&inputs[0], of->config);
    eo_buf_printf(&inputs[1], "%s/explore.csv", of->folder);
    eo_buf_printf(&inputs[2], "%s/explore_hits.csv", of->folder);
    for (int i = 0; i < 3; i++) {
        if (!rc)
            rc = eo_buf_check(&inputs[i], err);
        for (int k = 0; k < 3 && !rc; k++) {
            if (outputs[k] && eo_io_is_same_output(outputs[k], inputs[i].data))
                rc = eo_err_set(err, "option '--%s': expected another file than %s, which is read", names[k],
                                inputs[i].data);
        }
    }
    for (int i = 0; i < 3; i++)
        eo_buf_release(&inputs[i]);
    return rc;
}

/* Where an experiment keeps its tables. */
static int find_source(struct source *of, const char *path, struct eo_err *err)
{
    of->config = path;
    snprintf(of->folder, sizeof(of->folder), "%s", from ? from : "");
    if (eo_config_load(&of->cfg, path, err) ||
        (!from &&
         (eo_config_name(path, of->name, err) || eo_config_output_dir(&of->cfg, of->name, of->folder, err))))
        return eo_err_prefix(err, "%s", path);
    return check_outputs(of, err);
}

/* Whether an experiment was explored at all. */
static int check_explored(const struct source *of, struct eo_err *err)
{
    struct eo_buf path = {0};
    int there = -1;

    eo_buf_printf(&path, "%s/explore.csv", of->folder);
    if (!eo_buf_check(&path, err)) {
        there = eo_io_exists(path.data, err);
        if (there < 0)
            eo_err_prefix(err, "%s", path.data);
        else if (!there)
            eo_err_set(err, "%s is not there; run make explore CONFIG=%s first", path.data, of->config);
    }
    eo_buf_release(&path);
    return there == 1 ? 0 : -1;
}

/* An experiment's own table has to be of its keys as they are now. One of --from may be of others on purpose. */
static int load_table(struct source *of, struct eo_explore_table *t, struct eo_err *err)
{
    struct eo_err other;
    int rc;

    if ((!from && check_explored(of, err)) || eo_explore_table_load(t, of->folder, err))
        return -1;
    of->origin = t->origin;
    rc = eo_explore_origin_check(&of->origin, &of->cfg, of->folder, !from, &other);
    if (rc == 1 && from)
        cli_warn(&program, NULL, "%s/explore.csv: %s than in %s", of->folder, other.msg, of->config);
    if (rc == 1 && !from)
        return eo_err_set(err, "%s/explore.csv: %s than in %s; run make explore CONFIG=%s again", of->folder,
                          other.msg, of->config, of->config);
    return rc < 0 ? eo_err_set(err, "%s: %s", of->config, other.msg) : 0;
}

/* Points are called by their experiments, so these need different names; one that is named twice has not. */
static int check_name(const struct source *sources, int i, struct eo_err *err)
{
    for (int k = 0; k < i; k++) {
        if (strcmp(sources[k].name, sources[i].name) == 0)
            return eo_err_set(err, "option '--also': %s: expected an experiment of another name than %s",
                              sources[i].config, sources[k].config);
    }
    return 0;
}

/* The table of the first experiment, and those of the others joined to it. */
static int load_tables(struct source *sources, struct eo_explore_table *table, struct eo_err *err)
{
    for (int i = also.count; i >= 0; i--) {
        if (find_source(&sources[i], i ? also.text[i - 1] : config, err))
            return -1;
    }
    if (load_table(&sources[0], table, err))
        return -1;
    for (int i = 1; i <= also.count; i++) {
        struct eo_explore_table other = {0};
        int rc = check_name(sources, i, err) || load_table(&sources[i], &other, err) ? -1 : 0;

        if (!rc && eo_explore_table_join(table, sources[0].name, &other, sources[i].name, err))
            rc = eo_err_prefix(err, "option '--also': %s", sources[i].config);
        eo_explore_table_release(&other);
        if (rc)
            return -1;
    }
    return 0;
}

/* 0, 1 after printing, or -1 and err. */
static int answer(struct source *sources, struct eo_explore_table *table, struct eo_err *err)
{
    struct eo_best_question q = {0};
    struct eo_best best;

    if (load_tables(sources, table, err) || ask(&sources[0].cfg, &q, err) ||
        check_limits(table, &q, sources[0].folder, err))
        return -1;
    eo_best_find(&best, table, &q);
    return write_outputs(&best, table, &q, sources, err);
}

int main(int argc, char **argv)
{
    struct eo_explore_table table = {0};
    struct source *sources;
    struct eo_err err;
    int rc;

    cli_parse(&program, argc, argv);
    if (!config)
        cli_usage(&program, "option '--config' is required");
    if (from && also.count)
        cli_usage(&program, "expected one of '--from' and '--also'");
    parse_bytes("flash", flash);
    parse_bytes("ram", ram);
    parse_ms(latency);
    parse_accuracy(accuracy);
    if (!latency && (clock_mhz > 0 || cycles > 0))
        cli_usage(&program, "option '--%s' is for '--latency'", clock_mhz > 0 ? "clock" : "cycles");
    cli_check_outputs(&program, (const char *const[]){write_path, frontier_path, cli_path(output)}, 3);
    sources = eo_alloc((size_t)also.count + 1, sizeof(*sources), &err);
    rc = sources ? answer(sources, &table, &err) : -1;
    eo_explore_table_release(&table);
    free(sources);
    return rc < 0 ? cli_fail(&program, NULL, &err) : rc;
}
