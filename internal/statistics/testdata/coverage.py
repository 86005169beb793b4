"""Coverage of four intervals of the ratio of restricted means, for docs/statistics.md ("Why not percentiles").

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python coverage.py     # some minutes
"""
import numpy as np
from scipy.stats import norm, t

STUDIES, RESAMPLES, CV = 3000, 1999, 0.15
rng = np.random.default_rng(1)


def draw(m, ratio, rho):
    z = rng.standard_normal((m, 2))
    z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho * rho) * z[:, 1]
    sigma = np.sqrt(np.log(1 + CV * CV))
    return np.exp(sigma * z[:, 0]), ratio * np.exp(sigma * z[:, 1])


def log_ratio(x, y):
    """ln of the ratio of means and its standard error by the delta method, over the last axis."""
    mx, my = x.mean(-1), y.mean(-1)
    e = x / mx[..., None] - y / my[..., None]
    return np.log(mx / my), np.sqrt((e * e).sum(-1) / (x.shape[-1] - 1) / x.shape[-1])


def intervals(x, y):
    n = len(x)
    index = rng.integers(0, n, (RESAMPLES, n))
    middle, se = log_ratio(x, y)
    logs, ses = log_ratio(x[index], y[index])
    percentile = np.quantile(logs, [0.025, 0.975])
    yield "percentile", percentile
    below = (logs < middle).mean() + 0.5 * (logs == middle).mean()
    bca = percentile
    if 0 < below < 1:
        z0, z = norm.ppf(below), norm.ppf([0.025, 0.975])
        left_out = np.array([np.log(np.delete(x, i).mean() / np.delete(y, i).mean()) for i in range(n)])
        d = left_out.mean() - left_out
        squares = (d * d).sum()
        a = (d**3).sum() / (6 * squares**1.5) if squares > 0 else 0
        bca = np.quantile(logs, norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))))
    yield "BCa", bca
    with np.errstate(all="ignore"):
        studentized = (logs - middle) / ses
        studentized = np.where(ses == 0, np.where(logs == middle, 0, np.sign(logs - middle) * np.inf), studentized)
    method = "lower" if np.isinf(studentized).any() else "linear"
    lo, hi = np.quantile(studentized, [0.025, 0.975], method=method)
    yield "bootstrap-t", np.array([middle - hi * se, middle - lo * se])
    half = t.ppf(0.975, n - 1) * logs.std(ddof=1) * np.sqrt(n / (n - 1))
    yield "t, bootstrap's SE", np.array([middle - half, middle + half])


def row(n, ratio, rho, horizon):
    off, on = draw(2_000_000, ratio, rho)
    truth = np.log(np.minimum(on, horizon).mean() / np.minimum(off, horizon).mean())
    censored = [100 * (off > horizon).mean(), 100 * (on > horizon).mean()]
    covered, count = {}, 0
    for _ in range(STUDIES):
        off, on = draw(n, ratio, rho)
        if max(off.max(), on.max()) <= horizon:
            continue
        count += 1
        for name, (lo, hi) in intervals(np.minimum(on, horizon), np.minimum(off, horizon)):
            covered[name] = covered.get(name, 0) + (lo <= truth <= hi)
    cells = [n, ratio, rho, "%.0f, %.0f" % tuple(censored)] + ["%.1f" % (100 * c / count) for c in covered.values()]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


for n in (6, 10, 20):
    for ratio, rho, horizon in ((1, 0, 1.2), (1, 0.6, 1.0), (1, 0.9, 1.1), (0.8, 0.6, 1.0), (0.8, 0, 1.1),
                                (0.5, 0.6, 1.0), (0.5, 0.6, 0.85), (0.5, 0.0, 1.2), (0.5, 0.9, 1.1)):
        row(n, ratio, rho, horizon)
