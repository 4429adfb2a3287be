#include "tools/cli.h"

#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "base/version.h"

#define MAX_OPTIONS 40
#define FIRST_LONG 256 /* getopt values of options without a letter */
#define VERSION (FIRST_LONG + MAX_OPTIONS)
#define QUIET (VERSION + 1)

static void hint(const struct cli_program *p)
{
    fprintf(stderr, "Try '%s --help'.\n", p->name);
    exit(2);
}

/* The line is written by one call, so that lines of other processes do not break it. */
EO_PRINTF(2, 0)
static void say(const struct cli_program *p, const char *fmt, va_list ap)
{
    char text[2 * PATH_MAX];

    vsnprintf(text, sizeof(text), fmt, ap);
    eo_err_make_printable(text);
    fprintf(stderr, "%s: %s\n", p->name, text);
}

void cli_usage(const struct cli_program *p, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(p, fmt, ap);
    va_end(ap);
    hint(p);
    exit(2);
}

EO_PRINTF(2, 3)
static void say_this(const struct cli_program *p, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(p, fmt, ap);
    va_end(ap);
}

int cli_fail(const struct cli_program *p, const char *file, const struct eo_err *err)
{
    if (file)
        say_this(p, "%s: %s", eo_io_name(file), err->msg);
    else
        say_this(p, "%s", err->msg);
    return 1;
}

void cli_warn(const struct cli_program *p, const char *file, const char *fmt, ...)
{
    struct eo_err text;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text.msg, sizeof(text.msg), fmt, ap);
    va_end(ap);
    (void)cli_fail(p, file, &text);
}

void cli_warn_lines(const struct cli_program *p, const char *file, struct eo_buf *lines)
{
    for (char *line = lines->data, *end; line && *line; line = end + 1) {
        end = line + strcspn(line, "\n");
        *end = '\0';
        cli_warn(p, file, "%s", line);
    }
}

/* The options as numbers: wrong usage where they are none. */
static struct eo_input parse_input(const struct cli_program *p, const struct eo_model *m, struct cli_input in)
{
    static const char *const names[] = {"option '--input-mean'", "option '--input-std'"};
    struct eo_input numbers;
    struct eo_err err;

    if (!in.mean || !in.std)
        cli_usage(p, "options '--input-mean' and '--input-std' go together");
    if (eo_input_parse(&numbers, in.mean, in.std, m->network.input.c, names, &err))
        cli_usage(p, "%s", err.msg);
    return numbers;
}

/* The options say it, and so do the metadata, otherwise. */
static int contradicts(const struct cli_program *p, const char *file, const struct eo_model *m)
{
    struct eo_err err;

    eo_err_set(&err,
               "metadata: trained on (p / 255 - %s) / %s; --input-mean and --input-std are for models whose "
               "metadata "
               "do not say",
               eo_model_meta_get(m, "input_mean"), eo_model_meta_get(m, "input_std"));
    return cli_fail(p, file, &err);
}

int cli_model_input(const struct cli_program *p, const char *file, struct eo_model *m, struct cli_input in)
{
    struct eo_input own, numbers;
    struct eo_err err;
    int says = eo_input_read(m, &own, &err);

    if (says < 0)
        return cli_fail(p, file, &err);
    if (in.mean || in.std) {
        numbers = parse_input(p, m, in);
        if (says && !eo_input_is_equal(&own, &numbers))
            return contradicts(p, file, m);
        return eo_input_set(m, &numbers, &err) ? cli_fail(p, file, &err) : 0;
    }
    if (!says && !eo_model_meta_get(m, "eo_version"))
        cli_warn(
            p, file,
            "no metadata 'input_mean' and 'input_std': assuming the input p / 127.5 - 1 of a grey value p; "
            "--input-mean M --input-std S set (p / 255 - M) / S, with 0 and 1 p / 255");
    return 0;
}

/* Standard output can be on a full disk: --help > /dev/full must not exit 0. */
static void finish_stdout(const struct cli_program *p)
{
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write standard output\n", p->name);
        exit(1);
    }
    exit(0);
}

