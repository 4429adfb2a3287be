/*
 * Vectors of the int8 kernels, under the same names on every instruction set, so that s8_body.h is written
 * once. Included only by kernel files; EO_SIMD_<SET> is defined there. All of it is integer arithmetic and exact.
 *
 *     S8_VL      32-bit lanes of an sv
 *     S8_POS     how many of a pooling window's four positions are computed at a time (as registers allow)
 *     S8_COLUMNS how many columns a tile of any network has, 8 or 4 (general_s8_body.h)
 *     S8_UNITS   how many vectors of output channels the one-image kernel of conv2 computes at a time
 *     S8_WINDOWS how many pooling windows the same takes at a time for a single vector of channels
 *     S8_UNROLL_TAPS  before the loop over conv2's nine taps in the one-image kernel: to spell them out or not
 *     S8_SINGLE_MAX  up to how many leftover images go one by one rather than as a batch with idle lanes
 *     S8_WORDS   how the four weights that meet one activation word are packed (enum eo_s8_words)
 *     sv         S8_VL accumulators, s32
 *     sa         activations: four u8 for each lane, ready to be multiplied
 *     sw         weights: four s8 for each lane, likewise
 *
 * sa_load takes S8_VL words of four bytes from memory, sa_set1 one for all lanes. sw_set1 is word number i of a packed
 * array for all lanes, sw_load vector number i. sv_dot adds the four products of each lane. None needs alignment.
 *
 * sv_scale1(x, f) is eo_requant_apply(), lane by lane, with one factor for all, sv_scale(x, f) with one each; where x
 * is negative the result need only be any number that is not above 0; sv_scale1_exact(x, f) and sv_scale_exact(x,
 * sf_load(f)) are right for any x. sv_bytes(p) are the S8_VL bytes at p. sv_store_quads and sv_store_u8 take such
 * numbers to zero + clamp(x, 0, limit) and store them as u8: four vectors interleaved byte by byte, or one.
 * sv_store_columns stores four at p, p + 16, p + 32 and p + 48.
 *
 * words_row fills the batch input: row q of S8_VL images that lie EO_IMAGE_PIXELS apart. s8_interleave takes four times
 * 16 bytes from p and writes byte 0 of each, then byte 1 of each, ..., to out.
 */
#ifndef EO_NN_KERNELS_SIMD_S8_H
#define EO_NN_KERNELS_SIMD_S8_H

#include <stdint.h>
#include <string.h>

#include "nn/kernels/s8.h"
#include "nn/kernels/simd.h"

EO_INLINE int32_t load_s32(const void *p)
{
    int32_t x;

    memcpy(&x, p, sizeof(x));
    return x;
}

