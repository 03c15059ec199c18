"""Effective class sizes of the class-balanced loss, from equations (3) and (7)."""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_wbn import class_balanced, effective_class_size

COUNT = np.array([5, 50, 500, 5000])
AUTO = 1 / COUNT.sum()

distance = np.geomspace(1, 1e-7, 200)  # 1 - beta
share = []
for beta in 1 - distance:
    size = effective_class_size(COUNT, class_balanced(COUNT, beta))
    share.append(size / size.sum())

figure, axes = plt.subplots(figsize=(6.5, 3.4))
for count, values in zip(COUNT, np.transpose(share), strict=True):
    axes.loglog(distance, 100 * values, label=f"{count} rows")
axes.axvline(AUTO, color="0.5", linestyle=":")
axes.text(AUTO * 0.8, 0.1, 'beta="auto"', color="0.35")
axes.invert_xaxis()
axes.set(
    xlabel="1 - beta (left: no weights; right: toward ICF)",
    ylabel="share of the loss (%)",
    ylim=(0.05, 150),
    yticks=[0.1, 1, 10, 25, 100],
    yticklabels=["0.1", "1", "10", "25", "100"],
)
axes.grid(alpha=0.3)
axes.legend(frameon=False, loc="lower right")
