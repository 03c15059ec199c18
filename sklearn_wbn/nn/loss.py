"""Weighted cross-entropy: equation (2) over a mini-batch, and equation (22).

======  =====================================================================
symbol  meaning
======  =====================================================================
e       cross-entropy of a row
w       weight of a row
Z_r     sum of the weights of the mini-batch, equation (22)
======  =====================================================================
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from sklearn_wbn.nn.weights import check_weight

LOSS_NORMALIZATIONS = ("batch", "constant")


def weighted_cross_entropy(
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    normalization: str = "batch",
    *,
    mean_weight: float | None = None,
) -> Tensor:
    """Compute the weighted cross-entropy of a mini-batch.

    Parameters
    ----------
    logits : Tensor of shape (batch_size, n_classes)
        Scores before the softmax of equation (10).
    target : Tensor of shape (batch_size,)
        Class indices.
    weight : Tensor of shape (batch_size,)
        Weights ``w``: finite and not negative.
    normalization : {"batch", "constant"}, default="batch"
        ``"batch"`` divides by ``Z_r``, the weights of this batch, as the paper
        does: a batch without a minority row then has full weight. ``"constant"``
        divides by ``batch_size * mean_weight``, so that the batches of an epoch
        add up to the loss of equation (2).
    mean_weight : float, default=None
        Mean weight of a training row; needed by ``"constant"``.

    Returns
    -------
    Tensor of shape ()
        Loss, in nats. Zero where all weights are zero.

    Raises
    ------
    ValueError
        If `normalization` is unknown, if ``"constant"`` comes without a positive
        `mean_weight`, or if `weight` has no rows or others than `target`, or is
        negative or not finite.

    Notes
    -----
    Equations (2) and (22) of Yasuda, Xian & Ueno, arXiv:2001.01433.

    Examples
    --------
    >>> import torch
    >>> from sklearn_wbn.nn import weighted_cross_entropy
    >>> logits = torch.zeros(3, 2)
    >>> target = torch.tensor([0, 0, 1])
    >>> loss = weighted_cross_entropy(logits, target, torch.tensor([1.0, 1.0, 2.0]))
    >>> round(loss.item(), 4)  # log 2
    0.6931
    """
    if normalization not in LOSS_NORMALIZATIONS:
        raise ValueError(
            f"normalization must be one of {LOSS_NORMALIZATIONS}, got {normalization!r}"
        )
    check_weight(weight)
    if weight.shape != target.shape:
        raise ValueError(
            f"weight must have one entry per row, shape {tuple(target.shape)}, got "
            f"{tuple(weight.shape)}"
        )
    Z_r = weight.sum(dtype=torch.float64)
    if normalization == "batch":
        divisor = torch.where(Z_r > 0, Z_r, 1)
    elif mean_weight is not None and mean_weight > 0:
        divisor = Z_r.new_tensor(len(weight) * mean_weight)
    else:
        raise ValueError(
            'normalization="constant" divides by batch_size * mean_weight: it needs '
            f"mean_weight, the positive mean over the training rows; got {mean_weight}"
        )
    # A divisor without dimensions would be rounded to the precision of the weights.
    return weighted_sum_of_losses(logits, target, weight.double() / divisor)


def weighted_sum_of_losses(logits: Tensor, target: Tensor, share: Tensor) -> Tensor:
    """Sum the cross-entropies of a batch with given shares: `sum_i share_i e_i`.

    Parameters
    ----------
    logits : Tensor of shape (batch_size, n_classes)
        Scores before the softmax.
    target : Tensor of shape (batch_size,)
        Class indices.
    share : Tensor of shape (batch_size,)
        Weight of each row, already divided by the normaliser.

    Returns
    -------
    Tensor of shape ()
        Loss, in nats.
    """
    e = F.cross_entropy(logits, target, reduction="none")
    return torch.dot(e, share.to(e.dtype))  # autocast makes `e` wider than `logits`
