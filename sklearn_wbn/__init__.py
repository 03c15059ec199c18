"""Neural networks for imbalanced classes: weighted loss and weighted batch norm.

Names are imported when they are first used (PEP 562): scikit-learn imports pandas
wherever it is installed, and torch takes a second.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_wbn._class_weight import (
        class_balanced,
        compute_class_weight,
        effective_class_size,
        inverse_class_frequency,
    )
    from sklearn_wbn._classifier import WBNMLPClassifier
    from sklearn_wbn._display_beta_search import BetaSearchDisplay
    from sklearn_wbn._display_effective_size import EffectiveSizeDisplay
    from sklearn_wbn._display_training_curve import TrainingCurveDisplay

__all__ = [
    "BetaSearchDisplay",
    "EffectiveSizeDisplay",
    "TrainingCurveDisplay",
    "WBNMLPClassifier",
    "class_balanced",
    "compute_class_weight",
    "effective_class_size",
    "inverse_class_frequency",
]

__version__ = version("sklearn-wbn")

_DEFINED_IN = {
    "BetaSearchDisplay": "_display_beta_search",
    "EffectiveSizeDisplay": "_display_effective_size",
    "TrainingCurveDisplay": "_display_training_curve",
    "WBNMLPClassifier": "_classifier",
    "class_balanced": "_class_weight",
    "compute_class_weight": "_class_weight",
    "effective_class_size": "_class_weight",
    "inverse_class_frequency": "_class_weight",
}


def __getattr__(name: str) -> Any:
    if name == "nn":
        return import_module("sklearn_wbn.nn")
    if name in _DEFINED_IN:
        return getattr(import_module(f"sklearn_wbn.{_DEFINED_IN[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "nn"])
