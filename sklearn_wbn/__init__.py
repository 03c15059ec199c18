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

__all__ = [
    "WBNMLPClassifier",
    "class_balanced",
    "compute_class_weight",
    "effective_class_size",
    "inverse_class_frequency",
]

__version__ = version("sklearn-wbn")

_WEIGHT_FUNCTIONS = frozenset(__all__) - {"WBNMLPClassifier"}


def __getattr__(name: str) -> Any:
    if name == "nn":
        return import_module("sklearn_wbn.nn")
    if name == "WBNMLPClassifier":
        return import_module("sklearn_wbn._classifier").WBNMLPClassifier
    if name in _WEIGHT_FUNCTIONS:
        return getattr(import_module("sklearn_wbn._class_weight"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "nn"])
