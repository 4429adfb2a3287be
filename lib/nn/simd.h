/*
 * One vector of EO_VL floats, under the same names on every instruction set, so that a kernel is written once
 * (kernels_*_body.h) and compiled per set. Included only by kernel files; EO_SIMD_<SET> is defined there.
 *
 * vf is EO_VL floats, vi is EO_VL 32-bit integers, vm the result of a comparison. All arithmetic is IEEE, one rounding
 * per operation; vf_fma is fused on every set (the generic one pays for it with fmaf). 16 is always a multiple of
 * EO_VL. Loads and stores need no alignment.
 */
#ifndef EO_NN_SIMD_H
#define EO_NN_SIMD_H

#include <stdint.h>

#define EO_INLINE static inline __attribute__((always_inline))

#if defined(EO_SIMD_AVX512)
#include <immintrin.h>
#define EO_VL 16
#define EO_REGS 32
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;
EO_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
EO_INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
EO_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
EO_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
EO_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
EO_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
EO_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
EO_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
EO_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
/* a > b ? a : b, that is b where they are equal or unordered */
EO_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
EO_INLINE vm vf_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
EO_INLINE vf vf_select(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
EO_INLINE vi vi_load(const int32_t *p) { return _mm512_loadu_si512(p); }
EO_INLINE void vi_store(int32_t *p, vi a) { _mm512_storeu_si512(p, a); }
EO_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
EO_INLINE vm vi_eq(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
EO_INLINE vi vi_select(vm m, vi yes, vi no) { return _mm512_mask_blend_epi32(m, no, yes); }

#elif defined(EO_SIMD_AVX2)
#include <immintrin.h>
#define EO_VL 8
#define EO_REGS 16
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;
EO_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
EO_INLINE void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
EO_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
EO_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
EO_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
EO_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
EO_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
EO_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
EO_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
EO_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
EO_INLINE vm vf_gt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
EO_INLINE vf vf_select(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }
EO_INLINE vi vi_load(const int32_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
EO_INLINE void vi_store(int32_t *p, vi a) { _mm256_storeu_si256((__m256i *)(void *)p, a); }
EO_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
EO_INLINE vm vi_eq(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
EO_INLINE vi vi_select(vm m, vi yes, vi no)
{
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(no), _mm256_castsi256_ps(yes), m));
}

#elif defined(EO_SIMD_NEON)
#include <arm_neon.h>
#define EO_VL 4
#define EO_REGS 32
typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;
EO_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
EO_INLINE void vf_store(float *p, vf a) { vst1q_f32(p, a); }
EO_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
EO_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
EO_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
EO_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
EO_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
EO_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
EO_INLINE vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
EO_INLINE vm vf_gt(vf a, vf b) { return vcgtq_f32(a, b); }
EO_INLINE vf vf_select(vm m, vf yes, vf no) { return vbslq_f32(m, yes, no); }
EO_INLINE vf vf_max(vf a, vf b) { return vf_select(vf_gt(a, b), a, b); }
EO_INLINE vi vi_load(const int32_t *p) { return vld1q_s32(p); }
EO_INLINE void vi_store(int32_t *p, vi a) { vst1q_s32(p, a); }
EO_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
EO_INLINE vm vi_eq(vi a, vi b) { return vceqq_s32(a, b); }
EO_INLINE vi vi_select(vm m, vi yes, vi no) { return vbslq_s32(m, yes, no); }

#else /* generic: plain C, four lanes at a time */
#include <math.h>
#define EO_VL 4
#define EO_REGS 16
typedef struct {
    float x[4];
} vf;
typedef struct {
    int32_t x[4];
} vi;
typedef vi vm;
#define EO_LANES(expr)             \
    do {                           \
        for (int i = 0; i < 4; i++) \
            r.x[i] = (expr);       \
        return r;                  \
    } while (0)
EO_INLINE vf vf_load(const float *p) { vf r; EO_LANES(p[i]); }
EO_INLINE void vf_store(float *p, vf a) { for (int i = 0; i < 4; i++) p[i] = a.x[i]; }
EO_INLINE vf vf_set1(float x) { vf r; EO_LANES(x); }
EO_INLINE vf vf_fma(vf a, vf b, vf c) { vf r; EO_LANES(fmaf(a.x[i], b.x[i], c.x[i])); }
EO_INLINE vf vf_add(vf a, vf b) { vf r; EO_LANES(a.x[i] + b.x[i]); }
EO_INLINE vf vf_sub(vf a, vf b) { vf r; EO_LANES(a.x[i] - b.x[i]); }
EO_INLINE vf vf_mul(vf a, vf b) { vf r; EO_LANES(a.x[i] * b.x[i]); }
EO_INLINE vf vf_div(vf a, vf b) { vf r; EO_LANES(a.x[i] / b.x[i]); }
EO_INLINE vf vf_sqrt(vf a) { vf r; EO_LANES(sqrtf(a.x[i])); }
EO_INLINE vf vf_max(vf a, vf b) { vf r; EO_LANES(a.x[i] > b.x[i] ? a.x[i] : b.x[i]); }
EO_INLINE vm vf_gt(vf a, vf b) { vm r; EO_LANES(a.x[i] > b.x[i]); }
EO_INLINE vf vf_select(vm m, vf yes, vf no) { vf r; EO_LANES(m.x[i] ? yes.x[i] : no.x[i]); }
EO_INLINE vi vi_load(const int32_t *p) { vi r; EO_LANES(p[i]); }
EO_INLINE void vi_store(int32_t *p, vi a) { for (int i = 0; i < 4; i++) p[i] = a.x[i]; }
EO_INLINE vi vi_set1(int32_t x) { vi r; EO_LANES(x); }
EO_INLINE vm vi_eq(vi a, vi b) { vm r; EO_LANES(a.x[i] == b.x[i]); }
EO_INLINE vi vi_select(vm m, vi yes, vi no) { vi r; EO_LANES(m.x[i] ? yes.x[i] : no.x[i]); }
#endif

#endif
