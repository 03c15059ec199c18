"""What a method of the resampling benchmark is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from benchmarks.errors import BenchmarkError
from benchmarks.tabular import Table

UNTUNED, SEARCHED = "untuned", "searched"
INSTALL_PEERS = "pip install 'sklearn-wbn[peers]'"

# On longer tables, methods that take many times as long as the network need days.
SLOW_METHODS_MAX_ROWS = 12_000

Splits = list[tuple[NDArray, NDArray]]


class Setting(NamedTuple):
    """What the makers of all methods are given.

    `inner` splits the training rows for a search; methods that search nothing do not
    look at it.
    """

    preprocessor: BaseEstimator
    epochs: int
    seed: int
    inner: Splits | None = None


@dataclass(frozen=True)
class Contender:
    """One method.

    Parameters
    ----------
    key : str
        Name on the command line and in the results file.
    title : str
        Name in tables and pictures.
    make : callable
        Function of a `Setting` that returns an estimator.
    network : bool, default=True
        Whether it trains the network that the variants of the network share.
    tier : {"untuned", "searched"}, default="untuned"
        Whether it has one documented setting, or a search with the budget of all
        searches.
    max_rows, max_classes : int, default=None
        Of the tables that it runs on without being named itself.
    package : str, default=None
        Package of the extra ``peers`` that it needs.
    """

    key: str
    title: str
    make: Callable[[Setting], BaseEstimator]
    network: bool = True
    tier: str = UNTUNED
    max_rows: int | None = None
    max_classes: int | None = None
    package: str | None = None

    @property
    def installed(self) -> bool:
        """Whether its package is there."""
        return self.package is None or find_spec(self.package) is not None

    def check_installed(self) -> None:
        """Raise a `BenchmarkError` where its package is not installed."""
        if not self.installed:
            raise BenchmarkError(
                f"{self.key} needs the package {self.package}: {INSTALL_PEERS}."
            )

    def suits(self, table: Table) -> bool:
        """Say whether it runs on a table without being named itself."""
        n_rows, n_classes = len(table.y), len(table.class_count)
        return (self.max_rows is None or n_rows <= self.max_rows) and (
            self.max_classes is None or n_classes <= self.max_classes
        )

    def estimator(self, setting: Setting) -> BaseEstimator:
        """Make the estimator.

        Raises
        ------
        BenchmarkError
            Where its package is not installed.
        """
        self.check_installed()
        return self.make(setting)
