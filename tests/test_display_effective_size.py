"""The class sizes before and after weighting, as bars."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from sklearn_wbn import EffectiveSizeDisplay
from tests.samples import imbalanced, quick, real_table

pytestmark = pytest.mark.usefixtures("close_figures")


def heights(bars):
    return [bar.get_height() for bar in bars]


@pytest.mark.parametrize("class_weight", ["icf", "cbl", None])
def test_bars_are_the_sizes_of_the_estimator(class_weight):
    X, _, y, _ = real_table("digits")
    clf = quick(class_weight=class_weight, max_iter=1).fit(X, y)
    display = EffectiveSizeDisplay.from_estimator(clf)
    before, effective = display.bars_
    assert heights(before) == np.bincount(y).tolist()
    np.testing.assert_allclose(heights(effective), np.bincount(y) * clf.class_weight_)
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == list("0123")
    assert display.ax_.get_yscale() == "log"
    bottom, top = display.ax_.get_ylim()
    assert bottom < min(heights(before) + heights(effective))
    assert top > max(heights(before) + heights(effective))


def test_figure_1_of_the_paper():
    display = EffectiveSizeDisplay(
        class_count=[1, 99], effective_class_size=[100, 100]
    ).plot()
    assert [t.get_text() for t in display.ax_.texts] == ["1", "99", "100", "100"]
    assert display.figure_ is display.ax_.figure


def test_axes_labels_and_style_can_be_given():
    X, y = imbalanced()
    clf = quick().fit(X, np.array(["sound", "faulty"])[y])
    figure, ax = plt.subplots()
    display = EffectiveSizeDisplay.from_estimator(clf, ax=ax, width=0.1)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert [t.get_text() for t in ax.get_xticklabels()] == ["faulty", "sound"]
    assert display.bars_[0][0].get_width() == pytest.approx(0.1)
    display = EffectiveSizeDisplay.from_estimator(clf, display_labels=["a", "b"])
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == ["a", "b"]


def test_a_class_that_weighs_nothing_has_no_bar():
    clf = quick(class_weight={1: 0.0}, max_iter=1).fit(*imbalanced(n_classes=3))
    display = EffectiveSizeDisplay.from_estimator(clf)
    assert heights(display.bars_[1])[1] == 0
    display.figure_.canvas.draw()


def test_many_classes_have_no_numbers():
    sizes = np.arange(1, 31)
    display = EffectiveSizeDisplay(class_count=sizes, effective_class_size=sizes).plot()
    assert not display.ax_.texts


def test_an_unfitted_estimator_is_refused():
    with pytest.raises(NotFittedError):
        EffectiveSizeDisplay.from_estimator(quick())


def test_labels_must_be_one_for_each_class():
    clf = quick(max_iter=1).fit(*imbalanced())
    with pytest.raises(ValueError, match="must name 2 classes, got 1"):
        EffectiveSizeDisplay.from_estimator(clf, display_labels=["u"])


def test_another_classifier_is_refused():
    with pytest.raises(TypeError, match=r"WBNMLPClassifier, .* got GaussianNB"):
        EffectiveSizeDisplay.from_estimator(GaussianNB().fit(*imbalanced()))
