"""When Numba's loops are used, and when not."""

import subprocess
import sys

import pytest
import torch

from sklearn_wbn.nn import acceleration

SMALL = torch.ones(4, 3)


class Labelled(torch.Tensor):
    """A subclass, as libraries make them."""


@pytest.fixture(autouse=True)
def _not_turned_off(monkeypatch):
    monkeypatch.delenv("SKLEARN_WBN_NUMBA", raising=False)


def test_loops_are_used_where_numba_is_installed():
    assert acceleration.loops().__name__ == "sklearn_wbn.nn.loops"


def test_the_environment_turns_loops_off_at_any_time(monkeypatch):
    for value, used in (("0", False), ("1", True), ("0", False)):
        monkeypatch.setenv("SKLEARN_WBN_NUMBA", value)
        assert (acceleration.loops() is not None) == used
        assert (acceleration.loops_for(SMALL, None, None) is not None) == used


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loops_take_rows_of_either_precision(dtype):
    x = SMALL.to(dtype)
    assert acceleration.loops_for(x, x[0], x[0]) is not None
    assert acceleration.loops_for(torch.nn.Parameter(x), None, None) is not None


@pytest.mark.parametrize(
    "x",
    [SMALL.half(), SMALL.bfloat16(), SMALL.to("meta"), SMALL.as_subclass(Labelled)],
    ids=["float16", "bfloat16", "another device", "subclass"],
)
def test_loops_leave_other_tensors_to_torch(x):
    assert acceleration.loops_for(x, None, None) is None


@pytest.mark.parametrize("place", range(4))
def test_loops_leave_mixed_precision_to_torch(place):
    channels = [SMALL[0]] * 4
    assert acceleration.loops_for(SMALL, *channels) is not None
    channels[place] = channels[place].double()
    assert acceleration.loops_for(SMALL, *channels) is None


@pytest.mark.parametrize("shape", [(2,), (4,), (1,), (), (1, 3)])
def test_loops_take_one_parameter_per_channel(shape):
    # Torch broadcasts or raises; a loop would read what is beside the parameter.
    assert acceleration.loops_for(SMALL, torch.ones(shape), None) is None
    assert acceleration.loops_for(SMALL, None, torch.ones(shape)) is None


@pytest.mark.parametrize(
    ("n_rows", "n_threads", "used"),
    [(5000, 64, True), (5001, 4, True), (5001, 5, False)],
)
def test_large_batches_go_to_torch_where_it_has_many_threads(
    monkeypatch, n_rows, n_threads, used
):
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_threads)
    x = torch.ones(n_rows, 100)
    assert (acceleration.loops_for(x, None, None) is not None) == used


def test_a_layer_works_without_numba():
    code = """
import sys
sys.modules["numba"] = None  # an import raises ImportError
import torch
from sklearn_wbn.nn import WeightedBatchNorm1d, acceleration
assert acceleration.loops() is None
x = torch.tensor([[1.0], [3.0]], requires_grad=True)
WeightedBatchNorm1d(1)(x, torch.ones(2)).sum().backward()
assert x.grad.shape == (2, 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
