"""Which rows of the resampling benchmark can be compared, and their means."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pandas as pd

from benchmarks.contenders import CONTENDERS
from benchmarks.resampling import FOLDS
from benchmarks.sources import source_of

# A method takes part if it has all folds on this share of the reference's tables:
# one that is too slow for the long ones, say, must not take them from the others.
MIN_COVERAGE = 0.9

HIGHER_IS_BETTER = {
    "balanced_accuracy": True,
    "g_mean": True,
    "macro_f1": True,
    "average_precision": True,
    "roc_auc": True,
    "mcc": True,
    "minority_recall": True,
    "minority_precision": True,
    "brier": False,
    "log_loss": False,
    "fit_seconds": False,
    "predict_seconds": False,
}

TITLES = {
    "balanced_accuracy": "balanced accuracy",
    "g_mean": "G-mean",
    "macro_f1": "macro F1",
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "mcc": "MCC",
    "minority_recall": "minority recall",
    "minority_precision": "minority precision",
    "brier": "Brier score",
    "log_loss": "log loss",
    "fit_seconds": "fit (s)",
    "predict_seconds": "predict (s)",
}


@dataclass(frozen=True)
class Comparison:
    """Rows in which all methods have the same folds of the same tables.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.resampling_file.FoldRow`, without errors.
    methods : list of str
        The methods compared, in the order of `CONTENDERS`.
    left_out : dict of str to Comparison
        Methods of the tier that have too few tables, each compared with the reference
        alone on those that it has.
    without_results : list of str
        Methods of the tier that were tried and have nothing to compare.
    dropped : dict of str to list of str
        Tables that were tried and do not count, with the compared methods that lack
        results on them.
    """

    rows: pd.DataFrame
    methods: list[str]
    left_out: dict[str, Comparison]
    without_results: list[str] = field(default_factory=list)
    dropped: dict[str, list[str]] = field(default_factory=dict)

    def scores(self, metric: str) -> pd.DataFrame:
        """Return the mean over the folds: a line for each table, a column a method.

        Of seconds it is the median, for other processes may have taken the processor.
        """
        average = "median" if metric.endswith("_seconds") else "mean"
        means = self.rows.pivot_table(metric, "dataset", "method", aggfunc=average)
        return means.reindex(columns=self.methods).dropna()

    def by_source(self, metric: str) -> pd.DataFrame:
        """Return the mean over the tables of each source: the units of all tests."""
        scores = self.scores(metric)
        return scores.groupby(scores.index.map(source_of)).mean()

    def restricted_to(self, methods: list[str]) -> Comparison:
        """Return the same comparison of fewer methods, on the same tables."""
        kept = [method for method in self.methods if method in methods]
        rows = self.rows[self.rows["method"].isin(kept)]
        return replace(self, rows=rows, methods=kept)

    def without(self, datasets: Collection[str]) -> Comparison:
        """Return the same comparison without all tables of some tables' sources."""
        sources = {source_of(name) for name in datasets}
        rows = self.rows[~self.rows["dataset"].map(source_of).isin(sources)]
        # What is taken away on purpose is not dropped for want of results.
        dropped = {k: v for k, v in self.dropped.items() if source_of(k) not in sources}
        return replace(self, rows=rows, dropped=dropped)

    @property
    def networks(self) -> Comparison:
        """The variants of the network alone."""
        return self.restricted_to([k for k, c in CONTENDERS.items() if c.network])

    @property
    def facts(self) -> pd.DataFrame:
        """Training rows, minority rows, their ratio and the repeats of each table."""
        groups = self.rows.groupby("dataset", sort=False)
        facts = groups[["n_train", "n_minority_train"]].mean()
        facts["repeats"] = groups["repeat"].nunique()
        others = facts["n_train"] - facts["n_minority_train"]
        facts["ratio"] = others / facts["n_minority_train"]
        return facts


def compare(
    rows: pd.DataFrame, tier: str, epochs: int, reference: str
) -> Comparison | None:
    """Find the rows of a tier that can be compared.

    A repeat of a table counts where it is whole for all methods; see `whole_repeats`.

    Parameters
    ----------
    rows : DataFrame
        All rows of the file.
    tier : str
        ``"untuned"`` or ``"searched"``.
    epochs : int
        Only trainings of this length count.
    reference : str
        The method that the others are compared with.

    Returns
    -------
    Comparison or None
        None where the reference, or anything to compare it with, has no table.
    """
    whole = whole_repeats(rows, tier, epochs)
    if reference not in whole or not whole[reference].any():
        return None
    good = rows[(rows["epochs"] == epochs) & (rows["error"] == "")]
    tables = whole.groupby("dataset").any()
    share = tables[tables[reference]].mean()
    methods = [key for key in whole if share[key] >= MIN_COVERAGE]
    rows = _of_shared_repeats(good, whole, methods)
    if len(methods) < 2 or rows.empty:
        return None
    others = [key for key in whole if key not in methods]
    pairs = {
        key: Comparison(
            _of_shared_repeats(good, whole, [reference, key]), [reference, key], {}
        )
        for key in others
    }
    left_out = {key: pair for key, pair in pairs.items() if not pair.rows.empty}
    return Comparison(
        rows,
        methods,
        left_out,
        without_results=[key for key in others if key not in left_out],
        dropped=_dropped(whole[methods]),
    )


def whole_repeats(rows: pd.DataFrame, tier: str, epochs: int) -> pd.DataFrame:
    """Say which repeats of a table are whole for which methods of a tier.

    A repeat is whole where all its folds ended without an error, and one of them at
    least has a balanced accuracy: it is not defined where the test rows lack a class.

    Parameters
    ----------
    rows : DataFrame
        All rows of the file.
    tier : str
        ``"untuned"`` or ``"searched"``.
    epochs : int
        Only trainings of this length count.

    Returns
    -------
    DataFrame of bool
        A line for each ``dataset, repeat``, a column for each method that was tried, in
        the order of `CONTENDERS`.
    """
    of_tier = [key for key, c in CONTENDERS.items() if c.tier == tier]
    tried = rows[(rows["epochs"] == epochs) & rows["method"].isin(of_tier)]
    facts = pd.DataFrame(
        {"ended": tried["error"] == "", "scored": tried["balanced_accuracy"].notna()}
    )
    place = [tried[name] for name in ("dataset", "repeat", "method")]
    counts = facts.groupby(place).sum()
    whole = (counts["ended"] == FOLDS) & (counts["scored"] > 0)
    whole = whole.unstack("method", fill_value=False)
    return whole[[key for key in of_tier if key in whole]]


def _of_shared_repeats(
    rows: pd.DataFrame, whole: pd.DataFrame, methods: list[str]
) -> pd.DataFrame:
    """Keep the repeats of tables that are whole for all of some methods."""
    shared = whole[whole[methods].all(axis=1)].index
    places = pd.MultiIndex.from_frame(rows[["dataset", "repeat"]])
    return rows[places.isin(shared) & rows["method"].isin(methods)]


def _dropped(whole: pd.DataFrame) -> dict[str, list[str]]:
    """Name the methods for which a table has no repeat that is whole for all."""
    shared = whole.all(axis=1).groupby("dataset").any()
    dropped = {}
    for name in shared.index[~shared]:
        has = whole.loc[name]
        # Where each method has a repeat, but not the same, those that lack one.
        lacks = ~has.all() if has.any().all() else ~has.any()
        dropped[name] = list(has.columns[lacks])
    return dropped
