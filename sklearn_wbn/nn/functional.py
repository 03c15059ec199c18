"""Weighted batch normalization as functions: equations (23), (24), (26), (27).

======  =====================================================================
symbol  meaning
======  =====================================================================
x       affine signals of a batch, lambda in the paper, (B, C) or (B, C, S...)
w       weights of the rows
m, v    weighted mean and variance of a channel, equations (23) and (24)
gamma   scale of a channel
b       shift of a channel
u       output, `u = gamma (x - m) / sqrt(v + eps) + b`, equation (11)
======  =====================================================================
"""

from dataclasses import replace

import torch
from torch import Tensor

from sklearn_wbn.nn.autograd import full_precision, normalize_rows
from sklearn_wbn.nn.running import Running
from sklearn_wbn.nn.weights import BatchWeights, batch_weights, equal_weights

Weight = Tensor | BatchWeights | None


def weighted_moments(
    x: Tensor, weight: Weight = None, variance: str = "reliability"
) -> tuple[Tensor, Tensor]:
    """Compute the weighted mean and variance of each channel.

    Parameters
    ----------
    x : Tensor of shape (batch_size, n_channels, ...)
        Signals; what follows the channels are positions.
    weight : Tensor of shape (batch_size,) or (batch_size, ...), or BatchWeights, \
default=None
        Weight of each row, or of each position; None counts every row once.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        Normaliser of the variance, see `batch_weights`. Prepared weights carry
        their own.

    Returns
    -------
    m : Tensor of shape (n_channels,)
        Mean, equation (23).
    v : Tensor of shape (n_channels,)
        Variance, equation (24).

    Raises
    ------
    ValueError
        If `x` is no batch of signals, if the weights do not fit it, are negative or do
        not sum to a finite number, if `variance` is unknown, or if it is
        ``"frequency"`` and the weights do not sum to more than one.
    TypeError
        If `weight` is of another type.

    Notes
    -----
    Equations (23)-(25) of Yasuda, Xian & Ueno, arXiv:2001.01433. Half precision
    is computed in float32. Gradients flow to `x`, none to the weights.

    Examples
    --------
    >>> import torch
    >>> from sklearn_wbn.nn import weighted_moments
    >>> x = torch.tensor([[0.0], [0.0], [6.0]])
    >>> m, v = weighted_moments(x, torch.tensor([1.0, 1.0, 4.0]), variance="biased")
    >>> m.item(), v.item()
    (4.0, 8.0)
    """
    weights = prepare(x, weight, variance)
    rows = _rows(_at_least_float32(x))
    p = _cast(weights.p, rows.dtype)
    with full_precision(x):
        m = p @ rows
        # A row without weight may be so far away that its square overflows.
        c = torch.where(p.unsqueeze(1) > 0, rows - m, 0)
        d = p @ c  # what rounding left in the mean
        v = (p @ (c * c) - d * d).clamp(min=0)  # rounding may leave less
        return m + d, weights.Z_over_G * v