#if defined(EO_SIMD_AVX512)
#include <immintrin.h>
#define S8_VL 16
#define S8_POS 4
#define S8_COLUMNS 8
#define S8_UNITS 2
#define S8_WINDOWS 4
#define S8_UNROLL_TAPS EO_UNROLL(9)
#define S8_SINGLE_MAX 8
#define S8_WORDS EO_S8_WORDS_S8
typedef __m512i sv;
typedef __m512i sa;
typedef __m512i sw;
EO_INLINE sv sv_set1(int32_t x) { return _mm512_set1_epi32(x); }
EO_INLINE sv sv_load(const int32_t *p) { return _mm512_loadu_si512(p); }
EO_INLINE void sv_store(int32_t *p, sv a) { _mm512_storeu_si512(p, a); }
EO_INLINE sv sv_add(sv a, sv b) { return _mm512_add_epi32(a, b); }
EO_INLINE sv sv_max(sv a, sv b) { return _mm512_max_epi32(a, b); }
EO_INLINE sa sa_load(const uint8_t *p) { return _mm512_loadu_si512(p); }
EO_INLINE sa sa_set1(const uint8_t *p) { return _mm512_set1_epi32(load_s32(p)); }
EO_INLINE sw sw_set1(const void *words, int i) { return _mm512_set1_epi32(load_s32((const char *)words + 4 * i)); }
EO_INLINE sw sw_load(const void *words, int i) { return _mm512_loadu_si512((const char *)words + 64 * i); }
EO_INLINE sv sv_dot(sv acc, sa a, sw w) { return _mm512_dpbusd_epi32(acc, a, w); }
EO_INLINE sv sv_merge(__m512i even, __m512i odd)
{
    return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
}
EO_INLINE sv sv_scale1(sv x, const struct eo_s8_factor *f)
{
    __m512i m = _mm512_set1_epi64(f->multiplier), round = _mm512_set1_epi64(f->round);
    __m512i shift = _mm512_set1_epi64(f->shift), even, odd;

    even = _mm512_mul_epi32(x, m);
    odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), m);
    return sv_merge(_mm512_srav_epi64(_mm512_add_epi64(even, round), shift),
                    _mm512_srav_epi64(_mm512_add_epi64(odd, round), shift));
}
EO_INLINE sv sv_scale1_exact(sv x, const struct eo_s8_factor *f) { return sv_scale1(x, f); }
EO_INLINE sv sv_bytes(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
typedef struct {
    __m512i m[2], round[2], shift[2]; /* of the even and of the odd lanes */
} sf;
EO_INLINE sf sf_load(const int64_t *f)
{
    return (sf){{_mm512_loadu_si512(f), _mm512_loadu_si512(f + 8)},
                {_mm512_loadu_si512(f + 16), _mm512_loadu_si512(f + 24)},
                {_mm512_loadu_si512(f + 32), _mm512_loadu_si512(f + 40)}};
}
EO_INLINE sv sv_scale_exact(sv x, sf f)
{
    __m512i even = _mm512_mul_epi32(x, f.m[0]), odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), f.m[1]);

    return sv_merge(_mm512_srav_epi64(_mm512_add_epi64(even, f.round[0]), f.shift[0]),
                    _mm512_srav_epi64(_mm512_add_epi64(odd, f.round[1]), f.shift[1]));
}
EO_INLINE sv sv_scale(sv x, const int64_t *f) { return sv_scale_exact(x, sf_load(f)); }
EO_INLINE void sv_store_quads(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    /* Saturating to s16 and on to u8 clamps at 0 and 255; each 128 bits then hold four bytes of a, of b, ... */
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i y = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));

    y = _mm512_min_epu8(y, _mm512_set1_epi8((char)limit));
    y = _mm512_add_epi8(y, _mm512_set1_epi8((char)zero));
    _mm512_storeu_si512(p, _mm512_shuffle_epi8(y, order));
}
EO_INLINE void sv_store_columns(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i y = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));

    y = _mm512_min_epu8(y, _mm512_set1_epi8((char)limit));
    y = _mm512_add_epi8(y, _mm512_set1_epi8((char)zero));
    _mm512_storeu_si512(p, _mm512_permutexvar_epi32(order, y));
}
EO_INLINE void sv_store_u8(uint8_t *p, sv a, int limit, int zero)
{
    __m128i y = _mm512_cvtusepi32_epi8(_mm512_max_epi32(a, _mm512_setzero_si512()));

    y = _mm_add_epi8(_mm_min_epu8(y, _mm_set1_epi8((char)limit)), _mm_set1_epi8((char)zero));
    _mm_storeu_si128((__m128i *)(void *)p, y);
}
/* Column c of r becomes vector c of out: 2 x 2 words, 2 x 2 pairs, then 4 x 4 quarters in two steps. */
EO_INLINE void transpose(const __m512i r[16], __m512i out[16])
{
    __m512i t[16], u[16];

    EO_UNROLL(8)
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    EO_UNROLL(8)
    for (int i = 0; i < 16; i += 4) {
        u[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        u[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        u[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        u[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    EO_UNROLL(4)
    for (int e = 0; e < 4; e++) { /* quarter k of u[4 j + e] is column 4 k + e of rows 4 j .. 4 j + 3 */
        __m512i even = _mm512_shuffle_i32x4(u[e], u[e + 4], 0x88), odd = _mm512_shuffle_i32x4(u[e], u[e + 4], 0xdd);
        __m512i even2 = _mm512_shuffle_i32x4(u[e + 8], u[e + 12], 0x88);
        __m512i odd2 = _mm512_shuffle_i32x4(u[e + 8], u[e + 12], 0xdd);

        out[e] = _mm512_shuffle_i32x4(even, even2, 0x88);
        out[e + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
        out[e + 8] = _mm512_shuffle_i32x4(even, even2, 0xdd);
        out[e + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xdd);
    }
}
EO_INLINE void words_row(const uint8_t *q, int zero, uint8_t *out)
{
    /* Word i of an image is bytes 2 i .. 2 i + 3 of its row with the border: 16-bit elements i and i + 1. */
    const __m512i pairs = _mm512_setr_epi32(0x10000, 0x20001, 0x30002, 0x40003, 0x50004, 0x60005, 0x70006, 0x80007,
                                            0x90008, 0xa0009, 0xb000a, 0xc000b, 0xd000c, 0xe000d, 0, 0);
    __m512i r[16], columns[16];

    EO_UNROLL(16)
    for (int i = 0; i < 16; i++) {
        __m256i line = _mm256_mask_loadu_epi8(_mm256_set1_epi8((char)zero), 0x1ffffffe, q + i * EO_IMAGE_PIXELS - 1);

        r[i] = _mm512_permutexvar_epi16(pairs, _mm512_castsi256_si512(line));
    }
    transpose(r, columns);
    EO_UNROLL(14)
    for (int i = 0; i < 14; i++)
        _mm512_storeu_si512(out + 64 * i, columns[i]);
}

EO_INLINE void s8_interleave(const uint8_t *p, uint8_t *out)
{
    /* Words k, k + 4, ... meet in a quarter, whose bytes are then put in order. */
    const __m512i words = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    _mm512_storeu_si512(out, _mm512_shuffle_epi8(_mm512_permutexvar_epi32(words, _mm512_loadu_si512(p)), order));
}

#elif defined(EO_SIMD_AVX2)
#include <immintrin.h>
#define S8_VL 8
#define S8_POS 2
#define S8_COLUMNS 4
#define S8_UNITS 2
#define S8_WINDOWS 2
#define S8_UNROLL_TAPS
#define S8_SINGLE_MAX 4
typedef __m256i sv;
EO_INLINE sv sv_set1(int32_t x) { return _mm256_set1_epi32(x); }
EO_INLINE sv load_256(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
EO_INLINE sv sv_load(const int32_t *p) { return load_256(p); }
EO_INLINE void sv_store(int32_t *p, sv a) { _mm256_storeu_si256((__m256i *)(void *)p, a); }
EO_INLINE sv sv_add(sv a, sv b) { return _mm256_add_epi32(a, b); }
EO_INLINE sv sv_max(sv a, sv b) { return _mm256_max_epi32(a, b); }
#if !defined(EO_S8_WIDE)
/* Activations 0..127: a pair of products is at most 2 * 127 * 128 = 32,512 in magnitude and does not saturate. */
#define S8_WORDS EO_S8_WORDS_S8
typedef __m256i sa;
typedef __m256i sw;
EO_INLINE sa sa_load(const uint8_t *p) { return load_256(p); }
EO_INLINE sa sa_set1(const uint8_t *p) { return _mm256_set1_epi32(load_s32(p)); }
EO_INLINE sw sw_set1(const void *words, int i) { return _mm256_set1_epi32(load_s32((const char *)words + 4 * i)); }
EO_INLINE sw sw_load(const void *words, int i) { return load_256((const char *)words + 32 * i); }
EO_INLINE sv sv_dot(sv acc, sa a, sw w)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(a, w), _mm256_set1_epi16(1)));
}
#else
/* Activations 0..255: widened to 16 bits, the even and the odd bytes apart. */
#define S8_WORDS EO_S8_WORDS_S16_SPLIT
typedef struct {
    __m256i even, odd;
} sa;
typedef sa sw;
EO_INLINE sa to_s16(__m256i a)
{
    return (sa){_mm256_and_si256(a, _mm256_set1_epi16(255)), _mm256_srli_epi16(a, 8)};
}
EO_INLINE sa sa_load(const uint8_t *p) { return to_s16(load_256(p)); }
EO_INLINE sa sa_set1(const uint8_t *p) { return to_s16(_mm256_set1_epi32(load_s32(p))); }
EO_INLINE sw sw_set1(const void *words, int i)
{
    const char *p = (const char *)words + 8 * i;

    return (sw){_mm256_set1_epi32(load_s32(p)), _mm256_set1_epi32(load_s32(p + 4))};
}
EO_INLINE sw sw_load(const void *words, int i)
{
    const char *p = (const char *)words + 64 * i;

    return (sw){load_256(p), load_256(p + 32)};
}
EO_INLINE sv sv_dot(sv acc, sa a, sw w)
{
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(a.even, w.even));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a.odd, w.odd));
}
#endif
EO_INLINE sv sv_merge(__m256i even, __m256i odd)
{
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
EO_INLINE sv sv_scale1(sv x, const struct eo_s8_factor *f)
{
    __m256i m = _mm256_set1_epi64x(f->multiplier), round = _mm256_set1_epi64x(f->round);
    __m256i shift = _mm256_set1_epi64x(f->shift), even, odd;

    x = _mm256_max_epi32(x, _mm256_setzero_si256()); /* there is no arithmetic shift of 64 bits */
    even = _mm256_mul_epu32(x, m);
    odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), m);
    return sv_merge(_mm256_srlv_epi64(_mm256_add_epi64(even, round), shift),
                    _mm256_srlv_epi64(_mm256_add_epi64(odd, round), shift));
}
EO_INLINE sv sv_scale1_exact(sv x, const struct eo_s8_factor *f)
{
    /* 2^62 makes the sum positive for the shift without a sign, and what becomes of it is taken off again. */
    __m256i m = _mm256_set1_epi64x(f->multiplier), round = _mm256_set1_epi64x(f->round + ((int64_t)1 << 62));
    __m256i shift = _mm256_set1_epi64x(f->shift), even, odd;
    int32_t excess = (int32_t)(uint32_t)(((uint64_t)1 << 62) >> f->shift);

    even = _mm256_add_epi64(_mm256_mul_epi32(x, m), round);
    odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), m), round);
    return _mm256_sub_epi32(sv_merge(_mm256_srlv_epi64(even, shift), _mm256_srlv_epi64(odd, shift)),
                            _mm256_set1_epi32(excess));
}
typedef struct {
    __m256i m[2], round[2], shift[2], excess; /* as above, of the even and of the odd lanes */
} sf;
EO_INLINE sf sf_load(const int64_t *f)
{
    const __m256i top = _mm256_set1_epi64x((int64_t)1 << 62);
    __m256i even = load_256(f + 16), odd = load_256(f + 20);

    return (sf){{load_256(f), load_256(f + 4)},
                {_mm256_add_epi64(load_256(f + 8), top), _mm256_add_epi64(load_256(f + 12), top)},
                {even, odd},
                sv_merge(_mm256_srlv_epi64(top, even), _mm256_srlv_epi64(top, odd))};
}
EO_INLINE sv sv_scale_exact(sv x, sf f)
{
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, f.m[0]), f.round[0]);
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), f.m[1]), f.round[1]);

    return _mm256_sub_epi32(sv_merge(_mm256_srlv_epi64(even, f.shift[0]), _mm256_srlv_epi64(odd, f.shift[1])),
                            f.excess);
}
EO_INLINE sv sv_bytes(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
EO_INLINE sv sv_scale(sv x, const int64_t *f)
{
    __m256i even, odd;

    x = _mm256_max_epi32(x, _mm256_setzero_si256());
    even = _mm256_mul_epu32(x, load_256(f));
    odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), load_256(f + 4));
    even = _mm256_add_epi64(even, load_256(f + 8));
    odd = _mm256_add_epi64(odd, load_256(f + 12));
    return sv_merge(_mm256_srlv_epi64(even, load_256(f + 16)), _mm256_srlv_epi64(odd, load_256(f + 20)));
}
EO_INLINE void sv_store_quads(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m256i y = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));

    y = _mm256_min_epu8(y, _mm256_set1_epi8((char)limit));
    y = _mm256_add_epi8(y, _mm256_set1_epi8((char)zero));
    _mm256_storeu_si256((__m256i *)(void *)p, _mm256_shuffle_epi8(y, order));
}
EO_INLINE void sv_store_columns(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i y = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    __m128i ab, cd;

    y = _mm256_min_epu8(y, _mm256_set1_epi8((char)limit));
    y = _mm256_permutevar8x32_epi32(_mm256_add_epi8(y, _mm256_set1_epi8((char)zero)), order);
    ab = _mm256_castsi256_si128(y);
    cd = _mm256_extracti128_si256(y, 1);
    _mm_storel_epi64((__m128i *)(void *)p, ab);
    _mm_storel_epi64((__m128i *)(void *)(p + 16), _mm_unpackhi_epi64(ab, ab));
    _mm_storel_epi64((__m128i *)(void *)(p + 32), cd);
    _mm_storel_epi64((__m128i *)(void *)(p + 48), _mm_unpackhi_epi64(cd, cd));
}
EO_INLINE void sv_store_u8(uint8_t *p, sv a, int limit, int zero)
{
    __m128i y = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));

    y = _mm_min_epu8(_mm_packus_epi16(y, y), _mm_set1_epi8((char)limit));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_add_epi8(y, _mm_set1_epi8((char)zero)));
}

