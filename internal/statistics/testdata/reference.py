"""Prints the reference values of this package's tests, from SciPy, lifelines and plain enumeration.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 lifelines==0.30.3 && venv/bin/python reference.py
"""
import itertools
import math
from fractions import Fraction

import lifelines
import lifelines.statistics
import lifelines.utils
import numpy as np
import scipy
from scipy import optimize, stats

print("scipy", scipy.__version__, "lifelines", lifelines.__version__)


def show(name, *values):
    print(f"{name:28}", *(repr(float(v)) for v in values))


# Six pairs.
off = [71.7, 89.61, 80.2, 66.9, 75.3, 84.4]
on = [53.58, 60.1, 58.8, 51.2, 49.9, 61.0]
logs = np.log(on) - np.log(off)
ci = stats.ttest_1samp(logs, 0).confidence_interval(0.95)
show("ratio, t interval", math.exp(logs.mean()), math.exp(ci.low), math.exp(ci.high))
show("correlation", np.corrcoef(np.log(off), np.log(on))[0, 1])

for central, df in [(0.95, 5), (0.95, 9), (0.90, 1), (0.90, 4), (0.90, 5), (0.90, 9), (0.99, 7)]:
    show(f"t({central}, {df})", stats.t.ppf((1 + central) / 2, df))

x = [61.2, 60.4, 62.0, 61.5, 60.9, 61.8]
y = [60.8, 60.5, 61.1, 61.2, 60.1, 61.0]
ci = stats.ttest_rel(x, y).confidence_interval(0.95)
show("difference, t interval", np.mean(np.subtract(x, y)), ci.low, ci.high)
show("one-sided limits", stats.ttest_rel(x, y, alternative="greater").confidence_interval(0.95).low,
     stats.ttest_rel(x, y, alternative="less").confidence_interval(0.95).high)

for q in ([10, 14, 13, 13.5, 20, 18, 19, 25, 24.5, 24.9, 30], [5, 3, 4, 1, 9, 8, 8, 8, 7, 12]):
    show("isotonic", *optimize.isotonic_regression(q).x)

# Signed-rank: SciPy's exact distribution has neither ties nor zeros, so those are enumerated.
for d in ([1.2, -0.4, 2.2, 3.1, 0.7, -1.9, 2.8], [0.3, -0.2, 0.1, 0.4, -0.5, 0.6, 0.7, 0.8, -0.9, 1.0],
          [-0.46, -0.2, -0.3, -0.1, -0.6, -0.5]):
    show("signed-rank", stats.wilcoxon(d, method="exact").pvalue)


def signed_rank(d):
    d = [v for v in d if v != 0]
    ranks = stats.rankdata(np.abs(d))
    observed = sum(r for r, v in zip(ranks, d) if v > 0)
    sums = [sum(r for r, s in zip(ranks, signs) if s) for signs in itertools.product([0, 1], repeat=len(d))]
    low, high = sum(s <= observed for s in sums), sum(s >= observed for s in sums)
    return min(1, 2 * min(low, high) / len(sums))


for d in ([1, 1, -1, 2, 0, -2, 3], [2, 2, 2, -2, -1, 3, 3], [0.5, 0.5, -0.25, 1.5, 1.5, -0.5, 2, 2, 2.5, 0, 3]):
    show("signed-rank, ties", signed_rank(d))
show("rank sum", stats.mannwhitneyu([72, 75, 80, 85, 91, 99], [60, 70, 73, 77, 78, 81, 84, 88, 90, 92], method="exact").pvalue)


def rank_sum(a, b):
    ranks = stats.rankdata(a + b)
    observed = ranks[: len(a)].sum()
    sums = [ranks[list(c)].sum() for c in itertools.combinations(range(len(ranks)), len(a))]
    low, high = sum(s <= observed for s in sums), sum(s >= observed for s in sums)
    return min(1, 2 * min(low, high) / len(sums))


show("rank sum, ties", rank_sum([1, 2, 2, 3], [2, 3, 4, 4, 5]))
show("rank sum, censored", rank_sum([30, 33, 36, 36, 31.5, 36], [29, 30.5, 32, 36, 33, 34, 36, 28]))

