#include "base/host.h"

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

#define MAX_EXACT ((uint64_t)1 << 53)
#define STAT_BYTES (128 * 1024) /* the lines of EO_HOST_CPUS processors, each of at most 120 bytes */

/* Files. */

/* A folder or a pipe in the place of a file must neither be read nor waited for. */
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
    uint64_t value;

    if (eo_host_text(h, path, text, sizeof(text)) || eo_num_parse_u64(text, 0, MAX_EXACT, &value, NULL))
        return NAN;
    return (double)value;
}

double eo_host_frequency_khz(const struct eo_host *h, int cpu)
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu);
    return eo_host_number(h, path);
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

struct eo_host_times eo_host_times(const struct eo_host *h, int cpu)
{
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    char name[24] = "cpu ", text[STAT_BYTES];
    const char *line = NULL;
    uint64_t f[FIELDS];

    if (cpu >= 0)
        snprintf(name, sizeof(name), "cpu%d ", cpu);
    if (eo_host_read(h, "/proc/stat", text, sizeof(text)) > 0)
        line = find_line(text, name);
    if (!line || parse_fields(line - 1, f) != FIELDS)
        return (struct eo_host_times){NAN, NAN, NAN, NAN};
    return (struct eo_host_times){.busy_s = (double)(f[USER] + f[NICE] + f[SYSTEM]) * tick,
                                  .idle_s = (double)(f[IDLE] + f[IOWAIT]) * tick,
                                  .irq_s = (double)(f[IRQ] + f[SOFTIRQ]) * tick,
                                  .steal_s = (double)f[STEAL] * tick};
}

double eo_host_steal_s(const struct eo_host *h, int cpu)
{
    return eo_host_times(h, cpu).steal_s;
}
