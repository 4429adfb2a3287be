/*
 * Boards: how much memory a device has, and how fast it is.
 *
 * boards.csv beside this file is the table of known boards; programs contain it. A configuration names boards of this
 * table or describes its own:
 *
 *     devices: [STM32L4R5, {name: mine, code: m4dsp, clock_mhz: 80, flash_kib: 256, ram_kib: 64}]
 *
 * A description with the name of a known board replaces only the fields that it gives, such as cycles_per_instruction
 * after a measurement.
 *
 * `code` is the core whose code the board runs, one of those for which core_costs.csv gives flash and RAM
 * (tests/device/measure.sh). Cortex-M7 and M33 with DSP run the code of m4dsp, Cortex-M0+ that of m0.
 */
#ifndef EO_FORMAT_BOARD_H
#define EO_FORMAT_BOARD_H

#include "base/buf.h"
#include "base/err.h"

#define EO_BOARD_NAME 32 /* bytes of a name, its NUL included */

/* 0 and "" mean unknown. */
struct eo_board {
    char name[EO_BOARD_NAME], core[EO_BOARD_NAME], code[EO_BOARD_NAME]; /* code: one of core.h */
    double clock_mhz;
    double flash_kib, ram_kib;
    double cycles_per_instruction; /* on average, of exported code */
    double milliwatts;             /* while it computes */
};

/*
 * Sets a field of a board by its name. Fails if no field has that name (the message lists the fields), if the field is
 * set already, and if it cannot have that value (the message says what was expected).
 */
int eo_board_set(struct eo_board *b, const char *field, const char *text, struct eo_err *err) EO_MUST_CHECK;

/* Whether a text can be a board's name or code: letters, digits and any of ._+- */
int eo_board_is_name(const char *text);

/*
 * Copies `given` to `b` and sets its unknown fields from the table of known boards. Fails if a needed field (code,
 * clock_mhz, flash_kib, ram_kib) is still unknown then.
 */
int eo_board_complete(const struct eo_board *given, struct eo_board *b, struct eo_err *err) EO_MUST_CHECK;

/* Appends a board as YAML: its name, or a mapping of the known fields if there are more. */
void eo_board_put(const struct eo_board *b, struct eo_buf *out);

extern const char eo_boards_csv[]; /* the table of known boards */

#endif
