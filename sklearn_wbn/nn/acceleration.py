"""Whether Numba does the arithmetic; see `sklearn_wbn.nn.loops`."""

import os
from functools import cache
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor

# The loops use one thread. Stock operations share large batches among many, which may
# then be faster; with two threads they are not (`python -m benchmarks speed`).
_FEW_SIGNALS = 500_000
_FEW_THREADS = 4

_PRECISIONS = (torch.float32, torch.float64)
_TYPES = (Tensor, torch.nn.Parameter)


def loops(module: str = "sklearn_wbn.nn.loops") -> ModuleType | None:
    """Return a module of compiled loops, if it is to be used.

    Parameters
    ----------
    module : str, default="sklearn_wbn.nn.loops"
        Its name.

    Returns
    -------
    module or None
        None where Numba is not installed, does not fit NumPy, or is turned off by
        ``SKLEARN_WBN_NUMBA=0`` in the environment.
    """
    return None if os.environ.get("SKLEARN_WBN_NUMBA") == "0" else _import(module)


@cache
def _import(module: str) -> ModuleType | None:
    try:
        return import_module(module)
    except ImportError:  # what Numba raises for a NumPy that it does not know, too
        return None


def loops_for(x: Tensor, *channels: Tensor | None) -> ModuleType | None:
    """Return the module of the compiled loops, if it can take these tensors.

    Parameters
    ----------
    x : Tensor of shape (B, C)
        Signals.
    *channels : Tensor of shape (C,) or None
        Scale, shift and running statistics, of which the loops check nothing.

    Returns
    -------
    module or None
        None for other devices, precisions and shapes, for subclasses of Tensor, while
        torch compiles or exports, and for large batches where torch has many threads.
    """
    dtype, shape = x.dtype, x.shape[1:]
    fits = (
        x.is_cpu
        and dtype in _PRECISIONS
        and type(x) in _TYPES
        and all(c is None or (c.dtype is dtype and c.shape == shape) for c in channels)
        and (x.numel() <= _FEW_SIGNALS or torch.get_num_threads() <= _FEW_THREADS)
        and not torch.compiler.is_compiling()
    )
    return loops() if fits else None
