"""One training step's gradients from the paper's equations, in NumPy.

For mini-batches of tables calls cost as much as arithmetic, and NumPy's cost less than
torch's; autograd would also record and replay what is known beforehand here. `WBNMLP`
under autograd is what trains on other devices, and the reference of the tests.

======  =====================================================================
symbol  meaning
======  =====================================================================
z       outputs of a layer, equation (9)
x       affine signals, equation (8)
u       signals before the activation, norm included
a       activations; `z` is `a` after dropout
delta   gradient of the loss with respect to `x` or `u`, equation (15)
======  =====================================================================

The norm's symbols and equations are those of `sklearn_wbn.nn.closed_form`, which does
the same under autograd. The parameters' arrays share the memory of torch's, which the
optimizer changes.
"""

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_wbn._activation import BY_MODULE_NAME, activation
from sklearn_wbn._batches import Batch
from sklearn_wbn.nn.acceleration import loops
from sklearn_wbn.nn.batch_norm import WeightedBatchNorm1d
from sklearn_wbn.nn.mlp import WBNMLP, HiddenLayer
from sklearn_wbn.nn.weights import BatchWeights

Array = NDArray[Any]

# What the equations are those of; a parametrized layer, say, has another class.
_LAYERS = {WBNMLP, nn.ModuleList, HiddenLayer, nn.Linear, WeightedBatchNorm1d}
_KNOWN = _LAYERS | {getattr(nn, name) for name in BY_MODULE_NAME}
_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_post_accumulate_grad_hooks",
)


def is_as_built(network: nn.Module) -> bool:
    """Tell whether `TrainingStep` does what a network does under autograd.

    Parameters
    ----------
    network : nn.Module
        In which a callback, say, may have replaced layers or hooked into them.

    Returns
    -------
    bool
        Whether all layers are those of `WBNMLP`, and neither they nor their parameters
        have hooks.
    """
    parts: list[nn.Module | nn.Parameter] = [*network.modules(), *network.parameters()]
    return all(_is_known(module) for module in network.modules()) and not any(
        getattr(part, hooks, None) for part in parts for hooks in _HOOKS
    )


def _is_known(module: nn.Module) -> bool:
    is_approximate = getattr(module, "approximate", "none") != "none"  # of GELU
    return type(module) in _KNOWN and not is_approximate


