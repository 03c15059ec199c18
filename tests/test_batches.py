"""Mini-batches: their sizes, their weights, and what they share with the data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_wbn._batches import Batches, Rows, as_tensor
from tests.samples import imbalanced, quick


def make_rows(n=20, frequency=None, seed=0):
    """Rows whose first feature is their position; class weights 1 and 5."""
    X, y = imbalanced(n, seed=seed)
    X[:, 0] = np.arange(n)
    weight = np.where(y == 1, 5.0, 1.0)
    f = None if frequency is None else torch.tensor(frequency, dtype=torch.float64)
    weight = torch.from_numpy(weight) * (1 if f is None else f)
    index = torch.arange(n)
    return Rows(torch.from_numpy(X), index, torch.from_numpy(y), weight, weight, f)


def make_batches(rows, batch_size=6, seed=None, **params):
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    options = {
        "dtype": torch.float64,
        "variance": "reliability",
        "weighted_norm": True,
        "constant_loss": False,
    }
    return Batches(rows, batch_size, generator, **options | params)


@pytest.mark.parametrize(
    ("n", "batch_size", "sizes"),
    [
        (128, 128, [128]),
        (129, 128, [129]),
        (130, 128, [128, 2]),
        (257, 128, [128, 129]),
        (256, 128, [128, 128]),
        (5, 2, [2, 3]),
        (1, 1, [1]),
        (3, 1, [1, 1, 1]),
        (2, 2, [2]),
    ],
)
def test_last_batch_of_one_row_joins_the_one_before(n, batch_size, sizes):
    assert make_batches(make_rows(n), batch_size).sizes() == sizes


@given(n=st.integers(1, 400), batch_size=st.integers(1, 60))
def test_sizes_cover_all_rows_and_no_batch_is_one_row(n, batch_size):
    sizes = make_batches(make_rows(n), batch_size).sizes()
    assert sum(sizes) == n
    assert max(sizes) <= batch_size + 1
    if 1 in sizes:
        assert n == 1 or batch_size == 1


def test_without_a_generator_rows_keep_their_order():
    for _ in range(2):
        batches = list(make_batches(make_rows()))
        positions = torch.cat([batch.x[:, 0] for batch in batches])
        assert positions.tolist() == list(range(20))


def test_every_epoch_shuffles_anew_and_shows_every_row_once():
    rows, orders = make_rows(), []
    batches = make_batches(rows, seed=0)
    for _ in range(2):
        positions = torch.cat([batch.x[:, 0] for batch in batches]).long()
        y = torch.cat([batch.y for batch in batches])
        assert sorted(positions.tolist()) == list(range(20))
        assert sorted(y.tolist()) == sorted(rows.y.tolist())
        orders.append(positions.tolist())
    assert orders[0] != orders[1]


def test_labels_and_weights_stay_with_their_rows():
    rows = make_rows()
    for batch in make_batches(rows, seed=3):
        ids = batch.x[:, 0].long()
        assert torch.equal(batch.y, rows.y[ids])
        assert torch.equal(batch.x, rows.X[ids])
        w = rows.weight[ids]
        torch.testing.assert_close(batch.share, w / w.sum())
        torch.testing.assert_close(batch.norm.p, w / w.sum())
        np.testing.assert_allclose(batch.norm.Z, w.sum().item(), rtol=1e-15)
        assert len(batch) == len(ids)


def test_plain_norms_count_rows_whatever_the_class_weights():
    rows = make_rows()
    for batch in make_batches(rows, weighted_norm=False):
        n, w = len(batch), rows.weight[batch.x[:, 0].long()]
        torch.testing.assert_close(batch.norm.p, torch.full_like(batch.norm.p, 1 / n))
        torch.testing.assert_close(batch.share, w / w.sum())


def test_plain_norms_count_frequencies():
    f = np.arange(20) + 1.0
    for batch in make_batches(make_rows(frequency=f), weighted_norm=False):
        expected = torch.tensor(f)[batch.x[:, 0].long()]
        torch.testing.assert_close(batch.norm.p, expected / expected.sum())


def test_shares_of_the_constant_loss_add_up_to_the_number_of_batches():
    batches = make_batches(make_rows(), batch_size=5, constant_loss=True)
    total = sum(batch.share.sum().item() for batch in batches)
    assert total == pytest.approx(4, rel=1e-12)
    assert len({round(batch.share.sum().item(), 6) for batch in batches}) > 1


def test_batch_without_weight_has_no_share_and_counts_evenly():
    rows = make_rows()
    rows.weight[:6] = 0
    first = next(iter(make_batches(rows)))
    assert first.share.tolist() == [0] * 6
    torch.testing.assert_close(first.norm.p, torch.full_like(first.norm.p, 1 / 6))


def test_precision_of_the_network_is_that_of_the_batch():
    batch = next(iter(make_batches(make_rows(), dtype=torch.float32)))
    assert batch.x.dtype == batch.share.dtype == batch.norm.p.dtype == torch.float32


def test_rows_are_taken_from_their_positions_in_the_caller_s_array():
    rows = make_rows()
    some = torch.tensor([3, 7, 11])
    weight = rows.weight[some]
    rows = Rows(rows.X, some, rows.y[some], weight, weight, None)
    assert len(rows) == 3
    batch = next(iter(make_batches(rows, batch_size=3)))
    assert batch.x[:, 0].tolist() == [3, 7, 11]
    assert [x[0].item() for x, _ in (rows[0], rows[2])] == [3, 11]


@pytest.mark.parametrize("fetched", [0, 50, 2**16])
@pytest.mark.parametrize("n", [37, 40])
def test_inputs_stay_beside_their_classes_however_many_are_fetched(
    monkeypatch, fetched, n
):
    monkeypatch.setattr("sklearn_wbn._batches._FETCHED", fetched)
    rows = make_rows(n)
    batches = list(make_batches(rows, seed=0))
    assert [len(b.x) for b in batches] == make_batches(rows).sizes()
    positions = torch.cat([b.x[:, 0] for b in batches]).long()
    assert sorted(positions.tolist()) == list(range(n))
    assert torch.equal(torch.cat([b.y for b in batches]), rows.y[positions])


@pytest.mark.parametrize("frequency", [None, np.arange(1.0, 21)])
def test_shares_of_an_epoch_add_up_to_equation_2(frequency):
    rows = make_rows(frequency=frequency)
    batches = make_batches(rows, seed=3, constant_loss=True)
    for batch in batches:
        w = rows.weight[batch.x[:, 0].long()]
        expected = w / (len(batch) * rows.weight.mean())
        torch.testing.assert_close(batch.share, expected, rtol=1e-14, atol=0)


def test_mean_weight_is_that_of_rows():
    rows, thrice = make_rows(), make_rows(frequency=np.full(20, 3.0))
    assert rows.mean_weight == pytest.approx(float(rows.weight.mean()), rel=1e-15)
    assert thrice.mean_weight == pytest.approx(3 * rows.mean_weight, rel=1e-15)


def test_mean_weight_of_a_part_takes_class_weights_from_all_rows():
    part, thrice = make_rows(), make_rows(frequency=np.full(20, 3.0))
    part, thrice = (replace(rows, mean_class_weight=2.5) for rows in (part, thrice))
    assert part.mean_weight == 2.5
    assert thrice.mean_weight == 7.5
    (batch,) = make_batches(part, batch_size=20, constant_loss=True)
    assert torch.equal(batch.share, part.weight / (20 * 2.5))


@pytest.mark.parametrize("n", [20, 1024, 1025, 3000])
def test_statistics_pass_goes_through_all_rows_in_order(n):
    batches = make_batches(make_rows(n), seed=0)
    for class_weighted in (False, True):
        passed = list(batches.in_order(class_weighted))
        positions = torch.cat([x[:, 0] for x, _ in passed])
        assert positions.tolist() == list(range(n))
        total = sum(weights.Z for _, weights in passed)
        assert total == pytest.approx(batches.total(class_weighted).Z, rel=1e-15)
    rows_in_all = batches.total(False).Z
    assert rows_in_all == n


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensor_shares_the_memory_of_an_array(dtype):
    X = np.arange(12, dtype=dtype).reshape(3, 4)
    for view in (X, X.T, X[:, ::2]):
        tensor = as_tensor(view, torch.device("cpu"))
        assert np.shares_memory(tensor.numpy(), X)
        assert np.array_equal(tensor.numpy(), view)


def test_tensor_of_a_read_only_array_comes_without_a_warning():
    X = np.ones((3, 4))
    X.setflags(write=False)
    tensor = as_tensor(X, torch.device("cpu"))
    assert tensor.data_ptr() == X.ctypes.data


def test_array_that_torch_cannot_share_is_copied():
    record = np.zeros(5, dtype=[("x", "f4", (3,)), ("flag", "i1")])
    record["x"] = np.arange(15).reshape(5, 3)
    for X in (np.arange(6.0).reshape(2, 3)[::-1], record["x"]):
        tensor = as_tensor(X, torch.device("cpu"))
        assert np.array_equal(tensor.numpy(), X)
        assert not np.shares_memory(tensor.numpy(), X)


def test_one_row_more_than_the_batch_size_is_one_step():
    X, y = imbalanced(129)
    params = {"batch_size": 128, "inference_statistics": "moving"}
    clf = quick(**params).fit(X, y)
    larger = quick(**params | {"batch_size": 129}).fit(X, y)
    assert clf.loss_curve_ == larger.loss_curve_
    assert np.array_equal(clf.predict_proba(X), larger.predict_proba(X))


@pytest.mark.parametrize("batch_size", [121, 10**9])
def test_batch_larger_than_the_data_is_all_of_them(batch_size):
    X, y = imbalanced(120)
    clf, whole = (quick(batch_size=b).fit(X, y) for b in (batch_size, 120))
    assert np.array_equal(clf.predict_proba(X), whole.predict_proba(X))


@pytest.mark.parametrize(("n_rows", "equivalent"), [(150, 150), (430, 200)])
def test_automatic_batch_size_is_that_of_mlp_classifier(n_rows, equivalent):
    X, y = imbalanced(n_rows)
    clf, explicit = (quick(batch_size=b).fit(X, y) for b in ("auto", equivalent))
    assert clf.loss_curve_ == explicit.loss_curve_


@pytest.mark.parametrize("normalization", ["wbn", "bn"])
def test_batch_of_one_cannot_be_normalized(normalization):
    with pytest.raises(ValueError, match="batch_size=1 leaves nothing to normalize"):
        quick(batch_size=1, normalization=normalization).fit(*imbalanced())


def test_batch_of_one_is_fine_without_normalization():
    X, y = imbalanced()
    clf = quick(batch_size=1, normalization=None, learning_rate_init=0.02).fit(X, y)
    assert clf.loss_curve_[-1] < clf.loss_curve_[0]


def test_two_rows_are_enough():
    X = np.array([[0.0, 1.0], [1.0, 0.0]])
    for batch_size in (2, 128):
        clf = quick(batch_size=batch_size).fit(X, ["a", "b"])
        assert np.isfinite(clf.predict_proba(X)).all()
