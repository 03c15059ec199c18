"""A stream of random numbers of our own, so that torch's global one is not touched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(slots=True)
class RandomStream:
    """Seed and position of a random stream; pickles, unlike a generator in use.

    Parameters
    ----------
    seed : int
        Seed of the stream.
    device_type : str, default=""
        Kind of device that `state` belongs to.
    state : Tensor or None, default=None
        Position; None means the beginning.
    """

    seed: int
    device_type: str = ""
    state: Tensor | None = None

    def generator(self, device: torch.device) -> Generator:
        """Return a generator that goes on where the stream was left.

        Parameters
        ----------
        device : torch.device
            Where numbers are drawn. On another kind of device than before the
            stream begins anew.

        Returns
        -------
        torch.Generator
            Generator on that device.
        """
        generator = Generator(device)
        if self.state is None or self.device_type != device.type:
            return generator.manual_seed(self.seed)
        generator.set_state(self.state)
        return generator

    def keep(self, generator: Generator) -> None:
        """Remember the position of a generator.

        Parameters
        ----------
        generator : torch.Generator
            From `generator`.
        """
        self.device_type = generator.device.type
        self.state = generator.get_state()


@contextmanager
def same_numbers_after(generator: Generator | None) -> Iterator[None]:
    """Leave a generator as it was: what draws meanwhile changes no training.

    Parameters
    ----------
    generator : torch.Generator or None
        None is left alone.

    Yields
    ------
    None
        Nothing.
    """
    if generator is None:
        yield
        return
    state = generator.get_state()
    try:
        yield
    finally:
        generator.set_state(state)
