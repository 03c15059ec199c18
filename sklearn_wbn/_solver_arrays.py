"""The optimizers of `sklearn_wbn._loops` in NumPy, for networks of few parameters.

=======  ====================================================================
symbol   meaning
=======  ====================================================================
p, g     parameters and their gradient
k        number of steps that were made
m        moving average of `g`; of its square, v; of its largest size, u
lr       step size
options  `lr`, `beta1`, `beta2`, `eps` and `weight_decay`
=======  ====================================================================
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Options = tuple[float, float, float, float, float]


def adamax(p: Array, g: Array, m: Array, u: Array, k: Array, options: Options) -> None:
    """Make a step of Adamax, Kingma & Ba, arXiv:1412.6980, algorithm 2."""
    lr, beta1, beta2, eps, weight_decay = options
    k += 1
    if weight_decay:
        g = g + weight_decay * p
    m += (1 - beta1) * (g - m)
    np.maximum(beta2 * u, np.abs(g) + eps, out=u)
    p -= lr / (1 - beta1 ** float(k)) * (m / u)


def adam(p: Array, g: Array, m: Array, v: Array, k: Array, options: Options) -> None:
    """Make a step of Adam, Kingma & Ba, arXiv:1412.6980, algorithm 1."""
    lr, beta1, beta2, eps, weight_decay = options
    k += 1
    if weight_decay:
        g = g + weight_decay * p
    m += (1 - beta1) * (g - m)
    v += (1 - beta2) * (g * g - v)
    v_hat = v / (1 - beta2 ** float(k))
    p -= lr / (1 - beta1 ** float(k)) * (m / (np.sqrt(v_hat) + eps))
