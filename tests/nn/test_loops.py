"""Numba's loops against the oracle."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_wbn.nn import loops
from tests import oracle
from tests.oracle import Array, batch_norm, relative_error

EPS = 1e-3


def draw(n_rows: int, n_channels: int, seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {
        "x": 3 + rng.normal(size=(n_rows, n_channels)),
        "w": 10 ** rng.uniform(-3, 3, n_rows),
        "gamma": rng.normal(size=n_channels),
        "b": rng.normal(size=n_channels),
        "g": rng.normal(size=(n_rows, n_channels)),
    }


def run(x, w, gamma, b, g) -> dict[str, Array]:
    """Return what the oracle returns but for `y`; the variance is biased."""
    p = w / w.sum()
    u, dx = np.empty_like(x), np.empty_like(x)
    dgamma, db = np.empty_like(gamma), np.empty_like(b)
    m, v, _, _ = moments = np.empty((4, len(b)), b.dtype)
    loops.forward(x, p, 1.0, gamma, b, EPS, u, moments)
    loops.backward(g, x, p, 1.0, gamma, moments, dx, dgamma, db)
    return {"m": m, "v": v, "u": u, "dx": dx, "dgamma": dgamma, "db": db}


@given(n_rows=st.integers(1, 12), n_channels=st.integers(0, 5), seed=st.integers(0, 99))
def test_loops_compute_the_equations(n_rows, n_channels, seed):
    batch = draw(n_rows, n_channels, seed)
    expected = vars(batch_norm(**batch, variance="biased", eps=EPS))
    for name, got in run(**batch).items():
        np.testing.assert_allclose(
            got, expected[name], rtol=1e-9, atol=1e-11, err_msg=name
        )


def test_single_precision_stays_single_and_sums_in_double():
    batch = draw(5000, 4)
    single = {name: array.astype(np.float32) for name, array in batch.items()}
    got, expected = run(**single), run(**batch)
    assert {array.dtype for array in got.values()} == {np.dtype(np.float32)}
    # 5000 rounded terms; a sum in float32 would lose two digits more.
    for name in ("m", "v", "db"):
        assert relative_error(got[name], expected[name]) < 2e-6, name


@pytest.mark.parametrize("place", [0, 7, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_far_row_of_little_weight_costs_no_digits(place, dtype):
    x, p = draw(50, 3)["x"], np.full(50, 1 / 49)
    x[place], p[place] = 1e6, 0.0
    x, p = x.astype(dtype), p.astype(dtype)
    m, v, d, _ = moments = np.empty((4, 3), dtype)
    loops.forward(x, p, 1.0, *np.ones((2, 3), dtype), 1e-5, np.empty_like(x), moments)
    expected_m, expected_v = oracle.moments(x.astype(float), p.astype(float), p.sum())
    tolerance = 50 * np.finfo(dtype).eps
    assert relative_error(m.astype(float) + d, expected_m) < tolerance
    assert relative_error(v, expected_v) < tolerance


def test_running_statistics_move_by_the_share_of_a_batch():
    mean, var, m, v = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0], [6.0, 8.0]])
    loops.move_running(mean, var, m, v, 0.25, 1.5)
    assert mean.tolist() == [0.75 * 1 + 0.25 * 5, 0.75 * 2 + 0.25 * 7]
    assert var.tolist() == [0.75 * 3 + 0.25 * 9, 0.75 * 4 + 0.25 * 12]


def test_python_runs_the_same_loops(monkeypatch):
    batch = draw(6, 3)
    expected = run(**batch)
    monkeypatch.setattr(loops, "forward", loops.forward.py_func)
    monkeypatch.setattr(loops, "backward", loops.backward.py_func)
    for name, got in run(**batch).items():
        np.testing.assert_allclose(got, expected[name], rtol=1e-12, err_msg=name)


def test_loops_compile_where_nothing_can_be_kept():
    code = """
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []  # as where no folder can be written to
import numpy as np
from sklearn_wbn.nn import loops
x, p = np.array([[1.0], [3.0]]), np.full(2, 0.5)
u = np.empty_like(x)
loops.forward(x, p, 1.0, np.ones(1), np.zeros(1), 0.0, u, np.empty((4, 1)))
assert u.ravel().tolist() == [-1.0, 1.0], u
"""
    subprocess.run([sys.executable, "-c", code], check=True)
