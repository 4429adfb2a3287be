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
//@if packed

/* Of eight weights, four bits each, four as bytes: those of the lower halves of the bytes (0), or of the upper (4). */
static uint32_t net_half(uint32_t eight, int shift)
{
    return (((eight >> shift & 0x0f0f0f0f) ^ 0x08080808) + 0x78787878) ^ 0x80808080;
}

//@if packed_classes
//@else
#if NET_PATH != 1
//@end
/* `n` weights, and those up to the next multiple of eight. */
static const int8_t *net_unpacked(const uint32_t *from, int n, uint8_t *to)
{
    uint8_t *at = to;

    for (; n > 0; n -= 8, from++) {
        NET_UNROLL(GCC unroll 2)
        for (int shift = 0; shift < 8; shift += 4, at += 4) {
            const uint32_t four = net_half(*from, shift);

            at[0] = (uint8_t)four;
            at[1] = (uint8_t)(four >> 8);
            at[2] = (uint8_t)(four >> 16);
            at[3] = (uint8_t)(four >> 24);
        }
    }
    return (const int8_t *)to;
}
//@if packed_classes
//@else
#endif
//@end
//@end
