"""Made rows of the resampling benchmark, for tests of its report."""

import numpy as np
import pandas as pd

from benchmarks.report import REFERENCES
from benchmarks.report_data import Comparison, compare
from benchmarks.resampling import FOLDS
from benchmarks.resampling_file import BinRow, FoldRow
from benchmarks.resampling_metrics import Metrics

REFERENCE = REFERENCES["untuned"]
METHODS = ("bn", REFERENCE, "bn-smote", "logistic")


def rows_of(table: str, method: str, score: float, repeat: int = 0) -> list[FoldRow]:
    """Folds with scores around one mean; what is better when lower is one minus it."""
    shifts = np.linspace(-0.01, 0.01, FOLDS)
    return [
        FoldRow(
            table,
            method,
            60,
            repeat,
            fold,
            *Metrics(*[score + shift] * 8, *[1 - score - shift] * 2),
            fit_seconds=1.0 + score,
            predict_seconds=0.1,
            n_train=100,
            n_minority_train=5 + int(table[1:]),
            error="",
        )
        for fold, shift in enumerate(shifts)
    ]


def made_rows(n_tables: int = 12) -> list[FoldRow]:
    """The reference beats BN, loses to logistic regression, and draws with SMOTE."""
    rng = np.random.default_rng(0)
    rows = []
    for t in range(n_tables):
        base = rng.uniform(0.6, 0.7)
        noise = rng.normal(scale=0.02, size=4)
        gains = dict(zip(METHODS, (0.0, 0.1, 0.1, 0.2), strict=True))
        for (method, gain), e in zip(gains.items(), noise, strict=True):
            rows += rows_of(f"t{t}", method, base + gain + e)
    return rows


def comparison_of(rows: list[FoldRow]) -> Comparison:
    found = compare(pd.DataFrame(rows), "untuned", 60, REFERENCE)
    assert found is not None
    return found


def bins_of(rows: list[FoldRow]) -> list[BinRow]:
    return [BinRow(*row[:5], b, 10, b / 10 + 0.05, b) for row in rows for b in (1, 5)]
