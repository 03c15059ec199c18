"""What `fit` accepts: labels, frames, layouts and precisions, none of it changed."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from sklearn_wbn._training_data import TrainingData
from tests.samples import imbalanced, quick

NAMES = ["age", "height", "mass", "pulse"]
LABELS = {
    "strings": np.array(["yes", "no", "maybe"]),
    "booleans": np.array([True, False]),
    "integers with gaps": np.array([40, -7, 12]),
    "objects": np.array(["b", "a", "c"], dtype=object),
    "floats": np.array([2.0, 0.0, 1.0]),
    "small unsigned": np.array([200, 3, 7], dtype=np.uint8),
}


def layouts():
    X = imbalanced()[0]
    wide = np.zeros((len(X), 9))
    wide[:, 1::2] = X
    record = np.zeros(len(X), dtype=[("x", "f8", (4,)), ("flag", "i1")])
    record["x"] = X
    return {
        "fortran": np.asfortranarray(X),
        "reversed rows": X[::-1].copy()[::-1],
        "reversed columns": X[:, ::-1].copy()[:, ::-1],
        "every other column": wide[:, 1::2],
        "field of records": record["x"],
        "big endian": X.astype(">f8"),
        "list": X.tolist(),
        "nested tuples": tuple(map(tuple, X.tolist())),
    }


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_any_labels(labels):
    X, y = imbalanced(n_classes=len(labels))
    clf = quick().fit(X, labels[y])
    assert clf.classes_.tolist() == sorted(labels.tolist())
    assert clf.predict(X).dtype == labels.dtype
    order = np.argsort(labels)
    by_code = quick().fit(X, np.argsort(order)[y])
    assert np.array_equal(clf.predict(X), np.sort(labels)[by_code.predict(X)])


@pytest.mark.parametrize(
    "wrap",
    [
        list,
        pd.Series,
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pd.Series(pd.Categorical(y)),
        lambda y: pl.Series("y", y.tolist()),
    ],
    ids=["list", "pandas", "pandas string", "pandas categorical", "polars"],
)
def test_labels_may_come_in_any_container(wrap):
    X, y = imbalanced()
    words = np.array(["no", "yes"])[y]
    clf = quick().fit(X, wrap(words))
    assert clf.classes_.tolist() == ["no", "yes"]
    assert np.array_equal(clf.predict(X), quick().fit(X, words).predict(X))


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_frames_give_feature_names(library, early_stopping):
    X, y = imbalanced()
    # Stops after three epochs.
    params = {"early_stopping": early_stopping, "max_iter": 9}
    params |= {"n_iter_no_change": 1, "tol": 9.0} if early_stopping else {}
    frame = library.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    clf = quick(**params).fit(frame, y)
    assert clf.feature_names_in_.tolist() == NAMES
    expected = quick(**params).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(clf.predict_proba(frame), expected, rtol=1e-12)


def test_frames_are_good_for_held_out_rows_and_chunks():
    X, y = imbalanced()
    frame = pd.DataFrame(X, columns=NAMES)
    clf = quick().fit(frame, y, X_val=frame, y_val=y, sample_weight=pd.Series(y + 1))
    assert len(clf.validation_scores_) == 3
    chunks = quick().partial_fit(frame, y, classes=[0, 1]).partial_fit(frame, y)
    assert chunks.feature_names_in_.tolist() == NAMES


@pytest.mark.parametrize(
    "use",
    [
        lambda clf, X, y: clf.predict(X),
        lambda clf, X, y: clf.predict_proba(X),
        lambda clf, X, y: clf.partial_fit(X, y),
        lambda clf, X, y: clf.set_params(warm_start=True).fit(X, y),
    ],
    ids=["predict", "predict_proba", "partial_fit", "warm start"],
)
def test_other_column_names_are_an_error(use):
    X, y = imbalanced()
    clf = quick().fit(pd.DataFrame(X, columns=NAMES), y)
    with pytest.raises(ValueError, match="feature names should match"):
        use(clf, pd.DataFrame(X, columns=["size", *NAMES[1:]]), y)
    with pytest.raises(ValueError, match="same order"):
        use(clf, pd.DataFrame(X, columns=NAMES[::-1]), y)


def test_a_frame_without_the_names_of_training_is_a_warning():
    X, y = imbalanced()
    clf = quick().fit(pd.DataFrame(X, columns=NAMES), y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X)


def test_held_out_rows_with_other_names_are_an_error():
    X, y = imbalanced()
    frame = pd.DataFrame(X, columns=NAMES)
    with pytest.raises(ValueError, match="feature names should match"):
        quick().fit(frame, y, X_val=frame.rename(columns={"age": "size"}), y_val=y)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float64),
        (np.int64, np.float64),
        (np.int8, np.float64),
        (bool, np.float64),
        (object, np.float64),
    ],
)
def test_precision_of_the_data_is_that_of_the_network(given, used):
    X, y = imbalanced()
    X = (10 * X).astype(given)
    clf = quick().fit(X, y)
    assert {p.dtype for p in clf.module_.parameters()} == {
        torch.float32 if used == np.float32 else torch.float64
    }
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(clf, method)(X).dtype == used


def test_network_keeps_its_precision_whatever_it_predicts_for():
    X, y = imbalanced()
    clf = quick().fit(X.astype(np.float32), y)
    assert clf.predict_proba(X).dtype == np.float32
    assert clf.partial_fit(X, y).predict_proba(X).dtype == np.float32


@pytest.mark.parametrize("layout", layouts())
def test_layout_in_memory_does_not_matter(layout):
    X, y = imbalanced()
    odd = layouts()[layout]
    expected = quick().fit(X, y)
    clf = quick().fit(odd, y)
    np.testing.assert_allclose(clf.loss_curve_, expected.loss_curve_, rtol=1e-13)
    np.testing.assert_allclose(
        clf.predict_proba(odd), expected.predict_proba(X), rtol=1e-12
    )


@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_mapped_files(tmp_path, mode):
    X, y = imbalanced()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode=mode)
    clf, expected = quick().fit(mapped, y), quick().fit(X, y)
    assert np.array_equal(clf.predict_proba(mapped), expected.predict_proba(X))


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_only_and_unchanged(order):
    X, y = imbalanced()
    X, weight = np.array(X, order=order), np.ones(len(y))
    before = X.copy(), y.copy(), weight.copy()
    for array in (X, y, weight):
        array.setflags(write=False)
    clf = quick(dropout=0.2).fit(
        X, y, weight, X_val=X, y_val=y, sample_weight_val=weight
    )
    clf.partial_fit(X, y, sample_weight=weight)
    clf.predict_proba(X)
    for array, copy in zip((X, y, weight), before, strict=True):
        assert np.array_equal(array, copy)


def test_training_data_shares_memory_and_drops_rows_without_weight():
    X, y = imbalanced(20)
    f = np.arange(20) % 3
    data = TrainingData.check(quick(), X, y, f, reset=True)
    assert np.shares_memory(data.X, X)
    assert data.index.tolist() == np.flatnonzero(f).tolist()
    assert data.frequency.tolist() == f[f > 0].tolist()
    assert data.class_count(np.array([0, 1])).tolist() == [
        f[y == 0].sum(),
        f[y == 1].sum(),
    ]


def test_taking_rows_keeps_everything_in_step():
    X, y = imbalanced(20)
    f = np.arange(20) % 3
    data = TrainingData.check(quick(), X, y, f, reset=True).take(np.array([1, 4]))
    rows = np.flatnonzero(f)[[1, 4]]
    assert data.index.tolist() == rows.tolist()
    assert data.y.tolist() == y[rows].tolist()
    assert data.frequency.tolist() == f[rows].tolist()
