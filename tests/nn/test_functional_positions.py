"""Images, volumes and sequences: a weight a row, or a weight a position."""

import re

import pytest
import torch
from torch import Tensor

from sklearn_wbn.nn import batch_weights, weighted_batch_norm, weighted_moments
from tests.oracle import VARIANCES

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

SHAPES = [(5, 3, 7), (4, 3, 2, 3), (3, 3, 2, 1, 2), (4, 3, 1), (1, 3, 6)]


def draw(shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    x, g = (
        torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(2)
    )
    w = 3 * torch.rand(shape[0], dtype=torch.float64, generator=generator) + 1
    gamma, b = torch.tensor([[0.5, 2.0, -1.0], [0.0, 1.0, 3.0]]).double()
    return x, w, gamma, b, g


def by_hand(x: Tensor) -> Tensor:
    """Lay (B, C, S...) out as (B S, C), position by position."""
    flat = x.reshape(x.shape[0], x.shape[1], -1)
    return torch.stack([row[:, s] for row in flat for s in range(flat.shape[2])])


def spread_out(w: Tensor, x: Tensor) -> Tensor:
    """Repeat the weight of each row for each of its positions."""
    return w.reshape(-1, *[1] * (x.dim() - 2)).expand(x.shape[0], *x.shape[2:])


def check_equal_to_rows(x: Tensor, weight: object, w_rows: Tensor, variance: str):
    _, _, gamma, b, g = draw(tuple(x.shape))
    x, rows = x.clone().requires_grad_(), by_hand(x).requires_grad_()
    u = weighted_batch_norm(x, weight, gamma, b, variance=variance)
    u_rows = weighted_batch_norm(rows, w_rows, gamma, b, variance=variance)
    u.backward(g)
    u_rows.backward(by_hand(g))
    close = {"rtol": 1e-12, "atol": 1e-13}
    torch.testing.assert_close(by_hand(u), u_rows, **close)
    torch.testing.assert_close(by_hand(x.grad), rows.grad, **close)
    moments = weighted_moments(x, weight, variance)
    for one, other in zip(
        moments, weighted_moments(rows, w_rows, variance), strict=True
    ):
        torch.testing.assert_close(one, other, **close)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variance", VARIANCES)
def test_a_weight_per_row_counts_at_each_of_its_positions(variance, shape):
    x, w, *_ = draw(shape)
    w_rows = spread_out(w, x).reshape(-1)
    check_equal_to_rows(x, w, w_rows, variance)
    check_equal_to_rows(x, batch_weights(w, variance), w_rows, variance)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("variance", VARIANCES)
def test_a_weight_per_position(variance, shape):
    x, *_ = draw(shape)
    generator = torch.Generator().manual_seed(2)
    w = 2 * torch.rand(x[:, 0].shape, generator=generator) + 0.5
    check_equal_to_rows(x, w, w.reshape(-1), variance)
    prepared = batch_weights(w, variance)
    check_equal_to_rows(x, prepared, w.reshape(-1), variance)
    one, other = (weighted_batch_norm(x, v, variance=variance) for v in (w, prepared))
    assert torch.equal(one, other)


def test_equal_weights_of_positions_are_a_weight_of_the_row():
    x, w, *_ = draw((5, 3, 7))
    torch.testing.assert_close(
        weighted_batch_norm(x, spread_out(w, x)), weighted_batch_norm(x, w)
    )


def test_a_mask_keeps_padding_out():
    lengths = [7, 2, 5, 1, 7]
    x, w, *_ = draw((5, 3, 7))
    mask = torch.arange(7) < torch.tensor(lengths).unsqueeze(1)
    padded = torch.where(mask.unsqueeze(1), x, 1e6)
    u = weighted_batch_norm(padded, mask * w.unsqueeze(1))
    rows = torch.cat([x[i, :, :n].t() for i, n in enumerate(lengths)])
    w_rows = w.repeat_interleave(torch.tensor(lengths))
    kept = torch.cat([u[i, :, :n].t() for i, n in enumerate(lengths)])
    torch.testing.assert_close(
        kept, weighted_batch_norm(rows, w_rows), rtol=1e-12, atol=1e-13
    )


def test_weights_of_positions_that_are_zero_in_all_count_evenly():
    x, *_ = draw((5, 3, 7))
    expected = weighted_batch_norm(x, variance="biased")
    torch.testing.assert_close(weighted_batch_norm(x, torch.zeros(5)), expected)
    torch.testing.assert_close(weighted_batch_norm(x, torch.zeros(5, 7)), expected)


def test_memory_format_of_images_does_not_matter():
    x, w, gamma, b, _ = draw((4, 3, 2, 3))
    last = x.to(memory_format=torch.channels_last)
    u = weighted_batch_norm(x, w, gamma, b)
    u_last = weighted_batch_norm(last, w, gamma, b)
    torch.testing.assert_close(u_last, u)
    # Models call `view`; torch's layers give what they get.
    assert u.is_contiguous()
    assert u_last.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", [(2, 3, 0), (2, 3, 4, 0)])
def test_rows_without_positions_are_refused(shape):
    with pytest.raises(ValueError, match="one position at least"):
        weighted_batch_norm(torch.zeros(shape), torch.ones(2))


@pytest.mark.parametrize(
    "x", [torch.zeros(3), torch.zeros(3, 2, dtype=torch.int64)], ids=["flat", "whole"]
)
def test_what_is_no_batch_of_signals_is_refused(x):
    with pytest.raises(ValueError, match=f"got {x.dtype} of shape"):
        weighted_batch_norm(x, torch.ones(3))


@pytest.mark.parametrize("shape", [(7,), (5, 6), (7, 5), (5, 3, 7), (5, 1)])
def test_weights_that_fit_neither_rows_nor_positions_are_refused(shape):
    x, w = torch.zeros(5, 3, 7), torch.ones(shape)
    got = rf"one per position; got {re.escape(str(shape))} for x of \(5, 3, 7\)"
    with pytest.raises(ValueError, match=got):
        weighted_batch_norm(x, w)
    prepared = "5 rows came with 7 weights" if shape == (7,) else got
    with pytest.raises(ValueError, match=prepared):
        weighted_batch_norm(x, batch_weights(w))


@pytest.mark.parametrize("shape", [(5, 1), (1, 5)])
def test_weights_of_positions_are_refused_where_there_are_none(shape):
    got = rf"one per position; got {re.escape(str(shape))} for x of \(5, 3\)"
    for weight in (torch.ones(shape), batch_weights(torch.ones(shape))):
        with pytest.raises(ValueError, match=got):
            weighted_batch_norm(torch.zeros(5, 3), weight)