static void print_help(const struct cli_program *p)
{
    const struct cli_option *o;

    printf("usage: %s %s\n\n%s\n\noptions:\n", p->name, p->synopsis, p->purpose);
    for (o = p->options; o->name; o++) {
        char left[64];

        snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
                 o->letter ? ", " : "  ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        printf("  %-28s %s\n", left, o->help);
    }
    printf("  %-28s %s\n  %-28s %s\n  %-28s %s\n", "-q, --quiet", "no progress line", "-h, --help",
           "this text", "    --version", "version, and the instruction sets of this machine");
    if (p->footer)
        printf("\n%s", p->footer);
    finish_stdout(p);
}

static void print_version(const struct cli_program *p)
{
    int i;

    printf("%s (edge-opt) %s\ninstruction sets:", p->name, EO_VERSION);
    for (i = EO_ISA_COUNT - 1; i >= 0; i--) {
        if (eo_isa_available((enum eo_isa)i))
            printf(" %s", eo_isa_name((enum eo_isa)i));
    }
    printf("\n");
    finish_stdout(p);
}

static void add_text(const struct cli_program *p, const struct cli_option *o, const char *text)
{
    struct cli_list *list = o->target;

    if (list->count == CLI_LIST_MAX)
        cli_usage(p, "option '--%s': expected at most %d of them, found more", o->name, CLI_LIST_MAX);
    list->text[list->count++] = text;
}

/* Stores one option's argument; wrong usage ends the program. */
static void store(const struct cli_program *p, const struct cli_option *o, const char *text)
{
    struct eo_err err;
    int rc = 0;

    switch (o->type) {
    case CLI_FLAG:
        *(int *)o->target = 1;
        break;
    case CLI_TEXT:
        if (!*text)
            cli_usage(p, "option '--%s': expected %s, found an empty text", o->name, o->argument);
        *(const char **)o->target = text;
        break;
    case CLI_LIST:
        add_text(p, o, text);
        break;
    case CLI_INT:
        rc = eo_num_parse_i64(text, (int64_t)o->min, (int64_t)o->max, o->target, &err);
        break;
    case CLI_SEED:
        rc = eo_num_parse_u64(text, 0, UINT64_MAX, o->target, &err);
        break;
    case CLI_NUMBER:
        rc = eo_num_parse_double(text, o->min, o->max, o->target, &err);
        if (!rc)
            *(double *)o->target += 0.0; /* -0 is 0 */
        break;
    case CLI_ISA:
        rc = eo_isa_parse(text, o->target, &err);
        break;
    }
    if (rc)
        cli_usage(p, "option '--%s': %s", o->name, err.msg);
}

/*
 * Standard streams that were closed are opened so that using them fails. Otherwise the next file that is opened would
 * get the descriptor of standard error, and messages would be written into it.
 */
static void occupy_streams(void)
{
    int fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

int cli_parse(const struct cli_program *p, int argc, char **argv)
{
    struct option longs[MAX_OPTIONS + 4];
    char letters[2 * MAX_OPTIONS + 8] = ":hq";
    int n, c, i;

    for (n = 0; p->options[n].name && n < MAX_OPTIONS; n++) {
        const struct cli_option *o = &p->options[n];
        int takes = o->type != CLI_FLAG;

        longs[n] = (struct option){o->name, takes ? required_argument : no_argument, NULL, FIRST_LONG + n};
        if (o->letter)
            sprintf(letters + strlen(letters), "%c%s", o->letter, takes ? ":" : "");
    }
    longs[n] = (struct option){"help", no_argument, NULL, 'h'};
    longs[n + 1] = (struct option){"version", no_argument, NULL, VERSION};
    longs[n + 2] = (struct option){"quiet", no_argument, NULL, QUIET};
    longs[n + 3] = (struct option){NULL, 0, NULL, 0};
    occupy_streams();
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit on file size then fails as any other */
    for (i = 0; i < n; i++) {
        if (p->options[i].type == CLI_ISA)
            *(enum eo_isa *)p->options[i].target = EO_ISA_COUNT;
    }
    opterr = 0;
    while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (c == 'h')
            print_help(p);
        if (c == VERSION)
            print_version(p);
        if (c == ':')
            cli_usage(p, "option '%s' needs an argument", argv[optind - 1]);
        if (c == '?' && optopt >= FIRST_LONG)
            cli_usage(p, "option '%s' takes no argument", argv[optind - 1]);
        if (c == '?' && optopt)
            cli_usage(p, "unknown option '-%c'", optopt);
        if (c == '?')
            cli_usage(p, "unknown or ambiguous option '%s'", argv[optind - 1]);
        for (i = 0; i < n; i++) {
            if (c == FIRST_LONG + i || (p->options[i].letter && c == p->options[i].letter))
                break;
        }
        if (i < n)
            store(p, &p->options[i], optarg);
        else if (p->quiet)
            *p->quiet = 1;
    }
    if (argc - optind > p->max_operands)
        cli_usage(p, "unexpected operand '%s'", argv[optind + p->max_operands]);
    /* EO_ISA is read last: --help and a valid --isa must work when it is bad. */
    for (i = 0; i < n; i++) {
        if (p->options[i].type == CLI_ISA && *(enum eo_isa *)p->options[i].target == EO_ISA_COUNT)
            *(enum eo_isa *)p->options[i].target = cli_default_isa(p);
    }
    return argc - optind;
}

