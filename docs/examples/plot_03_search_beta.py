"""
Search over beta
================

``class_weight="cbl"`` weighs the classes by the class-balanced loss. Its parameter
`beta` leads from no weights (0) to inverse class frequency (toward 1), and is searched
like any other parameter.
"""

# %%
# The data
# --------
#
# The breast cancer data with all 357 benign tumours and 25 malignant ones.

import matplotlib.pyplot as plt
import numpy as np
from imblearn.datasets import make_imbalance
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import BetaSearchDisplay, EffectiveSizeDisplay, WBNMLPClassifier

X, y = load_breast_cancer(return_X_y=True)
X, y = make_imbalance(X, y, sampling_strategy={0: 25, 1: 357}, random_state=0)
y = np.where(y == 0, "malignant", "benign")

# %%
# The search
# ----------

model = make_pipeline(
    StandardScaler(),
    WBNMLPClassifier((32,), class_weight="cbl", max_iter=40, random_state=0),
)
search = GridSearchCV(
    model,
    {"wbnmlpclassifier__beta": [0.0, 0.9, 0.99, 0.997, 0.999, 0.9999]},
    scoring="balanced_accuracy",
    cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0),
)
search.fit(X, y)

BetaSearchDisplay.from_search(search)
plt.show()

# %%
# The band is one standard deviation over the splits. Where it is wider than the
# differences between the values, as may be here, the search cannot tell the values
# apart:

mean = search.cv_results_["mean_test_score"]
spread = search.cv_results_["std_test_score"]
print(f"best beta: {search.best_params_['wbnmlpclassifier__beta']}")
print(f"balanced accuracy: lowest mean {mean.min():.3f}, highest {mean.max():.3f}")
print(f"standard deviation over splits: {spread.min():.3f} to {spread.max():.3f}")

# %%
# What the weights do to the classes
# ----------------------------------
#
# The sizes of the classes before and after weighting, for the value that was found:

EffectiveSizeDisplay.from_estimator(search.best_estimator_)
plt.show()
