"""One training step's gradients from the paper's equations, without autograd.

Autograd records and replays what is known beforehand here; for the small networks
of tables that costs as much as the arithmetic. `WBNMLP` under autograd remains the
reference that the tests compare with.

======  =====================================================================
symbol  meaning
======  =====================================================================
z       outputs of a layer, equation (9)
u       signals before the activation, norm included
delta   gradient of the loss with respect to `u`, equation (15)
======  =====================================================================
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_wbn.nn import closed_form
from sklearn_wbn.nn.loss import weighted_sum_with_gradient
from sklearn_wbn.nn.mlp import WBNMLP, HiddenLayer
from sklearn_wbn.nn.weights import BatchWeights

_aten = torch.ops.aten

# Gradient with respect to `u`, given that with respect to `a = activation(u)`.
_ACTIVATION_BACKWARD: dict[type[nn.Module], Callable[[Tensor, Tensor, Tensor], Tensor]]
_ACTIVATION_BACKWARD = {
    nn.Tanh: lambda g, _, a: _aten.tanh_backward(g, a),
    nn.ReLU: lambda g, _, a: _aten.threshold_backward(g, a, 0),
    nn.Sigmoid: lambda g, _, a: _aten.sigmoid_backward(g, a),
    nn.Identity: lambda g, *_: g,
    nn.GELU: lambda g, u, _: _aten.gelu_backward(g, u),
    nn.SiLU: lambda g, u, _: _aten.silu_backward(g, u),
}


class _Trace(NamedTuple):
    """What a hidden layer keeps for the backward pass."""

    z_in: Tensor
    u: Tensor
    a: Tensor
    mask: Tensor | None
    norm: closed_form.Trace | None


@torch.no_grad()
def backpropagate(
    network: WBNMLP,
    x: Tensor,
    target: Tensor,
    share: Tensor,
    weights: BatchWeights,
    logit_shift: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Set the gradient of every parameter for one mini-batch.

    Parameters
    ----------
    network : WBNMLP
        Network in training mode; gradients are replaced and running statistics
        updated, as by autograd.
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

    Notes
    -----
    Equations (15)-(21), (26) and (27) of Yasuda, Xian & Ueno, arXiv:2001.01433,
    with the activation's derivative taken at ``b + u``. Hooks of torch modules do
    not run.
    """
    layers, traces, z = network.layers, [], x
    for layer in layers:
        z, trace = _forward(layer, z, weights)
        traces.append(trace)
    logits = network.output(z)
    shifted = logits if logit_shift is None else logits + logit_shift
    loss, delta = weighted_sum_with_gradient(shifted, target, share)
    above = network.output
    _set_gradients(above, delta, z)
    for layer, trace in zip(reversed(layers), reversed(traces), strict=True):
        delta = _backward(layer, trace, delta @ above.weight)
        above = layer.linear
    return loss, logits


def _forward(
    layer: HiddenLayer, z_in: Tensor, weights: BatchWeights
) -> tuple[Tensor, _Trace]:
    u, trace = layer.linear(z_in), None
    if layer.norm is not None:
        norm = layer.norm
        u, m, v, trace = closed_form.forward(
            u, weights.p, weights.Z_over_G, norm.weight, norm.bias, norm.eps
        )
        norm.update_running(m, v, weights)
    a = layer.activation(u)
    mask = layer.dropout_mask(a)
    return (a if mask is None else a * mask), _Trace(z_in, u, a, mask, trace)


def _backward(layer: HiddenLayer, trace: _Trace, g: Tensor) -> Tensor:
    """Set a layer's gradients; return that with respect to its affine signals."""
    if trace.mask is not None:
        g = g * trace.mask
    delta = _ACTIVATION_BACKWARD[type(layer.activation)](g, trace.u, trace.a)
    if layer.norm is not None and trace.norm is not None:
        delta, dgamma, db = closed_form.backward(delta, trace.norm)
        _set_gradient(layer.norm.weight, dgamma)
        _set_gradient(layer.norm.bias, db)
    _set_gradients(layer.linear, delta, trace.z_in)
    return delta


def _set_gradients(linear: nn.Linear, delta: Tensor, z_in: Tensor) -> None:
    if linear.weight.requires_grad:
        linear.weight.grad = delta.t() @ z_in
    if linear.bias is not None:
        _set_gradient(linear.bias, delta.sum(0))


def _set_gradient(parameter: Tensor, gradient: Tensor) -> None:
    """Leave a frozen parameter without a gradient, as autograd does."""
    parameter.grad = gradient if parameter.requires_grad else None
