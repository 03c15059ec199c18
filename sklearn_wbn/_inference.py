"""Inference on a folded network: few rows in NumPy, many in chunks that stay in caches.

On a CPU a thread takes whole chunks: threads that share each operation would wait for
each other after every one, which on a shared machine can take longer than the work.

Logits have a row for each class: torch's softmax over few columns takes several times
as long as over few rows, and the output layer's product with so few columns as well.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from sklearn_wbn._batches import as_tensor
from sklearn_wbn._threads import one_thread_each, one_thread_in_workers

_CHUNK_ROWS = 2048

# From here on starting threads takes less time than they save.
_MANY_CHUNKS = 8

# Up to here the calls take the time, and NumPy's take less than torch's.
_FEW_ROWS = 16

Array = NDArray[Any]
Head = Callable[[Tensor], Tensor]

# Not `_activation`'s, which take more calls and less time for a whole mini-batch.
_ACTIVATION: dict[type[nn.Module], Callable[[Array], Array]] = {
    nn.Sigmoid: expit,
    nn.ReLU: lambda u: np.maximum(u, 0),
    nn.Identity: lambda u: u,
}


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
        *self._hidden, output = layers
        self._W, self._b = output.weight.detach(), output.bias.detach().unsqueeze(1)
        kinds = [type(activation) for activation in layers[1::2]]
        self._on_cpu = self._W.device.type == "cpu"
        self._has_arrays = self._on_cpu and _ACTIVATION.keys() >= set(kinds)
        if self._has_arrays:
            self._arrays = [_arrays(linear) for linear in layers[::2]]
            self._activations = [_ACTIVATION[kind] for kind in kinds]

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
        """
        if self._has_arrays and len(X) <= _FEW_ROWS:
            return head(torch.from_numpy(self._logits_of_few(X))).numpy().T
        return self._apply_in_chunks(X, head)

    @one_thread_in_workers()
    def _apply_in_chunks(self, X: Array, head: Head) -> Array:
        @torch.inference_mode()  # a setting of each thread
        def result(chunk: Tensor) -> Tensor:
            return head(self._logits(chunk))

        chunks = as_tensor(X, torch.device("cpu")).split(_CHUNK_ROWS)
        if not self._on_cpu:
            results = [result(chunk) for chunk in chunks]
        else:
            with one_thread_each() as n_threads:
                results = _map(result, chunks, n_threads)
        return torch.cat(results, dim=-1).cpu().numpy().T

    def _logits(self, x: Tensor) -> Tensor:
        z = x.to(self._W.device, self._W.dtype)
        for layer in self._hidden:
            z = layer(z)
        return torch.addmm(self._b, self._W, z.t())

    def _logits_of_few(self, X: Array) -> Array:
        *hidden, output = self._arrays
        z = X.astype(output[0].dtype, copy=False).T
        with np.errstate(over="ignore", invalid="ignore"):  # torch does not warn either
            for affine, activation in zip(hidden, self._activations, strict=True):
                z = activation(_affine(z, *affine))
            return _affine(z, *output)


def _map(
    function: Callable[[Tensor], Tensor], chunks: Sequence[Tensor], n_threads: int
) -> list[Tensor]:
    if n_threads == 1 or len(chunks) < _MANY_CHUNKS:
        return [function(chunk) for chunk in chunks]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(function, chunks))


def _affine(z: Array, weight: Array, bias: Array) -> Array:
    x: Array = weight @ z + bias
    return x


def _arrays(linear: nn.Linear) -> tuple[Array, Array]:
    """View the weight and the bias, for signals with a column for each row of data."""
    return linear.weight.detach().numpy(), linear.bias.detach().numpy()[:, None]