int cli_check_binary_output(const struct cli_program *p, const char *path)
{
    struct eo_err err;

    if (!eo_io_is_stdout(cli_path(path)) || !isatty(STDOUT_FILENO))
        return 0;
    eo_err_set(&err,
               "the output is binary data and standard output is a terminal; name a file, or use a pipe");
    return cli_fail(p, NULL, &err);
}

const char *cli_path(const char *path)
{
    return path ? path : "-";
}

int cli_write(const struct cli_program *p, const char *path, struct eo_buf *text)
{
    struct eo_err err;
    int rc = 0;

    if (eo_buf_check(text, &err) || eo_io_write(cli_path(path), text->data, text->len, &err))
        rc = cli_fail(p, cli_path(path), &err);
    eo_buf_release(text);
    return rc;
}

int cli_write_all(const struct cli_program *p, const char *const *paths, struct eo_buf *texts, size_t count)
{
    const char *named[EO_IO_TOGETHER] = {0};
    struct eo_err err;
    int rc;

    assert(count <= EO_IO_TOGETHER);
    for (size_t i = 0; i < count; i++)
        named[i] = cli_path(paths[i]);
    rc = eo_io_write_all(named, texts, count, &err) ? cli_fail(p, NULL, &err) : 0;
    for (size_t i = 0; i < count; i++)
        eo_buf_release(&texts[i]);
    return rc;
}

static int is_stream(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

void cli_check_outputs(const struct cli_program *p, const char *const *paths, size_t count)
{
    struct eo_err err;
    int streams = 0;
    size_t i, j;

    for (i = 0; i < count; i++) {
        streams += paths[i] && eo_io_is_stdout(paths[i]);
        for (j = 0; j < i; j++) {
            if (paths[i] && paths[j] && !eo_io_is_stdout(paths[i]) && !eo_io_is_stdout(paths[j]) &&
                eo_io_is_same_output(paths[i], paths[j]))
                cli_usage(p, "two outputs cannot go to one file, '%s'", paths[i]);
        }
    }
    if (streams > 1)
        cli_usage(p, "only one output can go to standard output; give the others a file");
    for (i = 0; i < count; i++) {
        if (paths[i] && eo_io_check_output(paths[i], &err))
            exit(cli_fail(p, paths[i], &err));
    }
}

void cli_check_inputs(const struct cli_program *p, const char *const *paths, size_t count, char **operands,
                      int operand_count)
{
    int streams = 0, k;
    size_t i;

    for (i = 0; i < count; i++)
        streams += is_stream(paths[i]);
    for (k = 0; k < operand_count; k++)
        streams += is_stream(operands[k]);
    if (streams > 1)
        cli_usage(p, "only one input can come from standard input");
}

enum eo_isa cli_default_isa(const struct cli_program *p)
{
    const char *name = getenv("EO_ISA");
    enum eo_isa isa = eo_isa_best();
    struct eo_err err;

    if (name && *name && eo_isa_parse(name, &isa, &err)) {
        eo_err_prefix(&err, "EO_ISA");
        exit(cli_fail(p, NULL, &err));
    }
    return isa;
}

int cli_threads(int64_t option, const struct eo_config *cfg)
{
    int n = option > 0 ? (int)option : cfg && cfg->threads > 0 ? cfg->threads : eo_cpu_count();

    return n < EO_POOL_MAX ? n : EO_POOL_MAX;
}
