"""Mini-batches gathered from the caller's array: no per-row Python, no second copy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sklearn_wbn._quiet import quiet
from sklearn_wbn.nn.weights import BatchWeights, split_batch_weights

# Values gathered from X in one call: for a few thousand the call takes longer than the
# copy, and more would not stay in the cache until they are used.
_FETCHED = 2**16

# Rows of a chunk in the statistics pass, which may cut anywhere: in mini-batches the
# calls would take most of the time.
_CHUNK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """One mini-batch.

    Parameters
    ----------
    x : Tensor of shape (batch_size, n_features)
        Inputs.
    y : Tensor of shape (batch_size,)
        Class indices.
    share : Tensor of shape (batch_size,)
        Weight of each row in the loss, divided by the loss's normaliser.
    norm : BatchWeights
        Weights of the rows in the norm layers.
    """

    x: Tensor
    y: Tensor
    share: Tensor
    norm: BatchWeights

    def __len__(self) -> int:
        return self.y.shape[0]


@dataclass(frozen=True, slots=True)
class Rows(Dataset):  # type: ignore[type-arg]
    """Training rows on their device; a `Dataset`, so that skorch passes it on.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        All rows of the caller's array, shared with it on a CPU.
    index : Tensor of shape (n_samples,)
        Rows that training uses: those with weight that are not held out.
    y : Tensor of shape (n_samples,)
        Class indices of these rows.
    weight : Tensor of shape (n_samples,)
        ``w = f c`` in the loss, float64.
    norm_weight : Tensor of shape (n_samples,)
        The same where norms are weighted by class; `c` may be milder there.
    frequency : Tensor of shape (n_samples,) or None
        ``f``, float64; None counts every row once.
    mean_class_weight : float, default=None
        Mean of ``c`` over more rows than these: all parts of a stream so far. None
        takes that of these rows.
    """

    X: Tensor
    index: Tensor
    y: Tensor
    weight: Tensor
    norm_weight: Tensor
    frequency: Tensor | None
    mean_class_weight: float | None = None

    def __len__(self) -> int:
        return self.y.shape[0]

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        return self.X[self.index[i]], self.y[i]

    @property
    def mean_weight(self) -> float:
        """Mean weight of a row, with class weights on average as in the whole data."""
        c, f = self.mean_class_weight, self.frequency
        if c is None:
            return float(self.weight.sum()) / len(self)
        return c if f is None else c * float(f.sum()) / len(self)


@dataclass(slots=True)
class Batches:
    """Iterates over an epoch of mini-batches; every iteration shuffles anew.

    Parameters
    ----------
    rows : Rows
        Training rows.
    batch_size : int
        Rows of a batch. A last batch of one row joins the one before.
    generator : torch.Generator or None
        Shuffles the rows; None keeps their order.
    dtype : torch.dtype
        Precision of the network.
    variance : {"reliability", "frequency", "biased"}
        Normaliser of the norm layers.
    weighted_norm : bool
        Whether class weights enter the norm layers.
    constant_loss : bool
        Whether the loss is divided by a constant rather than by ``Z_r``.
    """

    rows: Rows
    batch_size: int
    generator: Generator | None
    dtype: torch.dtype
    variance: str
    weighted_norm: bool
    constant_loss: bool

    def __iter__(self) -> Iterator[Batch]:
        rows, sizes = self.rows, self.sizes()
        order = self._order()
        index, y, w = (v[order] for v in (rows.index, rows.y, rows.weight))
        f = None if rows.frequency is None else rows.frequency[order]
        norms = self._norm_weights(order, f, sizes)
        shares = self._loss_shares(w, sizes).split(sizes)
        parts = self._inputs(index, sizes), y.split(sizes), shares, norms
        for x, y_r, share, norm in zip(*parts, strict=True):
            yield Batch(x, y_r, share, norm)

    def sizes(self) -> list[int]:
        """Return the number of rows of each batch.

        Returns
        -------
        list of int
            Sizes, which sum to the number of rows.
        """
        n_batches, rest = divmod(len(self.rows), self.batch_size)
        sizes = [self.batch_size] * n_batches
        if rest == 1 and n_batches > 0:
            sizes[-1] += 1  # one row has no variance
        elif rest > 0:
            sizes.append(rest)
        return sizes

    def total(self, class_weighted: bool) -> BatchWeights:
        """Return the weights of all rows as if they were one batch.

        Parameters
        ----------
        class_weighted : bool
            Whether class weights count, or frequencies alone.

        Returns
        -------
        BatchWeights
            Weights of the training rows in their own order.
        """
        rows, weight = self.rows, self._weight(class_weighted)
        return split_batch_weights(
            weight, [len(rows)], self.variance, frequency=rows.frequency
        )[0]

    def in_order(self, class_weighted: bool) -> Iterator[tuple[Tensor, BatchWeights]]:
        """Iterate over ``(x, weights)`` without shuffling, for a statistics pass.

        Parameters
        ----------
        class_weighted : bool
            Whether class weights count, or frequencies alone.

        Yields
        ------
        tuple of Tensor and BatchWeights
            Inputs of a chunk and its weights.
        """
        rows, weight = self.rows, self._weight(class_weighted)
        chunks = rows.index.split(_CHUNK_ROWS)
        sizes = [len(ids) for ids in chunks]
        weights = split_batch_weights(weight, sizes, "biased", dtype=self.dtype)
        for ids, w in zip(chunks, weights, strict=True):
            yield rows.X.index_select(0, ids).to(self.dtype), w

    def _inputs(self, index: Tensor, sizes: list[int]) -> Iterator[Tensor]:
        """Iterate over the inputs of the batches, some small ones fetched at once."""
        X, begin = self.rows.X, 0
        step = max(1, _FETCHED // max(1, self.batch_size * X.shape[1]))
        for r in range(0, len(sizes), step):
            fetched = sizes[r : r + step]
            ids = index[begin : begin + sum(fetched)]
            begin += len(ids)
            yield from X.index_select(0, ids).to(self.dtype).split(fetched)

    def _order(self) -> Tensor:
        n, device = len(self.rows), self.rows.y.device
        if self.generator is None:
            return torch.arange(n, device=device)
        return torch.randperm(n, generator=self.generator, device=device)

    def _weight(self, class_weighted: bool) -> Tensor:
        rows = self.rows
        if class_weighted:
            return rows.norm_weight
        f = rows.frequency
        return torch.ones_like(rows.weight) if f is None else f

    def _norm_weights(
        self, order: Tensor, f: Tensor | None, sizes: list[int]
    ) -> list[BatchWeights]:
        w = self._weight(self.weighted_norm)[order]
        return split_batch_weights(
            w, sizes, self.variance, frequency=f, dtype=self.dtype
        )

    def _loss_shares(self, w: Tensor, sizes: list[int]) -> Tensor:
        """Divide the weights by the loss's normaliser, section 3.3 or equation (2)."""
        lengths = torch.tensor(sizes, device=w.device)
        mean = self.rows.mean_weight
        counted = torch.full_like(w, mean) if self.constant_loss else w
        divisor = torch.segment_reduce(counted, "sum", lengths=lengths)
        divisor = torch.where(divisor > 0, divisor, 1)
        return (w / divisor.repeat_interleave(lengths)).to(self.dtype)


def as_tensor(X: NDArray[Any], device: torch.device) -> Tensor:
    """View an array as a tensor; copy only what torch cannot share.

    Parameters
    ----------
    X : ndarray
        Data; may be read-only, Fortran-ordered or memory-mapped.
    device : torch.device
        Where the tensor lives.

    Returns
    -------
    Tensor
        Shares the memory of `X` on a CPU. It must not be written to.
    """
    if any(stride < 0 or stride % X.itemsize for stride in X.strides):
        X = np.ascontiguousarray(X)  # reversed, or a field of a record array
    if X.flags.writeable:
        return torch.from_numpy(X).to(device)
    with quiet():
        return torch.from_numpy(X).to(device)
