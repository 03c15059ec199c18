"""`BetaSearchDisplay`: validation score of a search over `beta`."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_wbn._class_weight import resolve_beta
from sklearn_wbn._plotting import (
    Style,
    axes_for,
    final_estimator,
    line_style,
    score_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

Float = NDArray[np.float64]

_BAND_STYLES = ("fill_between", "errorbar", None)


class BetaSearchDisplay:
    """Validation score against ``1 - beta``, from plain loss toward ICF.

    It is recommended to use `from_search`. All parameters are stored as attributes.

    Parameters
    ----------
    beta : array-like of shape (n_betas,)
        Values of `beta`, in increasing order.
    test_scores : array-like of shape (n_betas, n_splits)
        Validation score of each value in each split.
    score_name : str, default=None
        Name of the score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.
    figure_ : matplotlib Figure
        Figure of the axes.
    line_ : matplotlib Line2D
        Mean score over the splits.
    best_ : matplotlib Line2D
        Mark of the best mean score.
    fill_between_ : matplotlib PolyCollection or None
        Band of one standard deviation over the splits.
    errorbar_ : matplotlib ErrorbarContainer or None
        The same as error bars.

    See Also
    --------
    class_balanced : Weights that `beta` stands for.
    sklearn.model_selection.ValidationCurveDisplay : For any other parameter.

    Notes
    -----
    ``beta=0`` weights all classes alike: the plain loss, on the left. Toward 1 the
    weights of ``class_weight="cbl"`` approach inverse class frequency (ICF), on the
    right.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_wbn import BetaSearchDisplay, WBNMLPClassifier
    >>> X, y = make_classification(300, weights=[0.9], random_state=0)
    >>> clf = WBNMLPClassifier((8,), class_weight="cbl", max_iter=5, random_state=0)
    >>> search = GridSearchCV(clf, {"beta": [0, 0.9, 0.99]}, cv=3)
    >>> display = BetaSearchDisplay.from_search(search.fit(X, y))
    >>> display.beta.tolist()
    [0.0, 0.9, 0.99]
    """

    def __init__(
        self,
        *,
        beta: ArrayLike,
        test_scores: ArrayLike,
        score_name: str | None = None,
    ) -> None:
        self.beta = beta
        self.test_scores = test_scores
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: "GridSearchCV | RandomizedSearchCV",
        *,
        ax: "Axes | None" = None,
        param_name: str | None = None,
        metric: str | None = None,
        negate_score: bool = False,
        score_name: str | None = None,
        std_display_style: str | None = "fill_between",
        line_kw: Style = None,
        fill_between_kw: Style = None,
        errorbar_kw: Style = None,
    ) -> Self:
        """Draw the scores of a fitted search over `beta`.

        Where the search varies other parameters too, each `beta` shows the best of
        its candidates. ``beta="auto"`` stands at its value for all training rows.

        Parameters
        ----------
        search : GridSearchCV or RandomizedSearchCV
            Fitted search over `beta`, or over that of a step of a pipeline.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure.
        param_name : str, default=None
            Searched parameter; None takes the one named ``beta`` or ``*__beta``.
        metric : str, default=None
            Score of a search with several; None takes that of `refit`.
        negate_score : bool, default=False
            Whether to change the sign of the score, for ``neg_*`` scorers.
        score_name : str, default=None
            Name of the score; None takes it from the search.
        std_display_style : {"fill_between", "errorbar"} or None, \
