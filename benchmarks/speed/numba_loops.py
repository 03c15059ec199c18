"""Our contenders with Numba's loops, which the other benchmarks leave off."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from unittest.mock import patch


def beside_numba(
    contenders: Mapping[str, Callable[[], object]],
) -> dict[str, Callable[[], object]]:
    """Return contenders without Numba's loops, and where it is installed with them."""
    choices = {"": "0"} | ({", Numba": "1"} if find_spec("numba") else {})
    return {
        f"{name}{suffix}": partial(_call, call, choice)
        for name, call in contenders.items()
        for suffix, choice in choices.items()
    }


def _call(call: Callable[[], object], choice: str) -> object:
    with patch.dict(os.environ, SKLEARN_WBN_NUMBA=choice):
        return call()
