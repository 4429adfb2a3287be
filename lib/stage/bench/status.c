#include "stage/bench/status.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"

static const char *const names[] = {"ok", "noisy", "drift", "throttled", "short", NULL};

const char *eo_timing_status_name(enum eo_timing_status status)
{
    return names[status];
}

int eo_timing_status_parse(const char *text, enum eo_timing_status *status, struct eo_err *err)
{
    int value;

    if (eo_names_parse(names, text, &value, err))
        return -1;
    *status = (enum eo_timing_status)value;
    return 0;
}

void eo_timing_note(char *reason, size_t size, const char *note)
{
    size_t n = strlen(reason);

    snprintf(reason + n, size - n, "%s%s", n ? "; " : "", note);
}

int eo_timing_check(enum eo_timing_status status, const char *reason, struct eo_err *err)
{
    return status == EO_TIMING_OK ? 0
                                  : eo_err_set(err, "expected timing status ok, found %s: %s",
                                               eo_timing_status_name(status), reason);
}
