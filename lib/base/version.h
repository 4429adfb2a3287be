/* The version of all programs. A change of results (other bytes from equal inputs) raises the second number. */
#ifndef EO_BASE_VERSION_H
#define EO_BASE_VERSION_H

#define EO_VERSION "0.1.0"

/* What compiled the programs. */
#ifdef __clang__
#define EO_COMPILER __VERSION__
#else
#define EO_COMPILER "gcc " __VERSION__
#endif

#endif
