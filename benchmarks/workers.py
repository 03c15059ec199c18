"""Worker processes of one torch thread each, for many small trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from joblib import Parallel, delayed, parallel_config

T = TypeVar("T")


def map_unordered(
    function: Callable[..., T], arguments: Iterable[tuple[Any, ...]], jobs: int
) -> Iterator[T]:
    """Call a function over worker processes.

    Parameters
    ----------
    function : callable
        What to call; it must pickle.
    arguments : iterable of tuple
        Positional arguments of each call. Workers share larger arrays in them through
        memory maps.
    jobs : int
        Number of processes; 1 calls in this one.

    Yields
    ------
    object
        What the calls return, as they end.
    """
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        parallel = Parallel(return_as="generator_unordered")
    yield from parallel(delayed(_call)(function, values) for values in arguments)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Use one thread in torch, and the former number afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _call(function: Callable[..., T], values: tuple[Any, ...]) -> T:
    with one_torch_thread():
        return function(*values)