class TrainingStep:
    """Loss and gradients of one mini-batch after the other, on the CPU.

    What does not change from batch to batch is looked up once, when it is made: make
    a new one after parameters were frozen, replaced or moved.

    Parameters
    ----------
    network : WBNMLP
        Network in training mode, in float32 or float64, for which `is_as_built`.

    Notes
    -----
    Equations (15)-(21), (26) and (27) of Yasuda, Xian & Ueno, arXiv:2001.01433,
    with the activation's derivative taken at ``b + u``.
    """

    def __init__(self, network: WBNMLP) -> None:
        self._hidden = [_Hidden(layer) for layer in network.layers]
        self._output = _Affine(network.output)
        self._ones = np.ones(0)
        self._loops = loops("sklearn_wbn._loops")

    @np.errstate(all="ignore")  # a loss that is not finite raises after the epoch
    def __call__(
        self, batch: Batch, logit_shift: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Set the gradient of every parameter for one mini-batch.

        Gradients are replaced, running statistics updated as by autograd; a frozen
        parameter gets no gradient.

        Parameters
        ----------
        batch : Batch
            Its rows and their weights.
        logit_shift : Tensor of shape (n_classes,), default=None
            Added to the logits in the loss.

        Returns
        -------
        loss : Tensor of shape ()
            Loss of the batch, in nats.
        logits : Tensor of shape (batch_size, n_classes)
            Outputs of the network.
        """
        z, rows = batch.x.numpy(), self._rows(batch.norm)
        for layer in self._hidden:
            z = layer.forward(z, rows)
        logits = self._output.forward(z)
        shifted = logits if logit_shift is None else logits + logit_shift.numpy()
        loss, delta = self._loss(shifted, batch.y.numpy(), batch.share.numpy())
        above = self._output
        for layer in reversed(self._hidden):
            delta, above = layer.backward(above.backward(delta), rows), layer.affine
        above.set_gradients(delta)  # the inputs need none
        return torch.from_numpy(np.asarray(loss)), torch.from_numpy(logits)

    def _loss(self, logits: Array, target: Array, share: Array) -> tuple[Any, Array]:
        if self._loops is None:
            return _cross_entropy(logits, target, share)
        delta = np.empty(logits.shape[::-1], logits.dtype)
        loss = self._loops.cross_entropy(logits, target, share, delta)
        return logits.dtype.type(loss), delta.T

    def _rows(self, weights: BatchWeights) -> "_Rows":
        p = weights.p.numpy()
        if len(self._ones) != len(p):  # the first batch of an epoch, or the last
            self._ones = np.ones_like(p)
        return _Rows(p, self._ones, weights)


class _Rows(NamedTuple):
    """The weights of a mini-batch as the norms need them."""

    p: Array
    ones: Array  # sums over the batch are vector-matrix products
    weights: BatchWeights


def _cross_entropy(logits: Array, target: Array, share: Array) -> tuple[Any, Array]:
    """Return `sum_i share_i e_i` and its gradient, `share (softmax - one_hot)`.

    A row for each class: over so few columns NumPy's sums would take far longer.
    """
    log_q = logits.T.copy()
    log_q -= np.maximum.reduce(log_q)
    q = np.exp(log_q)
    total = np.add.reduce(q)
    q *= share / total
    own = target * len(target) + np.arange(len(target))  # a row's class in `q`
    loss = share @ (np.log(total) - log_q.ravel()[own])
    q.ravel()[own] -= share
    return loss, q.T


class _Gradient:
    """Where the gradient of a parameter is written; a frozen one has none."""

    def __init__(self, parameter: Tensor) -> None:
        self.parameter, self.is_wanted = parameter, parameter.requires_grad
        if not self.is_wanted:
            parameter.grad = None  # as it was before it was frozen
        known = parameter.grad
        if known is None or not known.is_contiguous():  # solvers see it as a vector
            known = torch.empty_like(parameter)
        self.tensor = known
        self.array = self.tensor.detach().numpy()

    def room(self) -> Array:
        """Return the array to write into, which is the parameter's gradient now."""
        if self.is_wanted:
            self.parameter.grad = self.tensor  # skorch may have taken it away
        return self.array


class _Affine:
    """Equation (8): `x = W z + b`, or `W z` where a norm follows."""

    def __init__(self, linear: nn.Linear) -> None:
        self.W, self.dW = linear.weight.detach().numpy(), _Gradient(linear.weight)
        # torch's stubs do not know that a linear map may have no bias.
        bias: Tensor | None = linear.bias
        self.b = None if bias is None else bias.detach().numpy()
        self.db = None if bias is None else _Gradient(bias)

    def forward(self, z: Array) -> Array:
        self.z = z
        x: Array = z @ self.W.T
        if self.b is not None:
            x += self.b
        return x

    def backward(self, delta: Array) -> Array:
        """Set the gradients and return that with respect to `z`."""
        self.set_gradients(delta)
        return delta @ self.W  # type: ignore[no-any-return]

    def set_gradients(self, delta: Array) -> None:
        if self.dW.is_wanted:
            np.matmul(delta.T, self.z, out=self.dW.room())
        if self.db is not None:
            np.add.reduce(delta, out=self.db.room())


class _Hidden:
    """A hidden layer, and what its backward pass needs of the forward pass."""

    def __init__(self, layer: HiddenLayer) -> None:
        self.affine = _Affine(layer.linear)
        self.norm = None if layer.norm is None else _norm(layer.norm)
        self.activation = activation(type(layer.activation).__name__)
        self.dropout_mask, self.drops = layer.dropout_mask, layer.dropout > 0

    def forward(self, z: Array, rows: _Rows) -> Array:
        u = self.affine.forward(z)
        if self.norm is not None:
            u = self.norm.forward(u, rows)
        a, self.kept = self.activation.value(u)
        mask = self.dropout_mask(torch.from_numpy(a)) if self.drops else None
        self.mask = None if mask is None else mask.numpy()
        return a if self.mask is None else a * self.mask

    def backward(self, delta: Array, rows: _Rows) -> Array:
        """Set the norm's gradients; return that with respect to the affine signals."""
        if self.mask is not None:
            delta *= self.mask
        self.activation.backward(delta, self.kept)
        if self.norm is not None:
            delta = self.norm.backward(delta, rows, room=self.kept)
        return delta


class _Norm:
    """Equations (11), (23) and (24), and their gradients (26) and (27).

    Where a row or a column meets the whole batch it is torch's operation, on the same
    memory: it takes half of NumPy's time, or does two of NumPy's in one pass.
    """

    def __init__(self, norm: WeightedBatchNorm1d) -> None:
        self.norm = norm
        self.gamma, self.dgamma = norm.weight.detach().numpy(), _Gradient(norm.weight)
        self.b, self.db = norm.bias.detach().numpy(), _Gradient(norm.bias)
        self.running_mean = norm.running_mean.numpy()
        self.running_var = norm.running_var.numpy()
        self.n_batches = norm.num_batches_tracked.numpy()

    def forward(self, x: Array, rows: _Rows) -> Array:
        p, Z_over_G = rows.p, rows.weights.Z_over_G
        m = p @ x
        _tensor(x).sub_(_tensor(m))
        c = x
        d = p @ c
        room: Array = c * c
        v = Z_over_G * np.maximum(p @ room - d * d, 0)  # rounding may leave less
        self._update_running(m + d, v, rows.weights)
        r = 1 / np.sqrt(v + self.norm.eps)
        s = r * self.gamma
        self.c, self.d, self.r, self.s = c, d, r, s
        return _shift_scale(self.b - d * s, c, s, out=room)

    def _update_running(self, m: Array, v: Array, weights: BatchWeights) -> None:
        """Count a batch and move the running statistics, as the layer does."""
        if not weights.has_spread:
            return
        self.n_batches += 1
        share = self.norm.share_of_batch(int(self.n_batches))
        unbiased = weights.Z_over_G_running / weights.Z_over_G
        self._move_running(m, v, share, unbiased)

    def _move_running(self, m: Array, v: Array, share: Any, unbiased: float) -> None:
        self.running_mean += share * (m - self.running_mean)
        self.running_var += share * (unbiased * v - self.running_var)

    def backward(self, g: Array, rows: _Rows, room: Array) -> Array:
        """Return the gradient with respect to `x`; `g` and `room` are overwritten."""
        c, d, r, s = self.c, self.d, self.r, self.s
        db = np.matmul(rows.ones, g, out=self.db.room())
        dgamma = rows.ones @ np.multiply(g, c, out=room) - d * db
        dgamma = np.multiply(r, dgamma, out=self.dgamma.room())
        slope = -rows.weights.Z_over_G * s * r * dgamma
        _shift_scale(-s * db - d * slope, c, slope, out=c)
        _tensor(c).mul_(rows.weights.p.unsqueeze(1))
        return _shift_scale(c, g, s, out=g)


class _LoopNorm(_Norm):
    """The same by Numba's loops, where it is installed."""

    def __init__(self, norm: WeightedBatchNorm1d, loops: ModuleType) -> None:
        super().__init__(norm)
        self.loops = loops
        self.moments = np.empty((4, len(self.gamma)), self.gamma.dtype)

    def forward(self, x: Array, rows: _Rows) -> Array:
        weights, u = (rows.p, rows.weights.Z_over_G), np.empty_like(x)
        scale_shift = self.gamma, self.b, self.norm.eps
        self.loops.forward(x, *weights, *scale_shift, u, self.moments)
        self._update_running(self.moments[0], self.moments[1], rows.weights)
        self.x, self.weights = x, weights
        return u

    def _move_running(self, m: Array, v: Array, share: Any, unbiased: float) -> None:
        self.loops.move_running(
            self.running_mean, self.running_var, m, v, share, unbiased
        )

    def backward(self, g: Array, rows: _Rows, room: Array) -> Array:
        gradients = room, self.dgamma.room(), self.db.room()
        kept = self.x, *self.weights, self.gamma, self.moments
        self.loops.backward(g, *kept, *gradients)
        return room


def _norm(norm: WeightedBatchNorm1d) -> _Norm:
    compiled = loops()
    return _Norm(norm) if compiled is None else _LoopNorm(norm, compiled)


def _shift_scale(shift: Array, x: Array, scale: Array, out: Array) -> Array:
    """Write `shift + x scale`."""
    torch.addcmul(_tensor(shift), _tensor(x), _tensor(scale), out=_tensor(out))
    return out


_tensor = torch.from_numpy
