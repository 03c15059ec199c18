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
Q       `sum f c^2 = sum w^2 / f`; with `f = 1` the `sum w^2` of equation (25)
G       normaliser of the variance, equation (25) or one of its alternatives
======  =====================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Variance = Literal["reliability", "frequency", "biased"]
VARIANCES: tuple[str, ...] = get_args(Variance)

# Below this share of Z, G is mostly rounding error: one row owns the batch.
_SMALLEST_G_OVER_Z = 1e-8


@dataclass(frozen=True, slots=True)
class BatchWeights:
    """Weights of one mini-batch, ready for every norm layer.

    Made by `batch_weights`.

    Parameters
    ----------
    p : Tensor of shape (batch_size,)
        Normalised weights ``w / Z``; uniform where all weights are zero.
    Z : float
        Sum of the weights, equation (22).
    Q : float
        ``sum f c^2``, which is ``sum w^2`` where every row counts once.
    variance : {"reliability", "frequency", "biased"}
        Which normaliser ``G`` equation (24) divides by.
    Z_over_G : float
        Turns ``sum p (x - m)^2`` into the variance of equation (24).
    Z_over_G_running : float
        The same for the running variance, which is unbiased as torch's is.
    """

    p: Tensor
    Z: float
    Q: float
    variance: str
    Z_over_G: float
    Z_over_G_running: float

    @property
    def n_eff(self) -> float:
        """Effective number of rows, ``Z^2 / Q``; 0 where all weights are zero."""
        return self.Z**2 / self.Q if self.Z > 0 else 0.0

    @property
    def has_spread(self) -> bool:
        """Whether the batch says anything about a variance: more than one row."""
        return self.Z > 0 and _g_over_z(self.Z, self.Q) > _SMALLEST_G_OVER_Z

    def per_position(self, n_positions: int) -> "BatchWeights":
        """Give every position of a row that row's weight.

        With ``S`` positions, ``Z`` becomes ``S Z`` and ``Q`` becomes ``S Q``.

        Parameters
        ----------
        n_positions : int
            Number ``S`` of positions, spatial or in a sequence.

        Returns
        -------
        BatchWeights
            Weights of ``batch_size * S`` positions, row by row.
        """
        if n_positions == 1:
            return self
        p = (self.p / n_positions).repeat_interleave(n_positions)
        return _from_sums(p, self.Z * n_positions, self.Q * n_positions, self.variance)


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
    weight : Tensor of shape (batch_size,)
        Weights ``w = f c``: finite, not negative, in any unit.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        ``G = Z - Q / Z``, equation (25); ``G = Z - 1``, the 2019 predecessor,
        which depends on the unit of the weights; or ``G = Z``, torch's own.
    frequency : Tensor of shape (batch_size,), default=None
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
        If a weight is negative or not finite, if `variance` is unknown, or if
        it is ``"frequency"`` and the weights do not sum to more than one.

    Notes
    -----
    Equations (22) and (25) of Yasuda, Xian & Ueno, arXiv:2001.01433. Where
    ``G`` is not positive (a batch of one, one weight that dominates), ``Z``
    takes its place.
    """
    check_weight(weight)
    sizes = [weight.shape[0]]
    return split_batch_weights(
        weight, sizes, variance, frequency=frequency, dtype=dtype
    )[0]


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
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {VARIANCES}, got {variance!r}")
    w = weight.detach().to(torch.float64)
    lengths = torch.tensor(sizes, device=w.device)
    Z = torch.segment_reduce(w, "sum", lengths=lengths)
    Q = torch.segment_reduce(_row_q(w, frequency), "sum", lengths=lengths)
    p = torch.where(
        Z > 0, 1 / Z, 0
    )  # times w, below; a batch without weight counts evenly
    p = w * p.repeat_interleave(lengths)
    p += ((Z == 0) / lengths).repeat_interleave(lengths)
    parts = p.to(dtype or torch.float64).split(list(sizes))
    sums = zip(parts, Z.tolist(), Q.tolist(), strict=True)
    return [_from_sums(p_r, Z_r, Q_r, variance) for p_r, Z_r, Q_r in sums]


def check_weight(weight: Tensor) -> None:
    """Refuse weights that no mean can be taken with.

    Parameters
    ----------
    weight : Tensor of any shape
        Weights of rows or positions.

    Raises
    ------
    ValueError
        If a weight is negative, infinite or NaN.
    """
    lowest, highest = (float(v) for v in torch.aminmax(weight.detach()))
    if not (lowest >= 0 and highest < float("inf")):
        raise ValueError(
            "weights must be finite and not negative, got values from "
            f"{lowest} to {highest}"
        )


def _row_q(w: Tensor, frequency: Tensor | None) -> Tensor:
    """Return each row's `f c^2`, which is `w^2 / f`; a row of frequency 0 is absent."""
    if frequency is None:
        return w * w
    f = frequency.detach().to(w)
    return torch.where(f > 0, w * w / f.clamp(min=torch.finfo(f.dtype).tiny), 0)


def _from_sums(p: Tensor, Z: float, Q: float, variance: str) -> BatchWeights:
    normaliser = _z_over_g(Z, Q, variance)
    running = "reliability" if variance == "biased" else variance
    return BatchWeights(p, Z, Q, variance, normaliser, _z_over_g(Z, Q, running))


def _z_over_g(Z: float, Q: float, variance: str) -> float:
    if Z == 0 or variance == "biased":
        return 1.0
    if variance == "frequency":
        return Z / _frequency_g(Z)
    share = _g_over_z(Z, Q)
    return 1 / share if share > _SMALLEST_G_OVER_Z else 1.0


def _g_over_z(Z: float, Q: float) -> float:
    """Return `G / Z` of equation (25), which is `1 - sum p^2` where f is one."""
    return 1 - Q / Z**2


def _frequency_g(Z: float) -> float:
    if Z > 1:
        return Z - 1
    raise ValueError(
        'variance="frequency" divides by the sum of a batch\'s weights less one, so '
        f"they must sum to more than one; they sum to {Z:.6g}. Scale the weights up "
        'or use variance="reliability", which does not depend on their unit'
    )