default="fill_between"
            How one standard deviation over the splits is shown, if at all.
        line_kw : dict, default=None
            Style of the mean, passed to `matplotlib.axes.Axes.plot`.
        fill_between_kw : dict, default=None
            Style of the band.
        errorbar_kw : dict, default=None
            Style of the error bars.

        Returns
        -------
        BetaSearchDisplay
            The display.

        Raises
        ------
        ValueError
            If the search did not vary `beta`, has no such score, or no finite one.
        NotFittedError
            If the search is not fitted.
        """
        check_is_fitted(search, "cv_results_")
        metric = _metric(search, metric)
        candidates = search.cv_results_[f"param_{_beta_name(search, param_name)}"]
        beta, test_scores = _best_of_each(
            _numbers(candidates, search), _split_scores(search, metric)
        )
        scoring = search.scoring if metric == "score" else metric
        display = cls(
            beta=beta, test_scores=test_scores, score_name=score_title(scoring)
        )
        return display.plot(
            ax,
            negate_score=negate_score,
            score_name=score_name,
            std_display_style=std_display_style,
            line_kw=line_kw,
            fill_between_kw=fill_between_kw,
            errorbar_kw=errorbar_kw,
        )

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        negate_score: bool = False,
        score_name: str | None = None,
        std_display_style: str | None = "fill_between",
        line_kw: Style = None,
        fill_between_kw: Style = None,
        errorbar_kw: Style = None,
    ) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure.
        negate_score : bool, default=False
            Whether to change the sign of the score, for ``neg_*`` scorers.
        score_name : str, default=None
            Name of the score; None takes that of the display.
        std_display_style : {"fill_between", "errorbar"} or None, \
default="fill_between"
            How one standard deviation over the splits is shown, if at all.
        line_kw : dict, default=None
            Style of the mean, passed to `matplotlib.axes.Axes.plot`.
        fill_between_kw : dict, default=None
            Style of the band.
        errorbar_kw : dict, default=None
            Style of the error bars.

        Returns
        -------
        BetaSearchDisplay
            The display.

        Raises
        ------
        ValueError
            If `std_display_style` is unknown.
        """
        if std_display_style not in _BAND_STYLES:
            raise ValueError(
                f"std_display_style must be one of {_BAND_STYLES}, "
                f"got {std_display_style!r}"
            )
        self.ax_ = axes_for(self, ax)
        self.figure_ = self.ax_.figure
        scores = np.asarray(self.test_scores)
        scores = -scores if negate_score else scores
        x, mean, std = (
            1 - np.asarray(self.beta),
            scores.mean(axis=1),
            scores.std(axis=1),
        )
        style = line_style({"marker": ".", "label": "Mean over the splits"}, line_kw)
        (self.line_,) = self.ax_.plot(x, mean, **style)
        color = self.line_.get_color()
        self.fill_between_ = self.errorbar_ = None
        if std_display_style == "fill_between":
            band: dict[str, Any] = {"alpha": 0.2, "color": color, "linewidth": 0}
            band |= fill_between_kw or {}
            self.fill_between_ = self.ax_.fill_between(
                x, mean - std, mean + std, **band
            )
        elif std_display_style == "errorbar":
            bars: dict[str, Any] = {"fmt": "none", "ecolor": color, "capsize": 3}
            bars |= errorbar_kw or {}
            self.errorbar_ = self.ax_.errorbar(x, mean, std, **bars)
        self.best_ = self._mark_best(x, mean, negate_score)
        self._label(score_name or self.score_name or "Score", float(x.max()))
        return self

    def _mark_best(self, x: Float, mean: Float, negate_score: bool) -> Any:
        best = int(np.nanargmin(mean) if negate_score else np.nanargmax(mean))
        (mark,) = self.ax_.plot(
            x[best],
            mean[best],
            linestyle="none",
            marker="o",
            color=self.line_.get_color(),
            label=rf"Best, $1 - \beta$ = {x[best]:.2g}",
        )
        return mark

    def _label(self, score_name: str, greatest: float) -> None:
        ax = self.ax_
        ax.set_xscale("log")
        if not ax.xaxis_inverted():
            ax.invert_xaxis()
        ax.set(xlabel=r"$1 - \beta$", ylabel=score_name)
        plain = "plain loss" if greatest == 1 else r"$\leftarrow$ toward plain loss"
        icf = r"toward ICF $\rightarrow$"
        for text, x, side in ((plain, 0, "left"), (icf, 1, "right")):
            ax.annotate(
                text,
                (x, 0),
                (0, -22),
                xycoords="axes fraction",
                textcoords="offset points",
                ha=side,
                va="top",
                color="0.4",
            )
        ax.legend()


def _beta_name(search: Any, param_name: str | None) -> str:
    """Return the name of the parameter that was searched."""
    searched = sorted(
        {name for params in search.cv_results_["params"] for name in params}
    )
    found = [name for name in searched if name == "beta" or name.endswith("__beta")]
    if param_name is not None:
        found = [name for name in searched if name == param_name]
    if len(found) != 1:
        raise ValueError(
            "the search must vary one parameter beta or *__beta, or param_name must "
            f"name it; got a search over {searched} and param_name={param_name!r}"
        )
    return str(found[0])


def _metric(search: Any, metric: str | None) -> str:
    """Return the score's name in `cv_results_`."""
    if metric is None and not search.multimetric_:
        metric = "score"
    elif metric is None and isinstance(search.refit, str):
        metric = search.refit
    known = [
        name.removeprefix("mean_test_")
        for name in search.cv_results_
        if name.startswith("mean_test_")
    ]
    if metric not in known:
        raise ValueError(f"metric must be one of {known}, got {metric!r}")
    return str(metric)


def _split_scores(search: Any, metric: str) -> Float:
    splits = [
        search.cv_results_[f"split{i}_test_{metric}"] for i in range(search.n_splits_)
    ]
    return np.column_stack(splits)


def _numbers(candidates: Any, search: Any) -> Float:
    """Return `beta` of each candidate, NaN where it has none."""
    values = list(np.ma.filled(np.ma.asarray(candidates, dtype=object), np.nan))
    if any(isinstance(value, str) for value in values):
        if not hasattr(search, "best_estimator_"):
            raise ValueError(
                "beta='auto' stands for a number that only a search with refit knows; "
                "fit it with refit=True"
            )
        auto = resolve_beta("auto", final_estimator(search).class_count_)
        values = [auto if isinstance(v, str) else v for v in values]
    return np.asarray(values, dtype=np.float64)


def _best_of_each(beta: Float, scores: Float) -> tuple[Float, Float]:
    """Return each value of `beta` once, with its best candidate's scores."""
    usable = np.isfinite(beta) & np.isfinite(scores).all(axis=1)
    beta, scores = beta[usable], scores[usable]
    if not len(beta):
        raise ValueError("no candidate of the search has finite scores in all splits")
    order = np.lexsort((-scores.mean(axis=1), beta))
    values, first = np.unique(beta[order], return_index=True)
    return values, scores[order][first]
