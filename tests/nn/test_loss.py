"""The weighted cross-entropy against equation (2) and (22) in NumPy."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sklearn_wbn.nn import weighted_cross_entropy
from tests.oracle import Array, total

B, K = 12, 4


def draw(n_rows: int = B, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    logits = torch.tensor(rng.normal(0, 3, (n_rows, K)))
    weight = torch.tensor(10 ** rng.uniform(-3, 3, n_rows))
    return logits, torch.tensor(rng.integers(0, K, n_rows)), weight


def cross_entropy(logits: Array, target: Array) -> Array:
    """The data loss f of equation (1), with the softmax of equation (10)."""
    return np.array(
        [
            math.log(total(np.exp(row - row[t])))
            for row, t in zip(logits, target, strict=True)
        ]
    )


def oracle(logits: Tensor, target: Tensor, weight: Tensor, divisor: float) -> float:
    e = cross_entropy(logits.detach().numpy(), target.numpy())
    return total(weight.numpy() * e) / divisor


def test_batch_divides_by_the_weights_of_the_batch():
    logits, target, w = draw()
    loss = weighted_cross_entropy(logits, target, w)
    expected = oracle(logits, target, w, float(w.sum()))
    assert math.isclose(loss, expected, rel_tol=1e-13)


def test_constant_divides_by_rows_times_the_mean_weight():
    logits, target, w = draw()
    loss = weighted_cross_entropy(logits, target, w, "constant", mean_weight=2.5)
    assert math.isclose(loss, oracle(logits, target, w, B * 2.5), rel_tol=1e-13)


def test_batch_equals_torchs_class_weighted_mean():
    logits, target, _ = draw()
    c = torch.tensor([10.0, 0.3, 1.0, 4.0]).double()
    loss = weighted_cross_entropy(logits, target, c[target])
    torch.testing.assert_close(loss, F.cross_entropy(logits, target, weight=c))


def test_equal_weights_give_the_plain_loss():
    logits, target, _ = draw()
    plain = F.cross_entropy(logits, target)
    w = torch.full((B,), 0.2)
    torch.testing.assert_close(weighted_cross_entropy(logits, target, w), plain)
    loss = weighted_cross_entropy(logits, target, w, "constant", mean_weight=0.2)
    # 0.2 is not the same number in float32, the weights' precision.
    torch.testing.assert_close(loss, plain, rtol=1e-7, atol=0)


@pytest.mark.parametrize("normalization", ["batch", "constant"])
def test_gradient_is_the_weighted_residual(normalization):
    logits, target, w = draw()
    mean = float(w.mean()) * 1.5
    divisor = float(w.sum()) if normalization == "batch" else B * mean
    logits.requires_grad_()
    weighted_cross_entropy(
        logits, target, w, normalization, mean_weight=mean
    ).backward()
    z = logits.detach().numpy()
    softmax = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    residual = softmax - np.eye(K)[target]
    expected = w.numpy()[:, None] * residual / divisor
    np.testing.assert_allclose(logits.grad, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_batch_does_not_depend_on_the_unit_of_the_weights(unit):
    logits, target, w = draw()
    loss = weighted_cross_entropy(logits, target, w)
    torch.testing.assert_close(weighted_cross_entropy(logits, target, w * unit), loss)


def test_batches_of_an_epoch_with_constant_add_up_to_the_loss_of_equation_2():
    logits, target, w = draw(n_rows=47)
    sizes = [16, 16, 15]
    mean = float(w.mean())
    losses = [
        weighted_cross_entropy(*batch, "constant", mean_weight=mean)
        for batch in zip(*(t.split(sizes) for t in (logits, target, w)), strict=True)
    ]
    expected = oracle(logits, target, w, float(w.sum()))
    epoch = sum(B_r / 47 * loss for B_r, loss in zip(sizes, losses, strict=True))
    assert math.isclose(epoch, expected, rel_tol=1e-13)
    # With "batch" they do not: a batch without a heavy row has full weight.
    parts = zip(*(t.split(sizes) for t in (logits, target, w)), strict=True)
    batch = sum(weighted_cross_entropy(*part) for part in parts) / 3
    assert not math.isclose(batch, expected, rel_tol=0.01)


@pytest.mark.parametrize("normalization", ["batch", "constant"])
def test_weights_that_are_all_zero_give_zero(normalization):
    logits, target, w = draw()
    logits.requires_grad_()
    loss = weighted_cross_entropy(logits, target, 0 * w, normalization, mean_weight=1.0)
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()


def test_a_row_of_weight_zero_changes_nothing():
    logits, target, w = draw()
    w[3] = 0
    kept = torch.arange(B) != 3
    torch.testing.assert_close(
        weighted_cross_entropy(logits, target, w),
        weighted_cross_entropy(logits[kept], target[kept], w[kept]),
    )


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[1e4, 0.0], [0.0, 1e4]])
    loss = weighted_cross_entropy(logits, torch.tensor([1, 1]), torch.ones(2))
    assert loss == 5e3


def test_float32_keeps_its_precision_with_weights_over_six_orders():
    logits, target, w = (t.float() if t.is_floating_point() else t for t in draw(500))
    loss = weighted_cross_entropy(logits, target, w)
    assert loss.dtype == torch.float32
    expected = oracle(logits.double(), target, w.double(), float(w.double().sum()))
    assert math.isclose(loss, expected, rel_tol=1e-6)


@pytest.mark.parametrize("normalization", ["batch", "constant"])
def test_weights_in_half_precision_may_sum_beyond_its_range(normalization):
    logits, target, _ = draw(100)
    w = torch.full((100,), 1000.0, dtype=torch.float16)  # 1e5 in all; 65504 is most
    loss = weighted_cross_entropy(logits, target, w, normalization, mean_weight=1000.0)
    torch.testing.assert_close(loss, F.cross_entropy(logits, target))


def test_autocast_computes_the_loss_in_float32():
    linear = torch.nn.Linear(K, K)
    x, target, w = draw()
    x, w = x.float(), w.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = linear(x)
        loss = weighted_cross_entropy(logits, target, w)
        loss.backward()
    assert logits.dtype == torch.bfloat16
    expected = weighted_cross_entropy(logits.detach().float(), target, w)
    torch.testing.assert_close(loss.detach(), expected)
    assert linear.weight.grad.isfinite().all()


def test_an_unknown_normalization_is_refused():
    message = r"normalization must be one of \('batch', 'constant'\), got 'mean'"
    with pytest.raises(ValueError, match=message):
        weighted_cross_entropy(*draw(), "mean")


@pytest.mark.parametrize("mean_weight", [None, 0.0, -1.0, math.nan])
def test_constant_without_a_mean_weight_is_refused(mean_weight):
    message = f"needs mean_weight, the positive mean .*; got {mean_weight}"
    with pytest.raises(ValueError, match=message):
        weighted_cross_entropy(*draw(), "constant", mean_weight=mean_weight)


@pytest.mark.parametrize("shape", [(2,), (3, 1)])
def test_weights_of_another_shape_are_refused(shape):
    logits, target = torch.zeros(3, 2), torch.tensor([0, 0, 1])
    with pytest.raises(ValueError, match=r"one entry per row, shape \(3,\), got"):
        weighted_cross_entropy(logits, target, torch.ones(shape))


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_negative_and_non_finite_weights_are_refused(bad):
    logits, target, w = draw()
    w[2] = bad
    with pytest.raises(ValueError, match="weights must be finite and not negative"):
        weighted_cross_entropy(logits, target, w)
