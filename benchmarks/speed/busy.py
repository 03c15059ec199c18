"""fit on cores that other programs hold, with torch's own threads and with one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch

from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import FitConfig, fit_ours, make_data
from benchmarks.stopwatch import Timing, time_in_turn
from benchmarks.workers import one_torch_thread

CONFIG = FitConfig(20000, 30, (300, 300), 128, 1)


def time_busy_fits(settings: Settings) -> Iterator[list[Timing]]:
    """Time an epoch alone, then beside a program on every core."""
    X, y = make_data(CONFIG.n_samples, CONFIG.n_features)
    fit = partial(fit_ours, CONFIG, X, y)
    contenders = {
        "1 torch thread": one_torch_thread()(fit),
        f"{torch.get_num_threads()} torch threads": fit,
    }
    n_cores = os.cpu_count() or 1
    for n_others in (0, n_cores):
        with busy_processes(n_others):
            yield time_in_turn(
                "busy",
                f"{CONFIG}, beside {n_others} busy processes",
                contenders,
                runs=settings.runs,
                unit="s",
            )


@contextmanager
def busy_processes(n: int) -> Iterator[None]:
    """Keep `n` processes computing."""
    with ExitStack() as stack:
        for _ in range(n):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            # Called in the opposite order: first killed, then waited for.
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield
