#include "base/names.h"

#include <stdio.h>
#include <string.h>

int eo_names_find(const char *const *names, const char *text)
{
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return -1;
}

void eo_names_join(const char *const *names, char *text, size_t size)
{
    size_t count = 0, written = 0;

    for (int i = 0; names[i]; i++)
        count += *names[i] != '\0';
    snprintf(text, size, "%s", count > 1 ? "one of " : "");
    for (int i = 0; names[i]; i++) {
        size_t n = strlen(text);

        if (*names[i])
            snprintf(text + n, size - n, "%s%s", written++ ? ", " : "", names[i]);
    }
}

int eo_names_parse(const char *const *names, const char *text, int *value, struct eo_err *err)
{
    int found = eo_names_find(names, text);
    char allowed[160];

    if (found < 0) {
        eo_names_join(names, allowed, sizeof(allowed));
        return eo_err_set(err, "expected %s, found '%.40s'", allowed, text);
    }
    *value = found;
    return 0;
}
