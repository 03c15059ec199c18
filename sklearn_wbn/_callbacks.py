"""What watches training: progress, validation with best weights, early stopping."""

import math
import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm


class StopTraining(Exception):  # noqa: N818 - a signal, not an error
    """Ends the training loop in good order."""


def warn_of_interrupt(where: str) -> None:
    """Tell the user that the estimator has learned less than it should.

    Parameters
    ----------
    where : str
        What was interrupted.
    """
    warnings.warn(
        f"Training was interrupted {where}; the estimator predicts with what it "
        "has learned so far",
        stacklevel=2,
    )


def check_callbacks(callbacks: list[Any]) -> None:
    """Refuse what skorch could not call.

    Parameters
    ----------
    callbacks : list
        Of the user.

    Raises
    ------
    TypeError
        If one of them is no callback.
    """
    for callback in callbacks:
        own = callback[-1] if isinstance(callback, tuple) else callback
        kind = own if isinstance(own, type) else type(own)
        if not issubclass(kind, Callback):
            raise TypeError(
                "callbacks must hold callbacks of skorch, or pairs of a name and a "
                f"callback; got {callback!r}"
            )


class Watcher(Callback):
    """A callback of ours: Ctrl-C in it is the user's, where skorch's ask to stop."""


class Progress(Watcher):
    """Progress bar over the epochs, with the loss and the validation score.

    Parameters
    ----------
    n_epochs : int
        Length of the bar.
    """

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, unit="epoch", desc="fit", leave=True)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance the bar."""
        row = net.history[-1]
        shown = {"loss": f"{row['train_loss']:.4f}"}
        if "valid_score" in row:
            shown["valid_score"] = f"{row['valid_score']:.4f}"
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close the bar."""
        self.close()

    def close(self) -> None:
        """Close the bar, if it is open."""
        if hasattr(self, "bar_"):
            self.bar_.close()
            del self.bar_  # a bar holds a stream, which cannot be pickled


class Validation(Watcher):
    """Score held-out rows after every epoch and remember the best weights.

    Parameters
    ----------
    score : callable
        Returns the validation score; greater is better.
    restore_best : bool
        Whether to end with the weights of the best epoch.
    """

    def __init__(self, score: Callable[[], float], restore_best: bool) -> None:
        self.score = score
        self.restore_best = restore_best

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Forget an earlier fit."""
        self.scores_: list[float] = []
        self.best_score_ = -float("inf")
        self.best_state_: dict[str, Any] | None = None

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Score the epoch; keep its weights if it is the best so far."""
        net.update_inference_statistics()
        score = self.score()
        if math.isnan(score):
            warnings.warn(
                f"scoring gave nan in epoch {len(net.history)}; no such epoch is taken "
                "for the best",
                stacklevel=2,
            )
        self.scores_.append(score)
        net.history.record("valid_score", score)
        is_best = bool(score > self.best_score_)
        net.history.record("valid_score_best", is_best)  # as skorch's scorers do
        if is_best:
            self.best_score_ = score
            if self.restore_best:
                self.best_state_ = deepcopy(net.module_.state_dict())

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Go back to the best weights and the statistics they were scored with."""
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)
            net.note_statistics()


def best_score(scores: Sequence[float]) -> float | None:
    """Return the greatest score; nan only where there is no other.

    Parameters
    ----------
    scores : sequence of float
        Of the epochs.

    Returns
    -------
    float or None
        None where there are none.
    """
    known = [score for score in scores if not math.isnan(score)]
    return max(known or scores, default=None)


class Plateau(Watcher):
    """Stop when a value has not improved for some epochs.

    Parameters
    ----------
    monitor : {"train_loss", "valid_score"}
        Column of the history; a loss should fall, a score should rise.
    tol : float
        Smallest change that counts as an improvement.
    n_iter_no_change : int
        Number of epochs to wait.
    """

    def __init__(self, monitor: str, tol: float, n_iter_no_change: int) -> None:
        self.monitor = monitor
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Start to count."""
        self.best_ = -float("inf")
        self.waited_ = 0
        self.stopped_ = False

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Count epochs without improvement; same rule as `MLPClassifier`."""
        value = net.history[-1][self.monitor]
        value = -value if self.monitor == "train_loss" else value
        self.waited_ = 0 if value >= self.best_ + self.tol else self.waited_ + 1
        self.best_ = max(self.best_, value)
        if self.waited_ > self.n_iter_no_change:
            self.stopped_ = True
            raise StopTraining
