/* base/host: facts below made-up roots, and that garbage is NAN. */
#include "base/host.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/num.h"
#include "check.h"

static char root[64] = "/tmp/eo_test_host.XXXXXX";
static const struct eo_host host = {.root = root};

/* Makes the file and its folders below the root. */
static void put_bytes(const char *path, const void *bytes, size_t size)
{
    char full[512], *slash;

    snprintf(full, sizeof(full), "%s%s", root, path);
    slash = strrchr(full, '/');
    *slash = '\0';
    if (eo_io_mkdirs(full, NULL))
        exit(2);
    *slash = '/';
    if (eo_io_write(full, bytes, size, NULL))
        exit(2);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static int same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static void check_number(const char *what, double expected, double found)
{
    check_that(same(expected, found), "%s: expected %.17g, found %.17g", what, expected, found);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double expected;
    } cases[] = {
        {"2400000\n", 2400000},
        {"0\n", 0},
        {"17", 17},
        {"9007199254740992\n", 9007199254740992.0},
        {"", NAN},
        {"\n", NAN},
        {"-1\n", NAN},
        {"9007199254740993\n", NAN},
        {"12 \n", NAN},
        {" 12\n", NAN},
        {"0x10\n", NAN},
        {"1\n2\n", NAN},
        {"<unknown>\n", NAN},
        {"1.5\n", NAN},
        {"nan\n", NAN},
        {"99999999999999999999999999999999999999\n", NAN},
        {"12\r\n", NAN},
        {"1e3\n", NAN},
        {"\xff\xfe\n", NAN},
        {"007\n", NAN},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        put("/sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", cases[i].text);
        check_number(cases[i].text, cases[i].expected, eo_host_frequency_khz(&host, 3));
    }
    put_bytes("/n", "12\0\n", 4);
    check_number("a NUL", NAN, eo_host_number(&host, "/n"));
    check_number("no such file", NAN, eo_host_frequency_khz(&host, 4));
    check_number("a folder", NAN, eo_host_number(&host, "/sys"));
    check_number("no root", NAN, eo_host_number(&(struct eo_host){.root = "/nonexistent"}, "/n"));
}

static void test_text(void)
{
    char text[8], fifo[128], name[4200];

    put("/t", "tsc \n");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == 0 && strcmp(text, "tsc ") == 0, "text: '%s'",
               text);
    put("/t", "12345\n");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == 0 && strcmp(text, "12345") == 0,
               "fits: '%s'", text);
    put("/t", "123456\n");
    errno = 0;
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == -1 && errno == EINVAL && !*text,
               "longer: '%s'", text);
    put("/t", "1234567");
    check_that(eo_host_text(&host, "/t", text, sizeof(text)) == -1 && !*text,
               "no room for the line break: '%s'", text);
    snprintf(fifo, sizeof(fifo), "%s/fifo", root);
    check_that(mkfifo(fifo, 0666) == 0, "mkfifo");
    errno = 0;
    check_that(eo_host_text(&host, "/fifo", text, sizeof(text)) == -1 && errno == EINVAL,
               "a pipe is not waited for");
    memset(name, '/', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    errno = 0;
    check_that(eo_host_text(&host, name, text, sizeof(text)) == -1 && errno == ENAMETOOLONG, "a long path");
    errno = 0;
    check_that(eo_host_text(&host, "/none", text, sizeof(text)) == -1 && errno == ENOENT,
               "errno of a missing file");
}

static void test_times(void)
{
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    struct eo_host_times t;
    static const char *const bad[] = {
        "cpu1 1 2 3 4 5 6 7\n", /* no steal, as before Linux 2.6.11 */
        "cpu1 1 2 3 4 5 6 7 x 0 0\n",
        "cpu1 1 2 3 4 5 6 7 8",
        "cpu1 1 2 3 4 5 6 7 8 \n",
        "cpu1 1 2 3 4 5 6 7 -8\n",
        "cpu1 1 2 3 4 5 6 7 99999999999999999\n",
        "cpu1 1 2 3 4 5 6 7 999999999999999999999999999\n",
        "cpu10 1 2 3 4 5 6 7 8 9 10\n",
        "xcpu1 1 2 3 4 5 6 7 8 9 10\n",
        "",
        "cpu1\n",
    };
    size_t i;

    put("/proc/stat", "cpu  100 20 30 4000 50 6 7 80 9 10\ncpu10 9 9 9 9 9 9 9 9 9 9\n"
                      "cpu1 1 2 3 400 5 6 7 8 0 0\nintr 5\n");
    t = eo_host_times(&host, -1);
    check_number("busy of all", 150 * tick, t.busy_s);
    check_number("idle of all", 4050 * tick, t.idle_s);
    check_number("interrupts of all", 13 * tick, t.irq_s);
    check_number("steal of all", 80 * tick, t.steal_s);
    check_number("steal of processor 1, which is not 10", 8 * tick, eo_host_steal_s(&host, 1));
    check_number("busy of processor 10", 27 * tick, eo_host_times(&host, 10).busy_s);
    check_number("no processor 0", NAN, eo_host_steal_s(&host, 0));
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        put("/proc/stat", bad[i]);
        t = eo_host_times(&host, 1);
        check_that(isnan(t.busy_s) && isnan(t.idle_s) && isnan(t.irq_s) && isnan(t.steal_s),
                   "'%s': expected NAN", bad[i]);
    }
}

static int read_made_up(void *ctx, const char *path, char *text, size_t size)
{
    return snprintf(text, size, "%d\n", strcmp(path, "/a") == 0 ? ++*(int *)ctx : -1);
}

static void test_reader(void)
{
    int n = 6;
    struct eo_host h = {.root = "/nonexistent", .read = read_made_up, .ctx = &n};

    check_number("the first reading", 7, eo_host_number(&h, "/a"));
    check_number("the second", 8, eo_host_number(&h, "/a"));
    check_number("another path", NAN, eo_host_number(&h, "/b"));
}

/* Not its figures: that this machine's files can be read at all. */
static void test_this_machine(void)
{
    struct eo_host here = {0};

    check_that(eo_host_times(&here, -1).busy_s > 0, "this machine's times");
}

int main(void)
{
    char command[128];

    if (!mkdtemp(root))
        return 2;
    test_numbers();
    test_text();
    test_times();
    test_reader();
    test_this_machine();
    snprintf(command, sizeof(command), "rm -rf %s", root);
    if (system(command))
        return 2;
    return check_report("test_host");
}
