"""Warnings that are ignored while we score, and filters that come back."""

import threading
import warnings

import pytest

from sklearn_wbn._quiet import quiet


def test_a_warning_about_our_own_calls_is_ignored():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with quiet():
            warnings.warn("X does not have valid feature names, but ...", stacklevel=1)
        with pytest.raises(UserWarning, match="feature names"):
            warnings.warn("X does not have valid feature names, but ...", stacklevel=1)


def test_other_warnings_are_heard():
    with quiet(), pytest.warns(UserWarning, match="something else"):
        warnings.warn("something else", stacklevel=1)


def test_filters_come_back_where_threads_overlap():
    before = list(warnings.filters)
    first_is_out = threading.Event()

    def leave_last():
        with quiet():
            is_inside.set()
            first_is_out.wait()

    is_inside = threading.Event()
    with quiet():
        thread = threading.Thread(target=leave_last)
        thread.start()
        is_inside.wait()
    assert warnings.filters != before  # the other one is still inside
    first_is_out.set()
    thread.join()
    assert warnings.filters == before
