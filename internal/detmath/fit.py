"""Prints the polynomial coefficients of the float32 functions of this package.

Each is a weighted minimax fit (Remez exchange, mpmath with 60 digits); coefficients are
rounded to float32 one after the other, lowest power first, and the rest is fitted again
after each. Run: python3 fit.py. It needs mpmath.
"""

import struct

import mpmath as mp

mp.mp.dps = 60


def f32(x):
    """x rounded to float32."""
    return mp.mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def remez(g, w, powers, a, b, grid=1200):
    """Coefficients c minimising max |w(x) (g(x) - sum c_k x^powers_k)| over [a, b]."""
    n = len(powers)
    xs = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / grid) for i in range(grid)]
    gs, ws = [g(x) for x in xs], [w(x) for x in xs]
    ref = [int((i + 0.5) * grid / (n + 1)) for i in range(n + 1)]
    for _ in range(30):
        m = mp.matrix(n + 1, n + 1)
        rhs = mp.matrix(n + 1, 1)
        for r, i in enumerate(ref):
            for c, k in enumerate(powers):
                m[r, c] = ws[i] * xs[i] ** k
            m[r, n] = (-1) ** r
            rhs[r] = ws[i] * gs[i]
        s = mp.lu_solve(m, rhs)
        c = [s[i] for i in range(n)]
        err = [ws[i] * (gs[i] - sum(ck * xs[i] ** k for ck, k in zip(c, powers))) for i in range(grid)]
        # One extremum for each run of equal sign; keep the n+1 neighbours with the largest.
        runs, best = [], 0
        for i in range(1, grid):
            if err[i] * err[best] < 0:
                runs.append(best)
                best = i
            elif abs(err[i]) > abs(err[best]):
                best = i
        runs.append(best)
        while len(runs) > n + 1:
            runs.pop(0 if abs(err[runs[0]]) < abs(err[runs[-1]]) else -1)
        if len(runs) < n + 1 or runs == ref:
            break
        ref = runs
    return c, max(abs(e) for e in err)


def fit(name, g, w, powers, a, b):
    """Fits and prints; powers ascending."""
    a, b = mp.mpf(a), mp.mpf(b)
    fixed = []
    left = list(powers)
    while left:
        def rest(x, fixed=tuple(fixed)):
            return g(x) - sum(c * x**k for c, k in fixed)
        c, e = remez(rest, w, left, a, b)
        fixed.append((f32(c[0]), left[0]))
        left.pop(0)
    worst = max(
        abs(w(x) * (g(x) - sum(c * x**k for c, k in fixed)))
        for x in (a + (b - a) * i / 2000 for i in range(2001)) if w(x) != 0
    )
    print(f"{name}: max weighted error 2^{float(mp.log(worst, 2)):.2f}")
    for c, k in fixed:
        print(f"\tx^{k}: {float(c).hex()} // {mp.nstr(c, 10)}")


def near0(f, limit):
    """f with its limit where the argument is too near 0 for f to be evaluated."""
    return lambda x: limit if abs(x) < mp.mpf(10) ** -20 else f(x)


if __name__ == "__main__":
    half = mp.log(2) / 2 + mp.mpf(2) ** -20
    fit("exp: 1 + r + r^2 P(r)", near0(lambda r: (mp.exp(r) - 1 - r) / r**2, mp.mpf(1) / 2),
        lambda r: r**2 / mp.exp(r), range(5), -half, half)
    lo, hi = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(2) - 1
    fit("log: f - f^2/2 + f^3 P(f)", near0(lambda f: (mp.log(1 + f) - f + f**2 / 2) / f**3, mp.mpf(1) / 3),
        near0(lambda f: abs(f**3 / mp.log(1 + f)), 0), range(9), lo, hi)
    fit("tanh: x + x^3 P(x^2)", near0(lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, -mp.mpf(1) / 3),
        near0(lambda z: z * mp.sqrt(z) / mp.tanh(mp.sqrt(z)), 0), range(5), 0, mp.mpf("0.625") ** 2)
    fit("sin: x + x^3 P(x^2)", near0(lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, -mp.mpf(1) / 6),
        lambda z: z, range(3), 0, (mp.pi / 4) ** 2)
    fit("cos: 1 - z/2 + z^2 P(z)", near0(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mp.mpf(1) / 24),
        lambda z: z**2, range(3), 0, (mp.pi / 4) ** 2)
    fit("erf: x + x P(x^2)", near0(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 2 / mp.sqrt(mp.pi) - 1),
        lambda z: 1, range(7), 0, 1)
    # Normal tail: 1 - Phi(z) = exp(-z^2/2) Q(t), t = 1/(1 + p z), for 0 <= z <= 12.5; the error may grow past z = 5.
    # p = 0.33 is the best of 0.24, 0.25, ... 0.45 for ten coefficients; with nine none is better than 2^-25.3.
    # 1 - erf(x) is twice that at z = x sqrt 2.
    p = f32(mp.mpf("0.33"))

    def tail(t):
        z = (1 / t - 1) / p
        return mp.erfc(z / mp.sqrt(2)) / 2 * mp.exp(z**2 / 2)

    def weight(t):
        return min(mp.mpf(1), (t * (1 + 5 * p)) ** 2) / tail(t)
    fit("normal tail: Q(t)", tail, weight, range(10), 1 / (1 + p * mp.mpf("12.5")), 1)
