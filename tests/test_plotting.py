"""What the displays share."""

import sys

import matplotlib.pyplot as plt
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._plotting import axes_for, final_estimator, line_style, score_title
from tests.samples import imbalanced, quick

pytestmark = pytest.mark.usefixtures("close_figures")


def test_axes_are_made_where_none_are_given():
    _, ax = plt.subplots()
    assert axes_for(None, ax) is ax
    assert axes_for(None, None) is not ax


def test_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"dict\.plot requires matplotlib"):
        axes_for({}, None)


def test_a_style_replaces_the_default_under_any_alias():
    style = line_style({"color": "C0", "label": "a"}, {"c": "k", "lw": 3})
    assert style == {"color": "k", "label": "a", "linewidth": 3}
    assert line_style({"color": "C0"}, None) == {"color": "C0"}


def test_final_estimator_is_found_in_pipelines_and_searches():
    clf = WBNMLPClassifier()
    pipeline = make_pipeline(StandardScaler(), make_pipeline(clf))
    assert final_estimator(clf) is clf
    assert final_estimator(pipeline) is clf
    search = GridSearchCV(make_pipeline(quick()), {"wbnmlpclassifier__alpha": [0]})
    found = final_estimator(search.fit(*imbalanced()))
    assert isinstance(found, WBNMLPClassifier)
    assert found.n_iter_ == 3


@pytest.mark.parametrize(
    ("scoring", "title"),
    [
        ("balanced_accuracy", "Balanced accuracy"),
        ("neg_log_loss", "Negative log loss"),
        ("f1", "F1"),
        (len, "Score"),
        (None, "Score"),
    ],
)
def test_score_has_a_readable_name(scoring, title):
    assert score_title(scoring) == title
