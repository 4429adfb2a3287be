/*
 * Numbers as text, independent of the locale.
 *
 * Reading is strict: the whole string must be one number in decimal notation, with an optional sign; no
 * surrounding space, no leading zeros ("012"), no hexadecimal, no "nan" or "inf", no value that overflows to infinity
 * or is so small that it would become zero. "1e-3", ".5" and "5." are numbers. Writing gives the shortest text that
 * reads back as the same value.
 */
#ifndef EO_BASE_NUM_H
#define EO_BASE_NUM_H

#include <stdint.h>

#include "base/err.h"

#define EO_NUM_TEXT 32 /* enough for any eo_num_format_double() */

/* An integer in min..max. The messages say "expected an integer in 1..10, found '...'". */
int eo_num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out,
                     struct eo_err *err) EO_MUST_CHECK;
int eo_num_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out,
                     struct eo_err *err) EO_MUST_CHECK;

/* A finite number in min..max, both included. */
int eo_num_parse_double(const char *text, double min, double max, double *out,
                        struct eo_err *err) EO_MUST_CHECK;

/*
 * Shortest round-trip text of a finite number, the same as Python's repr(): integers get ".0", and values below 1e-4
 * or from 1e16 on are written with an exponent ("1.0", "0.25", "1e-05", "1e+16").
 */
void eo_num_format_double(double value, char text[EO_NUM_TEXT]);

#endif
