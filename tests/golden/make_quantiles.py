"""Writes binomial.csv and quantiles.csv beside it: probabilities of the binomial distribution and of the sign test, and
quantiles with intervals of samples in clusters. tests/unit/test_quantile.c compares.

    /usr/bin/python3 tests/golden/make_quantiles.py

Needs mpmath (Debian: python3-mpmath). Probabilities are sums of whole numbers or of 50 digits, Student's t is solved
for by bisection, and the interval follows the words of lib/base/quantile.h, not its code: nothing here calls the
programs of this project. Samples are integer arithmetic that the test repeats.
"""
import pathlib

import mpmath
from mpmath import mpf

HERE = pathlib.Path(__file__).parent
SCRIPT = "tests/golden/make_quantiles.py"
mpmath.mp.dps = 50


def write(name, header, rows):
    lines = [f"# {SCRIPT}, mpmath {mpmath.__version__}; /usr/bin/python3 {SCRIPT}", header]
    lines += [",".join(row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def text(x):
    return "" if x is None else mpmath.nstr(mpf(x), 17, strip_zeros=True)


# ---- binomial ----------------------------------------------------------------------------------------------


def at_most_half(k, n):
    """A fair coin, in whole numbers."""
    ways, total = 1, 0
    for j in range(k + 1):
        total += ways
        ways = ways * (n - j) // (j + 1)
    return mpf(total) / mpf(2) ** n


def at_most(k, n, p):
    """p is a double, taken exactly."""
    p, q = mpf(p), 1 - mpf(p)
    if k >= n:
        return mpf(1)
    term, total = q**n, mpf(0)
    for j in range(k + 1):
        total += term
        term = term * (n - j) / (j + 1) * p / q
    return total


def make_binomial():
    rows = []
    for n in (1, 2, 3, 10, 59, 299, 312, 1040, 20000):
        for p in (0.5, 0.95, 0.05, 0.99, 0.01, 0.3, 0.001):
            mean, deviation = n * p, (n * p * (1 - p)) ** 0.5
            near = {int(mean + z * deviation) for z in (-12, -4, -2, -1, 0, 1, 2, 4, 12)} | {0, n - 1}
            for k in sorted(k for k in near if 0 <= k < n):
                found = at_most(k, n, p)
                if found > mpf(10) ** -290:
                    rows.append(["at_most", str(k), str(n), repr(p), text(found)])
    sign = [(1, 1), (1, 2), (2, 2), (5, 5), (9, 10), (10, 10), (6, 10), (60, 100), (100, 100), (5100, 10000),
            (5300, 10000), (50000, 100000), (50001, 100000), (50300, 100000), (51000, 100000), (55000, 100000),
            (45000, 100000), (50000, 99999)]
    for wins, n in sign:
        rows.append(["sign", str(wins), str(n), "0.5", text(at_most_half(n - wins, n))])
    write("binomial.csv", "what,k,n,p,probability", rows)


# ---- quantiles ---------------------------------------------------------------------------------------------


class Bytes:
    """Samples come from this, as in make_golden.py: a linear congruence modulo 2^32; the top bits count."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 12345) % 2**32

    def next(self, bits=8):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state >> (32 - bits)


def draw(seed, count, first, step, levels, shift):
    """Cluster i has first + i step samples below `levels`; a quarter of the clusters is shifted."""
    source, clusters = Bytes(seed), []
    for i in range(count):
        offset = shift if source.next() >= 192 else 0
        clusters.append([source.next(16) % levels + offset for _ in range(first + i * step)])
    return clusters


def student(df):
    """The 97.5 % quantile: P(|T| <= t) = 1 - I(df / (df + t^2); df / 2, 1 / 2)."""
    low, high = mpf(1), mpf(20)
    while high - low > mpf(10) ** -25:
        t = (low + high) / 2
        outside = mpmath.betainc(mpf(df) / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True)
        low, high = (t, high) if outside > mpf("0.05") else (low, t)
    return low


RATIOS = {}


def ratio_squared(df):
    if df not in RATIOS:
        normal = mpmath.sqrt(2) * mpmath.erfinv(mpf("0.95"))
        RATIOS[df] = (student(df) / normal) ** 2
    return RATIOS[df]


def widening(excesses):
    """By the correlation of successive clusters."""
    k, squares = len(excesses), sum(e**2 for e in excesses)
    if squares == 0:
        return mpf(1)
    most = mpf(0.97)
    r = 1 - sum((b - a) ** 2 for a, b in zip(excesses, excesses[1:])) / (2 * squares)
    rho = min(max(r / max(1 - mpf(4) / k, mpf("0.5")), -most), most)
    rho = min(max(rho + mpf("2.5") * mpmath.sqrt((1 - rho**2) / k), mpf(0)), most)
    f = sum(rho ** abs(i - j) for i in range(k) for j in range(k)) / k
    return f * (k - 1) / (k - f)


def share_effect(clusters, counts):
    """Variance of the share sum(counts) / n between clusters, over share (1 - share) / n, corrected for their number;
    and the factor for their dependence."""
    n = sum(map(len, clusters))
    share = mpf(sum(counts)) / n
    if share in (0, 1):
        return mpf(0), mpf(1)
    excesses = [c - len(x) * share for c, x in zip(counts, clusters) if x]
    k = len(excesses)
    if k == 1:
        return mpf(0), mpf(1)
    between = mpf(k) / (k - 1) * sum(e**2 for e in excesses) / n**2
    return between / (share * (1 - share) / n) * ratio_squared(k - 1), widening(excesses)


def effect_below(clusters, at):
    return share_effect(clusters, [sum(v < at for v in x) for x in clusters])


def effect_at_most(clusters, at):
    return share_effect(clusters, [sum(v <= at for v in x) for x in clusters])


def usable(n, effect):
    """Effective samples of n."""
    return mpf(n) if effect <= 1 else max(n / effect, mpf(1))


def deepest(n, p, miss):
    """Largest d with P(fewer than d of n below p) <= miss, 0 for none."""
    d = 0
    while d < n and at_most(d, n, p) <= miss:
        d += 1
    return d


def find_rank(n, count, p, miss):
    """How many of `count` samples lie beyond the end; negative for no end. Interpolated between whole depths."""
    # Equal up to the rounding of 50 digits.
    d = deepest(n, p, miss * (1 + mpf(10) ** -40))
    below = at_most(d - 1, n, p) if d else mpf(0)
    depth = d + max(miss - below, 0) / (at_most(d, n, p) - below)
    return (depth - 1 + (1 - mpf(n) / count) / 2) * count / n


def place_ends(values, low_n, high_n, p):
    """Order statistics for so many effective samples at the two ends."""
    half, whole = mpf("0.025"), mpf("0.05")
    low_least, high_least = (1 - mpf(p)) ** low_n, mpf(p) ** high_n
    low_miss = high_miss = half
    if high_least > half and high_least + low_least <= whole:
        low_miss, high_miss = whole - high_least, high_least
    if low_least > half and high_least + low_least <= whole:
        low_miss, high_miss = low_least, whole - low_least
    n, ends = len(values), []
    for effective, q, miss, ordered in ((low_n, p, low_miss, values), (high_n, 1 - mpf(p), high_miss, values[::-1])):
        rank = find_rank(effective, n, q, miss)
        ends.append(ordered[int(rank)] if rank >= 0 else None)
    return ends


def half_width(clusters):
    """Of Student's interval for the mean of the clusters' medians, with their dependence."""
    medians = [(mpf(sorted(x)[(len(x) - 1) // 2]) + sorted(x)[len(x) // 2]) / 2 for x in clusters if x]
    k, mean = len(medians), sum(medians) / len(medians)
    deviations = [m - mean for m in medians]
    variance = sum(d**2 for d in deviations) / (k - 1) / k * widening(deviations)
    return student(k - 1) * mpmath.sqrt(variance)


def quantile95(clusters, p):
    values = sorted(v for x in clusters for v in x)
    n = len(values)
    position = mpf(p) * (n - 1)
    i = min(int(position), n - 2) if n > 1 else 0
    value = values[i] + (position - i) * (values[i + 1] - values[i]) if n > 1 else values[0]
    value = mpf(float(value))
    design, factor = map(max, zip(effect_below(clusters, value), effect_at_most(clusters, value)))
    effective = usable(n, design * factor)
    low, high = place_ends(values, int(effective), int(effective), p)
    low_n = high_n = int(effective)
    if low is not None:
        low_n = int(usable(n, max(design, effect_below(clusters, low)[0]) * factor))
    if high is not None:
        high_n = int(usable(n, max(design, effect_at_most(clusters, high)[0]) * factor))
    low, high = place_ends(values, low_n, high_n, p)
    if p == 0.5 and (low is None or high is None) and sum(map(bool, clusters)) >= 6:
        half = half_width(clusters)
        high = value + half if high is None else high
        if low is None:
            low = value / (1 + half / value) if values[0] > 0 else value - half
    return value, low, high, effective


def make_quantiles():
    shapes = [  # clusters, samples in the first, more in each next, levels, shift
        (1, 1, 0, 1000, 0), (1, 5, 0, 1000, 0), (1, 6, 0, 1000, 0), (1, 58, 0, 50000, 0), (1, 72, 0, 50000, 0),
        (1, 73, 0, 50000, 0), (1, 300, 0, 50000, 0), (1, 367, 0, 50000, 0), (1, 368, 0, 50000, 0),
        (2, 50, 0, 50000, 0), (3, 40, 0, 50000, 9000), (6, 10, 0, 50000, 0), (12, 26, 0, 50000, 0),
        (12, 26, 0, 50000, 3000), (12, 26, 0, 50000, 60000), (12, 26, 0, 7, 0), (12, 26, 0, 7, 2), (12, 26, 0, 1, 0),
        (12, 26, 0, 1, 1), (12, 5, 4, 50000, 5000), (16, 20, 0, 50000, 20000), (40, 26, 0, 50000, 10000),
        (90, 3, 0, 300, 40), (312, 1, 0, 50000, 0), (45, 1, 1, 50000, 5000),
        (20, 0, 3, 50000, 5000), (2, 0, 40, 50000, 0)]
    rows = []
    for seed, shape in enumerate(shapes, 1):
        clusters = draw(seed, *shape)
        for p in (0.5, 0.95, 0.99, 0.1):
            value, low, high, effective = quantile95(clusters, p)
            rows.append([str(seed), *map(str, shape), repr(p), *map(text, (value, low, high, effective))])
    write("quantiles.csv", "seed,clusters,first,step,levels,shift,p,value,low,high,effective", rows)


make_binomial()
make_quantiles()
