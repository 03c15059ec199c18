"""The ONNX file predicts as the estimator does, in onnxruntime."""

import sys

import numpy as np
import onnxruntime
import pytest
from sklearn.exceptions import NotFittedError

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._onnx import onnx_labels
from tests.samples import imbalanced, quick, real_table

ACTIVATIONS = ("tanh", "relu", "logistic", "identity", "gelu", "silu")
NAMES = np.array(["zebra", "ant", "übel"])


def run(path, X):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["X"]
    assert [o.name for o in session.get_outputs()] == ["label", "probabilities"]
    return session.run(None, {"X": X.astype(np.float32)})


def assert_same_predictions(clf, X, path):
    clf.export_onnx(path)
    label, probabilities = run(path, X)
    X = X.astype(np.float32)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(label, clf.predict(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_file_predicts_as_the_estimator(activation, n_classes, dtype, tmp_path):
    X, y = imbalanced(300, n_classes)
    clf = quick(hidden_layer_sizes=(8, 8), activation=activation, batch_size=32)
    clf.fit(X.astype(dtype), y)
    assert_same_predictions(clf, 3 * X, tmp_path / "model.onnx")


@pytest.mark.parametrize(
    "params",
    [
        {"logit_adjustment": 1.0},
        {"normalization": None},
        {"hidden_layer_sizes": ()},
        {"inference_statistics": "population", "variance": "biased"},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_file_holds_everything_that_predicts(params, n_classes, tmp_path):
    X, y = imbalanced(n_classes=n_classes)
    clf = quick(**params).fit(X, NAMES[y])
    assert_same_predictions(clf, X, tmp_path / "model.onnx")


@pytest.mark.parametrize("name", ["cancer", "digits"])
def test_file_predicts_real_data(name, tmp_path):
    X_train, X_test, y_train, _ = real_table(name)
    clf = quick(hidden_layer_sizes=(32, 32), max_iter=20, batch_size=32)
    clf.fit(X_train, y_train)
    assert_same_predictions(clf, X_test, tmp_path / "model.onnx")


def test_features_far_from_zero_keep_their_precision(tmp_path):
    X, y = imbalanced()
    X = (1e4 + X).astype(np.float32).astype(np.float64)
    clf = quick(max_iter=20).fit(X, y)
    assert_same_predictions(clf, X, tmp_path / "model.onnx")


def test_number_of_rows_is_free(tmp_path):
    X, y = imbalanced()
    path = tmp_path / "model.onnx"
    quick().fit(X, y).export_onnx(str(path))
    for n_rows in (0, 1, 7):
        label, probabilities = run(path, X[:n_rows])
        assert label.shape == (n_rows,)
        assert probabilities.shape == (n_rows, 2)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ([-3, 8], [-3, 8]),
        ([False, True], [0, 1]),
        ([0.0, 2.0], [0, 2]),
        (["a", "bc"], ["a", "bc"]),
        (np.array(["a", "bc"], dtype=object), ["a", "bc"]),
    ],
)
def test_labels_become_integers_or_strings(classes, expected):
    labels = onnx_labels(np.asarray(classes))
    assert labels.dtype in (np.int64, object)
    assert labels.tolist() == expected


@pytest.mark.parametrize("classes", [[0.5, 1.5], np.array([None, "a"], dtype=object)])
def test_other_labels_are_refused(classes):
    with pytest.raises(TypeError, match="strings or whole numbers"):
        onnx_labels(np.asarray(classes))


def test_an_unfitted_estimator_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        WBNMLPClassifier().export_onnx(tmp_path / "model.onnx")


def test_missing_onnx_names_the_extra(monkeypatch, tmp_path):
    clf = quick().fit(*imbalanced())
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"sklearn-wbn\[onnx\]"):
        clf.export_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
