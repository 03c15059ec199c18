"""Running statistics of a layer, and how far one batch moves them."""

from types import ModuleType
from typing import Any, NamedTuple

from numpy.typing import NDArray
from torch import Tensor


class Running(NamedTuple):
    """Running statistics, with what a batch counts for in them.

    Parameters
    ----------
    mean, var : Tensor of shape (n_channels,)
        Statistics, which `move` changes in place.
    share : float or Tensor of shape ()
        Share of the batch.
    unbiased : float
        Turns the batch's variance into the unbiased one that is averaged.
    """

    mean: Tensor
    var: Tensor
    share: float | Tensor
    unbiased: float

    def move(self, m: Tensor, v: Tensor) -> None:
        """Move the statistics toward those of the batch.

        Parameters
        ----------
        m, v : Tensor of shape (n_channels,)
            Moments of the batch, without gradient.
        """
        if self.unbiased != 1:
            v = v * self.unbiased
        self.mean.lerp_(m.to(self.mean.dtype), self.share)
        self.var.lerp_(v.to(self.var.dtype), self.share)

    def move_by(self, loops: ModuleType, moments: NDArray[Any]) -> None:
        """Do the same by `sklearn_wbn.nn.loops`, with the moments of its `forward`.

        Parameters
        ----------
        loops : module
            The compiled loops.
        moments : ndarray of shape (4, n_channels)
            Its first rows are `m` and `v`.
        """
        statistics = self.mean.numpy(), self.var.numpy()
        share = float(self.share), self.unbiased
        loops.move_running(*statistics, moments[0], moments[1], *share)
