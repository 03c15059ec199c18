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
