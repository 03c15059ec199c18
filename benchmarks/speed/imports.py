"""How long imports take, each in a fresh process."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.fresh_process import seconds_of
from benchmarks.speed.settings import Settings
from benchmarks.stopwatch import Timing, compare

BASE = "import torch, sklearn"
# Beside the package itself, the import of the class that one has come for, and that of
# scikit-learn's network: each on top of the base.
ADDED = (
    "import sklearn_wbn",
    "from sklearn_wbn import WBNMLPClassifier",
    "from sklearn.neural_network import MLPClassifier",
)


def time_imports(settings: Settings) -> Iterator[list[Timing]]:
    """Time the base, and what each statement adds to it, after one warm-up."""
    statements = {BASE: "", **dict.fromkeys(ADDED, BASE)}
    seconds: dict[str, list[float]] = {name: [] for name in statements}
    for turn in range(2 * settings.runs + 1):
        for statement, before in statements.items():
            value = seconds_of(statement, before)
            if turn > 0:
                seconds[statement].append(value)
    yield compare("import", f"after {BASE}", seconds, unit="s")
