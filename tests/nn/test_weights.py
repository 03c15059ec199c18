"""Z, p, G and the effective number of rows; unbiasedness; the guards."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_wbn.nn import BatchWeights, batch_weights, weighted_moments
from sklearn_wbn.nn.weights import split_batch_weights
from tests.oracle import VARIANCES, normaliser

ROWS = [3.0, 0.02, 1.0, 0.0, 40.0, 0.5]
HEAVY = [
    [1e6, 1.0],
    [123456.7, 0.9, 0.0],
    [5e5, 0.7, 0.6, 0.5],
    [3.3, 3.4, 3.5, 3.6],
]


def tensor(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def G_of(weights: BatchWeights) -> float:
    return weights.Z / weights.Z_over_G


def test_sums_and_shares_are_those_of_the_paper():
    weights = batch_weights(tensor(ROWS))
    Z, Q = sum(ROWS), sum(w * w for w in ROWS)
    assert math.isclose(weights.Z, Z, rel_tol=1e-15)
    assert math.isclose(weights.n_eff, Z**2 / Q, rel_tol=1e-15)
    assert weights.n_eff == pytest.approx(1 / float((weights.p**2).sum()), rel=1e-14)
    torch.testing.assert_close(weights.p, tensor(ROWS) / Z, rtol=1e-15, atol=0)
    assert weights.has_spread


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("rows", [ROWS, *HEAVY], ids=str)
def test_the_normaliser_equals_the_oracle(rows, variance):
    expected = normaliser(np.array(rows), variance)
    weights = batch_weights(tensor(rows), variance)
    assert math.isclose(G_of(weights), expected, rel_tol=1e-10)


@pytest.mark.parametrize("rows", [ROWS, *HEAVY], ids=str)
def test_equation_25_equals_exact_arithmetic(rows):
    w = [Fraction(value) for value in rows]
    Z = sum(w)
    exact = Z - sum(v * v for v in w) / Z
    assert math.isclose(G_of(batch_weights(tensor(rows))), exact, rel_tol=1e-10)


@pytest.mark.parametrize("n_rows", [2, 7, 128])
def test_constant_weights_divide_as_plain_batch_norm_does(n_rows):
    w = torch.full((n_rows,), 0.3)
    # In units of the weight: B - 1, B, and 0.3 B - 1 rows.
    unit = w[0].double().item()
    reliability = G_of(batch_weights(w)) / unit
    assert math.isclose(reliability, n_rows - 1, rel_tol=1e-14)
    assert math.isclose(G_of(batch_weights(w, "biased")) / unit, n_rows, rel_tol=1e-14)
    if n_rows > 4:
        G = G_of(batch_weights(w, "frequency"))
        assert math.isclose(G, n_rows * unit - 1, rel_tol=1e-14)
    assert math.isclose(batch_weights(w).n_eff, n_rows, rel_tol=1e-13)


@pytest.mark.parametrize("variance", VARIANCES)
def test_the_running_variance_is_unbiased(variance):
    weights = batch_weights(tensor(ROWS), variance)
    kind = "reliability" if variance == "biased" else variance
    expected = batch_weights(tensor(ROWS), kind).Z_over_G
    assert weights.Z_over_G_running == expected


# NumPy as a second oracle ---------------------------------------------------


def signals(n_rows: int) -> np.ndarray:
    return np.random.default_rng(0).normal(5, 2, (n_rows, 3))


def check_variance(weights: BatchWeights, expected: np.ndarray) -> None:
    x = signals(len(weights.p))
    _, v = weighted_moments(torch.tensor(x), weights)
    np.testing.assert_allclose(v, np.diag(expected), rtol=1e-13)


def test_reliability_is_numpys_aweights():
    w = np.random.default_rng(1).uniform(0, 5, 20)
    expected = np.cov(signals(20).T, aweights=w)
    check_variance(batch_weights(torch.tensor(w)), expected)


def test_biased_is_numpys_ddof_zero():
    w = np.random.default_rng(1).uniform(0, 5, 20)
    expected = np.cov(signals(20).T, aweights=w, ddof=0)
    check_variance(batch_weights(torch.tensor(w), "biased"), expected)


def test_frequency_is_numpys_fweights():
    f = np.random.default_rng(1).integers(0, 5, 20)
    expected = np.cov(signals(20).T, fweights=f)
    check_variance(batch_weights(torch.tensor(f), "frequency"), expected)
    # Frequencies without importances: (25) respects them as well.
    f = torch.tensor(f)
    check_variance(batch_weights(f, "reliability", frequency=f), expected)


def test_frequencies_and_importances_are_numpys_fweights_and_aweights():
    rng = np.random.default_rng(2)
    f, c = rng.integers(0, 5, 20), rng.uniform(0.1, 5, 20)
    expected = np.cov(signals(20).T, fweights=f, aweights=c)
    f, c = torch.tensor(f), torch.tensor(c)
    check_variance(batch_weights(f * c, frequency=f), expected)


# Unbiasedness (appendix A): weights that do not depend on the signal ---------

N_BATCHES = 40_000
IMPORTANCES = [0.1, 0.3, 1.0, 1.0, 4.0, 9.0]


def draw_batches() -> Tensor:
    """Skewed signals of mean 1 and variance 1; each channel is a batch of its own."""
    rng = np.random.default_rng(2020)
    return torch.tensor(rng.exponential(size=(len(IMPORTANCES), N_BATCHES)))


def standard_errors_from_one(estimate: Tensor) -> float:
    error = estimate.std() / math.sqrt(len(estimate))
    return float((estimate.mean() - 1) / error)


def test_mean_and_variance_are_unbiased_in_the_independent_case():
    m, v = weighted_moments(draw_batches(), tensor(IMPORTANCES))
    assert abs(standard_errors_from_one(m)) < 3
    assert abs(standard_errors_from_one(v)) < 3


@pytest.mark.parametrize("variance", ["frequency", "biased"])
def test_the_other_normalisers_are_biased_there(variance):
    _, v = weighted_moments(draw_batches(), tensor(IMPORTANCES), variance)
    w = np.array(IMPORTANCES)
    bias = normaliser(w, "reliability") / normaliser(w, variance)
    assert standard_errors_from_one(v) < -20
    assert abs(standard_errors_from_one(v / bias)) < 3


# Guards ---------------------------------------------------------------------


@pytest.mark.parametrize("variance", VARIANCES)
def test_weights_that_are_all_zero_count_evenly(variance):
    weights = batch_weights(torch.zeros(4), variance)
    assert weights.p.tolist() == [0.25] * 4
    assert (weights.Z, weights.Z_over_G, weights.Z_over_G_running) == (0.0, 1.0, 1.0)
    assert weights.n_eff == 0.0
    assert not weights.has_spread
    assert not weights.per_position(3).has_spread


@pytest.mark.parametrize("variance", ["reliability", "biased"])
@pytest.mark.parametrize("rows", [[2.0], [0.3], [0.0, 7.0, 0.0], [1.0, 1e-10]], ids=str)
def test_one_row_that_owns_the_batch_takes_the_biased_normaliser(rows, variance):
    weights = batch_weights(tensor(rows), variance)
    assert (weights.Z_over_G, weights.Z_over_G_running) == (1.0, 1.0)
    assert weights.n_eff == pytest.approx(1.0)
    assert not weights.has_spread


def test_frequencies_below_one_take_the_biased_normaliser():
    # They sum to less than one row: (25) would be negative.
    f = tensor([0.3, 0.2])
    weights = batch_weights(f, frequency=f)
    assert weights.Z_over_G == 1.0
    assert weights.has_spread  # of two rows
    assert not batch_weights(f[:1], frequency=f[:1]).has_spread


@pytest.mark.parametrize("unit", [1e-200, 1e-30, 1e30, 1e200])
def test_any_unit_will_do(unit):
    plain, scaled = (batch_weights(tensor(ROWS) * u) for u in (1, unit))
    torch.testing.assert_close(scaled.p, plain.p, rtol=1e-14, atol=0)
    assert math.isclose(scaled.Z_over_G, plain.Z_over_G, rel_tol=1e-14)
    assert math.isclose(scaled.n_eff, plain.n_eff, rel_tol=1e-13)


@pytest.mark.parametrize("total", [1e-6, 0.5, 1.0])
def test_frequency_variance_needs_more_than_one_row(total):
    message = f"must sum to more than one; they sum to {total:g}"
    with pytest.raises(ValueError, match=message):
        batch_weights(tensor([total / 2] * 2), "frequency")


@pytest.mark.parametrize("bad", [-1e-9, math.nan, math.inf, -math.inf])
def test_weights_that_no_mean_can_be_taken_with_are_refused(bad):
    with pytest.raises(ValueError, match="weights must be finite and not negative"):
        batch_weights(tensor([1.0, bad, 2.0]))


def test_weights_whose_sum_is_infinite_are_refused():
    with pytest.raises(ValueError, match="sum to a finite number, they sum to inf"):
        batch_weights(torch.full((3,), 1e308, dtype=torch.float64))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="must belong to one row at least, got none"):
        batch_weights(torch.zeros(0))


@pytest.mark.parametrize("values", [[1.0, 2.0], np.ones(2), None], ids=repr)
def test_what_is_no_tensor_is_refused(values):
    got = f"must be a Tensor, got {type(values).__name__}"
    with pytest.raises(TypeError, match=f"weights {got}"):
        batch_weights(values)
    if values is not None:
        with pytest.raises(TypeError, match=f"frequencies {got}"):
            batch_weights(torch.ones(2), frequency=values)


def test_a_weight_of_no_row_is_refused():
    message = r"\(batch_size,\), one weight per row, .* one per position; got \(\)"
    with pytest.raises(ValueError, match=message):
        batch_weights(torch.tensor(1.0))


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_frequencies_that_are_no_numbers_of_rows_are_refused(bad):
    message = "frequencies must be finite and not negative, got values from"
    with pytest.raises(ValueError, match=message):
        batch_weights(torch.ones(2), frequency=tensor([1.0, bad]))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1)])
def test_frequencies_of_another_shape_are_refused(shape):
    message = rf"shape of the weights, \(2,\); got {re.escape(str(shape))}"
    with pytest.raises(ValueError, match=message):
        batch_weights(torch.ones(2), frequency=torch.ones(shape))


def test_an_unknown_variance_is_refused():
    with pytest.raises(ValueError, match=r"must be one of \('rel.*got 'unbiased'"):
        batch_weights(torch.ones(3), "unbiased")


# Form -----------------------------------------------------------------------


def test_float32_weights_are_summed_in_float64():
    # 2^24 + 1 is not a float32.
    weights = batch_weights(torch.tensor([2.0**24, 1.0, 1.0], dtype=torch.float32))
    assert weights.Z == 2**24 + 2
    assert weights.p.dtype == torch.float64
    assert batch_weights(torch.ones(2), dtype=torch.float32).p.dtype == torch.float32


def test_an_epoch_at_once_equals_batch_by_batch():
    sizes = [3, 1, 5, 2]
    rng = np.random.default_rng(3)
    f, c = tensor(rng.integers(1, 4, 11)), tensor(rng.uniform(0.5, 4, 11))
    c[4:9] = 0.0  # the third batch has no weight
    epoch = split_batch_weights(f * c, sizes, frequency=f, dtype=torch.float32)
    parts = zip((f * c).split(sizes), f.split(sizes), strict=True)
    for got, (w, f_r) in zip(epoch, parts, strict=True):
        alone = batch_weights(w, frequency=f_r, dtype=torch.float32)
        assert torch.equal(got.p, alone.p)
        assert (got.Z, got.n_eff, got.Z_over_G) == (
            alone.Z,
            alone.n_eff,
            alone.Z_over_G,
        )


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("S", [1, 4])
def test_every_position_has_the_weight_of_its_row(S, variance):
    rows = tensor([2.0, 0.5, 1.0])
    positions = batch_weights(rows, variance).per_position(S)
    expected = batch_weights(rows.repeat_interleave(S), variance)
    torch.testing.assert_close(positions.p, expected.p)
    for name in ("Z", "n_eff", "Z_over_G", "Z_over_G_running"):
        one, other = getattr(positions, name), getattr(expected, name)
        assert math.isclose(one, other, rel_tol=1e-14), name


def test_weights_of_positions_are_those_of_as_many_rows():
    w, f = tensor(ROWS), torch.arange(6) % 3
    flat = batch_weights(w * f, frequency=f, dtype=torch.float32)
    shape = (2, 3)
    weights = batch_weights(
        (w * f).view(shape), frequency=f.view(shape), dtype=torch.float32
    )
    assert torch.equal(weights.p, flat.p.view(shape))
    for name in ("Z", "spread", "n_eff", "Z_over_G", "Z_over_G_running", "has_spread"):
        assert getattr(weights, name) == getattr(flat, name), name
    assert not batch_weights(torch.eye(2)[:1]).has_spread


def test_weights_that_require_a_gradient_are_detached():
    assert not batch_weights(torch.ones(3, requires_grad=True)).p.requires_grad
