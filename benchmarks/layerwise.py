"""The paper's mean over the mini-batches, layer by layer.

The paper does not say what the signals of a second hidden layer are when their means
are taken: normalized by the mini-batch, as in training and in `"batch_mean"`, or by the
first layer's fixed statistics, as at inference.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from skorch.callbacks import Callback


class LayerByLayer(Callback):
    """Take the mean statistics of a layer with the layers before it in eval mode."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Take the place of the net's own pass, for the mean over the mini-batches."""
        others = net.update_inference_statistics
        net.update_inference_statistics = partial(_update, net, others)


def _update(net: Any, others: Any) -> None:
    if net.inference_statistics == "batch_mean":
        average_layer_by_layer(net.module_, net.batches_)
    else:
        others()


@torch.no_grad()
def average_layer_by_layer(network: Any, batches: Any) -> None:
    """Set the running statistics to the means over the mini-batches, layer by layer.

    Parameters
    ----------
    network : WBNMLP
        Trained network; its running statistics are replaced.
    batches : iterable of Batch
        Mini-batches of an epoch, drawn anew for every layer.
    """
    network.eval()
    for layer in network.layers:
        norm = layer.norm
        momentum, norm.momentum = norm.momentum, None  # the plain mean
        norm.train().reset_running_stats()
        for batch in batches:
            network(batch.x, batch.norm)
        norm.eval().momentum = momentum
        R = int(norm.num_batches_tracked)
        norm.running_var *= R / max(R - 1, 1)
