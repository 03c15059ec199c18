"""How a batch moves the running statistics."""

import numpy as np
import pytest
import torch

from sklearn_wbn.nn import WeightedBatchNorm1d, weighted_moments
from sklearn_wbn.nn.running import Running

C = 4


def draw(n_rows: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(n_rows)
    return torch.randn(n_rows, C, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("share", [0.25, torch.tensor(0.25)], ids=["float", "tensor"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_statistics_move_by_the_share_in_their_own_precision(dtype, share):
    mean, var = torch.full((C,), 3.0, dtype=dtype), torch.full((C,), 2.0, dtype=dtype)
    m, v = draw(2)
    Running(mean, var, share, unbiased=1.5).move(m, v)
    tolerance = 8 * torch.finfo(dtype).eps
    np.testing.assert_allclose(mean, 0.75 * 3 + 0.25 * m, rtol=tolerance)
    np.testing.assert_allclose(var, 0.75 * 2 + 0.25 * 1.5 * v, rtol=tolerance)


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize("momentum", [0.25, None], ids=["float", "tensor"])
def test_a_batch_moves_them_by_either_arithmetic(momentum):
    layer = WeightedBatchNorm1d(C, momentum=momentum, variance="biased").double()
    batches = [draw(6).requires_grad_(), draw(8).requires_grad_()]
    mean, var = torch.zeros(C).double(), torch.ones(C).double()
    for number, x in enumerate(batches, start=1):
        layer(x)
        share = momentum or 1 / number
        m, v = weighted_moments(x.detach(), variance="reliability")
        mean, var = mean + share * (m - mean), var + share * (v - var)
    assert not layer.running_mean.requires_grad
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, var, rtol=1e-12)
