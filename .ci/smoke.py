"""What an installed wheel must do where only its dependencies are installed."""

import pickle
from importlib.metadata import files, version
from importlib.util import find_spec
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_wbn


def import_error(function):
    """Return what a function complains of."""
    try:
        function()
    except ImportError as error:
        return str(error)
    return ""


assert sklearn_wbn.__version__ == version("sklearn-wbn")
assert "site-packages" in Path(sklearn_wbn.__file__).parts
assert any(file.name == "py.typed" for file in files("sklearn-wbn") or [])
folders = {file.parts[0] for file in files("sklearn-wbn") or []}
assert not folders & {"benchmarks", "docs", "tests"}, folders

X, y = load_breast_cancer(return_X_y=True)
network = sklearn_wbn.WBNMLPClassifier((16,), max_iter=20, random_state=0)
model = make_pipeline(StandardScaler(), network).fit(X, y)
assert model.score(X, y) > 0.9
assert (pickle.loads(pickle.dumps(model)).predict(X) == model.predict(X)).all()
assert set(sklearn_wbn.nn.__all__) <= set(dir(sklearn_wbn.nn))

# Optional packages are named where they are missing.
for package, use in {
    "onnx": lambda: network.export_onnx("model.onnx"),
    "matplotlib": lambda: sklearn_wbn.TrainingCurveDisplay.from_estimator(network),
}.items():
    assert find_spec(package) is None, f"{package} is not a dependency"
    assert package in import_error(use)
