"""In a worker torch takes one thread, unless somebody has said otherwise."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_wbn import _threads
from sklearn_wbn._threads import (
    one_thread_each,
    one_thread_in_workers,
    threads_of_products,
)

LARGE = 2**20 + 1


@pytest.fixture
def two_threads(monkeypatch):
    """Two torch threads here and in threads yet to come, as on two cores."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@one_thread_in_workers()
def threads_in_a_fit() -> int:
    return torch.get_num_threads()


def in_worker(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_main_thread_keeps_its_threads(two_threads):
    assert threads_in_a_fit() == 2


def test_worker_takes_one_thread_and_returns_to_the_former_number(two_threads):
    def before_inside_after():
        return torch.get_num_threads(), threads_in_a_fit(), torch.get_num_threads()

    assert in_worker(before_inside_after) == (2, 1, 2)
    assert torch.get_num_threads() == 2


def test_number_that_the_environment_gives_is_kept(two_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert in_worker(threads_in_a_fit) == 2


def test_failing_fit_restores_the_threads(two_threads):
    @one_thread_in_workers()
    def fail():
        raise ValueError("loss became nan")

    def after_failing():
        with pytest.raises(ValueError, match="nan"):
            fail()
        return torch.get_num_threads()

    assert in_worker(after_failing) == 2


def test_overlapping_workers_leave_the_former_number(two_threads):
    """The second begins while the first has set one thread, and ends after it."""
    second_inside, first_done = threading.Event(), threading.Event()

    @one_thread_in_workers()
    def first():
        pool.submit(lambda: None)  # a thread for the second begins meanwhile
        later = pool.submit(second)
        assert second_inside.wait(10)
        return later

    @one_thread_in_workers()
    def second():
        second_inside.set()
        assert first_done.wait(10)
        return torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        later = pool.submit(first).result()
        first_done.set()
        assert later.result() == 1
    assert in_worker(torch.get_num_threads) == 2
    assert torch.get_num_threads() == 2


def test_thread_that_begins_while_another_is_inside_finds_the_former_number(
    two_threads,
):
    begun, main_done = threading.Event(), threading.Event()

    def worker():
        with one_thread_each() as n_threads:
            begun.set()
            assert main_done.wait(10)
        return n_threads, torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        with one_thread_each():
            later = pool.submit(worker)
            assert begun.wait(10)
        main_done.set()
        assert later.result() == (2, 2)
    assert in_worker(torch.get_num_threads) == 2
    assert torch.get_num_threads() == 2


def test_within_one_thread_there_is_one_to_share_work_among(two_threads):
    with one_thread_each() as outer, one_thread_each() as inner:
        assert (outer, inner) == (2, 1)
    assert torch.get_num_threads() == 2


def blas_threads() -> set[int]:
    libraries = threadpool_info()
    return {lib["num_threads"] for lib in libraries if lib["user_api"] == "blas"}


@pytest.fixture
def two_blas_threads(two_threads):
    with threadpool_limits(2, user_api="blas"):
        yield


def test_training_shares_matrix_products_only(two_blas_threads):
    with threads_of_products(LARGE):
        assert torch.get_num_threads() == 1
        assert blas_threads() == {2}
    assert torch.get_num_threads() == 2


def test_training_shares_no_short_products(two_blas_threads):
    with threads_of_products(LARGE - 1):
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_products_take_no_more_threads_than_torch_may(two_blas_threads):
    torch.set_num_threads(1)
    with threads_of_products(LARGE):
        assert blas_threads() == {1}
    assert torch.get_num_threads() == 1
    assert blas_threads() == {2}


def test_products_take_no_more_threads_than_numpy_may(two_threads):
    with threadpool_limits(1, user_api="blas"), threads_of_products(LARGE):
        assert blas_threads() == {1}


def test_number_that_the_user_sets_meanwhile_is_kept(two_threads):
    """One is what a thread inside has set for others, but not what they have set."""
    with one_thread_each():
        pass  # known from now on
    begun, main_done = threading.Event(), threading.Event()

    @one_thread_in_workers()
    def worker():
        begun.set()
        assert main_done.wait(10)

    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(worker)
        assert begun.wait(10)
        torch.set_num_threads(1)
        with one_thread_each() as n_threads:
            assert n_threads == 1
        assert torch.get_num_threads() == 1
        main_done.set()
        later.result()


def test_products_of_overlapping_threads_leave_the_former_number(two_blas_threads):
    """Each thread sets, and that which ends first is not the one that began."""
    second_inside, first_done = threading.Event(), threading.Event()

    def second():
        with threads_of_products(LARGE - 1):
            second_inside.set()
            assert first_done.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with threads_of_products(LARGE - 1):
            later = pool.submit(second)
            assert second_inside.wait(10)
        first_done.set()
        later.result()
    assert blas_threads() == {2}


def test_overlapping_trainings_leave_the_former_number(two_blas_threads):
    """The second begins while the first is inside, and ends after it."""
    torch.set_num_threads(1)
    first, second = threads_of_products(LARGE), threads_of_products(LARGE)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == {2}


class _Interrupt(BaseException):
    """Stands for Ctrl-C, which may come between any two lines."""


def test_an_interrupt_while_threads_are_set_leaves_the_former_number(
    two_blas_threads, monkeypatch
):
    set_threads = _threads._set_threads

    def interrupted(library, n_threads):
        set_threads(library, n_threads)
        monkeypatch.undo()
        raise _Interrupt

    monkeypatch.setattr(_threads, "_set_threads", interrupted)
    with pytest.raises(_Interrupt), threads_of_products(LARGE - 1):
        pass
    assert blas_threads() == {2}
    with threads_of_products(LARGE - 1):
        assert blas_threads() == {1}
    assert blas_threads() == {2}
