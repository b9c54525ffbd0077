"""Laws fitted to samples by likelihood: power laws, with and without a cut-off, and what they are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.batch import F64, I64, Array


@dataclass(frozen=True)
class Tail:
    """A discrete power law p(x) = x^-exponent / zeta(exponent, low) for x >= low."""

    exponent: float
    low: int
    n: int
    """Observations in the tail."""


def hill(sizes: Array, share: float = 0.9) -> Tail:
    """The tail above a quantile of `sizes` [N] by the closed form 1 + n / sum(log(x / (low - 1/2))).

    Clauset, Shalizi, Newman, SIAM Review 51, 2009, equation 3.7; good for a lower end of 6 and more.
    """
    low = max(int(np.ceil(np.quantile(sizes, share))), 1)
    tail = np.asarray(sizes, np.float64)[np.asarray(sizes) >= low]
    return Tail(float(1 + len(tail) / np.log(tail / (low - 0.5)).sum()), low, len(tail))


def power_law(sizes: I64, low: int) -> Tail:
    """The exact maximum-likelihood tail of `sizes` [N] from `low` on; Clauset et al. 2009, equation 3.5."""
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    tail = sizes[sizes >= low].astype(np.float64)
    mean_log = float(np.log(tail).mean())
    best = minimize_scalar(lambda a: a * mean_log + np.log(zeta(a, low)), bounds=(1.01, 8.0), method="bounded")
    return Tail(float(best.x), low, len(tail))


def best_power_law(sizes: I64, *, share: float = 0.1) -> Tail:
    """The tail whose lower end brings data and law closest by Kolmogorov-Smirnov; it holds `share` or more of [N].

    Clauset et al. 2009, section 3.3. The share keeps the fit from a finite network's last few, where any law breaks
    off. At most 50 lower ends are tried.
    """
    from scipy.special import zeta

    values = np.unique(sizes)
    above = len(sizes) - np.searchsorted(np.sort(sizes), values)
    lows = values[above >= share * len(sizes)]
    lows = lows[np.unique(np.linspace(0, len(lows) - 1, 50).astype(np.int64))]
    best, nearest = Tail(float("nan"), 1, 0), np.inf
    for low in lows.tolist():
        tail = power_law(sizes, low)
        x, counts = np.unique(sizes[sizes >= low], return_counts=True)
        law = 1.0 - zeta(tail.exponent, x + 1) / zeta(tail.exponent, low)
        distance = float(np.abs(np.cumsum(counts) / tail.n - law).max())
        if distance < nearest:
            best, nearest = tail, distance
    return best


def power_law_distance(depths: I64, exponent: float) -> float:
    """Largest difference (Kolmogorov-Smirnov) of depths [N] and a discrete power law from their 1% quantile on.

    The longest depth is left out, as in `power_law_or_geometric`.
    """
    from scipy.special import zeta

    low, high = max(int(np.quantile(depths, 0.01)), 1), int(depths.max())
    kept = depths[depths >= low]
    x = np.arange(low, high)
    ours = np.searchsorted(np.sort(kept), x, side="right") / len(kept)
    law = 1.0 - zeta(exponent, x + 1) / zeta(exponent, low)
    return float(np.abs(ours - law).max()) if len(x) else float("nan")


def inverse_gaussian_distance(lengths: F64, mean: float, shape: float) -> float:
    """Largest difference of whole lengths [N] and an inverse Gaussian, taken halfway to the next length."""
    from scipy.stats import invgauss

    x, counts = np.unique(lengths, return_counts=True)
    law = invgauss.cdf(x + 0.5, mean / shape, scale=shape)
    return float(np.abs(np.cumsum(counts) / len(lengths) - law).max())


@dataclass(frozen=True)
class Duel:
    """Two laws fitted to the same sample: positive `gain` is for the first."""

    gain: float
    """Log-likelihood an observation of the first law less that of the second."""
    first: tuple[float, ...]
    """Parameters of the first law."""
    second: tuple[float, ...]
    n: int


def power_law_or_geometric(depths: I64) -> Duel:
    """Discrete power law against geometric on depths [N] from their 1% quantile on.

    Both are censored at the longest depth, for that may be where a feed ends and not where a person stops. Parameters:
    the exponent; the geometric's chance to go on.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import zeta

    low, high = max(int(np.quantile(depths, 0.01)), 1), int(depths.max())
    kept = depths[depths >= low]
    stopped = kept[kept < high].astype(np.float64)
    n, censored, logs = len(kept), len(kept) - len(stopped), float(np.log(stopped).sum())

    def loss(a: float) -> float:
        return float(a * logs - censored * np.log(zeta(a, high)) + n * np.log(zeta(a, low)))

    best = minimize_scalar(loss, bounds=(1.001, 12.0), method="bounded")
    on = float((kept - low).sum())
    chance = on / max(on + len(stopped), 1.0)
    geometric = (on * np.log(chance) if chance > 0 else 0.0) + (
        len(stopped) * np.log1p(-chance) if len(stopped) else 0.0
    )
    return Duel((-float(best.fun) - geometric) / n, (float(best.x),), (chance,), n)


