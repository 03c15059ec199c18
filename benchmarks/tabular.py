"""Tables for classification from ``.npz`` files; equal rows stay together in a split.

An archive holds the arrays ``X`` (rows, columns) and ``y``. Three more are used where
it has them: ``categorical`` (bool or 0/1 for each column: the column holds codes of
categories), ``was_missing`` (bool or 0/1, shape of ``X``: the value was filled in) and
``feature_names`` (``"sex=M"`` names a 0/1 indicator).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from imblearn.datasets import fetch_datasets
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.datasets import DATA_VARIABLE, find_data_dir
from benchmarks.errors import BenchmarkError
from benchmarks.table_archive import check_arrays, holds_a_table, read_arrays
from benchmarks.task import Features, Labels

SUBFOLDERS = ("imbalanced", "larger", ".")

# The benchmark that `imblearn.datasets.fetch_datasets` downloads.
FETCHABLE = (
    "abalone",
    "abalone_19",
    "arrhythmia",
    "car_eval_34",
    "car_eval_4",
    "coil_2000",
    "ecoli",
    "isolet",
    "letter_img",
    "libras_move",
    "mammography",
    "oil",
    "optical_digits",
    "ozone_level",
    "pen_digits",
    "protein_homo",
    "satimage",
    "scene",
    "sick_euthyroid",
    "solar_flare_m0",
    "spectrometer",
    "thyroid_sick",
    "us_crime",
    "webpage",
    "wine_quality",
    "yeast_me2",
    "yeast_ml8",
)


@dataclass(frozen=True)
class Table:
    """A table for classification.

    Parameters
    ----------
    name : str
        Name of the file, without its ending.
    X : ndarray of shape (n_rows, n_columns)
        Features, float32; NaN where a number was missing.
    y : ndarray of shape (n_rows,)
        Class indices 0, 1, ..., K - 1, in the order of the labels in the file.
    groups : ndarray of shape (n_rows,)
        Equal numbers for rows whose features are exactly the same.
    categorical : ndarray of shape (n_columns,)
        Whether a column holds codes of categories.
    """

    name: str
    X: Features
    y: Labels
    groups: NDArray[np.int64]
    categorical: NDArray[np.bool_]

    @property
    def class_count(self) -> NDArray[np.int64]:
        """Rows of each class."""
        return np.bincount(self.y)

    @property
    def n_minority(self) -> int:
        """Rows of the smallest class."""
        return int(self.class_count.min())


class Split(NamedTuple):
    """Row numbers of one fold of one repeat."""

    repeat: int
    fold: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def list_tables(data_dir: str | Path | None = None) -> list[str]:
    """Return the names of all tables that `load_table` finds, sorted.

    Parameters
    ----------
    data_dir : path-like, optional
        As in `load_table`.

    Returns
    -------
    list of str
        Names.

    Raises
    ------
    BenchmarkError
        Where a file of the folder cannot be read.
    """
    folder = find_data_dir(data_dir)
    if folder is None:
        return list(FETCHABLE)
    paths = (path for part in SUBFOLDERS for path in (folder / part).glob("*.npz"))
    return sorted({path.stem for path in paths if holds_a_table(path)})


def load_table(name: str, data_dir: str | Path | None = None) -> Table:
    """Load a table.

    Parameters
    ----------
    name : str
        Name of an archive without its ending.
    data_dir : path-like, optional
        Folder with the archives, directly or in its subfolders ``imbalanced`` and
        ``larger``; else the folder named by the environment variable
        ``SKLEARN_WBN_DATA``; else imbalanced-learn downloads its benchmark.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    BenchmarkError
        Where the table cannot be had, or is none.
    """
    folder = find_data_dir(data_dir)
    if folder is None:
        arrays, origin = _fetch(name), f"imbalanced-learn's table {name}"
    else:
        path = _find(name, folder)
        arrays, origin = read_arrays(path), str(path)
    check_arrays(arrays, origin)
    X = np.ascontiguousarray(arrays["X"], dtype=np.float32)
    # As bool: of the integer 1, ~ makes -2, which is true as well.
    categorical = np.asarray(arrays.get("categorical", np.zeros(X.shape[1])), bool)
    # Missing values were filled with one value a column, so equal rows stay equal.
    groups = number_equal_rows(X)
    y = np.unique(arrays["y"], return_inverse=True)[1].ravel()
    return Table(name, _with_nan(X, categorical, arrays), y, groups, categorical)


def number_equal_rows(X: Features) -> NDArray[np.int64]:
    """Number rows so that equal ones have equal numbers; NaN equals NaN.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,)
        Numbers 0, 1, 2 and so on.
    """
    gaps = np.isnan(X)
    if gaps.any():  # to NumPy every NaN is a value of its own
        X = np.hstack([np.where(gaps, np.float32(0), X), gaps])
    return np.unique(X, axis=0, return_inverse=True)[1].ravel()


def make_preprocessor(table: Table) -> ColumnTransformer:
    """Make a transformer that standardizes numbers and encodes categories.

    Parameters
    ----------
    table : Table
        Says which columns are which; nothing is learned from it here.

    Returns
    -------
    ColumnTransformer
        To be fitted on training rows; it fills missing numbers with the mean.
    """
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=30,
        sparse_output=False,
        dtype=np.float32,
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, np.flatnonzero(~table.categorical)),
            ("categories", categories, np.flatnonzero(table.categorical)),
        ]
    )


def split_table(
    table: Table, *, n_splits: int = 5, n_repeats: int = 1, seed: int = 0
) -> Iterator[Split]:
    """Split into stratified folds, repeatedly; equal rows stay on one side.

    Parameters
    ----------
    table : Table
        What to split.
    n_splits : int, default=5
        Folds of a repeat.
    n_repeats : int, default=1
        How often to shuffle and split anew.
    seed : int, default=0
        Repeat r is shuffled with ``seed + r``.

    Yields
    ------
    Split
        ``repeat, fold, train, test``.

    Raises
    ------
    BenchmarkError
        Where there are too few rows for the folds, a class would have no training
        rows, or could not be stratified.
    """
    _check_sizes(table, n_splits)
    for repeat in range(n_repeats):
        folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed + repeat)
        parts = folds.split(table.X, table.y, table.groups)
        for fold, (train, test) in enumerate(parts):
            _check_classes(table, train, f"repeat {repeat}, fold {fold}")
            yield Split(repeat, fold, train, test)


def rows_to_test(table: Table, train: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that equal none of the training rows.

    Parameters
    ----------
    table : Table
        The table.
    train : ndarray of int
        Training rows.

    Returns
    -------
    ndarray of int
        The other rows, in their order.

    Raises
    ------
    BenchmarkError
        Where no row of a class is left.
    """
    rest = np.flatnonzero(~np.isin(table.groups, table.groups[train]))
    if len(np.unique(table.y[rest])) < len(table.class_count):
        raise BenchmarkError(
            f"{table.name}: with {np.bincount(table.y[train]).tolist()} rows of each "
            "class in training, all others of a class equal one of them; expected "
            "some to test."
        )
    return rest


