"""The weights of a mini-batch: `Z` and `G` of equations (22) and (25), once a batch.

Every layer of a network normalises with the same weights, so what depends on
the weights alone is computed here, in float64, and handed to all layers.

======  =====================================================================
symbol  meaning
======  =====================================================================
f       frequency of a row: it counts as `f` equal rows (`sample_weight`)
c       importance of a row: its class weight
w       weight of a row, `w = f c`
Z       sum of the weights of a batch, equation (22)
p       normalised weights, `p = w / Z`
Q       `sum f c^2`; with `f = 1` the `sum w^2` of equation (25)
G       normaliser of the variance, equation (25) or one of its alternatives
spread  `G / Z` of equation (25), `1 - Q / Z^2 = sum p (Z - c) / Z`
======  =====================================================================
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

Variance = Literal["reliability", "frequency", "biased"]
VARIANCES: tuple[str, ...] = get_args(Variance)

# Below this share of Z, G is mostly rounding error: one row owns the batch.
_SMALLEST_G_OVER_Z = 1e-8

_NO_ROWS = "weights must belong to one row at least, got none"


@dataclass(frozen=True, slots=True)
class BatchWeights:
    """Weights of one mini-batch, ready for every norm layer.

    Made by `batch_weights`.

    Parameters
    ----------
    p : Tensor of shape (batch_size,) or (batch_size, ...)
        Normalised weights ``w / Z``; uniform where all weights are zero.
    Z : float
        Sum of the weights, equation (22).
    spread : float
        ``1 - Q / Z^2``, which is ``1 - sum p^2`` where every row counts once; 0
        where all weights are zero.
    variance : {"reliability", "frequency", "biased"}
        Which normaliser ``G`` equation (24) divides by.
    Z_over_G : float
        Turns ``sum p (x - m)^2`` into the variance of equation (24).
    Z_over_G_running : float
        The same for the running variance, which is unbiased as torch's is.
    """

    p: Tensor
    Z: float
    spread: float
    variance: str
    Z_over_G: float
    Z_over_G_running: float

    @property
    def n_eff(self) -> float:
        """Effective number of rows, ``Z^2 / Q``; 0 where all weights are zero."""
        return 1 / (1 - self.spread) if self.Z > 0 else 0.0

    @property
    def has_spread(self) -> bool:
        """Whether the batch says anything about a variance: more than one row.

        Frequencies that sum to less than one row leave no `G`, and yet several rows.
        """
        if self.spread > _SMALLEST_G_OVER_Z:
            return True
        p = self.p.double().flatten()
        return self.Z > 0 and float(1 - p @ p) > _SMALLEST_G_OVER_Z

    def per_position(self, n_positions: int) -> "BatchWeights":
        """Give every position of a row that row's weight.

        With ``S`` positions, ``Z`` becomes ``S Z`` and ``Q / Z^2`` a share ``1 / S``.

        Parameters
        ----------
        n_positions : int
            Number ``S`` of positions, spatial or in a sequence.

        Returns
        -------
        BatchWeights
            Weights of ``batch_size * S`` positions, row by row.

        Raises
        ------
        ValueError
            If there are no positions.
        """
        if n_positions == 1:
            return self
        if n_positions == 0:
            raise ValueError("rows must have one position at least, got none")
        p = (self.p / n_positions).repeat_interleave(n_positions)
        Z = self.Z * n_positions
        spread = 1 - (1 - self.spread) / n_positions if Z > 0 else 0.0
        return _from_sums(p, Z, spread, self.variance)


def batch_weights(
    weight: Tensor,
    variance: str = "reliability",
    *,
    frequency: Tensor | None = None,
    dtype: torch.dtype | None = None,
) -> BatchWeights:
    """Prepare the weights of one mini-batch for all norm layers.

    Parameters
    ----------
    weight : Tensor of shape (batch_size,) or (batch_size, ...)
        Weights ``w = f c`` of rows or positions: finite, not negative, in any unit.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        ``G = Z - Q / Z``, equation (25); ``G = Z - 1``, the 2019 predecessor,
        which depends on the unit of the weights; or ``G = Z``, torch's own.
    frequency : Tensor of the shape of `weight`, default=None
        Number ``f`` of equal rows that each row stands for; None means one.
    dtype : torch.dtype, default=None
        Precision of ``p``; None keeps float64.

    Returns
    -------
    BatchWeights
        What the layers need, computed in float64.

    Raises
    ------
    ValueError
        If a weight or a frequency is negative or not finite, if `weight` is a scalar
        or `frequency` of another shape, if `variance` is unknown, or if it is
        ``"frequency"`` and the weights do not sum to more than one.
    TypeError
        If weights or frequencies are not tensors.

    Notes
    -----
    Equations (22) and (25) of Yasuda, Xian & Ueno, arXiv:2001.01433. Where
    ``G`` is not positive (a batch of one, one weight that dominates), ``Z``
    takes its place.
    """
    _check_tensor("weights", weight)
    if not weight.dim():
        raise ValueError(
            "weights must have shape (batch_size,), one weight per row, or "
            "(batch_size, ...), one per position; got ()"
        )
    check_weight(weight)
    if frequency is not None:
        _check_frequency(frequency, weight.shape)
        frequency = frequency.reshape(-1)
    flat = weight.reshape(-1)
    (weights,) = split_batch_weights(
        flat, [flat.shape[0]], variance, frequency=frequency, dtype=dtype
    )
    if weight.dim() == 1:
        return weights
    return replace(weights, p=weights.p.view(weight.shape))


def equal_weights(n_rows: int, variance: str, device: torch.device) -> BatchWeights:
    """Prepare weights of one for the rows of a mini-batch, without looking at them.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    variance : {"reliability", "frequency", "biased"}
        See `batch_weights`.
    device : torch.device
        Where they are kept.

    Returns
    -------
    BatchWeights
        Those of `batch_weights` for ones.

    Raises
    ------
    ValueError
        If there is no row, `variance` is unknown, or it is ``"frequency"`` and there is
        one row.
    """
    _check_variance(variance)
    if n_rows == 0:
        raise ValueError(_NO_ROWS)
    p = torch.full((n_rows,), 1 / n_rows, dtype=torch.float64, device=device)
    return _from_sums(p, float(n_rows), 1 - 1 / n_rows, variance)


def split_batch_weights(
    weight: Tensor,
    sizes: Sequence[int],
    variance: str = "reliability",
    *,
    frequency: Tensor | None = None,
    dtype: torch.dtype | None = None,
) -> list[BatchWeights]:
    """Prepare the weights of consecutive mini-batches, a whole epoch at once.

    Parameters
    ----------
    weight : Tensor of shape (n_samples,)
        Weights in the order of the batches, already checked.
    sizes : sequence of int
        Number of rows of each batch; they sum to ``n_samples``.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        See `batch_weights`.
    frequency : Tensor of shape (n_samples,), default=None
        See `batch_weights`.
    dtype : torch.dtype, default=None
        See `batch_weights`.

    Returns
    -------
    list of BatchWeights
        One for each batch.

    Raises
    ------
    ValueError
        As `batch_weights`, but for the values of the weights.
    """
    _check_variance(variance)
    w = weight.detach().to(torch.float64)
    lengths = torch.tensor(sizes, device=w.device)
    Z = torch.segment_reduce(w, "sum", lengths=lengths)
    Z_row = Z.repeat_interleave(lengths)
    # A batch without weight counts its rows evenly, and has no spread.
    p = torch.where(Z_row > 0, w / Z_row, 1 / lengths.repeat_interleave(lengths))
    # Z - c first: 1 - p would lose the digits that a dominating row leaves.
    others = torch.where(Z_row > 0, (Z_row - _importance(w, frequency)) / Z_row, 0)
    spread = torch.segment_reduce(p * others, "sum", lengths=lengths)
    parts = p.to(dtype or torch.float64).split(list(sizes))
    sums = zip(parts, Z.tolist(), spread.tolist(), strict=True)
    return [_from_sums(p_r, Z_r, spread_r, variance) for p_r, Z_r, spread_r in sums]


def check_weight(weight: Tensor, name: str = "weights") -> None:
    """Refuse weights that no mean can be taken with.

    Parameters
    ----------
    weight : Tensor of any shape
        Weights of rows or positions.
    name : str, default="weights"
        What the error calls them.

    Raises
    ------
    ValueError
        If a weight is negative, infinite or NaN, or if there is none.
    """
    if weight.numel() == 0:
        raise ValueError(_NO_ROWS)
    lowest, highest = (float(v) for v in torch.aminmax(weight.detach()))
    if not (lowest >= 0 and highest < float("inf")):
        raise ValueError(
            f"{name} must be finite and not negative, got values from "
            f"{lowest} to {highest}"
        )


def _check_tensor(name: str, values: object) -> None:
    if not isinstance(values, Tensor):
        raise TypeError(f"{name} must be a Tensor, got {type(values).__name__}")


def _check_frequency(frequency: Tensor, shape: torch.Size) -> None:
    _check_tensor("frequencies", frequency)
    if frequency.shape != shape:
        raise ValueError(
            f"frequencies must have the shape of the weights, {tuple(shape)}; got "
            f"{tuple(frequency.shape)}"
        )
    check_weight(frequency, "frequencies")


def _check_variance(variance: str) -> None:
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {VARIANCES}, got {variance!r}")


def _importance(w: Tensor, frequency: Tensor | None) -> Tensor:
    """Return each row's `c`, which is `w / f`; a row of frequency 0 is absent."""
    if frequency is None:
        return w
    f = frequency.detach().to(w)
    return torch.where(f > 0, w / f, 0)


def _from_sums(p: Tensor, Z: float, spread: float, variance: str) -> BatchWeights:
    if not 0 <= Z < math.inf:  # math.isfinite would break the graph of torch.compile
        raise ValueError(f"weights must sum to a finite number, they sum to {Z}")
    normaliser = _z_over_g(Z, spread, variance)
    running = "reliability" if variance == "biased" else variance
    return BatchWeights(
        p, Z, spread, variance, normaliser, _z_over_g(Z, spread, running)
    )


def _z_over_g(Z: float, spread: float, variance: str) -> float:
    if Z == 0 or variance == "biased":
        return 1.0
    if variance == "frequency":
        return Z / _frequency_g(Z)
    return 1 / spread if spread > _SMALLEST_G_OVER_Z else 1.0


def _frequency_g(Z: float) -> float:
    if Z > 1:
        return Z - 1
    raise ValueError(
        'variance="frequency" divides by the sum of a batch\'s weights less one, so '
        f"they must sum to more than one; they sum to {Z:.6g}. Scale the weights up "
        'or use variance="reliability", which does not depend on their unit'
    )
