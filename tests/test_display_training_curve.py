"""The training curve shows what the estimator recorded."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import TrainingCurveDisplay
from tests.samples import imbalanced, quick, real_table

pytestmark = pytest.mark.usefixtures("close_figures")


def test_curves_are_those_of_the_estimator():
    X_train, X_test, y_train, y_test = real_table("cancer")
    clf = quick(max_iter=10).fit(X_train, y_train, X_val=X_test, y_val=y_test)
    display = TrainingCurveDisplay.from_estimator(clf)
    assert display.line_.get_xdata().tolist() == list(range(1, 11))
    assert display.line_.get_ydata().tolist() == clf.loss_curve_
    assert display.score_line_.get_ydata().tolist() == clf.validation_scores_
    assert display.best_.get_ydata().tolist() == [clf.best_validation_score_]
    assert display.best_epoch == 1 + np.argmax(clf.validation_scores_)
    assert display.ax_.get_xlabel() == "Epoch"
    assert display.ax_.get_ylabel() == "Training loss"
    assert display.score_ax_.get_ylabel() == "Balanced accuracy"
    assert display.figure_ is display.ax_.figure is display.score_ax_.figure


def test_without_validation_there_is_one_axis():
    display = TrainingCurveDisplay.from_estimator(quick().fit(*imbalanced()))
    assert display.score_ax_ is display.score_line_ is display.best_ is None
    assert display.figure_.axes == [display.ax_]


def test_scores_of_a_warm_start_stand_at_their_epochs():
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y)
    clf.set_params(max_iter=2).fit(X, y, X_val=X, y_val=y)
    display = TrainingCurveDisplay.from_estimator(clf)
    scores = display.score_line_.get_ydata()
    assert np.isnan(scores[:3]).all()
    assert scores[3:].tolist() == clf.validation_scores_
    assert display.best_epoch > 3


def test_axes_names_and_styles_can_be_given():
    X, y = imbalanced()
    clf = quick(scoring="f1").fit(X, y, X_val=X, y_val=y)
    figure, ax = plt.subplots()
    display = TrainingCurveDisplay.from_estimator(
        clf, ax=ax, score_name="F", line_kw={"c": "red"}, score_kw={"ls": "--"}
    )
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert display.line_.get_color() == "red"
    assert display.score_line_.get_linestyle() == "--"
    assert display.score_ax_.get_ylabel() == "F"
    assert display.plot().score_ax_.get_ylabel() == "F1"


def test_numbers_alone_can_be_drawn():
    display = TrainingCurveDisplay(loss=[3, 2, 1], validation_scores=[0.5, 0.7, 0.6])
    assert display.plot() is display
    assert display.best_ is None
    assert display.score_ax_.get_ylabel() == "Score"


def test_classifier_is_found_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), quick()).fit(*imbalanced())
    assert len(TrainingCurveDisplay.from_estimator(pipeline).loss) == 3


def test_an_unfitted_estimator_is_refused():
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(quick())


def test_another_classifier_is_refused():
    other = MLPClassifier((2,), max_iter=1000, tol=1).fit(*imbalanced())
    with pytest.raises(TypeError, match=r"WBNMLPClassifier, .* got MLPClassifier"):
        TrainingCurveDisplay.from_estimator(other)
