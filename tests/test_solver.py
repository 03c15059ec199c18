"""Solvers by name and by class, their arguments, and weight decay."""

import numpy as np
import pytest
import torch

from sklearn_wbn._solver import SOLVERS, optimizer_params
from tests.samples import imbalanced, quick

DECAYED = {"hidden.0.linear.weight", "output.weight"}


def decay_of_each_parameter(clf):
    names = {id(p): name for name, p in clf.module_.named_parameters()}
    return {
        names[id(p)]: group["weight_decay"]
        for group in clf.net_.optimizer_.param_groups
        for p in group["params"]
    }


@pytest.mark.parametrize(
    ("solver", "optimizer"),
    [
        ("adamax", torch.optim.Adamax),
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("sgd", torch.optim.SGD),
        (torch.optim.RMSprop, torch.optim.RMSprop),
        (torch.optim.NAdam, torch.optim.NAdam),
        (torch.optim.LBFGS, torch.optim.LBFGS),
    ],
)
def test_solver_is_used_and_learns(solver, optimizer):
    X, y = imbalanced()
    clf = quick(solver=solver, max_iter=10, learning_rate_init=0.02).fit(X, y)
    assert type(clf.net_.optimizer_) is optimizer
    assert clf.net_.optimizer_.param_groups[0]["lr"] == 0.02
    assert clf.loss_curve_[-1] < clf.loss_curve_[0]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_alpha_decays_the_affine_maps_and_nothing_else(solver, alpha):
    clf = quick(solver=solver, alpha=alpha, max_iter=1).fit(*imbalanced())
    decay = decay_of_each_parameter(clf)
    assert set(decay) == {name for name, _ in clf.module_.named_parameters()}
    assert {name for name, value in decay.items() if value == alpha} >= DECAYED
    assert all(v == 0 for name, v in decay.items() if name not in DECAYED)


def test_biases_of_a_network_without_norms_are_not_decayed():
    clf = quick(normalization=None, alpha=0.1, max_iter=1).fit(*imbalanced())
    decay = decay_of_each_parameter(clf)
    assert decay["hidden.0.linear.bias"] == decay["output.bias"] == 0
    assert decay["hidden.0.linear.weight"] == 0.1


def test_one_step_of_decay_by_hand():
    X, y = imbalanced()
    params = {"solver": torch.optim.SGD, "max_iter": 1, "learning_rate_init": 0.1}
    params |= {"hidden_layer_sizes": ()}
    start = quick(**params | {"learning_rate_init": 1e-30}).fit(X, y).module_.output
    plain = quick(**params).fit(X, y).module_.output
    decayed = quick(**params, alpha=0.5).fit(X, y).module_.output
    torch.testing.assert_close(
        plain.weight - decayed.weight, 0.1 * 0.5 * start.weight, rtol=1e-10, atol=0
    )
    assert torch.equal(plain.bias, decayed.bias)


def test_sgd_has_the_momentum_of_mlp_classifier_unless_told_otherwise():
    X, y = imbalanced()
    group = quick(solver="sgd").fit(X, y).net_.optimizer_.param_groups[0]
    assert group["momentum"] == 0.9
    assert group["nesterov"]
    plain = {"momentum": 0.0}
    group = quick(solver="sgd", solver_kwargs=plain).fit(X, y).net_.optimizer_
    assert group.param_groups[0]["momentum"] == 0


def test_adamax_has_the_betas_of_the_paper_unless_told_otherwise():
    X, y = imbalanced()
    group = quick().fit(X, y).net_.optimizer_.param_groups[0]
    assert group["betas"] == (0.9, 0.999)
    betas = {"betas": (0.5, 0.6)}
    group = quick(solver_kwargs=betas).fit(X, y).net_.optimizer_.param_groups[0]
    assert group["betas"] == (0.5, 0.6)


def test_steps_are_those_of_torch():
    X, y = imbalanced()
    params = {"hidden_layer_sizes": (), "class_weight": None, "batch_size": 1000}
    clf = quick(max_iter=5, shuffle=False, **params).fit(X, y)
    start = quick(max_iter=1, learning_rate_init=1e-30, **params).fit(X, y)
    linear = start.module_.output.requires_grad_(True)
    with torch.no_grad():
        linear.bias.zero_()
    optimizer = torch.optim.Adamax(linear.parameters(), lr=0.002)
    for _ in range(5):
        optimizer.zero_grad()
        logits = linear(torch.from_numpy(X))
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(y)).backward()
        optimizer.step()
    torch.testing.assert_close(clf.module_.output.weight, linear.weight)
    torch.testing.assert_close(clf.module_.output.bias, linear.bias)


@pytest.mark.parametrize("solver", [int, torch.nn.Linear])
def test_class_that_is_no_optimizer(solver):
    with pytest.raises(ValueError, match=r"'adamax'.*or a subclass of .*Optimizer"):
        quick(solver=solver).fit(*imbalanced())


def test_learning_rate_has_one_place():
    with pytest.raises(ValueError, match=r"sets lr=0\.5; set learning_rate_init"):
        quick(solver_kwargs={"lr": 0.5}).fit(*imbalanced())


@pytest.mark.parametrize("solver", SOLVERS)
def test_solver_takes_another_of_torchs_implementations(solver):
    X, y = imbalanced()
    expected = quick(solver=solver).fit(X, y)
    clf = quick(solver=solver, solver_kwargs={"foreach": True}).fit(X, y)
    assert clf.net_.optimizer_.param_groups[0]["foreach"] is True
    np.testing.assert_allclose(clf.loss_curve_, expected.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_steps_that_are_to_be_differentiated_are_refused(solver):
    clf = quick(solver=solver, solver_kwargs={"differentiable": True})
    with pytest.raises(ValueError, match="sets differentiable=True; torch can"):
        clf.fit(*imbalanced())


def test_unknown_argument_of_the_solver():
    with pytest.raises(TypeError, match="unexpected keyword argument 'pace'"):
        quick(solver_kwargs={"pace": 1}).fit(*imbalanced())


def test_solver_without_groups_refuses_alpha():
    with pytest.raises(ValueError, match="LBFGS doesn't support per-parameter"):
        quick(solver=torch.optim.LBFGS, alpha=0.1).fit(*imbalanced())


def test_parameters_for_skorch():
    params = optimizer_params("adamw", {"eps": 1e-3}, alpha=0.2)
    assert params["optimizer"] is torch.optim.AdamW
    assert params["optimizer__weight_decay"] == 0.0
    assert params["optimizer__eps"] == 1e-3
    assert [group[1] for group in params["optimizer__param_groups"]] == [
        {"weight_decay": 0.2}
    ] * 2
    assert "optimizer__param_groups" not in optimizer_params("sgd", None, alpha=0.0)


def test_large_decay_shrinks_the_maps():
    X, y = imbalanced()
    params = {"solver": "adamw", "learning_rate_init": 0.1, "max_iter": 20}
    free, shrunk = (quick(**params, alpha=a).fit(X, y) for a in (0.0, 5.0))
    sizes = [clf.module_.output.weight.abs().max() for clf in (free, shrunk)]
    assert sizes[1] < 0.5 * sizes[0]