# Survival.
samples = {
    "1.8": ([(72, 1), (75, 1), (80, 1), (85, 1), (120, 0), (120, 0)], [(42, 1), (45, 1), (48, 1), (55, 1), (56, 1), (120, 0)]),
    "ties": ([(72, 1), (75, 1), (80, 1), (80, 1), (120, 0), (120, 0)], [(42, 1), (72, 1), (48, 1), (48, 1), (80, 1), (120, 0)]),
    "early": ([(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1)], [(1, 1), (1, 1), (2, 0), (6, 1), (8, 1), (8, 0), (11, 1)]),
}


def log_rank(off, on):
    """Chi-square in exact fractions."""
    diff, variance = Fraction(0), Fraction(0)
    for t in sorted({t for t, hit in off + on if hit}):
        risk = sum(u >= t for u, _ in off + on)
        risk_on = sum(u >= t for u, _ in on)
        hits = sum(u == t and h for u, h in off + on)
        hits_on = sum(u == t and h for u, h in on)
        diff += hits_on - Fraction(hits * risk_on, risk)
        if risk > 1:
            variance += Fraction(hits * risk_on * (risk - risk_on) * (risk - hits), risk * risk * (risk - 1))
    return diff * diff / variance if variance else Fraction(0)


for name, (a, b) in samples.items():
    for arm in (a, b):
        t, e = zip(*arm)
        km = lifelines.KaplanMeierFitter().fit(t, e)
        show(f"KM {name}", *km.survival_function_["KM_estimate"].to_numpy())
        show("  median, RMST", km.median_survival_time_, lifelines.utils.restricted_mean_survival_time(km, t=max(t)))
    ta, ea = zip(*a)
    tb, eb = zip(*b)
    chi2 = log_rank(a, b)
    show(f"log-rank {name}", lifelines.statistics.logrank_test(ta, tb, ea, eb).test_statistic, chi2)
    swaps = 0
    for bits in itertools.product([0, 1], repeat=len(a)):
        off_ = [q if s else p for p, q, s in zip(a, b, bits)]
        on_ = [p if s else q for p, q, s in zip(a, b, bits)]
        swaps += log_rank(off_, on_) >= chi2
    show("  p under swaps", swaps / 2 ** len(a))


# Bootstrap: the same resamples, from a second implementation of Philox4x32-10 (Salmon et al., SC 2011).
def philox(ctr, key):
    for _ in range(10):
        a, b = 0xD2511F53 * ctr[0], 0xCD9E8D57 * ctr[2]
        ctr = [b >> 32 ^ ctr[1] ^ key[0], b & 0xFFFFFFFF, a >> 32 ^ ctr[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return ctr


assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # Random123's known answers
assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def resamples(n, count=10_000):
    """Resample b: n indices from words of the counters (FNV-1a of "bootstrap", 0, b, block) under key 0, by the high half of word * n."""
    name = 2166136261
    for c in b"bootstrap":
        name = (name ^ c) * 16777619 & 0xFFFFFFFF
    for b in range(count):
        words = (w for block in itertools.count() for w in philox([name, 0, b, block], [0, 0]))
        yield [w * n >> 32 for w in itertools.islice((w for w in words if (w * n & 0xFFFFFFFF) >= 2**32 % n), n)]


means = np.array([np.mean(logs[i]) for i in resamples(6)])
ties = np.isclose(means, logs.mean(), rtol=1e-12, atol=0)  # the permutations of the sample, up to rounding
z0 = stats.norm.ppf(np.mean((means < logs.mean()) & ~ties) + 0.5 * np.mean(ties))
d = logs - logs.mean()
a = (d**3).sum() / (6 * (d**2).sum() ** 1.5)  # by jackknife: the leave-one-out means differ by -d/5
ends = [stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in stats.norm.ppf([0.025, 0.975])]
show("BCa", *np.exp(np.quantile(means, ends)))

times = np.array([[t for t, _ in arm] for arm in samples["1.8"]])
ratio = lambda i: times[1, i].sum() / times[0, i].sum()
show("percentiles of RMST ratio", *np.quantile([ratio(i) for i in resamples(6)], [0.025, 0.975]))
every = np.sort([ratio(list(i)) for i in itertools.product(range(6), repeat=6)])
show("  of all 6^6 resamples", *np.quantile(every, [0.025, 0.975]))
