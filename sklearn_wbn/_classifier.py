"""`WBNMLPClassifier`: parameters and public methods; the steps are in `_fitting`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import torch
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from sklearn_wbn._constraints import CONSTRAINTS
from sklearn_wbn._fitting import NetClassifier
from sklearn_wbn._held_out import check_held_out, split_held_out
from sklearn_wbn._prediction import PredictionMixin
from sklearn_wbn._training_data import TrainingData


class WBNMLPClassifier(PredictionMixin, NetClassifier):
    """Neural network for imbalanced classes, with weighted batch normalization.

    A multi-layer perceptron trained on a loss that is weighted by class, whose
    batch normalization computes mean and variance with the loss's own weights, so
    that the two agree about how large each class is, or with milder ones.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(300, 300)
        Number of units of each hidden layer; empty gives a linear model.
    activation : {"tanh", "relu", "logistic", "identity", "gelu", "silu"}, \
default="tanh"
        Activation of the hidden layers.
    class_weight : {"icf", "cbl", "balanced"}, dict or None, default="icf"
        Weight of each class in the loss and, with ``normalization="wbn"``, in the
        normalization: inverse class frequency, equation (5); class-balanced loss
        with `beta`, equation (6); scikit-learn's ``"balanced"``, which is ICF in
        another unit; a dict from label to weight; None for no weights.
    beta : float in [0, 1) or "auto", default="auto"
        Parameter of ``class_weight="cbl"``, unused by others: 0 weights all classes
        alike, toward 1 the weights approach ICF. ``"auto"`` is ``(N - 1) / N``.
    normalization : {"wbn", "bn"} or None, default="wbn"
        Weighted batch normalization, plain batch normalization, or none.
    variance : {"reliability", "frequency", "biased"}, default="reliability"
        Normaliser of the variance: equation (25), unbiased for importances;
        ``Z - 1``, of the authors' 2019 predecessor; or ``Z``, as torch normalises.
    norm_weight_power : float in [0, 1] or "auto", default="auto"
        Power of the class weights in the normalization: 1 takes them as they are in the
        loss, as the paper does; 0 is plain batch normalization. ``"auto"`` is 0.5 where
        a mini-batch holds on average one row of some class but the largest, else 1.
    cap_rare_classes : bool or "auto", default="auto"
        Whether a class with fewer training rows than there are mini-batches weighs
        less in the normalization than in the loss: see the notes. ``"auto"`` caps
        in the same case. False is the paper.
    inference_statistics : {"auto", "batch_mean", "moving", "population", \
"weighted_population"}, default="auto"
        What a new row is normalized with: the average over the mini-batches (the
        paper); the exponential moving average kept while training; mean and
        variance over all training rows; the same with class weights. All but
        ``"moving"`` come from one pass after training. ``"auto"`` takes all training
        rows, with class weights where ``normalization="wbn"`` and a mini-batch holds
        on average four rows of some class but the largest: see the notes.
    loss_normalization : {"batch", "constant"}, default="constant"
        What the loss of a mini-batch is divided by: the sum of its weights (the
        paper), or the batch size times the mean training weight, which follows
        equation (2).
    logit_adjustment : float, default=0.0
        Subtracts this many times the log of the class share from the logits at
        prediction; greater values favour rare classes. 0 changes nothing.
    dropout : float, default=0.0
        Share of hidden units dropped in training.
    alpha : float, default=0.0
        Weight decay of the affine maps, handed to the solver.
    solver : {"adamax", "adam", "adamw", "sgd"} or torch optimizer class, \
