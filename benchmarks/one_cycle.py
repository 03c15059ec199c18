"""A learning rate that rises and falls once over a training: an idea of the study."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from torch.optim.lr_scheduler import OneCycleLR

# The highest rate is this many times the estimator's, which is that of the paper.
RISE = 5.0


class OneCycle(Callback):
    """Set the learning rate of every mini-batch."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Plan as many steps as there will be."""
        n_steps = net.max_epochs * len(net.batches_.sizes())
        self.schedule_ = OneCycleLR(net.optimizer_, RISE * net.lr, total_steps=n_steps)

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Go one step on, but not beyond the last."""
        if training and self.schedule_.last_epoch < self.schedule_.total_steps - 1:
            self.schedule_.step()
