"""What a method of the resampling benchmark is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from benchmarks.errors import BenchmarkError

UNTUNED, SEARCHED = "untuned", "searched"
INSTALL_PEERS = "pip install 'sklearn-wbn[peers]'"

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
    by_default : bool, default=True
        Whether it runs without being asked for.
    package : str, default=None
        Package of the extra ``peers`` that it needs.
    """

    key: str
    title: str
    make: Callable[[Setting], BaseEstimator]
    network: bool = True
    tier: str = UNTUNED
    by_default: bool = True
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

    def estimator(self, setting: Setting) -> BaseEstimator:
        """Make the estimator.

        Raises
        ------
        BenchmarkError
            Where its package is not installed.
        """
        self.check_installed()
        return self.make(setting)
