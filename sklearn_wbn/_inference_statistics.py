"""`inference_statistics="auto"`: which statistics suit the mini-batches at hand.

The paper leaves open what new rows are normalized with (end of section 3.1). Statistics
of all training rows, layer by layer, are what a network sees when it predicts. Whether
they should be weighted as in training depends on whether a usual mini-batch holds
minority rows, which is known before training.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def resolve_statistics(
    inference_statistics: str,
    class_rows: NDArray[np.integer[Any]],
    batch_size: int,
    weighted_norm: bool,
) -> str:
    """Replace ``"auto"`` by what suits the mini-batches.

    Parameters
    ----------
    inference_statistics : str
        As given by the user.
    class_rows : ndarray of shape (n_classes,)
        Training rows of each class, two classes or more.
    batch_size : int
        Rows of a mini-batch.
    weighted_norm : bool
        Whether the norms weigh the rows in training.

    Returns
    -------
    str
        ``"weighted_population"`` for weighted norms where a mini-batch holds on average
        one row or more of some class but the largest, else ``"population"``; other
        values as they are.
    """
    if inference_statistics != "auto":
        return inference_statistics
    second_largest = np.sort(class_rows)[-2]
    rows_per_batch = second_largest * batch_size / class_rows.sum()
    weighted = weighted_norm and rows_per_batch >= 1
    return "weighted_population" if weighted else "population"
