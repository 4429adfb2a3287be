#include "machine/quota.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MOST 1024

static double ratio(double quota, double period)
{
    return quota > 0 && period > 0 ? quota / period : NAN;
}

/* "max 100000" or "50000 100000": microseconds of processor time in each period. */
static double read_v2(const struct eo_host *h, const char *folder)
{
    char path[GROUP_MOST + 64], text[64], *period;
    double quota;

    snprintf(path, sizeof(path), "%s/cpu.max", folder);
    if (eo_host_text(h, path, text, sizeof(text)))
        return NAN;
    if (strncmp(text, "max ", 4) == 0)
        return INFINITY;
    quota = strtod(text, &period);
    return ratio(quota, strtod(period, NULL));
}

static double read_v1(const struct eo_host *h, const char *folder)
{
    char path[GROUP_MOST + 64];
    double quota, period;

    snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", folder);
    quota = eo_host_number(h, path);
    snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
    period = eo_host_number(h, path);
    return quota == -1 ? INFINITY : ratio(quota, period);
}

/*
 * The least of a group and those above it; a missing file sets no limit (the topmost group has none). In a container
 * the name of the group may be that in the tree of the machine, of which only the top is seen from inside.
 */
static double least(const struct eo_host *h, const char *top, const char *group,
                    double (*read)(const struct eo_host *h, const char *folder))
{
    char folder[GROUP_MOST + 32];
    double found = NAN;
    size_t end = strlen(top);
    char *slash;

    snprintf(folder, sizeof(folder), "%s%s", top, strcmp(group, "/") == 0 ? "" : group);
    for (;;) {
        found = fmin(found, read(h, folder));
        slash = strlen(folder) > end ? strrchr(folder, '/') : NULL;
        if (!slash)
            return found;
        *slash = '\0';
    }
}

/* Whether "cpu" is in a list like "cpu,cpuacct". */
static int has_cpu(const char *list, size_t length)
{
    const char *end = list + length;

    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t n = (size_t)((comma ? comma : end) - list);

        if (n == 3 && memcmp(list, "cpu", 3) == 0)
            return 1;
        list += n + 1;
    }
    return 0;
}

static double quota_of_line(const struct eo_host *h, const char *line)
{
    static const char *const tops[] = {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct",
                                       "/sys/fs/cgroup/cpuacct,cpu"};
    const char *controllers = strchr(line, ':'), *group;
    double found = NAN;

    group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group || group[1] != '/' || strlen(group) >= GROUP_MOST)
        return NAN;
    if (strncmp(line, "0::", 3) == 0)
        return least(h, "/sys/fs/cgroup", group + 1, read_v2);
    for (size_t i = 0;
         has_cpu(controllers + 1, (size_t)(group - controllers - 1)) && i < sizeof(tops) / sizeof(*tops); i++)
        found = fmin(found, least(h, tops[i], group + 1, read_v1));
    return found;
}

double eo_host_quota(const struct eo_host *h)
{
    char text[8192], *line, *rest = NULL;
    double found = NAN;

    if (eo_host_read(h, "/proc/self/cgroup", text, sizeof(text)) < 0)
        return NAN;
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        found = fmin(found, quota_of_line(h, line));
    return found;
}
