"""
A table with numbers, categories and gaps
=========================================

Tables of people or customers mix numbers with categories, and have gaps. scikit-learn's
`ColumnTransformer` makes numbers of them, and the classifier stands at the end of the
pipeline.

The table is **generated**: its columns are modelled after the well-known *adult* census
data, but the rows and the rule behind the label are made up below, because scikit-learn
ships no table of this kind and this page is built without a download. It shows how to
build the pipeline; its scores say nothing about real people.
"""

# %%
# The table
# ---------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import PrecisionRecallDisplay, classification_report
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_wbn import WBNMLPClassifier


def make_people(n, seed):
    """Make up people; few of them earn much."""
    rng = np.random.default_rng(seed)
    school = rng.choice(["school", "college", "doctorate"], n, p=[0.6, 0.35, 0.05])
    people = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "hours": rng.normal(40, 10, n).clip(5, 90).round(),
            "education": school,
            "work": rng.choice(["private", "public", "own"], n, p=[0.7, 0.2, 0.1]),
        }
    )
    level = people["education"].map({"school": 0.0, "college": 1.2, "doctorate": 2.5})
    prime = 1 - ((people["age"] - 50) / 20) ** 2
    own = (people["work"] == "own") * (people["hours"] > 50) * 2.0
    score = level + prime + 0.04 * people["hours"] + own + rng.logistic(0, 0.35, n)
    income = np.where(score > 4.7, "high", "low")
    for column in ("hours", "work"):  # a tenth of the answers is missing
        people.loc[rng.random(n) < 0.1, column] = np.nan
    return people, income


X, y = make_people(6000, seed=0)
print(X.head(), end="\n\n")
print(pd.Series(y).value_counts(normalize=True).round(3).to_string())

# %%
# The pipeline
# ------------
#
# Gaps in numbers are filled with the median and marked; gaps in categories become a
# category of their own.

columns = make_column_transformer(
    (
        make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
        ),
        make_column_selector(dtype_include="number"),
    ),
    (
        make_pipeline(
            SimpleImputer(strategy="constant", fill_value="unknown"),
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        ),
        make_column_selector(dtype_exclude="number"),
    ),
)
model = make_pipeline(columns, WBNMLPClassifier((64,), max_iter=40, random_state=0))
model

# %%
# Fit and look
# ------------

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
model.fit(X_train, y_train)
print(classification_report(y_test, model.predict(X_test)))

# %%
# The weights favour recall of the rare class over precision. How well the network
# *ranks* people is a question of its own; logistic regression with balanced weights
# stands beside it. The made-up rule is not linear (age, and work with hours), which a
# network can use.

linear = make_pipeline(
    columns, LogisticRegression(class_weight="balanced", max_iter=1000)
)
linear.fit(X_train, y_train)

fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
for name, fitted in {"WBN network": model, "logistic regression": linear}.items():
    PrecisionRecallDisplay.from_estimator(
        fitted, X_test, y_test, pos_label="high", name=name, ax=ax
    )
plt.show()
