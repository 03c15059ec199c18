"""Adamax and Adam in NumPy against torch."""

import pytest
import torch

from sklearn_wbn import _solver_arrays
from tests.torch_steps import OPTIMIZERS, assert_steps_of_torch


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_steps_are_those_of_torch(name, dtype, weight_decay):
    assert_steps_of_torch(getattr(_solver_arrays, name), name, dtype, weight_decay)
