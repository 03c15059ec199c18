"""Early stopping, held-out rows, and scores that the restored weights reproduce."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import balanced_accuracy_score, get_scorer, make_scorer

from sklearn_wbn._held_out import stratified_holdout
from tests.samples import imbalanced, quick

STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]
SCORERS = [None, "accuracy", "f1_macro", "roc_auc", "neg_log_loss", "average_precision"]

# Noisy labels, few rows and large steps: the best epoch is not the last one.
NOISY = {"max_iter": 60, "learning_rate_init": 0.2, "batch_size": 16, "tol": 1e-9}


def noisy():
    X, y = imbalanced(160)
    rng = np.random.default_rng(0)
    return X + 2 * rng.normal(size=X.shape), y


def halves():
    X, y = noisy()
    return X[:80], y[:80], X[80:], y[80:]


def stops(**params):
    """An estimator that stops early on noisy data, hence without a warning."""
    return quick(**NOISY | {"early_stopping": True, "n_iter_no_change": 4} | params)


class InTurn:
    """A scorer that gives prepared scores, one after the other."""

    def __init__(self, *scores):
        self.scores = iter(scores)

    def __call__(self, classifier, X, y):
        return next(self.scores)


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("scoring", SCORERS)
def test_restored_network_has_exactly_the_best_score(scoring, statistics):
    X, y, X_val, y_val = halves()
    clf = stops(scoring=scoring, inference_statistics=statistics)
    clf.fit(X, y, X_val=X_val, y_val=y_val)
    score = get_scorer(scoring or "balanced_accuracy")(clf, X_val, y_val)
    assert score == clf.best_validation_score_ == max(clf.validation_scores_)
    assert clf.n_iter_ == len(clf.validation_scores_) == len(clf.loss_curve_)
    assert clf.n_iter_ < clf.max_iter


def test_best_weights_are_not_the_last_ones():
    X, y, X_val, y_val = halves()
    clf = stops().fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.validation_scores_[-1] < clf.best_validation_score_


def test_of_equal_scores_the_first_epoch_wins():
    X, y, X_val, y_val = halves()
    clf = stops(scoring=lambda *_: 0.5, inference_statistics="moving")
    first = quick(**NOISY | {"max_iter": 1}, inference_statistics="moving")
    assert np.array_equal(
        clf.fit(X, y, X_val=X_val, y_val=y_val).decision_function(X),
        first.fit(X, y).decision_function(X),
    )


def test_without_early_stopping_validation_only_watches():
    X, y, X_val, y_val = halves()
    clf = quick(**NOISY).fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.n_iter_ == clf.max_iter == len(clf.validation_scores_)
    score = balanced_accuracy_score(y_val, clf.predict(X_val))
    assert score == clf.validation_scores_[-1]


@pytest.mark.parametrize("statistics", STATISTICS)
def test_watching_does_not_change_the_result(statistics):
    X, y, X_val, y_val = halves()
    params = {"inference_statistics": statistics, "batch_size": 16}
    alone = quick(**params).fit(X, y)
    watched = quick(**params).fit(X, y, X_val=X_val, y_val=y_val)
    assert np.array_equal(alone.decision_function(X), watched.decision_function(X))


def test_any_callable_may_score():
    def recall_of_the_minority(clf, X, y):
        return clf.predict(X)[y == 1].mean()

    X, y, X_val, y_val = halves()
    clf = stops(scoring=recall_of_the_minority).fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.best_validation_score_ == recall_of_the_minority(clf, X_val, y_val)


def test_metric_in_place_of_a_scorer_is_refused_before_training():
    clf = stops(scoring=balanced_accuracy_score)
    with pytest.raises(ValueError, match="use `make_scorer`"):
        clf.fit(*noisy())
    assert not hasattr(clf, "net_") or not clf.net_.history


def test_scorer_of_several_scores_is_refused():
    with pytest.raises(TypeError, match=r"must give one number, got \{'f1': 1.0\}"):
        stops(scoring=lambda clf, X, y: {"f1": 1.0}).fit(*noisy())


def test_scorer_sees_the_logit_adjustment():
    X, y, X_val, y_val = halves()
    scores = [
        quick(logit_adjustment=tau, scoring="neg_log_loss")
        .fit(X, y, X_val=X_val, y_val=y_val)
        .validation_scores_
        for tau in (0.0, 2.0)
    ]
    assert not np.allclose(*scores)


@pytest.mark.parametrize("scoring", [None, "accuracy", "neg_log_loss"])
def test_weights_of_held_out_rows_equal_repeated_rows(scoring):
    X, y, X_val, y_val = halves()
    f = np.arange(len(y_val)) % 4
    weighted = quick(scoring=scoring).fit(
        X, y, X_val=X_val, y_val=y_val, sample_weight_val=f
    )
    repeated = quick(scoring=scoring).fit(
        X, y, X_val=X_val.repeat(f, axis=0), y_val=y_val.repeat(f)
    )
    np.testing.assert_allclose(
        weighted.validation_scores_, repeated.validation_scores_, rtol=1e-12
    )


def test_weights_of_rows_held_out_by_early_stopping_reach_the_scorer():
    seen = []

    def metric(y_true, y_pred, sample_weight=None):
        seen.append(sample_weight)
        return balanced_accuracy_score(y_true, y_pred, sample_weight=sample_weight)

    X, y = noisy()
    weight = np.linspace(1, 2, len(y))
    clf = stops(scoring=make_scorer(metric)).fit(X, y, sample_weight=weight)
    assert len(seen) == clf.n_iter_
    assert set(seen[0]) < set(weight)
    np.testing.assert_allclose(clf.class_count_.sum() + seen[0].sum(), weight.sum())


@pytest.mark.parametrize(
    ("fraction", "held"), [(0.1, (14, 2)), (0.25, (36, 4)), (0.99, (143, 15))]
)
def test_early_stopping_holds_out_a_share_of_every_class(fraction, held):
    X, y = noisy()
    assert np.bincount(y).tolist() == [144, 16]
    clf = stops(validation_fraction=fraction).fit(X, y)
    assert clf.class_count_.tolist() == [144 - held[0], 16 - held[1]]


@pytest.mark.parametrize("n_minority", [1, 2, 3])
def test_very_few_minority_rows_are_on_both_sides_if_they_can_be(n_minority):
    X, y = noisy()
    rows = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:n_minority]])
    clf = stops().fit(X[rows], y[rows])
    assert clf.class_count_[1] == max(1, n_minority - 1)
    assert np.isfinite(clf.validation_scores_).all()


def test_holdout_covers_every_row_once_and_every_class():
    y = np.repeat(["a", "b", "c", "d"], [1, 2, 9, 50])
    train, held_out = stratified_holdout(y, 0.2, np.random.RandomState(0))
    assert sorted([*train, *held_out]) == list(range(len(y)))
    labels, counts = np.unique(y[held_out], return_counts=True)
    assert dict(zip(labels, counts.tolist(), strict=True)) == {"b": 1, "c": 2, "d": 10}


def test_holdout_depends_on_the_random_state():
    y = np.repeat([0, 1], 20)
    first, second = (
        stratified_holdout(y, 0.2, np.random.RandomState(seed))[1] for seed in (0, 1)
    )
    assert first.tolist() != second.tolist()


def test_holding_out_needs_a_class_of_two_rows():
    with pytest.raises(ValueError, match="a class with at least two rows"):
        quick(early_stopping=True).fit(np.eye(3), [0, 1, 2])


def test_early_stopping_takes_the_given_rows_instead_of_holding_out():
    X, y, X_val, y_val = halves()
    clf = stops().fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.class_count_.sum() == len(y)


def test_stopping_waits_as_long_as_it_is_told():
    X, y, X_val, y_val = halves()
    for patience in (1, 3):
        clf = stops(n_iter_no_change=patience).fit(X, y, X_val=X_val, y_val=y_val)
        before, waited = np.split(clf.validation_scores_, [-patience - 1])
        assert waited.max() <= before.max()


def test_early_stopping_alone_waits_for_ten_epochs():
    X, y, X_val, y_val = halves()
    clf = stops(n_iter_no_change=None, tol=9.0).fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.n_iter_ == 1 + 11


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_plateau_of_the_training_loss_stops(patience):
    X, y = imbalanced()
    clf = quick(max_iter=50, n_iter_no_change=patience, tol=10.0).fit(X, y)
    assert clf.n_iter_ == 1 + patience + 1
    assert clf.validation_scores_ is None


def test_tolerance_decides_what_an_improvement_is():
    X, y = imbalanced()
    strict, lax = (
        quick(max_iter=400, n_iter_no_change=2, tol=tol, learning_rate_init=0.05)
        for tol in (1e-1, 1e-3)
    )
    assert strict.fit(X, y).n_iter_ < lax.fit(X, y).n_iter_ < 400


@pytest.mark.parametrize("early_stopping", [False, True])
def test_reaching_the_last_epoch_before_a_plateau_is_a_warning(early_stopping):
    X, y = imbalanced()
    monitor = "valid_score" if early_stopping else "train_loss"
    clf = quick(n_iter_no_change=5, early_stopping=early_stopping)
    with pytest.warns(ConvergenceWarning, match=f"{monitor} .* max_iter=3 e") as told:
        clf.fit(X, y)
    assert clf.n_iter_ == 3
    assert told[0].filename == __file__
    assert ("n_iter_no_change=None" in str(told[0].message)) != early_stopping


def test_stopping_in_the_last_epoch_is_no_warning():
    clf = quick(max_iter=3, n_iter_no_change=1, tol=9.0).fit(*imbalanced())
    assert clf.n_iter_ == 3


def test_running_all_epochs_without_stopping_is_no_warning():
    assert quick().fit(*imbalanced()).n_iter_ == 3


def test_best_score_is_that_of_the_last_call():
    X, y, X_val, y_val = halves()
    clf = stops(warm_start=True).fit(X, y, X_val=X_val, y_val=y_val)
    n_first = clf.n_iter_
    best = clf.best_validation_score_
    clf.fit(X, y, X_val=X_val, y_val=1 - y_val)  # where it is mostly wrong
    assert len(clf.validation_scores_) == n_first + clf.n_iter_
    assert clf.best_validation_score_ == max(clf.validation_scores_[n_first:]) < best
    score = balanced_accuracy_score(1 - y_val, clf.predict(X_val))
    assert score == clf.best_validation_score_


def test_a_score_of_nan_is_told_and_is_never_the_best():
    X, y, X_val, y_val = halves()
    clf = quick(max_iter=3, scoring=InTurn(np.nan, 0.4, np.nan))
    with pytest.warns(UserWarning, match="scoring gave nan in epoch") as told:
        clf.fit(X, y, X_val=X_val, y_val=y_val)
    assert [str(w.message).split(";")[0][-7:] for w in told] == ["epoch 1", "epoch 3"]
    assert clf.best_validation_score_ == 0.4


def test_where_every_score_is_nan_so_is_the_best():
    X, y, X_val, y_val = halves()
    clf = quick(max_iter=2, scoring=InTurn(np.nan, np.nan))
    with pytest.warns(UserWarning, match="scoring gave nan"):
        clf.fit(X, y, X_val=X_val, y_val=y_val)
    assert np.isnan(clf.best_validation_score_)


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        (lambda X, y: {"X_val": X}, "X_val was given without y_val"),
        (lambda X, y: {"y_val": y}, "y_val was given without X_val"),
        (lambda X, y: {"sample_weight_val": y}, "without X_val and y_val"),
        (lambda X, y: {"X_val": X, "y_val": y + 5}, r"y_val.*labels \[5, 6\]"),
        (lambda X, y: {"X_val": X, "y_val": y[1:]}, "inconsistent numbers of samples"),
        (lambda X, y: {"X_val": X[:, 1:], "y_val": y}, "held-out.* X has 3 features"),
        (lambda X, y: {"X_val": X * np.nan, "y_val": y}, "contains NaN"),
    ],
)
def test_held_out_rows_that_do_not_fit(held_out, message):
    X, y = imbalanced()
    with pytest.raises(ValueError, match=message):
        quick().fit(X, y, **held_out(X, y))


@pytest.mark.parametrize(
    ("weight", "message"),
    [(-1.0, "Negative values"), (np.nan, "contains NaN"), (0.0, "non-zero")],
)
def test_weights_of_held_out_rows_that_make_no_sense(weight, message):
    X, y = imbalanced()
    weights = np.full(len(y), weight)
    with pytest.raises(ValueError, match=f"sample_weight_val.*{message}"):
        quick().fit(X, y, X_val=X, y_val=y, sample_weight_val=weights)


def test_held_out_rows_may_miss_a_class():
    X, y = imbalanced(n_classes=3)
    clf = quick().fit(X, y, X_val=X[y < 2], y_val=y[y < 2])
    assert np.isfinite(clf.validation_scores_).all()
