"""`EffectiveSizeDisplay`: class sizes before and after weighting, figure 1."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from sklearn_wbn._plotting import axes_for, fitted_classifier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

_MANY = 12  # more classes than this leave no room for numbers on the bars
_WIDTH = 0.4


class EffectiveSizeDisplay:
    """Size of each class, and its effective size under the class weights.

    It is recommended to use `from_estimator`. All parameters are stored as
    attributes.

    Parameters
    ----------
    class_count : array-like of shape (n_classes,)
        Size ``N_k`` of each class, in rows.
    effective_class_size : array-like of shape (n_classes,)
        Effective size of each class, equation (3).
    display_labels : array-like of shape (n_classes,), default=None
        Name of each class; None numbers them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the bars.
    figure_ : matplotlib Figure
        Figure of the axes.
    bars_ : tuple of two matplotlib BarContainer
        Sizes before and after weighting.

    See Also
    --------
    effective_class_size : The numbers alone.

    Notes
    -----
    Figure 1 of Yasuda, Xian & Ueno, arXiv:2001.01433. The unit of class weights is
    free, so only the ratios of the effective sizes matter; on the logarithmic axis
    equal ratios are equal distances.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn_wbn import EffectiveSizeDisplay, WBNMLPClassifier
    >>> X, y = make_classification(500, weights=[0.9], random_state=0)
    >>> clf = WBNMLPClassifier((16,), max_iter=2, random_state=0).fit(X, y)
    >>> display = EffectiveSizeDisplay.from_estimator(clf)
    >>> display.effective_class_size.round().tolist()
    [500.0, 500.0]
    """

    def __init__(
        self,
        *,
        class_count: ArrayLike,
        effective_class_size: ArrayLike,
        display_labels: ArrayLike | None = None,
    ) -> None:
        self.class_count = class_count
        self.effective_class_size = effective_class_size
        self.display_labels = display_labels

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        display_labels: ArrayLike | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the class sizes of a fitted `WBNMLPClassifier`.

        Parameters
        ----------
        estimator : estimator
            Fitted `WBNMLPClassifier`, alone, in a pipeline or in a search.
        display_labels : array-like of shape (n_classes,), default=None
            Name of each class; None takes the labels.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure.
        **kwargs : dict
            Style of the bars, passed to `matplotlib.axes.Axes.bar`.

        Returns
        -------
        EffectiveSizeDisplay
            The display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is another classifier.
        """
        classifier = fitted_classifier(estimator, "effective_class_size_")
        labels = classifier.classes_ if display_labels is None else display_labels
        return cls(
            class_count=classifier.class_count_,
            effective_class_size=classifier.effective_class_size_,
            display_labels=labels,
        ).plot(ax, **kwargs)

    def plot(self, ax: "Axes | None" = None, **kwargs: Any) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a figure.
        **kwargs : dict
            Style of the bars, passed to `matplotlib.axes.Axes.bar`.

        Returns
        -------
        EffectiveSizeDisplay
            The display.

        Raises
        ------
        ValueError
            If the labels are not one for each class.
        """
        labels = self._labels()
        self.ax_ = axes_for(self, ax)
        self.figure_ = self.ax_.figure
        self.bars_ = (
            self._bars(self.class_count, -_WIDTH / 2, "Before weighting", kwargs),
            self._bars(self.effective_class_size, _WIDTH / 2, "Effective", kwargs),
        )
        self.ax_.set_xticks(np.arange(len(labels)), labels)
        self.ax_.set(xlabel="Class", ylabel="Class size (rows)", yscale="log")
        self.ax_.legend(loc="upper center", ncols=2)
        self.ax_.set_ylim(*self._limits())
        return self

    def _labels(self) -> list[str]:
        n_classes = np.size(self.class_count)
        given = self.display_labels
        labels = np.arange(n_classes) if given is None else np.asarray(given)
        if len(labels) != n_classes:
            raise ValueError(
                f"display_labels must name {n_classes} classes, got {len(labels)} names"
            )
        return [str(label) for label in labels]

    def _limits(self) -> tuple[float, float]:
        """Begin at the power of ten below all sizes; leave room for the legend."""
        sizes = np.concatenate([self.class_count, self.effective_class_size])
        logs = np.log10(sizes[sizes > 0])
        bottom = np.ceil(logs.min()) - 1
        height = logs.max() - bottom
        return 10.0**bottom, 10.0 ** (bottom + 1.25 * height)

    def _bars(
        self, sizes: ArrayLike, offset: float, label: str, kwargs: dict[str, Any]
    ) -> "BarContainer":
        style: dict[str, Any] = {"width": _WIDTH, "label": label} | kwargs
        bars = self.ax_.bar(np.arange(np.size(sizes)) + offset, sizes, **style)
        if np.size(sizes) <= _MANY:
            numbers = [_number(n) for n in np.asarray(sizes)]
            self.ax_.bar_label(bars, numbers, padding=2, fontsize=8)
        return bars


def _number(n: float) -> str:
    return f"{n:,.0f}" if n >= 100 else f"{n:.3g}"
