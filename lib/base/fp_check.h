/*
 * Included by the compiler's command line into every file: refuses to build with options under which the same
 * source would give other bits.
 */
#ifndef EO_BASE_FP_CHECK_H
#define EO_BASE_FP_CHECK_H

#include <float.h>

#if defined(__FAST_MATH__)
#error "edge-opt gives the same bytes everywhere; -ffast-math (or -Ofast) breaks that and is refused"
#endif
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "edge-opt relies on IEEE comparisons; -ffinite-math-only is refused"
#endif
/* Only gcc defines these macros: clang does not tell of the parts of -ffast-math. */
#if defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "edge-opt fixes the order of every sum; -funsafe-math-optimizations, or a part of it, is refused"
#endif
#if FLT_EVAL_METHOD != 0
#error "edge-opt needs float arithmetic in float (FLT_EVAL_METHOD 0); on 32-bit x86 use -msse2 -mfpmath=sse"
#endif

#endif
