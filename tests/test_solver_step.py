"""Steps by loops, or by NumPy, leave what the optimizer's own steps leave."""

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sklearn_wbn._solver_step import solver_step
from tests.torch_steps import set_gradients

KNOWN = {
    "adamax": (torch.optim.Adamax, {}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
}
UNKNOWN = {
    "another class": (torch.optim.SGD, {}),
    "a subclass": (type("Mine", (torch.optim.Adam,), {}), {}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "maximize": (torch.optim.Adamax, {"maximize": True}),
    "a tensor": (torch.optim.Adam, {"lr": torch.tensor(0.1)}),
}


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).double()


def make_optimizer(model: nn.Module, make: type[Optimizer], settings) -> Optimizer:
    first, second = model
    groups = [
        {"params": [first.weight, second.weight], "weight_decay": 0.1},
        {"params": [first.bias, second.bias], "weight_decay": 0.0},
    ]
    return make(groups, **{"lr": 0.05} | settings)


def is_own(optimizer: Optimizer) -> bool:
    return solver_step(optimizer) == optimizer.step


def states(optimizer: Optimizer) -> list[dict[str, Tensor]]:
    return list(optimizer.state_dict()["state"].values())


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("solver", KNOWN)
def test_steps_and_states_are_those_of_the_optimizer(solver, frozen):
    model, reference = make_model(), make_model()
    for copy in (model, reference):
        copy[0].bias.requires_grad_(not frozen)
    optimizer = make_optimizer(model, *KNOWN[solver])
    other = make_optimizer(reference, *KNOWN[solver])
    for epoch in range(2):
        step = solver_step(optimizer)
        assert not is_own(optimizer)
        for number in range(3):
            if number == 2:  # as a schedule does
                optimizer.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.01
            set_gradients(model, seed=10 * epoch + number)
            set_gradients(reference, seed=10 * epoch + number)
            step()
            other.step()
    torch.testing.assert_close(model.state_dict(), reference.state_dict())
    torch.testing.assert_close(states(optimizer), states(other))


@pytest.mark.parametrize("way", UNKNOWN)
def test_other_ways_to_step_are_left_to_the_optimizer(way):
    assert is_own(make_optimizer(make_model(), *UNKNOWN[way]))


def test_parameters_in_another_order_of_memory_are_left_to_the_optimizer():
    p = nn.Parameter(torch.zeros(3, 2).t())
    assert is_own(torch.optim.Adam([p]))


@pytest.mark.parametrize("kind", ["pre", "post"])
def test_hooks_are_called(kind):
    optimizer = make_optimizer(make_model(), *KNOWN["adam"])
    getattr(optimizer, f"register_step_{kind}_hook")(lambda *_: None)
    assert is_own(optimizer)


def test_a_scheduler_sees_the_steps():
    optimizer = make_optimizer(make_model(), *KNOWN["adam"])
    torch.optim.lr_scheduler.StepLR(optimizer, 1)  # wraps the method
    assert is_own(optimizer)


@pytest.mark.parametrize("numba", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_without_numba_many_parameters_are_left_to_the_optimizer(
    monkeypatch, numba, many
):
    monkeypatch.setenv("SKLEARN_WBN_NUMBA", str(int(numba)))
    shapes = [(2**13,), (2**12, 2), (int(many),)]
    parameters = [nn.Parameter(torch.zeros(shape)) for shape in shapes]
    assert is_own(torch.optim.Adamax(parameters)) == (many and not numba)
