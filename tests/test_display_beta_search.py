"""The curve of a search over `beta`."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import BetaSearchDisplay
from tests.samples import imbalanced, quick, real_table

BETAS = [0.99, 0, 0.9]


pytestmark = pytest.mark.usefixtures("close_figures")


def cbl(**params):
    return quick(class_weight="cbl", max_iter=2, **params)


class Pretender(ClassifierMixin, BaseEstimator):
    """Scores what its parameters say, so that a test knows the result."""

    def __init__(self, beta=0.0, level=0.0):
        self.beta = beta
        self.level = level

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return self.beta + self.level


def test_curve_is_that_of_the_search():
    X, _, y, _ = real_table("cancer")
    search = GridSearchCV(cbl(), {"beta": BETAS}, cv=3, scoring="balanced_accuracy")
    display = BetaSearchDisplay.from_search(search.fit(X, y))
    mean = search.cv_results_["mean_test_score"][[1, 2, 0]]
    std = search.cv_results_["std_test_score"][[1, 2, 0]]
    np.testing.assert_allclose(display.line_.get_xdata(), [1, 0.1, 0.01])
    np.testing.assert_allclose(display.line_.get_ydata(), mean)
    np.testing.assert_allclose(display.test_scores.std(axis=1), std)
    np.testing.assert_allclose(display.best_.get_ydata(), search.best_score_)
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.xaxis_inverted()
    assert display.ax_.get_ylabel() == "Balanced accuracy"
    ends = [text.get_text() for text in display.ax_.texts]
    assert ends == ["plain loss", r"toward ICF $\rightarrow$"]
    assert display.figure_ is display.ax_.figure
    assert display.errorbar_ is None


def test_beta_is_found_in_a_pipeline_of_a_randomized_search():
    X, y = imbalanced()
    pipeline = make_pipeline(StandardScaler(), cbl())
    search = RandomizedSearchCV(
        pipeline,
        {"wbnmlpclassifier__beta": loguniform(1e-3, 0.99)},
        n_iter=4,
        cv=2,
        random_state=0,
    )
    display = BetaSearchDisplay.from_search(search.fit(X, y))
    drawn = [
        params["wbnmlpclassifier__beta"] for params in search.cv_results_["params"]
    ]
    assert display.beta.tolist() == sorted(drawn)
    assert "toward plain loss" in display.ax_.texts[0].get_text()


def test_auto_stands_at_its_number():
    X, y = imbalanced()
    search = GridSearchCV(cbl(), {"beta": ["auto", 0.5]}, cv=2).fit(X, y)
    display = BetaSearchDisplay.from_search(search)
    np.testing.assert_allclose(display.beta, [0.5, 1 - 1 / len(y)])
    search = GridSearchCV(cbl(), {"beta": ["auto"]}, cv=2, refit=False).fit(X, y)
    with pytest.raises(ValueError, match="refit=True"):
        BetaSearchDisplay.from_search(search)


def test_each_beta_shows_its_best_candidate():
    grid = [{"beta": [0.0, 0.5], "level": [3.0, 1.0, 2.0]}, {"level": [9.0]}]
    search = GridSearchCV(Pretender(), grid, cv=2).fit(*imbalanced())
    display = BetaSearchDisplay.from_search(search)
    assert display.beta.tolist() == [0.0, 0.5]
    assert display.test_scores.tolist() == [[3.0, 3.0], [3.5, 3.5]]
    assert display.ax_.get_ylabel() == "Score"


def test_sign_can_be_changed():
    search = GridSearchCV(Pretender(), {"beta": [0.0, 0.5]}, cv=2).fit(*imbalanced())
    display = BetaSearchDisplay.from_search(
        search, negate_score=True, score_name="Loss"
    )
    assert display.line_.get_ydata().tolist() == [0.0, -0.5]
    assert display.best_.get_ydata().tolist() == [-0.5]
    assert display.ax_.get_ylabel() == "Loss"


def test_one_of_several_scores_is_shown():
    metrics = ["accuracy", "balanced_accuracy"]
    search = GridSearchCV(
        cbl(), {"beta": BETAS}, cv=2, scoring=metrics, refit="balanced_accuracy"
    ).fit(*imbalanced())
    display = BetaSearchDisplay.from_search(search)
    assert display.ax_.get_ylabel() == "Balanced accuracy"
    display = BetaSearchDisplay.from_search(search, metric="accuracy")
    assert display.ax_.get_ylabel() == "Accuracy"
    mean = search.cv_results_["mean_test_accuracy"][[1, 2, 0]]
    np.testing.assert_allclose(display.test_scores.mean(axis=1), mean)
    with pytest.raises(ValueError, match="metric must be one of"):
        BetaSearchDisplay.from_search(search, metric="f1")
    search.refit = False
    with pytest.raises(ValueError, match=r"one of \['accuracy', .* got None"):
        BetaSearchDisplay.from_search(search)


def test_spread_is_a_band_or_bars_or_absent():
    _, ax = plt.subplots()
    display = BetaSearchDisplay(beta=[0, 0.9], test_scores=[[0.5, 0.6], [0.7, 0.9]])
    display.plot(ax, fill_between_kw={"alpha": 0.5}, line_kw={"c": "red"})
    assert display.ax_ is ax
    assert display.fill_between_.get_alpha() == 0.5
    assert display.line_.get_color() == "red"
    display.plot(std_display_style="errorbar", errorbar_kw={"capsize": 5})
    assert display.fill_between_ is None
    assert display.errorbar_ is not None
    display.plot(std_display_style=None)
    assert display.fill_between_ is display.errorbar_ is None
    with pytest.raises(ValueError, match="std_display_style"):
        display.plot(std_display_style="band")


def test_a_search_over_something_else_is_refused():
    search = GridSearchCV(cbl(), {"alpha": [0, 1]}, cv=2).fit(*imbalanced())
    with pytest.raises(ValueError, match=r"must vary one parameter .* \['alpha'\]"):
        BetaSearchDisplay.from_search(search)
    with pytest.raises(ValueError, match=r"\['alpha'\] and param_name='beta'"):
        BetaSearchDisplay.from_search(search, param_name="beta")


def test_a_search_without_scores_is_refused():
    X, y = imbalanced()
    fails = lambda estimator, X, y: np.nan  # noqa: E731
    search = GridSearchCV(cbl(), {"beta": BETAS}, scoring=fails, cv=2, refit=False)
    with pytest.warns(UserWarning, match="non-finite"):
        search.fit(X, y)
    with pytest.raises(ValueError, match="finite scores in all splits"):
        BetaSearchDisplay.from_search(search)


def test_an_unfitted_search_is_refused():
    with pytest.raises(NotFittedError):
        BetaSearchDisplay.from_search(GridSearchCV(cbl(), {"beta": BETAS}))
