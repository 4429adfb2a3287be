/*
 * What every unit test program does: count its cases, print those that failed, and end with the line that
 * tests/run.sh reads.
 *
 *     check_that(found == expected, "rows of '%s': expected %d, found %d", input, expected, found);
 *     ...
 *     return check_report("test_x");
 *
 * A case is what a reader would call one: a row of a table, a shape, a file. Of a million values that are compared in
 * a loop, the wrong ones are counted, and the loop is one case.
 */
#ifndef EO_TESTS_CHECK_H
#define EO_TESTS_CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define CHECK_SHOWN 20 /* failures that are printed; all are counted */

static int passed, failed;

/* Counts one case; prints the message, a whole line or several, when it has failed. Returns `ok`. */
EO_PRINTF(2, 3)
static inline int check_that(int ok, const char *fmt, ...)
{
    va_list ap;

    if (ok) {
        passed++;
        return ok;
    }
    if (failed++ < CHECK_SHOWN) {
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
    }
    return ok;
}

/* Texts are equal; NULL stands for a text that is missing. */
static inline void check_text(const char *what, const char *expected, const char *found)
{
    found = found ? found : "(null)";
    check_that(strcmp(found, expected) == 0, "%s:\n  expected %s\n  found    %s", what, expected, found);
}

/* Prints the last line. Returns the exit status. */
static inline int check_report(const char *program)
{
    printf("%s: %d passed, %d failed\n", program, passed, failed);
    return failed > 0;
}

#endif
