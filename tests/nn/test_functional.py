"""The function against an oracle of equations (23)-(27), and what it refuses."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_wbn.nn import batch_weights, weighted_batch_norm, weighted_moments
from tests.oracle import VARIANCES, Array, Normalized, batch_norm, relative_error

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

# Relative to the largest value; the project's promise for each precision.
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}
EPS = 1e-8
B, C = 32, 5

WEIGHTS = {
    "constant": lambda rng: np.full(B, 3.0),
    "six orders of magnitude": lambda rng: 10 ** rng.uniform(-3, 3, B),
    "half are zero": lambda rng: rng.uniform(1, 2, B) * (np.arange(B) % 2),
    "two minority rows": lambda rng: np.where(np.arange(B) < 2, 1000.0, 1.001),
    "one row a million times heavier": lambda rng: np.where(
        np.arange(B) == 3, 1e6, 0.7
    ),
}


def draw(kind: str, mean: float, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Return x, w, gamma, b and g; means of up to `mean` times a channel's spread."""
    rng = np.random.default_rng(7)
    spread = 10 ** rng.uniform(-1, 1, C)
    x = spread * (mean * np.linspace(-1, 1, C) + rng.normal(size=(B, C)))
    others = rng.uniform(0.5, 2, C), rng.normal(size=C), rng.normal(size=(B, C))
    arrays = (x, WEIGHTS[kind](rng), *others)
    return tuple(torch.tensor(a, dtype=dtype) for a in arrays)


def as_numpy(*tensors: Tensor) -> list[Array]:
    return [t.detach().double().numpy() for t in tensors]


def run(x: Tensor, w: Tensor, gamma: Tensor, b: Tensor, g: Tensor, variance: str):
    """Return what the oracle returns, from the function under test."""
    leaves = [t.clone().requires_grad_() for t in (x, gamma, b)]
    u = weighted_batch_norm(leaves[0], w, *leaves[1:], variance=variance, eps=EPS)
    u.backward(g)
    y = weighted_batch_norm(x, w, variance=variance, eps=EPS)
    m, v = weighted_moments(x, w, variance)
    return Normalized(*as_numpy(m, v, y, u, *(leaf.grad for leaf in leaves)))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("mean", [0, 10])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("variance", VARIANCES)
def test_values_and_gradients_equal_the_oracle(variance, kind, mean, dtype):
    data = draw(kind, mean, dtype)
    actual = run(*data, variance)
    expected = batch_norm(*as_numpy(*data), variance=variance, eps=EPS)
    errors = {
        name: relative_error(getattr(actual, name), value)
        for name, value in vars(expected).items()
    }
    assert all(error < TOLERANCE[dtype] for error in errors.values()), errors


@pytest.mark.parametrize("heavy", [1e3, 1e6, 123456.789])
def test_two_rows_of_very_different_weight_keep_ten_digits(heavy):
    # G / Z is 2 / heavy: `1 - sum p^2` would lose as many digits as heavy has.
    x, w = np.array([[0.3], [5.1]]), np.array([heavy, 0.7])
    data = torch.tensor(x), torch.tensor(w)
    expected = batch_norm(x, w, [1.0], [0.0], x, eps=EPS)
    assert relative_error(weighted_moments(*data)[1], expected.v) < 1e-10
    assert relative_error(weighted_batch_norm(*data, eps=EPS), expected.y) < 1e-10


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("eps", [0.0, 1e-3, 1.0])
def test_any_eps_equals_the_oracle(eps, variance):
    data = draw("six orders of magnitude", 1, torch.float64)
    expected = batch_norm(*as_numpy(*data), variance=variance, eps=eps)
    u = weighted_batch_norm(*data[:4], variance=variance, eps=eps)
    assert relative_error(u, expected.u) < 1e-10


def test_prepared_weights_and_a_plain_tensor_give_the_same_bits():
    x, w, gamma, b, _ = draw("six orders of magnitude", 10, torch.float32)
    prepared = batch_weights(w, "frequency")
    assert torch.equal(
        weighted_batch_norm(x, prepared, gamma, b),
        weighted_batch_norm(x, w, gamma, b, variance="frequency"),
    )
    for ours, plain in zip(
        weighted_moments(x, prepared), weighted_moments(x, w, "frequency"), strict=True
    ):
        assert torch.equal(ours, plain)


@pytest.mark.parametrize("variance", VARIANCES)
def test_no_weights_count_every_row_once(variance):
    x = draw("constant", 1, torch.float64)[0]
    assert torch.equal(
        weighted_batch_norm(x, variance=variance),
        weighted_batch_norm(x, torch.ones(B), variance=variance),
    )
    ddof = 0 if variance == "biased" else 1
    m, v = weighted_moments(x, variance=variance)
    np.testing.assert_allclose(m, x.numpy().mean(0), rtol=1e-13)
    np.testing.assert_allclose(v, x.numpy().var(0, ddof=ddof), rtol=1e-13)