def weighted_batch_norm(
    x: Tensor,
    weight: Weight = None,
    gamma: Tensor | None = None,
    b: Tensor | None = None,
    *,
    variance: str = "reliability",
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel by its weighted mean and variance.

    Parameters
    ----------
    x : Tensor of shape (batch_size, n_channels, ...)
        Signals; what follows the channels are positions.
    weight : Tensor of shape (batch_size,) or (batch_size, ...), or BatchWeights, \
default=None
        Weight of each row, or of each position; None counts every row once.
    gamma : Tensor of shape (n_channels,), default=None
        Scale; None means one.
    b : Tensor of shape (n_channels,), default=None
        Shift; None means zero.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        Normaliser of the variance, see `batch_weights`.
    eps : float, default=1e-5
        Added to the variance.

    Returns
    -------
    Tensor of the shape and dtype of `x`
        ``gamma (x - m) / sqrt(v + eps) + b``.

    Raises
    ------
    ValueError
        If `x` is no batch of signals, if the weights do not fit it, are negative or do
        not sum to a finite number, if `variance` is unknown, or if it is
        ``"frequency"`` and the weights do not sum to more than one.
    TypeError
        If `weight` is of another type.
    RuntimeError
        If `gamma` or `b` do not fit the channels, or a second derivative is taken.

    Notes
    -----
    Equations (11), (23)-(27) of Yasuda, Xian & Ueno, arXiv:2001.01433. The
    gradient is the closed form of (26) and (27), without a second derivative:
    ``create_graph=True`` raises a RuntimeError. Nor can ``torch.func`` transform it.

    Examples
    --------
    >>> import torch
    >>> from sklearn_wbn.nn import weighted_batch_norm
    >>> x = torch.tensor([[0.0], [0.0], [6.0]])
    >>> w = torch.tensor([1.0, 1.0, 4.0])
    >>> y = weighted_batch_norm(x, w)
    >>> bool((w @ y).abs() < 1e-5)
    True
    """
    weights = prepare(x, weight, variance)
    return normalize(x, weights, gamma, b, eps)


def prepare(x: Tensor, weight: Weight, variance: str) -> BatchWeights:
    """Turn any form of weights into prepared weights, one per row of signals.

    Parameters
    ----------
    x : Tensor of shape (batch_size, n_channels, ...)
        Signals.
    weight : Tensor, BatchWeights or None
        As `weighted_batch_norm` takes them.
    variance : {"reliability", "frequency", "biased"}
        Normaliser, where `weight` is not prepared yet.

    Returns
    -------
    BatchWeights
        Weights of ``batch_size`` rows times positions.

    Raises
    ------
    ValueError
        If `x` is no batch of signals, or the weights do not fit it.
    TypeError
        If they are no weights.
    """
    if x.dim() < 2 or not x.is_floating_point():
        raise ValueError(
            "x must hold floating-point signals of shape (batch_size, n_channels, "
            f"...), got {x.dtype} of shape {tuple(x.shape)}"
        )
    if weight is None:
        weight = equal_weights(x.shape[0], variance, x.device)
    rows, positions = (x.shape[0],), (x.shape[0], *x.shape[2:])
    if isinstance(weight, Tensor):
        if weight.shape not in (rows, positions):
            raise _misfit(x, weight)
        weight = batch_weights(weight, variance)
    if not isinstance(weight, BatchWeights):
        raise TypeError(
            "weights must be a Tensor, BatchWeights or None, got "
            f"{type(weight).__name__}"
        )
    if weight.p.shape == rows:
        return weight.per_position(x[0, 0].numel()) if x.dim() > 2 else weight
    if weight.p.dim() == 1:
        raise ValueError(f"{rows[0]} rows came with {weight.p.shape[0]} weights")
    if weight.p.shape != positions:
        raise _misfit(x, weight.p)
    return replace(weight, p=weight.p.reshape(-1))


def normalize(
    x: Tensor,
    weights: BatchWeights,
    gamma: Tensor | None,
    b: Tensor | None,
    eps: float,
    running: Running | None = None,
) -> Tensor:
    """Normalise with prepared weights, and move the running statistics.

    Parameters
    ----------
    x : Tensor of shape (batch_size, n_channels, ...)
        Signals.
    weights : BatchWeights
        One weight per row of signals, from `prepare`.
    gamma, b : Tensor of shape (n_channels,) or None
        Scale and shift.
    eps : float
        Added to the variance.
    running : Running, default=None
        Running statistics to move toward the batch's.

    Returns
    -------
    Tensor of the shape and dtype of `x`
        Normalised signals.

    Raises
    ------
    RuntimeError
        If scale, shift or running statistics do not fit the channels.

    Notes
    -----
    Equations (11), (23) and (24) of Yasuda, Xian & Ueno, arXiv:2001.01433.
    """
    rows = _rows(_at_least_float32(x))
    p = _cast(weights.p, rows.dtype)
    u = normalize_rows(rows, gamma, b, p, weights.Z_over_G, eps, running)
    if x.dim() > 2:
        u = u.view(x.shape[0], *x.shape[2:], x.shape[1]).movedim(-1, 1)
        if x.is_contiguous():  # then torch's layers are, and models call `view`
            u = u.contiguous()
    return _cast(u, x.dtype)


def _misfit(x: Tensor, weight: Tensor) -> ValueError:
    return ValueError(
        f"weights must have shape ({x.shape[0]},), one weight per row, or one per "
        f"position; got {tuple(weight.shape)} for x of {tuple(x.shape)}"
    )


def _at_least_float32(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _cast(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return `x.to(dtype)`, whose call takes longer than the question."""
    return x if x.dtype is dtype else x.to(dtype)


def _rows(x: Tensor) -> Tensor:
    """Lay positions out as rows: (B, C, S...) becomes (B S, C)."""
    return x if x.dim() == 2 else x.movedim(1, -1).reshape(-1, x.shape[1])
