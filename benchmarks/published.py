"""The accuracies that the paper prints in its tables 7 to 9, in percent."""

from __future__ import annotations

from benchmarks.datasets import TASKS

# For each method: the classes in the order of the task, then overall. The overall
# figure of (d) on CIFAR-10 is printed as 42.1 although its three classes give 42.2.
PUBLISHED: dict[str, dict[str, tuple[float, ...]]] = {
    "mnist": {
        "a": (13.7, 3.4, 6.0, 100.0, 30.8),
        "b": (15.3, 4.8, 9.9, 100.0, 32.6),
        "c": (14.7, 4.6, 9.9, 100.0, 32.4),
        "d": (57.4, 40.3, 42.9, 99.5, 60.1),
        "e": (52.2, 36.9, 37.7, 99.7, 56.7),
    },
    "fashion_mnist": {
        "a": (6.6, 21.4, 100.0, 42.7),
        "b": (8.3, 25.2, 100.0, 44.5),
        "c": (8.1, 25.7, 100.0, 44.6),
        "d": (25.7, 40.4, 99.1, 55.1),
        "e": (23.3, 38.9, 99.8, 54.0),
    },
    "cifar10": {
        "a": (2.3, 2.1, 99.9, 34.8),
        "b": (4.6, 4.3, 99.8, 36.2),
        "c": (4.6, 4.1, 99.8, 36.2),
        "d": (18.6, 13.0, 95.0, 42.1),
        "e": (11.7, 11.3, 96.3, 39.8),
    },
}


def published_accuracy(dataset: str, method: str, label: str) -> float | None:
    """Return the paper's figure for a cell, None where the paper has none.

    Parameters
    ----------
    dataset, method : str
        Keys of `benchmarks.datasets.TASKS` and `benchmarks.methods.METHODS`.
    label : str
        A class name, ``"overall"`` or ``"macro"`` (which the paper does not report).

    Returns
    -------
    float or None
        Accuracy in percent.
    """
    row = PUBLISHED.get(dataset, {}).get(method)
    if row is None:
        return None
    labels = (*TASKS[dataset].class_names, "overall")
    return dict(zip(labels, row, strict=True)).get(label)
