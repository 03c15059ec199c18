"""An optimizer with one long parameter steps as with many, and gets them back."""

import pytest
import torch
from torch import nn

from sklearn_wbn._flat_parameters import flat_parameters
from tests.samples import imbalanced, quick
from tests.torch_steps import set_gradients

SOLVERS = {
    "adamax": (torch.optim.Adamax, {}),
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.AdamW, {"fused": True}),
    "sgd": (torch.optim.SGD, {"fused": True, "momentum": 0.9, "nesterov": True}),
}


def make_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Linear(7, 3)).double()


def make_optimizer(solver: str, model: nn.Module) -> torch.optim.Optimizer:
    optimizer, settings = SOLVERS[solver]
    matrices, others = [], []
    for parameter in model.parameters():
        (matrices if parameter.dim() == 2 else others).append(parameter)
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others}]
    return optimizer(groups, lr=0.01, **settings)


def assert_same_state(optimizer, reference) -> None:
    got, expected = optimizer.state_dict(), reference.state_dict()
    assert got["param_groups"] == expected["param_groups"]
    assert got["state"].keys() == expected["state"].keys()
    for number, state in expected["state"].items():
        torch.testing.assert_close(got["state"][number], state)


@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_and_states_are_those_of_many_parameters(solver):
    model, reference = make_model(), make_model()
    optimizer, other = make_optimizer(solver, model), make_optimizer(solver, reference)
    for epoch in range(3):
        with flat_parameters(optimizer):
            assert [len(g["params"]) for g in optimizer.param_groups] == [1, 1]
            for step in range(2):
                set_gradients(model, seed=10 * epoch + step)
                optimizer.step()
        for step in range(2):
            set_gradients(reference, seed=10 * epoch + step)
            other.step()
        torch.testing.assert_close(model.state_dict(), reference.state_dict())
        assert_same_state(optimizer, other)


def test_steps_alternate_with_those_of_many_parameters():
    model, reference = make_model(), make_model()
    optimizer = make_optimizer("adamax", model)
    other = make_optimizer("adamax", reference)
    for step in range(4):
        set_gradients(model, step)
        set_gradients(reference, step)
        if step % 2:
            optimizer.step()
        else:
            with flat_parameters(optimizer):
                set_gradients(model, step)
                optimizer.step()
        other.step()
    torch.testing.assert_close(model.state_dict(), reference.state_dict())
    assert_same_state(optimizer, other)


@pytest.mark.parametrize("solver", SOLVERS)
def test_group_with_a_frozen_parameter_stays(solver):
    model = make_model()
    model[2].bias.requires_grad_(False)
    before = model[2].bias.clone()
    optimizer = make_optimizer(solver, model)
    with flat_parameters(optimizer):
        assert [len(g["params"]) for g in optimizer.param_groups] == [1, 4]
        set_gradients(model, 0)
        optimizer.step()
    assert torch.equal(model[2].bias, before)


@pytest.mark.parametrize("solver", ["adamax", "sgd"])
def test_group_stays_where_a_parameter_began_later(solver):
    model = make_model()
    optimizer = make_optimizer(solver, model)
    model[0].weight.requires_grad_(False)
    set_gradients(model, 0)
    optimizer.step()
    model[0].weight.requires_grad_(True)
    with flat_parameters(optimizer):
        assert [len(g["params"]) for g in optimizer.param_groups] == [2, 1]


def test_parameters_come_back_after_an_error():
    model = make_model()
    optimizer = make_optimizer("adam", model)
    with pytest.raises(KeyboardInterrupt), flat_parameters(optimizer):
        raise KeyboardInterrupt
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    assert {id(p) for p in parameters} == {id(p) for p in model.parameters()}
    assert not optimizer.state


@pytest.mark.parametrize("solver", SOLVERS)
def test_fit_leaves_the_optimizer_as_torch_has_it(solver):
    clf = quick(solver=solver, max_iter=2).fit(*imbalanced())
    parameters = dict(clf.module_.named_parameters())
    optimizer = clf.net_.optimizer_
    held = [p for g in optimizer.param_groups for p in g["params"]]
    assert {id(p) for p in held} == {id(p) for p in parameters.values()}
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            assert value.shape == (() if name == "step" else parameter.shape)
