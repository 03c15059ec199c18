"""The network of section 3: affine map, norm, activation, layer by layer."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import chain, pairwise
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn
from torch.nn.utils import skip_init

from sklearn_wbn.nn.batch_norm import WeightedBatchNorm1d
from sklearn_wbn.nn.functional import Weight, prepare

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "logistic": nn.Sigmoid,
    "identity": nn.Identity,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


class WBNMLP(nn.Module):
    """Multi-layer perceptron whose norm layers know the weights of the rows.

    Parameters
    ----------
    n_features : int
        Number of inputs.
    n_classes : int
        Number of outputs.
    hidden_layer_sizes : sequence of int, default=(300, 300)
        Number of units of each hidden layer; empty gives a linear model.
    activation : {"tanh", "relu", "logistic", "identity", "gelu", "silu"}, \
default="tanh"
        Activation of the hidden layers.
    normalization : bool, default=True
        Whether weighted batch normalization stands before each activation.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        Normaliser of the variance, see `WeightedBatchNorm1d`.
    dropout : float, default=0.0
        Share of hidden units that are dropped in training.
    eps : float, default=1e-8
        Added to the variance.
    momentum : float, default=0.1
        Share of a batch in the running statistics, or ``1 / r`` in batch r as long as
        that is more: no trace is left of the starting values.
    seed : int, default=None
        Seed of the initial weights; None takes a fresh one. torch's global
        generator is not touched.
    device : torch.device, default=None
        Where parameters and buffers live; weights are drawn on the CPU.
    dtype : torch.dtype, default=None
        Their precision; None means torch's default, as for torch's layers.

    Raises
    ------
    ValueError
        If `activation` or `variance` is unknown, or `dropout` outside [0, 1).

    Notes
    -----
    Section 3.3 of Yasuda, Xian & Ueno, arXiv:2001.01433: Xavier initialisation
    (uniform), no bias in an affine map that a norm follows, and the norm's own
    shift in its place.

    Examples
    --------
    >>> import torch
    >>> from sklearn_wbn.nn import WBNMLP
    >>> network = WBNMLP(4, 3, hidden_layer_sizes=(8,))
    >>> logits = network(torch.randn(5, 4), torch.tensor([1.0, 1.0, 1.0, 1.0, 9.0]))
    >>> logits.shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        hidden_layer_sizes: Sequence[int] = (300, 300),
        activation: str = "tanh",
        *,
        normalization: bool = True,
        variance: str = "reliability",
        dropout: float = 0.0,
        eps: float = 1e-8,
        momentum: float = 0.1,
        seed: int | None = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"activation must be one of {tuple(ACTIVATIONS)}, got {activation!r}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {dropout!r}")
        self.variance = variance
        generator = Generator("cpu")
        generator.seed() if seed is None else generator.manual_seed(seed)
        sizes = [n_features, *hidden_layer_sizes]
        self.hidden = nn.ModuleList()
        for n_in, n_out in pairwise(sizes):
            norm = (
                WeightedBatchNorm1d(
                    n_out, eps, momentum, variance=variance, device=device, dtype=dtype
                )
                if normalization
                else None
            )
            if norm is not None:
                norm.averages_first = True
            linear = _xavier_linear(n_in, n_out, norm is None, generator, dtype)
            self.hidden.append(
                HiddenLayer(linear, norm, ACTIVATIONS[activation](), dropout)
            )
        self.output = _xavier_linear(sizes[-1], n_classes, True, generator, dtype)
        self.to(torch.get_default_device() if device is None else device)

    def forward(self, x: Tensor, sample_weight: Weight = None) -> Tensor:
        """Compute the logits of a batch.

        Parameters
        ----------
        x : Tensor of shape (batch_size, n_features)
            Inputs.
        sample_weight : Tensor of shape (batch_size,), or BatchWeights, default=None
            Weights that every norm layer uses while training.

        Returns
        -------
        Tensor of shape (batch_size, n_classes)
            Logits.

        Raises
        ------
        ValueError
            If the weights do not fit `x`, are negative or not finite.
        TypeError
            If they are of another type.
        """
        if isinstance(sample_weight, Tensor):
            sample_weight = prepare(x, sample_weight, self.variance)
        for layer in self.layers:
            x = layer(x, sample_weight)
        return self.output(x)  # type: ignore[no-any-return]

    @property
    def layers(self) -> list["HiddenLayer"]:
        """Hidden layers, from the first to the last."""
        return cast("list[HiddenLayer]", list(self.hidden))

    def set_dropout_generator(self, generator: Generator | None) -> None:
        """Choose where dropout draws from.

        Parameters
        ----------
        generator : torch.Generator or None
            Generator on the network's device; None means torch's global one.
        """
        for layer in self.layers:
            layer.generator = generator

    @torch.no_grad()
    def folded(self, logit_shift: Tensor | None = None) -> nn.Sequential:
        """Merge each norm into the affine map before it, for inference.

        Parameters
        ----------
        logit_shift : Tensor of shape (n_classes,), default=None
            Added to the logits; None adds nothing.

        Returns
        -------
        nn.Sequential
            Plain network in eval mode with copied parameters; its outputs equal
            those of this network in eval mode to rounding.
        """
        affine = [layer.folded_linear() for layer in self.layers]
        affine.append(_copy_linear(self.output.weight, self.output.bias))
        if logit_shift is not None:
            affine[-1].bias.add_(logit_shift)
        activations = [deepcopy(layer.activation) for layer in self.layers]
        hidden = chain.from_iterable(zip(affine, activations, strict=False))
        return nn.Sequential(*hidden, affine[-1]).eval().requires_grad_(False)


