#include "format/core.h"

#include <stddef.h>

#include "base/names.h"

#define NAME(name) #name,
static const char *const names[] = {EO_CORES(NAME) NULL};

const char *eo_core_name(enum eo_core core)
{
    return names[core];
}

int eo_core_parse(const char *name, enum eo_core *core, struct eo_err *err)
{
    int value;

    if (eo_names_parse(names, name, &value, err))
        return -1;
    *core = (enum eo_core)value;
    return 0;
}
