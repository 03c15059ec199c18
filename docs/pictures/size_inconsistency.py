"""One mini-batch as the loss, batch normalization and WBN see it: real digits.

Sixteen images, one of them a three (3 training rows against 120 nines), pass through
one random unit. Left: the share of the batch that each part of training gives to the
three. Right: the unit's signals, with the mean and one standard deviation that either
normalization uses.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits

from sklearn_wbn import compute_class_weight
from sklearn_wbn.nn import weighted_moments

GREY, ORANGE, BLUE = "0.55", "#d55e00", "#0072b2"
N_RARE, N_COMMON, BATCH = 3, 120, 16

X, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
weight = compute_class_weight("icf", classes=[3, 9], y=[3] * N_RARE + [9] * N_COMMON)
nines = rng.choice(np.flatnonzero(digit == 9), BATCH - 1, replace=False)
rows = np.append(nines, rng.choice(np.flatnonzero(digit == 3)))
rare = digit[rows] == 3
w = np.where(rare, weight[0], weight[1])

# Units of a network before training (Xavier); the one in which the three stands out.
units = rng.uniform(-1, 1, (64, 300)) * np.sqrt(6 / (64 + 300))
signals = X[rows] / 16 @ units
shift = (signals[-1] - signals[:-1].mean(axis=0)) / signals[:-1].std(axis=0)
unit = int(np.argmax(shift))
x = torch.from_numpy(signals)

share = {
    "rows": rare.mean(),
    "batch norm": rare.mean(),
    "weighted loss": w[rare].sum() / w.sum(),
    "weighted\nbatch norm": w[rare].sum() / w.sum(),
}
figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.3), width_ratios=(1, 1.5), layout="constrained"
)
figure.get_layout_engine().set(wspace=0.12)
places = np.arange(len(share))
values = 100 * np.array(list(share.values()))
left.barh(places, values, color=ORANGE, label="the one 3")
left.barh(places, 100 - values, left=values, color=GREY, label="the fifteen 9s")
for place, value in zip(places, values, strict=True):
    left.text(103, place, f"{value:.0f} %", va="center", color=ORANGE)
left.set_yticks(places, list(share))
left.invert_yaxis()
left.set(title="Share of the mini-batch", xlim=(0, 100), xticks=[])
left.legend(loc="upper center", bbox_to_anchor=(0.45, 0), ncols=2, frameon=False)
left.spines[:].set_visible(False)

for height, (name, colour, weights) in enumerate(
    [("batch norm", GREY, None), ("weighted batch norm", BLUE, torch.from_numpy(w))]
):
    m, v = (moment[unit].item() for moment in weighted_moments(x, weights))
    right.errorbar(m, height + 1, xerr=v**0.5, fmt="o", color=colour, capsize=5)
    right.text(m, height + 1.18, f"{name}: mean ± deviation", color=colour, ha="center")
signal = signals[:, unit]
right.plot(signal[~rare], np.zeros(BATCH - 1), "|", color=GREY, ms=18, mew=1.6)
right.plot(signal[rare], [0], "|", color=ORANGE, ms=18, mew=2.5)
right.text(signal[rare][0], 0.25, "the 3", color=ORANGE, ha="center")
right.set(title="Signals of one unit", ylim=(-0.4, 2.6), yticks=[], xlabel="signal")
right.margins(x=0.12)
right.spines[["left", "top", "right"]].set_visible(False)
