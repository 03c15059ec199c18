"""One training step's gradients from the paper's equations, without autograd.

Autograd records and replays what is known beforehand here; for the small networks
of tables that costs as much as the arithmetic. `WBNMLP` under autograd remains the
reference that the tests compare with.

======  =====================================================================
symbol  meaning
======  =====================================================================
z       outputs of a layer, equation (9)
x       affine signals, equation (8)
u       signals before the activation, norm included
a       activations; `z` is `a` after dropout
delta   gradient of the loss with respect to `x` or `u`, equation (15)
======  =====================================================================
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_wbn.nn import closed_form
from sklearn_wbn.nn.loss import weighted_sum_with_gradient
from sklearn_wbn.nn.mlp import WBNMLP, HiddenLayer
from sklearn_wbn.nn.weights import BatchWeights

_aten = torch.ops.aten

# On the CPU, whatever torch's default device is: a number goes with every device.
_MINUS_ONE = torch.tensor(-1.0, device="cpu")


def _tanh_(u: Tensor) -> Tensor:
    """Write tanh as 2 sigmoid(2 u) - 1: torch's own takes several times as long."""
    sigmoid = u.add_(u).sigmoid_()
    return torch.add(_MINUS_ONE, sigmoid, alpha=2, out=sigmoid)


# `a = activation(u)`, and the gradient with respect to `u` given that with respect to
# `a`. What needs `a` alone for that takes the room of `u`.
_ACTIVATION: dict[type[nn.Module], Callable[[Tensor], Tensor]] = {
    nn.Tanh: _tanh_,
    nn.ReLU: torch.relu_,
    nn.Sigmoid: torch.sigmoid_,
    nn.Identity: lambda u: u,
    nn.GELU: _aten.gelu,
    nn.SiLU: _aten.silu,
}
_ACTIVATION_BACKWARD: dict[type[nn.Module], Callable[[Tensor, Tensor, Tensor], Tensor]]
_ACTIVATION_BACKWARD = {
    nn.Tanh: lambda g, _, a: _aten.tanh_backward.default(g, a),
    nn.ReLU: lambda g, _, a: _aten.threshold_backward.default(g, a, 0),
    nn.Sigmoid: lambda g, _, a: _aten.sigmoid_backward.default(g, a),
    nn.Identity: lambda g, *_: g,
    nn.GELU: lambda g, u, _: _aten.gelu_backward.default(g, u),
    nn.SiLU: lambda g, u, _: _aten.silu_backward.default(g, u),
}


class TrainingStep:
    """Loss and gradients of one mini-batch after the other.

    What does not change from batch to batch is looked up once, when it is made: make
    a new one after parameters were frozen, replaced or moved.

    Parameters
    ----------
    network : WBNMLP
        Network in training mode.

    Notes
    -----
    Equations (15)-(21), (26) and (27) of Yasuda, Xian & Ueno, arXiv:2001.01433,
    with the activation's derivative taken at ``b + u``. Hooks of torch modules do
    not run.
    """

    def __init__(self, network: WBNMLP) -> None:
        self._hidden = [_Hidden(layer) for layer in network.layers]
        self._output = _Affine(network.output)

    @torch.no_grad()
    def __call__(
        self,
        x: Tensor,
        target: Tensor,
        share: Tensor,
        weights: BatchWeights,
        logit_shift: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Set the gradient of every parameter for one mini-batch.

        Gradients are replaced, running statistics updated as by autograd; a frozen
        parameter gets no gradient.

        Parameters
        ----------
        x : Tensor of shape (batch_size, n_features)
            Inputs.
        target : Tensor of shape (batch_size,)
            Class indices.
        share : Tensor of shape (batch_size,)
            Weight of each row in the loss, divided by the loss's normaliser.
        weights : BatchWeights
            Weights of the rows in the norm layers.
        logit_shift : Tensor of shape (n_classes,), default=None
            Added to the logits in the loss.

        Returns
        -------
        loss : Tensor of shape ()
            Loss of the batch, in nats.
        logits : Tensor of shape (batch_size, n_classes)
            Outputs of the network.
        """
        z = x
        for layer in self._hidden:
            z = layer.forward(z, weights)
        logits = self._output.forward(z)
        shifted = logits if logit_shift is None else logits + logit_shift
        loss, delta = weighted_sum_with_gradient(shifted, target, share)
        above = self._output
        for layer in reversed(self._hidden):
            delta, above = layer.backward(above.backward(delta)), layer.affine
        above.set_gradients(delta)  # the inputs need none
        return loss, logits


class _Affine:
    """Equation (8): `x = W z + b`, or `W z` where a norm follows."""

    def __init__(self, linear: nn.Linear) -> None:
        self.weight, self.W = linear.weight, linear.weight.detach()
        self.W_t = self.W.t()
        # torch's stubs do not know that a linear map may have no bias.
        bias: Tensor | None = linear.bias
        self.bias, self.b = bias, None if bias is None else bias.detach()

    def forward(self, z: Tensor) -> Tensor:
        self.z = z
        if self.b is None:
            return torch.mm(z, self.W_t)
        return torch.addmm(self.b, z, self.W_t)

    def backward(self, delta: Tensor) -> Tensor:
        """Set the gradients and return that with respect to `z`."""
        self.set_gradients(delta)
        return torch.mm(delta, self.W)

    def set_gradients(self, delta: Tensor) -> None:
        if self.weight.requires_grad:
            self.weight.grad = torch.mm(delta.t(), self.z)
        if self.bias is not None:
            _set_gradient(self.bias, delta.sum(0))


class _Hidden:
    """A hidden layer, and what its backward pass needs of the forward pass."""

    def __init__(self, layer: HiddenLayer) -> None:
        self.affine = _Affine(layer.linear)
        self.norm = layer.norm
        if self.norm is not None:
            self.gamma, self.shift = self.norm.weight, self.norm.bias
            self.n_batches = int(self.norm.num_batches_tracked)
        kind = type(layer.activation)
        self.activation = _ACTIVATION[kind]
        self.activation_backward = _ACTIVATION_BACKWARD[kind]
        self.dropout_mask = layer.dropout_mask

    def forward(self, z: Tensor, weights: BatchWeights) -> Tensor:
        u = self.affine.forward(z)
        if (norm := self.norm) is not None:
            u, m, v, self.trace = closed_form.forward(
                u, weights.p, weights.Z_over_G, self.gamma, self.shift, norm.eps
            )
            self.n_batches += weights.has_spread
            norm.update_running(m, v, weights, self.n_batches)
        self.u, self.a = u, self.activation(u)
        self.mask = self.dropout_mask(self.a)
        return self.a if self.mask is None else self.a * self.mask

    def backward(self, g: Tensor) -> Tensor:
        """Set the norm's gradients; return that with respect to the affine signals."""
        if self.mask is not None:
            g = g * self.mask
        delta = self.activation_backward(g, self.u, self.a)
        if self.norm is not None:
            delta, dgamma, db = closed_form.backward(delta, self.trace)
            _set_gradient(self.gamma, dgamma)
            _set_gradient(self.shift, db)
        return delta


def _set_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Leave a frozen parameter without a gradient, as autograd does."""
    parameter.grad = gradient if parameter.requires_grad else None
