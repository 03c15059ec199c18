"""What a training step does besides norms and products, as loops for Numba to compile.

For the few logits of a mini-batch, and for the parameters of a small network, calls
take longer than the arithmetic.

=======  ====================================================================
symbol   meaning
=======  ====================================================================
q        class probabilities, the softmax of the logits
delta    gradient of the loss with respect to the logits, a row for each class
a        activations of a layer, tanh
p        parameters of an optimizer
g        gradient with respect to `a`, then to the signals before it; or that of `p`
k        number of steps that were made
m        moving average of `g`; of its square, v; of its largest size, u
lr       step size
options  `lr`, `beta1`, `beta2`, `eps` and `weight_decay`
=======  ====================================================================

Arrays of one call are of one precision, float32 or float64.
"""

import math
from typing import Any

from numpy.typing import NDArray

from sklearn_wbn._solver_arrays import Options
from sklearn_wbn.nn.loops import compiled

Array = NDArray[Any]


@compiled
def cross_entropy(logits: Array, target: Array, share: Array, delta: Array) -> float:
    """Return `sum_i share_i e_i`; write its gradient, `share (q - one_hot)`."""
    loss = 0.0
    for i in range(len(logits)):
        highest, total, own = logits[i].max(), 0.0, target[i]
        for j in range(len(delta)):
            delta[j, i] = math.exp(logits[i, j] - highest)
            total += delta[j, i]
        for j in range(len(delta)):
            delta[j, i] *= share[i] / total
        delta[own, i] -= share[i]
        loss += share[i] * (math.log(total) - (logits[i, own] - highest))
    return loss


@compiled
def tanh_backward(g: Array, a: Array) -> None:
    """Turn `g` into the gradient with respect to the signals, in place."""
    one = a.dtype.type(1)  # beside an integer float32 would become float64
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            g[i, j] *= one - a[i, j] * a[i, j]


@compiled
def adamax(p: Array, g: Array, m: Array, u: Array, k: Array, options: Options) -> None:
    """Make a step of Adamax, Kingma & Ba, arXiv:1412.6980, algorithm 2."""
    lr, beta1, beta2, eps, weight_decay = options
    k[()] += 1
    number = p.dtype.type  # numbers in float64 would take twice the time
    rate, decay = number(lr / (1 - beta1 ** k[()])), number(weight_decay)
    fresh, kept, least = number(1 - beta1), number(beta2), number(eps)
    for i in range(len(p)):
        g_i = g[i] + decay * p[i]
        m_i = m[i] + fresh * (g_i - m[i])
        u_i = max(kept * u[i], abs(g_i) + least)
        p[i] -= rate * (m_i / u_i)
        m[i], u[i] = m_i, u_i


@compiled
def adam(p: Array, g: Array, m: Array, v: Array, k: Array, options: Options) -> None:
    """Make a step of Adam, Kingma & Ba, arXiv:1412.6980, algorithm 1."""
    lr, beta1, beta2, eps, weight_decay = options
    k[()] += 1
    number = p.dtype.type
    rate, decay = number(lr / (1 - beta1 ** k[()])), number(weight_decay)
    fresh, fresh_square = number(1 - beta1), number(1 - beta2)
    unbias, least = number(1 / math.sqrt(1 - beta2 ** k[()])), number(eps)
    for i in range(len(p)):
        g_i = g[i] + decay * p[i]
        m_i = m[i] + fresh * (g_i - m[i])
        v_i = v[i] + fresh_square * (g_i * g_i - v[i])
        p[i] -= rate * (m_i / (unbias * math.sqrt(v_i) + least))
        m[i], v[i] = m_i, v_i
