"""
Threshold and calibration
=========================

A weighted loss moves the decision threshold: `predict_proba` answers as if the classes
had their effective sizes. This example tunes the threshold openly instead, and repairs
the probabilities in two ways.
"""

# %%
# The data
# --------
#
# Generated, so that there are enough rows to judge probabilities: 5 % of the rows are
# rare, and 2 % of the labels are drawn at random.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from sklearn_wbn import WBNMLPClassifier

X, y = make_classification(
    12000,
    n_informative=6,
    weights=[0.95],
    flip_y=0.02,
    class_sep=0.8,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, test_size=0.5, random_state=0
)


def network(**settings):
    """Make a network; the loss of equation (2), so that its probabilities are known."""
    return WBNMLPClassifier(
        (32,),
        max_iter=15,
        loss_normalization="constant",
        alpha=1e-3,
        random_state=0,
        **settings,
    )


# %%
# Threshold
# ---------
#
# Much of what weights gain in balanced accuracy, a tuned threshold gains too. Four
# ways, with and without:

plain = {"class_weight": None, "normalization": "bn"}
models = {
    "BN, no weights": network(**plain),
    "BN, no weights, tuned threshold": TunedThresholdClassifierCV(
        network(**plain), scoring="balanced_accuracy", cv=3
    ),
    "WBN, ICF": network(),
    "WBN, ICF, tuned threshold": TunedThresholdClassifierCV(
        network(), scoring="balanced_accuracy", cv=3
    ),
}
for name, model in models.items():
    score = balanced_accuracy_score(y_test, model.fit(X_train, y_train).predict(X_test))
    print(f"{name:32s} balanced accuracy {score:.3f}")

# %%
# Probabilities
# -------------
#
# With weights :math:`c_k`, the loss is least at probabilities proportional to
# :math:`c_k \, p(k \mid x)`. Dividing by the weights leads back (*prior correction*);
# it needs no data. `CalibratedClassifierCV` learns a correction from held-out rows
# instead.

weighted = models["WBN, ICF"]


def correct_prior(clf, X):
    """Undo the class weights in the probabilities."""
    p = clf.predict_proba(X) / clf.class_weight_
    return p / p.sum(axis=1, keepdims=True)


calibrated = CalibratedClassifierCV(network(), method="sigmoid", cv=3)
calibrated.fit(X_train, y_train)

probabilities = {
    "BN, no weights": models["BN, no weights"].predict_proba(X_test),
    "WBN, ICF": weighted.predict_proba(X_test),
    "WBN, ICF, prior correction": correct_prior(weighted, X_test),
    "WBN, ICF, calibrated": calibrated.predict_proba(X_test),
}
print(f"share of rare rows: {np.mean(y_test):.3f}")
for name, p in probabilities.items():
    brier, nats = brier_score_loss(y_test, p[:, 1]), log_loss(y_test, p)
    print(
        f"{name:27s} mean {p[:, 1].mean():.3f}  Brier {brier:.4f}  log loss {nats:.3f}"
    )

# %%
# A calibrated curve follows the diagonal. Less is better for both scores above.

fig, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name, p in probabilities.items():
    CalibrationDisplay.from_predictions(
        y_test, p[:, 1], n_bins=8, strategy="quantile", name=name, ax=ax
    )
ax.set(xlabel="predicted probability of the rare class", ylabel="share of rare rows")
ax.set(ylim=(-0.02, 0.5))
ax.legend(loc="upper right")
plt.show()
