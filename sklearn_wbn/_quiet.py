"""Warnings about our own calls, which no user could act on."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_MESSAGES = (
    # A class of one row is not held out, yet may be predicted.
    "y_pred contains classes not in y_true",
    "A single label was found in 'y_true'",
    # Held-out rows are an array by then; their names were checked with the frame.
    "X does not have valid feature names",
    # Read-only arrays (memory maps, joblib's) are fine: nothing writes to X.
    "The given NumPy array is not writable",
)


class _Filters:
    """The filters of the process, which all Python threads share.

    Threads that each save and restore them may restore what another one has set. So the
    first one in saves them, and the last one out restores them.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_inside = 0

    def enter(self) -> None:
        with self.lock:
            if self.n_inside == 0:
                self.saved = warnings.catch_warnings()
                self.saved.__enter__()
                for message in _MESSAGES:
                    warnings.filterwarnings("ignore", message)
            self.n_inside += 1

    def leave(self) -> None:
        with self.lock:
            self.n_inside -= 1
            if self.n_inside == 0:
                self.saved.__exit__(None, None, None)


_filters = _Filters()


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore the warnings that scoring held-out rows and sharing an array bring.

    Yields
    ------
    None
        Nothing.
    """
    _filters.enter()
    try:
        yield
    finally:
        _filters.leave()
