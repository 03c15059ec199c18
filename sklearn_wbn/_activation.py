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

from sklearn_wbn.nn.acceleration import loops

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


def _tanh(u: Array) -> tuple[Array, Array]:
    a = np.tanh(u, out=u)
    return a, a


def _tanh_backward(g: Array, a: Array) -> None:
    a *= a
    g *= np.subtract(1, a, out=a)


def _relu(u: Array) -> tuple[Array, Array]:
    a = np.maximum(u, 0, out=u)
    return a, a


def _relu_backward(g: Array, a: Array) -> None:
    g *= np.sign(a, out=a)


def _logistic(u: Array) -> tuple[Array, Array]:
    """Write the logistic function as `(1 + tanh(u / 2)) / 2`, which is faster."""
    u *= 0.5
    a = np.tanh(u, out=u)
    a += 1
    a *= 0.5
    return a, a


def _logistic_backward(g: Array, a: Array) -> None:
    g *= a
    g *= np.subtract(1, a, out=a)


def _silu(u: Array) -> tuple[Array, Array]:
    """Return `u s` and `s + u s (1 - s)` for the logistic `s`."""
    s, _ = _logistic(u.copy())
    a = u * s
    return a, s + a * (1 - s)


def _gelu(u: Array) -> tuple[Array, Array]:
    """Return `u cdf` and `cdf + u pdf` of the normal distribution."""
    cdf = 0.5 * (1 + erf(u * math.sqrt(0.5)))
    pdf = np.exp(-0.5 * u * u) * math.sqrt(0.5 / math.pi)
    return u * cdf, cdf + u * pdf


def _multiply(g: Array, derivative: Array) -> None:
    g *= derivative


def activation(name: str) -> Activation:
    """Return an activation, by Numba's loops where they are used and know it.

    Parameters
    ----------
    name : str
        Of torch's module, see `BY_MODULE_NAME`.

    Returns
    -------
    Activation
        Its value and derivative.
    """
    compiled = loops("sklearn_wbn._loops")
    if compiled is None or name != "Tanh":
        return BY_MODULE_NAME[name]
    return Activation(_tanh, compiled.tanh_backward)


# By the names of torch's modules.
BY_MODULE_NAME: dict[str, Activation] = {
    "Tanh": Activation(_tanh, _tanh_backward),
    "ReLU": Activation(_relu, _relu_backward),
    "Sigmoid": Activation(_logistic, _logistic_backward),
    "Identity": Activation(lambda u: (u, u), lambda g, _: None),
    "SiLU": Activation(_silu, _multiply),
    "GELU": Activation(_gelu, _multiply),
}
