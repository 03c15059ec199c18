"""One training in a process of its own; prints the peak memory before and after.

`benchmarks.speed.memory` runs this as ``python -m benchmarks.speed.memory_child``.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import torch_loop
from benchmarks.speed.trainings import FitConfig, fit_mlp, fit_ours

HIDDEN, BATCH_SIZE = (100,), 200
SMALL = 1000  # rows of the fit that loads what a fit loads


def forget_peak() -> None:
    """Let the largest memory so far be the present one (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_bytes() -> int:
    """Return the largest resident memory since `forget_peak` (Linux).

    `resource.getrusage` would not do: its figure cannot be set back, and a new process
    starts with that of its parent.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    fields = next(line.split() for line in lines if line.startswith("VmHWM:"))
    return 1024 * int(fields[1])


def read_rows(path: Path, layout: str) -> NDArray[np.float32]:
    """Read X without holding more than it at any time."""
    file = np.load(path, mmap_mode="r")
    if layout == "map":
        return file
    X = np.empty(file.shape, file.dtype, order="F" if layout == "F" else "C")
    del file
    # A map's pages count as resident, so the file is read in parts.
    with path.open("rb") as stream:
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        for start in range(0, len(X), SMALL):
            rows = X[start : start + SMALL]
            values = np.fromfile(stream, X.dtype, rows.size)
            rows[...] = values.reshape(rows.shape)
    return X


def make_fit(model: str, n_features: int) -> Callable[[NDArray, NDArray], object]:
    """Return a function that trains for one epoch."""
    config = FitConfig(0, n_features, HIDDEN, BATCH_SIZE, 1)
    if model == "ours":
        return partial(fit_ours, config)
    if model == "mlp":
        return partial(fit_mlp, config)
    return partial(
        torch_loop,
        hidden_layer_sizes=HIDDEN,
        batch_size=BATCH_SIZE,
        epochs=1,
        norm=True,
    )


def main(model: str, layout: str, file: str) -> None:
    """Train, and print three sizes in bytes as JSON."""
    n_rows, n_features = np.load(file, mmap_mode="r").shape
    y = np.zeros(n_rows, dtype=np.int64)
    y[::20] = 1
    fit = make_fit(model, n_features)
    fit(np.ones((SMALL, n_features), dtype=np.float32), y[:SMALL].copy())
    gc.collect()
    forget_peak()
    before = peak_bytes() - y.nbytes  # y is data, and there already
    X = read_rows(Path(file), layout)
    fit(X, y)
    sizes = {"before": before, "after": peak_bytes(), "data": X.nbytes + y.nbytes}
    print(json.dumps(sizes))


if __name__ == "__main__":
    main(*sys.argv[1:])
