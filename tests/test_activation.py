"""The activations in NumPy and their derivatives are torch's."""

import numpy as np
import pytest
import torch

from sklearn_wbn._activation import BY_MODULE_NAME, activation

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

SIGNALS = np.linspace(-30, 30, 240).reshape(12, 20)
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", BY_MODULE_NAME)
def test_value_and_derivative_are_torchs(name, dtype):
    u = torch.from_numpy(SIGNALS.astype(dtype)).requires_grad_()
    expected = getattr(torch.nn, name)()(u)
    expected.sum().backward()
    a, kept = activation(name).value(SIGNALS.astype(dtype))
    assert a.dtype == dtype
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(a, expected.detach().numpy(), **tolerance)
    g = np.ones_like(a)
    activation(name).backward(g, kept)
    np.testing.assert_allclose(g, u.grad.numpy(), **tolerance)
