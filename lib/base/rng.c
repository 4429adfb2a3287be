#include "base/rng.h"

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void eo_rng_init(struct eo_rng *rng, uint64_t seed, enum eo_rng_purpose purpose)
{
    uint64_t state = seed;

    /* Two rounds: seeds 1 and 2 of one purpose, or purposes 1 and 2 of one seed, must not be neighbours. */
    state = splitmix64(&state) ^ (uint64_t)purpose;
    state = splitmix64(&state);
    for (int i = 0; i < 4; i++)
        rng->s[i] = splitmix64(&state);
}

uint64_t eo_rng_u64(struct eo_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint32_t eo_rng_below(struct eo_rng *rng, uint32_t n)
{
    uint64_t product = (eo_rng_u64(rng) >> 32) * n;
    uint32_t low = (uint32_t)product;

    if (low < n) {
        uint32_t threshold = (0u - n) % n;

        while (low < threshold) {
            product = (eo_rng_u64(rng) >> 32) * n;
            low = (uint32_t)product;
        }
    }
    return (uint32_t)(product >> 32);
}

float eo_rng_f32(struct eo_rng *rng)
{
    return (float)(eo_rng_u64(rng) >> 40) * 0x1p-24f;
}

void eo_rng_shuffle(struct eo_rng *rng, uint32_t *order, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = eo_rng_below(rng, i);
        uint32_t t = order[i - 1];

        order[i - 1] = order[j];
        order[j] = t;
    }
}
