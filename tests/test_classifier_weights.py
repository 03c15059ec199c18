"""`sample_weight` means repetition: weights equal repeated rows, zero is absence."""

import numpy as np
import pytest
import sklearn
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.samples import imbalanced, quick

# Rounding, in a full batch and float64.
EXACT = {"rtol": 1e-12, "atol": 1e-12}

CLASS_WEIGHTS = ["icf", "cbl", "balanced", None, {0: 0.5, 2: 6.0}]
STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]
VARIANCES = ["reliability", "frequency", "biased"]
NORMALIZATIONS = ["wbn", "bn", None]


@pytest.fixture
def weighted():
    """X, y and weights from 0 to 3, so that every class holds each of them."""
    X, y = imbalanced(60, n_classes=3)
    return X, y, np.random.default_rng(1).permutation(np.arange(60) % 4)


def assert_equal_fits(first, second, X):
    np.testing.assert_allclose(
        first.decision_function(X), second.decision_function(X), **EXACT
    )
    np.testing.assert_allclose(first.loss_curve_, second.loss_curve_, **EXACT)
    np.testing.assert_allclose(first.class_count_, second.class_count_, **EXACT)
    np.testing.assert_allclose(first.class_weight_, second.class_weight_, **EXACT)


def fit_weighted_and_repeated(weighted, **params):
    X, y, f = weighted
    full_batch = quick(batch_size=1000, **params)
    return (
        full_batch.fit(X, y, sample_weight=f),
        quick(batch_size=1000, **params).fit(X.repeat(f, axis=0), y.repeat(f)),
    )


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("class_weight", CLASS_WEIGHTS, ids=str)
def test_integer_weights_equal_repeated_rows(
    weighted, class_weight, variance, statistics, normalization
):
    params = {
        "class_weight": class_weight,
        "variance": variance,
        "inference_statistics": statistics,
        "normalization": normalization,
    }
    assert_equal_fits(*fit_weighted_and_repeated(weighted, **params), weighted[0])


@pytest.mark.parametrize(
    "params",
    [
        {"loss_normalization": "constant"},
        {"loss": "balanced_softmax"},
        {"logit_adjustment": 1.0},
        {"class_weight": "cbl", "beta": 0.9},
        {"hidden_layer_sizes": (8, 5), "alpha": 0.1, "solver": "sgd"},
        {"shuffle": False, "inference_statistics": "population"},
    ],
    ids=str,
)
def test_integer_weights_equal_repeated_rows_under_other_options(weighted, params):
    assert_equal_fits(*fit_weighted_and_repeated(weighted, **params), weighted[0])


def test_partial_fit_with_integer_weights_equals_repeated_rows(weighted):
    X, y, f = weighted
    first, second = quick(batch_size=1000), quick(batch_size=1000)
    for rows in (slice(0, 30), slice(30, 60)):
        first.partial_fit(X[rows], y[rows], classes=[0, 1, 2], sample_weight=f[rows])
        second.partial_fit(
            X[rows].repeat(f[rows], axis=0),
            y[rows].repeat(f[rows]),
            classes=[0, 1, 2],
        )
    assert_equal_fits(first, second, X)


def test_unit_weights_equal_no_weights():
    X, y = imbalanced()
    plain, ones = quick(batch_size=32).fit(X, y), quick(batch_size=32)
    assert_equal_fits(plain, ones.fit(X, y, np.ones(len(y))), X)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_of_weight_zero_are_as_if_absent(weighted, early_stopping):
    X, y, f = weighted
    X = np.where(f[:, None] == 0, 1e6, X)
    # Stops after three epochs: no score improves by ten.
    stopping = {"n_iter_no_change": 1, "tol": 10.0} if early_stopping else {}
    params = {"batch_size": 16, "early_stopping": early_stopping, "max_iter": 9}
    first = quick(**params, **stopping).fit(X, y, f)
    second = quick(**params, **stopping).fit(X[f > 0], y[f > 0], f[f > 0])
    assert first.validation_scores_ == second.validation_scores_
    assert np.array_equal(first.decision_function(X), second.decision_function(X))


def test_class_with_weight_zero_only_is_not_a_class():
    X, y = imbalanced(n_classes=3)
    clf = quick().fit(X, y, (y != 1).astype(float))
    assert clf.classes_.tolist() == [0, 2]


def test_weights_may_be_fractions_lists_and_scalars():
    X, y = imbalanced()
    half = quick().fit(X, y, sample_weight=[0.5] * len(y))
    assert half.class_count_.sum() == len(y) / 2
    assert quick().fit(X, y, sample_weight=2.0).class_count_.sum() == 2 * len(y)
    tiny = quick().fit(X, y, sample_weight=np.full(len(y), 1e-9))
    assert np.isfinite(tiny.predict_proba(X)).all()


@pytest.mark.parametrize("variance", ["reliability", "biased"])
def test_weights_that_sum_below_one_are_defined(variance):
    X, y = imbalanced()
    clf = quick(variance=variance, class_weight=None)
    clf.fit(X, y, np.full(len(y), 1e-3))
    assert np.isfinite(clf.predict_log_proba(X)).all()


def test_fit_does_not_change_the_weights(weighted):
    X, y, f = weighted
    f = f.astype(float)
    before = f.copy()
    quick().fit(X, y, f)
    assert np.array_equal(f, before)


def test_score_takes_weights(weighted):
    X, y, f = weighted
    clf = quick().fit(X, y, f)
    repeated = clf.score(X.repeat(f, axis=0), y.repeat(f))
    assert clf.score(X, y, sample_weight=f) == pytest.approx(repeated, rel=1e-14)


def test_weights_are_routed_through_a_pipeline_and_a_search(weighted):
    X, y, f = weighted
    with sklearn.config_context(enable_metadata_routing=True):
        clf = quick(class_weight="cbl").set_fit_request(sample_weight=True)
        scorer = get_scorer("balanced_accuracy").set_score_request(sample_weight=True)
        search = GridSearchCV(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=True), clf),
            {"wbnmlpclassifier__beta": [0.5, 0.9]},
            cv=2,
            scoring=scorer,  # Pipeline.score cannot be asked to in scikit-learn 1.6
        ).fit(X, y, sample_weight=f)
    best = search.best_estimator_[-1]
    assert best.class_count_.tolist() == np.bincount(y, weights=f).tolist()
    assert not sklearn.get_config()["enable_metadata_routing"]


def test_validation_data_is_routed(weighted):
    X, y, f = weighted
    with sklearn.config_context(enable_metadata_routing=True):
        names = {"sample_weight", "X_val", "y_val", "sample_weight_val"}
        clf = quick().set_fit_request(**dict.fromkeys(names, True))
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        model = make_pipeline(scaler, clf, transform_input=["X_val"])
        model.fit(X, y, X_val=X, y_val=y, sample_weight_val=f, sample_weight=f)
    scaled = model[0].transform(X)
    direct = quick().fit(scaled, y, f, X_val=scaled, y_val=y, sample_weight_val=f)
    assert model[-1].validation_scores_ == direct.validation_scores_


def test_weights_that_are_not_requested_are_an_error(weighted):
    X, y, f = weighted
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=r"sample_weight.*not explicitly set"),
    ):
        make_pipeline(quick()).fit(X, y, sample_weight=f)
