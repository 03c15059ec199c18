"""Inference on a folded network: some rows in NumPy, many in chunks that caches hold.

Many rows on a CPU: a thread takes whole chunks. Threads that share each operation
would wait for each other after every one, which on a shared machine can take longer
than the work. Each thread uses the memory of its signals again: while the system hands
one thread new memory, the others wait.

Logits have a row for each class: torch's softmax over few columns takes several times
as long as over few rows, and the output layer's product with so few columns as well.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sklearn_wbn._activation import BY_MODULE_NAME
from sklearn_wbn._batches import as_tensor
from sklearn_wbn._threads import (
    one_thread_each,
    one_thread_in_workers,
    take_one_thread,
    threads_of_products,
)
from sklearn_wbn.nn.autograd import full_precision

# Signals in all layers for one chunk of rows: few enough to stay in the cache.
_CHUNK_SIGNALS = 2**19

# From here on starting threads takes less time than they save.
_MANY_CHUNKS = 4

# Activations that NumPy computes in place; torch takes several times as long for tanh.
_IN_PLACE = {"Tanh", "ReLU", "Sigmoid", "Identity"}

Array = NDArray[Any]
Head = Callable[[Tensor], Tensor]


class FoldedNetwork:
    """A folded network, made ready to predict.

    Parameters
    ----------
    network : nn.Sequential
        Affine maps with activations between them, from `WBNMLP.folded`.
    """

    def __init__(self, network: nn.Sequential) -> None:
        self.network = network
        layers: list[Any] = list(network)
        linear, self._activations = layers[::2], layers[1::2]
        *self._linear, output = linear
        self._W, self._b = output.weight.detach(), output.bias.detach().unsqueeze(1)
        self._n_signals = sum(f.in_features for f in linear)
        self._largest = max(f.weight.numel() for f in linear)
        self._itemsize = self._W.dtype.itemsize
        self._on_cpu = self._W.device.type == "cpu"
        names = [type(f).__name__ for f in self._activations]
        self._has_arrays = self._on_cpu and _IN_PLACE.issuperset(names)
        if self._has_arrays:
            self._arrays = [_arrays(f) for f in linear]
            self._values = [BY_MODULE_NAME[name].value for name in names]
            self._activations = [_of_tensors(value) for value in self._values]

    def apply(self, X: Array, head: Head) -> Array:
        """Run the network over an array.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Data, float32 or float64; converted chunk by chunk.
        head : callable
            Applied to the logits of each chunk, shape (n_classes, n_rows).

        Returns
        -------
        ndarray of shape (n_samples, ...)
            Results, in the precision of the network.

        Raises
        ------
        ValueError
            If a value is too large for the precision of the network.
        """
        if X.itemsize > self._itemsize:
            self._check_range(X)
        n_chunks = len(X) * self._n_signals / _CHUNK_SIGNALS
        if not self._has_arrays or n_chunks >= _MANY_CHUNKS:
            return self._apply_in_chunks(X, head)
        if len(X) > 1:
            return self._apply_with_threads(X, head)
        # Nobody shares the work on a row, and to set threads would take longer than it.
        return self._apply_at_once(X, head)

    def _check_range(self, X: Array) -> None:
        """Refuse what would become infinite, as scikit-learn does in training."""
        largest = torch.finfo(self._W.dtype).max
        if X.max() > largest or X.min() < -largest:
            kind = str(self._W.dtype).removeprefix("torch.")
            raise ValueError(
                f"X holds values from {X.min():.3g} to {X.max():.3g}, too large for "
                f"{kind}, in which this network was trained; scale the features, or "
                "train on float64"
            )

    def _apply_at_once(self, X: Array, head: Head) -> Array:
        return head(torch.from_numpy(self._array_logits(X))).numpy().T

    @one_thread_in_workers()
    def _apply_with_threads(self, X: Array, head: Head) -> Array:
        with threads_of_products(self._largest * len(X)):
            return self._apply_at_once(X, head)

    @one_thread_in_workers()
    def _apply_in_chunks(self, X: Array, head: Head) -> Array:
        n_rows = max(1, _CHUNK_SIGNALS // self._n_signals)
        signals = _Signals(self._linear, min(len(X), n_rows))

        @torch.inference_mode()  # a setting of each thread
        def result(chunk: Tensor) -> Tensor:
            return head(self._logits(chunk, signals))

        chunks = as_tensor(X, torch.device("cpu")).split(n_rows)
        with full_precision(self._W):  # autocast, too, is a setting of each thread
            if not self._on_cpu:
                results = [result(chunk) for chunk in chunks]
            else:
                with one_thread_each() as n_threads:
                    results = _map(result, chunks, n_threads)
        return torch.cat(results, dim=-1).cpu().numpy().T

    def _logits(self, x: Tensor, signals: "_Signals") -> Tensor:
        z = x.to(self._W.device, self._W.dtype)
        layers = zip(self._linear, self._activations, signals.room, strict=True)
        for linear, activation, room in layers:
            u = room[: len(z)]
            z = activation(torch.addmm(linear.bias, z, linear.weight.t(), out=u))
        return torch.addmm(self._b, self._W, z.t())

    def _array_logits(self, X: Array) -> Array:
        *hidden, output = self._arrays
        with np.errstate(all="ignore"):  # torch does not warn either
            z = X.astype(output[0].dtype, copy=False).T
            for affine, value in zip(hidden, self._values, strict=True):
                z, _ = value(_affine(z, *affine))
            return _affine(z, *output)


class _Signals(threading.local):
    """Room for the signals that a chunk has in each hidden layer, one in each thread.

    Parameters
    ----------
    linear : list of nn.Linear
        Affine maps of the hidden layers.
    n_rows : int
        Rows of the largest chunk.
    """

    def __init__(self, linear: list[nn.Linear], n_rows: int) -> None:
        # Called again in every thread that comes to use it.
        self.room = [f.weight.new_empty(n_rows, f.out_features) for f in linear]


def _map(
    function: Callable[[Tensor], Tensor], chunks: Sequence[Tensor], n_threads: int
) -> list[Tensor]:
    if n_threads == 1 or len(chunks) < _MANY_CHUNKS:
        return [function(chunk) for chunk in chunks]
    with ThreadPoolExecutor(n_threads, initializer=take_one_thread) as pool:
        return list(pool.map(function, chunks))


def _affine(z: Array, weight: Array, bias: Array) -> Array:
    x: Array = weight @ z
    x += bias
    return x


def _of_tensors(value: Callable[[Array], object]) -> Callable[[Tensor], Tensor]:
    def activation(u: Tensor) -> Tensor:
        with np.errstate(all="ignore"):  # a setting of each thread
            value(u.numpy())  # in place
        return u

    return activation


def _arrays(linear: nn.Linear) -> tuple[Array, Array]:
    """View the weight and the bias, for signals with a column for each row of data."""
    return linear.weight.detach().numpy(), linear.bias.detach().numpy()[:, None]
