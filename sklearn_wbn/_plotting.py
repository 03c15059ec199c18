"""What the displays share; matplotlib is imported when something is drawn."""

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Style = dict[str, Any] | None


def axes_for(display: object, ax: "Axes | None") -> "Axes":
    """Return the axes to draw on, new ones if none are given.

    Parameters
    ----------
    display : object
        Display that draws; named in the error.
    ax : matplotlib Axes or None
        As given by the user.

    Returns
    -------
    matplotlib Axes
        Where to draw.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    import matplotlib.pyplot as plt

    return plt.subplots()[1] if ax is None else ax


def line_style(defaults: dict[str, Any], given: Style) -> dict[str, Any]:
    """Merge the style of a line with what the user wants, under any alias.

    Parameters
    ----------
    defaults : dict
        Style by full names, such as ``color``.
    given : dict or None
        Style by full or short names, such as ``c``; it wins.

    Returns
    -------
    dict
        Style by full names.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return defaults | normalize_kwargs(given or {}, Line2D)


def final_estimator(estimator: BaseEstimator) -> BaseEstimator:
    """Return the classifier within pipelines and searches.

    Parameters
    ----------
    estimator : estimator
        Classifier, pipeline that ends in one, or fitted search.

    Returns
    -------
    estimator
        Innermost last step.
    """
    if hasattr(estimator, "best_estimator_"):
        return final_estimator(estimator.best_estimator_)
    if isinstance(estimator, Pipeline):
        return final_estimator(estimator[-1])
    return estimator


def fitted_classifier(estimator: BaseEstimator, needed: str) -> BaseEstimator:
    """Return the fitted `WBNMLPClassifier` within pipelines and searches.

    Parameters
    ----------
    estimator : estimator
        Classifier, pipeline that ends in one, or fitted search.
    needed : str
        Fitted attribute that is to be drawn.

    Returns
    -------
    estimator
        Innermost last step.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    TypeError
        If it is another classifier, without that attribute.
    """
    classifier = final_estimator(estimator)
    check_is_fitted(classifier)
    if not hasattr(classifier, needed):
        raise TypeError(
            "estimator must be a WBNMLPClassifier, alone, in a pipeline or in a "
            f"search; got {type(classifier).__name__}"
        )
    return classifier


def score_title(scoring: object) -> str:
    """Return the name of a score for an axis.

    Parameters
    ----------
    scoring : str, callable or None
        As given to an estimator or a search.

    Returns
    -------
    str
        Readable name; ``"Score"`` where there is none.
    """
    if not isinstance(scoring, str):
        return "Score"
    words = scoring.removeprefix("neg_").replace("_", " ")
    name = f"negative {words}" if scoring.startswith("neg_") else words
    return name[0].upper() + name[1:]
