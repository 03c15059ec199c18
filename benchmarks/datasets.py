"""The tasks of the benchmarks: the paper's three, and two that need no data files.

The classes, training rows and batch size of the image sets are those of section 3.3 of
the paper (tables 1 to 3).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.errors import BenchmarkError
from benchmarks.images import ImageSource, draw_images, load_pool
from benchmarks.task import Draw, ImbalancedTask, TaskFacts, choose_rows

DATA_VARIABLE = "SKLEARN_WBN_DATA"

TASKS: dict[str, TaskFacts] = {
    facts.name: facts
    for facts in (
        TaskFacts("mnist", "MNIST", ("3", "4", "7", "9"), (5, 5, 5, 5000), 128),
        TaskFacts(
            "fashion_mnist",
            "Fashion-MNIST",
            ("sandal", "sneaker", "ankle boot"),
            (5, 5, 5000),
            128,
        ),
        TaskFacts(
            "cifar10",
            "CIFAR-10, grey",
            ("airplane", "deer", "truck"),
            (20, 30, 4500),
            128,
        ),
        TaskFacts(
            "digits", "scikit-learn digits", ("3", "4", "7", "9"), (3, 3, 3, 120), 16
        ),
        TaskFacts(
            "synthetic", "Gaussian classes", ("A", "B", "C", "D"), (5, 5, 5, 5000), 128
        ),
    )
}

IMAGE_SOURCES: dict[str, ImageSource] = {
    "mnist": ImageSource(
        "mnist.npz",
        554,
        60_000,
        {digit: digit for digit in ("3", "4", "7", "9")},
        (28, 28),
    ),
    "fashion_mnist": ImageSource(
        "fashion_mnist.npz",
        40996,
        60_000,
        {"sandal": "5", "sneaker": "7", "ankle boot": "9"},
        (28, 28),
    ),
    "cifar10": ImageSource(
        "cifar10_airplane_deer_truck.npz",
        40927,
        50_000,
        {"airplane": "0", "deer": "4", "truck": "9"},
        (3, 32, 32),
    ),
}

SYNTHETIC_FEATURES = 100
SYNTHETIC_TEST_ROWS = 500
# Distance between two class means in standard deviations: the best possible classifier
# is right for more than 99 % of balanced rows, so what is lost is lost in training.
SYNTHETIC_DISTANCE = 6.0


def load_task(name: str, data_dir: str | Path | None = None) -> ImbalancedTask:
    """Load a task.

    Parameters
    ----------
    name : str
        A key of `TASKS`.
    data_dir : path-like, optional
        Folder with the image archives; else the folder named by the environment
        variable ``SKLEARN_WBN_DATA``; else the images come from OpenML. Not used by
        ``"digits"`` and ``"synthetic"``.

    Returns
    -------
    ImbalancedTask
        The task.

    Raises
    ------
    BenchmarkError
        Where the name is unknown or the data cannot be had.
    """
    if name not in TASKS:
        raise BenchmarkError(
            f"Unknown data set {name!r}, expected one of {', '.join(TASKS)}."
        )
    facts = TASKS[name]
    draw: Callable[..., Draw] = draw_synthetic
    if name in IMAGE_SOURCES:
        pool = load_pool(IMAGE_SOURCES[name], find_data_dir(data_dir))
        draw = partial(draw_images, pool=pool)
    elif name == "digits":
        digits = tuple(int(label) for label in facts.class_names)
        draw = partial(draw_digits, digits=digits)
    return facts.with_sampler(partial(draw, counts=facts.training_counts))


def find_data_dir(data_dir: str | Path | None) -> Path | None:
    """Return the data folder that was asked for, None where there is none to use."""
    chosen = data_dir or os.environ.get(DATA_VARIABLE)
    if not chosen:
        return None
    path = Path(chosen).expanduser()
    if not path.is_dir():
        origin = "--data-dir" if data_dir else DATA_VARIABLE
        raise BenchmarkError(f"{origin} names {path}, which is not a folder.")
    return path


def draw_digits(seed: int, *, digits: tuple[int, ...], counts: tuple[int, ...]) -> Draw:
    """Draw training rows from scikit-learn's digits; the other rows are the test.

    Parameters
    ----------
    seed : int
        Seed of the choice.
    digits : tuple of int
        The classes, in ascending order.
    counts : tuple of int
        Training rows of each.

    Returns
    -------
    Draw
        Training and test rows.
    """
    X, digit = load_digits(return_X_y=True)
    keep = np.isin(digit, digits)
    X, y = (X[keep] / 16.0).astype(np.float32), np.searchsorted(digits, digit[keep])
    rows = np.sort(choose_rows(y, counts, seed))
    rest = np.setdiff1d(np.arange(len(y)), rows)
    return Draw(X[rows], y[rows], X[rest], y[rest])


def draw_synthetic(seed: int, *, counts: tuple[int, ...]) -> Draw:
    """Draw classes of unit variance with means equally far apart; balanced test."""
    rng = np.random.default_rng(seed)
    # Every mean has its own block of features, so any two are at the same distance.
    width = SYNTHETIC_FEATURES // len(counts)
    shift = SYNTHETIC_DISTANCE / np.sqrt(2 * width)
    means = shift * np.kron(np.eye(len(counts)), np.ones(width))

    def sample(sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        y = np.repeat(np.arange(len(sizes)), sizes)
        return (means[y] + rng.standard_normal((len(y), SYNTHETIC_FEATURES))).astype(
            np.float32
        ), y

    return Draw(*sample(counts), *sample((SYNTHETIC_TEST_ROWS,) * len(counts)))
