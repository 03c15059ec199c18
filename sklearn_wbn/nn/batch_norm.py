"""Weighted batch normalization as layers with torch's BatchNorm names.

The layers own state (parameters, running statistics); the arithmetic is in
`sklearn_wbn.nn.functional`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any, TypeVar

from torch import Tensor, nn

from sklearn_wbn.nn.functional import Weight, normalize, prepare
from sklearn_wbn.nn.running import Running
from sklearn_wbn.nn.weights import VARIANCES, BatchWeights, batch_weights

Module = TypeVar("Module", bound=nn.Module)


class _WeightedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """What the three layers share; they differ in the shape they accept."""

    # torch types the buffers as optional; where they are used, they are there.
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    # Whether the first batches are averaged, until `momentum` gives the newest one
    # more: torch's running statistics hold their starting values for some thirty
    # batches. It is not torch's behaviour, so `WBNMLP` asks for it.
    averages_first = False

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        variance: str = "reliability",
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if variance not in VARIANCES:
            raise ValueError(f"variance must be one of {VARIANCES}, got {variance!r}")
        super().__init__(
            num_features,
            eps,
            momentum,
            affine,
            track_running_stats,
            device=device,
            dtype=dtype,
            **({} if bias else {"bias": False}),  # torch has it from 2.13 on
        )
        self.variance = variance
        self.default_weight: Weight = None

    def forward(self, x: Tensor, sample_weight: Weight = None) -> Tensor:
        """Normalise a batch, by its own statistics or the running ones.

        Parameters
        ----------
        x : Tensor of shape (batch_size, num_features, ...)
            Signals.
        sample_weight : Tensor or BatchWeights, default=None
            Weight of each row, shape (batch_size,), or of each position. None
            takes the weights of `use_sample_weight`, or counts every row once.
            Not used in eval mode with running statistics.

        Returns
        -------
        Tensor of the shape of `x`
            Normalised signals.

        Raises
        ------
        ValueError
            As `weighted_batch_norm`.
        TypeError
            If the weights are of another type.
        """
        self._check_input_dim(x)
        if not self.training and self._has_statistics:
            return super().forward(x)
        weight = self.default_weight if sample_weight is None else sample_weight
        weights = prepare(x, weight, self.variance)
        running = self.count_batch(weights) if self.training else None
        return normalize(x, weights, self.weight, self.bias, self.eps, running)

    @property
    def _has_statistics(self) -> bool:
        """Whether there are running statistics; eval mode uses them, as in torch."""
        kept = self._buffers
        return not (kept["running_mean"] is None and kept["running_var"] is None)

    def count_batch(self, weights: BatchWeights) -> Running | None:
        """Count a batch, and say how it moves the running statistics.

        Parameters
        ----------
        weights : BatchWeights
            Weights of the batch.

        Returns
        -------
        Running or None
            What moves the statistics, unbiased as torch's are; None where none are
            kept, and for a batch of one effective row, which changes nothing.
        """
        tracked = self.track_running_stats and self._has_statistics
        if not (tracked and weights.has_spread):
            return None
        n = self._buffers["num_batches_tracked"]
        # Where the counter was taken away torch does not count either.
        share = (self.momentum or 0.0) if n is None else self.share_of_batch(n.add_(1))
        unbiased = weights.Z_over_G_running / weights.Z_over_G
        return Running(self.running_mean, self.running_var, share, unbiased)

    def share_of_batch(self, n: int | Tensor) -> float | Tensor:
        """Return the newest batch's share in the running statistics.

        Parameters
        ----------
        n : int or Tensor of shape ()
            Number of batches with this one. A tensor stays on its device, which would
            have to be waited for.

        Returns
        -------
        float or Tensor of shape ()
            ``momentum``, or ``1 / n`` where the first batches are averaged.
        """
        momentum = self.momentum
        if momentum is not None and not self.averages_first:
            return momentum
        least = momentum or 0.0
        if isinstance(n, int):
            return max(1 / n, least)
        return (1 / n.to(self.running_mean.dtype)).clip(min=least)

    def extra_repr(self) -> str:
        """Describe the layer as torch does, with its variance.

        Returns
        -------
        str
            Arguments of the layer.
        """
        return f"{super().extra_repr()}, variance={self.variance!r}"


_PARAMETERS = """

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float, default=1e-5
        Added to the variance.
    momentum : float or None, default=0.1
        Share of a batch in the running statistics; None averages all batches.
    affine : bool, default=True
        Whether to learn a scale ``weight`` and a shift ``bias``.
    track_running_stats : bool, default=True
        Whether to keep running statistics for eval mode.
    variance : {{"reliability", "frequency", "biased"}}, default="reliability"
        Normaliser of the variance: equation (25); ``Z - 1``, the 2019
        predecessor; or ``Z``, with which constant weights give exactly torch's
        BatchNorm. The running variance is unbiased in either case.
    device : torch.device, default=None
        Where parameters and buffers live.
    dtype : torch.dtype, default=None
        Their precision.
    bias : bool, default=True
        Whether there is a shift beside the scale; False needs torch 2.13.

    Raises
    ------
    ValueError
        If `variance` is unknown.

    See Also
    --------
    weighted_batch_norm : The same as a function.
    convert_weighted_batchnorm : Replaces the norm layers of a whole model.

    Notes
    -----
    Equations (23)-(27) of Yasuda, Xian & Ueno, *Consistent Batch Normalization
    for Weighted Loss in Imbalanced-Data Environment*, arXiv:2001.01433.
    ``state_dict`` is interchangeable with torch's layer. A batch of one row has
    a normalised signal of zero; a batch whose weights are all zero counts its
    rows evenly. Neither moves the running statistics, nor does a batch in which
    one row holds all the weight.

    Examples
    --------
    >>> import torch
    >>> from sklearn_wbn.nn import {name}
    >>> layer = {name}(3)
    >>> x = torch.randn({shape})
    >>> layer(x, torch.tensor([1.0, 1.0, 1.0, 9.0])).shape
    torch.Size([{shape}])
    """


def _with_parameters(shape: str) -> Callable[[type[Module]], type[Module]]:
    """Complete a docstring by what the three layers share."""

    def complete(layer: type[Module]) -> type[Module]:
        shared = _PARAMETERS.format(name=layer.__name__, shape=shape)
        layer.__doc__ = f"{layer.__doc__}{shared}"
        return layer

    return complete


@_with_parameters("4, 3")
class WeightedBatchNorm1d(_WeightedBatchNorm, nn.BatchNorm1d):
    """Weighted batch normalization of rows (B, C) or sequences (B, C, L)."""


@_with_parameters("4, 3, 8, 8")
class WeightedBatchNorm2d(_WeightedBatchNorm, nn.BatchNorm2d):
    """Weighted batch normalization of images (B, C, H, W)."""


@_with_parameters("4, 3, 4, 8, 8")
class WeightedBatchNorm3d(_WeightedBatchNorm, nn.BatchNorm3d):
    """Weighted batch normalization of volumes (B, C, D, H, W)."""


_WEIGHTED = {
    nn.BatchNorm1d: WeightedBatchNorm1d,
    nn.BatchNorm2d: WeightedBatchNorm2d,
    nn.BatchNorm3d: WeightedBatchNorm3d,
}


def convert_weighted_batchnorm(
    module: nn.Module, variance: str = "reliability"
) -> nn.Module:
    """Replace every BatchNorm of a model by its weighted form.

    Parameters
    ----------
    module : nn.Module
        Model, changed in place unless it is itself a BatchNorm.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        Normaliser of the new layers; ``"biased"`` keeps the outputs of a model
        that is trained without weights.

    Returns
    -------
    nn.Module
        The model; parameters, buffers, mode, device and precision are kept, and
        a norm that stands in several places stays one.

    Raises
    ------
    ValueError
        If `variance` is unknown.

    See Also
    --------
    use_sample_weight : Gives the weights to all layers of a model.

    Notes
    -----
    Works as ``torch.nn.SyncBatchNorm.convert_sync_batchnorm``. Weighted layers
    and norms that are not `BatchNorm1d`, `2d` or `3d` stay as they are.

    Examples
    --------
    >>> from torch import nn
    >>> from sklearn_wbn.nn import convert_weighted_batchnorm
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    >>> type(convert_weighted_batchnorm(model)[1]).__name__
    'WeightedBatchNorm1d'
    """
    return _converted(module, variance, {})


def _converted(
    module: nn.Module, variance: str, done: dict[nn.Module, nn.Module]
) -> nn.Module:
    """Convert a module once; one that stands in two places stays one."""
    if module in done:
        return done[module]
    if type(module) in _WEIGHTED:
        twin = _weighted_twin(module, variance)  # type: ignore[arg-type]
        return done.setdefault(module, twin)
    done[module] = module
    # Not named_children(), which names a norm that stands in two places once.
    for name, child in module._modules.items():
        if child is not None:
            setattr(module, name, _converted(child, variance, done))
    return module


def _weighted_twin(
    norm: nn.modules.batchnorm._BatchNorm, variance: str
) -> _WeightedBatchNorm:
    twin = _WEIGHTED[type(norm)](
        norm.num_features,
        norm.eps,
        norm.momentum,
        norm.affine,
        norm.track_running_stats,
        variance,
    )
    # The tensors themselves, so that an optimizer goes on training them.
    twin._parameters.update(norm._parameters)
    twin._buffers.update(norm._buffers)
    return twin.train(norm.training)


@contextmanager
def use_sample_weight(module: Module, sample_weight: Weight) -> Iterator[Module]:
    """Let all weighted layers of a model normalise with these weights.

    For models whose own ``forward`` does not take weights, such as a converted
    convolutional network.

    Parameters
    ----------
    module : nn.Module
        Model that holds weighted layers.
    sample_weight : Tensor of shape (batch_size,) or (batch_size, ...), or BatchWeights
        Weights of the rows, or of the positions, of the next batch.

    Yields
    ------
    nn.Module
        The model.

    Raises
    ------
    ValueError
        If the model holds no weighted layer, or as `batch_weights`.

    Notes
    -----
    With activation checkpointing (``torch.utils.checkpoint``) call ``backward`` inside
    the ``with``: it computes the norms again, and after the block they would count
    every row once, with wrong gradients and no error.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from sklearn_wbn.nn import convert_weighted_batchnorm, use_sample_weight
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    >>> model = convert_weighted_batchnorm(model)
    >>> with use_sample_weight(model, torch.tensor([1.0, 1.0, 5.0])):
    ...     logits = model(torch.randn(3, 2))
    """
    layers = [m for m in module.modules() if isinstance(m, _WeightedBatchNorm)]
    if not layers:
        raise ValueError(
            "the model holds no weighted batch normalization layer; "
            "call convert_weighted_batchnorm(model) first"
        )
    before = [layer.default_weight for layer in layers]
    try:
        for layer, weight in zip(layers, _for_each(layers, sample_weight), strict=True):
            layer.default_weight = weight
        yield module
    finally:
        for layer, weight in zip(layers, before, strict=True):
            layer.default_weight = weight


def _for_each(layers: list[_WeightedBatchNorm], weight: Weight) -> Iterator[Weight]:
    """Prepare weights once for all layers."""
    if not isinstance(weight, Tensor):
        return repeat(weight, len(layers))
    prepared = {v: batch_weights(weight, v) for v in {la.variance for la in layers}}
    return (prepared[layer.variance] for layer in layers)
