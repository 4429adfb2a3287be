/*
 * exp, log and cosine that give the same bits everywhere. Those of the C library differ in the last place between
 * versions and processors; these use only + - * / in a fixed order, so they depend on IEEE 754 alone.
 */
#ifndef EO_BASE_FMATH_H
#define EO_BASE_FMATH_H

/*
 * e^x. Relative error below 1e-15 for x in -708..709; 0 below, infinity above, NaN for NaN.
 * Method: x = k ln 2 + r, |r| <= ln 2 / 2, Taylor polynomial of degree 13 for e^r.
 */
double eo_exp(double x);

/*
 * Natural logarithm. Error below 1e-15 relative (absolute near 1) for normal x > 0; -infinity for 0, NaN for x < 0.
 * Method: x = 2^e m, m in [0.71, 1.42], log m = 2 atanh((m - 1) / (m + 1)) by its odd series up to the 21st power.
 */
double eo_log(double x);

/*
 * cos(pi x), for any finite x; NaN for infinities and NaN. Absolute error below 3e-16.
 * Method: by symmetry x in [0, 1/4], Taylor polynomials of cosine and sine up to the 17th power of pi x <= pi / 4.
 */
double eo_cospi(double x);

#endif
