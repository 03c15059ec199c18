"""
The layer in a plain torch loop
===============================

A convolutional network of one's own, a loop of one's own: `convert_weighted_batchnorm`
replaces its norms, and `use_sample_weight` hands them the weights of the mini-batch.
Nothing else changes.
"""

# %%
# The data
# --------
#
# Digits as images of 8 by 8 pixels; digits 1 and 7 keep 10 rows each.

from contextlib import nullcontext

import matplotlib.pyplot as plt
import numpy as np
import torch
from imblearn.datasets import make_imbalance
from sklearn.datasets import load_digits
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split
from torch import nn

from sklearn_wbn import compute_class_weight
from sklearn_wbn.nn import (
    convert_weighted_batchnorm,
    use_sample_weight,
    weighted_cross_entropy,
)

RARE = [1, 7]
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, stratify=y, test_size=0.4, random_state=0
)
X_train, y_train = make_imbalance(
    X_train, y_train, sampling_strategy=dict.fromkeys(RARE, 10), random_state=0
)
images = torch.tensor(X_train, dtype=torch.float32).view(-1, 1, 8, 8)
labels = torch.tensor(y_train)
test_images = torch.tensor(X_test, dtype=torch.float32).view(-1, 1, 8, 8)

class_weight = compute_class_weight("icf", classes=np.arange(10), y=y_train)
weights = torch.tensor(class_weight)[labels]  # one for each row

# %%
# A network with ordinary norms
# -----------------------------


def make_network():
    """Make a small network; the seed makes the initial weights the same."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


print(type(convert_weighted_batchnorm(make_network())[1]).__name__)

# %%
# The loop
# --------
#
# It is the usual one; new is the ``with``. ``backward`` stands inside, where networks
# that use activation checkpointing need it; for others it may also follow.


def train(network, weighted_norm, epochs=25, batch_size=32):
    """Train with a weighted loss, return the loss of each epoch."""
    optimizer = torch.optim.Adamax(network.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(0)
    losses = []
    network.train()
    for _ in range(epochs):
        total = 0.0
        order = torch.randperm(len(labels), generator=generator)
        for rows in order.split(batch_size):
            w = weights[rows]
            optimizer.zero_grad()
            with use_sample_weight(network, w) if weighted_norm else nullcontext():
                loss = weighted_cross_entropy(network(images[rows]), labels[rows], w)
                loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(labels))
    return losses


@torch.no_grad()
def recall(network):
    """Return the recall of each digit on the test rows."""
    predicted = network.eval()(test_images).argmax(dim=1)
    return 100 * recall_score(y_test, predicted, average=None)


plain, weighted = make_network(), convert_weighted_batchnorm(make_network())
curves = {"BN": train(plain, False), "WBN": train(weighted, True)}

# %%
# What comes out
# --------------
#
# In eval mode the layers use their running statistics, as torch's do.

recalls = {"BN": recall(plain), "WBN": recall(weighted)}
common = [digit for digit in range(10) if digit not in RARE]
for name, values in recalls.items():
    rare, other = values[RARE].mean(), values[common].mean()
    print(f"{name:3s} recall: rare digits {rare:.1f} %, the others {other:.1f} %")

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for offset, (name, colour) in zip((-0.2, 0.2), {"BN": "0.6", "WBN": "#0072b2"}.items()):
    left.plot(curves[name], color=colour, label=name)
    right.bar(np.arange(10) + offset, recalls[name], 0.4, color=colour, label=name)
left.set(xlabel="epoch", ylabel="weighted training loss", yscale="log")
right.set(xlabel="digit (1 and 7 are rare)", ylabel="test recall (%)", xticks=range(10))
left.legend()
plt.show()

# %%
# One draw and one seed: the example shows how, not which is better.