def _check_sizes(table: Table, n_splits: int) -> None:
    distinct = [len(np.unique(table.groups[table.y == k])) for k in np.unique(table.y)]
    if min(distinct) < 2:
        raise BenchmarkError(
            f"{table.name} cannot be split: class {int(np.argmin(distinct))} has one "
            "distinct row, which cannot be on both sides."
        )
    # Equal rows of two classes are one group.
    n_distinct, n_largest = len(np.unique(table.groups)), int(table.class_count.max())
    if min(n_distinct, n_largest) < n_splits:
        raise BenchmarkError(
            f"{table.name} cannot be split: it has {n_distinct} distinct rows, and its "
            f"largest class {n_largest} rows; {n_splits} folds need {n_splits} of each."
        )


def _check_classes(table: Table, train: NDArray[np.intp], where: str) -> None:
    missing = np.setdiff1d(table.y, table.y[train])
    if len(missing):
        counts = ", ".join(f"{k} ({table.class_count[k]} rows)" for k in missing)
        raise BenchmarkError(
            f"{table.name}, {where}: no training row of class {counts}, because equal "
            "rows stay together. Take another seed, or leave out so small a class."
        )


def _with_nan(
    X: Features, categorical: NDArray[np.bool_], arrays: dict[str, Any]
) -> Features:
    """Undo the filling of missing numbers; indicators and codes stay as they are."""
    if "was_missing" not in arrays:
        return X
    names = arrays.get("feature_names", np.full(X.shape[1], ""))
    number = ~categorical & ~np.array(["=" in str(name) for name in names])
    was_missing = np.asarray(arrays["was_missing"], bool)
    return np.where(was_missing & number, np.float32(np.nan), X)


def _find(name: str, folder: Path) -> Path:
    paths = [folder / part / f"{name}.npz" for part in SUBFOLDERS]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise BenchmarkError(
            f"There is no table {name!r} in {folder} or its subfolders "
            f"{', '.join(SUBFOLDERS[:-1])}. Pass the folder that holds {name}.npz as "
            f"--data-dir, or set {DATA_VARIABLE} to it, or give neither to download."
        )
    return path


def _fetch(name: str) -> dict[str, Any]:
    if name not in FETCHABLE:
        raise BenchmarkError(
            f"Unknown table {name!r}, expected one of {', '.join(FETCHABLE)}, or a "
            "folder of tables as --data-dir."
        )
    try:
        bunch = fetch_datasets(filter_data=(name,))[name]
    except OSError as error:
        raise BenchmarkError(
            f"imbalanced-learn cannot download {name} ({error}). Pass a folder that "
            f"holds {name}.npz as --data-dir, or set {DATA_VARIABLE} to it."
        ) from error
    return {"X": bunch.data, "y": bunch.target}
