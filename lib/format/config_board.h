/* The key devices: reading a board as a mapping, and which one is active. For config*.c alone. */
#ifndef EO_FORMAT_CONFIG_BOARD_H
#define EO_FORMAT_CONFIG_BOARD_H

#include "format/config.h"
#include "format/yaml_read.h"

/* Reads a board; the current event is the start of the mapping, then its end. `key` is named in messages. */
int eo_config_read_board(struct eo_yaml *y, const char *key, struct eo_board *b) EO_MUST_CHECK;

/* Completes all devices, and sets *active to the active one; to zeros where none has that name. */
int eo_config_active_board(const struct eo_config *cfg, struct eo_board *active,
                           struct eo_err *err) EO_MUST_CHECK;

#endif
