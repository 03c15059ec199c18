"""What a fit that raises leaves behind: a classifier as it was, or an unfitted one."""

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from tests.samples import imbalanced, quick


class Broken(Callback):
    """Fails before training begins."""

    def initialize(self):
        raise ArithmeticError("not ready")


def assert_unfitted(clf, X):
    with pytest.raises(NotFittedError):
        check_is_fitted(clf)
    with pytest.raises(NotFittedError):
        clf.predict(X)


def test_a_first_fit_that_fails():
    X, y = imbalanced()
    clf = quick(batch_size=1)
    with pytest.raises(ValueError, match="batch_size=1"):
        clf.fit(X, y)
    assert_unfitted(clf, X)


def test_a_warm_start_that_diverges_begins_anew_afterwards():
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y)
    clf.set_params(learning_rate_init=1e300)
    with pytest.raises(ValueError, match="loss became"):
        clf.fit(X, y)
    assert_unfitted(clf, X)
    assert_unfitted(pickle.loads(pickle.dumps(clf)), X)
    again = clf.set_params(learning_rate_init=0.002).fit(X, y)
    assert np.array_equal(again.predict_proba(X), quick().fit(X, y).predict_proba(X))


def test_another_fit_that_fails_does_not_leave_the_old_network_with_new_labels():
    X, y = imbalanced()
    clf = quick().fit(X, y)
    with pytest.raises(ValueError, match="features"):
        clf.fit(X, y + 5, X_val=X[:, :2], y_val=y + 5)
    assert_unfitted(clf, X)


@pytest.mark.parametrize("params", [{"alpha": 1.0}, {"batch_size": 1}])
def test_refused_rows_are_not_counted(params):
    X, y = imbalanced()
    clf = quick().partial_fit(X, y, classes=[0, 1])
    before, expected = clf.class_count_.copy(), clf.predict_proba(X)
    with pytest.raises(ValueError, match="|".join(params)):
        clf.set_params(**params).partial_fit(X, y)
    assert np.array_equal(clf.class_count_, before)
    assert np.array_equal(clf.predict_proba(X), expected)


def test_a_callback_that_fails_leaves_no_callbacks_of_ours():
    X, y = imbalanced()
    clf = quick(callbacks=[Broken()], early_stopping=True, verbose=True)
    with pytest.raises(ArithmeticError, match="not ready"):
        clf.fit(X, y)
    assert pickle.loads(pickle.dumps(clf)).net_.callbacks_ == []


def test_rows_that_are_refused_leave_no_network_for_other_features():
    X, y = imbalanced()
    clf = quick().fit(X, y)
    with pytest.raises(ValueError, match="Negative values"):
        clf.fit(X[:, :3], y, sample_weight=-np.ones(len(y)))
    assert_unfitted(clf, X)


class Interrupted(Callback):
    """Ctrl-C where skorch listens no longer."""

    def on_train_end(self, net, **kwargs):
        raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interrupt_at_the_end_leaves_no_old_predictions(early_stopping):
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y)
    clf.set_params(callbacks=[Interrupted()], early_stopping=early_stopping)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert_unfitted(clf, X)


def test_class_weights_that_are_refused_leave_the_old_ones():
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y)
    before, expected = clf.class_weight_.copy(), clf.predict_proba(X)
    with pytest.raises(ValueError, match="class_weight"):
        clf.set_params(class_weight={0: 1, 9: 2}).fit(X, y)
    assert np.array_equal(clf.class_weight_, before)
    assert np.array_equal(clf.predict_proba(X), expected)


@pytest.mark.parametrize("params", [{"callbacks": ["x"]}, {"scoring": "nosuch"}])
def test_a_typo_leaves_a_trained_network_as_it_was(params):
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y)
    expected = clf.predict_proba(X)
    with pytest.raises((TypeError, ValueError), match="|".join(params)):
        clf.set_params(**params).fit(X, y)
    assert np.array_equal(clf.predict_proba(X), expected)
