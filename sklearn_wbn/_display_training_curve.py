"""`TrainingCurveDisplay`: loss and validation score over the epochs."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from sklearn_wbn._plotting import (
    Style,
    axes_for,
    fitted_classifier,
    line_style,
    score_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


class TrainingCurveDisplay:
    """Training loss and validation score of each epoch.

    It is recommended to use `from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        Training loss.
    validation_scores : array-like of shape (n_epochs,), default=None
        Score on held-out rows, NaN where an epoch has none.
    best_epoch : int, default=None
        Epoch to mark on the validation score; the first one is 1.
    score_name : str, default=None
        Name of the validation score.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the loss.
    figure_ : matplotlib Figure
        Figure of both axes.
    line_ : matplotlib Line2D
        Training loss.
    score_ax_ : matplotlib Axes or None
        Axes of the validation score, on the right.
    score_line_ : matplotlib Line2D or None
        Validation score.
    best_ : matplotlib Line2D or None
        Mark of the best epoch.

    See Also
    --------
    BetaSearchDisplay : Score of a search over `beta`.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_wbn import TrainingCurveDisplay, WBNMLPClassifier
    >>> X, y = make_classification(500, weights=[0.9], random_state=0)
    >>> X, X_val, y, y_val = train_test_split(X, y, stratify=y, random_state=0)
    >>> clf = WBNMLPClassifier((16,), max_iter=20, random_state=0)
    >>> clf = clf.fit(X, y, X_val=X_val, y_val=y_val)
    >>> display = TrainingCurveDisplay.from_estimator(clf)
    >>> display.score_ax_.get_ylabel()
    'Balanced accuracy'
    """

    def __init__(
        self,
        *,
        loss: ArrayLike,
        validation_scores: ArrayLike | None = None,
        best_epoch: int | None = None,
        score_name: str | None = None,
    ) -> None:
        self.loss = loss
        self.validation_scores = validation_scores
        self.best_epoch = best_epoch
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        ax: "Axes | None" = None,
        score_name: str | None = None,
        line_kw: Style = None,
        score_kw: Style = None,
    ) -> Self:
        """Draw the curves of a fitted `WBNMLPClassifier`.

        Parameters
        ----------
        estimator : estimator
            Fitted `WBNMLPClassifier`, alone, in a pipeline or in a search.
        ax : matplotlib Axes, default=None
            Axes of the loss; None makes a figure.
        score_name : str, default=None
            Name of the validation score; None takes it from `scoring`.
        line_kw : dict, default=None
            Style of the loss, passed to `matplotlib.axes.Axes.plot`.
        score_kw : dict, default=None
            Style of the validation score.

        Returns
        -------
        TrainingCurveDisplay
            The display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is another classifier.
        """
        classifier = fitted_classifier(estimator, "net_")
        # The scores of a warm start begin where `early_stopping` was switched on.
        rows = [row for row in classifier.net_.history if "train_loss" in row]
        scores = np.array([row.get("valid_score", np.nan) for row in rows])
        has_scores = bool(np.isfinite(scores).any())
        display = cls(
            loss=[row["train_loss"] for row in rows],
            validation_scores=scores if has_scores else None,
            best_epoch=_best_epoch(scores, classifier.n_iter_),
            score_name=score_title(classifier.scoring or "balanced_accuracy"),
        )
        return display.plot(
            ax, score_name=score_name, line_kw=line_kw, score_kw=score_kw
        )

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        score_name: str | None = None,
        line_kw: Style = None,
        score_kw: Style = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes of the loss; None makes a figure.
        score_name : str, default=None
            Name of the validation score; None takes that of the display.
        line_kw : dict, default=None
            Style of the loss, passed to `matplotlib.axes.Axes.plot`.
        score_kw : dict, default=None
            Style of the validation score.

        Returns
        -------
        TrainingCurveDisplay
            The display.
        """
        self.ax_ = axes_for(self, ax)
        from matplotlib.ticker import MaxNLocator

        self.figure_ = self.ax_.figure
        style = line_style({"color": "C0", "label": "Training loss"}, line_kw)
        epochs = np.arange(1, np.size(self.loss) + 1)
        (self.line_,) = self.ax_.plot(epochs, self.loss, **style)
        self.ax_.set(xlabel="Epoch", ylabel="Training loss")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.score_ax_: Axes | None = None
        self.score_line_: Line2D | None = None
        self.best_: Line2D | None = None
        if self.validation_scores is not None:
            scores = np.asarray(self.validation_scores)
            self._plot_scores(epochs, scores, score_name, score_kw)
        return self

    def _plot_scores(
        self,
        epochs: NDArray[Any],
        scores: NDArray[Any],
        score_name: str | None,
        score_kw: Style,
    ) -> None:
        self.score_ax_ = ax = self.ax_.twinx()
        style = line_style({"color": "C1", "label": "Validation score"}, score_kw)
        (self.score_line_,) = ax.plot(epochs, scores, **style)
        ax.set_ylabel(score_name or self.score_name or "Score")
        ax.spines["right"].set_visible(True)
        # The colours of the axes tell the curves apart.
        _color_axis(self.ax_, self.line_.get_color())
        _color_axis(ax, self.score_line_.get_color())
        if self.best_epoch is not None:
            (self.best_,) = ax.plot(
                [self.best_epoch],
                [scores[self.best_epoch - 1]],
                linestyle="none",
                marker="o",
                color=self.score_line_.get_color(),
                label=f"Best, epoch {self.best_epoch}",
                clip_on=False,
            )
            ax.legend(handles=[self.best_], loc="center right")


def _color_axis(ax: "Axes", color: Any) -> None:
    ax.yaxis.label.set_color(color)
    ax.tick_params(axis="y", labelcolor=color)


def _best_epoch(scores: Any, n_last: int) -> int | None:
    """Return the best epoch of the last call, as `best_validation_score_` counts."""
    last = scores[len(scores) - n_last :]
    if not np.isfinite(last).any():
        return None
    return int(np.nanargmax(last)) + len(scores) - n_last + 1