def inverse_gaussian_or_exponential(lengths: F64) -> Duel:
    """Inverse Gaussian against exponential on positive lengths [N], each at its maximum likelihood.

    Parameters: mean and shape n / sum(1/x - 1/mean) (Tweedie 1957); the exponential's mean.
    """
    mean = float(lengths.mean())
    shape = len(lengths) / max(float((1 / lengths - 1 / mean).sum()), 1e-12)
    inverse = 0.5 * np.log(shape / (2 * np.pi * lengths**3)) - shape * (lengths - mean) ** 2 / (2 * mean**2 * lengths)
    exponential = -np.log(mean) - lengths / mean
    return Duel(float((inverse - exponential).mean()), (mean, shape), (mean,), len(lengths))


def cut_off_power_law_or_exponential(gaps: F64, owner: I64, *, low: float = 1.0) -> Duel:
    """Power law with exponential cut-off against exponential on gaps [N], fitted for each owner [N] (0..U-1) alone.

    p(x) ~ x^-a exp(-x / l) for x >= low, over a grid of 0 <= a <= 3 and of l; a = 0 is the exponential. The gain is the
    mean over gaps, less one a person for the exponent that is fitted in addition (Akaike). First: the median exponent
    and cut-off; second: the median scale of the exponential. Owners are fitted apart because a mixture of exponentials
    of many rates would look like a power law.
    """
    x = np.maximum(gaps, low)
    longest = float(x.max())
    exponent = np.linspace(0.0, 3.0, 61)
    scale = np.geomspace(max(low, longest / 1e5), longest * 10, 80)
    grid = np.geomspace(low, longest * 300, 2000)
    decay = np.exp(-(grid - low)[:, None] / scale)  # [G, L]
    mass = np.stack([np.trapezoid(grid[:, None] ** -a * decay, grid, axis=0) for a in exponent])  # [A, L]
    counts = np.bincount(owner)
    logs, total = np.bincount(owner, np.log(x)), np.bincount(owner, x - low)
    best = np.empty((len(counts), 2))
    at = np.empty((len(counts), 2), np.int64)
    for u in range(0, len(counts), 512):
        part = slice(u, u + 512)
        fit = (
            -exponent[:, None] * logs[part, None, None]
            - total[part, None, None] / scale
            - counts[part, None, None] * np.log(mass)
        )
        flat = fit.reshape(len(fit), -1)
        at[part, 0], at[part, 1] = flat.argmax(axis=1), fit[:, 0].argmax(axis=1)
        best[part, 0], best[part, 1] = flat.max(axis=1), fit[:, 0].max(axis=1)
    gain = float((best[:, 0] - best[:, 1] - 1.0).sum() / counts.sum())
    first = (float(np.median(exponent[at[:, 0] // len(scale)])), float(np.median(scale[at[:, 0] % len(scale)])))
    return Duel(gain, first, (float(np.median(scale[at[:, 1]])),), len(gaps))


def slope(x: Array, y: Array) -> float:
    """Slope of the least-squares line through log y [N] over log x [N]."""
    return float(np.polyfit(np.log(np.asarray(x, np.float64)), np.log(np.asarray(y, np.float64)), 1)[0])


def ccdf(values: Array) -> tuple[Array, F64]:
    """Distinct values, ascending, and the share of [N] that is at least as large."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, np.cumsum(counts[::-1])[::-1] / len(values)
