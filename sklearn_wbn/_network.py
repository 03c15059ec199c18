"""The skorch net: skorch's training loop over weighted batches."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Generator, Tensor, nn

from sklearn_wbn._backprop import TrainingStep, is_as_built
from sklearn_wbn._batches import Batch, Batches, Rows
from sklearn_wbn._callbacks import StopTraining, Watcher, warn_of_interrupt
from sklearn_wbn._flat_parameters import flat_parameters
from sklearn_wbn._network_statistics import StatisticsMixin
from sklearn_wbn._solver_step import solver_step
from sklearn_wbn._threads import threads_of_products
from sklearn_wbn.nn.autograd import full_precision
from sklearn_wbn.nn.loss import weighted_sum_of_losses

_BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class WeightedLoss(nn.Module):
    """Weighted cross-entropy of a batch whose shares are known.

    Parameters
    ----------
    logit_shift : Tensor of shape (n_classes,), default=None
        Added to the logits in training: the log class share of balanced softmax.
    """

    logit_shift: Tensor | None

    def __init__(self, logit_shift: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("logit_shift", logit_shift)

    def forward(self, logits: Tensor, target: Tensor, share: Tensor) -> Tensor:
        if self.logit_shift is not None:
            logits = logits + self.logit_shift
        return weighted_sum_of_losses(logits, target, share)


class WeightedNet(StatisticsMixin, ClassifierMixin, NeuralNet):
    """skorch net that trains on `Rows` with weights in the loss and in the norms.

    It is a skorch net in all else: its callbacks, its history, and its predictions
    on arrays work as in skorch; its labels are the codes of the classes. Per-batch
    callbacks cost time only when there are some.

    Parameters
    ----------
    *args, **kwargs
        As `skorch.NeuralNet`.
    weighted_norm : bool, default=True
        Whether class weights enter the norm layers.
    inference_statistics : str, default="moving"
        What eval mode normalises with, see `WBNMLPClassifier`.
    loss_normalization : {"batch", "constant"}, default="constant"
        What the loss of a batch is divided by.
    closure : bool, default=True
        Whether the optimizer may want to compute the loss again within a step.
    """

    step_: TrainingStep | None
    solver_step_: Callable[[], object] | None

    def __init__(
        self,
        *args: Any,
        weighted_norm: bool = True,
        inference_statistics: str = "moving",
        loss_normalization: str = "constant",
        closure: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.weighted_norm = weighted_norm
        self.inference_statistics = inference_statistics
        self.loss_normalization = loss_normalization
        self.closure = closure

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        return []

    @property
    def classes_(self) -> NDArray[np.int64]:
        """The codes of the classes, for scorers of skorch's callbacks."""
        return np.arange(self.module_.output.out_features)

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Predict codes of classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Dataset
            Data, in the precision of the network.

        Returns
        -------
        ndarray of shape (n_samples,)
            Codes.
        """
        return self.predict_proba(X).argmax(axis=1)  # type: ignore[no-any-return]

    def train_rows(
        self, rows: Rows, epochs: int, generator: Generator, shuffle: bool
    ) -> list[float]:
        """Train on rows for some epochs.

        Parameters
        ----------
        rows : Rows
            Training rows.
        epochs : int
            Number of passes over them.
        generator : torch.Generator
            Source of shuffling and dropout.
        shuffle : bool
            Whether the rows change their order every epoch.

        Returns
        -------
        list of float
            Training loss of each epoch that was not interrupted.
        """
        self.losses_: list[float] = []
        self.batches_: Batches | None = self._batches(
            rows, generator if shuffle else None
        )
        self.max_epochs = epochs
        self.module_.set_dropout_generator(generator)
        joined = nullcontext() if self.callbacks_ else self._joined_parameters()
        try:
            with joined, full_precision(next(self.module_.parameters())):
                self.partial_fit(rows)
                self.update_stale_statistics()
        finally:
            self.batches_ = None  # holds the caller's data
            self.module_.set_dropout_generator(None)
        self._check_statistics()
        return self.losses_

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        return self.batches_ if training else super().get_iterator(dataset, training)

    def fit_loop(
        self, X: Any, y: Any = None, epochs: int | None = None, **kw: Any
    ) -> Any:
        """Train as skorch does; say so when the user interrupts."""
        try:
            return super().fit_loop(X, y, epochs, **kw)
        except StopTraining:
            return self
        except KeyboardInterrupt:
            warn_of_interrupt(f"in epoch {len(self.history)}")
            return self

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call the callbacks; one that ends training the way skorch's do is heard.

        Where one of ours ends it, those of the user hear the last epoch first.
        """
        getattr(self, method_name)(self, **cb_kwargs)
        stop: StopTraining | None = None
        for _, callback in self.callbacks_:
            try:
                getattr(callback, method_name)(self, **cb_kwargs)
            except StopTraining as signal:
                stop = signal
            except KeyboardInterrupt as error:
                ours = isinstance(callback, Watcher)
                if ours or method_name in ("on_train_begin", "on_train_end"):
                    raise
                raise StopTraining from error
        if stop is not None:
            raise stop

    def run_single_epoch(
        self,
        iterator: Any,
        training: bool,
        prefix: str,
        step_fn: Any,
        **fit_params: Any,
    ) -> None:
        """Run an epoch; read the loss from the device once, at its end."""
        if iterator is None:
            return
        self._set_training(training)
        heard = self.heard_ = self._hears_batches()
        losses, sizes = [], []
        with self._training_step():
            for batch in iterator:
                if heard:
                    self.notify(
                        "on_batch_begin", batch=(batch.x, batch.y), training=training
                    )
                step = step_fn(batch, **fit_params)
                losses.append(_read_if_free(step["loss"]))
                sizes.append(len(batch))
                if heard:
                    self._record_batch(batch, step, training, prefix)
        if not heard:
            self.history.new_batch()  # skorch's Checkpoint looks at the last one
        self.history.record(f"{prefix}_batch_count", len(sizes))
        loss = self._finite(float(np.dot(_read(losses), sizes)) / sum(sizes))
        self.history.record(f"{prefix}_loss", loss)
        self.losses_.append(loss)

    def train_step(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Make a step without skorch's closure, where the optimizer needs none."""
        if self.closure:
            return super().train_step(batch, **fit_params)  # type: ignore[no-any-return]
        step = self.train_step_single(batch)
        if self.heard_:
            parameters = list(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=parameters, batch=batch)
        self._step_solver()
        return step

    def _step_solver(self) -> None:
        if self.solver_step_ is not None:
            self.solver_step_()
        elif self.step_ is not None:  # a callback may have replaced gradients
            solver_step(self.optimizer_)()
        else:
            self.optimizer_.step()

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        if self.step_ is None:
            return self._train_by_autograd(batch)
        if self.heard_ or self.closure:  # somebody may have replaced or frozen some
            self.step_ = TrainingStep(self.module_)
        loss, logits = self.step_(batch, self.criterion_.logit_shift)
        return {"loss": loss, "y_pred": logits}

    def _train_by_autograd(self, batch: Batch) -> dict[str, Tensor]:
        self.optimizer_.zero_grad()
        logits = self.module_(batch.x, batch.norm)
        loss = self.criterion_(logits, batch.y, batch.share)
        loss.backward()
        return {"loss": loss.detach(), "y_pred": logits.detach()}

    @contextmanager
    def _training_step(self) -> Iterator[None]:
        """Look up what the steps of an epoch need, where they are NumPy's."""
        self.step_ = self.solver_step_ = None
        if not self._has_equations:
            yield
            return
        largest = max(p.numel() for p in self.module_.parameters())
        with self._joined_parameters(), threads_of_products(largest * self.batch_size):
            self.step_ = TrainingStep(self.module_)
            if not self.heard_:
                self.solver_step_ = solver_step(self.optimizer_)
            try:
                yield
            finally:
                self.step_ = self.solver_step_ = None

    def _joined_parameters(self) -> AbstractContextManager[None]:
        """Join the parameters for the optimizer, where nobody looks at it meanwhile."""
        if self._has_equations and not self.closure and not self._hears_batches():
            return flat_parameters(self.optimizer_)
        return nullcontext()

    @property
    def _has_equations(self) -> bool:
        """Whether steps are NumPy's: on the CPU, with layers that nobody changed."""
        on_cpu = torch.device(self.device).type == "cpu"
        return on_cpu and is_as_built(self.module_)

    def on_train_end(
        self, net: Any, X: Any = None, y: Any = None, **kwargs: Any
    ) -> None:
        """Make the pass for the inference statistics, unless validation has just.

        Since then a callback of the user may have changed the weights.
        """
        validated = bool(self.history) and "valid_score" in self.history[-1]
        if self.hears_the_user() or not validated:
            self.update_or_keep_statistics()
        self.note_statistics()
        self.module_.eval()

    def _batches(self, rows: Rows, generator: Generator | None) -> Batches:
        return Batches(
            rows,
            batch_size=self.batch_size,
            generator=generator,
            dtype=next(self.module_.parameters()).dtype,
            variance=self.module_.variance,
            weighted_norm=self.weighted_norm,
            constant_loss=self.loss_normalization == "constant",
        )

    def _hears_batches(self) -> bool:
        return any(
            getattr(type(callback), event) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in _BATCH_EVENTS
        )

    def _record_batch(
        self, batch: Batch, step: dict[str, Tensor], training: bool, prefix: str
    ) -> None:
        self.history.record_batch(f"{prefix}_loss", step["loss"].item())
        self.history.record_batch(f"{prefix}_batch_size", len(batch))
        self.notify("on_batch_end", batch=(batch.x, batch.y), training=training, **step)

    def _check_statistics(self) -> None:
        """Refuse norms that make every row the same, as an infinite variance does."""
        for name, statistic in self.module_.named_buffers():
            if not statistic.isfinite().all():
                kind = str(statistic.dtype).removeprefix("torch.")
                raise ValueError(
                    f"{name} is not finite: the features are too large for the "
                    f"variance of a hidden signal in {kind}; scale them "
                    "(StandardScaler)"
                )

    def _finite(self, loss: float) -> float:
        if math.isfinite(loss):
            return loss
        raise ValueError(
            f"The training loss became {loss} in epoch {len(self.history)}: scale the "
            "features (StandardScaler) or lower learning_rate_init"
        )


def _read_if_free(loss: Tensor) -> Tensor | float:
    """Read a loss of the CPU; a device would be waited for.

    As a number: thousands of small arrays that stay would break up the memory in which
    the larger ones of a step come and go.
    """
    return float(loss) if loss.device.type == "cpu" else loss


def _read(losses: list[Any]) -> NDArray[np.float64]:
    if isinstance(losses[0], Tensor):
        losses = torch.stack(losses).tolist()
    return np.asarray(losses, dtype=np.float64)
