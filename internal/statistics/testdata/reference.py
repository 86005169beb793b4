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
