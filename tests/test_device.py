"""Where networks live, in which precision, and how they move."""

import numpy as np
import pytest
import torch

from sklearn_wbn._device import move_net, resolve_device, working_dtype
from tests.samples import imbalanced, quick

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def accelerators(monkeypatch):
    """Pretend that torch finds these kinds of accelerator."""

    def pretend(*kinds):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)

    return pretend


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [((), "cpu"), (("cuda",), "cuda"), (("mps",), "cpu"), (("cuda", "mps"), "cuda")],
)
def test_auto_takes_an_accelerator_where_there_is_one(accelerators, kinds, expected):
    accelerators(*kinds)
    assert resolve_device("auto") == torch.device(expected)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu"), "cpu:0"])
def test_device_may_be_given_by_name_or_as_torch_does(device):
    X, y = imbalanced()
    expected = quick().fit(X, y).predict_proba(X)
    clf = quick(device=device).fit(X, y)
    assert resolve_device(device).type == "cpu"
    assert np.array_equal(clf.predict_proba(X), expected)


@pytest.mark.parametrize("device", ["warp", "cuda:99", "mps:7"])
def test_device_that_is_not_there(device):
    message = f"device='{device}' cannot be used here: .*device='auto'"
    with pytest.raises(ValueError, match=message):
        quick(device=device).fit(*imbalanced())


@pytest.mark.parametrize(
    ("given", "device", "used"),
    [
        (np.float64, CPU, torch.float64),
        (np.float32, CPU, torch.float32),
        (np.float64, CUDA, torch.float32),
        (np.float32, CUDA, torch.float32),
        (np.float64, torch.device("mps"), torch.float32),
    ],
)
def test_precision_is_kept_on_a_cpu_and_single_elsewhere(given, device, used):
    assert working_dtype(np.dtype(given), device) is used


def test_net_that_is_there_already_is_not_touched():
    net = quick().fit(*imbalanced()).net_
    before = net.module_
    move_net(net, CPU)
    assert net.module_ is before


@pytest.mark.parametrize("fused", [True, False])
def test_fused_optimizers_count_steps_on_the_device(fused):
    params = {"solver": "adam", "solver_kwargs": {"fused": fused}}
    net = quick(**params).fit(*imbalanced()).net_
    move_net(net, torch.device("meta"))
    kinds = {state["step"].device.type for state in net.optimizer_.state.values()}
    assert kinds == {"meta" if fused else "cpu"}


def test_net_moves_with_its_loss_and_the_state_of_its_optimizer():
    # The one other device that every machine has; its tensors have no values.
    meta = torch.device("meta")
    net = quick(loss="balanced_softmax").fit(*imbalanced()).net_
    move_net(net, meta)
    assert net.device == "meta"
    state = [
        item for values in net.optimizer_.state.values() for item in values.items()
    ]
    # torch leaves the counters of steps on the CPU, where reading them is free.
    tensors = [v for name, v in state if torch.is_tensor(v) and name != "step"]
    tensors += [*net.module_.state_dict().values(), net.criterion_.logit_shift]
    assert {tensor.device for tensor in tensors} == {meta}
