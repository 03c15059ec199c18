"""The three image sets of the paper, from a folder of ``.npz`` files or from OpenML."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import fetch_openml

from benchmarks.errors import BenchmarkError
from benchmarks.task import Draw, Labels, choose_rows

Pixels = NDArray[np.uint8]

ARRAYS = ("X_train", "y_train", "X_test", "y_test")

# ITU-R recommendation BT.601: luma of red, green and blue.
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class ImageSource:
    """Where an image set lies and which labels its classes carry there.

    Parameters
    ----------
    file : str
        Name of the archive in the data folder.
    openml_id : int
        Data set at OpenML.
    n_train : int
        Rows of the official training part, which come first at OpenML.
    codes : dict of str to str
        Label in the original (a digit as text) for each class name that is used.
    shape : tuple of int
        Shape of an image as OpenML flattens it: ``(rows, columns)``, or colours first.
    """

    file: str
    openml_id: int
    n_train: int
    codes: dict[str, str]
    shape: tuple[int, ...]


class ImagePool(NamedTuple):
    """Grey images of the chosen classes, one a row; labels number the classes."""

    X_train: Pixels
    y_train: Labels
    X_test: Pixels
    y_test: Labels


def draw_images(seed: int, *, pool: ImagePool, counts: tuple[int, ...]) -> Draw:
    """Draw training rows from a pool, take all its test rows; divide by 255."""
    rows = np.sort(choose_rows(pool.y_train, counts, seed))
    return Draw(
        _scaled(pool.X_train[rows]),
        np.asarray(pool.y_train[rows]),
        _scaled(pool.X_test),
        pool.y_test,
    )


def load_pool(source: ImageSource, data_dir: Path | None) -> ImagePool:
    """Load an image set.

    Parameters
    ----------
    source : ImageSource
        The set.
    data_dir : Path or None
        Folder that holds ``source.file``; None asks OpenML.

    Returns
    -------
    ImagePool
        The classes of ``source.codes``, turned grey and flattened.

    Raises
    ------
    BenchmarkError
        Where the data cannot be had.
    """
    arrays = (
        _fetch(source) if data_dir is None else _read(source, data_dir / source.file)
    )
    train = _select(arrays["X_train"], arrays["y_train"], source.codes)
    test = _select(arrays["X_test"], arrays["y_test"], source.codes)
    return ImagePool(*train, *test)


def to_grey(images: Pixels) -> Pixels:
    """Turn images of shape (n, rows, columns, 3) grey, in whole steps."""
    if images.ndim == 3:
        return images
    return np.rint(images @ np.asarray(LUMA, dtype=np.float32)).astype(np.uint8)


def decode_openml(
    data: NDArray[Any], target: NDArray[Any], source: ImageSource
) -> dict[str, Any]:
    """Turn the flat rows of OpenML into the arrays of a data folder.

    Parameters
    ----------
    data : ndarray of shape (n, n_features)
        Pixels 0 to 255 of any number type. Colours follow one another as whole planes.
    target : ndarray of shape (n,)
        Labels as text.
    source : ImageSource
        The set.

    Returns
    -------
    dict
        ``X_train``, ``y_train``, ``X_test``, ``y_test``.
    """
    expected = int(np.prod(source.shape))
    if data.shape[1] != expected or len(data) <= source.n_train:
        raise BenchmarkError(
            f"OpenML data set {source.openml_id} has shape {data.shape}, "
            f"expected {expected} columns and more than {source.n_train} rows."
        )
    images = np.asarray(data).astype(np.uint8).reshape(-1, *source.shape)
    if len(source.shape) == 3:
        images = np.moveaxis(images, 1, -1)
    labels, n = np.asarray(target).astype(str), source.n_train
    return {
        "X_train": images[:n],
        "y_train": labels[:n],
        "X_test": images[n:],
        "y_test": labels[n:],
    }


def _scaled(pixels: Pixels) -> NDArray[np.float32]:
    return np.asarray(pixels, dtype=np.float32) / np.float32(255.0)


def _select(
    images: Pixels, labels: NDArray[Any], codes: dict[str, str]
) -> tuple[Pixels, Labels]:
    """Keep the wanted classes; a label may be the original's code or the class name."""
    numbers = {}
    for number, (name, code) in enumerate(codes.items()):
        numbers[name] = numbers[code] = number
    y = np.array([numbers.get(str(label), -1) for label in labels], dtype=np.int64)
    missing = [name for number, name in enumerate(codes) if number not in y]
    if missing:
        raise BenchmarkError(f"The data hold no images of {', '.join(missing)}.")
    grey = to_grey(images[y >= 0])
    return grey.reshape(len(grey), -1), y[y >= 0]


def _read(source: ImageSource, path: Path) -> dict[str, NDArray[Any]]:
    expected = f"expected an archive with the arrays {', '.join(ARRAYS)}"
    if not path.is_file():
        raise BenchmarkError(
            f"There is no file {path} ({expected}). Pass the folder that holds "
            f"{source.file} as --data-dir, or set SKLEARN_WBN_DATA to it, or give "
            "neither to download from OpenML."
        )
    try:
        # NumPy leaves a file open that it opened itself and cannot read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in ARRAYS}
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise BenchmarkError(f"{path} cannot be used: {error}; {expected}.") from error


def _fetch(source: ImageSource) -> dict[str, Any]:
    try:
        bunch = fetch_openml(data_id=source.openml_id, as_frame=False, parser="auto")
    except OSError as error:
        raise BenchmarkError(
            f"OpenML data set {source.openml_id} cannot be downloaded ({error}). Pass "
            f"a folder that holds {source.file} as --data-dir, or set SKLEARN_WBN_DATA "
            "to it; the data sets digits and synthetic need no download."
        ) from error
    return decode_openml(bunch.data, bunch.target, source)
