"""Time contenders in turn, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch


class Timing(NamedTuple):
    """One line of the results file."""

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

    Returns
    -------
    list of Timing
        Microseconds per step: median, smallest, largest; and the median over the
        runs of the ratio to the reference in the same turn.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(runs + 1):
        for name, call in contenders.items():
            start = time.perf_counter()
            for _ in range(repeat):
                call()
            if turn > 0:
                seconds[name].append((time.perf_counter() - start) / repeat / per)
    reference = next(iter(contenders))
    return [
        Timing(
            part,
            config,
            name,
            "us",
            *(round(1e6 * f(values), 2) for f in (statistics.median, min, max)),
            reference,
            round(
                statistics.median(
                    mine / theirs
                    for mine, theirs in zip(values, seconds[reference], strict=True)
                ),
                3,
            ),
            runs,
            torch.get_num_threads(),
            describe_machine(),
        )
        for name, values in seconds.items()
    ]


def describe_machine() -> str:
    """Describe processor and versions in one line."""
    packages = ("torch", "scikit-learn", "skorch", "numpy")
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
