/*
 * Random numbers: xoshiro256** by Blackman and Vigna (https://prng.di.unimi.it), state filled by splitmix64.
 *
 * The state belongs to the caller. Each purpose has a stream of its own, so that drawing one more initial weight does
 * not change the shuffling. The sequence is part of the file formats: it may not change between versions.
 */
#ifndef EO_BASE_RNG_H
#define EO_BASE_RNG_H

#include <stdint.h>

enum eo_rng_purpose {
    EO_RNG_INIT = 1,      /* initial weights */
    EO_RNG_SHUFFLE = 2,   /* order of the training images */
    EO_RNG_BOOTSTRAP = 3, /* resampling for intervals */
    EO_RNG_SYNTHETIC = 4, /* the generated data set */
    EO_RNG_BENCH = 5,     /* order of timings */
    EO_RNG_AUGMENT = 6,   /* shifts and mirrors of the training images */
    EO_RNG_PRUNE = 7      /* the pruning criterion `random` */
};

struct eo_rng {
    uint64_t s[4];
};

void eo_rng_init(struct eo_rng *rng, uint64_t seed, enum eo_rng_purpose purpose);
uint64_t eo_rng_u64(struct eo_rng *rng);

/* Uniform in 0..n-1, unbiased (Lemire 2019); n > 0. */
uint32_t eo_rng_below(struct eo_rng *rng, uint32_t n);

/* Uniform in [0, 1) with 24 bits, exact in float. */
float eo_rng_f32(struct eo_rng *rng);

/* Fisher-Yates: order[0..n-1] becomes a random permutation of what it held. */
void eo_rng_shuffle(struct eo_rng *rng, uint32_t *order, uint32_t n);

#endif
