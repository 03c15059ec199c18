"""Memory that fit adds to the data, each training in a process of its own.

Linux keeps the largest resident memory of a process. That figure is set back when
everything is imported and a small fit has been made, and read after the fit in
question. What it has grown by, less the size of X and y, is what fit added.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.speed.settings import Settings
from benchmarks.stopwatch import Timing, compare

N_ROWS, N_FEATURES = 1_000_000, 100
MAX_RUNS = 3
CLEAR_REFS = Path("/proc/self/clear_refs")
DATA = "the data themselves"  # what all are set beside
# Model and layout of X in each contender.
CONTENDERS = {
    "torch loop, nn.BatchNorm1d, C order": ("torch", "C"),
    "MLPClassifier, C order": ("mlp", "C"),
    "WBNMLPClassifier, C order": ("ours", "C"),
    "WBNMLPClassifier, Fortran order": ("ours", "F"),
    "WBNMLPClassifier, memory map": ("ours", "map"),
}


def measure_memory(settings: Settings) -> Iterator[list[Timing]]:
    """Measure one epoch of float32 rows in child processes."""
    check_linux(settings)
    runs = min(settings.runs, MAX_RUNS)
    size = 1e-6 * N_ROWS * (4 * N_FEATURES + 8)  # float32 features, int64 labels
    figures: dict[str, list[float]] = {DATA: [size] * runs}
    figures |= {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        write_rows(path, N_ROWS, N_FEATURES)
        for _ in range(runs):
            for name, (model, layout) in CONTENDERS.items():
                figures[name].append(added_megabytes(model, layout, path))
    config = f"{N_ROWS} x {N_FEATURES} float32, added to the data"
    yield compare("memory", config, figures, unit="MB")


def check_linux(settings: Settings) -> None:
    """Raise a `BenchmarkError` where the memory cannot be measured."""
    if not CLEAR_REFS.exists():
        raise BenchmarkError(
            f"the part memory needs Linux, which has {CLEAR_REFS}; name the other "
            "parts with --parts."
        )


def write_rows(path: Path, n_rows: int, n_features: int) -> None:
    """Write random rows to a ``.npy`` file, part by part."""
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, n_features))
    for part in np.array_split(np.arange(n_rows), max(1, n_rows // 50_000)):
        rows = slice(part[0], part[-1] + 1)
        X[rows] = rng.standard_normal(X[rows].shape, dtype=np.float32)
    X.flush()


def added_megabytes(model: str, layout: str, path: Path) -> float:
    """Train in a fresh process.

    Parameters
    ----------
    model : {"ours", "mlp", "torch"}
        What is trained.
    layout : {"C", "F", "map"}
        How X lies in memory; ``"map"`` leaves it in its file.
    path : Path
        File with X.

    Returns
    -------
    float
        Megabytes (a million bytes) that fit added to X and y at its peak.
    """
    command = [sys.executable, "-m", "benchmarks.speed.memory_child"]
    done = subprocess.run(
        [*command, model, layout, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise BenchmarkError(f"Measuring the memory failed:\n{done.stderr}")
    sizes: dict[str, Any] = json.loads(done.stdout)
    return float(sizes["after"] - sizes["before"] - sizes["data"]) / 1e6
