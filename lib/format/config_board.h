/* The key devices: reads a board that is written as a mapping, and finds the active one. Only for config*.c. */
#ifndef EO_FORMAT_CONFIG_BOARD_H
#define EO_FORMAT_CONFIG_BOARD_H

#include "format/config.h"
#include "format/yaml_read.h"

/* Reads a board. The current event is the start of the mapping, afterwards its end. Messages name `key`. */
int eo_config_read_board(struct eo_yaml *y, const char *key, struct eo_board *b) EO_MUST_CHECK;

/* Completes all devices and sets *active to the active one, or to zeros if no device has that name. */
int eo_config_active_board(const struct eo_config *cfg, struct eo_board *active,
                           struct eo_err *err) EO_MUST_CHECK;

#endif
