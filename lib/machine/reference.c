#include "machine/reference.h"

#define STEPS 20000

void eo_reference_work(struct eo_reference *r)
{
    uint64_t a = r->chain[0], b = r->chain[1], c = r->chain[2], d = r->chain[3];
    uint64_t e = r->chain[4], f = r->chain[5], g = r->chain[6], h = r->chain[7];

    /* Written out, each in a register. The empty asm keeps compilers from doing several chains in one vector. */
    for (int i = 0; i < STEPS; i++) {
        a = a * 0x9e3779b97f4a7c15u + 1;
        b = b * 0x9e3779b97f4a7c15u + 3;
        c = c * 0x9e3779b97f4a7c15u + 5;
        d = d * 0x9e3779b97f4a7c15u + 7;
        e = e * 0x9e3779b97f4a7c15u + 9;
        f = f * 0x9e3779b97f4a7c15u + 11;
        g = g * 0x9e3779b97f4a7c15u + 13;
        h = h * 0x9e3779b97f4a7c15u + 15;
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h));
    }
    *r = (struct eo_reference){{a, b, c, d, e, f, g, h}};
}

double eo_reference_time_ns(struct eo_reference *r, const struct eo_clock *clock)
{
    uint64_t start = eo_clock_now_ns();

    eo_reference_work(r);
    return (double)eo_clock_elapsed_ns(clock, start, eo_clock_now_ns());
}