EO_INLINE void s8_interleave(const uint8_t *p, uint8_t *out)
{
    __m256i ab = load_256(p), cd = load_256(p + 32);
    __m256i ac_low = _mm256_permute2x128_si256(ab, cd, 0x20), bd = _mm256_permute2x128_si256(ab, cd, 0x31);
    /* Bytes of a and b, of c and d, as pairs in the halves; then the pairs of both halves as words. */
    __m256i low = _mm256_unpacklo_epi8(ac_low, bd), high = _mm256_unpackhi_epi8(ac_low, bd);
    __m128i low_ab = _mm256_castsi256_si128(low), low_cd = _mm256_extracti128_si256(low, 1);
    __m128i high_ab = _mm256_castsi256_si128(high), high_cd = _mm256_extracti128_si256(high, 1);
    __m128i *to = (__m128i *)(void *)out;

    _mm_storeu_si128(to, _mm_unpacklo_epi16(low_ab, low_cd));
    _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(low_ab, low_cd));
    _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(high_ab, high_cd));
    _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(high_ab, high_cd));
}

#elif defined(EO_SIMD_NEON)
#include <arm_neon.h>
#define S8_VL 8
#define S8_POS 1
#define S8_COLUMNS 4
#define S8_UNITS 1
#define S8_WINDOWS 1
#define S8_UNROLL_TAPS
#define S8_SINGLE_MAX 1
#define S8_WORDS EO_S8_WORDS_S16_PLANES
typedef int32x4x2_t sv;
typedef int16x8x4_t sa; /* one vector for each of the four bytes */
typedef int16x8x4_t sw;
EO_INLINE sv sv_set1(int32_t x) { return (sv){{vdupq_n_s32(x), vdupq_n_s32(x)}}; }
EO_INLINE sv sv_load(const int32_t *p) { return (sv){{vld1q_s32(p), vld1q_s32(p + 4)}}; }
EO_INLINE void sv_store(int32_t *p, sv a) { vst1q_s32(p, a.val[0]); vst1q_s32(p + 4, a.val[1]); }
EO_INLINE sv sv_add(sv a, sv b) { return (sv){{vaddq_s32(a.val[0], b.val[0]), vaddq_s32(a.val[1], b.val[1])}}; }
EO_INLINE sv sv_max(sv a, sv b) { return (sv){{vmaxq_s32(a.val[0], b.val[0]), vmaxq_s32(a.val[1], b.val[1])}}; }
EO_INLINE int16x8_t to_s16(uint8x8_t a) { return vreinterpretq_s16_u16(vmovl_u8(a)); }
EO_INLINE sa sa_load(const uint8_t *p)
{
    uint8x8x4_t a = vld4_u8(p);

    return (sa){{to_s16(a.val[0]), to_s16(a.val[1]), to_s16(a.val[2]), to_s16(a.val[3])}};
}
EO_INLINE sa sa_set1(const uint8_t *p)
{
    return (sa){{vdupq_n_s16(p[0]), vdupq_n_s16(p[1]), vdupq_n_s16(p[2]), vdupq_n_s16(p[3])}};
}
EO_INLINE sw sw_set1(const void *words, int i)
{
    const int16_t *w = (const int16_t *)words + 4 * i;

    return (sw){{vdupq_n_s16(w[0]), vdupq_n_s16(w[1]), vdupq_n_s16(w[2]), vdupq_n_s16(w[3])}};
}
EO_INLINE sw sw_load(const void *words, int i)
{
    const int16_t *w = (const int16_t *)words + 32 * i;

    return (sw){{vld1q_s16(w), vld1q_s16(w + 8), vld1q_s16(w + 16), vld1q_s16(w + 24)}};
}
EO_INLINE sv sv_dot(sv acc, sa a, sw w)
{
    EO_UNROLL(4)
    for (int k = 0; k < 4; k++) {
        acc.val[0] = vmlal_s16(acc.val[0], vget_low_s16(a.val[k]), vget_low_s16(w.val[k]));
        acc.val[1] = vmlal_high_s16(acc.val[1], a.val[k], w.val[k]);
    }
    return acc;
}
/* Four lanes; m, round and shift hold the values of lanes 0 and 2 in [0], of 1 and 3 in [1]. */
EO_INLINE int32x4_t scale_four(int32x4_t x, const int64x2_t m[2], const int64x2_t round[2], const int64x2_t shift[2])
{
    int32x2_t even = vuzp1_s32(vget_low_s32(x), vget_high_s32(x)), odd = vuzp2_s32(vget_low_s32(x), vget_high_s32(x));
    int64x2_t p = vaddq_s64(vmull_s32(even, vmovn_s64(m[0])), round[0]);
    int64x2_t q = vaddq_s64(vmull_s32(odd, vmovn_s64(m[1])), round[1]);

    even = vmovn_s64(vshlq_s64(p, vnegq_s64(shift[0])));
    odd = vmovn_s64(vshlq_s64(q, vnegq_s64(shift[1])));
    return vcombine_s32(vzip1_s32(even, odd), vzip2_s32(even, odd));
}
EO_INLINE sv sv_scale1(sv x, const struct eo_s8_factor *f)
{
    int64x2_t m = vdupq_n_s64(f->multiplier), round = vdupq_n_s64(f->round), shift = vdupq_n_s64(f->shift);
    const int64x2_t ms[2] = {m, m}, rounds[2] = {round, round}, shifts[2] = {shift, shift};

    return (sv){{scale_four(x.val[0], ms, rounds, shifts), scale_four(x.val[1], ms, rounds, shifts)}};
}
EO_INLINE sv sv_scale1_exact(sv x, const struct eo_s8_factor *f) { return sv_scale1(x, f); }
EO_INLINE sv sv_bytes(const uint8_t *p)
{
    uint16x8_t a = vmovl_u8(vld1_u8(p));

    return (sv){{vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(a))), vreinterpretq_s32_u32(vmovl_high_u16(a))}};
}
typedef struct {
    int64x2_t m[4], round[4], shift[4]; /* [0, 1] of the first four lanes, [2, 3] of the others */
} sf;
EO_INLINE sf sf_load(const int64_t *f)
{
    sf r;

    for (int i = 0; i < 4; i++) { /* of even lanes first, then of odd ones */
        int at = i / 2 + i % 2 * 2;

        r.m[i] = vld1q_s64(f + 2 * at);
        r.round[i] = vld1q_s64(f + 8 + 2 * at);
        r.shift[i] = vld1q_s64(f + 16 + 2 * at);
    }
    return r;
}
EO_INLINE sv sv_scale_exact(sv x, sf f)
{
    return (sv){{scale_four(x.val[0], f.m, f.round, f.shift), scale_four(x.val[1], f.m + 2, f.round + 2, f.shift + 2)}};
}
EO_INLINE sv sv_scale(sv x, const int64_t *f) { return sv_scale_exact(x, sf_load(f)); }
EO_INLINE uint8x8_t to_u8(sv a, int limit, int zero)
{
    uint8x8_t y = vqmovun_s16(vcombine_s16(vqmovn_s32(a.val[0]), vqmovn_s32(a.val[1])));

    return vadd_u8(vmin_u8(y, vdup_n_u8((uint8_t)limit)), vdup_n_u8((uint8_t)zero));
}
EO_INLINE void sv_store_quads(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    /* A variable, because vst4_u8() is a macro with some compilers, and braces do not shield commas there. */
    uint8x8x4_t quads = {{to_u8(a, limit, zero), to_u8(b, limit, zero), to_u8(c, limit, zero),
                          to_u8(d, limit, zero)}};

    vst4_u8(p, quads);
}
EO_INLINE void sv_store_u8(uint8_t *p, sv a, int limit, int zero) { vst1_u8(p, to_u8(a, limit, zero)); }

