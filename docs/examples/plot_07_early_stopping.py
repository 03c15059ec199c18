"""
Early stopping with validation curves
=====================================

With ``early_stopping=True`` a share of every class is held out, at least one row of
each class that has two. After every epoch the held-out rows are scored, training stops
when the score has not improved for `n_iter_no_change` epochs, and the best weights are
restored.
"""

# %%
# The data
# --------
#
# All ten digits; the odd ones keep 15 rows each.

import matplotlib.pyplot as plt
from imblearn.datasets import make_imbalance
from sklearn.datasets import load_digits
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

from sklearn_wbn import TrainingCurveDisplay, WBNMLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, stratify=y, test_size=0.4, random_state=0
)
X_train, y_train = make_imbalance(
    X_train,
    y_train,
    sampling_strategy=dict.fromkeys([1, 3, 5, 7, 9], 15),
    random_state=0,
)

# %%
# Stop on held-out rows
# ---------------------

settings = {"hidden_layer_sizes": (64,), "batch_size": 32, "random_state": 0}
stopped = WBNMLPClassifier(
    early_stopping=True,
    validation_fraction=0.2,
    n_iter_no_change=15,
    max_iter=200,
    **settings,
).fit(X_train, y_train)

TrainingCurveDisplay.from_estimator(stopped)
plt.show()

# %%
# The held-out rows of the rare classes are three each, so the score moves in steps. Was
# it worth it? All epochs on all training rows, for comparison:

full = WBNMLPClassifier(max_iter=200, **settings).fit(X_train, y_train)
for name, clf in {"stopped early": stopped, "all 200 epochs": full}.items():
    score = balanced_accuracy_score(y_test, clf.predict(X_test))
    print(f"{name}: {clf.n_iter_} epochs, balanced accuracy on test rows {score:.3f}")

# %%
# Stopping saves time, and costs the held-out rows, which a rare class can ill afford.
# Rows of your own to validate on are passed to `fit`; `scoring` takes the name of any
# scorer of scikit-learn, or a callable.

own = WBNMLPClassifier(
    early_stopping=True,
    scoring="balanced_accuracy",
    n_iter_no_change=15,
    max_iter=200,
    **settings,
)
X_fit, X_val, y_fit, y_val = train_test_split(
    X_train, y_train, stratify=y_train, test_size=0.25, random_state=0
)
own.fit(X_fit, y_fit, X_val=X_val, y_val=y_val)
score = balanced_accuracy_score(y_test, own.predict(X_test))
print(f"best on my rows {own.best_validation_score_:.3f}, on the test rows {score:.3f}")
