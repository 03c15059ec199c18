"""
Save and deploy
===============

A fitted classifier is saved like any other of scikit-learn. For a place without
scikit-learn there is the trained torch network, and for a place without Python an ONNX
file. All of them are checked here against the classifier itself.
"""

# %%
# A model to save
# ---------------

import pickle
import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
import skops.io
import torch
from imblearn.datasets import make_imbalance
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import WBNMLPClassifier

X, y = load_wine(return_X_y=True)
X, y = make_imbalance(X, y, sampling_strategy={0: 59, 1: 71, 2: 8}, random_state=0)
model = make_pipeline(StandardScaler(), WBNMLPClassifier(max_iter=30, random_state=0))
model.fit(X, y)
expected = model.predict_proba(X)

# %%
# pickle and joblib
# -----------------
#
# Load such files only where you trust their origin, with the same versions of the
# packages. A model that was trained on an accelerator loads on a machine without one.

restored = pickle.loads(pickle.dumps(model))
print("pickle:", np.array_equal(restored.predict_proba(X), expected))

folder = Path(tempfile.mkdtemp())
joblib.dump(model, folder / "model.joblib", compress=3)
restored = joblib.load(folder / "model.joblib")
print("joblib:", np.array_equal(restored.predict_proba(X), expected))

# %%
# skops
# -----
#
# A skops file runs no code when it is loaded. It asks which types to trust beyond those
# of scikit-learn; here that is the classifier alone.

skops.io.dump(model, folder / "model.skops")
types = skops.io.get_untrusted_types(file=folder / "model.skops")
print("to trust:", types)
restored = skops.io.load(folder / "model.skops", trusted=types)
print("skops:", np.array_equal(restored.predict_proba(X), expected))

# %%
# Plain torch
# -----------
#
# `module_` is the trained network. `folded` merges every norm into the affine map
# before it: what is left are torch's own layers, which need nothing of this package.

scaler, clf = model[0], model[-1]
network = clf.module_.folded()
print(network)

rows = torch.tensor(scaler.transform(X), dtype=next(network.parameters()).dtype)
with torch.inference_mode():
    probabilities = network(rows).softmax(dim=1).numpy()
print("torch, largest difference:", f"{np.abs(probabilities - expected).max():.1e}")

# %%
# ONNX
# ----
#
# `export_onnx` needs the package *onnx*; *onnxruntime* runs the file. It holds the
# classifier, not the scaler.

clf.export_onnx(folder / "model.onnx")
session = onnxruntime.InferenceSession(folder / "model.onnx")
inputs = {"X": scaler.transform(X).astype("float32")}
labels, probabilities = session.run(["label", "probabilities"], inputs)
print("ONNX, same labels:", np.array_equal(labels, model.predict(X)))
print("ONNX, largest difference:", f"{np.abs(probabilities - expected).max():.1e}")

# %%
# Size of the files
# -----------------
#
# The pickled pipeline also holds the training history and the state of the optimizer,
# so that training can go on; the ONNX file holds the folded network alone.

sizes = {
    "pickle": len(pickle.dumps(model)),
    "joblib, compressed": (folder / "model.joblib").stat().st_size,
    "ONNX": (folder / "model.onnx").stat().st_size,
}
fig, ax = plt.subplots(figsize=(6.5, 2.4), layout="constrained")
bars = ax.barh(list(sizes), [size / 1e3 for size in sizes.values()], color="#0072b2")
ax.bar_label(bars, fmt="%.0f kB", padding=4)
ax.margins(x=0.2)
ax.set_xlabel("size (kB)")
plt.show()
