/*
 * What all tools share: messages, options, standard names.
 *
 * A tool is `int main(int argc, char **argv)` with a table of struct cli_option and a struct cli_program. It calls
 * cli_parse() and lib/, and returns cli_fail(), cli_write() or 0; eo-study.c is a short example. Exit status: 0 done, 1
 * bad input or failed work, 2 wrong usage.
 */
#ifndef EO_TOOLS_CLI_H
#define EO_TOOLS_CLI_H

#include <math.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"
#include "base/err.h"
#include "base/pool.h"
#include "format/config.h"
#include "nn/input.h"

/* How an option's argument is taken. Each writes through `target`. */
enum cli_type {
    CLI_FLAG,   /* int *, becomes 1 */
    CLI_TEXT,   /* const char ** */
    CLI_LIST,   /* struct cli_list *, to which each use of the option adds one text */
    CLI_INT,    /* int64_t *, within min..max */
    CLI_SEED,   /* uint64_t * */
    CLI_NUMBER, /* double *, within min..max */
    CLI_ISA /* enum eo_isa *; checked against the machine; without the option EO_ISA decides, else the best */
};

#define CLI_LIST_MAX 64

struct cli_list { /* zeroed at first */
    const char *text[CLI_LIST_MAX];
    int count;
};

struct cli_option {
    char letter;      /* 0: long only */
    const char *name; /* without "--"; NULL ends the list */
    enum cli_type type;
    void *target;
    double min, max;      /* CLI_INT, CLI_NUMBER */
    const char *argument; /* name in the help; NULL for flags */
    const char *help;     /* one line */
};

struct cli_program {
    const char *name;     /* "eo-prune" */
    const char *synopsis; /* "[options] [MODEL]" */
    const char *purpose;  /* one or two lines, shown first in --help */
    const struct cli_option *options;
    int max_operands;
    const char *footer; /* further text of --help, or NULL */
    int *quiet; /* set to 1 by -q, which every program takes; NULL where there is no progress to silence */
};

/*
 * Parses argv by getopt_long. --help and --version print to standard output and exit 0; wrong usage prints
 * "eo-x: what is wrong" and "Try 'eo-x --help'." and exits 2. Returns the number of operands, which are
 * argv[argc - n] .. argv[argc - 1] after the call.
 */
int cli_parse(const struct cli_program *p, int argc, char **argv);

/* Prints "eo-x: FILE: message" (without FILE when NULL) as one line on standard error; returns 1. */
int cli_fail(const struct cli_program *p, const char *file, const struct eo_err *err);

/* A warning: prints "eo-x: FILE: message" (without FILE when NULL) and returns. */
void cli_warn(const struct cli_program *p, const char *file, const char *fmt, ...) EO_PRINTF(3, 4);

/* A warning for each line of `lines`, which it cuts up. */
void cli_warn_lines(const struct cli_program *p, const char *file, struct eo_buf *lines);

/* Wrong usage found after parsing: message, hint, exit 2. */
void cli_usage(const struct cli_program *p, const char *fmt, ...) EO_PRINTF(2, 3) __attribute__((noreturn));

/* Refuses binary output ("-" or NULL) to a terminal. Returns 0, or 1 after printing. */
int cli_check_binary_output(const struct cli_program *p, const char *path);

/* "-" where the operand or option is missing. */
const char *cli_path(const char *path);

/* Writes `text` to a file, or to standard output ("-" or NULL), and releases it. Returns 0, or 1 after printing. */
int cli_write(const struct cli_program *p, const char *path, struct eo_buf *text) EO_MUST_CHECK;

/* The same of files that belong together, by eo_io_write_all(). */
int cli_write_all(const struct cli_program *p, const char *const *paths, struct eo_buf *texts,
                  size_t count) EO_MUST_CHECK;

/*
 * Wrong usage when more than one of the outputs is standard output, because two tables on one stream cannot be told
 * apart, or when more than one of the inputs is standard input. A path is NULL where nothing is written or read. Exits
 * with 1 when an output cannot be written, before any work is done that would be lost.
 */
void cli_check_outputs(const struct cli_program *p, const char *const *paths, size_t count);
void cli_check_inputs(const struct cli_program *p, const char *const *paths, size_t count, char **operands,
                      int operand_count);

/* Default for CLI_ISA options: EO_ISA from the environment if set (exits 1 when it is bad), else the best. */
enum eo_isa cli_default_isa(const struct cli_program *p);

/*
 * How far a program is: on a line of the terminal, or in a file of the folder EO_PROGRESS, which eo-progress shows;
 * with EO_PROGRESS=none nowhere. cli_is_watched() says whether it is shown at all. cli_show_end() removes the file; on
 * a terminal it moves behind the line if it `stays`, else clears it.
 */
int cli_is_watched(int quiet);
void cli_show(double done, double total, const char *text);
void cli_show_end(int stays);

/*
 * The same while a model is trained, a few times a second. The function is NULL when nothing is shown; its ctx is the
 * line, which begins as zeros. _end() is cli_show_end() if anything was shown.
 */
struct cli_progress {
    double last;
    int shown;
};
struct eo_train_progress; /* stage/learn/train.h */
typedef void cli_progress_fn(void *ctx, const struct eo_train_progress *progress);
cli_progress_fn *cli_progress(int quiet);
void cli_progress_end(const struct cli_progress *line);

/*
 * --wait, --cpu and --isa of programs that time: int64_t wait_s (-1: not given) and cpu (-1: the highest processor),
 * enum eo_isa isa.
 */
#define CLI_TIMING_OPTIONS(wait_s, cpu, isa)                                                                           \
    {0, "wait", CLI_INT, &(wait_s), 0, 1000000, "N",                                                                   \
     "wait at most N seconds for other benchmarks (default: benchmark_wait)"},                                         \
        {0, "cpu", CLI_INT, &(cpu), 0, 4095, "N", "processor to run on (default: the highest)"},                       \
        {0, "isa", CLI_ISA, &(isa), 0, 0, "NAME", "instruction set (default: $EO_ISA, else the best)"}

/* --network of programs that read a model: what eo_network_load() takes. */
#define CLI_NETWORK_OPTION(name)                                                                                       \
    {                                                                                                                  \
        0, "network", CLI_TEXT, &(name), 0, 0, "NAME",                                                                 \
            "network of a file that does not say it: a known one, or a file (eo-inspect --network)"                    \
    }

/*
 * --input-mean and --input-std of the programs that read models made elsewhere: struct cli_input in, zeroed at first.
 * cli_model_input() writes them into the metadata of the model that was loaded from `file`; metadata that contradict
 * them are an error. Without the options it prints on standard error what is assumed of a model from elsewhere.
 * Returns 0, or 1 after printing.
 */
struct cli_input {
    const char *mean, *std;
};
#define CLI_INPUT_OPTIONS(in)                                                                                          \
    {0, "input-mean", CLI_TEXT, &(in).mean, 0, 0, "M",                                                                 \
     "the model was trained on (p / 255 - M) / S of a grey value p; M,M,M by channel; needs --input-std"},             \
        {0, "input-std", CLI_TEXT, &(in).std, 0, 0, "S",                                                               \
         "see --input-mean; both are written into the metadata (default: 0.5, 0.5)"}
int cli_model_input(const struct cli_program *p, const char *file, struct eo_model *m, struct cli_input in)
    EO_MUST_CHECK;

/* Threads to use: the option if > 0, else the config's if > 0, else all processors. */
int cli_threads(int64_t option, const struct eo_config *cfg);

#endif
