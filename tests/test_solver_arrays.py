"""Adamax and Adam, by NumPy and by Numba's loops, against torch."""

import numpy as np
import pytest
import torch

from sklearn_wbn import _loops, _solver_arrays

OPTIMIZERS = {
    "adamax": (torch.optim.Adamax, "exp_inf"),
    "adam": (torch.optim.Adam, "exp_avg_sq"),
}


@pytest.mark.parametrize("arithmetic", [_loops, _solver_arrays])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)]
)
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_steps_are_those_of_torch(arithmetic, name, dtype, tolerance, weight_decay):
    make, size = OPTIMIZERS[name]
    torch.manual_seed(0)
    p = torch.randn(37, dtype=dtype, requires_grad=True)
    arrays = [p.detach().clone().numpy(), *np.zeros((3, 37), p.detach().numpy().dtype)]
    settings = {"lr": 0.1, "eps": 1e-3, "weight_decay": weight_decay}
    optimizer = make([p], betas=(0.8, 0.9), **settings)
    ours, gradient, m, v = arrays
    k = np.zeros((), np.float32)
    for _ in range(5):
        p.grad = torch.randn(37, dtype=dtype)
        gradient[:] = p.grad.numpy()
        optimizer.step()
        step = getattr(arithmetic, name)
        step(ours, gradient, m, v, k, 0.1, 0.8, 0.9, 1e-3, weight_decay)
    state = optimizer.state[p]
    expected = p.detach(), state["exp_avg"], state[size], state["step"]
    for array, tensor in zip((ours, m, v, k), expected, strict=True):
        np.testing.assert_allclose(array, tensor, rtol=tolerance, atol=tolerance)
