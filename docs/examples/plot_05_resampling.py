"""
Against SMOTE and undersampling
===============================

Instead of weighting the loss, one can change the data: make up minority rows (SMOTE) or
leave out majority rows. Both stand in a pipeline of imbalanced-learn, so that only
training rows are touched. Plain batch normalization with a weighted loss, logistic
regression and a balanced random forest are there as well, since a comparison among
networks alone would say little.
"""

# %%
# The data
# --------
#
# The breast cancer data with 20 malignant tumours against 357 benign ones, drawn anew
# twice, each time with five folds.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.datasets import make_imbalance
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import WBNMLPClassifier

X_all, y_all = load_breast_cancer(return_X_y=True)
y_all = 1 - y_all  # 1 is malignant, the rare class


def network(**settings):
    """Make a network that differs from the others in `settings` only."""
    return WBNMLPClassifier(
        (32,), batch_size=32, max_iter=30, random_state=0, **settings
    )


plain = {"class_weight": None, "normalization": "bn"}
MODELS = {
    "BN": [network(**plain)],
    "BN, weighted loss": [network(normalization="bn")],
    "WBN": [network()],
    "WBN, population": [network(inference_statistics="population")],
    "SMOTE, BN": [SMOTE(k_neighbors=3, random_state=0), network(**plain)],
    "undersampling, BN": [RandomUnderSampler(random_state=0), network(**plain)],
    "logistic regression": [LogisticRegression(class_weight="balanced")],
    "balanced forest": [BalancedRandomForestClassifier(100, random_state=0)],
}
SCORING = {
    "balanced accuracy": "balanced_accuracy",
    "recall": make_scorer(recall_score),
    "F1": "f1",
    "average precision": "average_precision",
}

# %%
# The comparison
# --------------

scores = []
for seed in range(2):
    X, y = make_imbalance(
        X_all, y_all, sampling_strategy={0: 357, 1: 20}, random_state=seed
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    for name, steps in MODELS.items():
        model = make_pipeline(StandardScaler(), *steps)
        found = cross_validate(model, X, y, scoring=SCORING, cv=folds)
        scores.append(
            {"model": name} | {s: np.mean(found[f"test_{s}"]) for s in SCORING}
        )

scores = pd.DataFrame(scores).groupby("model").mean().loc[list(MODELS)]
print((100 * scores).round(1).to_string())

# %%
# Recall and F1 belong to the malignant class. The two lines of WBN have the same
# trained weights, and differ in the statistics for inference. ``"auto"``, the default
# of `inference_statistics`, chooses them by a rule, here with class weights; on a table
# of your own, compare them (:doc:`/guide/inference_statistics`). The best of each
# column:

for metric, name in scores.idxmax().items():
    print(f"{metric:18s} {name} ({100 * scores.loc[name, metric]:.1f})")

# %%
# A test fold holds four malignant rows, so differences of a few points are chance. A
# row whose marks lie far apart pays for one score with another; average precision does
# not depend on the threshold.

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
marks = {"balanced accuracy": "o", "F1": "s", "average precision": "D"}
for metric, mark in marks.items():
    ax.plot(100 * scores[metric], np.arange(len(scores)), mark, label=metric)
ax.set_yticks(np.arange(len(scores)), scores.index)
ax.invert_yaxis()
ax.grid(axis="x", alpha=0.4)
ax.set_xlabel("mean over folds and draws (%)")
fig.legend(loc="outside lower center", ncols=3, frameon=False)
plt.show()