@pytest.mark.parametrize("numba", ["0", "1"])
def test_constant_channels_far_from_zero_have_no_negative_variance(numba, monkeypatch):
    monkeypatch.setenv("SKLEARN_WBN_NUMBA", numba)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        level, w = (torch.rand(n, generator=generator) for n in (300, 128))
        x = (1e6 * level).expand(128, 300)
        assert weighted_batch_norm(x, w, eps=1e-8).isfinite().all()
        assert (weighted_moments(x, w)[1] >= 0).all()


def test_weights_that_are_no_tensor_are_refused():
    with pytest.raises(TypeError, match="Tensor, BatchWeights or None, got ndarray"):
        weighted_batch_norm(torch.zeros(3, 2), np.ones(3))


def test_integer_and_boolean_weights_are_weights():
    x = draw("constant", 1, torch.float64)[0]
    mask = torch.arange(B) % 3 > 0
    expected = weighted_batch_norm(x, mask.double())
    assert torch.equal(weighted_batch_norm(x, mask), expected)
    assert torch.equal(weighted_batch_norm(x, mask.long()), expected)


def test_scale_and_shift_may_come_alone():
    x, w, gamma, b, _ = draw("half are zero", 1, torch.float64)
    y = weighted_batch_norm(x, w)
    torch.testing.assert_close(weighted_batch_norm(x, w, gamma), y * gamma)
    torch.testing.assert_close(weighted_batch_norm(x, w, b=b), y + b)


def test_the_arguments_are_left_as_they_were():
    data = draw("six orders of magnitude", 1, torch.float64)
    before = [t.clone() for t in data]
    run(*data, "reliability")
    assert all(torch.equal(t, old) for t, old in zip(data, before, strict=True))


# Guards ---------------------------------------------------------------------


@pytest.mark.parametrize("variance", VARIANCES)
def test_weights_that_are_all_zero_count_the_rows_evenly(variance):
    data = list(draw("constant", 1, torch.float64))
    data[1] = torch.zeros(B, dtype=torch.float64)
    actual = run(*data, variance)
    ones = [torch.ones(B) if i == 1 else t for i, t in enumerate(data)]
    expected = batch_norm(*as_numpy(*ones), variance="biased", eps=EPS)
    for name, value in vars(expected).items():
        assert relative_error(getattr(actual, name), value) < 1e-10, name


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("weight", [0.0, 2.5])
def test_one_row_is_normalised_to_the_shift(weight, variance):
    x, gamma, b = torch.tensor([[4.0, -2.0]]), torch.ones(2), torch.tensor([0.5, 1.5])
    x.requires_grad_()
    u = weighted_batch_norm(x, torch.tensor([weight]), gamma, b, variance=variance)
    u.backward(torch.tensor([[3.0, 7.0]]))
    assert torch.equal(u.detach(), b.unsqueeze(0))
    assert torch.equal(x.grad, torch.zeros(1, 2))


@pytest.mark.parametrize("others", [0.0, 1e-12])
def test_a_dominating_weight_takes_the_biased_normaliser(others):
    x = draw("constant", 1, torch.float64)[0]
    w = torch.full((B,), others, dtype=torch.float64)
    w[5] = 1.0
    y = weighted_batch_norm(x, w, eps=EPS)
    one, zero = np.ones(C), np.zeros(C)
    expected = batch_norm(x, w, one, zero, x, variance="biased", eps=EPS)
    assert relative_error(y, expected.y) < 1e-10


@pytest.mark.parametrize(
    ("bad", "seen"),
    [(-1.0, "-1.0 to 1.0"), (math.nan, "nan to nan"), (math.inf, "1.0 to inf")],
)
@pytest.mark.parametrize("function", [weighted_batch_norm, weighted_moments])
def test_negative_and_non_finite_weights_are_refused(function, bad, seen):
    message = rf"finite and not negative, got values from {seen}"
    with pytest.raises(ValueError, match=message):
        function(torch.zeros(3, 2), torch.tensor([1.0, bad, 1.0]))


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 1), (4, 2), ()])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(4,\), one weight per row"):
        weighted_batch_norm(torch.zeros(4, 2), torch.ones(shape))


def test_prepared_weights_of_another_length_are_refused():
    with pytest.raises(ValueError, match="4 rows came with 3 weights"):
        weighted_batch_norm(torch.zeros(4, 2), batch_weights(torch.ones(3)))


def test_an_unknown_variance_is_refused():
    with pytest.raises(ValueError, match=r"variance must be one of .*, got 'unbiased'"):
        weighted_moments(torch.zeros(4, 2), variance="unbiased")


@pytest.mark.parametrize("weight", [0.25, 0.1])
def test_frequency_variance_needs_more_than_one_row_in_all(weight):
    with pytest.raises(ValueError, match=f"they sum to {4 * weight:g}. Scale"):
        weighted_batch_norm(
            torch.zeros(4, 2), torch.full((4,), weight), variance="frequency"
        )
