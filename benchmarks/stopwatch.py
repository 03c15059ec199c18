"""Time contenders in turn, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch

PER_SECOND = {"s": 1.0, "us": 1e6}
# Of the kept figures: a hundredth of a microsecond, and the like.
DECIMALS = {"MB": 1, "s": 4, "us": 2}

# NumPy's threads wait busily for a tenth of a second after a matrix product. Without a
# pause those of one contender would take a core from the next one.
UNTIL_THREADS_SLEEP = 0.2


class Timing(NamedTuple):
    """One line of the results file; most are times, some are megabytes."""

    part: str
    config: str
    contender: str
    unit: str
    median: float
    smallest: float
    largest: float
    reference: str
    ratio: float
    runs: int
    threads: int
    machine: str


def time_in_turn(
    part: str,
    config: str,
    contenders: Mapping[str, Callable[[], object]],
    *,
    runs: int,
    repeat: int = 1,
    per: int = 1,
    unit: str = "us",
    pause: float = 0.0,
) -> list[Timing]:
    """Time each contender `runs` times, A B C A B C and so on, after one warm-up.

    Parameters
    ----------
    part, config : str
        What is timed.
    contenders : mapping of str to callable
        The first is the reference of the ratios.
    runs : int
        Counted runs of each.
    repeat : int, default=1
        Calls in one run, for calls that are too short to time.
    per : int, default=1
        Number of steps of one call; figures are per step.
    unit : {"us", "s"}, default="us"
        Of the figures.
    pause : float, default=0.0
        Seconds before each run, see `UNTIL_THREADS_SLEEP`.

    Returns
    -------
    list of Timing
        Times per step.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    scale = PER_SECOND[unit] / repeat / per
    for turn in range(runs + 1):
        for name, call in contenders.items():
            time.sleep(pause)
            start = time.perf_counter()
            for _ in range(repeat):
                call()
            if turn > 0:
                times[name].append((time.perf_counter() - start) * scale)
    return compare(part, config, times, unit=unit)


def compare(
    part: str, config: str, figures: Mapping[str, Sequence[float]], *, unit: str
) -> list[Timing]:
    """Make the lines of the results file from the figures of every turn.

    Parameters
    ----------
    part, config : str
        What was measured.
    figures : mapping of str to sequence of float
        For each contender one figure a turn. The first is the reference.
    unit : {"us", "s", "MB"}
        Of the figures.

    Returns
    -------
    list of Timing
        Median, smallest, largest; and the median over the turns of the ratio to the
        reference in the same turn.
    """
    reference, decimals = next(iter(figures)), DECIMALS[unit]
    lines = []
    for name, values in figures.items():
        three = (statistics.median(values), min(values), max(values))
        pairs = zip(values, figures[reference], strict=True)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        lines.append(
            Timing(
                part,
                config,
                name,
                unit,
                *(round(value, decimals) for value in three),
                reference,
                round(ratio, 3),
                len(values),
                torch.get_num_threads(),
                describe_machine(),
            )
        )
    return lines


def describe_machine() -> str:
    """Describe processor and versions in one line."""
    packages = ["torch", "scikit-learn", "skorch", "numpy"]
    packages += ["numba"] if find_spec("numba") else []
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, {versions}"
    )


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            names = [line.partition(":")[2] for line in lines if "model name" in line]
        return names[0].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
