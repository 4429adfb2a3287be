#include "format/config_board.h"

#include <string.h>

static int fail_found(struct eo_yaml *y, const char *key, const char *expected)
{
    char found[EO_YAML_FOUND];

    eo_yaml_found(&y->event, found);
    return eo_yaml_fail(y, y->event.start_mark, "key '%s': expected %s, found %s", key, expected, found);
}

/* Reads a field and its value. The current event is the name of the field. */
static int read_field(struct eo_yaml *y, const char *key, struct eo_board *b)
{
    yaml_mark_t at = y->event.start_mark;
    char field[EO_YAML_SHOWN];
    struct eo_err why;

    if (!eo_yaml_is_plain(&y->event))
        return fail_found(y, key, "the name of a field");
    eo_yaml_show(y->event.data.scalar.value, y->event.data.scalar.length, field);
    if (eo_yaml_next(y))
        return -1;
    if (!eo_yaml_is_plain(&y->event))
        return fail_found(y, key, "a name or a number");
    if (eo_board_set(b, field, (const char *)y->event.data.scalar.value, &why))
        return eo_yaml_fail(y, at, "key '%s': %s", key, why.msg);
    return 0;
}

int eo_config_read_board(struct eo_yaml *y, const char *key, struct eo_board *b)
{
    yaml_mark_t start = y->event.start_mark;

    memset(b, 0, sizeof(*b));
    for (;;) {
        if (eo_yaml_next(y))
            return -1;
        if (y->event.type == YAML_MAPPING_END_EVENT)
            break;
        if (read_field(y, key, b))
            return -1;
    }
    return *b->name ? 0 : eo_yaml_fail(y, start, "key '%s': expected a mapping with 'name', found none", key);
}

int eo_config_active_board(const struct eo_config *cfg, struct eo_board *active, struct eo_err *err)
{
    memset(active, 0, sizeof(*active));
    for (int i = 0; i < cfg->device_count; i++) {
        struct eo_board b;

        if (eo_board_complete(&cfg->devices[i], &b, err))
            return -1;
        if (strcmp(b.name, cfg->active_device) == 0)
            *active = b;
    }
    return 0;
}
