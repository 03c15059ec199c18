"""torch's optimizers as the reference of other functions that step."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

OPTIMIZERS = {
    "adamax": (torch.optim.Adamax, "exp_inf"),
    "adam": (torch.optim.Adam, "exp_avg_sq"),
}


def assert_steps_of_torch(
    step: Callable[..., None], name: str, dtype: torch.dtype, weight_decay: float
) -> None:
    """Make some steps beside an optimizer: parameters and states stay equal."""
    make, size = OPTIMIZERS[name]
    torch.manual_seed(0)
    p = torch.randn(37, dtype=dtype, requires_grad=True)
    settings = {"lr": 0.1, "eps": 1e-3, "weight_decay": weight_decay}
    optimizer = make([p], betas=(0.8, 0.9), **settings)
    ours = p.detach().clone().numpy()
    gradient, m, v = np.zeros((3, 37), ours.dtype)
    k = np.zeros((), np.float32)
    for _ in range(5):
        p.grad = torch.randn(37, dtype=dtype)
        gradient[:] = p.grad.numpy()
        optimizer.step()
        step(ours, gradient, m, v, k, (0.1, 0.8, 0.9, 1e-3, weight_decay))
    state = optimizer.state[p]
    expected = p.detach(), state["exp_avg"], state[size], state["step"]
    tolerance = 50 * torch.finfo(dtype).eps
    for array, tensor in zip((ours, m, v, k), expected, strict=True):
        np.testing.assert_allclose(array, tensor, rtol=tolerance, atol=tolerance)


def set_gradients(model: nn.Module, seed: int) -> None:
    """Write into the gradients where there are some."""
    generator = torch.Generator().manual_seed(seed)
    for p in model.parameters():
        gradient = torch.randn(p.shape, generator=generator, dtype=p.dtype)
        if not p.requires_grad:
            continue
        if p.grad is None:
            p.grad = gradient
        else:
            p.grad.copy_(gradient)
