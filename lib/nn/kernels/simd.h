/*
 * One vector of EO_VL floats, under the same names on every instruction set, so that a kernel is written once
 * (*_body.h) and compiled per set. Included only by kernel files, which define EO_SIMD_<SET>
 * and EO_SET, the set's name.
 *
 * vf is EO_VL floats, vi is EO_VL 32-bit integers, vm the result of a comparison. All arithmetic is IEEE, one rounding
 * per operation; vf_fma is fused on every set (the generic one pays for it with fmaf). 16 is always a multiple of
 * EO_VL. Loads and stores need no alignment.
 *
 * vf_from_u8 widens EO_VL bytes. vf_unzip splits the 2 EO_VL floats at p into those of even and of odd index. vh_load
 * and vh_store convert from and to EO_VL binary16 values, to nearest, ties to even. u8_interleave takes 16 bytes from
 * each of EO_VL rows, out[i * EO_VL + row] = rows[row][at + i].
 */
#ifndef EO_NN_KERNELS_SIMD_H
#define EO_NN_KERNELS_SIMD_H

#include <stddef.h>
#include <stdint.h>

/* eo_f32_ops, say, becomes eo_f32_ops_avx2 where EO_SET is avx2. */
#define EO_JOIN_EXPANDED(a, b) a##_##b
#define EO_JOIN(a, b) EO_JOIN_EXPANDED(a, b)
#define EO_OF_SET(name) EO_JOIN(name, EO_SET)
#define EO_TEXT_EXPANDED(a) #a
#define EO_TEXT(a) EO_TEXT_EXPANDED(a)
#define EO_SET_TEXT EO_TEXT(EO_SET)

#define EO_INLINE static inline __attribute__((always_inline))
/* Not inlined, so that its loops do not share registers with the caller's. */
#define EO_APART static __attribute__((noinline))

/*
 * In front of a loop that must become straight code, so that its arrays live in registers. Not with sanitizers, whose
 * checks of each access would make that code many times as long, and minutes of compiling.
 */
#define EO_PRAGMA(text) _Pragma(#text)
#if defined(__SANITIZE_ADDRESS__) || !(defined(EO_SIMD_AVX512) || defined(EO_SIMD_AVX2) || defined(EO_SIMD_NEON))
#define EO_UNROLL(n)
#elif defined(__clang__)
#define EO_UNROLL(n) EO_PRAGMA(clang loop unroll(full))
#else
#define EO_UNROLL(n) EO_PRAGMA(GCC unroll n)
#endif

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
EO_INLINE vf vf_from_u8(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}
EO_INLINE void vf_unzip(const float *p, vf *even, vf *odd)
{
    const __m512i index = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    vf a = vf_load(p), b = vf_load(p + 16);

    *even = _mm512_permutex2var_ps(a, index, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(index, _mm512_set1_epi32(1)), b);
}
EO_INLINE vf vh_load(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
EO_INLINE void vh_store(uint16_t *p, vf a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

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
EO_INLINE vf vf_from_u8(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
}
EO_INLINE vf vf_middle_swapped(vf a)
{
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(a), 0xd8));
}
EO_INLINE void vf_unzip(const float *p, vf *even, vf *odd)
{
    vf a = vf_load(p), b = vf_load(p + 8);

    *even = vf_middle_swapped(_mm256_shuffle_ps(a, b, 0x88));
    *odd = vf_middle_swapped(_mm256_shuffle_ps(a, b, 0xdd));
}
EO_INLINE vf vh_load(const uint16_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}
EO_INLINE void vh_store(uint16_t *p, vf a)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
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
EO_INLINE vf vf_from_u8(const uint8_t *p)
{
    const uint32_t x[4] = {p[0], p[1], p[2], p[3]};

    return vcvtq_f32_u32(vld1q_u32(x));
}
EO_INLINE void vf_unzip(const float *p, vf *even, vf *odd)
{
    float32x4x2_t r = vld2q_f32(p);

    *even = r.val[0];
    *odd = r.val[1];
}
EO_INLINE vf vh_load(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
EO_INLINE void vh_store(uint16_t *p, vf a) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a))); }
/* Each round moves the highest bit of a byte's place (row, column) to the lowest; two rounds bring the row there. */
EO_INLINE void u8_interleave(const uint8_t *const rows[EO_VL], size_t at, uint8_t *out)
{
    uint8x16_t a[EO_VL], b[EO_VL];

    for (int i = 0; i < EO_VL; i++)
        a[i] = vld1q_u8(rows[i] + at);
    for (int bit = 1; bit < EO_VL; bit *= 2) {
        for (int i = 0; i < EO_VL / 2; i++) {
            b[2 * i] = vzip1q_u8(a[i], a[i + EO_VL / 2]);
            b[2 * i + 1] = vzip2q_u8(a[i], a[i + EO_VL / 2]);
        }
        for (int i = 0; i < EO_VL; i++)
            a[i] = b[i];
    }
    for (int i = 0; i < EO_VL; i++)
        vst1q_u8(out + 16 * i, a[i]);
}

#else /* generic: plain C, four lanes at a time */
#include <math.h>
#include "nn/half.h"
#define EO_VL 4
#define EO_REGS 1 /* nothing to keep in registers: fmaf is a call */
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
EO_INLINE vf vf_from_u8(const uint8_t *p) { vf r; EO_LANES((float)p[i]); }
EO_INLINE void vf_unzip(const float *p, vf *even, vf *odd)
{
    for (int i = 0; i < 4; i++) {
        even->x[i] = p[2 * i];
        odd->x[i] = p[2 * i + 1];
    }
}
EO_INLINE vf vh_load(const uint16_t *p) { vf r; EO_LANES(eo_half_to_float(p[i])); }
EO_INLINE void vh_store(uint16_t *p, vf a) { for (int i = 0; i < 4; i++) p[i] = eo_half_from_float(a.x[i]); }
EO_INLINE void u8_interleave(const uint8_t *const rows[EO_VL], size_t at, uint8_t *out)
{
    for (int i = 0; i < 16; i++) {
        for (int row = 0; row < EO_VL; row++)
            out[i * EO_VL + row] = rows[row][at + (size_t)i];
    }
}
#endif

#if defined(EO_SIMD_AVX512) || defined(EO_SIMD_AVX2)
/*
 * Each round moves the highest bit of a byte's place (row, column) to the lowest, until all bits of the row are there.
 */
EO_INLINE void u8_interleave(const uint8_t *const rows[EO_VL], size_t at, uint8_t *out)
{
    __m128i a[EO_VL], b[EO_VL];

    for (int i = 0; i < EO_VL; i++)
        a[i] = _mm_loadu_si128((const __m128i *)(const void *)(rows[i] + at));
    for (int bit = 1; bit < EO_VL; bit *= 2) {
        for (int i = 0; i < EO_VL / 2; i++) {
            b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + EO_VL / 2]);
            b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + EO_VL / 2]);
        }
        for (int i = 0; i < EO_VL; i++)
            a[i] = b[i];
    }
    for (int i = 0; i < EO_VL; i++)
        _mm_storeu_si128((__m128i *)(void *)(out + 16 * i), a[i]);
}
#endif

#endif
