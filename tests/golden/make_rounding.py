#!/usr/bin/env python3
"""Adaptive rounding by numpy alone: rounding.csv has the integers that lib/stage/quant/rounding.h defines, for weights
and inputs of the streams below. Calls no program of this project.

    python3 tests/golden/make_rounding.py
"""
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
PATCHES, OUTPUTS = 300, 3


class Stream:
    """The stream of make_golden.py: the upper `bits` bits of a linear congruential generator."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 12345) % 2**32

    def next(self, bits):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> (32 - bits)


def inputs(case, terms):
    """Neighbours resemble each other, some are constant and some 0: integers, so that G is exact."""
    stream = Stream(4000 + case)
    x = np.zeros((PATCHES, terms))
    for patch in range(PATCHES):
        level = 0
        for t in range(terms):
            level = (level + stream.next(5)) % 61
            x[patch, t] = 0 if t % 11 == 5 else 7 if t % 13 == 3 else max(level - 20, 0)
    return x


def weights(case, terms):
    stream = Stream(5000 + case)
    return np.array([[stream.next(12) - 2048 for _ in range(terms)] for _ in range(OUTPUTS)]) / 4096


def descend(gram, v, low, high):
    q = np.clip(np.rint(v), low, high)
    for _ in range(100):
        changes = 0
        for t in range(len(v)):
            other = np.floor(v[t]) if q[t] > v[t] else np.ceil(v[t])
            if other == q[t] or not low <= other <= high:
                continue
            d = q - v
            step = other - q[t]
            if 2 * step * (gram[t] @ d) + gram[t, t] < -1e-9 * gram[t, t]:
                q[t] = other
                changes += 1
        if not changes:
            break
    return q


lines = [f"# tests/golden/make_rounding.py, numpy {np.__version__}", "case,terms,bits,output,scale,integers"]
for case, (terms, bits) in enumerate([(9, 8), (9, 4), (72, 8), (72, 4), (200, 4)]):
    x, w = inputs(case, terms), weights(case, terms)
    gram = x.T @ x
    for output, row in enumerate(w):
        scale = np.float32(np.abs(row).max() / (2 ** (bits - 1) - 0.5))
        q = descend(gram, row / np.float64(scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        lines.append(f"{case},{terms},{bits},{output},{scale:.9g},{q.astype(np.int8).tobytes().hex()}")
(HERE / "rounding.csv").write_text("\n".join(lines) + "\n")
