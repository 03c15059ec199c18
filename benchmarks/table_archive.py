"""The arrays of a table from a ``.npz`` file, checked before anything is trained."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from benchmarks.errors import BenchmarkError

# What NumPy raises for files that are no archive, or a damaged one.
UNREADABLE = (EOFError, OSError, ValueError, zipfile.BadZipFile, zlib.error)

# Arrays that say yes or no.
MASKS = ("categorical", "was_missing")


def holds_a_table(path: Path) -> bool:
    """Say whether an archive holds a table, and not images, say.

    Raises
    ------
    BenchmarkError
        Where it cannot be read.
    """
    with _opened(path) as archive:
        return {"X", "y"} <= set(archive.files)


def read_arrays(path: Path) -> dict[str, Any]:
    """Read all arrays of a table.

    Raises
    ------
    BenchmarkError
        Where the archive cannot be read or has no ``X`` and ``y``.
    """
    with _opened(path) as archive:
        missing = [name for name in ("X", "y") if name not in archive.files]
        if missing:
            raise ValueError(f"it lacks {', '.join(missing)}")
        return {name: archive[name] for name in archive.files}


def check_arrays(arrays: Mapping[str, Any], origin: object) -> None:
    """Check that arrays belong together and that a classifier could learn from them.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        ``X``, ``y`` and those others of `benchmarks.tabular` that the table has.
    origin : object
        Where they come from, for the message.

    Raises
    ------
    BenchmarkError
        Where they do not.
    """
    X, y = np.asarray(arrays["X"]), np.asarray(arrays["y"])
    if X.ndim != 2 or X.dtype.kind not in "buif" or 0 in X.shape:
        raise BenchmarkError(
            f"{origin} cannot be used: X has shape {X.shape} and type {X.dtype}, "
            "expected numbers in rows and columns."
        )
    _check_shapes(arrays, origin, X.shape)
    _check_masks(arrays, origin)
    if len(np.unique(y)) < 2:
        raise BenchmarkError(
            f"{origin} cannot be used: all rows have the label {y[0]!s}, expected two "
            "classes or more. Leave the table out."
        )


def _check_shapes(
    arrays: Mapping[str, Any], origin: object, shape: tuple[int, int]
) -> None:
    n_rows, n_columns = shape
    expected = {
        "y": (n_rows,),
        "categorical": (n_columns,),
        "was_missing": shape,
        "feature_names": (n_columns,),
    }
    for name, wanted in expected.items():
        if name in arrays and np.shape(arrays[name]) != wanted:
            raise BenchmarkError(
                f"{origin} cannot be used: {name} has shape {np.shape(arrays[name])}, "
                f"expected {wanted} beside X of shape {shape}."
            )


def _check_masks(arrays: Mapping[str, Any], origin: object) -> None:
    """Check that masks hold what a cast to bool leaves as it is meant."""
    for name in MASKS:
        mask = np.asarray(arrays.get(name, False))
        if mask.dtype.kind not in "buif" or not np.isin(mask, (0, 1)).all():
            raise BenchmarkError(
                f"{origin} cannot be used: {name} holds {_some_values(mask)}, expected "
                "booleans, or 0 and 1."
            )


def _some_values(array: np.ndarray) -> str:
    values = np.unique(array)
    dots = ", ..." if len(values) > 5 else ""
    return ", ".join(map(str, values[:5])) + dots


@contextmanager
def _opened(path: Path) -> Iterator[NpzFile]:
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):  # NumPy would advise to allow pickles
                raise ValueError("it is no zip archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                yield archive
    except UNREADABLE as error:
        raise BenchmarkError(
            f"{path} cannot be used: {error}; expected an archive with the arrays X, "
            "y. Replace it, or move it out of the folder."
        ) from error
