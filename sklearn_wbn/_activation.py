"""The activations of section 3 and their derivatives, in NumPy.

======  =====================================================================
symbol  meaning
======  =====================================================================
u       signals before the activation
a       activations
g       gradient of the loss with respect to `a`, then to `u`
======  =====================================================================

Arrays are overwritten: for mini-batches new memory costs as much as arithmetic.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[Any]


class Activation(NamedTuple):
    """An activation and its derivative.

    Parameters
    ----------
    value : callable
        Takes `u` and returns `a`, and what the derivative is computed from. Both may
        take the room of `u`.
    backward : callable
        Takes `g` and what `value` has kept; turns `g` into the gradient with respect
        to `u` in place. What was kept is not needed afterwards, and may be changed.
    """

    value: Callable[[Array], tuple[Array, Array]]
    backward: Callable[[Array, Array], None]


def _logistic(u: Array) -> Array:
    """Write the logistic function as `(1 + tanh(u / 2)) / 2`, which is faster."""
    u *= 0.5
    np.tanh(u, out=u)
    u += 1
    u *= 0.5
    return u


def _of_output(value: Callable[[Array], Array]) -> Callable[[Array], Any]:
    """Keep `a` for the derivative."""

    def value_and_kept(u: Array) -> tuple[Array, Array]:
        a = value(u)
        return a, a

    return value_and_kept


def _tanh_backward(g: Array, a: Array) -> None:
    a *= a
    g *= np.subtract(1, a, out=a)


def _relu_backward(g: Array, a: Array) -> None:
    g *= np.sign(a, out=a)


def _logistic_backward(g: Array, a: Array) -> None:
    g *= a
    g *= np.subtract(1, a, out=a)


def _silu(u: Array) -> tuple[Array, Array]:
    """Return `u s` and `s + u s (1 - s)` for the logistic `s`."""
    s = _logistic(u.copy())
    a = u * s
    return a, s + a * (1 - s)


def _gelu(u: Array) -> tuple[Array, Array]:
    """Return `u F(u)` and `F(u) + u f(u)` for the normal distribution's `F` and `f`."""
    share = 0.5 * (1 + erf(u * math.sqrt(0.5)))
    density = np.exp(-0.5 * u * u) * math.sqrt(0.5 / math.pi)
    return u * share, share + u * density


def _multiply(g: Array, derivative: Array) -> None:
    g *= derivative


ACTIVATIONS: dict[str, Activation] = {
    "Tanh": Activation(_of_output(lambda u: np.tanh(u, out=u)), _tanh_backward),
    "ReLU": Activation(_of_output(lambda u: np.maximum(u, 0, out=u)), _relu_backward),
    "Sigmoid": Activation(_of_output(_logistic), _logistic_backward),
    "Identity": Activation(_of_output(lambda u: u), lambda g, _: None),
    "SiLU": Activation(_silu, _multiply),
    "GELU": Activation(_gelu, _multiply),
}
