"""How many threads fits and predictions take, alone or side by side."""

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import LibController, ThreadpoolController

# Up to here one thread takes as long as two, and less where the cores are far apart.
_SHORT_PRODUCT = 2**20


@contextmanager
def one_thread_in_workers() -> Iterator[None]:
    """Use one torch thread in a worker, and the former number afterwards.

    A worker is any thread or process but the main ones: what joblib's threading and
    multiprocessing backends, Dask's threads, and Python's own pools start. Side by side
    they fill the cores, and more threads in each would only fight over them.

    A worker process keeps its one thread. So does any process that was forked: its
    parent may have used several OpenMP threads, which are not forked, and it would wait
    for them forever.

    Elsewhere, where ``OMP_NUM_THREADS`` is set, somebody has decided, and nothing is
    changed: joblib's loky workers and Dask's worker processes find there what they may
    take.

    Yields
    ------
    None
        Nothing. Also decorates functions.
    """
    if _is_forked:
        torch.set_num_threads(1)
        yield
    elif os.environ.get("OMP_NUM_THREADS"):
        yield
    elif multiprocessing.parent_process() is not None:
        torch.set_num_threads(1)
        yield
    elif threading.current_thread() is threading.main_thread():
        yield
    else:
        with one_thread_each():
            yield


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Give each Python thread, this one and those to come, one torch thread.

    Yields
    ------
    int
        Number of torch threads before and afterwards.
    """
    if threading.get_ident() in _torch_threads.outside:
        yield 1
        return
    try:  # an interrupt may come before `enter` ends
        yield _torch_threads.enter()
    finally:
        _torch_threads.leave()


def take_one_thread() -> int:
    """Set one torch thread in this Python thread.

    Returns
    -------
    int
        Number of torch threads before.
    """
    # Asked first: torch takes the common number over when it is first asked, or first
    # computes, in a Python thread. Later that would undo what is set.
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    return n_threads


class _TorchThreads:
    """The Python threads of this process that take one torch thread now.

    torch keeps a number for each Python thread, and the last one set for threads yet to
    come. So a thread that begins while others work cannot see what there was: the first
    one in remembers it.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.outside: dict[int, int] = {}  # what each thread inside had before
        self.n_threads_outside = torch.get_num_threads()
        self.mine = threading.local()
        self.mine.is_known = True

    def enter(self) -> int:
        with self.lock:
            n_threads = torch.get_num_threads()
            if not self.outside:
                self.n_threads_outside = n_threads
            elif n_threads == 1 and not hasattr(self.mine, "is_known"):
                n_threads = self.n_threads_outside  # it is what those inside have set
            self.mine.is_known = True
            self.outside[threading.get_ident()] = n_threads
            torch.set_num_threads(1)
        return n_threads

    def leave(self) -> None:
        with self.lock:
            n_threads = self.outside.pop(threading.get_ident(), None)
            if n_threads is not None:
                torch.set_num_threads(n_threads)


_torch_threads = _TorchThreads()


@contextmanager
def threads_of_products(n_multiplications: int) -> Iterator[None]:
    """Let threads share NumPy's matrix products, if they are large, and nothing else.

    All else in a training step is so short that another core would wait for what the
    first one has written longer than it works. NumPy takes no more threads than torch
    may.

    Parameters
    ----------
    n_multiplications : int
        Of the largest product. The number of threads depends on nothing else, as the
        last digits of a product depend on it. Fits that run at the same time share one
        setting, that of the first to begin.

    Yields
    ------
    None
        Nothing.
    """
    with one_thread_each() as n_threads:
        fit = object()
        try:  # an interrupt may come before `enter` ends
            _products.enter(fit, n_threads if n_multiplications > _SHORT_PRODUCT else 1)
            yield
        finally:
            _products.leave(fit)


class _ProductThreads:
    """The threads of NumPy's matrix products, which all Python threads share.

    The first fit of several side by side sets them, the last one restores them.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside: set[object] = set()
        self.before: list[tuple[LibController, int]] = []

    def enter(self, fit: object, n_threads: int) -> None:
        with self.lock:
            is_first = not self.inside
            self.inside.add(fit)
            if is_first:
                self.before = [(lib, lib.num_threads) for lib in _blas_libraries()]
                for lib, n in self.before:
                    _set_threads(lib, min(n, n_threads))

    def leave(self, fit: object) -> None:
        with self.lock:
            self.inside.discard(fit)
            if not self.inside:
                for lib, n in self.before:
                    _set_threads(lib, n)
                self.before = []


def _set_threads(library: LibController, n_threads: int) -> None:
    """Set them, and let other Python threads set them later.

    threadpoolctl 3.8 lets only one do so, the first, until it gives that up.
    """
    library.set_num_threads(n_threads)
    give_up = getattr(library, "clear_controlling_thread", None)
    if give_up is not None:
        give_up()


@cache
def _blas_libraries() -> list[LibController]:
    """Look through all loaded libraries, which takes a while."""
    blas = ThreadpoolController().select(user_api="blas")
    return list(blas.lib_controllers)


_products = _ProductThreads()


def _note_fork() -> None:
    """Begin anew in a forked process: threads that were inside are not there."""
    global _is_forked, _torch_threads, _products
    _is_forked, _torch_threads, _products = True, _TorchThreads(), _ProductThreads()


_is_forked = False
if hasattr(os, "register_at_fork"):  # not on Windows, which forks nothing
    os.register_at_fork(after_in_child=_note_fork)
