"""When a net makes the passes for its inference statistics, and for which weights."""

from copy import deepcopy
from functools import partial
from typing import Any

import torch
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_wbn._batches import Batches
from sklearn_wbn._callbacks import Watcher, warn_of_interrupt
from sklearn_wbn._random import same_numbers_after
from sklearn_wbn._threads import one_thread_each
from sklearn_wbn.nn.statistics import average_batch_statistics, population_statistics


class StatisticsMixin:
    """What eval mode normalises with, of a skorch net that trains on `Batches`."""

    module_: Any
    batches_: Batches | None
    callbacks_: list[tuple[str, Callback]]
    inference_statistics: str
    noted_: dict[str, Tensor] | None

    def update_inference_statistics(self) -> None:
        """Set what eval mode normalises with, from the rows in training."""
        if self.inference_statistics != "moving" and self.batches_ is not None:
            # NumPy's threads wait for work a while yet, and would hold torch's up.
            with one_thread_each():
                self._pass_over(self.batches_)

    def note_statistics(self) -> None:
        """Note that the statistics are those of the weights as they are now."""
        self.noted_ = None
        if self.inference_statistics != "moving" and self.hears_the_user():
            self.noted_ = deepcopy(self.module_.state_dict())

    def update_stale_statistics(self) -> None:
        """Make the pass again if a callback of the user has brought other weights.

        Such as `EarlyStopping` and `Checkpoint` of skorch load, with statistics that
        the training batches left.
        """
        if self.noted_ is not None and not _same(
            self.noted_, self.module_.state_dict()
        ):
            self.update_or_keep_statistics()
        self.noted_ = None

    def _pass_over(self, batches: Batches) -> None:
        network = self.module_
        if self.inference_statistics == "batch_mean":
            with same_numbers_after(batches.generator):
                average_batch_statistics(
                    network, lambda: ((b.x, b.norm) for b in batches)
                )
            return
        weighted = self.inference_statistics == "weighted_population"
        in_order = partial(batches.in_order, weighted)
        population_statistics(network, in_order, batches.total(weighted))

    def update_or_keep_statistics(self) -> None:
        """Make the pass; if the user interrupts it, the moving average stays."""
        moving = {k: v.clone() for k, v in self.module_.named_buffers()}
        try:
            self.update_inference_statistics()
        except KeyboardInterrupt:
            self.module_.load_state_dict(moving, strict=False)
            warn_of_interrupt("in the pass for the inference statistics")

    def hears_the_user(self) -> bool:
        """Whether somebody else than we may change the network in training."""
        return not all(isinstance(callback, Watcher) for _, callback in self.callbacks_)


def _same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )
