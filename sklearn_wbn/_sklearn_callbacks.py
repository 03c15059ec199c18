"""scikit-learn's own callbacks, which are public from its version 1.9 on.

`set_callbacks` takes them; skorch's callbacks are the parameter `callbacks`. Every
epoch is a task below the task of `fit`. `_fit_context` ends what they have begun.
"""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from sklearn_wbn._callbacks import StopTraining, Watcher
from sklearn_wbn._inference import FoldedNetwork
from sklearn_wbn._training_data import TrainingData

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9: no `set_callbacks`

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""


__all__ = ["CallbackSupportMixin", "FitTasks"]


class FitTasks(Watcher):
    """Tells scikit-learn's callbacks about `fit` and its epochs.

    Parameters
    ----------
    estimator : WBNMLPClassifier
        Estimator in training.
    context : sklearn.callback.CallbackContext
        Task of `fit`.
    data : TrainingData
        Training rows, which a callback may ask for.
    folded : callable
        Returns the network that predicts, as it is now.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        context: Any,
        data: TrainingData,
        folded: Callable[[], FoldedNetwork],
    ) -> None:
        self.context = context
        self.folded = folded
        f = data.frequency
        # Functions are called only where a callback wants the value.
        self.given = {
            "estimator": estimator,
            "X": lambda: data.X[data.index],
            "y": data.y,
            "metadata": None if f is None else {"sample_weight": f},
        }

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin the task of `fit`."""
        self.context.call_on_fit_task_begin(**self.given)

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin the task of an epoch."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(**self.given)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """End the task of an epoch; stop if a callback says so."""

        def fitted() -> dict[str, Any]:
            if "valid_score" not in net.history[-1]:
                net.update_inference_statistics()
            return self._fitted()

        if self.epoch_.call_on_fit_task_end(
            **self.given, reconstruction_attributes=fitted
        ):
            raise StopTraining

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """End the task of `fit`, with the weights and statistics that remain."""
        self.context.call_on_fit_task_end(
            **self.given, reconstruction_attributes=self._fitted
        )

    def _fitted(self) -> dict[str, Any]:
        return {"_folded": self.folded()}
