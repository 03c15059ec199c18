"""The equations in float64 NumPy, written from the paper: slow, plain, independent.

Sums are exact (`math.fsum`), normalisers are sums of positive terms, and gradients come
from the Jacobian of (23), (24) and (11) by the chain rule rather than from (26), (27).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

VARIANCES = ("reliability", "frequency", "biased")


def total(terms: Iterable[float]) -> float:
    """Sum without rounding on the way."""
    return math.fsum(terms)


def normaliser(w: Array, variance: str) -> float:
    """G of equation (25), of the 2019 predecessor, or Z."""
    Z = total(w)
    if variance == "biased":
        return Z
    if variance == "frequency":
        return Z - 1
    # Z^2 - sum w^2 is the sum over all ordered pairs of different rows.
    pairs = total(w[i] * w[j] for i in range(len(w)) for j in range(len(w)) if i != j)
    return pairs / Z


def moments(x: Array, w: Array, G: float) -> tuple[Array, Array]:
    """Equations (23) and (24), channel by channel."""
    Z = total(w)
    m = np.array([total(w * column) / Z for column in x.T])
    v = np.array([total(w * c**2) / G for c in (x - m).T])
    return m, v


@dataclass(frozen=True)
class Normalized:
    """Everything that a layer computes for one batch."""

    m: Array
    v: Array
    y: Array
    u: Array
    dx: Array
    dgamma: Array
    db: Array


def batch_norm(
    x: ArrayLike,
    w: ArrayLike,
    gamma: ArrayLike,
    b: ArrayLike,
    g: ArrayLike,
    *,
    variance: str = "reliability",
    eps: float = 1e-5,
) -> Normalized:
    """Equations (23), (24), (11), and the gradient for an upstream gradient `g`."""
    x, w, gamma, b, g = (np.asarray(a, dtype=np.float64) for a in (x, w, gamma, b, g))
    G = normaliser(w, variance)
    m, v = moments(x, w, G)
    y = (x - m) / np.sqrt(v + eps)
    dx = np.empty_like(x)
    for c in range(x.shape[1]):
        dy_dx = _jacobian(x[:, c] - m[c], w, G, v[c] + eps)
        dx[:, c] = [gamma[c] * total(g[:, c] * column) for column in dy_dx.T]
    dgamma = np.array([total(g_c * y_c) for g_c, y_c in zip(g.T, y.T, strict=True)])
    db = np.array([total(g_c) for g_c in g.T])
    return Normalized(m, v, y, gamma * y + b, dx, dgamma, db)


def _jacobian(centred: Array, w: Array, G: float, v_eps: float) -> Array:
    """dy_a / dx_i for one channel: through the signal, the mean and the variance."""
    p = w / total(w)
    # sum_a w_a (x_a - m) = 0, so the variance does not move with the mean.
    dv_dx = 2 * w * centred / G
    through_mean = np.eye(len(w)) - p
    through_variance = np.outer(centred, dv_dx) / (2 * v_eps)
    return (through_mean - through_variance) / math.sqrt(v_eps)


def relative_error(actual: ArrayLike, expected: ArrayLike) -> float:
    """Largest deviation relative to the largest expected value."""
    actual = np.asarray(actual, dtype=np.float64)
    expected = np.asarray(expected, dtype=np.float64)
    assert actual.shape == expected.shape
    return float(np.max(np.abs(actual - expected)) / np.max(np.abs(expected)))
