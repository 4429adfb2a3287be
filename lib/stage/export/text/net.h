//@put about
#ifndef NET_H
#define NET_H

#include <stdint.h>

//@put sizes
//@if int8
typedef int32_t net_score; /* exact; logit = score * NET_SCORE_SCALE */

/* Which of the equal ways to compute is compiled: the scores are the same. NET_PLAIN asks for plain C. */
#if defined(NET_PLAIN)
#define NET_PATH 0
#elif defined(__ARM_FEATURE_MVE) && __ARM_FEATURE_MVE
//@if narrow
#define NET_PATH 2 /* Helium */
//@else
#define NET_PATH 0 /* Helium needs activations of 0..127, and this model's go up to 255 */
//@end
#elif defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__ARM_FEATURE_UNALIGNED)
#define NET_PATH 1 /* two products an instruction */
#else
#define NET_PATH 0 /* plain C */
#endif

//@else
/*
 * The logits, the same bits on every processor. All sums are fused multiply-adds. Where that is one instruction
 * (Cortex-M4F, M7F, M33F, M55, AArch64, RISC-V with F, x86-64 with -mfma) they are fast; elsewhere integer code gives
 * the same bits, slowly.
 */
typedef float net_score;

//@end
/*
 * All RAM but the stack, to the byte. The state needs no initial value and may be used for something else between two
 * calls.
 */
//@put state
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Classifies one image and returns its class, the first one of the largest scores. `state` has NET_STATE_BYTES bytes,
 * aligned to NET_STATE_ALIGN; calls at the same time need one each. `scores` receives NET_CLASSES
//@if int8
 * exact integers, one logit each in units of NET_SCORE_SCALE.
//@else
 * logits.
//@end
 */
int net_run(void *state, const uint8_t *input, net_score *scores);

//@if selftest
#ifndef NET_NO_SELFTEST
/*
 * Runs the stored images. 0: all scores are those of the host. n in 1..NET_TESTS: image n - 1 is the first one whose
 * scores differ. NET_TESTS + 1: the scores are right, but a constant has changed.
 */
int net_selftest(void *state);
#endif
//@end

#ifdef __cplusplus
}
#endif

#endif
