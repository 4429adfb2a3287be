//@if pair
//@put about
#include //@put file
//@end
//@if int8
//@else
#ifdef __FAST_MATH__
#error "scores are exact: compile without -ffast-math"
#endif

//@end
/* Set to put the constants in a section of their own. */
#ifndef NET_CONST
#define NET_CONST
#endif

//@if smallcnn
/* Called with k each time that layer k goes on, and with 3 at the end: for a pin or a cycle counter. */
//@else
/* Called with k before layer k, and with the number of layers at the end: for a pin or a cycle counter. */
//@end
#ifndef NET_STEP
#define NET_STEP(k) ((void)0)
#endif

//@if int8
#if NET_PATH == 2
#include <arm_mve.h>
#elif NET_PATH == 1
#include <arm_acle.h>
//@if smallcnn
typedef int16x2_t net_pair __attribute__((may_alias));
//@end
#endif

/* Short loops without their overhead. */
#if defined(__GNUC__) && !defined(__clang__)
#define NET_UNROLL(n) _Pragma(#n)
#else
#define NET_UNROLL(n)
#endif
//@end
