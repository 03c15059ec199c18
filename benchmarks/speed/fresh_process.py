"""Time a statement in a process that has done nothing before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).parents[2]
PROGRAM = """
import time
{before}
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def seconds_of(statement: str, before: str = "") -> float:
    """Time a statement in a fresh process.

    Parameters
    ----------
    statement : str
        What is timed.
    before : str, default=""
        What the process runs first, not timed.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    BenchmarkError
        If the process fails.
    """
    program = PROGRAM.format(before=before, statement=statement)
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise BenchmarkError(f"Timing {statement!r} failed:\n{done.stderr}")
    return float(done.stdout)
