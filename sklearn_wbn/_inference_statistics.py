"""`inference_statistics="auto"`: which statistics suit the mini-batches at hand.

The paper leaves open what new rows are normalized with (end of section 3.1). What does
well depends on whether a usual mini-batch holds minority rows, which is known before
training.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def resolve_statistics(
    inference_statistics: str, class_rows: NDArray[np.integer[Any]], batch_size: int
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

    Returns
    -------
    str
        ``"population"`` where a mini-batch holds on average less than one row of each
        class but the largest, else ``"moving"``; other values as they are.
    """
    if inference_statistics != "auto":
        return inference_statistics
    second_largest = np.sort(class_rows)[-2]
    rows_per_batch = second_largest * batch_size / class_rows.sum()
    return "population" if rows_per_batch < 1 else "moving"
