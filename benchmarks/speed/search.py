"""A search over `beta`, in one process and in two."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from joblib import parallel_config
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.speed.fresh_process import seconds_of
from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import make_ours
from benchmarks.stopwatch import Timing, compare
from benchmarks.workers import one_torch_thread

N_BETA = 10
FOLDS = 5
EPOCHS = 12
JOBS = 2


def time_searches(settings: Settings) -> Iterator[list[Timing]]:
    """Time the search: one process, two processes, two threads."""
    one = partial(run_search, n_jobs=1)
    calls: dict[str, Callable[[], object]] = {
        f"n_jobs=1, {torch.get_num_threads()} torch threads": one,
        "n_jobs=1, 1 torch thread": one_torch_thread()(one),
        f"n_jobs={JOBS}": partial(run_search, n_jobs=JOBS),
        f"n_jobs={JOBS}, threading backend": partial(
            run_search, n_jobs=JOBS, backend="threading"
        ),
    }
    first = f"n_jobs={JOBS}, first search of a process"
    seconds: dict[str, list[float]] = {name: [] for name in (*calls, first)}
    for turn in range(settings.runs + 1):
        taken = {name: _seconds(call) for name, call in calls.items()}
        taken[first] = seconds_of(
            f"run_search(n_jobs={JOBS})",
            before="from benchmarks.speed.search import run_search",
        )
        for name, value in taken.items() if turn > 0 else ():
            seconds[name].append(value)
    size = " x ".join(map(str, load_breast_cancer().data.shape))
    config = f"{size}, {N_BETA} beta x {FOLDS} folds, {EPOCHS} epochs"
    yield compare("search", config, seconds, unit="s")


def run_search(*, n_jobs: int, backend: str = "loky") -> GridSearchCV:
    """Search over `beta`, from no weights to almost inverse class frequency."""
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(
        StandardScaler(),
        make_ours((100,), 32, EPOCHS).set_params(class_weight="cbl"),
    )
    search = GridSearchCV(
        model,
        {"wbnmlpclassifier__beta": 1.0 - np.logspace(0, -4, N_BETA)},
        scoring="balanced_accuracy",
        cv=FOLDS,
    )
    with parallel_config(backend, n_jobs=n_jobs):
        return search.fit(X.astype(np.float32), y)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
