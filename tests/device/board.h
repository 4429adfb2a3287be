/* The least of a board, Arm M-profile or RISC-V: a start that calls main(), text to the host by semihosting, an end. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

void board_print(const char *text);
void board_print_number(const char *label, uint32_t n);
void board_exit(void);

#endif
