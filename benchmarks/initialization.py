"""Xavier's initialisation with normal weights, where the network draws uniform ones.

The paper says "Xavier" and leaves open which.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from skorch.callbacks import Callback
from torch import nn


class NormalInitialization(Callback):
    """Give the initial weights a normal distribution of the same variance.

    The random numbers stay the same, so nothing else changes: a uniform number goes
    to the normal one with as much probability below it.
    """

    @torch.no_grad()
    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Replace the weights of all affine maps."""
        for module in net.module_.modules():
            if isinstance(module, nn.Linear):
                bound = math.sqrt(6 / sum(module.weight.shape))
                normal = math.sqrt(2) * torch.erfinv(module.weight / bound)
                module.weight.copy_(bound / math.sqrt(3) * normal)