EO_INLINE void s8_interleave(const uint8_t *p, uint8_t *out)
{
    uint8x16x4_t four = {{vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)}};

    vst4q_u8(out, four);
}

#else /* generic: plain C */
#define S8_VL 4
#define S8_POS 1
#define S8_COLUMNS 4
#define S8_UNITS 1
#define S8_WINDOWS 1
#define S8_UNROLL_TAPS
#define S8_SINGLE_MAX 65536 /* compilers do better with the other path */
#define S8_WORDS EO_S8_WORDS_S16
typedef struct {
    int32_t x[4];
} sv;
typedef struct {
    int16_t x[16];
} sa;
typedef sa sw;
#define S8_LANES(type, expr)        \
    do {                            \
        type r;                     \
        for (int i = 0; i < 4; i++) \
            r.x[i] = (expr);        \
        return r;                   \
    } while (0)
EO_INLINE sv sv_set1(int32_t x) { S8_LANES(sv, x); }
EO_INLINE sv sv_load(const int32_t *p) { S8_LANES(sv, p[i]); }
EO_INLINE void sv_store(int32_t *p, sv a) { memcpy(p, a.x, sizeof(a.x)); }
EO_INLINE sv sv_add(sv a, sv b) { S8_LANES(sv, a.x[i] + b.x[i]); }
EO_INLINE sv sv_max(sv a, sv b) { S8_LANES(sv, a.x[i] > b.x[i] ? a.x[i] : b.x[i]); }
EO_INLINE sa sa_load(const uint8_t *p)
{
    sa r;

    for (int i = 0; i < 16; i++)
        r.x[i] = p[i];
    return r;
}
EO_INLINE sa sa_set1(const uint8_t *p)
{
    sa r;

    for (int i = 0; i < 16; i++)
        r.x[i] = p[i % 4];
    return r;
}
EO_INLINE sw sw_set1(const void *words, int i)
{
    sw r;

    for (int k = 0; k < 4; k++)
        memcpy(r.x + 4 * k, (const int16_t *)words + 4 * i, 4 * sizeof(r.x[0]));
    return r;
}
EO_INLINE sw sw_load(const void *words, int i)
{
    sw r;

    memcpy(r.x, (const int16_t *)words + 16 * i, sizeof(r.x));
    return r;
}
EO_INLINE sv sv_dot(sv acc, sa a, sw w)
{
    for (int i = 0; i < 4; i++)
        acc.x[i] += a.x[4 * i] * w.x[4 * i] + a.x[4 * i + 1] * w.x[4 * i + 1] + a.x[4 * i + 2] * w.x[4 * i + 2] +
                    a.x[4 * i + 3] * w.x[4 * i + 3];
    return acc;
}
EO_INLINE int32_t scale_lane(int32_t x, int64_t m, int64_t round, int64_t shift)
{
    return x > 0 ? (int32_t)((x * m + round) >> shift) : 0;
}
EO_INLINE sv sv_scale1(sv x, const struct eo_s8_factor *f)
{
    S8_LANES(sv, scale_lane(x.x[i], f->multiplier, f->round, f->shift));
}
EO_INLINE sv sv_scale1_exact(sv x, const struct eo_s8_factor *f)
{
    S8_LANES(sv, (int32_t)eo_requant_shift(x.x[i] * f->multiplier + f->round, (int)f->shift));
}
EO_INLINE sv sv_scale(sv x, const int64_t *f)
{
    S8_LANES(sv, scale_lane(x.x[i], f[i % 2 * 2 + i / 2], f[4 + i % 2 * 2 + i / 2], f[8 + i % 2 * 2 + i / 2]));
}
typedef struct {
    const int64_t *f;
} sf;
EO_INLINE sf sf_load(const int64_t *f) { return (sf){f}; }
EO_INLINE sv sv_scale_exact(sv x, sf of)
{
    const int64_t *f = of.f;

    S8_LANES(sv, (int32_t)eo_requant_shift(x.x[i] * f[i % 2 * 2 + i / 2] + f[4 + i % 2 * 2 + i / 2],
                                           (int)f[8 + i % 2 * 2 + i / 2]));
}
EO_INLINE sv sv_bytes(const uint8_t *p) { S8_LANES(sv, p[i]); }
EO_INLINE uint8_t to_u8(int32_t x, int limit, int zero)
{
    return (uint8_t)(zero + (x < 0 ? 0 : x > limit ? limit : x));
}
EO_INLINE void sv_store_quads(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    for (int i = 0; i < 4; i++) {
        p[4 * i] = to_u8(a.x[i], limit, zero);
        p[4 * i + 1] = to_u8(b.x[i], limit, zero);
        p[4 * i + 2] = to_u8(c.x[i], limit, zero);
        p[4 * i + 3] = to_u8(d.x[i], limit, zero);
    }
}
EO_INLINE void sv_store_u8(uint8_t *p, sv a, int limit, int zero)
{
    for (int i = 0; i < 4; i++)
        p[i] = to_u8(a.x[i], limit, zero);
}
EO_INLINE void s8_interleave(const uint8_t *p, uint8_t *out)
{
    for (int i = 0; i < 64; i++)
        out[i] = p[i % 4 * 16 + i / 4];
}
#endif

#if defined(EO_SIMD_NEON) || !(defined(EO_SIMD_AVX512) || defined(EO_SIMD_AVX2))
EO_INLINE void sv_store_columns(uint8_t *p, sv a, sv b, sv c, sv d, int limit, int zero)
{
    sv_store_u8(p, a, limit, zero);
    sv_store_u8(p + 16, b, limit, zero);
    sv_store_u8(p + 32, c, limit, zero);
    sv_store_u8(p + 48, d, limit, zero);
}
#endif

#if !defined(EO_SIMD_AVX512)
EO_INLINE void words_row(const uint8_t *q, int zero, uint8_t *out)
{
    for (int i = 0; i < S8_VL; i++, q += EO_IMAGE_PIXELS) {
        uint8_t line[EO_IMAGE_SIDE + 2];

        line[0] = line[EO_IMAGE_SIDE + 1] = (uint8_t)zero;
        memcpy(line + 1, q, EO_IMAGE_SIDE);
        for (int c = 0; c < EO_IMAGE_SIDE / 2; c++)
            memcpy(out + 4 * (c * S8_VL + i), line + 2 * c, 4);
    }
}
#endif

#endif
