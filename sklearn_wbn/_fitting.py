"""The steps of `fit`: class weights, network, training, fitted attributes."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.random import RandomState
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring

from sklearn_wbn._batches import Rows, as_tensor
from sklearn_wbn._build import (
    build_net,
    fixed_params,
    net_params,
    set_learning_rate,
    update_net,
)
from sklearn_wbn._callbacks import (
    Plateau,
    Progress,
    Validation,
    Watcher,
    best_score,
    check_callbacks,
)
from sklearn_wbn._class_weight import (
    class_codes,
    effective_class_size,
    resolve_beta,
    weight_of_classes,
)
from sklearn_wbn._device import move_net, resolve_device, working_dtype
from sklearn_wbn._doc_link import DocLinkMixin
from sklearn_wbn._held_out import HeldOut
from sklearn_wbn._inference import FoldedNetwork
from sklearn_wbn._inference_statistics import resolve_statistics
from sklearn_wbn._network import WeightedNet
from sklearn_wbn._norm_weight import norm_class_weight, rows_per_batch
from sklearn_wbn._persistence import (
    from_plain,
    net_from_plain,
    net_to_plain,
    to_plain,
)
from sklearn_wbn._random import RandomStream
from sklearn_wbn._sklearn_callbacks import CallbackSupportMixin, FitTasks
from sklearn_wbn._threads import one_thread_in_workers
from sklearn_wbn._training_data import TrainingData

_AUTO_BATCH_SIZE = 200  # of MLPClassifier
_PATIENCE = 10  # of MLPClassifier, for early stopping without `n_iter_no_change`


class NetClassifier(DocLinkMixin, CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """What `WBNMLPClassifier` does behind its public methods."""

    net_: WeightedNet
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    _class_rows: NDArray[np.float64]
    _net_params: dict[str, Any]

    @property
    def _is_trained(self) -> bool:
        """Whether there is a network to go on with: a fit that failed leaves none."""
        return hasattr(self, "_folded")

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_trained

    def _forget(self) -> None:
        """Predict no longer: another fit has begun, or has failed."""
        self.__dict__.pop("_folded", None)

    def _begins_anew(self) -> bool:
        """Forget the old network, unless `fit` goes on with it."""
        goes_on = self.warm_start and self._is_trained
        if not goes_on:
            self._forget()
        return not goes_on

    def _set_classes(self, labels: NDArray[Any]) -> None:
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs rows of at least 2 classes, got 1 class: "
                f"{self.classes_.tolist()}"
            )

    def _count_classes(self, data: TrainingData, add: bool = False) -> None:
        """Count the classes, with frequencies and without, and weigh them."""
        self._warn_if_beta_is_unused()
        count = rows = data.class_count(self.classes_)
        if data.frequency is not None:
            rows = replace(data, frequency=None).class_count(self.classes_)
        self._set_class_weight(self.class_count_ + count if add else count)
        self._class_rows = self._class_rows + rows if add else rows

    def _warn_if_beta_is_unused(self) -> None:
        if self.beta != "auto" and self.class_weight != "cbl":
            warnings.warn(
                f"beta={self.beta!r} changes nothing with class_weight="
                f"{self.class_weight!r}; set class_weight='cbl' to use it",
                stacklevel=5,  # the caller of fit, which scikit-learn wraps
            )

    def _set_class_weight(self, class_count: NDArray[np.float64]) -> None:
        """Weigh the classes by their sizes; a class without rows weighs nothing."""
        known = (class_count > 0) | isinstance(self.class_weight, Mapping)
        class_weight = np.zeros(len(class_count))
        class_weight[known] = weight_of_classes(
            self.class_weight, self.classes_[known], class_count[known], self.beta
        )
        self.class_weight_ = class_weight
        self.beta_ = resolve_beta(self.beta, class_count)
        self.class_count_ = class_count
        self.effective_class_size_ = effective_class_size(class_count, class_weight)

    @torch.inference_mode(False)
    @torch.enable_grad()  # whatever mode the user is in
    @one_thread_in_workers()
    def _prepare_net(
        self, fresh: bool, data: TrainingData, random_state: RandomState
    ) -> None:
        """Build the network, or give it the parameters that it can change."""
        params = self.get_params(deep=False)
        if fresh:
            self._build(params, data.X.dtype, random_state)
        update_net(self.net_, params, self._log_class_share())
        self._net_params = net_params(params)

    def _check_goes_on(self, fresh: bool, data: TrainingData) -> None:
        """Refuse what a trained network cannot go on with, before it is changed."""
        check_callbacks(self.callbacks or [])
        if fresh:
            return
        self._batch_size(len(data.y))
        resolve_device(self.device)
        for name, value in fixed_params(self.get_params(deep=False)).items():
            if value != self._net_params[name]:
                raise ValueError(
                    f"{name} changed from {self._net_params[name]!r} to {value!r}, but "
                    "warm_start and partial_fit go on with the same network and "
                    "solver; fit with warm_start=False to start anew"
                )

    def _build(
        self, params: dict[str, Any], X_dtype: DTypeLike, random_state: RandomState
    ) -> None:
        device = resolve_device(self.device)
        seeds = random_state.randint(np.iinfo(np.int32).max, size=2)
        self.net_ = build_net(
            params,
            n_features=self.n_features_in_,
            n_classes=len(self.classes_),
            seed=int(seeds[0]),
            device=device,
            dtype=working_dtype(X_dtype, device),
        )
        self._stream = RandomStream(int(seeds[1]))
        self.loss_curve_, self.validation_scores_ = [], None

    @torch.inference_mode(False)
    @torch.enable_grad()  # whatever mode the user is in
    @one_thread_in_workers()
    def _train(
        self,
        data: TrainingData,
        max_iter: int,
        watchers: list[Watcher],
        inference_statistics: str,
        is_part: bool = False,
    ) -> None:
        """Train for some epochs and set the fitted attributes."""
        net, device = self.net_, resolve_device(self.device)
        move_net(net, device)
        net.batch_size = self._batch_size(len(data.y))
        n = rows_per_batch(self._class_rows, net.batch_size)
        self._set_norm_class_weight(n)
        mean_class_weight = self._mean_class_weight() if is_part else None
        rows = self._rows(data, device, mean_class_weight)
        self.inference_statistics_ = resolve_statistics(
            inference_statistics, n, net.weighted_norm
        )
        net.inference_statistics = self.inference_statistics_
        set_learning_rate(net, self.learning_rate_init)
        generator = self._stream.generator(device)
        self._tau = self.logit_adjustment
        try:
            with self._callbacks(watchers):
                losses = net.train_rows(rows, max_iter, generator, self.shuffle)
            self._stream.keep(generator)
            self._fold()
            self._add_to_curves(losses, watchers)
        except BaseException:  # an interrupt, too, may leave the old predictions
            self._forget()
            raise

    def _add_to_curves(self, losses: list[float], watchers: list[Watcher]) -> None:
        """Add the new epochs, not from the history: a callback may load another."""
        validations = [w for w in watchers if isinstance(w, Validation)]
        scores = validations[0].scores_ if validations else []
        self.loss_curve_ = [*self.loss_curve_, *losses]
        self.n_iter_ = len(losses)
        self.validation_scores_ = [*(self.validation_scores_ or []), *scores] or None
        self.best_validation_score_ = best_score(scores)

    def _set_norm_class_weight(self, n: NDArray[np.float64]) -> None:
        """Weigh the classes in the norms, knowing what mini-batches hold of them."""
        weighted = self.normalization == "wbn"
        self.norm_class_weight_ = norm_class_weight(
            self.class_weight_,
            self.class_count_,
            n,
            cap=self.cap_rare_classes,
            power=self.norm_weight_power if weighted else 0.0,
        )

    def _mean_class_weight(self) -> float:
        """Return the mean class weight of all rows so far, in earlier parts too."""
        count = self.class_count_
        return float(count @ self.class_weight_ / count.sum())

    def _rows(
        self, data: TrainingData, device: torch.device, mean_class_weight: float | None
    ) -> Rows:
        codes, f = class_codes(self.classes_, data.y), data.frequency
        # Norms without weights may still be asked for weighted inference statistics.
        weighted = self.normalization == "wbn"
        c = self.norm_class_weight_ if weighted else self.class_weight_
        weight, norm_weight = self.class_weight_[codes], c[codes]
        if f is not None:
            weight, norm_weight = weight * f, norm_weight * f
        return Rows(
            X=as_tensor(data.X, device),
            index=torch.from_numpy(data.index).to(device),
            y=torch.from_numpy(codes).to(device),
            weight=torch.from_numpy(weight).to(device),
            norm_weight=torch.from_numpy(norm_weight).to(device),
            frequency=None if f is None else torch.from_numpy(f).to(device),
            mean_class_weight=mean_class_weight,
        )

    def _batch_size(self, n_samples: int) -> int:
        batch_size = self.batch_size
        if batch_size == "auto":
            batch_size = _AUTO_BATCH_SIZE
        if batch_size == 1 and self.normalization is not None:
            raise ValueError(
                "batch_size=1 leaves nothing to normalize, a batch of one has no "
                "variance; use at least 2, or normalization=None"
            )
        return min(int(batch_size), n_samples)

    def _watchers(self, data: TrainingData, held_out: HeldOut | None) -> list[Watcher]:
        """Return the callbacks of one fit, in the order they are called."""
        watchers: list[Watcher] = []
        if held_out is not None:
            scorer = check_scoring(self, self.scoring or "balanced_accuracy")

            def score() -> float:
                self._fold()
                return held_out.score(self, scorer)

            watchers.append(Validation(score, restore_best=self.early_stopping))
        if self.verbose:
            watchers.append(Progress(self.max_iter))
        if hasattr(self, "_skl_callbacks"):
            context = self._init_callback_context(max_subtasks=self.max_iter)
            watchers.append(FitTasks(self, context, data, self._folded_network))
        patience = self.n_iter_no_change
        if self.early_stopping:
            watchers.append(Plateau("valid_score", self.tol, patience or _PATIENCE))
        elif patience is not None:
            watchers.append(Plateau("train_loss", self.tol, patience))
        return watchers

    @contextmanager
    def _callbacks(self, watchers: list[Watcher]) -> Iterator[None]:
        """Give the net its callbacks; afterwards it keeps the user's only.

        Ours refer to the estimator and to held-out data, which do not belong
        into a pickle. The user's are copied: `fit` changes no parameter.
        """
        net = self.net_
        ours = [(f"sklearn_wbn_{type(w).__name__}", w) for w in watchers]
        net.callbacks = ours + deepcopy(self.callbacks or [])
        net.callbacks_ = []
        try:
            net.initialize_callbacks()
            yield
        finally:
            for watcher in watchers:
                if isinstance(watcher, Progress):
                    watcher.close()  # of a training that has failed
            net.callbacks = net.callbacks[len(ours) :]
            net.callbacks_ = net.callbacks_[len(ours) :]

    def _warn_if_not_converged(self, watchers: list[Watcher]) -> None:
        plateau = next((w for w in watchers if isinstance(w, Plateau)), None)
        if plateau is None or plateau.stopped_ or self.n_iter_ < self.max_iter:
            return
        advice = "wait for fewer (n_iter_no_change)"
        if not self.early_stopping:
            advice = "train for a fixed number (n_iter_no_change=None)"
        warnings.warn(
            f"{plateau.monitor} did not stop training within max_iter="
            f"{self.max_iter} epochs; allow more, or {advice}",
            ConvergenceWarning,
            stacklevel=4,  # the caller of fit, which scikit-learn wraps
        )

    def _log_class_share(self) -> torch.Tensor:
        """Return `log(N_k / N)`; a class without rows counts as the smallest."""
        count = self.class_count_
        smallest = count[count > 0].min()
        return torch.from_numpy(np.log(np.maximum(count, smallest) / count.sum()))

    def _fold(self) -> None:
        self._folded = self._folded_network()

    def _folded_network(self) -> FoldedNetwork:
        """Make the network that predicts: norms and logit adjustment folded in."""
        shift = None
        if self._tau > 0:
            parameter = next(self.net_.module_.parameters())
            shift = (-self._tau * self._log_class_share()).to(parameter)
        return FoldedNetwork(self.net_.module_.folded(shift))

    def __getstate__(self) -> dict[str, Any]:
        """Return plain data, so that pickle, joblib and skops store the same."""
        state: dict[str, Any] = copy(super().__getstate__())
        if "net_" in state:
            state["net_"] = net_to_plain(self.net_, self._net_params)
            state["_stream"] = to_plain(asdict(self._stream))
        if "_folded" in state:
            state["_folded"] = None  # made again from `net_`
        return state

    @torch.inference_mode(False)  # else what is loaded could not train on
    @one_thread_in_workers()
    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "net_" in state:
            self.net_ = net_from_plain(
                state["net_"], self._net_params, self._log_class_share()
            )
            self._stream = RandomStream(**from_plain(state["_stream"]))
        if "_folded" in state:
            self._fold()