class HiddenLayer(nn.Module):
    """Affine map, norm, activation and dropout: equations (8), (9) and (11)."""

    def __init__(
        self,
        linear: nn.Linear,
        norm: WeightedBatchNorm1d | None,
        activation: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.linear = linear
        self.norm = norm
        self.activation = activation
        self.dropout = dropout
        self.generator: Generator | None = None

    def forward(self, x: Tensor, sample_weight: Weight = None) -> Tensor:
        """Compute the outputs `z` of the layer from those of the layer before."""
        u = self.linear(x)
        if self.norm is not None:
            u = self.norm(u, sample_weight)
        z: Tensor = self.activation(u)
        mask = self.dropout_mask(z)
        return z if mask is None else z * mask

    def dropout_mask(self, z: Tensor) -> Tensor | None:
        """Draw the factors of the units: 0, or what keeps the mean; None keeps all.

        From our own generator: torch's dropout draws from the global one only.
        """
        if not self.training or self.dropout == 0:
            return None
        kept = 1 - self.dropout
        mask = torch.empty_like(z).bernoulli_(kept, generator=self.generator)
        return mask.div_(kept)

    def folded_linear(self) -> nn.Linear:
        """Return the affine map with the norm of eval mode merged in."""
        if self.norm is None:
            return _copy_linear(self.linear.weight, self.linear.bias)
        scale = self.norm.weight * torch.rsqrt(self.norm.running_var + self.norm.eps)
        bias = self.norm.bias - scale * self.norm.running_mean
        return _copy_linear(self.linear.weight * scale.unsqueeze(1), bias)


def _xavier_linear(
    n_in: int,
    n_out: int,
    bias: bool,
    generator: Generator,
    dtype: torch.dtype | None,
) -> nn.Linear:
    # skip_init: nn.Linear's own initialisation would draw from the global generator.
    linear: nn.Linear = skip_init(
        nn.Linear, n_in, n_out, bias=bias, device="cpu", dtype=dtype
    )
    nn.init.xavier_uniform_(linear.weight, generator=generator)
    if bias:
        nn.init.zeros_(linear.bias)
    return linear


def _copy_linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear: nn.Linear = skip_init(
        nn.Linear,
        weight.shape[1],
        weight.shape[0],
        device=weight.device,
        dtype=weight.dtype,
    )
    linear.weight.copy_(weight)
    linear.bias.copy_(bias)
    return linear
