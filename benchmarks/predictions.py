"""All predictions that one training can make.

`inference_statistics` and `logit_adjustment` only decide how a trained network
predicts. So a training need not be repeated for each: a callback makes the pass of
every statistic at its end, and the logits are adjusted afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback

from sklearn_wbn import WBNMLPClassifier

# The mean over mini-batches shuffles: first, so that it draws what `fit` would draw.
STATISTICS = ("moving", "batch_mean", "population", "weighted_population")
NONE = "none"  # a network without norm layers has no statistics

CHUNK_ROWS = 4096

Logits = NDArray[np.float64]


class EveryStatistic(Callback):
    """Keep the running statistics that each setting leaves, when training ends.

    The estimator must be fitted with ``inference_statistics="moving"``, which makes no
    pass of its own.

    Attributes
    ----------
    buffers_ : dict of str to dict
        For each setting, the buffers of the network.
    """

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Make every pass; leave the network as it was."""
        self.buffers_ = {}
        for name in STATISTICS:
            net.inference_statistics = name
            net.update_inference_statistics()
            self.buffers_[name] = _copied_buffers(net.module_)
        net.inference_statistics = "moving"
        net.module_.load_state_dict(self.buffers_["moving"], strict=False)


def logits_of_every_statistic(
    classifier: WBNMLPClassifier, X: NDArray[np.float32]
) -> dict[str, Logits]:
    """Compute the logits of a network under each of the four statistics.

    Parameters
    ----------
    classifier : WBNMLPClassifier
        Fitted with ``inference_statistics="moving"``, without logit adjustment, and
        with one `EveryStatistic` among its callbacks.
    X : ndarray of shape (n_samples, n_features)
        Data.

    Returns
    -------
    dict of str to ndarray of shape (n_samples, n_classes)
        Logits for each of `STATISTICS`, or for `NONE` without norm layers.
    """
    if classifier.normalization is None:
        return {NONE: _logits(classifier, X)}
    callbacks = [callback for _, callback in classifier.net_.callbacks_]
    kept = next(c for c in callbacks if isinstance(c, EveryStatistic)).buffers_
    logits = {}
    for name, buffers in kept.items():
        classifier.module_.load_state_dict(buffers, strict=False)
        logits[name] = _logits(classifier, X)
    classifier.module_.load_state_dict(kept["moving"], strict=False)
    return logits


def adjust(logits: Logits, tau: float, class_count: NDArray[np.int64]) -> Logits:
    """Subtract ``tau log(N_k / N)`` from the logits, as `logit_adjustment` does.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        Logits.
    tau : float
        Strength.
    class_count : ndarray of shape (n_classes,)
        Training rows ``N_k`` of each class.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        Adjusted logits.
    """
    return logits - tau * np.log(class_count / class_count.sum())


def _copied_buffers(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: buffer.clone() for name, buffer in module.named_buffers()}


@torch.inference_mode()
def _logits(classifier: WBNMLPClassifier, X: NDArray[np.float32]) -> Logits:
    network = classifier.module_.folded()
    parts = [network(part) for part in torch.from_numpy(X).split(CHUNK_ROWS)]
    return torch.cat(parts).double().numpy()