default="adamax"
        Optimizer. ``"sgd"`` has Nesterov momentum 0.9 as in `MLPClassifier`.
    solver_kwargs : dict, default=None
        More arguments of the optimizer.
    learning_rate_init : float, default=0.002
        Learning rate.
    loss : {"cross_entropy", "balanced_softmax"}, default="cross_entropy"
        ``"balanced_softmax"`` adds the log class share to the logits in training.
    batch_size : int or "auto", default=128
        Rows of a mini-batch; ``"auto"`` is 200. A last batch of one row joins the
        one before.
    max_iter : int, default=200
        Number of epochs. All are run unless stopping is switched on.
    shuffle : bool, default=True
        Whether the rows are shuffled every epoch.
    warm_start : bool, default=False
        Whether `fit` goes on with the network of the last call.
    random_state : int, RandomState or None, default=None
        Determines initial weights, shuffling, dropout and the validation split.
        An int repeats a fit bit for bit, if none runs in a thread beside it; None
        draws from NumPy's global generator, and torch's are not used.
    verbose : bool or int, default=False
        Whether to show a progress bar.
    tol : float, default=1e-4
        Smallest improvement that counts for stopping.
    n_iter_no_change : int, default=None
        Stop when the training loss, or with `early_stopping` the validation score,
        has not improved for this many epochs. None never stops; with
        `early_stopping` it means 10.
    early_stopping : bool, default=False
        Whether to hold out rows, stop on their score, and restore the best weights.
    validation_fraction : float, default=0.1
        Share of every class that is held out, at least one row of each class that
        has two.
    scoring : str, callable or None, default=None
        Scorer of held-out rows; None is balanced accuracy. Sample weights of
        held-out rows count; a scorer must take them if there are any.
    norm_eps : float, default=1e-8
        Added to the variance.
    norm_momentum : float, default=0.1
        Share of a mini-batch in the moving average.
    device : str or torch.device, default="auto"
        Where to train and predict; ``"auto"`` takes a CUDA device if there is one.
        The device must have float64, which Apple's ``"mps"`` lacks.
    callbacks : list of skorch callbacks, default=None
        More callbacks for training. They are copied; the copies are in
        ``net_.callbacks_``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` had string names.
    class_weight_ : ndarray of shape (n_classes,)
        Weight of a row of each class.
    class_count_ : ndarray of shape (n_classes,)
        Size of each class in training, the sum of its sample weights.
    effective_class_size_ : ndarray of shape (n_classes,)
        Size of each class under its weight, equations (3) and (7).
    norm_class_weight_ : ndarray of shape (n_classes,)
        Weight of a row of each class in the normalization: `class_weight_`, after what
        `cap_rare_classes` and `norm_weight_power` do to it; ones without
        ``normalization="wbn"``.
    beta_ : float
        Value of `beta`, with ``"auto"`` resolved.
    inference_statistics_ : str
        Value of `inference_statistics`, with ``"auto"`` resolved.
    n_iter_ : int
        Number of epochs of the last call.
    loss_curve_ : list of float
        Training loss of each epoch, in nats.
    validation_scores_ : list of float or None
        Score on held-out rows after each epoch.
    best_validation_score_ : float or None
        Greatest of them in the last call.
    net_ : skorch.NeuralNet
        Trained skorch net, with its history.
    module_ : torch.nn.Module
        Trained network, a `sklearn_wbn.nn.WBNMLP`.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : Without class weights or normalization.
    sklearn_wbn.nn.WeightedBatchNorm1d : The layer alone, for torch.

    Notes
    -----
    After Yasuda, Xian & Ueno, *Consistent Batch Normalization for Weighted Loss in
    Imbalanced-Data Environment*, arXiv:2001.01433. The network and the solver are
    theirs by default; `inference_statistics`, `loss_normalization`,
    `norm_weight_power` and `cap_rare_classes` follow the project's study instead. For
    the paper's methods set ``"batch_mean"``, ``"batch"``, 1 and False.

    Where minority rows are rare in the mini-batches, ``"population"`` finds more of
    them than the other statistics; where every mini-batch holds several, it gives
    many false alarms, and ``"weighted_population"`` is what the network was trained
    with. ``"auto"`` draws the line at four rows: ``batch_size * N_k / N`` of the
    second largest class.

    Of a class with fewer rows than there are mini-batches, ``n_k < 1`` rows are in one
    on average. Where one comes into a mini-batch, its weight ``c_k`` in the loss would
    make the mean nearly the row itself, and its normalized signals nearly zero,
    whatever its features are. `cap_rare_classes` weighs it ``n_k c_k`` in the
    normalization, or as an average row where that is more.

    There are two kinds of weight. `sample_weight` means repetition: fitting with
    integer weights equals fitting on repeated rows, and a row of weight zero is as
    if absent. Class weights are importances. A row weighs the product of the two.

    ``predict_proba`` follows the weighted loss: it estimates class probabilities as
    if the classes had their effective sizes.

    Pickle, joblib and skops store a fitted estimator as plain data. skops asks to
    trust one type, ``"sklearn_wbn._classifier.WBNMLPClassifier"``, unless there are
    callbacks or a solver class.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.metrics import balanced_accuracy_score
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_wbn import WBNMLPClassifier
    >>> X, y = make_classification(2000, weights=[0.95], class_sep=1.5, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, stratify=y, random_state=0
    ... )
    >>> clf = WBNMLPClassifier(hidden_layer_sizes=(32,), max_iter=30, random_state=0)
    >>> clf = clf.fit(X_train, y_train)
    >>> bool(balanced_accuracy_score(y_test, clf.predict(X_test)) > 0.8)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (300, 300),
        activation: str = "tanh",
        *,
        class_weight: str | Mapping[Any, float] | None = "icf",
        beta: float | Literal["auto"] = "auto",
        normalization: Literal["wbn", "bn"] | None = "wbn",
        variance: str = "reliability",
        norm_weight_power: float | Literal["auto"] = "auto",
        cap_rare_classes: bool | Literal["auto"] = "auto",
        inference_statistics: str = "auto",
        loss_normalization: str = "constant",
        logit_adjustment: float = 0.0,
        dropout: float = 0.0,
        alpha: float = 0.0,
        solver: str | type[torch.optim.Optimizer] = "adamax",
        solver_kwargs: dict[str, Any] | None = None,
        learning_rate_init: float = 0.002,
        loss: str = "cross_entropy",
        batch_size: int | Literal["auto"] = 128,
        max_iter: int = 200,
        shuffle: bool = True,
        warm_start: bool = False,
        random_state: int | RandomState | None = None,
        verbose: bool | int = False,
        tol: float = 1e-4,
        n_iter_no_change: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        scoring: str | Callable[..., float] | None = None,
        norm_eps: float = 1e-8,
        norm_momentum: float = 0.1,
        device: str | torch.device = "auto",
        callbacks: list[Callback] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.class_weight = class_weight
        self.beta = beta
        self.normalization = normalization
        self.variance = variance
        self.norm_weight_power = norm_weight_power
        self.cap_rare_classes = cap_rare_classes
        self.inference_statistics = inference_statistics
        self.loss_normalization = loss_normalization
        self.logit_adjustment = logit_adjustment
        self.dropout = dropout
        self.alpha = alpha
        self.solver = solver
        self.solver_kwargs = solver_kwargs
        self.learning_rate_init = learning_rate_init
        self.loss = loss
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.norm_eps = norm_eps
        self.norm_momentum = norm_momentum
        self.device = device
        self.callbacks = callbacks

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data. float32 and float64 keep their precision on a CPU.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How many rows each row counts for; None means one.
        X_val : array-like of shape (n_val, n_features), default=None
            Rows to score after every epoch, instead of held-out training rows.
        y_val : array-like of shape (n_val,), default=None
            Their labels.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their sample weights.

        Returns
        -------
        WBNMLPClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter is not as expected, or the loss diverges.

        Notes
        -----
        Ctrl-C ends training early with a warning; the estimator predicts.
        """
        fresh = self._begins_anew()
        data = TrainingData.check(self, X, y, sample_weight, reset=fresh)
        random_state = check_random_state(self.random_state)
        if fresh:
            self._set_classes(data.y)
        self._check_goes_on(fresh, data)
        held_out = check_held_out(self, X_val, y_val, sample_weight_val)
        if self.early_stopping and held_out is None:
            data, held_out = split_held_out(
                data, self.validation_fraction, random_state
            )
        self._count_classes(data)
        self._prepare_net(fresh, data, random_state)
        watchers = self._watchers(data, held_out)
        self._train(data, self.max_iter, watchers, self.inference_statistics)
        self._warn_if_not_converged(watchers)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a part of the data.

        Class sizes add up over the calls; the mean weight, too, is that of all rows so
        far. New rows are normalized with the moving average, whatever
        `inference_statistics` says: a pass over one part would forget the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Part of the training data.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            How many rows each row counts for; None means one.

        Returns
        -------
        WBNMLPClassifier
            The estimator.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter is not as expected, if `classes` is missing
            in the first call, or with `early_stopping`.
        """
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True: it sees a part of "
                "the data only"
            )
        if not self._is_trained:
            self.__dict__.pop("classes_", None)  # of a first call that failed
        fresh = _check_partial_fit_first_call(self, classes)
        if fresh:
            self._set_classes(self.classes_)
        data = TrainingData.check(self, X, y, sample_weight, reset=fresh)
        self._check_goes_on(fresh, data)
        self._count_classes(data, add=not fresh)
        self._prepare_net(fresh, data, check_random_state(self.random_state))
        self._train(data, 1, [], "moving", is_part=not fresh)
        return self

    @property
    def module_(self) -> torch.nn.Module:
        """Trained torch network; on the CPU after unpickling."""
        check_is_fitted(self, "net_")
        return self.net_.module_  # type: ignore[no-any-return]
