"""The study's learning rate that rises and falls."""

import numpy as np
from sklearn.datasets import make_classification
from skorch.callbacks import Callback

from benchmarks.one_cycle import RISE, OneCycle
from sklearn_wbn import WBNMLPClassifier


class Rates(Callback):
    """Keeps the rate of every step."""

    def initialize(self) -> "Rates":
        self.seen_: list[float] = []
        return self

    def on_batch_begin(self, net, **kwargs) -> None:
        self.seen_.append(net.optimizer_.param_groups[0]["lr"])


def test_rate_rises_once_and_falls_to_nearly_nothing():
    X, y = make_classification(100, random_state=0)
    clf = WBNMLPClassifier(
        (4,),
        batch_size=32,
        max_iter=10,
        solver="adamw",
        learning_rate_init=0.01,
        callbacks=[OneCycle(), Rates()],
        random_state=0,
    ).fit(X, y)
    rates = np.array(clf.net_.callbacks_[1][1].seen_)
    assert len(rates) == 40
    assert rates.max() == RISE * 0.01
    peak = rates.argmax()
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()
    assert rates[-1] < 1e-5
