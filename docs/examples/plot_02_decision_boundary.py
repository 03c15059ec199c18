"""
Decision boundary with BN and with WBN
======================================

Two features of the breast cancer data, made imbalanced: 10 malignant tumours against
all benign ones. Both networks have the same loss, weighted by inverse class frequency;
they differ in the normalization alone.
"""

# %%
# The data
# --------

import matplotlib.pyplot as plt
import numpy as np
from imblearn.datasets import make_imbalance
from sklearn.datasets import load_breast_cancer
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import WBNMLPClassifier

data = load_breast_cancer()
columns = [list(data.feature_names).index(n) for n in ("mean radius", "mean texture")]
X_all = StandardScaler().fit_transform(data.data[:, columns])
y_all = np.where(data.target == 0, "malignant", "benign")

row = np.arange(len(y_all)).reshape(-1, 1)
train, _ = make_imbalance(
    row, y_all, sampling_strategy={"malignant": 10, "benign": 300}, random_state=0
)
train = train.ravel()
test = np.setdiff1d(row, train)
X, y = X_all[train], y_all[train]

# %%
# Two networks
# ------------

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
for ax, normalization, title in zip(
    axes, ("bn", "wbn"), ("batch normalization", "weighted batch normalization")
):
    clf = WBNMLPClassifier(
        (32, 32),
        normalization=normalization,
        inference_statistics="moving",
        batch_size=32,
        max_iter=60,
        random_state=0,
    ).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(
        clf,
        X,
        response_method="predict_proba",
        class_of_interest="malignant",
        plot_method="pcolormesh",
        cmap="RdBu_r",
        vmin=0,
        vmax=1,
        alpha=0.6,
        ax=ax,
    )
    benign = y == "benign"
    ax.scatter(*X[benign].T, s=8, color="#2166ac", label="benign, training")
    ax.scatter(
        *X[~benign].T, s=30, color="#b2182b", ec="k", label="malignant, training"
    )
    ax.set(title=title, xlabel="mean radius (scaled)")
    recall = recall_score(
        y_all[test],
        clf.predict(X_all[test]),
        labels=["malignant", "benign"],
        average=None,
    )
    print(f"{title:29s} recall: malignant {recall[0]:.3f}, benign {recall[1]:.3f}")
axes[0].set_ylabel("mean texture (scaled)")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %%
# Colour is the predicted probability of *malignant*; white is one half. The test rows
# are all rows that were not drawn, mostly malignant ones. One draw shows a boundary,
# not which method is better; for that, see the examples with repetitions.
