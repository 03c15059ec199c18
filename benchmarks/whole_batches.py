"""Training without the last mini-batch of an epoch, which is smaller than the others.

The paper does not say what it does with the rows that fill no mini-batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from skorch.callbacks import Callback


class WholeBatches(Callback):
    """Leave the smaller mini-batch out, of training and of the mean statistics."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Take the place of the net's mini-batches."""
        net.batches_ = _WholeOnly(net.batches_)


class _WholeOnly:
    """Iterates over whole mini-batches; is what it was given in all else."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[Any]:
        size = self._batches.batch_size
        return (batch for batch in self._batches if len(batch) == size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batches, name)
