#include "machine/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "machine/quota.h"

#define MAX_EXACT ((int64_t)1 << 53)
#define STAT_BYTES (128 * 1024) /* the lines of EO_HOST_CPUS processors, each of at most 120 bytes */
#define CPU "/sys/devices/system/cpu/cpu%d/"

/* Files. */

/* A folder or a pipe in place of a file must not be read, nor block. */
static int open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int read_file(const char *path, char *text, size_t size)
{
    int fd = open_regular(path), saved;
    size_t used = 0;
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        used += (size_t)n;
    }
    saved = errno;
    close(fd);
    errno = saved;
    text[used] = '\0';
    return n < 0 ? -1 : (int)used;
}

struct eo_host eo_host_of_environment(void)
{
    return (struct eo_host){.root = getenv("EO_HOST_ROOT")};
}

int eo_host_read(const struct eo_host *h, const char *path, char *text, size_t size)
{
    char full[4096];

    text[0] = '\0';
    if (h->read)
        return h->read(h->ctx, path, text, size);
    if ((size_t)snprintf(full, sizeof(full), "%s%s", h->root ? h->root : "", path) >= sizeof(full)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return read_file(full, text, size);
}

int eo_host_text(const struct eo_host *h, const char *path, char *text, size_t size)
{
    int n = eo_host_read(h, path, text, size);
    int i;

    if (n > 0 && (size_t)n + 1 < size && text[n - 1] == '\n')
        text[--n] = '\0';
    for (i = 0; i < n && text[i] >= ' ' && text[i] < 0x7f; i++)
        ;
    if (n >= 0 && (i < n || (size_t)n + 1 == size)) {
        errno = EINVAL;
        n = -1;
    }
    if (n < 0)
        text[0] = '\0';
    return n < 0 ? -1 : 0;
}

double eo_host_number(const struct eo_host *h, const char *path)
{
    char text[32];
    int64_t value;

    if (eo_host_text(h, path, text, sizeof(text)) ||
        eo_num_parse_i64(text, -MAX_EXACT, MAX_EXACT, &value, NULL))
        return NAN;
    return (double)value;
}

/* A number that is not negative, from a file whose path has the number of a processor in place of %d. */
static EO_PRINTF(2, 0) double cpu_number(const struct eo_host *h, const char *fmt, int cpu)
{
    char path[128];
    double value;

    snprintf(path, sizeof(path), fmt, cpu);
    value = eo_host_number(h, path);
    return value >= 0 ? value : NAN;
}

double eo_host_frequency_khz(const struct eo_host *h, int cpu)
{
    return cpu_number(h, CPU "cpufreq/scaling_cur_freq", cpu);
}

/* Times. */

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

/* The numbers behind a name, as many as there are, up to the end of the line. -1 when anything else stands there. */
static int parse_fields(const char *p, uint64_t fields[FIELDS])
{
    int n = 0;

    while (*p == ' ') {
        char word[24];
        size_t length;

        p += strspn(p, " ");
        length = strspn(p, "0123456789");
        if (length == 0 || length >= sizeof(word))
            return -1;
        memcpy(word, p, length);
        word[length] = '\0';
        /* Guest times follow the fields that are wanted, and are part of user and nice. */
        if (n < FIELDS && eo_num_parse_u64(word, 0, MAX_EXACT, &fields[n++], NULL))
            return -1;
        p += length;
    }
    return *p == '\n' ? n : -1;
}

/* What stands behind `name` at the beginning of a line, or NULL. */
static const char *find_line(const char *text, const char *name)
{
    size_t length = strlen(name);

    while (text && strncmp(text, name, length) != 0) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text ? text + length : NULL;
}

/* From what stands behind the name. */
static struct eo_host_times parse_times(const char *line)
{
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    uint64_t f[FIELDS];

    if (!line || parse_fields(line, f) != FIELDS)
        return (struct eo_host_times){NAN, NAN, NAN, NAN};
    return (struct eo_host_times){.busy_s = (double)(f[USER] + f[NICE] + f[SYSTEM]) * tick,
                                  .idle_s = (double)(f[IDLE] + f[IOWAIT]) * tick,
                                  .irq_s = (double)(f[IRQ] + f[SOFTIRQ]) * tick,
                                  .steal_s = (double)f[STEAL] * tick};
}

struct eo_host_times eo_host_times(const struct eo_host *h, int cpu)
{
    char name[24] = "cpu ", text[STAT_BYTES];
    const char *line = NULL;

    if (cpu >= 0)
        snprintf(name, sizeof(name), "cpu%d ", cpu);
    if (eo_host_read(h, "/proc/stat", text, sizeof(text)) > 0)
        line = find_line(text, name);
    return parse_times(line ? line - 1 : NULL); /* the space belongs to the fields, too */
}

double eo_host_steal_s(const struct eo_host *h, int cpu)
{
    return eo_host_times(h, cpu).steal_s;
}

void eo_host_all_times(const struct eo_host *h, struct eo_host_times times[EO_HOST_CPUS])
{
    char text[STAT_BYTES], word[8];
    const char *line = text;
    int64_t cpu;

    for (int i = 0; i < EO_HOST_CPUS; i++)
        times[i] = parse_times(NULL);
    eo_host_read(h, "/proc/stat", text, sizeof(text));
    while ((line = find_line(line, "cpu"))) {
        size_t length = strcspn(line, " \n");

        if (length > 0 && length < sizeof(word)) {
            snprintf(word, sizeof(word), "%.*s", (int)length, line);
            if (eo_num_parse_i64(word, 0, EO_HOST_CPUS - 1, &cpu, NULL) == 0)
                times[cpu] = parse_times(line + length);
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
}

/* Processors. */

/* The number at *p, which then stands behind it; -1 when there is none or it is no processor's. */
static int parse_cpu(const char **p)
{
    size_t length = strspn(*p, "0123456789");
    char word[8];
    int64_t cpu;

    if (length >= sizeof(word))
        return -1;
    snprintf(word, sizeof(word), "%.*s", (int)length, *p);
    *p += length;
    return eo_num_parse_i64(word, 0, EO_HOST_CPUS - 1, &cpu, NULL) ? -1 : (int)cpu;
}

int eo_host_parse_cpus(const char *list, cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    while (*list) {
        int first = parse_cpu(&list), last = first;

        if (*list == '-') {
            list++;
            last = parse_cpu(&list);
        }
        /* A comma has something behind it. */
        if (first < 0 || last < first || (*list && (*list != ',' || !list[1]))) {
            CPU_ZERO(cpus);
            return -1;
        }
        for (; first <= last; first++)
            CPU_SET(first, cpus);
        list += *list == ',';
    }
    return 0;
}

static void read_cpus(const struct eo_host *h, const char *path, cpu_set_t *cpus)
{
    char text[4096];

    eo_host_text(h, path, text, sizeof(text));
    if (eo_host_parse_cpus(text, cpus))
        CPU_ZERO(cpus);
}

/* The line of a file behind its `name`, without blanks at both ends, into `text`; "" where there is none. */
static void read_line(const struct eo_host *h, const char *path, const char *name, char *text, size_t size)
{
    char file[32768];
    const char *line = eo_host_read(h, path, file, sizeof(file)) > 0 ? find_line(file, name) : NULL;
    size_t length = 0;

    if (line) {
        line += strspn(line, " \t:");
        length = strcspn(line, "\n");
    }
    snprintf(text, size, "%.*s", line && length < size ? (int)length : 0, line ? line : "");
}

int eo_host_highest(const cpu_set_t *cpus)
{
    int cpu = EO_HOST_CPUS - 1;

    while (cpu > 0 && !CPU_ISSET(cpu, cpus))
        cpu--;
    return cpu;
}

void eo_host_allowed(const struct eo_host *h, cpu_set_t *cpus)
{
    char text[4096];

    read_line(h, "/proc/self/status", "Cpus_allowed_list", text, sizeof(text));
    if (eo_host_parse_cpus(text, cpus))
        CPU_ZERO(cpus);
}

double eo_host_throttled(const struct eo_host *h, int cpu)
{
    return cpu_number(h, CPU "thermal_throttle/core_throttle_count", cpu) +
           cpu_number(h, CPU "thermal_throttle/package_throttle_count", cpu);
}

/* Facts. */

/* Word number `index` of a text, from 0, as a number; NAN where it is none. Slashes and tabs, too, end a word. */
static double word_number(const char *text, int index)
{
    char word[32];
    size_t length;
    double value;

    for (; index > 0; index--) {
        text += strcspn(text, " \t/");
        text += strspn(text, " \t/");
    }
    length = strcspn(text, " \t/");
    snprintf(word, sizeof(word), "%.*s", length < sizeof(word) ? (int)length : 0, text);
    return eo_num_parse_double(word, 0, (double)MAX_EXACT, &value, NULL) ? NAN : value;
}

double eo_host_field(const struct eo_host *h, const char *path, const char *name, int index)
{
    char text[256];

    read_line(h, path, name, text, sizeof(text));
    return word_number(text, index);
}

static void look_at_frequency(const struct eo_host *h, int cpu, struct eo_host_facts *f)
{
    double no_turbo = eo_host_number(h, "/sys/devices/system/cpu/intel_pstate/no_turbo");
    double boost = eo_host_number(h, "/sys/devices/system/cpu/cpufreq/boost");
    char path[128];

    snprintf(path, sizeof(path), CPU "cpufreq/scaling_governor", cpu);
    eo_host_text(h, path, f->governor, sizeof(f->governor));
    snprintf(path, sizeof(path), CPU "cpufreq/scaling_driver", cpu);
    eo_host_text(h, path, f->driver, sizeof(f->driver));
    f->frequency_khz = eo_host_frequency_khz(h, cpu);
    f->frequency_max_khz = cpu_number(h, CPU "cpufreq/cpuinfo_max_freq", cpu);
    if (no_turbo == 0 || boost == 1)
        f->turbo = EO_HOST_ON;
    else if (no_turbo == 1 || boost == 0)
        f->turbo = EO_HOST_OFF;
}

static void look_at_core(const struct eo_host *h, int cpu, struct eo_host_facts *f)
{
    char path[128];

    snprintf(path, sizeof(path), CPU "topology/thread_siblings_list", cpu);
    read_cpus(h, path, &f->siblings);
    /* A list that does not contain the processor itself is not its list. */
    if (!CPU_ISSET(cpu, &f->siblings))
        CPU_ZERO(&f->siblings);
    else
        f->smt = CPU_COUNT(&f->siblings) > 1 ? EO_HOST_ON : EO_HOST_OFF;
    CPU_CLR(cpu, &f->siblings);
}

static enum eo_host_switch is_guest(const struct eo_host *h)
{
    char flags[8192], *word, *rest = NULL;

    read_line(h, "/proc/cpuinfo", "flags", flags, sizeof(flags));
    if (!*flags)
        return EO_HOST_UNKNOWN;
    for (word = strtok_r(flags, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "hypervisor") == 0)
            return EO_HOST_ON;
    }
    return EO_HOST_OFF;
}

static void look_at_load(const struct eo_host *h, struct eo_host_facts *f)
{
    f->up_s = eo_host_field(h, "/proc/uptime", "", 0);
    f->load = eo_host_field(h, "/proc/loadavg", "", 0);
    f->running = eo_host_field(h, "/proc/loadavg", "", 3);
    f->memory_available = eo_host_field(h, "/proc/meminfo", "MemAvailable", 0) /
                          eo_host_field(h, "/proc/meminfo", "MemTotal", 0);
    f->memory_pressure = eo_host_field(h, "/proc/pressure/memory", "some avg10=", 0) / 100;
    f->quota = eo_host_quota(h);
}

void eo_host_look(const struct eo_host *h, int cpu, struct eo_host_facts *f)
{
    *f = (struct eo_host_facts){.guest = is_guest(h)};
    eo_host_allowed(h, &f->allowed);
    look_at_frequency(h, cpu, f);
    look_at_core(h, cpu, f);
    eo_host_text(h, "/sys/devices/system/clocksource/clocksource0/current_clocksource", f->clock_source,
                 sizeof(f->clock_source));
    f->randomisation = eo_host_number(h, "/proc/sys/kernel/randomize_va_space");
    read_cpus(h, "/sys/devices/system/cpu/isolated", &f->isolated);
    f->perf_paranoid = eo_host_number(h, "/proc/sys/kernel/perf_event_paranoid");
    f->throttled = eo_host_throttled(h, cpu);
    look_at_load(h, f);
}
