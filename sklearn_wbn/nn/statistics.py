"""Statistics for inference, by a pass with frozen weights (end of section 3.1).

======  =====================================================================
symbol  meaning
======  =====================================================================
R       number of mini-batches
m_r     mean of mini-batch r, equation (23); v_r its variance, equation (24)
M, V    statistics that eval mode normalises with
Z       sum of the weights
S       weighted squares about M, summed over the batches so far
======  =====================================================================
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from sklearn_wbn.nn.batch_norm import WeightedBatchNorm1d
from sklearn_wbn.nn.functional import weighted_moments
from sklearn_wbn.nn.mlp import WBNMLP
from sklearn_wbn.nn.weights import BatchWeights

INFERENCE_STATISTICS = ("batch_mean", "moving", "population", "weighted_population")

WeightedBatches = Callable[[], Iterable[tuple[Tensor, BatchWeights]]]


@torch.no_grad()
def average_batch_statistics(network: WBNMLP, batches: WeightedBatches) -> None:
    """Set the running statistics to the paper's averages over the mini-batches.

    ``M = (1/R) sum_r m_r`` and ``V = 1/(R-1) sum_r v_r``; with one batch `v`
    itself. Batches of one effective row have no variance and are left out.

    Parameters
    ----------
    network : WBNMLP
        Trained network; its running statistics are replaced, nothing else.
    batches : callable
        Returns an iterable of ``(x, weights)``, one epoch of mini-batches.
    """
    norms = _norms(network)
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.train().reset_running_stats()
        norm.momentum = None  # torch's way to ask for the plain average
    try:
        for x, weights in batches():
            network(x, weights)
    finally:  # Ctrl-C among the reasons
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        network.eval()
    for norm in norms:
        R = int(norm.num_batches_tracked)
        if R > 1:
            norm.running_var *= R / (R - 1)


@torch.no_grad()
def population_statistics(
    network: WBNMLP, batches: WeightedBatches, total: BatchWeights
) -> None:
    """Set the running statistics to those of all training rows, layer by layer.

    A layer's statistics are taken from signals that the layers before it have
    normalised by theirs, as at inference.

    Parameters
    ----------
    network : WBNMLP
        Trained network; its running statistics are replaced, nothing else.
    batches : callable
        Returns an iterable of ``(x, weights)`` over all training rows; called
        once a layer. Equal weights give the plain population.
    total : BatchWeights
        Weights of all training rows together, for the normaliser `G`.
    """
    network.eval()
    for depth, norm in enumerate(_norms(network)):
        M, V = _pooled_moments(network, depth, batches, total.Z_over_G_running)
        norm.running_mean.copy_(M)
        norm.running_var.copy_(V)


def _norms(network: WBNMLP) -> list[WeightedBatchNorm1d]:
    return [layer.norm for layer in network.layers if layer.norm is not None]


def _pooled_moments(
    network: WBNMLP, depth: int, batches: WeightedBatches, Z_over_G: float
) -> tuple[Tensor, Tensor]:
    """Merge the moments of the batches in float64, without `E[x^2] - M^2`.

    They are taken about the first row: float32 would round means far from zero.
    """
    Z, M, S = 0.0, torch.zeros(()), torch.zeros(())
    origin: Tensor | None = None
    for x, weights in batches():
        if weights.Z == 0:
            continue
        signals = _signals(network, depth, x)
        origin = signals[0] if origin is None else origin
        m, v = weighted_moments(signals - origin, weights)
        m, v = m.double(), v.double() / weights.Z_over_G
        Z += weights.Z
        share = weights.Z / Z
        M, step = M.to(m), m - M.to(m)
        M = M + share * step
        S = S.to(v) + weights.Z * (v + (1 - share) * step.square())
    return M if origin is None else M + origin, S / Z * Z_over_G


def _signals(network: WBNMLP, depth: int, x: Tensor) -> Tensor:
    """Affine signals of one hidden layer, in eval mode: lambda in equation (11)."""
    for layer in network.layers[:depth]:
        x = layer(x)
    return network.layers[depth].linear(x)  # type: ignore[no-any-return]
